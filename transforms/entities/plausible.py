"""Plausible names: what a tagger found, without spans that can't be such a name, and with those that are two of them.

The rules are about kinds of words: function words, everyday words, attributes of God, currencies, things that carry a
name and a number. `models/entities.CARD.md` has the effect of the rules on corpora and pages.
"""

import functools
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from warraq.transforms.arabic import normalize_name
from warraq.transforms.entities.bearers import bearers_of
from warraq.transforms.entities.lexicon import (
    NAMES,
    NEVER_NAMES,
    Entry,
    Word,
    describe,
    lexicon,
    parse_keys,
    word_ranks,
)

# Not persons: "God have mercy on him" (the name is spelt "رحمة الله"), "praise be to God" and the like.
_BLESSINGS: Final = frozenset(
    {"يارب", "رحمه الله", "رحمها الله", "حفظه الله", "طيب الله", "لله الحمد", "ولله الحمد", "الرحمن الرحيم"}
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


# Of God: "الرحمن الرحيم" is no person, but "عبد الرحمن" and "كريم" are.
_ATTRIBUTES: Final = parse_keys(
    "الحمد الله لله والله بالله رب الرب الرحمن رحمن الرحيم رحيم الكريم العلي القدير العظيم العزيز الحكيم الغفور غفور"
    " العالمين"
)
_PRAISE: Final = parse_keys("الحمد")
_PRONOUNS: Final = parse_keys("إياه إياها إياهم إياك إياي إيانا إياكم")
_QUESTIONS: Final = parse_keys("ماهي ماهو ماهم ماهن")  # "what is", written as one word
_TOWNS: Final = parse_keys("حي مديرية مدينة بلدة قرية ضاحية محافظة ناحية معتمدية مخيم جزيرة")
_NAMED_AFTER: Final = {
    "place": parse_keys(
        "شارع ميدان دوار ساحة قاعة مسجد جامع مطار ملعب ستاد استاد جسر نفق حديقة ميناء معبر قلعة برج فندق مقبرة"
        " كورنيش قصر صالة"
    ),
    "organisation": parse_keys("جامعة معهد مدرسة مستشفى مؤسسة أكاديمية متحف مسرح مكتبة ثانوية كلية"),
    "misc": parse_keys("جائزة كأس وسام"),
}
_LONG_REST: Final = 5  # letters after و that are no accident: "وأديسون"; "وياه" is a name
_MOST_TITLES: Final = 2
_LONGEST_HONOUR: Final = 3  # words; longer spans are sentences about a person in that place
_PLACES: Final = frozenset({"place_evidence", "place_parts", "place_heads"})
_SERVANT: Final = normalize_name("عبد")
_NEED_A_WORD: Final = parse_keys("بن بنت عبد أبو")
_CUSTODIAN, *_ = _CUSTODIANS = tuple(map(normalize_name, ("الحرمين", "الشريفين", "الشرفين", "الملك")))
_LONGEST_TOLD: Final = 3  # words of a body's name
_CONTESTS: Final = parse_keys("كأس بطولة دوري جائزة")
_HEADS: Final = frozenset({"organisation_heads", "definite_heads", "place_parts"})
_BLESSED: Final = parse_keys("رحمه رحمها يرحمه حفظه حفظها يحفظه غفر سلمه وفقه أيده رعاه طيب أسكنه")
_GOD: Final = parse_keys("الله له لها")
_HYPHENS: Final = frozenset("-‐‑–")
_NO_NAMES: Final = frozenset({"not_names", "title_tails"})
_TANWIN: Final = re.compile("ًا?$")
_CURRENCIES: Final = parse_keys(
    "دولار يورو أورو ريال درهم دينار جنيه استرليني إسترليني ليرة روبل يوان ين وون روبية روبيه فرنك فرنكا كرونة"
    " كرونا كرون شيكل شيقل بيزو ليرات جنيهات دراهم دنانير شيكلات ريالات سنت سنتا هللة فلس مليم"
)
_CURRENCY: Final = re.compile(f"(?:ال)?(?:{'|'.join(sorted(_CURRENCIES))})(?:ا|ات|ين)?")
_NAMED_THINGS: Final = parse_keys("فيروس متحور المتحور لقاح مرض متلازمة وباء جائحة بكتيريا إعصار عاصفة")


@functools.lru_cache(maxsize=1 << 16)
def _described(written: str) -> Word:
    return describe(lexicon(), written)


def plausible(tokens: Sequence[re.Match[str]], spans: Sequence[NameSpan]) -> list[NameSpan]:
    """The spans that can be names, in their order."""
    things = {tokens[span.first].group() for span in spans if _has_number(tokens, span)}
    found: list[NameSpan] = []
    spans = _joined_by_hyphens(tokens, spans)
    limits = [*(span.first for span in spans[1:]), len(tokens)]
    whole = (_with_last_word(tokens, span, limit) for span, limit in zip(spans, limits, strict=True)) if spans else ()
    for span in filter(None, (_trimmed(tokens, span) for span in whole)):
        if not _is_impossible(tokens, span) and not (span.kind == "person" and _text(tokens, span) in things):
            parts = _parts(tokens, span)
            is_free = not found or found[-1].end <= parts[0].first  # "شارع" may be the end of another name
            found += parts if is_free else [span]
    return found


def _text(tokens: Sequence[re.Match[str]], span: NameSpan) -> str:
    return " ".join(token.group() for token in tokens[span.first : span.end])


def _words(tokens: Sequence[re.Match[str]], span: NameSpan) -> list[Word]:
    return [_described(token.group()) for token in tokens[span.first : span.end]]


def _has_number(tokens: Sequence[re.Match[str]], span: NameSpan) -> bool:
    """True for one word that a hyphen joins to a number: "كوفيد-19"."""
    after = tokens[span.end : span.end + 2]
    joined = len(after) == 2 and after[0].group() == "-" and after[0].start() == tokens[span.end - 1].end()
    return span.end - span.first == 1 and joined and after[1].group()[:1].isdigit()


def _joined_by_hyphens(tokens: Sequence[re.Match[str]], spans: Sequence[NameSpan]) -> list[NameSpan]:
    """The spans, persons with the part of a word that a hyphen joins: "سونغ يونغ" + "-مو".

    Another given name after the hyphen is another person.
    """
    found: list[NameSpan] = []
    for number, span in enumerate(spans):
        if found and span.first < found[-1].end:
            continue  # it is the part after the hyphen
        after = spans[number + 1] if number + 1 < len(spans) else None
        free = not after or after.first > span.end + 1 or (after.kind == "person" and after.end == span.end + 2)
        joined = span.kind == "person" and free and _is_joined(tokens, span.end)
        found.append(span._replace(end=span.end + 2) if joined else span)
    return found


def _is_joined(tokens: Sequence[re.Match[str]], position: int) -> bool:
    """True for a hyphen between two words without blanks, before the rest of a name."""
    if position + 1 >= len(tokens) or tokens[position].group() not in _HYPHENS:
        return False
    before, sign, after = tokens[position - 1 : position + 2]
    is_close = before.end() == sign.start() and sign.end() == after.start()
    return is_close and after.group()[0].isalpha() and "given" not in _described(after.group()).roles


def _with_last_word(tokens: Sequence[re.Match[str]], span: NameSpan, limit: int) -> NameSpan:
    """The span; with the words after it if a name ends in one that needs another: "عماد بن" + "عودة العودة"."""
    last = _described(tokens[span.end - 1].group()).key if span.kind == "person" else ""
    if last not in _NEED_A_WORD:
        return span
    after = [_described(token.group()) for token in tokens[span.end : min(span.end + 2, limit)]]
    if not after or not after[0].key[0].isalpha() or (last == _SERVANT and "not_names" in after[0].roles):
        return span
    is_family = len(after) > 1 and after[1].key.startswith("ال") and after[1].roles.isdisjoint(_NO_NAMES | NEVER_NAMES)
    return span._replace(end=span.end + 1 + is_family)


def _trimmed(tokens: Sequence[re.Match[str]], span: NameSpan) -> NameSpan | None:
    """The span without what is no part of a name: the king's title before it, and words of the sentence after it."""
    words = _words(tokens, span)
    keys = [word.key for word in words]
    if _CUSTODIAN in keys and not _opens_name(words[0]):
        first = keys.index(_CUSTODIAN) + 1
        while first < len(keys) and keys[first] in _CUSTODIANS:
            first += 1
        if first < len(keys):
            return span._replace(first=span.first + first, kind="person")
        before = keys.index(_CUSTODIAN) - 1
        return span._replace(end=span.first + before) if span.kind == "person" and before > 0 else None
    for number in range(span.first, span.end):
        if _is_of_sentence(tokens, span, number):
            end = number
            while end > span.first and not tokens[end - 1].group()[0].isalnum():
                end -= 1
            is_name = end - span.first > 1 or not words[0].roles.isdisjoint(NAMES)
            return span._replace(end=end) if end > span.first and (is_name or span.kind != "person") else None
    return span


def _opens_name(word: Word) -> bool:
    """True for "كأس" and "مركز", which are named after the king."""
    heads = frozenset().union(*_NAMED_AFTER.values(), _CONTESTS)
    forms = {form.key for form in word.segmentations}
    return not forms.isdisjoint(heads) or not word.triggers.isdisjoint(_HEADS)


def _is_of_sentence(tokens: Sequence[re.Match[str]], span: NameSpan, number: int) -> bool:
    """True for an adverb or indefinite noun ("صلاح هدافًا"); after a person for a blessing or a word with "to".

    A given name may have the case of an indefinite noun: "أن محمدًا".
    """
    word = tokens[number].group()
    if "ً" in word and _TANWIN.search(word):
        return "given" not in _described(normalize_name(word)[:-1]).roles
    if span.kind != "person" or number == span.first:
        return False
    if _described(word).key in _BLESSED:
        return number + 1 < len(tokens) and _described(tokens[number + 1].group()).key in _GOD
    return word.startswith("لل") or word == "لـ" or (word.startswith("ل") and _is_to_organisation(tokens, number))


def _is_to_organisation(tokens: Sequence[re.Match[str]], number: int) -> bool:
    """True for "لفرانس" before "برس": "to" a body of the lists."""
    first, *rest = (_described(token.group()) for token in tokens[number : number + _LONGEST_TOLD])
    for form in first.segmentations[1:2]:
        keys = [form.key, *(word.key for word in rest)]
        joined = (" ".join(keys[:length]) for length in range(1, len(keys) + 1))
        entries = [entry for name in joined for entry in lexicon().entries.get(name, ())]
        return any(entry.kind == "organisation" and not entry.unsure for entry in entries)
    return False


def _is_impossible(tokens: Sequence[re.Match[str]], span: NameSpan) -> bool:
    if span.kind == "organisation":
        return False
    words = _words(tokens, span)
    before = _described(tokens[span.first - 1].group()) if span.first else None
    if span.kind == "misc":
        return is_left_out(words)
    keys = {form.key for word in words[:1] for form in word.segmentations} | {word.key for word in words[1:]}
    if span.kind == "place":
        is_asked = not keys.isdisjoint(_QUESTIONS) and len(words) == 1
        return is_asked and not (before and before.triggers & _PLACES)
    return span.kind == "person" and (_text(tokens, span) in _BLESSINGS or _is_no_person(words, keys, before))


def _is_no_person(words: Sequence[Word], keys: set[str], before: Word | None) -> bool:
    if len(words) == 1 and words[0].key in _NEED_A_WORD:
        return True
    if not keys.isdisjoint(_PRONOUNS | _NAMED_THINGS) or (before and len(words) == 1 and _names_thing(before)):
        return True
    if before and before.key in _ATTRIBUTES and words[0].key in _ATTRIBUTES:
        return True  # "الرحمن" before "الرحيم مالك"
    return len(words) > 1 and _is_invocation(words)


def is_left_out(words: Sequence[Word]) -> bool:
    """True for a currency ("دولار أميركي"), which labelled corpora call misc and nobody counts.

    "يورو 2016" is a contest.
    """
    nationalities = lexicon().sets["nationalities"]
    is_currency = any(_CURRENCY.fullmatch(form.key) for form in words[0].segmentations)
    return is_currency and all(_CURRENCY.fullmatch(word.key) or word.key in nationalities for word in words[1:])


def _is_invocation(words: Sequence[Word]) -> bool:
    """True for "الحمد لله" and "الرحمن الرحيم"; "الحمد الله" is a family."""
    keys = [{form.key for form in word.segmentations} for word in words]
    return all(key & _ATTRIBUTES for key in keys) and (words[-1].key == "لله" or not keys[0] & _PRAISE)


def _names_thing(word: Word) -> bool:
    return any(form.key in _NAMED_THINGS for form in word.segmentations)


def _parts(tokens: Sequence[re.Match[str]], span: NameSpan) -> list[NameSpan]:
    """The span, or the parts of it, or what is named after the person."""
    if span.kind == "place" or (span.kind != "person" and span.end - span.first == 1):
        return [span]
    words = _words(tokens, span)
    if span.kind == "person":
        return _parts_of_person(tokens, span, words)
    if span.kind == "organisation":
        return _listed_parts(span, words)
    return [span._replace(kind="organisation") if _is_organisation(words) else span]  # "البيت الأبيض"


def _parts_of_person(tokens: Sequence[re.Match[str]], span: NameSpan, words: Sequence[Word]) -> list[NameSpan]:
    if len(words) == 1 and not _is_titled(tokens, span.first) and _is_organisation(words):
        return [span._replace(kind="organisation")]
    thing = _named_after(tokens, span)
    if thing:
        return [thing]
    body = _body(tokens, span)
    if body:
        return [body, span._replace(first=body.end)]
    second = _second_person(words)
    if second:
        rest = span._replace(first=span.first + second)
        parts = _parts(tokens, rest)  # what is named after the second person would take words of the first
        return [span._replace(end=rest.first), *(parts if parts[0].first >= rest.first else [rest])]
    return [span]


def _is_organisation(words: Sequence[Word]) -> bool:
    entry = _listed(words)
    return bool(entry and entry.kind == "organisation")


def _listed_parts(span: NameSpan, words: Sequence[Word]) -> list[NameSpan]:
    """The organisations of the lists that و joins in a span: "غوغل" and "فيسبوك"; else the span."""
    joints = [number for number, word in enumerate(words) if number and word.key.startswith("و")]
    if not joints:
        return [span]
    ends = [*joints, len(words)]
    parts = list(zip([0, *joints], ends, strict=True))
    if all(_has_organisation(words[first:end], is_joined=first > 0) for first, end in parts):
        return [span._replace(first=span.first + first, end=span.first + end) for first, end in parts]
    return [span]


def _has_organisation(words: Sequence[Word], *, is_joined: bool) -> bool:
    first, rest = words[0].segmentations[1:2] if is_joined else words[0].segmentations[:1], words[1:]
    joined = " ".join([*(form.key for form in first), *(word.key for word in rest)])
    return any(entry.kind == "organisation" for entry in lexicon().entries.get(joined, ()))


def _named_after(tokens: Sequence[re.Match[str]], span: NameSpan) -> NameSpan | None:
    """The place, body or prize with the person's name: "شارع" + "الحبيب بورقيبة", "قاعة الملك" + "سلمان"."""
    head = span.first - 1
    while head > 0 and span.first - head <= _MOST_TITLES and "titles" in _described(tokens[head].group()).roles:
        head -= 1
    if head < 0 or span.end - span.first > _LONGEST_HONOUR:
        return None
    forms = {form.key for form in _described(tokens[head].group()).segmentations}
    if not forms.isdisjoint(_TOWNS):  # no part of the name
        return span._replace(kind="place", first=head + 1)
    kind = next((kind for kind, heads in _NAMED_AFTER.items() if not forms.isdisjoint(heads)), None)
    return span._replace(kind=kind, first=head) if kind else None


def _second_person(words: Sequence[Word]) -> int | None:
    """The number of the word at which a second person begins: "كيم" + "وترامب"."""
    if any(entry.kind == "person" for entry in lexicon().entries.get(" ".join(word.key for word in words), ())):
        return None
    return next((number for number, word in enumerate(words) if number and _is_and_a_name(word)), None)


def _is_and_a_name(word: Word) -> bool:
    """True for "وترامب"; False for "وهبة", a name itself, and for "ويليامز", where the news does not know the rest."""
    if not word.key.startswith("و") or len(word.segmentations) == 1 or word.roles & NAMES:
        return False
    rest = word.segmentations[1].key
    is_name = bool(bearers_of(rest)) or not lexicon().sets_of(word.segmentations[1:2]).isdisjoint(NAMES)
    ranks = word_ranks()
    if len(rest) >= _LONG_REST and word.key not in ranks and rest in ranks and not rest.startswith("ال"):
        return True
    return is_name and ranks.get(rest, len(ranks)) <= ranks.get(word.key, len(ranks))


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
