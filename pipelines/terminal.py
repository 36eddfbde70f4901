"""Standard output and error: text from pages, names and exceptions can't control a terminal, and a lost reader of the
output does not stop the work.

A command's `main` calls `guard_streams` once. All later output, from libraries too, goes through these streams.
"""

import errno
import io
import os
import re
import select
import sys
from typing import Any, Final

# Controls (C0 without tab and newline, DEL, C1), line separators, bidi embeddings, overrides and isolates, surrogates.
# The marks that Arabic and Persian need are not among them: ZWNJ, ZWJ, LRM, RLM, ALM.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK: Final = re.compile(r"\s*[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")


class Safe(str):
    """Text with control characters of ours, for colours or for a new start of the line; printed as it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return self  # `print` calls it, and would get a plain string


def visible(text: str) -> str:
    r"""The text with each control character escaped, as `\x1b`; newlines and tabs stay."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """The text as `visible`, with line breaks replaced by blanks."""
    return visible(_BREAK.sub(" ", text.strip("\r\n")))


class _Outlet(io.RawIOBase):
    """An output stream that never raises: after a failure it drops the rest and keeps the exception in `error`."""

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
        except BlockingIOError:  # another program on this terminal made it non-blocking
            select.select([], [self._descriptor], [])
            return self._write(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)


class Output(io.TextIOWrapper):
    """Standard output or standard error. On a terminal, text that is not `Safe` is made `visible`."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        """Takes the number of the stream (1 or 2) and its encoding."""
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
        """The reason why output was lost; "" if none was, or if the reader closed the stream on purpose."""
        self.flush()
        error = self._outlet.error
        return "" if error is None or error.errno == errno.EPIPE else error.strerror or str(error)


def guard_streams() -> Output:
    """Replaces standard output and standard error by `Output`; returns standard output.

    A closed stream is opened on the null device. Otherwise the next file to be opened would get the stream's number and
    receive the output.
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
