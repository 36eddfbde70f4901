"""The fields of a table that look like facts about articles and are not used. Users hear of them before work starts.

The first records of a dump are read. A field is reported if it looks like one of ours by its name, and no other field
gives ours; or if it has a known name, and none of its values can be used.
"""

import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from warraq.schemas.records import Stated
from warraq.transforms.read.compression.detect import decompressed
from warraq.transforms.read.dump import Dump, open_dump
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.facts import stated_facts
from warraq.transforms.read.tables.json_array import is_multiline, read_objects
from warraq.transforms.read.tables.names import Names, name_key, names_of, use_of, walk_fields
from warraq.transforms.read.tables.parquet import first_rows

_HEAD: Final = 1024 * 1024  # bytes of JSON that are read
_RECORDS: Final = 100
_LOOKS_LIKE: Final = {  # our field → a part of names for it, in the form of `name_key`
    "published_at": re.compile(r"publi[sc]h|publication|^pub|pub[dt]|posted|issued|date|time|تاريخ|نشر"),
    "authors": re.compile(r"author|byline|writer|reporter|journalist|كاتب|مؤلف|محرر"),
    "section": re.compile(r"section|categor|rubri|قسم|تصنيف"),
    "title": re.compile(r"headline|title|عنوان"),
    "tags": re.compile(r"keyword|tags|وسوم"),
}
# Dates of other events, and names that only begin or end like ours.
_OTHERS: Final = re.compile(
    r"crawl|scrap|fetch|download|retriev|extract|modif|updat|birth|expir|valid|index|insert|publisher|readtime|zone|count"
    r"|runtime|process|id$|ids$|url$|link$|lang"
)
_DATES: Final = {"published_at": "published", "dated": "dated"}
_SHOWN: Final = 60  # characters of an example


class UnusedField(NamedTuple):
    """A field of a dump that gives nothing."""

    name: str
    like: str  # our field that it looks like
    example: str
    is_known: bool  # by its name: its values are wrong


def unused_fields(dump: Dump, rules: ReadRules, is_date: Callable[[str], bool]) -> list[UnusedField]:
    """The unused fields of a dump, in order of appearance; none for other formats and damaged files.

    Reads 1 MiB of JSON lines at most, or 20 rows of Parquet. `is_date` tells the texts that can be read as a date.

    Raises:
      OSError: the storage does not answer.
    """
    return list(find_unused(first_records(dump), names_of(rules), is_date))


def first_records(dump: Dump) -> list[Mapping[str, Any]]:
    """The first records of a dump; none for other formats and damaged files."""
    with open_dump(dump.path) as stream:
        if dump.kind == "parquet":
            return first_rows(stream)
        if dump.kind != "jsonl":
            return []
        head = decompressed(stream, dump.packing).read(_HEAD)
    return list(itertools.islice(_objects(head), _RECORDS))


def _objects(head: bytes) -> Iterator[Mapping[str, Any]]:
    """The objects in the first bytes of a file of JSON."""
    if is_multiline(io.BytesIO(head)):
        found: Iterable[bytes] = (one.content for one in read_objects(io.BytesIO(head), _HEAD) if not one.problem)
    else:
        found = (line.strip(b" \t\r\n[],\xef\xbb\xbf") for line in head.splitlines())
    for content in found:
        try:
            record = json.loads(content, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def find_unused(
    records: Sequence[Mapping[str, Any]], names: Names, is_date: Callable[[str], bool]
) -> Iterator[UnusedField]:
    """The unused fields of these records."""
    values: dict[str, list[Any]] = {}
    for record in records:
        for path, value in walk_fields(record, names):
            if value not in (None, "", [], {}):
                values.setdefault(path, []).append(value)
    uses = {path: use.field for path in values if (use := use_of(path, names))}
    given = {field for path, field in uses.items() if _is_usable(field, values[path], is_date)}
    if "dated" in given:
        given.add("published_at")
    for path, held in values.items():
        like = uses.get(path) or _like(path)
        if path not in uses and like and like not in given and _is_usable(like, held, is_date):
            yield UnusedField(path, like, _shown(held), is_known=False)
        elif path in uses and like in {*_LOOKS_LIKE, "dated"} and not _is_usable(like, held, is_date):
            yield UnusedField(path, "published_at" if like == "dated" else like, _shown(held), is_known=True)


def _like(path: str) -> str | None:
    """Our field that a path looks like by its last name."""
    name = name_key(path).rpartition(".")[2]
    if _OTHERS.search(name):
        return None
    return next((field for field, pattern in _LOOKS_LIKE.items() if pattern.search(name)), None)


def _is_usable(field: str, held: Sequence[Any], is_date: Callable[[str], bool]) -> bool:
    """True if one of the values gives something for our field."""
    facts = (stated_facts({field: [value]}) for value in held)
    if field in _DATES:
        return any(is_date(date) for fact in facts for date in getattr(fact, _DATES[field]))
    if field in Stated._fields:
        return any(getattr(fact, field) for fact in facts)
    return any(isinstance(value, (str, list)) for value in held)


def _shown(held: Sequence[Any]) -> str:
    return str(held[0])[:_SHOWN]
