"""Features of a single word for the trained tagger: its number in the vocabulary, its char n-grams, its lists.

They depend on the word's feature key alone: the key of lexicon.py with all digits as 0.
"""

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from warraq.transforms.arabic import Segmentation, normalize_name
from warraq.transforms.entities.lexicon import KINDS, Lexicon, Word, mask_digits

GRAMS: Final = 24  # char n-grams of a word; the last ones are kept
BUCKETS: Final = 1 << 15  # of char n-grams, by checksum; the number BUCKETS itself means none
_ENTRY_KINDS: Final = tuple(dict.fromkeys(KINDS[name] for name in ("persons", "places", "organisations")))


class WordFeatures(NamedTuple):
    """Numbers of one word. `word` and `stem` are 0 if the vocabulary lacks them."""

    word: int
    stem: int  # the rest without proclitics and article, if the vocabulary has it
    grams: list[int]  # exactly GRAMS buckets
    flags: npt.NDArray[np.uint8]  # membership in the lists and the like, 0 or 1


def feature_key(written: str) -> str:
    """The key of a word with all digits as 0."""
    return mask_digits(normalize_name(written))


def features(key: str, described: Word, vocabulary: Mapping[str, int], known: Lexicon) -> WordFeatures:
    """The features of the word with that feature key; `described` has its facts from the lists."""
    buckets = [zlib.crc32(gram.encode()) % BUCKETS for gram in char_ngrams(key)[-GRAMS:]]
    padded = buckets + [BUCKETS] * (GRAMS - len(buckets))
    return WordFeatures(
        vocabulary.get(key, 0), stem(described.segmentations, vocabulary), padded, flags(described, known)
    )


def char_ngrams(key: str) -> list[str]:
    """The n-grams of three and four characters of <key>, and its first and last one, two and three characters."""
    marked = f"<{key}>"
    threes = [marked[at : at + 3] for at in range(len(marked) - 2)]
    fours = [marked[at : at + 4] for at in range(len(marked) - 3)]
    ends = ["p" + key[:1], "p" + key[:2], "p" + key[:3], "s" + key[-1:], "s" + key[-2:], "s" + key[-3:]]
    return threes + fours + ends


def stem(forms: Sequence[Segmentation], vocabulary: Mapping[str, int]) -> int:
    """The number of the most frequent word among the rests without proclitics or article; 0 if there is none."""
    keys = [form.key for form in forms]
    bare = [word[2:] for word in keys if word.startswith("ال") and len(word) >= 5]
    return min([vocabulary[word] for word in keys[1:] + bare if word in vocabulary], default=0)


def flags(word: Word, known: Lexicon) -> npt.NDArray[np.uint8]:
    """0 or 1 for each: lists that hold the word, lists that hold a segmentation, what may begin with it, its shape."""
    entries = [(entry.kind, entry.unsure) for form in word.listed for entry in known.entries.get(form.key, ())]
    found = (
        _membership(word.roles, known),
        _membership(word.triggers, known),
        bytes(("part" in word.roles, word.opens, word.opening is not None)),
        _kinds(frozenset(entries)) if entries else _NO_KINDS,
        bytes((*_shape(word.key), bool(word.listed), word.ordinary)),
    )
    return np.frombuffer(b"".join(found), np.uint8)


@functools.cache
def _kinds(entries: frozenset[tuple[str, bool]]) -> bytes:
    """1 for each kind of sure entry, then of unsure entry, that is among `entries`."""
    return bytes((kind, unsure) in entries for unsure in (False, True) for kind in _ENTRY_KINDS)


_NO_KINDS: Final = _kinds(frozenset())


@functools.cache
def _membership(names: frozenset[str], known: Lexicon) -> bytes:
    """1 for each set of words that is among `names`. Cached: few combinations of sets occur."""
    return bytes(name in names for name in sorted(known.sets))


def _shape(key: str) -> Sequence[bool]:
    return (
        key.isdigit(),
        key.isascii() and key.isalpha(),
        not key[:1].isalnum(),
        len(key) <= 2,
        len(key) == 3,
        len(key) >= 7,
    )
