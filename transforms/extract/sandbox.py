"""Runs a function in a process of its own: a page that hangs, crashes the C parser or eats memory costs one row.

Why a process: lxml cannot be interrupted by a thread or a signal handler, and a segmentation fault ends whatever
process it happens in. The guarded process lives as long as its worker and is replaced only after it has died, so its
start (a third of a second of imports, none of them Beam's) is paid once, while the worker does other things. It is not
forked from the worker, whose threads may hold locks that nobody in a copy would release. Requests and answers are
pickles, each with its length before it, over the process's stdin and stdout.

Whose fault is it? The page's, if the process shows it: it used up its processor time, it asked for more memory than
its limit, or it crashed. A process that someone else ends, or that gives no answer for a long time, may be a victim of
the machine. The page is then tried once more in a new process, with a quarter of the memory, so that a page that fills
the machine's memory is told from one that is killed for the memory of others. If that process asks for more memory
than this, or sleeps through all of the long time, the page is at fault. If it is killed too, or waits for the
processor or the disk, the machine is: `Guard.wait` raises, and no row is written.
"""

import contextlib
import functools
import gc
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, Generic, TypeVar

from warraq.transforms import child
from warraq.transforms.rejection import Rejection, describe

try:
    import resource
except ImportError:  # pragma: no cover  (no memory limit where the platform has none)
    resource = None  # type: ignore[assignment]

In = TypeVar("In")
Out = TypeVar("Out")

START_LIMIT: Final = 120.0  # seconds for the imports, on a machine that does much else
PATIENCE: Final = 20  # times the limit of processor time that an answer may take by the clock
RETRY_SHARE: Final = 4  # a second try may use this part of the memory
_SLICES: Final = 100  # in which a wait is counted: if this process is stopped too, that costs one of them
_LENGTH: Final = struct.Struct(">Q")
# Signals that a process earns by its own doing; all others come from outside.
_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
)


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
          timeout: seconds of processor time that one call may take; by the clock it may take PATIENCE times as long.
          memory_mb: MiB that the process may use beyond what it has after its imports.
        """
        self._function = function
        self._timeout = timeout
        self._memory_mb = memory_mb
        self._start(memory_mb)

    def __call__(self, argument: In) -> Out:
        """`function(argument)`; raises what `ask`, `wait` and the function returned by it raise."""
        self.ask(argument)
        return self.wait()()

    def ask(self, argument: In) -> None:
        """Has the process begin `function(argument)`, and does not wait for it; `wait` must follow.

        Raises:
          RuntimeError, OSError: the process cannot be started; no page is to blame.
        """
        self._asked = _packed(argument)
        self.get_ready()
        self._send(self._asked)

    def wait(self) -> Callable[[], Out]:
        """Waits for the outcome of the call last asked for.

        Returns:
          A function that returns what the call returned, or raises Rejection (by the function, or parse_timeout, or
          parse_crash with the signal that ended the process) or PageError (the function raised anything else).

        Raises:
          RuntimeError, OSError: the process was ended from outside or got no processor time, twice, or cannot be
            started; no page is to blame.
        """
        answer = self._answer() or self._second_try()
        self._asked = b""
        return functools.partial(_give, answer)

    def get_ready(self) -> None:
        """A process stands ready; a new one where the last has died. It is tried twice.

        Raises:
          RuntimeError, OSError: it cannot be started; no page is to blame.
        """
        if not self._is_starting and self._process.poll() is not None:
            self.close()
            self._start(self._memory_mb)
        if self._is_starting and not self._has_started():
            self.close()
            self._start(self._allowed_mb)
            if not self._has_started():
                self._stderr.seek(0)
                said = self._stderr.read()[-2000:].decode("utf-8", "replace")
                self.close()
                raise RuntimeError(f"the extracting process does not start: {said}")

    def close(self) -> None:
        """Ends the process."""
        self._child.kill()
        for stream in (self._stdin, self._stdout, self._stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _start(self, memory_mb: int) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._child = child.start(
            __name__, serve.__name__, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr
        )
        self._process = self._child.process
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)  # a process that is stopped reads nothing
        self._is_starting = True
        self._allowed_mb = memory_mb
        self._send(_packed((self._function, self._timeout, memory_mb)))

    def _has_started(self) -> bool:
        self._is_starting = False
        return self._receive(START_LIMIT) == ("ready",)

    def _second_try(self) -> tuple[Any, ...]:
        """The answer of a new process, which is ended afterwards: it has less memory than others.

        Raises:
          RuntimeError, OSError: there is no answer, and the page is not to blame.
        """
        self.close()
        self._start(self._memory_mb // RETRY_SHARE)
        try:
            self.get_ready()
            self._send(self._asked)
            return self._answer() or self._idleness()
        finally:
            self.close()

    def _answer(self) -> tuple[Any, ...] | None:
        """The process's answer, or what its end says of the page; None if that may be no fault of the page."""
        answer = self._receive(PATIENCE * self._timeout)
        if answer == ("memory",):
            self._process.wait()
            return ("rejected", "parse_crash", f"more than {self._allowed_mb} MiB of memory")
        if answer is not None:
            return answer
        if not self._closed:
            return None
        code = self._process.wait()
        if code == -signal.SIGPROF:
            return ("rejected", "parse_timeout", f"more than {self._timeout:g} s of processor time")
        if code >= 0 or -code in _CRASHES:
            return ("rejected", "parse_crash", _name_of_death(code))
        return None

    def _idleness(self) -> tuple[Any, ...]:
        """The verdict on a page whose second process gave no answer: it is at fault only if it slept all the time.

        Raises:
          RuntimeError: it did not.
        """
        clock = f"{PATIENCE * self._timeout:g} s"
        if self._closed:
            raise RuntimeError(
                f"the extracting process was ended from outside twice ({_name_of_death(self._process.wait())}): out of "
                "memory (fewer --workers or a smaller --extract_memory_mb need less), or someone ends it"
            )
        if _is_asleep(self._process.pid):
            return ("rejected", "parse_timeout", f"idle for more than {clock}, twice")
        raise RuntimeError(
            f"the extracting process got next to no processor time in {clock}, twice: the machine does too much else "
            "(fewer --workers need less), or someone stopped it"
        )

    def _send(self, message: bytes) -> None:
        """Sends what the process reads before its patience is over; `_receive` notices if that is not all."""
        self._expect(PATIENCE * self._timeout)
        rest = memoryview(message)
        with contextlib.suppress(BrokenPipeError):
            while rest and self._is_ready(self._stdin, select.POLLOUT):
                rest = rest[os.write(self._stdin.fileno(), rest) :]

    def _receive(self, limit: float) -> tuple[Any, ...] | None:
        """The next message; None after `limit` seconds, or if the process closes its end (then `_closed` is True)."""
        self._closed = False
        self._expect(limit)
        head = self._read(_LENGTH.size)
        content = self._read(_LENGTH.unpack(head)[0]) if head is not None else None
        return pickle.loads(content) if content is not None else None  # noqa: S301  (from our own process)

    def _read(self, length: int) -> bytes | None:
        chunks = bytearray()
        while len(chunks) < length:
            if not self._is_ready(self._stdout, select.POLLIN):
                return None
            chunk = os.read(self._stdout.fileno(), min(1 << 20, length - len(chunks)))
            if not chunk:
                self._closed = True
                return None
            chunks += chunk
        return bytes(chunks)

    def _expect(self, limit: float) -> None:
        """Allows `limit` seconds of waiting, counted in slices; a stop of this process costs one slice."""
        self._slices, self._slice_msec = _SLICES, 1000 * limit / _SLICES

    def _is_ready(self, stream: IO[bytes], event: int) -> bool:
        """Waits for the process to read or write; False if the time is over."""
        poll = select.poll()
        poll.register(stream, event)
        while self._slices:
            if poll.poll(self._slice_msec):
                return True
            self._slices -= 1
        return False


def _give(answer: tuple[Any, ...]) -> Any:
    verdict, *content = answer
    if verdict == "result":
        return content[0]
    if verdict == "rejected":
        raise Rejection(*content)
    raise PageError(*content)


def _is_asleep(process: int) -> bool:
    """True unless the process is running, waits for the disk (for memory that was swapped out, too) or is stopped."""
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text("ascii", "replace").rpartition(")")[2].split()[0] == "S"


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what the keyboard interrupts is the launcher
    _offer_to_kernel()
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
        signal.setitimer(signal.ITIMER_PROF, timeout)  # nobody handles the signal: it ends the process
        answer = _apply(function, argument)
        signal.setitimer(signal.ITIMER_PROF, 0)
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


def _offer_to_kernel() -> None:
    """Makes this process the first that the kernel kills when memory runs out: its page can be tried again."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        with contextlib.suppress(OSError):
            score.write_text("1000", "ascii")


def _limit_memory(memory_mb: int) -> None:
    """Allows `memory_mb` MiB of address space beyond what is mapped now, where the platform can say and hold that."""
    mapped = Path("/proc/self/statm")
    if resource is not None and mapped.exists():
        pages = int(mapped.read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
