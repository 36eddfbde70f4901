"""The compression of a file, found by its first bytes, and its content as a stream.

Adding a compression: a subclass of DecompressedStream in a file of its own, `_STREAMS` and `compression_of` here, and
`FORMATS` in formats.py.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from warraq.schemas.records import Rejected
from warraq.transforms.read.compression.gzip import MAGIC, GzipStream
from warraq.transforms.read.compression.stream import DecompressedStream
from warraq.transforms.read.compression.zstd import ZstdStream, starts_zstd
from warraq.transforms.read.dump import BUFFER, Dump, Item, refuse

_STREAMS: Final[dict[str, type[DecompressedStream]]] = {"gz": GzipStream, "zst": ZstdStream}


def compression_of(head: bytes) -> str:
    """`gz` or `zst` for a file that begins with `head`; "" if it isn't compressed."""
    if head.startswith(MAGIC):
        return "gz"
    return "zst" if starts_zstd(head) else ""


def decompressed(stream: BinaryIO, compression: str) -> BinaryIO:
    """The content of a file as a seekable stream, in bounded memory; it ends where damage begins (see `damage_of`)."""
    if not compression:
        return stream
    raw = _STREAMS[compression.partition(".")[0]](stream)
    return cast("BinaryIO", io.BufferedReader(raw, BUFFER))


def decompressed_member(stream: BinaryIO, compression: str, offset: int) -> BinaryIO:
    """The content of the gzip member or zstd frame at `offset`, as `decompressed`."""
    raw = _STREAMS[compression](stream, offset, one_member=True)
    return cast("BinaryIO", io.BufferedReader(raw, BUFFER))


class Peek:
    """The beginning of a file's content, decompressed once, as far as it is needed."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        """Reads the first `size` bytes of the content; `stream` gives the file's bytes from its beginning."""
        head = stream.read(size)
        self.compression = compression_of(head)
        self._raw = _STREAMS[self.compression](stream) if self.compression else None
        self.content = b"" if self._raw else head
        self.read_on(size)

    def read_on(self, size: int) -> None:
        """Extends the content to `size` bytes, or to its end. Does nothing for a file that isn't compressed."""
        parts, left = [self.content], size - len(self.content)
        while self._raw and left > 0 and (piece := self._raw.read(left)):
            parts.append(piece)
            left -= len(piece)
        self.content = b"".join(parts)

    @property
    def member_starts(self) -> list[int]:
        """The offsets in the content at which gzip members or zstd frames start, the first one included."""
        return [start for start in self._raw.member_starts if start < len(self.content)] if self._raw else [0]

    @property
    def damage(self) -> str:
        """The damage at the end of the content; "" if it goes on or ends well."""
        return self._raw.damage if self._raw else ""


def damage_of(stream: BinaryIO) -> str:
    """The damage of a compressed stream that has been read to its end; "" without any."""
    raw = getattr(stream, "raw", None)
    return raw.damage if isinstance(raw, DecompressedStream) else ""


def with_damage(items: Iterator[Item], stream: BinaryIO, dump: Dump, start: int = 0) -> Iterator[Item]:
    """The items read from a decompressed stream, and one row for damage at its end, unless the last item is that row.

    Offsets are `start` + the offset in `stream`.
    """
    item = None
    for item in items:
        yield item
    if (damage := damage_of(stream)) and not (isinstance(item, Rejected) and item.reason == "corrupt_record"):
        yield refuse(dump, start + stream.tell(), "corrupt_record", damage)
