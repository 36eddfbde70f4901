"""Bearers of famous surnames: which person of the lists a surname alone may mean, and what an article must say for it.

A famous namesake is a frequent mistake: "هاريس" is a vice-president, a captain and a singer. A bearer is therefore
believed only with evidence in the article: the state, capital, institution or nationality of the bearer's group in
`models/entities.bearers.txt`, a year in which news called the bearer so, and a fitting subject: a politician is not
believed in an article about sport, unless office and state stand before the name.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final, NamedTuple

from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.lexicon import Lexicon, Word, lexicon, listed_spellings, nationality_forms

SPORT: Final = "sport"
_SPORT_WORDS: Final = 6  # distinct words of sport from which on an article is about sport
_ATHLETE_WORDS: Final = 2  # distinct words of sport that are evidence for an athlete
_BEARER: Final = re.compile(r"^(.*?)(?: \((.*)\))?(?: (\d{4})(?:-(\d{4}))?)?$")
_NOT: Final = " لا "
_FATHERS: Final = frozenset({"ابي", "ابا"})
_OFFICES: Final = frozenset({"titles", "title_tails", "nationalities"})
_HAMZA_SEATS: Final = re.compile("[ئؤ]")
_NAMED_AFTER: Final = frozenset(  # what is named after persons: "سجن شارون", "مركز كينيدي"
    map(
        normalize_name,
        (
            *("جامعة", "كلية", "معهد", "مركز", "مستشفى", "مدرسة", "مؤسسة", "أكاديمية", "متحف", "مكتبة", "مسرح"),
            *("شركة", "مجموعة", "بنك", "كأس", "جائزة", "حريق", "إعصار", "مدينة", "منزل"),
        ),
    )
)
_PLACES_NAMED_AFTER: Final = frozenset(
    map(normalize_name, ("المستشفى", "مستشفى", "الجامعة", "المعهد", "المسرح", "ملعب"))
)
_NEAR: Final = 3  # words before a name that may say whose relative, or which place, it is
_PHRASE: Final = 2  # words: "الأميركية السمراء"
_NICKNAMED: Final = frozenset(map(normalize_name, ("الملقب", "الملقبة", "ملقب", "لقب", "يلقب", "بلقب", "المكنى")))
_RELATIVES: Final = frozenset(  # "السيدة الأولى ميلانيا ترامب"; right before the name it is the bearer's relative
    map(
        normalize_name,
        (
            *(
                "السيدة",
                "سيدة",
                "الأولى",
                "زوجة",
                "زوجته",
                "قرينة",
                "قرينته",
                "عقيلة",
                "أرملة",
                "ابنة",
                "ابنته",
                "كريمة",
            ),
            *("نجل", "نجله", "ابن", "ابنه", "شقيق", "شقيقه", "شقيقة", "شقيقته", "والدة", "والدته", "والده", "حفيد"),
        ),
    )
)
_ARTISTS: Final = frozenset(  # no titles of statesmen
    map(
        normalize_name,
        (
            *("الفنان", "الفنانة", "الرسام", "المطرب", "المطربة", "المغني", "المغنية", "الممثل", "الممثلة", "المخرج"),
            *(
                "المخرجة",
                "الموسيقار",
                "الروائي",
                "الروائية",
                "النجم",
                "النجمة",
                "اللاعب",
                "اللاعبة",
                "المهاجم",
                "المدافع",
            ),
            *("الحارس", "المدرب"),
        ),
    )
)
_NICKNAMES: Final = frozenset({"ابو", "ام", "بن", "ابن", "ولد", "ال", "دي", "دا", "دو", "فون", "فان"})


class Group(NamedTuple):
    """Evidence for the bearers of one group: keys of places and organisations, and keys of words."""

    names: frozenset[str]
    words: frozenset[str]
    is_sport: bool


class Bearer(NamedTuple):
    """A person of the lists with the years in which a surname alone means this person."""

    name: str
    group: Group
    first_year: int
    last_year: int
    nationality: frozenset[str] = frozenset()  # keys of its forms; empty if the file does not tell it
    rival: frozenset[str] = frozenset()  # keys of the nationality and the state of a namesake who is as famous


class Evidence(NamedTuple):
    """The facts of an article that speak for or against a bearer."""

    names: frozenset[str]  # keys of its places and organisations
    words: frozenset[str]  # keys of its words, with and without proclitics
    year: int


class Famous(NamedTuple):
    """The bearers by the key of each surname, and the words of sport."""

    bearers: dict[str, tuple[Bearer, ...]]
    sport: frozenset[str]


@functools.lru_cache(maxsize=1 << 14)
def name_key(name: str) -> str:
    """The key of a person's name: "عبدالله" and "عبد الله", "أبي" and "أبو" are one."""
    words = [normalize_name(token.group()) for token in tokenize(name)]
    joined = " ".join("ابو" if word in _FATHERS and len(words) > 1 else word for word in words)
    return joined.replace("عبد ", "عبد")


def _surname_key(surname: str) -> str:
    """The key of a surname with its hamzas: the verb "هنئه" has none of the bearers of "هنية"."""
    return f"{name_key(surname)} {''.join(_HAMZA_SEATS.findall(surname))}"


def bearers_of(name: str) -> tuple[Bearer, ...]:
    """The bearers whom this surname alone may mean."""
    return _famous().bearers.get(_surname_key(name), ())


def is_believed(bearer: Bearer, evidence: Evidence, before: Sequence[Word]) -> bool:
    """True if the article has evidence that it speaks of the bearer; `before` are the words before the name."""
    group = bearer.group
    if not bearer.first_year <= evidence.year <= bearer.last_year or _is_another(bearer, evidence, before):
        return False
    if group.is_sport:
        return len(evidence.words & group.words) >= _ATHLETE_WORDS
    if is_introduced(bearer, before):
        return True
    is_about_sport = len(evidence.words & _famous().sport) >= _SPORT_WORDS
    return not is_about_sport and not (
        group.names.isdisjoint(evidence.names) and group.words.isdisjoint(evidence.words)
    )


def _is_another(bearer: Bearer, evidence: Evidence, before: Sequence[Word]) -> bool:
    """True if the words before the name, or a namesake's state in the article, speak against the bearer."""
    if _is_rival(bearer, evidence, before):
        return True
    if not before:
        return False
    is_artist = not bearer.group.is_sport and any(form.key in _ARTISTS for form in before[-1].segmentations)
    is_foreigner = any(_is_foreigner(bearer, word) for word in before[-_PHRASE:])
    return is_artist or is_foreigner or _names_a_thing(before) or _is_relative(before)


def is_introduced(bearer: Bearer, before: Sequence[Word]) -> bool:
    """True if an office and the bearer's state stand before the name: "الرئيس الأميركي ترامب"."""
    if _is_relative(before) or any(_is_foreigner(bearer, word) for word in before):
        return False
    if not before or (before[-1].triggers.isdisjoint(_OFFICES) and before[-1].key not in bearer.group.words):
        return False  # "الأميركية حضرته ميلانيا ترامب"
    keys = {form.key for word in before for form in word.segmentations}
    return not keys.isdisjoint(bearer.group.words) and any("titles" in word.triggers for word in before)


def _is_foreigner(bearer: Bearer, word: Word) -> bool:
    """True for the nationality of another state: "البرازيلي" is not Cristiano Ronaldo's."""
    if not bearer.nationality or "nationalities" not in word.triggers:
        return False
    return bearer.nationality.isdisjoint(form.key for form in word.segmentations)


def _is_rival(bearer: Bearer, evidence: Evidence, before: Sequence[Word]) -> bool:
    """True if the article also speaks of the namesake's state, and the bearer's nationality is not before the name."""
    if bearer.rival.isdisjoint(evidence.words):
        return False
    return not before or bearer.nationality.isdisjoint(form.key for form in before[-1].segmentations)


def _is_relative(before: Sequence[Word]) -> bool:
    """True for "السيدة الأولى ميلانيا" before "ترامب"; "زوجة الرئيس" and "زوجة" before it are his."""
    if len(before) < 2 or not before[-1].triggers.isdisjoint(_OFFICES):
        return False
    keys = {form.key for word in before[-_NEAR:-1] for form in word.segmentations}
    last = {form.key for form in before[-1].segmentations}
    return not keys.isdisjoint(_RELATIVES) and last.isdisjoint(_RELATIVES)


def _names_a_thing(before: Sequence[Word]) -> bool:
    """True if the words before say that it is a number, a nickname, or a place or body with a person's name.

    "89 بنس", "الملقب بوغبا", "سجن شارون", "المستشفى الجامعي فطومة بورقيبة".
    """
    if not before:
        return False
    near = {form.key for word in before[-_NEAR:] for form in word.segmentations}
    last = {form.key for form in before[-1].segmentations}
    if not near.isdisjoint(_PLACES_NAMED_AFTER) or not last.isdisjoint(_NAMED_AFTER | _NICKNAMED):
        return True
    return before[-1].key[-1:].isdigit() or not before[-1].triggers.isdisjoint({"place_parts", "place_heads"})


@functools.lru_cache(maxsize=1 << 12)
def is_short(spelling: str, name: str) -> bool:
    """True if a spelling of the lists leaves out the first name of its person: "أحمدي نجاد", "أبو مازن"."""
    words, whole = _untitled(name_key(spelling)), _untitled(name_key(name))
    if words == whole:
        return False
    if len(words) == 1 or (words[0] in _NICKNAMES and words[0] != whole[0]):
        return True
    return words[0] != whole[0] and set(words) <= set(whole)


def _untitled(key: str) -> list[str]:
    words = key.split()
    while len(words) > 1 and words[0] in lexicon().sets["titles"]:
        words.pop(0)
    return words


@functools.lru_cache(maxsize=1)
def _famous() -> Famous:
    """The bearers of the package, read once for each process."""
    lines = resources.files("warraq.transforms").joinpath("models", "entities.bearers.txt").read_text("utf-8")
    surnames: dict[str, list[str]] = {}
    for name, spelling in listed_spellings("persons"):
        if is_short(spelling, name):
            surnames.setdefault(name, []).append(spelling)
    found: dict[str, dict[str, list[Bearer]]] = {}
    for bearer, more in parse_bearers(lines, lexicon()):
        for surname in (*surnames.get(bearer.name, ()), *more):
            found.setdefault(_surname_key(surname), {}).setdefault(bearer.name, []).append(bearer)
    flat = {key: tuple(one for many in people.values() for one in many) for key, people in found.items()}
    sport = frozenset().union(*(one.group.words for many in flat.values() for one in many if one.group.is_sport))
    return Famous(flat, sport)


def parse_bearers(lines: str, known: Lexicon) -> Iterator[tuple[Bearer, Sequence[str]]]:
    """Each bearer of the file, with the surnames that only this file has."""
    group = Group(frozenset(), frozenset(), is_sport=False)
    for line in lines.splitlines():
        if line.startswith("@"):
            group = _group(line[1:], known)
        elif not line.startswith("#"):
            for item in filter(None, map(str.strip, line.split("،"))):
                written, nationality, first, last = _BEARER.fullmatch(item).groups()  # type: ignore[union-attr]
                name, *more = written.split("=")
                nationality, _, rival = (nationality or "").partition(_NOT)
                years = int(first or dt.MINYEAR), int(last or dt.MAXYEAR)
                forms = nationality_forms(normalize_name(nationality)) if nationality else ()
                yield Bearer(name, group, *years, frozenset(forms), _rival_keys(rival)), more


def _rival_keys(nationality: str) -> frozenset[str]:
    """The forms of a nationality, and its state: "برازيلي" and "البرازيل"."""
    key = normalize_name(nationality)
    return frozenset({*nationality_forms(key), f"ال{key.removesuffix('ي')}"}) if key else frozenset()


def _group(line: str, known: Lexicon) -> Group:
    names, _, words = line.partition("|")
    name_keys = set()
    for name in _items(names):
        key = name_key(name)
        name_keys |= {key, *(name_key(entry.name) for entry in known.entries.get(key, ()))}
    word_keys = {form for word in _items(words) for form in nationality_forms(normalize_name(word))}
    return Group(frozenset(name_keys), frozenset(word_keys), is_sport=names.strip() == SPORT)


def _items(line: str) -> list[str]:
    return [item.strip() for item in line.split("،") if item.strip()]
