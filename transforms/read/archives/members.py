"""Frames of an archive in which each record is compressed by itself, as one gzip member or zstd frame, or as some."""

import functools
import io
import re
from typing import BinaryIO, NamedTuple

from isal import isal_zlib

from warraq.transforms.read.archives.frames import TOO_LARGE, Frame, find_all, matches
from warraq.transforms.read.archives.record_format import RecordFormat
from warraq.transforms.read.compression.gzip import CHUNK, GZIP, GzipError, GzipStream, inflate
from warraq.transforms.read.compression.gzip import MAGIC as GZIP_MAGIC
from warraq.transforms.read.compression.zstd import MAGIC as ZSTD_MAGIC
from warraq.transforms.read.compression.zstd import (
    MAX_BLOCK,
    ZstdError,
    after_skippable,
    begin_frame,
    decompressor_for,
    read_frame,
)
from warraq.transforms.read.limits import BOMB_FACTOR, PIECE


class _Member(NamedTuple):
    """A gzip member or zstd frame. A broken one has a `problem`, as a Frame."""

    offset: int
    end: int | None
    data: bytes  # decompressed, not much more than the limit
    problem: str = ""


class MemberFrames:
    """An archive of compressed records. Keeps at most `limit` decompressed bytes of a record.

    Subclasses read one member (`_member`) and the first bytes of one (`_begin`).
    """

    sure_run: int  # as in CompressedFrames
    look_back: int
    _magic: bytes
    _begin_bytes: int  # compressed bytes that show whether a record begins in a member

    def __init__(self, stream: BinaryIO, limit: int, record_format: RecordFormat) -> None:
        self._stream = stream
        self._limit = limit
        self._format = record_format

    def _member(self, offset: int) -> _Member | None:
        """The member at `offset`; None at the end of the file."""
        raise NotImplementedError

    def _begin(self, head: bytes) -> bytes:
        """The first decompressed bytes of a member whose compressed bytes begin with `head`."""
        raise NotImplementedError

    def frame(self, offset: int) -> Frame | None:
        member = self._member(offset)
        if member is None:
            return None
        data = from_record(member.data, self._format)
        frame = Frame(member.offset, member.end, data, self._format.extent(data, 0), member.problem)
        if member.problem not in ("", TOO_LARGE):
            return frame
        return self._completed(frame) if data else frame._replace(problem=f"no {self._format.name} record")

    def _completed(self, frame: Frame) -> Frame:
        """The frame with the further members that its record needs."""
        offset, end, data, extent, problem = frame
        missing, parts, held = (extent.end if extent else 0) - len(data), [data], len(data)
        while missing > 0 and end is not None and problem in ("", TOO_LARGE):
            member = self._member(end)
            if member is None or from_record(member.data, self._format):
                break
            end, problem = member.end, problem or member.problem
            missing -= len(member.data) or missing
            if held <= self._limit:
                parts.append(member.data)
                held += len(member.data)
        data = data if len(parts) == 1 else b"".join(parts)
        return Frame(offset, end, data, extent, problem or (TOO_LARGE if held > self._limit else ""))

    def next_start(self, offset: int) -> int | None:
        magics = functools.partial(matches, re.compile(re.escape(self._magic)))
        for found in find_all(self._stream, offset, magics, len(self._magic)):
            self._stream.seek(found)
            if from_record(self._begin(self._stream.read(self._begin_bytes)), self._format):
                return found
        return None


def from_record(data: bytes, record_format: RecordFormat) -> bytes:
    """The data without newlines before its first record; empty if it begins with no record."""
    data = data.lstrip(b"\r\n") if data.startswith((b"\r", b"\n")) else data
    return data if record_format.begins.match(data) else b""


class GzipFrames(MemberFrames):
    """An archive in which records are gzip members."""

    sure_run = 65_535
    look_back = 128 * 1024
    _magic = GZIP_MAGIC
    _begin_bytes = 4096

    def __init__(self, stream: BinaryIO, limit: int, record_format: RecordFormat) -> None:
        super().__init__(stream, limit, record_format)
        self._ahead = b""  # bytes already read, from _ahead_at on
        self._ahead_at = 0
        self._bomb = (-1, 0)  # the last bomb: its offset, and the compressed bytes read of it

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
                if held > self._limit * BOMB_FACTOR:
                    self._bomb = (offset, read_to - len(chunk))
                    return _Member(offset, None, b"".join(parts), TOO_LARGE)
                if len(piece) < PIECE and not inflater.eof:  # ISA-L needs more input, and holds no output back
                    self._stream.seek(read_to)  # other code may have moved the stream
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
        """The content of the member at `offset` up to a few kB before its damage, read again in smaller pieces."""
        member = io.BufferedReader(GzipStream(self._stream, offset, one_member=True))
        return member.read(self._limit)

    def _read(self, offset: int) -> bytes:
        """At least one byte from `offset` on, if the file has any."""
        ahead, self._ahead = self._ahead, b""
        if ahead and offset == self._ahead_at:
            return ahead
        self._stream.seek(offset)
        return self._stream.read(CHUNK)

    def next_start(self, offset: int) -> int | None:
        bomb, inflated_to = self._bomb  # thousands of bombs can share one stretch of compressed bytes
        return super().next_start(inflated_to if offset == bomb + 1 else offset)

    def _begin(self, head: bytes) -> bytes:
        return inflate(head, GZIP, len(head)) or b""


class ZstdFrames(MemberFrames):
    """An archive in which records are zstd frames. Skippable and empty frames belong to the record after them."""

    sure_run = MAX_BLOCK
    look_back = 2 * MAX_BLOCK
    _magic = ZSTD_MAGIC
    _begin_bytes = 2 * MAX_BLOCK

    def __init__(self, stream: BinaryIO, limit: int, record_format: RecordFormat) -> None:
        super().__init__(stream, limit, record_format)
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
