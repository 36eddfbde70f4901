"""A compressed file as a seekable stream of its decompressed content, in bounded memory."""

import io
from collections import deque
from typing import Any, BinaryIO, Final

from warraq.transforms.read.limits import FREE_BYTES, MAX_RATIO, MAX_REWINDS, PIECE

PEEK_BYTES: Final = 2 * 1024 * 1024  # decompressed bytes from the start in which the starts of members are kept
_KEPT_BYTES: Final = 1024 * 1024


def size_of(stream: BinaryIO) -> int | None:
    """The bytes of a stream; None if only reading it can tell. The position is undefined afterwards."""
    try:
        return stream.seek(0, io.SEEK_END)
    except io.UnsupportedOperation:
        return None


class DecompressedStream(io.RawIOBase):
    """The content of a compressed file from `start` on, all members joined; it ends where damage begins.

    After the end has been read, `damage` describes the damage; "" without any. With `one_member` the stream ends with
    the first member. The last MiB is kept. A seek further back decompresses again from `start`: only damaged files need
    it, and at most 32 times. A bomb is cut off once its ratio shows.

    Subclasses implement `_restart` and `_next` and call `_member_starts_at`.
    """

    def __init__(self, compressed: BinaryIO, start: int = 0, *, one_member: bool = False) -> None:
        super().__init__()
        self._compressed = compressed
        self._start = start
        self._one_member = one_member
        self._rewinds = 0
        self._rewind()

    def _restart(self) -> None:
        """Returns to `start`, before the first member."""
        raise NotImplementedError

    def _next(self, size: int) -> bytes:
        """The next 1 to `size` bytes; empty only if the stream has `_end`ed."""
        raise NotImplementedError

    def _rewind(self) -> None:
        self._kept: deque[bytes] = deque()  # the last pieces
        self._kept_from = self._at = self._decompressed_to = 0
        self._ended = False
        self.damage = ""
        self.member_starts = [0]  # decompressed offsets up to PEEK_BYTES
        self._compressed.seek(self._start)
        self._restart()

    def _end(self, damage: str) -> None:
        self._ended = True
        self.damage = damage

    def _member_starts_at(self, offset: int) -> None:
        """Notes that a member starts at a decompressed offset. An empty member shares the offset of the next one."""
        if self.member_starts[-1] < offset <= PEEK_BYTES:
            self.member_starts.append(offset)

    def _piece(self, size: int) -> bytes:
        """The next 1 to `size` bytes; empty at the end."""
        piece = self._kept_piece() if self._at < self._decompressed_to else self._new_piece(size)
        self._at += min(size, len(piece))
        return piece[:size]

    def _kept_piece(self) -> bytes:
        begin = self._kept_from
        for piece in self._kept:
            if self._at < begin + len(piece):
                return piece[self._at - begin :]
            begin += len(piece)
        raise AssertionError("all bytes between `_kept_from` and `_decompressed_to` are kept")

    def _new_piece(self, size: int) -> bytes:
        piece = b"" if self._ended else self._next(size)
        if not piece:
            return piece
        self._decompressed_to += len(piece)
        if self._is_bomb():
            self._end(f"unpacks to more than {MAX_RATIO} times its size")
        self._kept.append(piece)
        while self._decompressed_to - self._kept_from - len(self._kept[0]) > _KEPT_BYTES:
            self._kept_from += len(self._kept.popleft())
        return piece

    def _is_bomb(self) -> bool:
        read = self._compressed.tell() - self._start
        return self._decompressed_to > FREE_BYTES and self._decompressed_to > MAX_RATIO * read

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
            raise io.UnsupportedOperation("the end of a compressed stream is not known in advance")
        if offset < self._kept_from:
            self._rewinds += 1
            self._rewind()
            if self._rewinds > MAX_REWINDS:
                self._end("damaged in too many places")
        self._at = min(offset, self._decompressed_to)
        while self._at < offset and self._piece(min(PIECE, offset - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:  # any writable buffer; Python 3.10 has no type for it
        view = memoryview(buffer)
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        return len(piece)
