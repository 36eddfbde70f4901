"""Canonical names: one spelling for all mentions of a person, place or organisation.

A word such as "وبيروت" has a proclitic, "وليد" begins with the same letter and has none. The lists decide first, then
other names in the same text, then the frequency of either word in the news. A name takes the spelling that news uses
most ("الامم" → "الأمم"), and titles are dropped. Short names of persons stay short here; resolution.py completes them.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from warraq.schemas.records import Entity
from warraq.transforms.arabic import Segmentation, clitic_segmentations, normalize_letters, normalize_name, strip_marks
from warraq.transforms.entities.bearers import is_short
from warraq.transforms.entities.lexicon import NAMES, Lexicon, given_names, lexicon, usual_spellings
from warraq.transforms.entities.one_name import contest_words, is_world_cup, listed_variant
from warraq.transforms.entities.plausible import NameSpan, plausible

_HEADS: Final = ("organisation_heads", "definite_heads", "place_parts", "place_heads")
_FATHER: Final = "أبو"
_FATHER_KEYS: Final = frozenset({"ابو", "ابي", "ابا"})
_SONS: Final = frozenset({"بن", "ابن", "بنت"})
_JOINED_FATHER: Final = re.compile("^[أا]بو(?=...)")  # often written as one word with the next
_JOINED_SERVANT: Final = re.compile(r"\bعبد(?=ال..)")
_HAMZA_SEATS: Final = re.compile("[ئؤ]")
_ENDING: Final = frozenset("،,.؛:)»”\n")
_COMMITTEE: Final = normalize_name("لجنة")
_WORLD_CUP: Final = "كأس العالم"
_LINKS: Final = ("فان", "أبي")  # parts of names; in other texts these letters are mostly other words
_RARE: Final = ("الإمام", "الإله", "إن")  # in names; news has "الأمام" (the front) and "الآلة" (the machine) more often
_SIGNS: Final = re.compile(r"(\w) ?([./&-]) (?=\w)")  # in a name: "سي . إن . إن"


class Mention(NamedTuple):
    """One mention: its words as written, its kind, and the segmentation of its first word."""

    words: Sequence[str]
    kind: str
    segmentation: Segmentation


class EntityNormalizer:
    """Makes entities with canonical names. `spellings` are the words of the news, the most frequent first."""

    def __init__(self, known: Lexicon, spellings: Iterable[str]) -> None:
        self._known = known
        self._spelling = {normalize_name(spelling): spelling for spelling in (*spellings, *_RARE)}
        self._names = {normalize_name(name): name for name in (*map(_bare, reversed(given_names())), *_LINKS)}
        persons = (key for key, entries in known.entries.items() if any(entry.kind == "person" for entry in entries))
        self._first_names = {key.split()[0] for key in persons}
        self._rank = {key: rank for rank, key in enumerate(self._spelling)}

    def entities(self, text: str, tokens: Sequence[re.Match[str]], found: Sequence[NameSpan]) -> list[Entity]:
        """Entities with offsets and names for the spans found in a text with these tokens."""
        found = plausible(tokens, found)
        words = [_written(tokens, span) for span in found]
        others = frozenset(normalize_name(first) for first, *_ in words)
        mentions = [
            Mention(parts, span.kind, self.first_segmentation(parts[0], span.kind, others, is_joined=joined))
            for parts, span, joined in zip(words, found, _joined(tokens, found), strict=True)
        ]
        fixed = self._fixed_fathers(tokens, found, mentions)
        names = [self.name(mention, fixed) for mention in mentions]
        entities = []
        for span, mention, name in zip(found, mentions, names, strict=True):
            start, end = tokens[span.first].start() + mention.segmentation.skip, tokens[span.end - 1].end()
            entities.append(Entity(text[start:end], span.kind, start, end, name, span.score))
        return entities

    def first_segmentation(
        self, word: str, kind: str, others: frozenset[str] = frozenset(), *, is_joined: bool = False
    ) -> Segmentation:
        """The segmentation of a name's first word; `others` are the keys of the first words of the text's names.

        `is_joined`: the word stands where "and" may, so that و before an unknown word is no letter of a name.
        """
        forms = clitic_segmentations(word)
        if kind == "person" and not self._is_first_name(forms[0].key):
            for form in forms[: 2 if forms[0].key.startswith("و") else 1]:  # "وكونور" is "and Connor"
                if self._keeps_first_letter(clitic_segmentations(word[form.skip :])):
                    return form
        listed = [form for form in forms if self._is_listed(form.key, kind)]
        if listed:  # "وجدة" is Oujda, unless the text speaks of "جدة" too
            return next((form for form in listed[1:] if kind == "place" and form.key in others), listed[0])
        if any(form.key in self._rank for form in forms):
            return min(forms, key=lambda form: (self._rank.get(form.key, len(self._rank)), form.skip))
        is_and = is_joined and word.startswith("و") and len(forms) > 1
        return next((form for form in forms[1:] if form.key in others), forms[1] if is_and else forms[0])

    def _fixed_fathers(
        self, tokens: Sequence[re.Match[str]], found: Sequence[NameSpan], mentions: Sequence[Mention]
    ) -> frozenset[str]:
        """The words after "أبي" in names that have no other case in the text: "قال أبي أحمد علي".

        A father's name has "أبو" where a verb precedes it.
        """
        fixed: set[str] = set()
        inflected: set[str] = set()
        for span, mention in zip(found, mentions, strict=True):
            first, *others = map(normalize_name, mention.words)
            if mention.kind == "person" and others and first != "ابي":
                inflected.add(others[0])
            elif mention.kind == "person" and others and span.first:
                before = normalize_name(tokens[span.first - 1].group())
                fixed |= {others[0]} if before in self._known.sets["speech_verbs"] else set()
        return frozenset(fixed - inflected)

    def _keeps_first_letter(self, forms: Sequence[Segmentation]) -> bool:
        """True for a name with ف, ب, ك or ل whose rest is an everyday word, or rarer: "فريال" is not "ريال".

        و is mostly "and". ل is mostly "to", so it stays only where both are true: "ليروي" is not "يروي".
        """
        whole, *rests = (form.key for form in forms)
        if not rests or whole[0] not in "فبكل" or any(rest.startswith("ال") for rest in rests):
            return False
        rank = self._rank.get(whole, len(self._rank))
        rarer = all(rank < self._rank.get(rest, len(self._rank)) for rest in rests)
        everyday = all(rest in self._known.sets["ordinary"] and not self._is_first_name(rest) for rest in rests)
        return (rarer and everyday) if whole[0] == "ل" else (rarer or everyday)

    def _is_first_name(self, key: str) -> bool:
        return key in self._first_names or any(key in self._known.sets[name] for name in NAMES)

    def _is_listed(self, key: str, kind: str) -> bool:
        sets = NAMES if kind == "person" else _HEADS
        return key in self._known.longest or any(key in self._known.sets[name] for name in sets)

    def name(self, mention: Mention, fixed: frozenset[str] = frozenset()) -> str:
        """The listed name of the mention; else its words in their usual spelling, without marks and titles.

        A surname that the lists have ("أوباما") stays a surname: the article says whose it is. `fixed` are the words
        before which "أبي" is no case of "أبو".
        """
        keys = [mention.segmentation.key, *(normalize_name(word) for word in mention.words[1:])]
        if self._is_definite(keys):
            keys[0] = f"ال{_COMMITTEE}"
            mention = mention._replace(segmentation=mention.segmentation._replace(key=keys[0]))
        listed = self._listed(keys, mention.kind)
        if listed:
            return listed
        variant = listed_variant(keys) if mention.kind == "organisation" else None
        if variant:
            return variant
        first = 0
        if mention.kind == "misc":
            first = contest_words(keys)
            if is_world_cup(keys[first:]):
                return " ".join([_WORLD_CUP, *keys[first + 1 :]])
        if mention.kind == "person":
            while first < len(keys) - 1 and self._is_title(keys[first]):
                first += 1
        listed = self._listed(keys[first:], mention.kind)
        spelt = (self._spell(mention, number, key, fixed) for number, key in enumerate(keys) if number >= first)
        return listed or _SIGNS.sub(r"\1\2", " ".join(spelt))

    def _is_definite(self, keys: Sequence[str]) -> bool:
        """True for "للجنة الطبية", where ل hides the article of "اللجنة": a definite adjective follows."""
        if keys[0] != _COMMITTEE or len(keys) == 1 or not keys[1].startswith("ال"):
            return False
        return keys[1].endswith("يه") or keys[1] in self._known.sets["body_adjectives"]

    def _listed(self, keys: Sequence[str], kind: str) -> str | None:
        joined = " ".join(keys)
        entries = self._known.entries.get(joined, ())
        name = next((entry.name for entry in entries if entry.kind == kind), None)
        return None if name and kind == "person" and is_short(joined, name) else name

    def _is_title(self, key: str) -> bool:
        return key in self._known.sets["titles"] and not any(key in self._known.sets[name] for name in NAMES)

    def _spell(self, mention: Mention, number: int, key: str, fixed: frozenset[str]) -> str:
        """One word of the name as news mostly spells it, or as written if the news does not know it."""
        written = normalize_letters(strip_marks(mention.words[number]))
        if number == 0:
            bare = normalize_letters(strip_marks(mention.words[0][mention.segmentation.skip :]))
            hidden = mention.segmentation.key.startswith("ال") and not normalize_name(bare).startswith("ال")
            written = f"ال{bare}" if hidden else bare
        if self._is_father(mention, number, key, fixed):
            return written if written.startswith("آ") else _FATHER  # آبي is a name of Japan
        is_person = mention.kind == "person"
        usual = (is_person and self._names.get(key)) or self._spelling.get(key, written)
        spelt = (
            usual if _HAMZA_SEATS.findall(usual) == _HAMZA_SEATS.findall(written) else written
        )  # "فيات" is not "فئات"
        son = normalize_name(_JOINED_FATHER.sub("", spelt))
        if is_person and (number or son.startswith("ال") or self._is_first_name(son)):  # "أبولون" is no father
            spelt = _JOINED_FATHER.sub(f"{_FATHER} ", spelt)
        return _JOINED_SERVANT.sub("عبد ", spelt)

    def _is_listed_so(self, words: Sequence[str]) -> bool:
        """True for the beginning of a listed name that is no father's: "أبي أحمد"."""
        listed = self._listed(words, "person")
        return bool(listed and not listed.startswith(_FATHER))

    def _is_father(self, mention: Mention, number: int, key: str, fixed: frozenset[str]) -> bool:
        """True for "أبي" and "أبا" that are cases of "أبو": not in "بن أبي طالب", nor in "أبي أحمد"."""
        words = [normalize_name(word) for word in mention.words]
        if mention.kind not in {"person", "place"} or key not in _FATHER_KEYS or number == len(words) - 1:
            return False
        is_fixed = number == 0 and key == "ابي" and (words[1] in fixed or self._is_listed_so(words[:2]))
        after_son = number > 0 and words[number - 1] in _SONS
        return not (is_fixed or after_son)


def _joined(tokens: Sequence[re.Match[str]], found: Sequence[NameSpan]) -> list[bool]:
    """True for each name that follows another name, or a sign that ends something: "and" may stand there."""
    ends = {span.end for span in found}
    return [span.first in ends or bool(span.first and tokens[span.first - 1].group() in _ENDING) for span in found]


def _bare(name: str) -> str:
    return name.removeprefix("?")


def _written(tokens: Sequence[re.Match[str]], span: NameSpan) -> list[str]:
    return [token.group() for token in tokens[span.first : span.end]]


@functools.lru_cache(maxsize=1)
def entity_normalizer() -> EntityNormalizer:
    """The normalizer that all taggers of a process share."""
    return EntityNormalizer(lexicon(), usual_spellings())
