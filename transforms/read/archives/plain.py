"""Frames of an archive that is not compressed: each record is one frame."""

from typing import BinaryIO, Final

from warraq.transforms.read.archives.frames import TOO_LARGE, WRONG_LENGTH, Frame, find_all
from warraq.transforms.read.archives.record_format import RecordFormat, skip_to_next
from warraq.transforms.read.compression.stream import size_of
from warraq.transforms.read.limits import HEAD_BYTES, MAX_SHORT, MAX_STARTS

_HEADER_BYTES: Final = 4096  # longer than most headers
_FAR: Final = 1024 * 1024  # bytes; the end of a longer record is checked before the record is read


class PlainFrames:
    """An uncompressed archive. Keeps at most `limit` bytes of a record."""

    def __init__(self, stream: BinaryIO, limit: int, record_format: RecordFormat) -> None:
        self._stream = stream
        self._limit = limit
        self._format = record_format
        self._size = size_of(stream)

    def frame(self, offset: int) -> Frame | None:
        self._stream.seek(offset)
        head = self._head()
        if not head:
            return None
        extent = self._format.extent(head, 0)
        if not self._format.begins.match(head) or extent is None:
            return Frame(offset, None, head, extent, f"no {self._format.name} record" if extent else "no sound header")
        if misfit := self._misfit(offset, extent.end):
            return Frame(offset, None, head, extent, misfit)
        self._stream.seek(offset + len(head))
        data = head + self._stream.read(min(extent.end, self._limit) - len(head))
        problem = TOO_LARGE if extent.end > len(data) == self._limit else ""
        if problem:
            self._stream.seek(offset + extent.end - 1)
        if len(data) < min(extent.end, self._limit) or (problem and not self._stream.read(1)):
            return Frame(offset, None, data[:HEAD_BYTES], extent, "cut short")
        newlines = self._newlines(data)
        if newlines is None:
            return Frame(offset, None, data[:HEAD_BYTES], extent, WRONG_LENGTH)
        return Frame(offset, offset + extent.end + newlines, data, extent, problem)

    def _head(self) -> bytes:
        """The lines of the header; not all if they are longer than HEAD_BYTES."""
        lines, length, starts = [], 0, 0
        while length < HEAD_BYTES and starts <= MAX_STARTS and (line := self._stream.readline(HEAD_BYTES)):
            lines.append(line)
            length += len(line)
            if self._format.ends_header(line):
                break
            starts += self._format.begins.search(line) is not None
        return b"".join(lines)

    def _misfit(self, offset: int, size: int) -> str:
        """The fault of a stated size, as far as it shows without reading the record; "" if none shows.

        Without this check, a file in which every length is false would be read many times.
        """
        if self._size is None or size <= _FAR:
            return ""
        if offset + size > self._size:
            return "cut short"
        self._stream.seek(offset + size)
        return WRONG_LENGTH if self._newlines(b"") is None else ""

    def _newlines(self, record: bytes) -> int | None:
        """The bytes of newlines at the stream's position, before the next record; None if no record follows them.

        A few other bytes may lie before them, lost by a short stated length; or damage follows them. If `record`, the
        one that ends here, holds the start of another, neither is so: its length is false.
        """
        end, count = self._stream.tell(), 0
        while ahead := self._stream.read(self._format.start_bytes):
            rest = ahead.lstrip(b"\r\n")
            count += len(ahead) - len(rest)
            if rest:
                if self._format.begins.match(rest):
                    return count
                if any(True for _ in self._format.starts(record[1:])):
                    return None
                if (lost := self._lost(end)) is not None:
                    return lost
                return count if count >= self._format.newlines and not self._is_in_header(end) else None
        return count

    def _lost(self, end: int) -> int | None:
        """The bytes from `end` to the next record, if the stated length is a few bytes too short; else None."""
        self._stream.seek(end)
        ahead = self._stream.read(MAX_SHORT + self._format.start_bytes)
        return skip_to_next(ahead, self._format, at_end=len(ahead) < MAX_SHORT + self._format.start_bytes)

    def _is_in_header(self, end: int) -> bool:
        """True if a header begins shortly before `end` and goes on after it: then the stated length is too large."""
        begin = max(0, end - _HEADER_BYTES)
        self._stream.seek(begin)
        tail = self._stream.read(end - begin + self._format.start_bytes)
        starts = [start for start in self._format.starts(tail) if begin + start < end]
        return bool(starts) and self._format.extent(tail[: end - begin], starts[-1]) is None

    def next_start(self, offset: int) -> int | None:
        return next(find_all(self._stream, offset, self._format.starts, self._format.start_bytes), None)
