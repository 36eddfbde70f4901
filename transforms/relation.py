"""The relation of two articles: is one the copy of the other, how much do they share, and what speaks against it.

An editor calls a text a copy if its story is told in the same words. So three things count: the share of the shorter
text that stands in the longer one, how far each begins with what the other begins with, and whether the words of one
title stand in the other article. A follow-up shares its background with the story before, but has another lead and
title, and comes days later. Articles of one template share nearly all words and differ in facts: numbers in the same
place, or a name in title and text.
"""

import itertools
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from warraq.schemas.labels import COPY, CUT, EXTENDED, VERSION
from warraq.transforms.sketch import NUMBER, Sketch, ngrams, unpack

MIN_SIMILARITY: Final = 0.56
_RUN: Final = 3  # words that must stand together
_LEAD: Final = 30  # words
_LEAD_PLACE: Final = 90  # first words of the other text, among which the lead is looked for
_DAY_COST: Final = 0.075  # a follow-up comes days later, an agency's text is printed at once
_MOST_DAYS: Final = 4
_WHOLE: Final = 0.8  # share of a text that counts as all of it
_GAP: Final = 12  # words; a longer passage is something else, not other words in the same place
_NUMBER_GAP: Final = 3  # words, the same for numbers
_NUMBERS: Final = 2  # other numbers in the same places that make another story
_NUMBER_WORDS: Final = 67  # words of a text for each such number
_NONE: Final = frozenset[int]()


class Relation(NamedTuple):
    """The finding that a text is a copy of an earlier one."""

    kind: str  # one of labels.COPY_KINDS
    share: float  # of the words of the shorter text, 0..1: those that stand in both, three in a row


def relation(earlier: bytes, later: bytes, days: int, min_similarity: float = MIN_SIMILARITY) -> Relation | None:
    """The relation of the later article to the earlier one, from their sketches; None if it is no copy.

    Args:
      earlier: a sketch of the current version.
      later: the same.
      days: between their dates.
      min_similarity: least similarity that makes a copy, 0..1.
    """
    original, copy = unpack(earlier), unpack(later)
    short, long = (original, copy) if len(original.text) <= len(copy.text) else (copy, original)
    short_runs, long_runs = ngrams(short.text, _RUN).tolist(), ngrams(long.text, _RUN).tolist()
    in_long = _shared(short_runs, long_runs, len(short.text))
    share = float(np.count_nonzero(in_long) / max(1, len(in_long)))
    if (share + 1) / 2 < min_similarity:  # whatever the rest is
        return None
    opening = (_opening(short, long) + _opening(long, short)) / 2
    titles = (_title(short, long, opening) + _title(long, short, opening)) / 2
    similarity = (share + (opening + titles) / 2) / 2 - _DAY_COST * min(days, _MOST_DAYS)
    if similarity < min_similarity or _differs_in_facts(short, long, in_long):
        return None
    if original.address == copy.address:
        return Relation(VERSION, share)
    in_short = _shared(long_runs, short_runs, len(long.text))
    of_original, of_copy = (in_long, in_short) if short is original else (in_short, in_long)
    if of_copy.mean() < _WHOLE:
        return Relation(EXTENDED, share)
    return Relation(COPY if of_original.mean() >= _WHOLE else CUT, share)


def _shared(runs: list[int], others: Iterable[int], words: int) -> np.ndarray:
    """True for each word of a text in a run of three that the other has, too."""
    held = {*others}
    places = np.array([place for place, run in enumerate(runs) if run in held], dtype=np.intp)
    shared = np.zeros(words, dtype=bool)
    for step in range(_RUN):
        shared[places + step] = True
    return shared


def _opening(article: Sketch, other: Sketch) -> float:
    """The share of the first words of a text that the other has near its beginning."""
    return _part(article.text[:_LEAD], other.text[:_LEAD_PLACE]) if len(article.text) else 0.0


def _title(article: Sketch, other: Sketch, unknown: float) -> float:
    """The share of the words of a title that the other article has; `unknown` without a title."""
    return _part(article.title, other.text, other.title) if len(article.title) else unknown


def _part(words: np.ndarray, *places: np.ndarray) -> float:
    """The share of the words that stand in one of the places."""
    held = np.zeros(1 << 16, dtype=bool)
    for place in places:
        held[place] = True
    return float(np.count_nonzero(held[words]) / len(words))


def _differs_in_facts(short: Sketch, long: Sketch, shared: np.ndarray) -> bool:
    """True if other numbers stand in the same places of both texts, or a word of each title that the other has not."""
    replaced = _replacements(short.text, long.text, shared)
    numbers = sum(_are_other_numbers(ours, theirs) for ours, theirs in replaced)
    if numbers >= _NUMBERS and numbers * _NUMBER_WORDS >= len(short.text):
        return True
    ours, theirs = (_joined(words) for words in zip(*replaced, strict=True)) if replaced else (_NONE, _NONE)
    return not (ours.isdisjoint(_key_words(short, long)) or theirs.isdisjoint(_key_words(long, short)))


def _key_words(article: Sketch, other: Sketch) -> set[int]:
    """The words of a title that its own text has and the other article has not."""
    return {*article.title.tolist()} & {*article.text.tolist()} - {*other.text.tolist(), *other.title.tolist()}


def _are_other_numbers(ours: list[int], theirs: list[int]) -> bool:
    mine, other = ({word for word in words if word >= NUMBER} for words in (ours, theirs))
    return bool(mine and other and mine != other and max(len(ours), len(theirs)) <= _NUMBER_GAP)


def _joined(lists: Iterable[list[int]]) -> set[int]:
    return {*itertools.chain.from_iterable(lists)}


def _replacements(text: np.ndarray, other: np.ndarray, shared: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """The few words of `text` between two shared passages, and those that `other` has between the same two.

    The beginning of a text counts as a shared passage before it.
    """
    edges = [0, *(np.flatnonzero(shared[1:] != shared[:-1]) + 1).tolist()]
    place = {run: first for first, run in reversed([*enumerate(ngrams(other, _RUN).tolist())])}
    runs = ngrams(text, _RUN).tolist()
    found = []
    for start, end in itertools.pairwise(edges):
        if not shared[start] and end - start <= _GAP:
            before = place.get(runs[start - _RUN]) if start else -_RUN
            after = place.get(runs[end])
            if before is not None and after is not None and 0 < after - before - _RUN <= _GAP:
                found.append((text[start:end].tolist(), other[before + _RUN : after].tolist()))
    return found
