"""Resolution of persons' names: the full name of a person whom the article also calls by a shorter one.

The article decides. A short name takes the full name that stands in the text, title, description or tags. Only a
surname that is nowhere in full may mean its bearer in the lists, and only with evidence (bearers.py). Any other short
name stays as written. `name_source` says which of the three it was.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from warraq.schemas.labels import IN_ARTICLE, IN_LISTS, WRITTEN
from warraq.schemas.records import Article, Entity
from warraq.transforms.arabic import normalize_name, tokenize
from warraq.transforms.entities.bearers import Evidence, bearers_of, is_believed, is_introduced, name_key
from warraq.transforms.entities.canonical_names import Mention, entity_normalizer
from warraq.transforms.entities.lexicon import NAMES, Word, describe, lexicon
from warraq.transforms.entities.one_name import ORGANISATION, OTHER, adds_a_state, full_forms, goes_on_otherwise

_BEFORE: Final = 5  # words before a name that may say the office
_BEFORE_CHARACTERS: Final = 60
_AFTER_CHARACTERS: Final = 40
_QUOTES: Final = frozenset('"«»“”')
_LONGEST_FIRST_NAMES: Final = 4  # words
_FIRST_NAMES: Final = frozenset({"given", "unsure_given"})
_NO_FIRST_NAMES: Final = frozenset({"titles", "not_names", "organisation_evidence", "person_evidence"})
_NAME_ROLES: Final = NAMES | {"family_links"}
_LONG_WORD: Final = 7  # letters
_SHORTEST_NEAR: Final = 4
_FACTS: Final = frozenset({"place", "organisation"})


def headers(article: Article) -> str:
    """The article's title, description and tags as lines."""
    return "\n".join(filter(None, (article.title, article.description, *article.tags)))


def resolve_names(article: Article, entities: Sequence[Entity], in_headers: Sequence[Entity]) -> list[Entity]:
    """The entities of the text with the names that the article and the lists give them.

    An entity with a `name_source` keeps its name.
    """
    names = _Names(article, entities, in_headers)
    found = [*entities, *in_headers]
    full = {kind: full_forms(kind, _names(found, kind), article.date.year) for kind in (ORGANISATION, OTHER)}
    return [_resolved(entity, names, full.get(entity.kind, {})) for entity in entities]


def _names(entities: Iterable[Entity], kind: str) -> list[str]:
    return [entity.name for entity in entities if entity.kind == kind]


def _resolved(entity: Entity, names: "_Names", full: Mapping[str, str]) -> Entity:
    if entity.name_source:
        return entity
    if entity.name in full and names.is_full_form(entity, full[entity.name]):
        return entity._replace(name=full[entity.name], name_source=IN_ARTICLE)
    found = names.full_name(entity) if entity.kind == "person" else None
    if found:
        return entity._replace(name=found[0], name_source=found[1])
    return entity._replace(name_source=_source(entity, names))


def _source(entity: Entity, names: "_Names") -> str:
    """WRITTEN if the words of the name are those of the mention, in any spelling; else the one that has the name."""
    written, name = name_key(entity.text).split(), name_key(entity.name).split()
    bare = [written[0].removeprefix("ال"), *written[1:]] == [name[0].removeprefix("ال"), *name[1:]]
    if bare or written[-len(name) :] == name or "".join(written) == "".join(name):  # "أبوحسن"
        return WRITTEN
    return IN_ARTICLE if entity.kind == "person" and names.has_written(entity.name) else IN_LISTS


class _Names:
    """The names of one article, and what it says of them."""

    def __init__(self, article: Article, entities: Sequence[Entity], in_headers: Sequence[Entity]) -> None:
        self._article = article
        self._found = [*entities, *in_headers]
        self._first = {entity.name: entity.start for entity in reversed(entities)}
        self._first |= {entity.name: -1 for entity in in_headers}
        self._known_beside: dict[str, Beside] = {}
        names = [entity.name for entity in entities if entity.kind == "person"]
        in_full = [entity.name for entity in in_headers if entity.kind == "person" and " " in entity.name]
        near = {name: self._respelt(name) for name in dict.fromkeys((*names, *in_full)) if " " in name}
        self._near = {name: bearer for name, bearer in near.items() if bearer}
        names = [self._near.get(name, name) for name in (*names, *in_full)]
        self._longer = longer_names(names)
        self._names = {name for name in names if " " in name}

    def has_written(self, name: str) -> bool:
        """True if a mention has all words of the name; taggers may complete short mentions themselves."""
        return any(name_key(entity.text) == name_key(name) for entity in self._found if entity.kind == "person")

    def full_name(self, entity: Entity) -> tuple[str, str] | None:
        """The full name of a person with its source; None if there is none, or if it may be one of several."""
        name = entity.name
        if name in self._near:
            return self._near[name], IN_LISTS
        bearers = bearers_of(name)
        before = self._words_before(entity) if bearers else []
        in_full = frozenset(bearer.name for bearer in bearers if bearer.name in self._names)
        if len(in_full) == 1:
            return next(iter(in_full)), IN_ARTICLE
        introduced = frozenset(bearer.name for bearer in bearers if is_introduced(bearer, before))
        if len(introduced) == 1:
            return next(iter(introduced)), IN_LISTS
        longer = self._longer.get(name) or self._with_first_name(name)
        if longer or not bearers or self._beside(name).has_others:
            return (next(iter(longer)), IN_ARTICLE) if len(longer) == 1 else None
        believed = {bearer.name for bearer in bearers if is_believed(bearer, self._evidence, before)}
        return (believed.pop(), IN_LISTS) if len(believed) == 1 else None

    def _respelt(self, name: str) -> str | None:
        """The bearer whose first name this full name spells otherwise: "كرستيانو رونالدو"."""
        first, *surname = name.split()
        bearers = () if "given" in _described(first).roles else bearers_of(" ".join(surname))
        near = [bearer for bearer in bearers if is_near(normalize_name(first), name_key(bearer.name).split()[0])]
        sure = (bearer._replace(rival=frozenset()) for bearer in near)  # the first name tells the namesake apart
        return next((bearer.name for bearer in sure if is_believed(bearer, self._evidence, [])), None)

    @functools.cached_property
    def _lines(self) -> "Described":
        """The words of text, title, description and tags."""
        return described(f"{self._article.text}\n{headers(self._article)}")

    @functools.cached_property
    def _evidence(self) -> Evidence:
        """The facts of the article, for and against bearers."""
        names = frozenset(name_key(entity.name) for entity in self._found if entity.kind in _FACTS)
        keys = frozenset(form.key for word in self._lines.words for form in word.segmentations)
        return Evidence(names, keys, self._article.date.year)

    def _with_first_name(self, name: str) -> frozenset[str]:
        if " " in name and not bearers_of(name):
            return frozenset()
        found = self._beside(name).full  # without "جون كيري أوباما", where one person stands before another
        return frozenset(full for full in found if full.removesuffix(f" {name}") not in self._names)

    def _beside(self, name: str) -> "Beside":
        if name not in self._known_beside:
            self._known_beside[name] = names_beside(self._lines, name)
        return self._known_beside[name]

    def is_full_form(self, entity: Entity, full: str) -> bool:
        """True if the full name of an organisation or event may be meant where the short one stands."""
        if adds_a_state(entity.name, full) and self._first.get(full, 0) > entity.start:
            return False
        after = self._article.text[entity.end : entity.end + _AFTER_CHARACTERS].partition("\n")[0]
        return not goes_on_otherwise(entity.kind, after, full)

    def _words_before(self, entity: Entity) -> Sequence[Word]:
        """The words before a name in its sentence."""
        text = self._article.text[max(entity.start - _BEFORE_CHARACTERS, 0) : entity.start]
        words = described(text.replace("\n", ".").rpartition(".")[2]).words
        return [word for word in words if word.key not in _QUOTES][-_BEFORE:]


class Beside(NamedTuple):
    """The words before a surname in an article: full names with first names of the lists, and if others are there."""

    full: frozenset[str]
    has_others: bool  # words before it that may be names: "تشابي ألونسو"


def is_near(word: str, other: str) -> bool:
    """True if two different words differ in one letter, long ones in two."""
    allowed = 1 if max(len(word), len(other)) < _LONG_WORD else 2
    if abs(len(word) - len(other)) > allowed or min(len(word), len(other)) < _SHORTEST_NEAR:
        return False
    row = list(range(len(other) + 1))
    for number, letter in enumerate(word, start=1):
        before, row[0] = row[0], number
        for place, expected in enumerate(other, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != expected))
    return 0 < row[-1] <= allowed


def names_beside(lines: "Described", surname: str) -> Beside:
    """The names of which the surname is a part wherever the lines have it."""
    keys, words = [normalize_name(part) for part in surname.split()], lines.words
    middle = {part for bearer in bearers_of(surname) for part in map(normalize_name, bearer.name.split()[1:])}
    full: set[str] = set()
    has_others = False
    for first, word in enumerate(words):
        end = first + len(keys)
        if word.key == keys[0] and [other.key for other in words[first:end]] == keys:
            begin = first
            while begin > max(first - _LONGEST_FIRST_NAMES, 0) and _continues(words[begin - 1], middle):
                begin -= 1
            if begin < first and _is_first_name(words[begin]):
                parts = Mention(lines.written[begin:end], "person", words[begin].segmentations[0])
                full.add(entity_normalizer().name(parts))
            has_others |= first > 0 and _is_name_part(words[first - 1])
    return Beside(frozenset(full), has_others)


def _continues(word: Word, middle: set[str]) -> bool:
    """True for a name, and for a middle name of a bearer: "قائد" before "السبسي"."""
    return word.key in middle or not word.roles.isdisjoint(_NAME_ROLES)


def _is_first_name(word: Word) -> bool:
    return not word.roles.isdisjoint(_FIRST_NAMES) and word.roles.isdisjoint(_NO_FIRST_NAMES)


def _is_name_part(word: Word) -> bool:
    return "part" in word.roles and not word.ordinary


@functools.lru_cache(maxsize=1 << 16)
def _described(written: str) -> Word:
    return describe(lexicon(), written)


class Described(NamedTuple):
    """The words and signs of a text as written, and their facts from the lists."""

    written: Sequence[str]
    words: Sequence[Word]


def described(text: str) -> Described:
    """The words and signs of a text with their facts."""
    written = [token.group() for token in tokenize(text)]
    return Described(written, [_described(word) for word in written])


def longer_names(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The full names that each short name among those of an article may stand for.

    A short name is the beginning or the end of a longer one, or both with words between left out: "عزام الدخيل" and
    "عزام بن محمد الدخيل". A name that is part of a longer one does not count beside it.
    """
    keys = {name: tuple(name_key(name).split()) for name in dict.fromkeys(names)}
    longer: dict[tuple[str, ...], set[str]] = {}
    for name, words in keys.items():
        for length in range(1, len(words)):
            for part in (words[:length], words[-length:]):
                longer.setdefault(part, set()).add(name)
        if len(words) > 2:
            longer.setdefault((words[0], words[-1]), set()).add(name)
    return {name: _longest(longer[words], keys) for name, words in keys.items() if words in longer}


def _longest(names: set[str], keys: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The names that are no part of another of them; of equal ones the first."""
    kept: list[str] = []
    for name in sorted(names, key=lambda name: (-len(keys[name]), name)):
        if not any(_is_part(keys[name], keys[other]) for other in kept):
            kept.append(name)
    return frozenset(kept)


def _is_part(words: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """True if the words are in the whole in their order: "حسني مبارك" in "محمد حسني مبارك"."""
    rest = iter(whole)
    return all(word in rest for word in words)
