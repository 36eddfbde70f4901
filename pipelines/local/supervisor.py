"""The worker processes of the local engine: their start, their connection, and what happens when one dies.

Beam's own runner listens on six TCP ports of all interfaces, without authentication, and waits for ever for a worker
that has died. Here the runner listens on one Unix socket, in a folder that only this user can enter, and a thread
watches each worker. Only this file touches how Beam reaches its workers: `worker_handlers.GrpcServer`, which Beam
creates by this name, its attributes `*_port`, `*_handler` and `close`, GrpcWorkerHandler with `port_from_worker`, and
ControlConnection with `_state`.
"""

import contextlib
import functools
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from types import FrameType
from typing import IO, Any, Final

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2_grpc, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    DATA_BUFFER_TIME_LIMIT_MS,
    BeamFnControlServicer,
    GrpcStateServicer,
    GrpcWorkerHandler,
)
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.runners.worker.data_plane import BeamFnDataServicer
from apache_beam.transforms.environments import Environment, python_sdk_capabilities
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance
from google.protobuf import json_format, text_format

from warraq.transforms import child

START_LIMIT: Final = 120  # seconds until a worker must have connected, on a machine that does much else
STOP_LIMIT: Final = 60  # seconds until a worker must have ended once it has nothing more to do
_URN: Final = "warraq:environment:worker_process:v1"
_PATH_LIMIT: Final = 100  # bytes; the kernel takes 107 for the name of a socket
_LAST_WORDS: Final = 2000  # bytes of a worker's stderr that are kept
_GRACE: Final = 5  # seconds that the server waits for calls in progress, as Beam's does
_ENDING: Final = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
# Messages of any size and any number of pings, as in Beam's own server.
_CHANNEL: Final = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
]


class WorkerDiedError(RuntimeError):
    """A worker process ended before its work did, or did not start.

    Attributes:
      no_dump_at_fault: it did not start, or a signal told it to end, as when all processes of a service are stopped.
    """

    no_dump_at_fault = False


class Supervisor:
    """Starts the worker processes of one run, and ends the run when one of them dies."""

    def __init__(
        self,
        module: str = "warraq.pipelines.local.worker",
        start_limit: int = START_LIMIT,
        defers: Callable[[], bool] = lambda: False,
    ) -> None:
        """Takes the module whose `main` a worker runs, and the seconds within which it must connect.

        `defers` is called at each signal; if it returns True, the signal has been noted and the run goes on.
        """
        self.start_limit = start_limit
        self._defers = defers
        self._module = module
        self._workers: list[child.Child] = []
        self._ignored: set[int] = set()
        self._is_over = False
        self._loss = ""
        self._no_dump_at_fault = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Ends the workers when the block is interrupted, and the block when a worker dies.

        The block must run in the main thread. SIGTERM and SIGHUP interrupt it as SIGINT does; a signal that this
        process ignores stays ignored. Workers are killed, because the runner would wait until they finish their work.

        Raises:
          KeyboardInterrupt: the block was interrupted.
          WorkerDiedError: a worker died.
        """
        handlers = {ending: signal.signal(ending, self._stop) for ending in _ENDING}
        self._ignored = {ending for ending, handler in handlers.items() if handler is signal.SIG_IGN}
        beams_own = worker_handlers.GrpcServer
        worker_handlers.GrpcServer = functools.partial(_Server, supervisor=self)
        try:
            yield
        except KeyboardInterrupt:
            if self._loss:
                error = WorkerDiedError(self._loss)
                error.no_dump_at_fault = self._no_dump_at_fault
                raise error from None
            raise
        finally:
            self._is_over = True
            worker_handlers.GrpcServer = beams_own
            for ending, handler in handlers.items():
                signal.signal(ending, handler)

    def start(self, **options: Any) -> child.Child:
        """Starts a worker; `options` are those of `child.start`."""
        worker = child.start(self._module, "main", **options)
        self._workers.append(worker)
        return worker

    def report_loss(self, why: str, *, no_dump_at_fault: bool = False) -> None:
        """Ends the run, because a worker is lost; `no_dump_at_fault` as of `WorkerDiedError`."""
        if not self._is_over:
            self._no_dump_at_fault |= no_dump_at_fault
            self._loss = self._loss or why
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # interrupts any wait

    def _stop(self, ending: int, _frame: FrameType | None) -> None:
        if not self._loss and (ending in self._ignored or self._defers()):
            return
        self._is_over = True
        for worker in self._workers:
            worker.process.kill()  # without a wait: the interrupted thread may already wait for it
        raise KeyboardInterrupt


class _Server:
    """Replaces Beam's GrpcServer, with fewer services.

    Logs, provision and artifacts are left out: our workers need none of them, and artifacts would read any file for
    any caller.
    """

    def __init__(self, state: Any, _provision: Any, manager: Any, *, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.socket = _Socket()
        self.control_handler = BeamFnControlServicer(manager)
        self.data_plane_handler = BeamFnDataServicer(DATA_BUFFER_TIME_LIMIT_MS)
        self._server = grpc.server(shared_unbounded_instance(), options=_CHANNEL)
        beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(self.control_handler, self._server)
        beam_fn_api_pb2_grpc.add_BeamFnDataServicer_to_server(self.data_plane_handler, self._server)
        beam_fn_api_pb2_grpc.add_BeamFnStateServicer_to_server(GrpcStateServicer(state), self._server)
        self._server.add_insecure_port(self.socket.address)
        self.control_port = self.data_port = self.state_port = self.logging_port = self.socket.address
        self._server.start()

    def close(self) -> None:
        self.control_handler.done()
        self._server.stop(_GRACE).wait()
        self.socket.close()


class _Socket:
    """The address of a Unix socket in a new folder that only this user can enter.

    `address` is valid in this process, and in processes that inherit `descriptors`.
    """

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="socket-")
        self.descriptors: tuple[int, ...] = ()
        path = f"{self._folder}/s"
        if len(os.fsencode(path)) > _PATH_LIMIT:
            self.descriptors = (os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY),)
            path = f"/proc/self/fd/{self.descriptors[0]}/s"
        self.address = f"unix:{urllib.parse.quote(path)}"

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        shutil.rmtree(self._folder)


@Environment.register_urn(_URN, None)
class WorkerEnvironment(Environment):
    """The environment of our worker processes, as the pipeline's graph names it."""

    def __init__(self, options: bytes, *rest: Any) -> None:
        super().__init__(*rest)
        self._options = options

    @classmethod
    def with_options(cls, options: PipelineOptions) -> "WorkerEnvironment":
        """The environment whose workers get these options."""
        stated = JobServiceHandle.encode_pipeline_options(options.get_all_options(drop_default=True))
        return cls(json_format.MessageToJson(stated).encode(), python_sdk_capabilities())

    def to_runner_api_parameter(self, _context: Any) -> tuple[str, bytes]:
        return _URN, self._options

    @staticmethod
    def from_runner_api_parameter(
        payload: bytes, capabilities: Any, artifacts: Any, hints: Any, _context: Any
    ) -> "WorkerEnvironment":
        return WorkerEnvironment(payload, capabilities, artifacts, hints)


@worker_handlers.WorkerHandler.register_environment(_URN, bytes)
class _WorkerHandler(GrpcWorkerHandler):
    """One worker process, and a thread that watches it."""

    def __init__(self, options: bytes, state: Any, provision: Any, server: _Server) -> None:
        super().__init__(state, provision, server)
        self._options = options.decode()
        self._supervisor = server.supervisor
        self._descriptors = server.socket.descriptors
        self._is_ending = False

    def port_from_worker(self, port: str) -> str:
        return port  # is an address already

    def start_worker(self) -> None:
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        environment = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": self._options,
            "WORKER_ID": self.worker_id,
        }
        self._worker = self._supervisor.start(env=environment, stderr=subprocess.PIPE, pass_fds=self._descriptors)
        self._watch = threading.Thread(target=self._watch_worker, daemon=True)
        self._watch.start()

    def close(self) -> None:
        """Ends the worker, whose work is done."""
        self._is_ending = True
        try:
            super().close()
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.process.wait(STOP_LIMIT)
            self._worker.kill()
            self._watch.join()

    def stop_worker(self) -> None:
        """Does nothing: the worker ends with its connection."""

    def _watch_worker(self) -> None:
        """Waits for the end of the worker, and ends the run if the worker ends before its work."""
        process = self._worker.process
        assert process.stderr is not None
        with process.stderr as stderr:
            words = self._read_stderr(stderr)
        if words is None:
            process.kill()
            why = f"a worker process has not connected within {self._supervisor.start_limit} s"
            self._supervisor.report_loss(why, no_dump_at_fault=True)
        elif not self._is_ending:
            code = process.wait()
            self._supervisor.report_loss(_end_message(code, words), no_dump_at_fault=-code in _ENDING)

    def _read_stderr(self, stderr: IO[bytes]) -> bytes | None:
        """The last bytes of the worker's stderr, once it has ended; None if it does not connect in time."""
        poll = select.poll()
        poll.register(stderr, select.POLLIN)
        words, seconds = b"", 0  # counted, not measured: a stop of this process may stop the workers too
        while True:
            if poll.poll(1000):
                said = os.read(stderr.fileno(), _LAST_WORDS)
                if not said:
                    return words
                words = (words + said)[-_LAST_WORDS:]
            elif self._worker.process.poll() is not None:  # a child of the worker holds its stderr open
                return words
            elif self.control_conn._state == BeamFnControlServicer.UNSTARTED_STATE:  # noqa: SLF001
                seconds += 1
                if seconds == self._supervisor.start_limit:
                    return None


def _end_message(code: int, words: bytes) -> str:
    """One line on a worker that ended too early."""
    if code == -signal.SIGKILL:
        return "a worker process died: killed, or out of memory (fewer --workers need less)"
    if code < 0:
        return f"a worker process died of {signal.Signals(-code).name}"
    last = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"a worker process ended with exit code {code}{': ' if last else ''}{last}"
