"""The local engine: Beam's own in-process runner, its work spread over worker processes of this machine.

`DirectRunner` is not named, because it would first try to download another runner (apache-beam 2.68 and later). The
runner waits for ever for a worker that has died, so the launcher watches them.
"""

import _thread
import contextlib
import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo, FnApiRunner
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.worker import ALIVE

_WATCH_SECONDS: Final = 1.0


class WorkerDiedError(RuntimeError):
    """A worker process ended before its work did."""


def local_runner(options: PipelineOptions, workers: int) -> FnApiRunner:
    """A runner with `workers` processes. A single worker works inside the launcher, which saves its start."""
    if workers == 1:
        return FnApiRunner()
    stated = JobServiceHandle.encode_pipeline_options(options.get_all_options(drop_default=True))
    information = beam_provision_api_pb2.ProvisionInfo(retrieval_token="unused", pipeline_options=stated)  # noqa: S106
    return FnApiRunner(
        default_environment=SubprocessSDKEnvironment.from_command_string(
            f"exec {shlex.quote(sys.executable)} -m pipelines.worker"
        ),
        provision_info=ExtendedProvisionInfo(information),
    )


@contextlib.contextmanager
def watched_workers(folder: str) -> Iterator[None]:
    """Interrupts the block when a worker dies in it; workers are told of `folder` through the environment.

    Raises:
      WorkerDiedError: in place of the interruption.
    """
    died, over = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(_WATCH_SECONDS):
            if not all(_is_alive(int(path.name)) for path in Path(folder).iterdir()):
                died.set()
                _thread.interrupt_main()
                return

    os.environ[ALIVE] = folder
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
        over.set()
        watcher.join()
        del os.environ[ALIVE]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
