"""The door to the user's streams: what pages, names and exceptions say can't steer a terminal, and a lost reader of the
output does no harm to the work.

A command's `main` calls `guard_streams` once; whatever is printed afterwards, by libraries too, passes here.
"""

import errno
import io
import os
import re
import select
import sys
from typing import Any, Final

# Controls (C0 without tab and newline, DEL, C1), line separators, bidi embeddings, overrides and isolates, surrogates.
# The marks that Arabic and Persian need are none of them: ZWNJ, ZWJ, LRM, RLM, ALM.
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK: Final = re.compile(r"\s*[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")


class Safe(str):
    """Text whose control characters are our own: colours, or the return to the beginning of the line."""

    __slots__ = ()

    def __str__(self) -> str:
        return self  # `print` asks for it, and would get a plain string


def visible(text: str) -> str:
    r"""The text with each character that could steer a terminal written out, as `\x1b`; newlines and tabs stay."""
    return _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """As `visible`, in one line."""
    return visible(_BREAK.sub(" ", text.strip("\r\n")))


class _Outlet(io.RawIOBase):
    """A stream of the process that takes all it is given: once it fails, the rest is dropped and `error` says why."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.error: OSError | None = None

    def write(self, data: Any) -> int:  # any buffer; Python 3.10 has no name for it
        if self.error is None:
            try:
                return self._write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def _write(self, data: Any) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # a program that shares the terminal with us made it so
            select.select([], [self._descriptor], [])
            return self._write(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)


class Output(io.TextIOWrapper):
    """Standard output or standard error; on a terminal all but `Safe` text is made `visible`."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        """Takes the stream's number, 1 or 2, and its encoding."""
        self._outlet = _Outlet(descriptor)
        self._is_terminal = self._outlet.isatty()
        super().__init__(
            io.BufferedWriter(self._outlet),
            encoding,
            errors="backslashreplace",
            line_buffering=self._is_terminal or descriptor == 2,
        )

    def write(self, text: str) -> int:
        return super().write(visible(text) if self._is_terminal and not isinstance(text, Safe) else text)

    @property
    def failure(self) -> str:
        """Why not all that was written has been taken; "" if it has, or if the reader simply had seen enough."""
        self.flush()
        error = self._outlet.error
        return "" if error is None or error.errno == errno.EPIPE else error.strerror or str(error)


def guard_streams() -> Output:
    """Puts `Output` in place of standard output, which it returns, and of standard error.

    A stream that is closed is opened on the null device: else the next file that is opened would get its number, and
    with it what is printed.
    """
    for descriptor in (0, 1, 2):
        if not _is_open(descriptor):
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = output = Output(1, getattr(sys.stdout, "encoding", None) or "utf-8")
    sys.stderr = Output(2, getattr(sys.stderr, "encoding", None) or "utf-8")
    return output


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
