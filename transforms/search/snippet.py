"""Snippets: the part of a text that shows best why it was found, and the places of the words in it."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from warraq.transforms.search.words import Token, tokens

LENGTH: Final = 240  # characters of a snippet, at most
_BEFORE: Final = 1 / 4  # share of a snippet before the first word that was found, at most

Span = tuple[int, int]


class Snippet(NamedTuple):
    """A part of a text. `text[start : start + len(snippet)]` of the whole text is the snippet."""

    text: str
    start: int  # code points, in the whole text
    marks: list[Span]  # what was found, in code points of the snippet, half-open


def marks(text: str, phrases: Iterable[tuple[str, ...]]) -> list[Span]:
    """The places in a text of any of the phrases of normalized words, in order. Places that touch are one."""
    return _joined((start, end) for start, end, _ in _found([*tokens(text)], phrases))


def snippet(
    text: str, phrases: Iterable[tuple[str, ...]], mentions: Iterable[Span] = (), length: int = LENGTH
) -> Snippet:
    """The part of a text with the most different phrases, and among equals with the most of them, the first one.

    Args:
      text: the text.
      phrases: of normalized words.
      mentions: places in the text that were found otherwise.
      length: of the snippet, in code points.
    """
    words = [*tokens(text)]
    found = sorted([*_found(words, phrases), *((start, end, -1) for start, end in mentions)])
    before = int(length * _BEFORE)
    first = _best(found, length - before)
    start, end = _cut(words, max(0, found[first][0] - before) if found else 0, length, len(text))
    inside = _joined((a - start, b - start) for a, b, _ in found if a >= start and b <= end)
    return Snippet(text[start:end], start, inside)


def _found(words: Sequence[Token], phrases: Iterable[tuple[str, ...]]) -> list[tuple[int, int, int]]:
    """Start and end of each place of a phrase, and the number of the phrase."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase[0], []).append(phrase)
    numbers: dict[tuple[str, ...], int] = {}
    found = []
    for place, token in enumerate(words):
        for phrase in by_first.get(token.word, ()):
            last = place + len(phrase) - 1
            if last < len(words) and all(words[place + i].word == word for i, word in enumerate(phrase)):
                number = numbers.setdefault(phrase, len(numbers))
                found.append((token.start, words[last].end, number))
    return found


def _best(found: Sequence[tuple[int, int, int]], length: int) -> int:
    """The index of the first place in the best window of this length."""
    best, value = 0, (0, 0)
    end = 0
    for first, (start, _, _) in enumerate(found):
        while end < len(found) and found[end][1] <= start + length:
            end += 1
        here = (len({number for _, _, number in found[first:end]}), end - first)
        if here > value:
            best, value = first, here
    return best


def _cut(words: Sequence[Token], start: int, length: int, size: int) -> Span:
    """A part of about `length` from `start` on that cuts no word."""
    if size <= length:
        return 0, size
    start = min(start, size - length)
    start = next((token.start for token in words if token.start >= start), 0) if start else 0
    end = min(size, start + length)
    if end < size:
        end = next((token.end for token in reversed(words) if start < token.end <= end), end)
    return start, end


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
