"""The sandbox runs a function in a separate process: a page that hangs, crashes or eats memory costs one row.

A process is needed because no thread or signal handler can interrupt lxml, and because a segmentation fault ends the
process in which it happens. The process lives as long as its worker and is replaced only after it has died. Its start
(a third of a second of imports, none of them Beam's) is paid once, while the worker does other things. It is not forked
from the worker, because threads of the worker may hold locks that nobody in a copy would release. Requests and results
are pickles with their length before them, sent over stdin and stdout.

The page is at fault if the process used up its processor time, asked for more memory than its limit, or crashed. If
someone else ends the process, or it gives no result for a long time, the machine may be at fault. The page then gets a
second try in a new process with a quarter of the memory. This tells a page that fills the machine's memory from a page
that is killed because of the memory of others. The page is at fault if that process asks for more memory than this, or
sleeps all the time. The machine is at fault if that process is killed too, or waits for the processor or the disk:
then `Sandbox.result` raises, and no row is written.
"""

import contextlib
import functools
import gc
import logging
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

from warraq.transforms import child
from warraq.transforms.rejection import Rejection, describe

try:
    import resource
except ImportError:  # pragma: no cover  (no memory limit where the platform has none)
    resource = None  # type: ignore[assignment]

In = TypeVar("In")
Out = TypeVar("Out")

START_LIMIT: Final = 120.0  # seconds for the imports, on a busy machine
PATIENCE: Final = 20  # a result may take this many times the limit of processor time by the clock
RETRY_SHARE: Final = 4  # a second try may use a quarter of the memory
_SLICES: Final = 100  # of a wait; a stop of this process costs only one of them
_LENGTH: Final = struct.Struct(">Q")
# Signals that a process causes itself; all others come from outside.
_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
)


class PageError(Exception):
    """The function raised another error than Rejection; the message names it and its place."""


class Sandbox(Generic[In, Out]):
    """Calls `function` in a separate process. The caller goes on even if that process dies.

    `function` and its arguments must be picklable. One call at a time, from one thread.
    """

    def __init__(self, function: Callable[[In], Out], timeout: float, memory_mb: int) -> None:
        """Starts the process, without waiting for it.

        Args:
          function: importable by name, or a partial of such a function.
          timeout: processor seconds that one call may take; by the clock it may take PATIENCE times as long.
          memory_mb: MiB that the process may use more than after its imports.
        """
        self._function = function
        self._timeout = timeout
        self._memory_mb = memory_mb
        self.took = 0  # processor nanoseconds of the last call that gave an answer; 0 if the process died
        self._submitted = b""
        self._start(memory_mb)

    def __call__(self, argument: In) -> Out:
        """`function(argument)`. Raises the errors of `submit`, of `result` and of the function that it returns."""
        self.submit(argument)
        return self.result()()

    def serves(self, function: Callable[[In], Out], timeout: float, memory_mb: int) -> bool:
        """True if a new sandbox with these arguments would be like this one."""
        return _packed((function, timeout, memory_mb)) == _packed((self._function, self._timeout, self._memory_mb))

    @property
    def is_idle(self) -> bool:
        """False while the outcome of a call is awaited."""
        return not self._submitted

    def submit(self, argument: In) -> None:
        """Starts `function(argument)` in the process, without waiting for it. A call of `result` must follow.

        Raises:
          RuntimeError, OSError: the process cannot be started; no page is to blame.
        """
        self._submitted = _packed(argument)
        self.get_ready()
        self._send(self._submitted)

    def result(self) -> Callable[[], Out]:
        """Waits for the outcome of the call that was submitted.

        Returns:
          A function that gives the outcome: the value that the call returned, or a Rejection (raised by the function;
          or parse_timeout, or parse_crash with the signal that ended the process), or a PageError.

        Raises:
          RuntimeError, OSError: the process was ended from outside or got no processor time, twice, or cannot be
            started; no page is to blame.
        """
        answer = self._answer() or self._second_try()
        self._submitted = b""
        return functools.partial(_unpack, answer)

    def get_ready(self) -> None:
        """Waits until a process is ready. A process that has died is replaced; the start is tried twice.

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
                words = self._stderr.read()[-2000:].decode("utf-8", "replace")
                self.close()
                raise RuntimeError(f"the extracting process does not start: {words}")

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
        os.set_blocking(self._stdin.fileno(), False)  # a stopped process reads nothing
        self._is_starting = True
        self._allowed_mb = memory_mb
        self._send(_packed((self._function, self._timeout, memory_mb)))

    def _has_started(self) -> bool:
        self._is_starting = False
        return self._receive(START_LIMIT) == ("ready",)

    def _second_try(self) -> tuple[Any, ...]:
        """The answer of a new process with less memory, which is ended afterwards.

        Raises:
          RuntimeError, OSError: there is no answer, and the page is not to blame.
        """
        self.close()
        self._start(self._memory_mb // RETRY_SHARE)
        try:
            self.get_ready()
            self._send(self._submitted)
            return self._answer() or self._idleness()
        finally:
            self.close()

    def _answer(self) -> tuple[Any, ...] | None:
        """The process's answer, or the verdict from the way it ended; None if the machine may be at fault."""
        self.took, answer = self._receive(PATIENCE * self._timeout) or (0, None)
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
        """The verdict on a page whose second process gave no answer: parse_timeout if that process slept all the time.

        Raises:
          RuntimeError: it did not sleep, so the machine is at fault.
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
        """Sends the message, as far as the process reads it in time; `_receive` notices if it does not."""
        self._expect(PATIENCE * self._timeout)
        rest = memoryview(message)
        with contextlib.suppress(BrokenPipeError):
            while rest and self._is_ready(self._stdin, select.POLLOUT):
                rest = rest[os.write(self._stdin.fileno(), rest) :]

    def _receive(self, limit: float) -> tuple[Any, ...] | None:
        """The next message; None after `limit` seconds, or if the process closes its output: then `_closed`."""
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
        """Waits until the process reads or writes; False if the time is over."""
        poll = select.poll()
        poll.register(stream, event)
        while self._slices:
            if poll.poll(self._slice_msec):
                return True
            self._slices -= 1
        return False


def _unpack(answer: tuple[Any, ...]) -> Any:
    verdict, *content = answer
    if verdict == "result":
        return content[0]
    if verdict == "rejected":
        raise Rejection(*content)
    raise PageError(*content)


def _is_asleep(process: int) -> bool:
    """True for a sleeping process; False if it runs, is stopped, or waits for the disk, as swapping does."""
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text("ascii", "replace").rpartition(")")[2].split()[0] == "S"


def _packed(message: Any) -> bytes:
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


def _name_of_death(code: int) -> str:
    """The signal or exit code that ended the process: SIGSEGV, SIGKILL, exit 3."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit {code}"


# The process in the sandbox.


def serve() -> None:
    """Answers requests until stdin closes. Runs in the process of the sandbox."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the keyboard interrupts the launcher
    logging.disable(logging.CRITICAL)  # what a library logs about a page is of no use to the user
    _offer_to_kernel()
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries must not mix with the answers
    function, timeout, memory_mb = _next(requests)
    gc.freeze()  # imported objects stay, so the collector can skip them
    _limit_memory(memory_mb)
    _put(answers, ("ready",))
    while True:
        try:
            argument = _next(requests)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, timeout)  # no handler: the signal ends the process
        start = time.process_time_ns()
        answer = _apply(function, argument)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _put(answers, (time.process_time_ns() - start, answer))
        if answer[0] == "memory":
            sys.exit(1)  # the page may have left this process in a bad state


def _apply(function: Callable[[Any], Any], argument: Any) -> tuple[Any, ...]:
    try:
        return ("result", function(argument))
    except Rejection as verdict:
        return ("rejected", verdict.reason, verdict.detail)
    except MemoryError:
        return ("memory",)
    except Exception as error:  # noqa: BLE001  (it is raised again in the worker)
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
    """Lets the kernel kill this process first when memory runs out, because its page can be tried again."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        with contextlib.suppress(OSError):
            score.write_text("1000", "ascii")


def _limit_memory(memory_mb: int) -> None:
    """Limits the address space to the present size and `memory_mb` MiB, if the platform can."""
    mapped = Path("/proc/self/statm")
    if resource is not None and mapped.exists():
        pages = int(mapped.read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
