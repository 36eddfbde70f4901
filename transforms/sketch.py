"""Sketches of articles: what is kept of an article so that its copies are found and judged without its text.

A sketch of version 2 holds a digest of the address, up to 24 anchors, and a print of each word of title and text. Two
articles are compared if they share an anchor. Prints show how much of one text stands in the other, and where.
Datasets keep sketches, so a change of a value, of a hash or of the spelling that is compared needs a new version.
Sketches of version 1, of schemas before 4, were 256 bytes of MinHash. They have no anchors: nothing is found by them.
"""

import functools
import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from warraq.transforms.arabic import WORD, normalize_copy

VERSION: Final = 2
ANCHORS: Final = 24  # a text that has a third of another one shares an anchor with it with a probability of 0.97
NUMBER: Final = 1 << 15  # the bit of a print that tells a word with digits
_ANCHOR_WORDS: Final = 4
_MOST_WORDS: Final = 1_000  # of a text: 2 kB
_MOST_TITLE_WORDS: Final = 30
_ADDRESS_BYTES: Final = 7
_FIRST_ANCHOR: Final = 2 + _ADDRESS_BYTES
_FIRST_PRINT: Final = _FIRST_ANCHOR + 4 * ANCHORS  # odd, so no sketch is as long as one of version 1

# Newsrooms spell one name in several ways ("ترامب", "ترمب"), and one word with and without what is joined to it.
_ARTICLE: Final = re.compile("(?:[وفبك]?ال|و?لل)(?=...)")
_JOINED: Final = frozenset("وبلف")
_LONG_VOWELS: Final = re.compile("(?<=.)[اوي]")
_SHORT: Final = 3  # letters; such a word keeps all of them
_LEAST_TITLE_LETTERS: Final = 3


class Sketch(NamedTuple):
    """A sketch as it is compared."""

    address: bytes  # digest of the canonical URL
    title: np.ndarray  # prints of its words, as 16-bit numbers
    text: np.ndarray


def normalized_words(text: str) -> list[str]:
    """The words of `text` for comparison: without marks, case, punctuation or spelling variants."""
    return WORD.findall(normalize_copy(text))


@functools.lru_cache(maxsize=1 << 15)
def word_print(word: str) -> int:
    """15 bits of a digest of a normalized word without proclitics and long vowels, and the bit for digits."""
    article = _ARTICLE.match(word)
    bare = word[article.end() :] if article else word
    if len(bare) > _SHORT and bare[0] in _JOINED:
        bare = bare[1:]
    if len(bare) > _SHORT:
        bare = _LONG_VOWELS.sub("", bare)
    digest = int.from_bytes(hashlib.blake2b(bare.encode(), digest_size=2).digest(), "little")
    return digest | NUMBER if any(map(str.isdigit, word)) else digest & ~NUMBER


def sketch(title: str | None, words: Sequence[str], address: str) -> bytes:
    """The sketch of an article, from its normalized words. Equal on all machines and Python versions."""
    head = [word for word in normalized_words(title or "") if len(word) >= _LEAST_TITLE_LETTERS]
    head = head[:_MOST_TITLE_WORDS]
    prints = np.array([word_print(word) for word in [*head, *words[:_MOST_WORDS]]], dtype="<u2")
    digest = hashlib.blake2b(address.encode(), digest_size=_ADDRESS_BYTES).digest()
    start = bytes([VERSION, len(head)]) + digest
    return start + _anchors(prints[len(head) :]).tobytes() + prints.tobytes()


def unpack(sketch: bytes) -> Sketch:
    """The parts of a sketch of this version."""
    prints = np.frombuffer(sketch, dtype="<u2", offset=_FIRST_PRINT)
    return Sketch(sketch[2:_FIRST_ANCHOR], prints[: sketch[1]], prints[sketch[1] :])


def is_current(sketch: bytes) -> bool:
    """True for a sketch of this version, false for older ones and for none."""
    return len(sketch) >= _FIRST_PRINT and len(sketch) % 2 == 1 and sketch[0] == VERSION


def are_current(content: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The same for sketches in a buffer of bytes, by their beginnings and sizes."""
    current = (sizes >= _FIRST_PRINT) & (sizes % 2 == 1)
    current[current] = content[starts[current]] == VERSION
    return current


def number_key(sketch: bytes) -> bytes:
    """The numbers of a text, as a key: equal if two texts have the same ones."""
    text = unpack(sketch).text
    return np.unique(text[text >= NUMBER]).tobytes()


def anchor_keys(sketch: bytes) -> list[bytes]:
    """The different anchors of a sketch, of 4 bytes each; none for one of an older version."""
    if not is_current(sketch):
        return []
    return sorted({sketch[start : start + 4] for start in range(_FIRST_ANCHOR, _FIRST_PRINT, 4)})


def anchor_positions(sketch: bytes, bits: int) -> np.ndarray:
    """A number below 2**bits, at most 32, for each anchor of a sketch."""
    keys = np.frombuffer(b"".join(anchor_keys(sketch)), dtype="<u4")
    return keys >> np.uint32(32 - bits)


def anchor_table(content: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The anchors of sketches that begin at `starts` in a buffer of bytes: a row of 24 numbers for each."""
    places = starts[:, np.newaxis] + np.arange(_FIRST_ANCHOR, _FIRST_PRINT)
    return np.ascontiguousarray(content[places]).view("<u4")


def ngrams(prints: np.ndarray, size: int) -> np.ndarray:
    """A number for each run of `size` words, at most four, in order."""
    count = max(0, len(prints) - size + 1)
    numbers = np.zeros(count, dtype=np.uint64)
    for place in range(size):
        numbers = (numbers << np.uint64(16)) | prints[place : place + count]
    return numbers


def _anchors(prints: np.ndarray) -> np.ndarray:
    """The keys of the runs of four words whose digests are the smallest, repeated if the text has too few.

    Two texts that share runs share some of the smallest ones, however long the rest of either is (bottom-k sampling).
    """
    runs = ngrams(prints if len(prints) >= _ANCHOR_WORDS else np.resize(prints, _ANCHOR_WORDS), _ANCHOR_WORDS)
    digests = np.sort(_mix(np.unique(runs)))[:ANCHORS]
    keys = _mix(digests) >> np.uint64(32)  # mixed again: the smallest numbers are too much alike
    return np.resize(keys, ANCHORS).astype("<u4")


def _mix(numbers: np.ndarray) -> np.ndarray:
    """Other numbers, different if they were, that look random (Steele et al., SplitMix64)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = numbers ^ (numbers >> np.uint64(31))
    return mixed
