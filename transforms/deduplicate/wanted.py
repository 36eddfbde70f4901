"""The keys of new articles that copies in the dataset would share: a set of bounded size that goes to all workers.

A key is kept as a position among 2**27, so the set may also hold keys that nobody asked for, but never lacks one (a
Bloom filter with one hash function). Few keys are listed; many become a bitmap of 16 MiB, however many there are.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from warraq.transforms.sketch import anchor_positions

POSITION_BITS: Final = 27  # 1,000 articles make 24,000 keys; then one of 5,600 other keys counts as theirs
_BITMAP_BYTES: Final = 1 << (POSITION_BITS - 3)
_HEX: Final = np.zeros(256, dtype=np.uint32)
_HEX[[*b"0123456789abcdef"]] = range(16)


class Wanted(NamedTuple):
    """The keys to look for. Each set is a sorted list of 4-byte numbers, or a bitmap if that is shorter."""

    digests: bytes = b""  # of texts
    anchors: bytes = b""  # of sketches
    days: bytes = b""  # of publication, as `date.toordinal` counts them; never a bitmap


def wanted(digest: str, sketch: bytes, day: int) -> Wanted:
    """The keys of one article; without anchors if its sketch is empty, since near copies are not looked for."""
    return Wanted(_listed(digest_position(digest)), _listed(anchor_positions(sketch, POSITION_BITS)), _listed(day))


def digest_position(digest: str) -> int:
    """The position of a text digest. Positions have the order of the digests."""
    return int(digest[:8], 16) >> (32 - POSITION_BITS)


def digest_positions(digits: np.ndarray) -> np.ndarray:
    """The position of each digest; a row of `digits` has the hexadecimal digits of one, as bytes."""
    places = 16 ** np.arange(7, -1, -1, dtype=np.uint32)
    return (_HEX[digits[:, :8]] @ places) >> np.uint32(32 - POSITION_BITS)


def joined(sets: Iterable[Wanted]) -> Wanted:
    """The keys of all sets."""
    digests, anchors, days = zip(Wanted(), *sets, strict=True)
    return Wanted(_union(digests), _union(anchors), np.unique(_numbers(b"".join(days))).tobytes())


class Bitmap:
    """A set of positions, for fast search. Holds also about one in 16,000 others, more if the set is large."""

    def __init__(self, keys: bytes) -> None:
        """Takes a set of `Wanted`."""
        self._shift = 0  # a small bitmap fits into the processor's cache
        if len(keys) < _BITMAP_BYTES:
            wished = (len(keys) // 4).bit_length() + 14
            self._shift = max(0, POSITION_BITS - wished)
        self._bits = _bits(keys, self._shift)

    def holds(self, positions: np.ndarray) -> np.ndarray:
        """True for each position that the set holds."""
        shifted = positions >> np.uint32(self._shift)
        found: np.ndarray = (self._bits[shifted >> np.uint32(3)] & _bit(shifted)) != 0
        return found

    def holds_between(self, first: int, last: int) -> bool:
        """True if the set holds a position from `first` to `last`, or one near them."""
        shift = self._shift + 3
        return bool(self._bits[first >> shift : (last >> shift) + 1].any())


def days(keys: bytes) -> np.ndarray:
    """The days of a set, in order."""
    return _numbers(keys)


def _union(sets: Sequence[bytes]) -> bytes:
    if sum(map(len, sets)) < _BITMAP_BYTES:
        return np.unique(_numbers(b"".join(sets))).tobytes()
    return functools.reduce(np.bitwise_or, map(_bits, sets)).tobytes()


def _bits(keys: bytes, shift: int = 0) -> np.ndarray:
    """A set of keys as a bitmap: bit i % 8 of byte i // 8 stands for position i, shifted."""
    if len(keys) == _BITMAP_BYTES:
        return np.frombuffer(keys, dtype=np.uint8)
    bits = np.zeros(_BITMAP_BYTES >> shift, dtype=np.uint8)
    positions = _numbers(keys) >> np.uint32(shift)
    np.bitwise_or.at(bits, positions >> np.uint32(3), _bit(positions))
    return bits


def _numbers(keys: bytes) -> np.ndarray:
    return np.frombuffer(keys, dtype="<u4")


def _listed(positions: int | np.ndarray) -> bytes:
    return np.unique(np.asarray(positions, dtype="<u4")).tobytes()


def _bit(positions: np.ndarray) -> np.ndarray:
    bits: np.ndarray = np.left_shift(np.uint8(1), (positions & np.uint32(7)).astype(np.uint8))
    return bits
