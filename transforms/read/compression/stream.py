"""A packed file as a seekable stream of what it holds, in bounded memory, whatever it is packed with."""

import io
from collections import deque
from typing import Any, BinaryIO, Final

PIECE: Final = 1024 * 1024  # bytes unpacked at a time: what a bomb can take of memory at once
_KEPT_BYTES: Final = 1024 * 1024
_MAX_REWINDS: Final = 32  # a file that lies of its lengths again and again would else be unpacked as often
_MAX_RATIO: Final = 2000  # bytes unpacked for a packed one: twice what deflate can give, a sixteenth of what zstd can
_FREE_BYTES: Final = 1024 * 1024 * 1024  # unpacked before the ratio counts


def size_of(stream: BinaryIO) -> int | None:
    """The bytes that a stream has; None if only reading it can tell. The stream then stands anywhere."""
    try:
        return stream.seek(0, io.SEEK_END)
    except io.UnsupportedOperation:
        return None


class Unpacked(io.RawIOBase):
    """The content of a packed file from `start` on, its members joined; it ends where damage begins.

    After the end has been read, `damage` says what is wrong, "" if nothing is. With `one_member` the stream ends with
    the first member. The last MiB is kept; seeking back further unpacks again from `start`, which only damaged files
    need, and some 30 times at most. A bomb ends where it has shown itself to be one.

    Formats differ in `_restart` and `_next`.
    """

    def __init__(self, packed: BinaryIO, start: int = 0, *, one_member: bool = False) -> None:
        super().__init__()
        self._packed = packed
        self._start = start
        self._one_member = one_member
        self._rewinds = 0
        self._rewind()

    def _restart(self) -> None:
        """Goes back to `start`, before the first member."""
        raise NotImplementedError

    def _next(self, size: int) -> bytes:
        """The next 1 to `size` bytes; empty only when the stream has `_end`ed."""
        raise NotImplementedError

    def _rewind(self) -> None:
        self._kept: deque[bytes] = deque()  # the last pieces
        self._kept_from = self._at = self._unpacked_to = 0
        self._ended = False
        self.damage = ""
        self._packed.seek(self._start)
        self._restart()

    def _end(self, damage: str) -> None:
        self._ended = True
        self.damage = damage

    def _piece(self, size: int) -> bytes:
        """The next 1 to `size` bytes; empty at the end."""
        piece = self._kept_piece() if self._at < self._unpacked_to else self._new_piece(size)
        self._at += min(size, len(piece))
        return piece[:size]

    def _kept_piece(self) -> bytes:
        begin = self._kept_from
        for piece in self._kept:
            if self._at < begin + len(piece):
                return piece[self._at - begin :]
            begin += len(piece)
        raise AssertionError("what lies before `_unpacked_to` is kept")

    def _new_piece(self, size: int) -> bytes:
        piece = b"" if self._ended else self._next(size)
        if not piece:
            return piece
        self._unpacked_to += len(piece)
        if self._unpacked_to > _FREE_BYTES and self._unpacked_to > _MAX_RATIO * (self._packed.tell() - self._start):
            self._end(f"unpacks to more than {_MAX_RATIO} times its size")
        self._kept.append(piece)
        while self._unpacked_to - self._kept_from - len(self._kept[0]) > _KEPT_BYTES:
            self._kept_from += len(self._kept.popleft())
        return piece

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
            raise io.UnsupportedOperation("the end of a packed stream is not known in advance")
        if offset < self._kept_from:
            self._rewinds += 1
            self._rewind()
            if self._rewinds > _MAX_REWINDS:
                self._end("damaged in too many places")
        self._at = min(offset, self._unpacked_to)
        while self._at < offset and self._piece(min(PIECE, offset - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:  # anything writable; Python 3.10 has no name for it
        view = memoryview(buffer)
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        return len(piece)
