"""MinHash signatures of texts: the similarity of two texts is estimated from 256 bytes of each.

The terms and their values: 128 permutations (num_perm), of which the first 80 form 16 bands of 5 rows, over 5-word
n-grams. Datasets keep
the signatures, so a change of a value, or of a hash, makes their articles unfindable and needs a new schema version.
"""

import functools
import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from warraq.transforms.arabic import WORD, normalize_copy

NUM_PERM: Final = 128  # estimates of Jaccard have a standard error of sqrt(J(1-J)/128) <= 0.044
_BANDS: Final = 16
_ROWS_PER_BAND: Final = 5  # Jaccard 0.7 shares a band with probability 1 - (1 - 0.7**5)**16 = 0.95, 0.8 with 0.998
_NGRAM: Final = 5  # words; as FineWeb and ArabicWeb24 use


def normalized_words(text: str) -> list[str]:
    """The words of `text` for comparison: without marks, case, punctuation or spelling variants."""
    return WORD.findall(normalize_copy(text))


@functools.lru_cache(maxsize=1 << 15)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def _constants(salt: str, count: int) -> np.ndarray:
    digests = (hashlib.blake2b(f"{salt}{i}".encode(), digest_size=8).digest() for i in range(count))
    return np.frombuffer(b"".join(digests), dtype="<u8") | np.uint64(1)  # odd multipliers lose no bits


_POSITIONS: Final = _constants("position", _NGRAM)
_MULTIPLIERS: Final = _constants("multiplier", NUM_PERM)
_OFFSETS: Final = _constants("offset", NUM_PERM)
_BAND_MULTIPLIERS: Final = _constants("band multiplier", 2 * _BANDS).reshape(2, _BANDS)
_BAND_OFFSETS: Final = _constants("band offset", _BANDS)


def signature(words: Sequence[str]) -> bytes:
    """The MinHash signature of the 5-word n-grams: 128 little-endian 16-bit values, 256 bytes.

    The share of equal values estimates the Jaccard similarity of the sets of n-grams (Broder 1997). Equal on all
    machines and Python versions. Costs 128 multiplications for each word.
    """
    hashes = np.array([_word_hash(word) for word in words] or [0], dtype=np.uint64)
    if len(hashes) < _NGRAM:
        hashes = np.resize(hashes, _NGRAM)
    ngrams = sum(hashes[i : len(hashes) - _NGRAM + 1 + i] * _POSITIONS[i] for i in range(_NGRAM))
    ngrams = np.unique(ngrams ^ (ngrams >> np.uint64(29)))
    lowest = np.empty(NUM_PERM, dtype=np.uint64)
    for i in range(NUM_PERM):  # row by row: a matrix of 128 x words values would not fit into the processor's cache
        lowest[i] = (ngrams * _MULTIPLIERS[i] + _OFFSETS[i]).min() >> np.uint64(16)
    return lowest.astype("<u2").tobytes()


def values(signature: bytes) -> np.ndarray:
    """The 128 values of a signature."""
    return np.frombuffer(signature, dtype="<u2")


def similarity(left: bytes, right: bytes) -> float:
    """Estimated Jaccard similarity of two signatures, 0..1."""
    return float(similarities(values(left)[np.newaxis], right)[0])


def similarities(signatures: np.ndarray, other: bytes) -> np.ndarray:
    """Estimated Jaccard similarity of each signature, a row of 128 values, to another one, 0..1."""
    equal = signatures == values(other)
    return np.count_nonzero(equal, axis=1) / NUM_PERM


def band_keys(signature: bytes) -> list[bytes]:
    """A key for each band of a signature. Two texts are compared if they share a key.

    Source: Leskovec et al., Mining of Massive Datasets, ch. 3.
    """
    return [band_key(signature, band) for band in range(_BANDS)]


def band_key(signature: bytes, band: int) -> bytes:
    """The key of one band of a signature."""
    width = 2 * _ROWS_PER_BAND
    return bytes([band]) + signature[band * width : (band + 1) * width]


def band_positions(signatures: np.ndarray, bits: int) -> np.ndarray:
    """A number below 2**bits for each band key of each signature: a row of 16 for a row of 128 values.

    Equal keys have equal numbers, on all machines. Others have equal ones with a probability of about 2**-bits
    (Dietzfelbinger's hash: the highest bits of a product).
    """
    bands = signatures[:, : _BANDS * _ROWS_PER_BAND].reshape(-1, _BANDS, _ROWS_PER_BAND)
    firsts = np.ascontiguousarray(bands[:, :, :4]).view("<u8")[:, :, 0]  # four of the five values, as one number
    products = firsts * _BAND_MULTIPLIERS[0] + bands[:, :, 4].astype(np.uint64) * _BAND_MULTIPLIERS[1]
    numbers: np.ndarray = (products + _BAND_OFFSETS) >> np.uint64(64 - bits)
    return numbers.astype(np.uint32)
