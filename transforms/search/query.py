"""The language of queries: words, "phrases", fields such as `title:`, AND, OR, NOT and brackets.

    query  = part { [AND] part }          all parts are wanted
    part   = choice { OR choice }         one of them is enough
    choice = [NOT | -] ( "(" query ")" | [field ":"] [~] (word | "phrase") )

`OR` may be written `|` or أو. OR binds closer than AND, so `قمة الرياض OR جدة` wants قمة and one of the others.
"""

import calendar
import datetime as dt
import difflib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias, Union

from warraq.schemas.labels import TOPICS
from warraq.transforms.search.words import words

TEXT: Final = "text"
TITLE: Final = "title"
ANYWHERE: Final = "anywhere"  # in the title or the text
NAME: Final = "name"
SITE: Final = "site"
TOPIC: Final = "topic"
SINCE: Final = "since"
UNTIL: Final = "until"

FIELDS: Final = (TITLE, TEXT, NAME, SITE, TOPIC, SINCE, UNTIL)
_ARABIC_FIELDS: Final = {
    "عنوان": TITLE,
    "العنوان": TITLE,
    "نص": TEXT,
    "النص": TEXT,
    "اسم": NAME,
    "الاسم": NAME,
    "موقع": SITE,
    "الموقع": SITE,
    "موضوع": TOPIC,
    "الموضوع": TOPIC,
    "منذ": SINCE,
    "من": SINCE,
    "حتى": UNTIL,
    "الى": UNTIL,
    "إلى": UNTIL,
}
_LONGEST: Final = 4096  # characters of a query
_DEEPEST: Final = 20  # brackets in brackets

_LEXEME: Final = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<either>\||(?:OR|أو|او)(?![^\s()|]))
      | (?P<both>AND(?![^\s()|]))
      | (?P<minus>NOT(?![^\s()|])|-(?=[^\s\-]))
      | (?P<field>[^\W\d_]+):(?=\S)(?!//)
      | (?P<wide>~)
      | (?P<open>["“”„«])
      | (?P<word>[^\s()|"“”„«»]+)
      | (?P<stray>»)
    )""",
    re.VERBOSE,
)
_CLOSING: Final = {'"': '"', "“": '”“"', "”": '”“"', "„": '“”"', "«": "»"}


class QueryError(ValueError):
    """A query is wrong; the message is one line with the remedy."""


class Words(NamedTuple):
    """Neighbouring words, mostly one."""

    field: str
    words: tuple[str, ...]  # normalized, or the value of `site` or `topic`
    is_quoted: bool = False  # as written but for joined letters before the first word
    is_wide: bool = False  # related words count too


class Days(NamedTuple):
    """A period; None leaves an end open. Both days are in it."""

    since: dt.date | None
    until: dt.date | None


class Not(NamedTuple):
    """Articles without it."""

    part: "Part"


class All(NamedTuple):
    """Articles with all of the parts; with none of them: all articles."""

    parts: tuple["Part", ...]


class Any(NamedTuple):
    """Articles with one of the parts."""

    parts: tuple["Part", ...]


Part: TypeAlias = Union[Words, Days, Not, All, Any]  # noqa: UP007  (Python 3.10 can't join names that come later)


def parse(query: str) -> Part:
    """The parts of a query.

    Raises:
      QueryError: it is not closed, names an unknown field, or has a wrong date or topic.
    """
    if len(query) > _LONGEST:
        raise QueryError(f"the query is longer than {_LONGEST:,} characters; ask for less at once")
    found = _Parser(query).parse()
    if found == All(()) and query.strip():
        raise QueryError("the query has no word in it; write one, or none of the signs")
    return found


def filters(
    *,
    since: object = None,
    until: object = None,
    site: str | None = None,
    topic: str | None = None,
    name: str | None = None,
) -> list[Part]:
    """The parts that flags ask for; see `parse`.

    Raises:
      QueryError: a date or a topic is wrong, or a name has no word.
    """
    given = {SINCE: since, UNTIL: until, SITE: site, TOPIC: topic, NAME: name}
    return [_field(field, str(value)) for field, value in given.items() if value is not None and value != ""]


class _Parser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._place = 0
        self._depth = 0

    def parse(self) -> Part:
        found = self._all()
        if self._peek():
            raise QueryError('the query has a ")" without "("; remove it, or put it in quotes')
        return found

    def _peek(self) -> re.Match[str] | None:
        return _LEXEME.match(self._query, self._place)

    def _take(self, kind: str) -> str | None:
        """The next lexeme, if it is of that kind."""
        match = self._peek()
        if match is None or match.lastgroup != kind:
            return None
        self._place = match.end()
        return match[kind]

    def _all(self) -> Part:
        parts: list[Part] = []
        while (match := self._peek()) and match["bracket"] != ")":
            if self._take("both") is not None or self._take("stray") is not None:
                continue
            if (part := self._any()) is not None:
                parts.append(part)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _any(self) -> Part | None:
        parts = [self._one()]
        while self._take("either") is not None:
            parts.append(self._one())
        known = [part for part in parts if part is not None]
        return Any(tuple(known)) if len(known) > 1 else known[0] if known else None

    def _one(self) -> Part | None:
        """One part; None if there is nothing, or only signs."""
        if self._take("minus") is not None:
            part = self._one()
            return Not(part) if part is not None else None
        match = self._peek()
        if match is None or match.lastgroup in ("either", "both") or match["bracket"] == ")":
            return None
        if self._take("bracket"):
            return self._group()
        field = self._take("field")
        if field is not None:
            return _field(_known_field(field), *self._value())
        text, is_quoted, is_wide = self._value()
        return _words(ANYWHERE, text, is_quoted, is_wide)

    def _group(self) -> Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"the query has more than {_DEEPEST} brackets in each other; ask for less at once")
        part = self._all()
        if self._take("bracket") != ")":
            raise QueryError('the query has a "(" that is not closed; add ")"')
        self._depth -= 1
        return part

    def _value(self) -> tuple[str, bool, bool]:
        """The next word or phrase, and whether it is quoted and whether it is wide."""
        is_wide = self._take("wide") is not None
        if (quote := self._take("open")) is not None:
            start = self._place
            end = min([place for sign in _CLOSING[quote] if (place := self._query.find(sign, start)) >= 0], default=-1)
            if end < 0:
                raise QueryError(f"the query has a quote that is not closed; add {_CLOSING[quote][0]} after the phrase")
            self._place = end + 1
            return self._query[start:end], True, is_wide
        word = self._take("word") or ""
        if word.endswith(":") and _ARABIC_FIELDS.get(word[:-1], word[:-1].lower()) in FIELDS:
            raise QueryError(f"{word} has no word after it; write {word}word, without a blank")
        return word, False, is_wide


def _known_field(name: str) -> str:
    field = _ARABIC_FIELDS.get(name, name.lower())
    if field not in FIELDS:
        close = difflib.get_close_matches(field, FIELDS, 1)
        meant = f"; did you mean {close[0]}:?" if close else ""
        raise QueryError(f"no field {name!r}; there are {', '.join(FIELDS)}{meant}; put words with a colon in quotes")
    return field


def _field(field: str, value: str, is_quoted: bool = False, is_wide: bool = False) -> Part:
    """The part that a field and its value ask for."""
    if field == SINCE:
        return Days(_days(value)[0], None)
    if field == UNTIL:
        return Days(None, _days(value)[1])
    if field == SITE:
        host = re.sub(r"^\w+://|/.*$", "", value.strip().lower()).removeprefix("www.")
        return Words(SITE, (host,))
    if field == TOPIC:
        return Words(TOPIC, (_topic(value),))
    part = _words(field, value, is_quoted or field == NAME, is_wide)
    if part is None:
        raise QueryError(f"{field}: has no word after it; write {field}:word")
    return part


def _words(field: str, text: str, is_quoted: bool, is_wide: bool) -> Words | None:
    found = tuple(words(text))
    if not found:
        return None
    return Words(field, found, is_quoted or len(found) > 1, is_wide and len(found) == 1)


def _days(value: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of a date, a month or a year."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value.strip())
    try:
        if match:
            year, month, day = (int(part) if part else None for part in match.groups())
            last = calendar.monthrange(year or 0, month or 12)[1]
            return dt.date(year or 0, month or 1, day or 1), dt.date(year or 0, month or 12, day or last)
    except (ValueError, calendar.IllegalMonthError):
        pass
    raise QueryError(f"{value!r} is no date; write 2024-05-31, 2024-05 or 2024")


def _topic(value: str) -> str:
    """The slug of a topic, which may be named in Arabic or English."""
    by_name = {slug: slug for slug in ["other"]}
    for topic in TOPICS:
        by_name |= {topic.slug: topic.slug, " ".join(words(topic.arabic)): topic.slug}
        by_name |= {topic.english.lower(): topic.slug}
    slug = value.strip().lower()
    named = " ".join(words(value))
    likely = {by_name[name] for name in by_name if name.startswith((slug, named))} if slug and named else set()
    found = by_name.get(slug) or by_name.get(named) or (likely.pop() if len(likely) == 1 else None)
    if found is None:
        slugs = sorted({*by_name.values()})
        close = difflib.get_close_matches(slug, by_name, 1, 0.5)
        meant = f"; did you mean {by_name[close[0]]}?" if close else ""
        raise QueryError(f"no topic {value!r}{meant}; there are {', '.join(slugs)}")
    return found


def positive(part: Part) -> Sequence[Words]:
    """The words that a found article may have."""
    if isinstance(part, Words):
        return [part]
    if isinstance(part, (All, Any)):
        return [word for each in part.parts for word in positive(each)]
    return []
