"""The local engine: Beam's own in-process runner, its work spread over worker processes of this machine.

`DirectRunner` is not named, because it would first try to download another runner (apache-beam 2.68 and later). The
runner waits for ever for a worker that has died, and when it is interrupted, for one that has just begun: so the
launcher watches and ends them.
"""

import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.bundles import BoundedRunner, range_bytes
from pipelines.worker import ALIVE

_WATCH_SECONDS: Final = 1.0


class WorkerDiedError(RuntimeError):
    """A worker process ended before its work did."""


def local_runner(options: PipelineOptions, workers: int, size: int) -> BoundedRunner:
    """A runner with `workers` processes for dumps of `size` bytes.

    A single worker works inside the launcher, which saves its start.
    """
    if workers == 1:
        return BoundedRunner(range_bytes=range_bytes(size, workers))
    stated = JobServiceHandle.encode_pipeline_options(options.get_all_options(drop_default=True))
    information = beam_provision_api_pb2.ProvisionInfo(retrieval_token="unused", pipeline_options=stated)  # noqa: S106
    return BoundedRunner(
        range_bytes=range_bytes(size, workers),
        default_environment=SubprocessSDKEnvironment.from_command_string(
            f"exec {shlex.quote(sys.executable)} -m pipelines.worker"
        ),
        provision_info=ExtendedProvisionInfo(information),
    )


@contextlib.contextmanager
def watched_workers(folder: str) -> Iterator[None]:
    """Ends the workers when the block is interrupted, and the block when a worker dies in it.

    Workers leave their process ids in `folder`, of which they are told through the environment. Being terminated counts
    as an interruption. Workers are killed, because the runner would wait for them to finish their work.

    Raises:
      KeyboardInterrupt: the block was interrupted or the process terminated.
      WorkerDiedError: in place of that, if it was for a dead worker.
    """
    died, over = threading.Event(), threading.Event()
    main = threading.get_ident()

    def watch() -> None:
        while not over.wait(_WATCH_SECONDS):
            if not all(map(_is_alive, _workers(folder))) and not over.is_set():
                died.set()
                signal.pthread_kill(main, signal.SIGINT)  # wakes it, whatever it waits for
                return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        over.set()
        _end_workers(folder)
        raise KeyboardInterrupt

    os.environ[ALIVE] = folder
    handlers = {caught: signal.signal(caught, stop) for caught in (signal.SIGINT, signal.SIGTERM)}
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt:
        if not died.is_set():
            raise
        message = "a worker process died: killed, or out of memory (fewer --workers need less)"
        raise WorkerDiedError(message) from None
    finally:
        for caught, handler in handlers.items():
            signal.signal(caught, handler)
        over.set()
        watcher.join()
        del os.environ[ALIVE]


def _workers(folder: str) -> list[int]:
    """The process ids of the workers that have begun and not ended."""
    return [int(path.name) for path in Path(folder).glob("*")]


def _end_workers(folder: str) -> None:
    """Kills the workers; one that begins from now on finds no folder, and ends."""
    with contextlib.suppress(FileNotFoundError):  # done before: interrupted twice
        ended = Path(folder).rename(f"{folder}.ended")
        for worker in _workers(str(ended)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
