"""Finds the records of a web archive from any byte offset, and again after damage.

A frame is what an archive is cut into: a record in a plain file, or the gzip members or zstd frames that hold one.
`walk` goes from frame to frame; where the bytes at a position are no sound frame it yields one broken frame and goes
on at the next offset that looks like a start. `first_frame` joins that walk in the middle of a file, so that ranges
of bytes can be read by different workers and every frame is still read exactly once.

The danger is a frame inside a frame: a crawled archive lies whole inside a record, and a reader that starts in its
midst would take its records for ours. Two facts tell them apart. In a gzip member, deflate keeps what it can't
shrink in stored blocks of at most 65,535 bytes (RFC 1951, 3.2.4), so an inner chain of members breaks off within that
length. In a zstd frame such blocks have at most 128 KiB (RFC 8878, 3.1.1.2.4). A chain that runs longer than that is
the file's own. In a plain file an inner chain may be as long as the record around it, which is of any length: there the
walk begins at the beginning, or at a frame that an earlier walk has passed (`first_plain_frame`).
"""

import bisect
import functools
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, NamedTuple, Protocol

from isal import isal_zlib

from warraq.transforms.read.compression.gzip import CHUNK, GZIP, GzipError, Inflated, inflate
from warraq.transforms.read.compression.gzip import MAGIC as GZIP_MAGIC
from warraq.transforms.read.compression.stream import PIECE, size_of
from warraq.transforms.read.compression.zstd import MAGIC as ZSTD_MAGIC
from warraq.transforms.read.compression.zstd import (
    MAX_BLOCK,
    ZstdError,
    after_skippable,
    begin_frame,
    decompressor_for,
    read_frame,
)
from warraq.transforms.read.rules import HEAD_BYTES

_HEADER_BYTES: Final = 4096  # longer than most headers
_MAX_STARTS: Final = 16  # in the header of one record: more are records that lost theirs
_STEP: Final = 1024 * 1024  # bytes between frames that a walk remembers
_FAR: Final = 1024 * 1024  # bytes; what follows a longer record is looked at before it is read
_BOMB_FACTOR: Final = 64  # a member that inflates to this many times the limit is skipped by scanning, not inflating

TOO_LARGE: Final = "too large"
WRONG_LENGTH: Final = "the stated length does not fit"


class Header(NamedTuple):
    """What a record says of itself, and where the block after its header lies in the bytes at hand."""

    is_page: bool  # by its type, whatever its block holds
    is_text: bool  # a conversion, which may be plain text
    url: str
    date: str  # of the fetch, ISO 8601; "" where none is stated
    content_type: str
    begin: int
    end: int  # as stated; may lie beyond the bytes at hand


class Grammar(NamedTuple):
    """How the records of one kind of archive are written."""

    name: str
    begins: re.Pattern[bytes]  # where a record starts, for sure that it does
    starts: Callable[[bytes], Iterable[int]]  # the same, rare enough elsewhere to be searched for: where, in order
    start_bytes: int  # at most so many are looked at to tell a start
    newlines: int  # at least so many after a record
    ends_header: Callable[[bytes], bool]  # whether a line is the last of a header
    size: Callable[[bytes], int | None]  # bytes of the header and block of the record that begins here, as stated
    parse: Callable[[bytes, int], Header | None]  # the header at an offset; None if it isn't sound


class Frame(NamedTuple):
    """One piece of an archive. A broken one has a `problem`; `end` is then None if it is unknown."""

    offset: int
    end: int | None
    data: bytes  # unpacked, from the record's first byte on; of a broken frame what was readable before the damage
    problem: str = ""  # "", TOO_LARGE or what is wrong, in a few words


class Frames(Protocol):
    """An archive as frames."""

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
        offset = frame.end if frame.end is not None else frames.next_start(frame.offset + 1)


def first_plain_frame(frames: Frames, start: int, passed: list[int]) -> int | None:
    """The first frame at or after `start` on the walk from the beginning of a plain file; None if there is none.

    Walks from the last of the `passed` frames before `start`, which an earlier walk through the same file has left
    there, and adds one for each MiB: so walks to growing starts pass each stretch of the file once.
    """
    begin = passed[bisect.bisect_right(passed, start) - 1] if passed else 0
    mark = begin + _STEP
    for frame in walk(frames, begin):
        if frame.offset >= mark:
            bisect.insort(passed, frame.offset)
            mark = frame.offset + _STEP
        if frame.offset >= start:
            return frame.offset
    return None


def first_frame(frames: "PackedFrames", start: int) -> int | None:
    """The first frame at or after `start` on the walk from the beginning of a packed file; None if there is none.

    Looks back, further and further, until a chain of frames is long enough to be sure of.
    """
    look_back = frames.look_back
    while look_back < start:
        sure, found = _join(frames, start, frames.next_start(start - look_back))
        if sure:
            return found
        look_back *= 8
    return next((frame.offset for frame in walk(frames, 0) if frame.offset >= start), None)


def _join(frames: "PackedFrames", start: int, entry: int | None) -> tuple[bool, int | None]:
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


class _Member(NamedTuple):
    """A gzip member or zstd frame. A broken one has a `problem`, as a Frame."""

    offset: int
    end: int | None
    data: bytes  # unpacked, not much more than the limit
    problem: str = ""


class PackedFrames:
    """An archive in which each record is one packed member, or some. Keeps at most `limit` unpacked bytes of a record.

    Packings differ in `_member` and in where a member may start.
    """

    sure_run: int  # bytes; a chain of frames longer than this can't lie inside another frame
    look_back: int  # bytes; how far before a range the search for such a chain begins
    _magic: bytes
    _begin_bytes: int  # packed bytes that show whether a record begins in a member

    def __init__(self, stream: BinaryIO, limit: int, grammar: Grammar) -> None:
        self._stream = stream
        self._limit = limit
        self._grammar = grammar

    def _member(self, offset: int) -> _Member | None:
        """The member at `offset`; None at the end of the file."""
        raise NotImplementedError

    def _begin(self, head: bytes) -> bytes:
        """The first bytes of what a member holds whose packed bytes begin with `head`."""
        raise NotImplementedError

    def frame(self, offset: int) -> Frame | None:
        member = self._member(offset)
        if member is None:
            return None
        if member.problem and member.problem != TOO_LARGE:
            return Frame(member.offset, member.end, self._from_start(member.data), member.problem)
        data = self._from_start(member.data)
        if not data:
            return Frame(member.offset, member.end, b"", f"no {self._grammar.name} record")
        return self._whole(Frame(member.offset, member.end, data, member.problem))

    def _whole(self, frame: Frame) -> Frame:
        """The frame, with the members in which its record goes on."""
        offset, end, data, problem = frame
        missing, parts, held = (self._grammar.size(data) or 0) - len(data), [data], len(data)
        while missing > 0 and end is not None and problem in ("", TOO_LARGE):
            member = self._member(end)
            if member is None or self._from_start(member.data):
                break
            end, problem = member.end, problem or member.problem
            missing -= len(member.data) or missing
            if held <= self._limit:
                parts.append(member.data)
                held += len(member.data)
        data = data if len(parts) == 1 else b"".join(parts)
        return Frame(offset, end, data, problem or (TOO_LARGE if held > self._limit else ""))

    def _from_start(self, data: bytes) -> bytes:
        """The data from the start of the record on; empty if none starts here."""
        data = data.lstrip(b"\r\n") if data.startswith((b"\r", b"\n")) else data
        return data if self._grammar.begins.match(data) else b""

    def next_start(self, offset: int) -> int | None:
        magics = functools.partial(matches, re.compile(re.escape(self._magic)))
        for found in _find_all(self._stream, offset, magics, len(self._magic)):
            self._stream.seek(found)
            if self._from_start(self._begin(self._stream.read(self._begin_bytes))):
                return found
        return None


class GzipFrames(PackedFrames):
    """An archive in which records are gzip members."""

    sure_run = 65_535
    look_back = 128 * 1024
    _magic = GZIP_MAGIC
    _begin_bytes = 4096

    def __init__(self, stream: BinaryIO, limit: int, grammar: Grammar) -> None:
        super().__init__(stream, limit, grammar)
        self._ahead = b""  # bytes already read, from _ahead_at on
        self._ahead_at = 0
        self._bomb = (-1, 0)  # the last member that was given up: its offset, and how far it was inflated

    def _member(self, offset: int) -> _Member | None:
        chunk = self._read(offset)
        if not chunk:
            return None
        inflater = isal_zlib.decompressobj(wbits=GZIP)
        read_to, held, parts = offset + len(chunk), 0, []
        try:
            while not inflater.eof:
                piece = inflater.decompress(chunk, PIECE)
                if held <= self._limit:
                    parts.append(piece)
                held += len(piece)
                chunk = inflater.unconsumed_tail
                if held > self._limit * _BOMB_FACTOR:
                    self._bomb = (offset, read_to - len(chunk))
                    return _Member(offset, None, b"".join(parts), TOO_LARGE)
                if len(piece) < PIECE and not inflater.eof:  # no input is left, and ISA-L holds no output back
                    self._stream.seek(read_to)  # others may have used the stream
                    chunk = self._stream.read(CHUNK)
                    read_to += len(chunk)
                    if not chunk:
                        return _Member(offset, None, b"".join(parts), "cut short")
        except GzipError as error:
            return _Member(offset, None, self._before_damage(offset), str(error))
        self._ahead, self._ahead_at = inflater.unused_data, read_to - len(inflater.unused_data)
        problem = TOO_LARGE if held > self._limit else ""
        return _Member(offset, self._ahead_at, parts[0] if len(parts) == 1 else b"".join(parts), problem)

    def _before_damage(self, offset: int) -> bytes:
        """What the member at `offset` gives before it breaks: all but the last few kB, in pieces smaller than ours."""
        member = io.BufferedReader(Inflated(self._stream, offset, one_member=True))
        return member.read(self._limit)

    def _read(self, offset: int) -> bytes:
        """At least one byte from `offset` on, if the file has any."""
        ahead, self._ahead = self._ahead, b""
        if ahead and offset == self._ahead_at:
            return ahead
        self._stream.seek(offset)
        return self._stream.read(CHUNK)

    def next_start(self, offset: int) -> int | None:
        bomb, inflated_to = self._bomb  # thousands of bombs can share one stretch of packed bytes
        return super().next_start(inflated_to if offset == bomb + 1 else offset)

    def _begin(self, head: bytes) -> bytes:
        return inflate(head, GZIP, len(head)) or b""


class ZstdFrames(PackedFrames):
    """An archive in which records are zstd frames. Skippable and empty frames belong to the record after them."""

    sure_run = MAX_BLOCK
    look_back = 2 * MAX_BLOCK
    _magic = ZSTD_MAGIC
    _begin_bytes = 2 * MAX_BLOCK

    def __init__(self, stream: BinaryIO, limit: int, grammar: Grammar) -> None:
        super().__init__(stream, limit, grammar)
        self._decompressor = decompressor_for(stream)

    def _member(self, offset: int) -> _Member | None:
        self._stream.seek(offset)
        try:
            while after_skippable(self._stream):
                offset = self._stream.tell()
                frame = read_frame(self._stream, self._decompressor, self._limit)
                problem = frame.problem or (TOO_LARGE if len(frame.content) > self._limit else "")
                if frame.content or frame.problem:
                    return _Member(offset, frame.end, frame.content, problem)
        except ZstdError as error:
            return _Member(offset, None, b"", str(error))
        return None

    def _begin(self, head: bytes) -> bytes:
        return begin_frame(head, self._decompressor)


class PlainFrames:
    """An archive that isn't packed. Keeps at most `limit` bytes of a record."""

    def __init__(self, stream: BinaryIO, limit: int, grammar: Grammar) -> None:
        self._stream = stream
        self._limit = limit
        self._grammar = grammar
        self._size = size_of(stream)

    def frame(self, offset: int) -> Frame | None:
        self._stream.seek(offset)
        head = self._head()
        if not head:
            return None
        size = self._grammar.size(head)
        if not self._grammar.begins.match(head) or size is None:
            return Frame(offset, None, head, f"no {self._grammar.name} record" if size else "no sound header")
        if misfit := self._misfit(offset, size):
            return Frame(offset, None, head, misfit)
        self._stream.seek(offset + len(head))
        data = head + self._stream.read(min(size, self._limit) - len(head))
        problem = TOO_LARGE if size > len(data) == self._limit else ""
        if problem:
            self._stream.seek(offset + size - 1)
        if len(data) < min(size, self._limit) or (problem and not self._stream.read(1)):
            return Frame(offset, None, data[:HEAD_BYTES], "cut short")
        newlines = self._newlines()
        if newlines is None:
            return Frame(offset, None, data[:HEAD_BYTES], WRONG_LENGTH)
        return Frame(offset, offset + size + newlines, data, problem)

    def _head(self) -> bytes:
        """The lines of the header; not all if they are longer than HEAD_BYTES."""
        lines, length, starts = [], 0, 0
        while length < HEAD_BYTES and starts <= _MAX_STARTS and (line := self._stream.readline(HEAD_BYTES)):
            lines.append(line)
            length += len(line)
            if self._grammar.ends_header(line):
                break
            starts += self._grammar.begins.search(line) is not None
        return b"".join(lines)

    def _misfit(self, offset: int, size: int) -> str:
        """What is wrong with a stated size, as far as it can be told without reading so much; "" if nothing is.

        A file whose every length lies would else be read again and again.
        """
        if self._size is None or size <= _FAR:
            return ""
        if offset + size > self._size:
            return "cut short"
        self._stream.seek(offset + size)
        return WRONG_LENGTH if self._newlines() is None else ""

    def _newlines(self) -> int | None:
        """How many bytes of newlines stand here before the next record; None if something else stands here."""
        end, count = self._stream.tell(), 0
        while ahead := self._stream.read(self._grammar.start_bytes):
            rest = ahead.lstrip(b"\r\n")
            count += len(ahead) - len(rest)
            if rest:
                is_next = self._grammar.begins.match(rest) is not None
                return count if is_next or (count >= self._grammar.newlines and not self._is_in_header(end)) else None
        return count

    def _is_in_header(self, end: int) -> bool:
        """Whether a record begins shortly before `end` whose header isn't over there: the length is too large."""
        begin = max(0, end - _HEADER_BYTES)
        self._stream.seek(begin)
        tail = self._stream.read(end - begin + self._grammar.start_bytes)
        starts = [start for start in self._grammar.starts(tail) if begin + start < end]
        return bool(starts) and self._grammar.size(tail[starts[-1] : end - begin]) is None

    def next_start(self, offset: int) -> int | None:
        return next(_find_all(self._stream, offset, self._grammar.starts, self._grammar.start_bytes), None)


def matches(pattern: re.Pattern[bytes], data: bytes) -> Iterator[int]:
    """Where `pattern` is found."""
    return (match.start() for match in pattern.finditer(data))


def _find_all(stream: BinaryIO, offset: int, starts: Callable[[bytes], Iterable[int]], longest: int) -> Iterator[int]:
    """Offsets from `offset` on that `starts` finds, for which it needs to see no more than `longest` bytes at once."""
    held, at = b"", offset
    while True:
        stream.seek(at + len(held))  # others may have used the stream
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        held += chunk
        for start in starts(held):
            if at + start >= offset:
                yield at + start
                offset = at + start + 1
        at += max(0, len(held) - longest)
        held = held[-longest:]
