"""Runs a function in a process of its own: a page that hangs, crashes the C parser or eats memory costs one row.

Why a process: lxml cannot be interrupted by a thread or a signal handler, and a segmentation fault ends whatever
process it happens in. The guarded process lives as long as its worker and is replaced only after it has died, so its
start (a third of a second of imports, none of them Beam's) is paid once, while the worker does other things. It is not
forked from the worker, whose threads may hold locks that nobody in a copy would release. Requests and answers are
pickles, each with its length before it, over the process's stdin and stdout.
"""

import contextlib
import gc
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, Generic, TypeVar

from transforms.rejection import Rejection, describe

try:
    import resource
except ImportError:  # pragma: no cover  (no memory limit where the platform has none)
    resource = None  # type: ignore[assignment]

In = TypeVar("In")
Out = TypeVar("Out")

START_LIMIT: Final = 120.0  # seconds for the imports, on a machine that does much else
GRACE: Final = 2.0  # seconds after the deadline at which a process that did not end itself is killed
_LENGTH: Final = struct.Struct(">Q")
_SERVE: Final = """
import sys
sys.path[:] = {path!r}
from transforms.extract.guard import serve
serve()
"""


class PageError(Exception):
    """The guarded function raised something of its own; the message says what and where."""


class Guard(Generic[In, Out]):
    """Calls `function` in a process of its own; whatever becomes of that process, the caller goes on.

    `function` and its arguments must be picklable. One call at a time: not for several threads.
    """

    def __init__(self, function: Callable[[In], Out], timeout: float, memory_mb: int) -> None:
        """Starts the process and does not wait for it.

        Args:
          function: importable by name, or a partial of such a function.
          timeout: seconds that one call may take.
          memory_mb: MiB that the process may use beyond what it has after its imports.
        """
        self._setup = _packed((function, timeout, memory_mb))
        self._timeout = timeout
        self._memory_mb = memory_mb
        self._start()

    def __call__(self, argument: In) -> Out:
        """`function(argument)`; raises what `ask` and `answer` raise."""
        self.ask(argument)
        return self.answer()

    def ask(self, argument: In) -> None:
        """Has the process begin `function(argument)`, and does not wait for it; `answer` must follow.

        Raises:
          RuntimeError, OSError: the process cannot be started; no page is to blame.
        """
        self.get_ready()
        with contextlib.suppress(BrokenPipeError):  # a death while it reads is a crash, seen by `answer`
            self._send(_packed(argument))

    def answer(self) -> Out:
        """What `function` returns for the argument last asked for.

        Raises:
          Rejection: by the function, or parse_timeout, or parse_crash with the signal that ended the process.
          PageError: the function raised anything else.
        """
        verdict, *content = self._verdict()
        if verdict == "result":
            return content[0]
        if verdict == "rejected":
            raise Rejection(*content)
        raise PageError(*content)

    def get_ready(self) -> None:
        """A process stands ready; a new one where the last has died.

        Raises:
          RuntimeError, OSError: it cannot be started; no page is to blame.
        """
        if not self._is_starting and self._process.poll() is not None:
            self.close()
            self._start()
        if self._is_starting:
            self._finish_start()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._stdin, self._stdout, self._stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _start(self) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._is_starting = True
        with contextlib.suppress(BrokenPipeError):
            self._send(self._setup)

    def _finish_start(self) -> None:
        self._is_starting = False
        if self._receive(time.monotonic() + START_LIMIT) != ("ready",):
            self._stderr.seek(0)
            said = self._stderr.read()[-2000:].decode("utf-8", "replace")
            self.close()
            raise RuntimeError(f"the extracting process does not start: {said}")

    def _send(self, message: bytes) -> None:
        self._stdin.write(message)
        self._stdin.flush()

    def _verdict(self) -> tuple[Any, ...]:
        """The process's answer, or what its death or silence means; it is dead after either.

        The process ends itself when its time is over, however late it is asked for the answer.
        """
        answer = self._receive(time.monotonic() + self._timeout + GRACE)
        if answer == ("memory",):
            self._process.wait()
            return ("rejected", "parse_crash", f"more than {self._memory_mb} MiB of memory")
        if answer is not None:
            return answer
        if not self._closed:
            self._process.kill()
        death = _name_of_death(self._process.wait())
        if self._closed and death != signal.SIGALRM.name:
            return ("rejected", "parse_crash", death)
        return ("rejected", "parse_timeout", f"more than {self._timeout:g} s")

    def _receive(self, deadline: float) -> tuple[Any, ...] | None:
        """The next message; None if the deadline passes or the process closes its end (then `_closed` is True)."""
        self._closed = False
        head = self._read(_LENGTH.size, deadline)
        content = self._read(_LENGTH.unpack(head)[0], deadline) if head is not None else None
        return pickle.loads(content) if content is not None else None  # noqa: S301  (from our own process)

    def _read(self, length: int, deadline: float) -> bytes | None:
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN | select.POLLHUP)
        chunks = bytearray()
        while len(chunks) < length:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            chunk = os.read(self._stdout.fileno(), min(1 << 20, length - len(chunks)))
            if not chunk:
                self._closed = True
                return None
            chunks += chunk
        return bytes(chunks)


def _packed(message: Any) -> bytes:
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


def _name_of_death(code: int) -> str:
    """How the process ended: SIGSEGV, SIGKILL, exit 3."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit {code}"


# The other end.


def serve() -> None:
    """Answers requests until stdin closes. Runs in the guarded process."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    function, timeout, memory_mb = _next(requests)
    gc.freeze()  # what has been imported stays: no need to look it over again and again
    _limit_memory(memory_mb)
    _put(answers, ("ready",))
    while True:
        try:
            argument = _next(requests)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, timeout)  # nobody handles the signal: it ends the process
        answer = _apply(function, argument)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _put(answers, answer)
        if answer[0] == "memory":
            sys.exit(1)  # what the page left behind in this process is not to be trusted


def _apply(function: Callable[[Any], Any], argument: Any) -> tuple[Any, ...]:
    try:
        return ("result", function(argument))
    except Rejection as verdict:
        return ("rejected", verdict.reason, verdict.detail)
    except MemoryError:
        return ("memory",)
    except Exception as error:  # noqa: BLE001  (it is raised again on the other side)
        return ("error", describe(error))


def _next(requests: IO[bytes]) -> Any:
    head = requests.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return pickle.loads(requests.read(_LENGTH.unpack(head)[0]))  # noqa: S301  (from our own worker)


def _put(answers: IO[bytes], answer: tuple[Any, ...]) -> None:
    answers.write(_packed(answer))
    answers.flush()


def _limit_memory(memory_mb: int) -> None:
    """Allows `memory_mb` MiB of address space beyond what is mapped now, where the platform can say and hold that."""
    mapped = Path("/proc/self/statm")
    if resource is not None and mapped.exists():
        pages = int(mapped.read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
