"""Finds the records of a WARC file from any byte offset, and again after damage.

A frame is what a WARC is cut into: a gzip member, or a record in a plain file. `walk` goes from frame to frame;
where the bytes at a position are no sound frame it yields one broken frame and goes on at the next offset that looks
like a start. `first_frame` joins that walk in the middle of a file, so that ranges of bytes can be read by different
workers and every frame is still read exactly once.

The danger is a frame inside a frame: a crawled WARC file lies whole inside a record, and a reader that starts in its
midst would take its records for ours. Two facts tell them apart. In a gzip member, deflate keeps what it can't
shrink in stored blocks of at most 65,535 bytes (RFC 1951, 3.2.4), so an inner chain of members breaks off within that
length. In a plain file an inner chain can't be longer than the record around it. A chain that runs longer than that
is the file's own.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, Protocol

from isal import isal_zlib

from transforms.read.inflate import CHUNK, GZIP, MAGIC, PIECE, GzipError, inflate

HEAD_BYTES: Final = 64 * 1024  # longest WARC or HTTP header taken
_BOMB_FACTOR: Final = 64  # a member that inflates to this many times the limit is skipped by scanning, not inflating

TOO_LARGE: Final = "too large"

_LENGTH: Final = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_PLAIN_START: Final = re.compile(rb"WARC/\d\.\d{1,2}\r?\n[A-Za-z-]+[ \t]*:")
_PLAIN_START_BYTES: Final = 256  # longer than any match of it


class Frame(NamedTuple):
    """One piece of a WARC file. A broken one has a `problem`; `end` is then None if it is unknown."""

    offset: int
    end: int | None
    data: bytes  # inflated, from its "WARC/" on; a broken frame keeps what was readable, at least of the head
    problem: str = ""  # "", TOO_LARGE or what is wrong, in a few words


class Frames(Protocol):
    """A WARC file as frames."""

    sure_run: int  # bytes; a chain of frames longer than this can't lie inside another frame
    look_back: int  # bytes; how far before a range the search for such a chain begins

    def frame(self, offset: int) -> Frame | None:
        """The frame that starts at `offset`; None at the end of the file."""

    def next_start(self, offset: int) -> int | None:
        """The first offset, not less than `offset`, where a frame seems to start; None if there is none."""


def walk(frames: Frames, offset: int | None) -> Iterator[Frame]:
    """The frames from `offset` on, which is the start of one or lies in a damaged stretch, in order."""
    while offset is not None:
        frame = frames.frame(offset)
        if frame is None:
            return
        yield frame
        offset = frame.end if frame.end is not None else frames.next_start(offset + 1)


def first_frame(frames: Frames, start: int) -> int | None:
    """Where the walk from the beginning of the file would meet its first frame at or after `start`; None if nowhere.

    Looks back, further and further, until a chain of frames is long enough to be sure of.
    """
    look_back = frames.look_back
    while look_back < start:
        sure, found = _join(frames, start, frames.next_start(start - look_back))
        if sure:
            return found
        look_back *= 8
    return next((frame.offset for frame in walk(frames, 0) if frame.offset >= start), None)


def _join(frames: Frames, start: int, entry: int | None) -> tuple[bool, int | None]:
    """The first frame at or after `start` on the walk from `entry`, and whether that walk is surely the file's own."""
    if entry is None or entry >= start:
        return False, None
    sure = False
    run_start: int | None = entry
    for frame in walk(frames, entry):
        run_start = frame.offset if run_start is None else run_start
        sure = sure or frame.offset - run_start > frames.sure_run
        if frame.offset >= start:
            return sure, frame.offset
        if frame.end is None:
            run_start = None
    return sure or run_start is not None, None  # an inner chain can't reach the end of the file unbroken


class GzipFrames:
    """A WARC in which each gzip member is a frame. Keeps at most `limit` inflated bytes of a member."""

    sure_run = 65_535
    look_back = 128 * 1024

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._ahead = b""  # bytes already read, from _ahead_at on
        self._ahead_at = 0

    def frame(self, offset: int) -> Frame | None:
        chunk = self._read(offset)
        if not chunk:
            return None
        inflater = isal_zlib.decompressobj(wbits=GZIP)
        read_to, held, parts, problem = offset + len(chunk), 0, [], ""
        try:
            while not inflater.eof:
                piece = inflater.decompress(chunk, PIECE)
                if held < self._limit:
                    parts.append(piece)
                held += len(piece)
                chunk = inflater.unconsumed_tail
                if held > self._limit * _BOMB_FACTOR:
                    return Frame(offset, None, b"".join(parts), TOO_LARGE)
                if not chunk and not inflater.eof:
                    self._stream.seek(read_to)  # others may have used the stream
                    chunk = self._stream.read(CHUNK)
                    read_to += len(chunk)
                    if not chunk:
                        problem = "cut short"
                        break
        except GzipError as error:
            problem = str(error)
        return self._framed(offset, read_to - len(inflater.unused_data), inflater.unused_data, parts, problem)

    def _framed(self, offset: int, end: int, rest: bytes, parts: list[bytes], problem: str) -> Frame:
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if problem:
            return Frame(offset, None, data[:HEAD_BYTES], problem)
        self._ahead, self._ahead_at = rest, end
        if not data.startswith(b"WARC/"):
            data = data.lstrip(b"\r\n")
        if not data.startswith(b"WARC/"):
            return Frame(offset, end, b"", "not a WARC record")
        return Frame(offset, end, data, TOO_LARGE if len(data) > self._limit else "")

    def _read(self, offset: int) -> bytes:
        """At least one byte from `offset` on, if the file has any."""
        ahead, self._ahead = self._ahead, b""
        if ahead and offset == self._ahead_at:
            return ahead
        self._stream.seek(offset)
        return self._stream.read(CHUNK)

    def next_start(self, offset: int) -> int | None:
        for found in _find_all(self._stream, offset, re.compile(re.escape(MAGIC)), len(MAGIC)):
            self._stream.seek(found)
            begin = inflate(self._stream.read(4096), GZIP, 64) or b""
            if begin.lstrip(b"\r\n").startswith(b"WARC/"):
                return found
        return None


class PlainFrames:
    """A WARC without compression, in which each record is a frame. Keeps at most `limit` bytes of a record."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.sure_run = limit
        self.look_back = 2 * limit

    def frame(self, offset: int) -> Frame | None:
        self._stream.seek(offset)
        head = self._head()
        if not head:
            return None
        stated = _LENGTH.search(head)
        if not head.startswith(b"WARC/") or stated is None:
            return Frame(offset, None, head, "not a WARC record" if stated else "no Content-Length")
        size = len(head) + int(stated[1])
        self._stream.seek(offset)
        data = self._stream.read(min(size, self._limit))
        problem = TOO_LARGE if size > len(data) == self._limit else ""
        if problem:
            self._stream.seek(offset + size - 1)
        if len(data) < min(size, self._limit) or (problem and not self._stream.read(1)):
            return Frame(offset, None, data[:HEAD_BYTES], "cut short")
        newlines = self._newlines()
        if newlines is None:
            return Frame(offset, None, data[:HEAD_BYTES], "Content-Length does not fit")
        return Frame(offset, offset + size + newlines, data, problem)

    def _head(self) -> bytes:
        """The lines up to the first empty one; less if they are longer than HEAD_BYTES."""
        lines, length = [], 0
        while length < HEAD_BYTES and (line := self._stream.readline(HEAD_BYTES)):
            lines.append(line)
            length += len(line)
            if not line.strip(b"\r\n"):
                break
        return b"".join(lines)

    def _newlines(self) -> int | None:
        """How many bytes of newlines stand here before the next record; None if something else stands here."""
        count = 0
        while True:
            ahead = self._stream.read(_PLAIN_START_BYTES)
            rest = ahead.lstrip(b"\r\n")
            count += len(ahead) - len(rest)
            if rest or not ahead:
                return count if count > 1 or not ahead or rest.startswith(b"WARC/") else None

    def next_start(self, offset: int) -> int | None:
        return next(_find_all(self._stream, offset, _PLAIN_START, _PLAIN_START_BYTES), None)


def _find_all(stream: BinaryIO, offset: int, pattern: re.Pattern[bytes], longest: int) -> Iterator[int]:
    """Offsets from `offset` on where `pattern`, which matches at most `longest` bytes, is found."""
    held = b""
    while True:
        stream.seek(offset + len(held))
        chunk = stream.read(CHUNK)
        held += chunk
        for match in pattern.finditer(held):
            if not chunk or match.start() <= len(held) - longest:
                yield offset + match.start()
        if not chunk:
            return
        kept = min(len(held), longest - 1)
        offset += len(held) - kept
        held = held[len(held) - kept :]
