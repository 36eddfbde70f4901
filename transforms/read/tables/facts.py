"""The facts about an article that its record states: authors, dates, section and others, from values of any shape.

Feeds write a fact as a text, a list, an object (`{"name": …}`), or a list of objects. Texts lose tags and character
references. Dates stay as written: the extract stage reads them as it reads those of a page.
"""

import datetime as dt
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from warraq.schemas.records import Stated
from warraq.transforms.read.times import parse_time

Found = Mapping[str, list[Any]]  # our field → the values of the record, best first

_MOST: Final = 100  # values of one field that are read; more are a data structure
_DEPTH: Final = 3  # of lists and objects in a value
_NAMES: Final = (
    "name",
    "title",
    "label",
    "text",
    "$date",
    "@value",
    "value",
    "url",
    "src",
)  # of the value in an object
_LONGEST_DATE: Final = 100  # characters
_TAG: Final = re.compile(r"<[a-zA-Z/!][^<>]*>")
_PRINTED_LIST: Final = re.compile(r"\[\s*(?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*\s*\]")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MAILBOX: Final = re.compile(r"\S+@\S+\s*\(([^()]+)\)")  # the author of RSS: noreply@site.example (سلمى أحمد)
_HOST: Final = re.compile(r"(?:https?:|www\.)\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://\S+", re.IGNORECASE)


def stated_facts(found: Found) -> Stated:
    """The facts in the values of a record."""
    sections = list(_texts(found, "section"))
    return Stated(
        published=list(_dates(found, "published_at")),
        dated=list(_dates(found, "dated")),
        modified=list(_dates(found, "modified_at")),
        authors=list(_texts(found, "authors")),
        tags=list(_texts(found, "tags")),
        section=next(iter(sections), None),
        site_name=next((name for name in _texts(found, "site_name") if not _HOST.fullmatch(name)), None),
        description=next(_texts(found, "description"), None),
        image_url=next((url for url in _texts(found, "image_url") if _WEB.fullmatch(url)), None),
    )


def stated_address(found: Found) -> str | None:
    """The web address of the page, where only a field such as `source` states it; None without one."""
    return next((text for text in _texts(found, "site_name") if _WEB.fullmatch(text) and "/" in text[9:]), None)


def plain(text: str) -> str:
    """The text in one line, without tags and character references."""
    return " ".join(html.unescape(_TAG.sub(" ", html.unescape(text))).split())


def _texts(found: Found, field: str) -> Iterator[str]:
    """The texts of the first value that has any, each once."""
    for value in found.get(field, ()):
        texts = list(dict.fromkeys(filter(None, map(plain, _strings(value)))))[:_MOST]
        if texts:
            yield from texts
            return


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    """The strings in a value: of each item of a list, and of the first usual name in an object."""
    if isinstance(value, str):
        if mailbox := _MAILBOX.fullmatch(value.strip()):
            yield mailbox[1]
        elif _PRINTED_LIST.fullmatch(value.strip()):  # of Python, in tables
            yield from (one or other for one, other in _QUOTED.findall(value)[:_MOST])
        else:
            yield value
    elif isinstance(value, list) and depth < _DEPTH:
        for item in value[:_MOST]:
            yield from _strings(item, depth + 1)
    elif isinstance(value, dict) and depth < _DEPTH:
        yield from _strings(next((value[name] for name in _NAMES if value.get(name)), None), depth + 1)


def _dates(found: Found, field: str) -> Iterator[str]:
    """The dates of all values, as written or in ISO 8601."""
    return (date for value in found.get(field, ())[:_MOST] for date in _written(value))


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        moment = parse_time(value)
        if moment:
            yield moment.isoformat()
    elif isinstance(value, (dt.datetime, dt.date)):
        yield value.isoformat()
    elif isinstance(value, dict) and isinstance(inner := next(iter(value.values()), None), (str, int, float)):
        yield from _written(inner)
    else:
        yield from (text for text in map(plain, _strings(value)) if 0 < len(text) <= _LONGEST_DATE)


def first_that(reads: Callable[[Any], Any], values: Iterable[Any]) -> Any:
    """The first result of `reads` that is true; None without one."""
    return next(filter(None, map(reads, values)), None)
