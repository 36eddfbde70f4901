"""Zstandard in bounded memory, with the dictionary that a file may carry; damage ends the content.

A frame is read block by block (RFC 8878, 3.1.1), for three reasons. A block gives at most 128 KiB, so a bomb comes in
small pieces. The end of a frame is found without decompressing it. A cut frame is reported; the library's own stream
reader ignores the cut.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import zstandard

from warraq.transforms.read.compression.stream import DecompressedStream
from warraq.transforms.read.limits import MAX_DICTIONARY, MAX_WINDOW

MAGIC: Final = b"\x28\xb5\x2f\xfd"
MAX_BLOCK: Final = 128 * 1024  # bytes, compressed or not (RFC 8878, 3.1.1.2.4)
ZstdError: Final = zstandard.ZstdError

_DICTIONARY: Final = b"\x5d\x2a\x4d\x18"
_LONGEST_HEADER: Final = 18
_HAS_CHECKSUM: Final = 4
_RLE, _RESERVED = 1, 3


def starts_zstd(head: bytes) -> bool:
    """True if `head` begins a file in zstd; a dictionary or another skippable frame may come first."""
    return head.startswith(MAGIC) or _is_skippable(head)


def decompressor_for(stream: BinaryIO) -> zstandard.ZstdDecompressor:
    """A decompressor for the frames of a file, with the dictionary at its beginning, if there is one.

    Source: https://iipc.github.io/warc-specifications/specifications/warc-zstd/
    """
    stream.seek(0)
    head = stream.read(8)
    dictionary = b""
    if head.startswith(_DICTIONARY):
        dictionary = stream.read(min(int.from_bytes(head[4:], "little"), MAX_DICTIONARY))
    if dictionary.startswith(MAGIC):
        dictionary = decompress_zstd(dictionary, MAX_DICTIONARY) or b""
    try:
        data = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        return zstandard.ZstdDecompressor(dict_data=data, max_window_size=MAX_WINDOW)
    except ZstdError:  # a damaged dictionary: each frame that needs it becomes an error
        return zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)


class ZstdFrame(NamedTuple):
    """A frame that was read; `problem` describes its damage, "" without any."""

    end: int | None  # None if it is unknown
    content: bytes  # the part before the damage, up to the limit and a little more
    problem: str = ""


def read_frame(stream: BinaryIO, decompressor: zstandard.ZstdDecompressor, limit: int) -> ZstdFrame:
    """The frame at the position of `stream`. Blocks after the first `limit` bytes of content are not decompressed."""
    frame, parts, held, problem = decompressor.decompressobj(), [], 0, ""
    try:
        for part in _frame_parts(stream):
            if held <= limit and not problem:
                try:
                    parts.append(_decompress(part, frame))
                    held += len(parts[-1])
                except ZstdError as error:
                    problem = str(error)
    except ZstdError as error:
        return ZstdFrame(None, b"".join(parts), problem or str(error))
    end = stream.tell()
    if problem and (follower := stream.read(4)) and not starts_zstd(follower):
        return ZstdFrame(None, b"".join(parts), problem)
    return ZstdFrame(end, b"".join(parts), problem)


def begin_frame(compressed: bytes, decompressor: zstandard.ZstdDecompressor) -> bytes:
    """The content of the first blocks of a frame, 128 KiB or a little more; empty if no frame begins there."""
    content = b""
    try:
        for piece in pieces(io.BytesIO(compressed), decompressor):
            content += piece
            if len(content) >= MAX_BLOCK:
                break
    except ZstdError:
        pass
    return content


def pieces(stream: BinaryIO, decompressor: zstandard.ZstdDecompressor) -> Iterator[bytes]:
    """The content of the frame at the position of `stream`, in pieces of at most 128 KiB. Then the frame is read.

    Raises:
      ZstdError: the frame is damaged or cut, or needs too large a window. The pieces before it may be used.
    """
    frame = decompressor.decompressobj()
    for part in _frame_parts(stream):
        yield _decompress(part, frame)


def _decompress(part: bytes, frame: "zstandard.ZstdDecompressionObj") -> bytes:
    """The content of one part of a frame. The header has none; it states the memory that the frame needs.

    Raises:
      ZstdError: that memory is too much, or the part is damaged.
    """
    if part.startswith(MAGIC):
        window = zstandard.get_frame_parameters(part).window_size
        if window > MAX_WINDOW:
            raise ZstdError(f"needs a window of {window >> 20} MiB, more than {MAX_WINDOW >> 20}")
    return frame.decompress(part)


def _frame_parts(stream: BinaryIO) -> Iterator[bytes]:
    """The header of the frame at the position of `stream`, then its blocks, the last one with the frame's checksum.

    Raises:
      ZstdError: no frame starts here, the frame is cut, or one of its blocks is invalid.
    """
    start = stream.tell()
    header = stream.read(_LONGEST_HEADER)
    if not header.startswith(MAGIC) or len(header) < 6:
        raise ZstdError("cut short" if MAGIC.startswith(header[:4]) else "no zstd frame")
    header = header[: zstandard.frame_header_size(header)]
    stream.seek(start + len(header))
    yield header
    is_last, checksum = False, 4 if header[4] & _HAS_CHECKSUM else 0
    while not is_last:
        head = stream.read(3)
        stated = int.from_bytes(head, "little")
        is_last, kind, size = bool(stated & 1), stated >> 1 & 3, stated >> 3
        if kind == _RESERVED or size > MAX_BLOCK:
            raise ZstdError("no zstd block")
        left = (1 if kind == _RLE else size) + is_last * checksum
        block = stream.read(left)
        if len(head) < 3 or len(block) < left:
            raise ZstdError("cut short")
        yield head + block


def decompress_zstd(compressed: bytes, limit: int) -> bytes | None:
    """The first `limit` bytes of the content; fewer if it is cut or damaged; None if nothing can be decompressed."""
    stream = ZstdStream(io.BytesIO(compressed))
    parts: list[bytes] = []
    held = 0
    while held < limit and (piece := stream.read(min(MAX_BLOCK, limit - held))):
        parts.append(piece)
        held += len(piece)
    return b"".join(parts) or None


def after_skippable(stream: BinaryIO) -> bool:
    """Skips the skippable frames at the position of `stream`. True if something follows them.

    Raises:
      ZstdError: one is cut.
    """
    while True:
        start = stream.tell()
        head = stream.read(8)
        if not _is_skippable(head):
            stream.seek(start)
            return bool(head)
        size = int.from_bytes(head[4:], "little")
        stream.seek(start + len(head) + size - 1)
        if len(head) < 8 or not stream.read(1):
            raise ZstdError("cut short")


def _is_skippable(head: bytes) -> bool:
    return head[1:4] == _DICTIONARY[1:] and head[0] & 0xF0 == 0x50


class ZstdStream(DecompressedStream):
    """The content of a zstd file; skippable frames have none."""

    def _restart(self) -> None:
        self._decompressor = decompressor_for(self._compressed)
        self._compressed.seek(self._start)
        self._pieces: Iterator[bytes] | None = None
        self._held = b""

    def _next(self, size: int) -> bytes:
        try:
            while not self._held and not self._ended:
                self._held = self._next_piece()
        except ZstdError as error:
            self._end(str(error))
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def _next_piece(self) -> bytes:
        if self._pieces is None:
            if not after_skippable(self._compressed):
                self._end("")
                return b""
            self._member_starts_at(self._decompressed_to)
            self._pieces = pieces(self._compressed, self._decompressor)
        piece = next(self._pieces, None)
        if piece is None:
            self._pieces = None
            if self._one_member:
                self._end("")
        return piece or b""
