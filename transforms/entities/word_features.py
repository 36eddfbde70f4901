"""What the trained tagger is told of a single word: its place in the vocabulary, its letters, and what the lists say.

Words are compared by their key (see lexicon.py) with all digits as 0, so that a feature depends on the key alone.
"""

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from warraq.transforms.arabic import Segmentation, normalize_name
from warraq.transforms.entities.lexicon import KINDS, Lexicon, Word, level_digits

GRAMS: Final = 24  # most letter sequences kept of one word, the last ones
BUCKETS: Final = 1 << 15  # of letter sequences, by checksum; the number BUCKETS itself stands for none
_ENTRY_KINDS: Final = tuple(dict.fromkeys(KINDS[name] for name in ("persons", "places", "organisations")))


class WordFeatures(NamedTuple):
    """Numbers of one word. 0 in `word` or `stem`: not in the vocabulary."""

    word: int
    stem: int  # what is left without particles and article, if the vocabulary has it
    grams: list[int]  # exactly GRAMS buckets
    flags: npt.NDArray[np.uint8]  # what the lists say, yes or no


def key_of(written: str) -> str:
    """The key of a word with digits levelled."""
    return level_digits(normalize_name(written))


def features(key: str, described: Word, vocabulary: Mapping[str, int], known: Lexicon) -> WordFeatures:
    """All numbers of the word `key`; `described` is what the lists say of it."""
    buckets = [zlib.crc32(gram.encode()) % BUCKETS for gram in letter_sequences(key)[-GRAMS:]]
    padded = buckets + [BUCKETS] * (GRAMS - len(buckets))
    return WordFeatures(vocabulary.get(key, 0), stem(described.readings, vocabulary), padded, flags(described, known))


def letter_sequences(key: str) -> list[str]:
    """Sequences of three and four letters, the word's ends marked, and the first and last letters."""
    marked = f"<{key}>"
    threes = [marked[at : at + 3] for at in range(len(marked) - 2)]
    fours = [marked[at : at + 4] for at in range(len(marked) - 3)]
    ends = ["p" + key[:1], "p" + key[:2], "p" + key[:3], "s" + key[-1:], "s" + key[-2:], "s" + key[-3:]]
    return threes + fours + ends


def stem(forms: Sequence[Segmentation], vocabulary: Mapping[str, int]) -> int:
    """The number of the most frequent word that one may be without its particles or article, 0 if there is none."""
    keys = [form.key for form in forms]
    bare = [word[2:] for word in keys if word.startswith("ال") and len(word) >= 5]
    return min([vocabulary[word] for word in keys[1:] + bare if word in vocabulary], default=0)


def flags(word: Word, known: Lexicon) -> npt.NDArray[np.uint8]:
    """One by one: the lists that hold the word, those that hold a reading of it, what it may open, its shape."""
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
    """For each kind of entry, sure ones and unsure ones, 1 if it is among `entries`."""
    return bytes((kind, unsure) in entries for unsure in (False, True) for kind in _ENTRY_KINDS)


_NO_KINDS: Final = _kinds(frozenset())


@functools.cache
def _membership(names: frozenset[str], known: Lexicon) -> bytes:
    """For each set by name, 1 if it is among `names`; few combinations of sets occur."""
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
