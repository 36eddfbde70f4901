"""The lexicon of the taggers: the word lists in `models/entities.*`, and what they say of a word.

Words are compared by their *key*, which `arabic.normalize_name` makes: "امريكا" and "أمريكا" have one key. A word has
several clitic segmentations ("ولبنان" or "لبنان"); the lists decide which of them exists.
"""

import functools
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Final, NamedTuple

from warraq.transforms.arabic import Segmentation, clitic_segmentations, normalize_name, tokenize

_DIGIT: Final = re.compile(r"\d")
_SUFFIXES: Final = ("هما", "ها", "هم", "نا", "ات", "ين", "ون", "ان", "ه", "ي", "ا")
_VERBAL_ENDS: Final = ("وه", "وا", "ها", "هم", "ته", "ءه")  # names don't end so

# Sets of the lists, by what they say of a word.
_GIVEN: Final = frozenset({"given", "unsure_given"})
NAMES: Final = _GIVEN | {"learned_names"}
NEVER_NAMES: Final = frozenset(
    {"nationalities", "titles", "organisation_heads", "definite_heads", "place_heads", "place_parts", "speech_verbs"}
)
_OPENERS: Final = frozenset({"organisation_heads", "definite_heads", "place_parts"})
_OPENING_ROLES: Final = frozenset({"part", "family_links"})
_CLOSED_ROLES: Final = frozenset({"frequent", "not_names"})

KINDS: Final = {"places": "place", "cldr": "place", "persons": "person", "organisations": "organisation"}


class Entry(NamedTuple):
    """A name in the lists. An unsure entry counts only if the word before is evidence for its kind."""

    kind: str
    name: str
    unsure: bool


def mask_digits(key: str) -> str:
    """`key` with all digits as 0: numbers of one length share what is learned."""
    return key if key.isalpha() else _DIGIT.sub("0", key)


class Lexicon:
    """The lists: `entries` by joined keys, their most words (`longest`) by first key, `sets` of keys by name."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[Entry, ...]] = {}
        self.longest: dict[str, int] = {}
        for list_name, kind in KINDS.items():
            for name, spelling, unsure in parse_names(_read(f"entities.{list_name}.txt")):
                self._add(spelling, Entry(kind, name, unsure))
        self.sets: dict[str, frozenset[str]] = parse_sets(_read("entities.words.txt")) | _given_names()
        learned = parse_sets(gzip.decompress(_bytes("entities.learned.txt.gz")).decode())
        self.sets = {**self.sets, **learned, "nationalities": _inflected(self.sets["nationalities"])}
        self.sets["unsure_given"] |= self.sets["weak_given"]
        self.sets["given"] -= self.sets["weak_given"]
        # The sets of each key, as bits in the order of their names; each combination that occurs is made only once.
        self._set_names = tuple(sorted(self.sets))
        self._bits: defaultdict[str, int] = defaultdict(int)
        for number, name in enumerate(self._set_names):
            for key in self.sets[name]:
                self._bits[key] |= 1 << number
        self._combinations: dict[int, frozenset[str]] = {}

    def _add(self, spelling: str, entry: Entry) -> None:
        keys = [normalize_name(token.group()) for token in tokenize(spelling)]
        joined = " ".join(keys)
        known = self.entries.get(joined, ())
        if all(entry.kind != other.kind for other in known):
            self.entries[joined] = (*known, entry)
        self.longest[keys[0]] = max(len(keys), self.longest.get(keys[0], 0))

    def sets_of(self, forms: Iterable[Segmentation]) -> frozenset[str]:
        """The names of the sets that hold any of the segmentations."""
        bits = 0
        for form in forms:
            bits |= self._bits.get(form.key, 0)
        found = self._combinations.get(bits)
        if found is None:
            names = (name for number, name in enumerate(self._set_names) if bits >> number & 1)
            found = self._combinations[bits] = frozenset(names)
        return found

    def is_ordinary(self, forms: Sequence[Segmentation]) -> bool:
        """True if everyday prose uses the word, or the rest of it without proclitics or a suffix."""
        ordinary = self.sets["ordinary"]
        if forms[0].key in ordinary:
            return True
        stems = [form.key for form in forms]
        stems += [stem[2:] for stem in stems if stem.startswith("ال") and len(stem) >= 5]
        if not ordinary.isdisjoint(stems):
            return True
        ended = [stem for stem in stems if stem.endswith(_SUFFIXES)]
        return any(
            stem.endswith(end) and len(stem) - len(end) >= 3 and stem[: -len(end)] in ordinary
            for stem in ended
            for end in _SUFFIXES
        )


class Word(NamedTuple):
    """The facts of one written word from the lists."""

    key: str
    masked_key: str  # the key with all digits as 0
    segmentations: tuple[Segmentation, ...]
    roles: frozenset[str]  # sets that hold the undivided word, plus "part" if it may be part of a person's name
    triggers: frozenset[str]  # sets that hold any of its segmentations
    listed: tuple[Segmentation, ...]  # segmentations with which a listed name begins
    opening: tuple[int, frozenset[str]] | None  # characters to skip and roles, if a person's name may begin here
    opens: bool  # some entity may begin here
    ordinary: bool  # everyday prose uses it, or the rest without proclitics or a suffix


def describe(known: Lexicon, written: str) -> Word:
    """The facts of one written word. They are computed once, because the rules ask for them again and again."""
    forms = clitic_segmentations(written)
    key = forms[0].key
    triggers = known.sets_of(forms)
    roles = known.sets_of(forms[:1]) if len(forms) > 1 else triggers
    ordinary = key.isalpha() and known.is_ordinary(forms)
    if _may_be_name(known, forms, roles, triggers, ordinary=ordinary):
        roles = _with_part(roles)
    listed = tuple([form for form in forms if form.key in known.longest])
    opening = _opening(known, forms, roles)
    opens = bool(listed or opening) or not triggers.isdisjoint(_OPENERS)
    return Word(key, mask_digits(key), forms, roles, triggers, listed, opening, opens, ordinary)


@functools.cache
def _with_part(roles: frozenset[str]) -> frozenset[str]:
    """The roles with "part", for a word that may be part of a person's name; equal roles are one object."""
    return roles | {"part"}


def _opening(
    known: Lexicon, forms: tuple[Segmentation, ...], roles: frozenset[str]
) -> tuple[int, frozenset[str]] | None:
    """The undivided word, or the rest after proclitics if that is a known name."""
    if not roles.isdisjoint(_OPENING_ROLES):
        return 0, roles
    if not roles.isdisjoint(_CLOSED_ROLES):
        return None
    for form in forms[1:]:
        names = known.sets_of([form]) & NAMES
        if names:
            return form.skip, names
    return None


def _may_be_name(
    known: Lexicon, forms: tuple[Segmentation, ...], roles: frozenset[str], triggers: frozenset[str], *, ordinary: bool
) -> bool:
    """True if the word may be part of a person's name: a known name, or a word that everyday prose does not use."""
    key = forms[0].key
    if len(key) < 2 or not key.isalpha() or not "ء" <= key[0] <= "ي" or "not_names" in roles:
        return False
    if not roles.isdisjoint(_GIVEN):
        return True
    if not triggers.isdisjoint(NEVER_NAMES):
        return False
    if any(entry.kind != "person" and not entry.unsure for entry in known.entries.get(key, ())):
        return False
    if "learned_names" in roles:
        return True
    return not (ordinary or key.startswith("و") or key.endswith(_VERBAL_ENDS) or _hides_name(known, forms[1:]))


def _hides_name(known: Lexicon, stripped: tuple[Segmentation, ...]) -> bool:
    """True if a name follows a proclitic: "وسليم", "وبلير"."""
    return bool(known.sets_of(stripped) & NAMES) or any(form.key in known.entries for form in stripped)


@functools.lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lists of the package, read once for each process."""
    return Lexicon()


@functools.lru_cache(maxsize=1)
def usual_spellings() -> tuple[str, ...]:
    """The words of the news in their most frequent spelling, the most frequent word first."""
    return tuple(gzip.decompress(_bytes("entities.vocabulary.txt.gz")).decode("utf-8").split("\n"))


@functools.lru_cache(maxsize=1)
def word_ranks() -> dict[str, int]:
    """The rank of each word of the news by its key, 0 for the most frequent one."""
    ranks: dict[str, int] = {}
    for rank, spelling in enumerate(usual_spellings()):
        ranks.setdefault(normalize_name(spelling), rank)
    return ranks


def parse_names(lines: str) -> Iterator[tuple[str, str, bool]]:
    """(canonical name, spelling, unsure), each with the variants of its spelling."""
    for item in "،".join(line for line in lines.splitlines() if not line.startswith("#")).split("،"):
        spellings = [spelling.strip() for spelling in item.split("=") if spelling.strip()]
        for spelling in spellings:
            written = spelling.removeprefix("?")
            for variant in spelling_variants(written):
                yield spellings[0].removeprefix("?"), variant, spelling.startswith("?")


def spelling_variants(name: str) -> list[str]:
    """The name, and how else "عبد ال…" and "أبو" are spelt."""
    joined = name.replace("عبد ال", "عبدال")
    forms = [name, joined] if joined != name else [name]
    first, space, rest = name.partition(" ")
    return forms + ([f"{bare}{space}{rest}" for bare in ("أبي", "أبا")] if first == "أبو" and rest else [])


def parse_sets(lines: str) -> dict[str, frozenset[str]]:
    """The words of each "[section]" as keys."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    section = ""
    for line in lines.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            found[section].update(map(normalize_name, line.split()))
    return {name: frozenset(words) for name, words in found.items()}


def parse_keys(words: str) -> frozenset[str]:
    """The keys of words with blanks between them."""
    return frozenset(map(normalize_name, words.split()))


def listed_spellings(list_name: str) -> Iterator[tuple[str, str]]:
    """(canonical name, spelling) for each spelling in one of the lists of names."""
    for name, spelling, _ in parse_names(_read(f"entities.{list_name}.txt")):
        yield name, spelling


def given_names() -> list[str]:
    """The given names as the list spells them, with "?" before unsure ones."""
    lines = _read("entities.names.txt").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def _given_names() -> dict[str, frozenset[str]]:
    words = given_names()
    unsure = {normalize_name(word[1:]) for word in words if word.startswith("?")}
    return {"given": frozenset({normalize_name(word) for word in words} - unsure), "unsure_given": frozenset(unsure)}


def _inflected(adjectives: frozenset[str]) -> frozenset[str]:
    """The nationalities with their feminine, dual, plural and definite forms."""
    return frozenset(form for adjective in adjectives for form in nationality_forms(adjective))


def nationality_forms(key: str) -> list[str]:
    """A nationality in -ي with its feminine, dual, plural and definite forms; any other word alone."""
    if not key.endswith("ي") or key.startswith("ال"):
        return [key]
    endings = ("", "ه", "ين", "ون", "ان", "تين", "تان", "ات")
    return [article + key + ending for article in ("", "ال") for ending in endings]


def _bytes(name: str) -> bytes:
    return resources.files("warraq.transforms").joinpath("models", name).read_bytes()


def _read(name: str) -> str:
    return _bytes(name).decode("utf-8")
