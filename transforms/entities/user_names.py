"""The user's own list of names (`--names FILE`), which wins over the tagger and over our lists.

A name has a kind and other spellings. Wherever an article has one of them, with or without proclitics, it is an entity
with that name and kind.
"""

import csv
import functools
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from warraq.schemas.labels import ENTITY_KINDS, IN_NAMES
from warraq.schemas.records import Entity
from warraq.transforms.arabic import clitic_segmentations, normalize_name, tokenize
from warraq.transforms.entities.lexicon import spelling_variants
from warraq.transforms.file_names import shown_name

FORM: Final = "CSV with the columns name, kind, aliases (a | between two), or JSON with a list of such objects"
_BETWEEN: Final = "|"
_CERTAIN: Final = 1.0  # the score of a mention
_COLUMNS: Final = {"name", "kind", "aliases"}

_segmentations = functools.lru_cache(maxsize=1 << 15)(clitic_segmentations)


class ListedName(NamedTuple):
    """A name of the user's list."""

    name: str
    kind: str  # one of labels.ENTITY_KINDS
    aliases: Sequence[str]  # other spellings, without the name itself


class _Span(NamedTuple):
    """A listed name in a text: code points, half-open, and the number of its words."""

    start: int
    end: int
    words: int
    listed: ListedName


class UserNames:
    """The list, ready to be looked for in texts."""

    def __init__(self, listed: Sequence[ListedName]) -> None:
        self._by_key = {key: each for each in listed for key in _keys(each)}
        self._longest: dict[str, int] = {}  # words, by the first word
        for key in self._by_key:
            first, *others = key.split()
            self._longest[first] = max(1 + len(others), self._longest.get(first, 0))

    def mark(self, text: str, found: Sequence[Entity]) -> list[Entity]:
        """The entities of a text with the listed names in it, sorted by start, without overlaps.

        A listed name takes the place of what it overlaps. Inside a longer entity it counts only where it is the
        beginning of one of its own kind, and has two words or more: "مركز الملك سلمان" stays whole.
        """
        kept, marked = list(found), []
        for span in self._spans(text):
            overlapped = [entity for entity in kept if entity.start < span.end and span.start < entity.end]
            if not any(_stays(entity, span) for entity in overlapped):
                kept = [entity for entity in kept if entity not in overlapped]
                words = text[span.start : span.end]
                name, kind, _ = span.listed
                marked.append(Entity(words, kind, span.start, span.end, name, _CERTAIN, IN_NAMES))
        return sorted([*kept, *marked], key=lambda entity: entity.start)

    def rename(self, entity: Entity) -> Entity:
        """The entity with the listed name, if its own name and kind are in the list."""
        listed = self._by_key.get(_key(entity.name))
        if not listed or listed.kind != entity.kind or entity.name_source == IN_NAMES:
            return entity
        return entity._replace(name=listed.name, name_source=IN_NAMES)

    def _spans(self, text: str) -> Iterator[_Span]:
        """The listed names from left to right, at each word the longest."""
        tokens = tokenize(text)
        at = 0
        while at < len(tokens):
            span, words = self._longest_at(tokens, at)
            if span:
                yield span
            at += words

    def _longest_at(self, tokens: Sequence[Any], at: int) -> tuple[_Span | None, int]:
        for form in _segmentations(tokens[at].group()):
            for words in range(min(self._longest.get(form.key, 0), len(tokens) - at), 0, -1):
                others = (normalize_name(token.group()) for token in tokens[at + 1 : at + words])
                listed = self._by_key.get(" ".join([form.key, *others]))
                if listed:
                    start, end = tokens[at].start() + form.skip, tokens[at + words - 1].end()
                    return _Span(start, end, words, listed), words
        return None, 1


def _stays(entity: Entity, span: _Span) -> bool:
    """True for a longer entity that a listed name inside it leaves as it is."""
    is_longer = (
        entity.start <= span.start and span.end <= entity.end and entity.end - entity.start > span.end - span.start
    )
    is_beginning = entity.start == span.start and entity.kind == span.listed.kind and span.words > 1
    return is_longer and not is_beginning


def _key(name: str) -> str:
    return " ".join(normalize_name(token.group()) for token in tokenize(name))


def _keys(listed: ListedName) -> Iterator[str]:
    for spelling in (listed.name, *listed.aliases):
        yield from map(_key, spelling_variants(spelling))


@functools.lru_cache(maxsize=4)
def load_names(listed: str) -> UserNames | None:
    """The names in a text that `names_as_json` made; None for the empty text."""
    return UserNames([ListedName(*each) for each in json.loads(listed)]) if listed else None


def names_as_json(path: str) -> str:
    """The list in a file as one line, sorted: equal lists give equal text, in whatever order or format.

    Raises:
      ValueError: the file can't be read or is no such list; one line that names the file and what is wrong in it.
    """
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{shown_name(path)}: can't be read ({error.strerror or error})") from error
    except UnicodeError as error:
        raise ValueError(f"{shown_name(path)}: not in UTF-8") from error
    try:
        is_json = content.lstrip().startswith(("[", "{"))
        listed = [_listed(where, item) for where, item in (_json_items(content) if is_json else _csv_items(content))]
        _check(listed)
    except (ValueError, RecursionError, csv.Error) as error:
        raise ValueError(f"{shown_name(path)}: {error}") from error
    return json.dumps(sorted(listed), ensure_ascii=False)


def _json_items(content: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = json.loads(content)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(f"must be {FORM}")
    for number, item in enumerate(items, 1):
        yield f"name {number}", item


def _csv_items(content: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    lines = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    for item in lines:
        yield f"line {lines.line_num}", {**item, "aliases": (item.get("aliases") or "").split(_BETWEEN)}


def _listed(where: str, item: Mapping[str, Any]) -> ListedName:
    unknown = sorted(str(column) for column in item if column not in _COLUMNS)
    if unknown or "name" not in item or "kind" not in item:
        raise ValueError(f"{where}: must be {FORM}")
    name, kind, aliases = item["name"], item["kind"], item.get("aliases") or []
    if not isinstance(name, str) or not _is_name(name):
        raise ValueError(f"{where}: has no name")
    if kind not in ENTITY_KINDS:
        raise ValueError(f"{where}: kind must be {', '.join(ENTITY_KINDS)}, not {kind!r}")
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise ValueError(f"{where}: aliases must be a list of texts")
    spellings = {" ".join(alias.split()) for alias in aliases if _is_name(alias)}
    name = " ".join(name.split())
    return ListedName(name, kind, sorted(spellings - {name}))


def _is_name(spelling: str) -> bool:
    return any(letter.isalpha() for letter in spelling)


def _check(listed: Sequence[ListedName]) -> None:
    """Returns if each spelling stands for one name. A surname that two persons share stands for none."""
    owners: dict[str, ListedName] = {}
    for each in listed:
        for spelling in (each.name, *each.aliases):
            owner = owners.setdefault(_key(spelling), each)
            if owner[:2] != each[:2]:
                raise ValueError(f"{spelling!r} stands for {owner.name!r} and for {each.name!r}; leave it out of one")
    if not listed:
        raise ValueError(f"no name in it; must be {FORM}")
