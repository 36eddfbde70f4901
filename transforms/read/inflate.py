"""Gzip without surprises: bounded, seekable, and calm about damage.

ISA-L inflates 2.4 times as fast as zlib and a little faster than FastWARC's own gzip reader (171 kB news pages,
2 cores, November 2026: 0.147, 0.359 and 0.165 ms a page), which is what reading at the speed of the disk needs.
"""

import io
from typing import Any, BinaryIO, Final, cast

from isal import isal_zlib

GZIP: Final = 31  # wbits: a gzip member with its checksum
GZIP_OR_ZLIB: Final = 47
RAW_DEFLATE: Final = -15
GzipError: Final = cast("type[Exception]", isal_zlib.error)  # its stub calls it an instance
MAGIC: Final = b"\x1f\x8b\x08"
CHUNK: Final = 256 * 1024
PIECE: Final = 1024 * 1024  # bytes inflated at a time: what a gzip bomb can take of memory at once
SMALL_PIECE: Final = 64 * 1024  # of a body: an error loses the piece in which it is met


def inflate(packed: bytes, wbits: int, limit: int) -> bytes | None:
    """The first `limit` bytes of what `packed` holds; less if it is cut or damaged; None if nothing comes out."""
    inflater = isal_zlib.decompressobj(wbits=wbits)
    parts: list[bytes] = []
    held = 0
    try:
        while packed and held < limit and not inflater.eof:
            parts.append(inflater.decompress(packed, min(SMALL_PIECE, limit - held)))
            held += len(parts[-1])
            packed = inflater.unconsumed_tail
    except GzipError:
        pass
    return b"".join(parts) or None


class Inflated(io.RawIOBase):
    """The content of a gzip file from `start` on as a seekable stream, members joined; it ends where damage begins.

    After the end has been read, `damage` says what is wrong, "" if nothing is. Seeking back inflates again from
    `start`: only damaged files need it. With `one_member` the stream ends with the first member.
    """

    def __init__(self, packed: BinaryIO, start: int = 0, *, one_member: bool = False) -> None:
        super().__init__()
        self._packed = packed
        self._start = start
        self._one_member = one_member
        self._rewind()

    def _rewind(self) -> None:
        self._packed.seek(self._start)
        self._inflater = isal_zlib.decompressobj(wbits=GZIP)
        self._input = b""
        self._at = 0
        self._ended = False
        self.damage = ""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset += self._at
        elif whence != io.SEEK_SET:
            raise io.UnsupportedOperation("the end of a gzip stream is not known in advance")
        if offset < self._at:
            self._rewind()
        while self._at < offset and self._piece(min(PIECE, offset - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:  # anything writable; Python 3.10 has no name for it
        view = memoryview(buffer)
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _piece(self, size: int) -> bytes:
        """The next 1 to `size` bytes; empty at the end."""
        while not self._ended:
            if self._inflater.eof and not self._next_member():
                break
            if not self._input and not self._feed():
                break
            try:
                piece = self._inflater.decompress(self._input, size)
            except GzipError as error:
                self._end(str(error))
                break
            self._input = self._inflater.unconsumed_tail
            self._at += len(piece)
            if piece:
                return piece
        return b""

    def _feed(self) -> bool:
        self._input = self._packed.read(CHUNK)
        if not self._input:
            self._end("cut short")
        return bool(self._input)

    def _next_member(self) -> bool:
        self._input = self._inflater.unused_data or self._packed.read(CHUNK)
        if self._one_member or not self._input.strip(b"\0"):  # zero padding after the last member is allowed
            self._end("")
        self._inflater = isal_zlib.decompressobj(wbits=GZIP)
        return not self._ended

    def _end(self, damage: str) -> None:
        self._ended = True
        self.damage = damage
