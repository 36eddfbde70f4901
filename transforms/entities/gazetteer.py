"""The tagger `gazetteer`: lists of names, and rules about the words beside a name.

A text is read once from left to right. At each word the longest of these spans is taken:
  known         a name in the lists ("الولايات المتحدة"); an unsure one needs evidence in the word before;
  organisation  a head noun and its complement ("وزارة" + "الخارجية الأمريكية");
  place         the word after "مدينة" or the like, or a part of the landscape with its name ("مطار" + "بيروت");
  person        given names, titles and words that everyday prose does not use ("الجنرال" + "كيم يونج بوك").
A second pass finds the short mentions of persons who are named in full.
"""

import functools
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from warraq.schemas.records import Entity
from warraq.transforms.arabic import normalize_name, strip_marks, tokenize
from warraq.transforms.entities.bearers import is_short
from warraq.transforms.entities.lexicon import NAMES, NEVER_NAMES, Entry, Lexicon, Word, describe, lexicon, parse_keys

_COMPOUND_FIRST: Final = frozenset({"عبد", "نصر", "فضل", "سيف", "عز", "تقي", "محيي", "فخر", "ضيف", "خلف", "عطا", "جار"})
_OPENING_LINKS: Final = frozenset({"ابو", "ابن", "ام", "عبد"})
_NAMESAKES: Final = frozenset(
    normalize_name(title) for title in ("الملك", "السلطان", "الأمير", "الأميرة", "الشيخ", "الإمام")
)
_COMMON_BODIES: Final = frozenset(  # of any company, university or court
    normalize_name(body)
    for body in ("مجلس الإدارة", "مجلس الأمناء", "هيئة التدريس", "هيئة التحرير", "هيئة المحكمة", "هيئة الدفاع")
)
_MINISTRY: Final = normalize_name("وزارة")
_TIMES: Final = parse_keys("العام الأسبوع الشهر السنة الموسم اليوم الفترة المرحلة")
_OF_TIME: Final = parse_keys(
    "الماضي الماضية المقبل المقبلة القادم القادمة الجاري الجارية الحالي الحالية المنصرم المنصرمة"
)
_LINKS: Final = frozenset({"ابو", "ابن", "بن", "عبد", "ال"})
_LONGEST_PERSON: Final = 6  # words
_LONGEST_ORGANISATION: Final = 7
_CACHED_WORDS: Final = 1 << 16  # about 70 MB for each process when full
# Scores: the precision on ANERcorp's first five sixths, rounded; that of organisations by rule, on CAraNER.
_KNOWN: Final = 0.9
_UNSURE: Final = 0.7
_RULE: Final = {"person": 0.7, "place": 0.3, "organisation": 0.4}
_ONE_WORD: Final = 0.5  # persons of one word by rule
_MENTION: Final = 0.7

_ORGANISATION_ENDS: Final = frozenset({"organisation_stops", "not_names", "titles"})
_NO_MENTIONS: Final = frozenset({"ordinary", "nationalities", "not_names", "family_links", "unsure_given"})
_HEADS: Final = frozenset({"organisation_heads", "definite_heads"})
_NAME_GOES_ON: Final = NAMES | {"honorific_parts", "family_links"}
_NO_FAMILY: Final = NEVER_NAMES | {"frequent", "not_names", "title_tails", "organisation_stops", "body_adjectives"}


class RuleSpan(NamedTuple):
    """The tokens from `first` to `end` (exclusive), without the first `skip` characters."""

    first: int
    end: int
    skip: int
    kind: str
    name: str | None  # None: as written
    score: float
    honours: bool = False  # an institution or place named after a person: "جامعة الملك فهد"


class GazetteerTagger:
    """Tags persons, places and organisations by lists and rules, as the module says."""

    name = "gazetteer-1"

    def __init__(self) -> None:
        self._lexicon = lexicon()
        self._word = functools.lru_cache(maxsize=_CACHED_WORDS)(functools.partial(describe, self._lexicon))

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text by offset, without overlaps. Each text is judged alone."""
        return [self._tag_one(text) for text in texts]

    def _tag_one(self, text: str) -> list[Entity]:
        tokens = tokenize(text)
        text_tokens = TextTokens(self._lexicon, tokens, [self._word(token.group()) for token in tokens])
        spans = resolve_mentions(text_tokens, text_tokens.spans())
        return [_entity(text, text_tokens, span) for span in spans]


def rule_spans(known: Lexicon, tokens: list[re.Match[str]], words: list[Word]) -> list[RuleSpan]:
    """The spans that the rules find in a text of described words, short mentions included."""
    text_tokens = TextTokens(known, tokens, words)
    return resolve_mentions(text_tokens, text_tokens.spans())


class TextTokens:
    """The tokens of one text, with the rules that find spans in them. Positions are token numbers."""

    def __init__(self, known: Lexicon, tokens: list[re.Match[str]], words: list[Word]) -> None:
        self.lexicon = known
        self.tokens = tokens
        self.words = words

    def spans(self) -> list[RuleSpan]:
        """The longest span at each position, from left to right."""
        found: list[RuleSpan] = []
        position = 0
        while position < len(self.tokens):
            opens = self.words[position].opens or "place_heads" in self._before(position)
            best = self._longest(position) if opens else None
            if best:
                found.append(best)
            position = best.end if best else position + 1
        return found

    def _longest(self, first: int) -> RuleSpan | None:
        """The longest span from here on, of equal ones the first rule's. A listed organisation is not extended."""
        known = self.known(first)
        if known and known.kind == "organisation" and known.end - first > 1:
            return known
        spans = (known, self.organisation(first), self.place(first), self.person(first))
        return max((span for span in spans if span), key=lambda span: span.end, default=None)

    # Listed names

    def known(self, first: int) -> RuleSpan | None:
        """The longest listed name from here on."""
        best: RuleSpan | None = None
        for skip, key in self.words[first].listed:
            furthest = min(first + self.lexicon.longest[key], len(self.words))
            for end in range(furthest, best.end if best else first, -1):
                joined = " ".join([key, *(word.key for word in self.words[first + 1 : end])])
                entry = self._choose(self.lexicon.entries.get(joined, ()), first, joined)
                if entry:
                    best = self._listed(first, end, skip, entry)
                    break
        return best

    def _listed(self, first: int, end: int, skip: int, entry: Entry) -> RuleSpan:
        """The span of an entry, without a title or a word such as "صحيفة" (newspaper) at its beginning."""
        announced = "titles" if entry.kind == "person" else "announcing_heads"
        score = _UNSURE if entry.unsure else _KNOWN
        if end - first > 1 and entry.kind != "place" and announced in self.words[first].triggers:
            first, skip = first + 1, 0
        spelling = " ".join(word.key for word in self.words[first:end])
        is_surname = entry.kind == "person" and is_short(spelling, entry.name)
        return RuleSpan(first, end, skip, entry.kind, None if is_surname else entry.name, score)

    def _choose(self, entries: tuple[Entry, ...], first: int, joined: str) -> Entry | None:
        """The unsure entry if the word before is evidence for its kind, else the sure one."""
        if not entries:
            return None
        before = self._before(first)
        for entry in entries:
            if entry.unsure and f"{entry.kind}_evidence" in before:
                return entry
        if "not_place_before" in before or self._is_adjective(first, joined):
            return None
        return next((entry for entry in entries if not entry.unsure), None)

    def _is_adjective(self, first: int, key: str) -> bool:
        """True for a nationality and not the state: "السعودية" after a definite noun, "سورية" unless after "في"."""
        if key not in self.lexicon.sets["nationalities"]:
            return False
        if key.startswith("ال"):
            return first > 0 and self.words[first - 1].key.startswith("ال")
        return "place_evidence" not in self._before(first)

    def _before(self, position: int) -> frozenset[str]:
        return self.words[position - 1].triggers if position else frozenset()

    # Organisations

    def organisation(self, first: int) -> RuleSpan | None:
        """A head noun with its complement: "وزارة الخارجية الأمريكية", "الاتحاد الأوروبي لكرة القدم"."""
        word = self.words[first]
        definite = "definite_heads" in word.triggers
        if not definite and "organisation_heads" not in word.triggers:
            return None
        end = first + 1
        while end < min(len(self.words), first + _LONGEST_ORGANISATION) and self._complements(first, end, definite):
            end += 1
        honours = self._honours(first + 1)
        if end <= first + 1 + honours or not self._is_named(first, end, definite):
            return None
        if "announcing_heads" in word.triggers and self._is_proper(first + 1):
            while end > first + 2 and self._is_adjectival(self.words[end - 1]):
                end -= 1
            return RuleSpan(first + 1, end, 0, "organisation", None, _RULE["organisation"])
        heads = self.lexicon.sets["definite_heads" if definite else "organisation_heads"]
        skip = next(form.skip for form in word.segmentations if form.key in heads)
        return RuleSpan(first, end, skip, "organisation", None, _RULE["organisation"], honours)

    def _complements(self, first: int, position: int, definite: bool) -> bool:
        """True if the word at `position` continues the name whose head is at `first`."""
        word, before = self.words[position], self.words[position - 1]
        if position == first + 1:
            return self._complements_head(position, definite)
        if self._ends(first, position):
            return False
        if (self._is_listed(before) or self._is_adjectival(before)) and not word.key.startswith("لل"):
            return self._is_adjectival(word)
        if word.key.startswith(("وال", "لل")):
            barred = "no_complement_heads" in self.words[first].triggers or word.triggers & _HEADS
            return len(word.key) >= 5 and not before.key.startswith("و") and not barred
        if word.key.startswith("ال"):
            return len(word.key) > 4
        return self._is_proper(position) and (before.key.isascii() or bool(before.roles & {"part", "honorific_parts"}))

    def _ends(self, first: int, position: int) -> bool:
        """True if the word at `position` is no part of the name before it: it is of another one, or of the sentence."""
        word, before = self.words[position], self.words[position - 1]
        is_person = "given" in word.roles and not before.roles & _NAME_GOES_ON
        is_other = bool(word.roles & _ORGANISATION_ENDS) or "definite_heads" in word.roles
        is_plural = self.words[first].key == _MINISTRY and word.key.startswith("ال") and word.key.endswith(("ين", "ون"))
        return is_person or is_other or is_plural or self._is_time(position)  # "وزارة الصحة" + "المواطنين"

    def _complements_head(self, position: int, definite: bool) -> bool:
        """True if the word may follow a head: "الاتحاد" needs an adjective, "جامعة" a definite noun, name or title."""
        word = self.words[position]
        if "honorific_parts" in word.roles:
            return not definite
        if word.roles & _ORGANISATION_ENDS or self._is_time(position) or _is_indefinite_adjective(word):
            return False
        return self._is_adjectival(word) if definite else word.key.startswith("ال") or self._is_proper(position)

    def _is_time(self, position: int) -> bool:
        """True for "العام" before "الماضي"."""
        following = self.words[position + 1] if position + 1 < len(self.words) else None
        return bool(following and following.key in _OF_TIME and self.words[position].key in _TIMES)

    def _is_adjectival(self, word: Word) -> bool:
        """True for an adjective in names of bodies: "الدولي", "الأمريكية", "والاجتماعي"."""
        key = word.key.removeprefix("و")
        return key in self.lexicon.sets["body_adjectives"] or (
            key.startswith("ال") and key in self.lexicon.sets["nationalities"]
        )

    def _is_listed(self, word: Word) -> bool:
        return any(not entry.unsure for entry in self.lexicon.entries.get(word.key, ()))

    def _is_proper(self, position: int) -> bool:
        """True for a listed name, or a word that everyday prose does not use."""
        word = self.words[position]
        return "part" in word.roles or self._is_listed(word) or (word.key.isascii() and word.key.isalpha())

    def _is_named(self, first: int, end: int, definite: bool) -> bool:
        """True if head and complement are a name: "شركة النور" is one, "فريق العمل" (the work team) is none."""
        if " ".join(word.key for word in self.words[first : first + 2]) in _COMMON_BODIES:
            return False
        head, complement = self.words[first].triggers, self.words[first + 1]
        if "movement_heads" in head and any(e.kind == "place" for e in self.lexicon.entries.get(complement.key, ())):
            return False
        if definite or "weak_heads" not in head:
            return True
        words = range(first + 1, end)
        return any(self._is_proper(position) or self._is_adjectival(self.words[position]) for position in words)

    # Places

    def place(self, first: int) -> RuleSpan | None:
        """The word after "مدينة" without it; or "مطار" and the like with the name that follows."""
        if (
            "place_heads" in self._before(first)
            and self._is_foreign(first)
            and not self.words[first].key.endswith("يه")
        ):
            return RuleSpan(first, first + 1, 0, "place", None, _RULE["place"])
        if "place_parts" not in self.words[first].triggers:
            return None
        honours = self._honours(first + 1)
        least = end = first + 1 + honours
        known = self.known(end) if end < len(self.words) else None
        if known and not known.skip:
            end = known.end
        while end < min(len(self.words), first + 4) and self._is_foreign(end):
            end += 1
        if end == least:
            return None
        if end < len(self.words) and self.words[end].key == "الدولي":
            end += 1
        parts = self.lexicon.sets["place_parts"]
        skip = next(form.skip for form in self.words[first].segmentations if form.key in parts)
        return RuleSpan(first, end, skip, "place", None, _RULE["place"], honours)

    def _honours(self, position: int) -> bool:
        """True for a title such as "الملك" at this position: the body or place is named after a person."""
        return position < len(self.words) and self.words[position].key in _NAMESAKES

    def _is_foreign(self, position: int) -> bool:
        return "part" in self.words[position].roles

    # Persons

    def person(self, first: int) -> RuleSpan | None:
        """A given name with the names after it, or unknown words after a title or a verb of speech."""
        opening = self.words[first].opening
        if not opening:
            return None
        skip, roles = opening
        end = self._person_end(first)
        if not self._is_person(first, end, roles):
            return None
        return RuleSpan(first, end, skip, "person", None, _RULE["person"] if end - first > 1 else _ONE_WORD)

    def _person_end(self, first: int) -> int:
        end = first + 1
        while end < min(len(self.words), first + _LONGEST_PERSON) and self._continues(end):
            end += 1
        while end > first + 1 and self.words[end - 1].roles & {"part", "family_links"} == {"family_links"}:
            end -= 1
        return end

    def _continues(self, position: int) -> bool:
        """True if the word continues a name: "أبو", "بن", "الله" after a name, any word after "عبد"."""
        word, before = self.words[position], self.words[position - 1]
        if word.key == "علي" and self._is_preposition(position):
            return False
        if "second_parts" in word.roles:
            return bool(before.roles & NAMES) or before.key in _COMPOUND_FIRST
        if before.key == "عبد" or word.roles & {"part", "family_links"}:
            return True
        definite = word.key.startswith("ال") and not word.key.endswith("ه")
        return bool(before.roles & NAMES) and definite and not word.roles & _NO_FAMILY

    def _is_preposition(self, position: int) -> bool:
        """True for "على" (on) spelt "علي": an article follows, but no name."""
        following = self.words[position + 1] if position + 1 < len(self.words) else None
        return bool(following and following.key.startswith("ال") and not following.roles & NAMES)

    def _is_person(self, first: int, end: int, roles: frozenset[str]) -> bool:
        """True if a title or a verb of speech precedes the words, or if their names are known ones."""
        if self._is_titled(first) or "speech_verbs" in self._before(first):
            return "part" in roles or bool(roles & NAMES) or end - first > 1
        if end - first == 1:
            return False
        if "given" in roles or self.words[first].key in _OPENING_LINKS:
            return True
        if not roles & NAMES:
            return False
        second = self.words[first + 1]
        definite = "part" in second.roles and second.key.startswith("ال")
        return definite or second.key in _LINKS or bool(second.roles & NAMES)

    def _is_titled(self, first: int) -> bool:
        """True if a title precedes the words, with at most three words of the title between: "وزير الخارجية الروسي"."""
        for back in range(1, 5):
            if first < back:
                return False
            triggers = self.words[first - back].triggers
            if "titles" in triggers:
                return True
            tail = self.words[first - back].key.startswith("ال") or triggers & {"title_tails", "nationalities"}
            if not tail:
                return False
        return False


def _is_indefinite_adjective(word: Word) -> bool:
    """True for "إجرامية" after "منظمة", which is any such body."""
    is_adjective = word.key.endswith("يه") and not word.key.startswith("ال")
    return is_adjective and word.ordinary and not word.listed and word.roles.isdisjoint(NAMES)


def resolve_mentions(text_tokens: TextTokens, spans: list[RuleSpan]) -> list[RuleSpan]:
    """The spans, where short mentions of persons have the full name, and mentions that no rule found are added."""
    full_names = _short_forms(text_tokens, spans)
    resolved = [_renamed(text_tokens, span, full_names) for span in spans]
    taken = {position for span in spans for position in range(span.first, span.end)}
    for position, word in enumerate(text_tokens.words):
        if position not in taken and word.roles.isdisjoint(_NO_MENTIONS):
            form = next((form for form in word.segmentations if form.key in full_names), None)
            if form:
                name = full_names[form.key]
                resolved.append(RuleSpan(position, position + 1, form.skip, "person", name, _MENTION))
    return sorted(resolved, key=lambda span: span.first)


def _short_forms(text_tokens: TextTokens, spans: list[RuleSpan]) -> dict[str, str | None]:
    """The full name by its first and by its last word; None if two persons share the word."""
    found: dict[str, set[str]] = {}
    for span in spans:
        if span.kind == "person" and span.end - span.first > 1:
            name = span.name or _written(text_tokens, span)
            for key in (normalize_name(name.split()[0]), text_tokens.words[span.end - 1].key):
                found.setdefault(key, set()).add(name)
    return {key: min(names) if len(names) == 1 else None for key, names in found.items()}


def _renamed(text_tokens: TextTokens, span: RuleSpan, full_names: dict[str, str | None]) -> RuleSpan:
    if span.kind != "person" or span.name or span.end - span.first > 1:
        return span
    key = next(form.key for form in text_tokens.words[span.first].segmentations if form.skip == span.skip)
    return span._replace(name=full_names.get(key))


def _written(text_tokens: TextTokens, span: RuleSpan) -> str:
    """The words of the span without marks, with single spaces, and with the article that "لل" hid."""
    first, *others = [strip_marks(token.group()) for token in text_tokens.tokens[span.first : span.end]]
    proclitics = strip_marks(text_tokens.tokens[span.first].group()[: span.skip])
    article = "ال" if proclitics.endswith("لل") else ""
    return " ".join([article + first[len(proclitics) :], *others])


def _entity(text: str, text_tokens: TextTokens, span: RuleSpan) -> Entity:
    start, end = text_tokens.tokens[span.first].start() + span.skip, text_tokens.tokens[span.end - 1].end()
    return Entity(text[start:end], span.kind, start, end, span.name or _written(text_tokens, span), span.score)
