"""Plausible names: what a tagger found, without spans that can't be such a name, and with those that are two of them.

The rules are about kinds of words: function words, everyday words, attributes of God, things that carry a name and a
number. `models/entities.CARD.md` has the effect of the rules on corpora and pages.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from warraq.transforms.arabic import normalize_name
from warraq.transforms.entities.lexicon import Entry, Word, describe, lexicon

# Not persons: "God have mercy on him" (the name is spelt "رحمة الله"), "praise be to God" and the like.
_BLESSINGS: Final = frozenset(
    {"رحمه الله", "رحمها الله", "حفظه الله", "طيب الله", "لله الحمد", "ولله الحمد", "الرحمن الرحيم"}
    | {"الله", "والله", "لله"}
)


class NameSpan(NamedTuple):
    """A name that a tagger found: the tokens from `first` to `end` (exclusive)."""

    first: int
    end: int
    kind: str
    score: float

    def moved(self, tokens: int) -> "NameSpan":
        """The same span, moved by that many tokens."""
        return NameSpan(self.first + tokens, self.end + tokens, self.kind, self.score)


def _keys(words: str) -> frozenset[str]:
    return frozenset(map(normalize_name, words.split()))


# Of God: "الرحمن الرحيم" is no person, but "عبد الرحمن" and "كريم" are.
_ATTRIBUTES: Final = _keys(
    "الحمد الله لله والله بالله رب الرب الرحمن رحمن الرحيم رحيم الكريم العظيم العزيز الحكيم الغفور غفور العالمين"
)
_PRAISE: Final = _keys("الحمد")
_PRONOUNS: Final = _keys("إياه إياها إياهم إياك إياي إيانا إياكم")
_QUESTIONS: Final = _keys("ماهي ماهو ماهم ماهن")  # "what is", written as one word
_PLACES: Final = frozenset({"place_evidence", "place_parts", "place_heads"})
_NAMED_THINGS: Final = _keys("فيروس متحور المتحور لقاح مرض داء متلازمة وباء جائحة بكتيريا إعصار عاصفة")


@functools.lru_cache(maxsize=1 << 16)
def _described(written: str) -> Word:
    return describe(lexicon(), written)


def plausible(tokens: Sequence[re.Match[str]], spans: Sequence[NameSpan]) -> list[NameSpan]:
    """The spans that can be names, in their order."""
    things = {tokens[span.first].group() for span in spans if _has_number(tokens, span)}
    return [
        part
        for span in spans
        if not _is_impossible(tokens, span) and not (span.kind == "person" and _text(tokens, span) in things)
        for part in _parts(tokens, span)
    ]


def _text(tokens: Sequence[re.Match[str]], span: NameSpan) -> str:
    return " ".join(token.group() for token in tokens[span.first : span.end])


def _words(tokens: Sequence[re.Match[str]], span: NameSpan) -> list[Word]:
    return [_described(token.group()) for token in tokens[span.first : span.end]]


def _has_number(tokens: Sequence[re.Match[str]], span: NameSpan) -> bool:
    """True for one word that a hyphen joins to a number: "كوفيد-19"."""
    after = tokens[span.end : span.end + 2]
    joined = len(after) == 2 and after[0].group() == "-" and after[0].start() == tokens[span.end - 1].end()
    return span.end - span.first == 1 and joined and after[1].group()[:1].isdigit()


def _is_impossible(tokens: Sequence[re.Match[str]], span: NameSpan) -> bool:
    words = _words(tokens, span)
    before = _described(tokens[span.first - 1].group()) if span.first else None
    keys = {form.key for word in words[:1] for form in word.segmentations} | {word.key for word in words[1:]}
    if span.kind == "place":
        is_asked = not keys.isdisjoint(_QUESTIONS) and len(words) == 1
        return is_asked and not (before and before.triggers & _PLACES)
    if span.kind != "person":
        return False
    if _text(tokens, span) in _BLESSINGS or not keys.isdisjoint(_PRONOUNS):
        return True
    if not keys.isdisjoint(_NAMED_THINGS) or (before and len(words) == 1 and _names_thing(before)):
        return True
    if before and before.key in _ATTRIBUTES and words[0].key in _ATTRIBUTES:
        return True  # "الرحمن" before "الرحيم مالك"
    return len(words) > 1 and _is_invocation(words)


def _is_invocation(words: Sequence[Word]) -> bool:
    """True for "الحمد لله" and "الرحمن الرحيم"; "الحمد الله" is a family."""
    keys = [{form.key for form in word.segmentations} for word in words]
    return all(key & _ATTRIBUTES for key in keys) and (words[-1].key == "لله" or not keys[0] & _PRAISE)


def _names_thing(word: Word) -> bool:
    return any(form.key in _NAMED_THINGS for form in word.segmentations)


def _parts(tokens: Sequence[re.Match[str]], span: NameSpan) -> Iterator[NameSpan]:
    """The span, or the parts of it: "شيخ الأزهر أحمد الطيب" is a body and a person, "الأزهر" alone is a body."""
    words = _words(tokens, span)
    if span.kind == "person" and len(words) == 1 and not _is_titled(tokens, span.first):
        entry = _listed(words)
        yield span._replace(kind=entry.kind) if entry and entry.kind == "organisation" else span
        return
    body = _body(tokens, span) if span.kind == "person" else None
    if body:
        yield body
        span = span._replace(first=body.end)
    yield span


def _body(tokens: Sequence[re.Match[str]], span: NameSpan) -> NameSpan | None:
    """The place or body of an office, between the office and the person's name: "ملك" + "الأردن" + name."""
    office = span.first if _is_office(tokens, span.first) else span.first - 1
    if not _is_office(tokens, office):
        return None
    words = _words(tokens, span._replace(first=office + 1))
    for size in range(len(words) - 1, 0, -1):
        entry, rest = _listed(words[:size]), words[size:]
        if entry and entry.kind != "person" and (len(rest) > 1 or "given" in rest[0].roles):
            return NameSpan(office + 1, office + 1 + size, entry.kind, span.score)
    return None


def _is_office(tokens: Sequence[re.Match[str]], position: int) -> bool:
    """True for a title that needs a complement: "شيخ", not "الشيخ"."""
    word = _described(tokens[position].group()) if position >= 0 else None
    return bool(word and "titles" in word.triggers and not word.key.startswith("ال"))


def _is_titled(tokens: Sequence[re.Match[str]], first: int) -> bool:
    return first > 0 and "titles" in _described(tokens[first - 1].group()).triggers


def _listed(words: Sequence[Word]) -> Entry | None:
    """The sure place or body of the lists with these words, if no person of the lists has them too."""
    entries = lexicon().entries.get(" ".join(word.key for word in words), ())
    if any(entry.kind == "person" for entry in entries):
        return None
    return next((entry for entry in entries if not entry.unsure), None)
