"""Maps a record of named fields, from JSON lines or a Parquet file, to a page, by the names and values of its fields.

The known names are those of Common Crawl exports, Scrapy feeds, datatrove, news-please, OSCAR, HPLT, RedPajama,
FineWeb, C4 and SaudiNewsNet. A dot leads into a nested object; case doesn't matter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from warraq.schemas.encodable import without_surrogates
from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.file_names import shown_name
from warraq.transforms.read.dump import Dump, InputError, check_size, file_url, refuse
from warraq.transforms.read.markup import has_tags, is_whole_page
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import SNIFFED_BYTES, recognise
from warraq.transforms.read.times import parse_time

# Our field → its names in dumps, best first. "body" is HTML in a Scrapy feed and text elsewhere: for names in `either`
# the content decides. A date of publication comes last for `fetched_at`: it is closer to the fetch than the time of the
# file.
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "url": (
        "url", "metadata.url", "meta.url", "warc_headers.warc-target-uri", "target_uri", "warc_target_uri", "uri",
        "link", "page_url", "source_url", "article_url", "u",
    ),
    "text": (
        "text", "maintext", "main_text", "raw_content", "plain_text", "full_text", "fulltext", "article_text",
        "articlebody", "article_body",
    ),
    "html": ("html", "raw_html", "html_content", "content_html", "page_html", "response_body"),
    "either": ("content", "body", "article"),
    "title": ("title", "headline", "metadata.title", "meta.title", "page_title"),
    "fetched_at": (
        "fetched_at", "fetch_time", "crawled_at", "scraped_at", "date_download", "timestamp", "warc_date",
        "crawl_date", "date_crawled", "date_extracted", "retrieved_at", "metadata.fetched_at", "metadata.date",
        "metadata.timestamp", "meta.date_download", "meta.timestamp", "warc_headers.warc-date", "ts", "date", "time",
        "dump", "metadata.dump", "date_publish", "published_at", "publish_date", "pubdate",
    ),
    "charset": ("charset", "content_charset", "encoding"),
}  # fmt: skip
CONTENT: Final = ("text", "html", "either")
_CHECKED_OBJECTS: Final = 100  # a field may be missing in some records, but hardly in so many


class _Use(NamedTuple):
    """The use of a field of a dump. Of several fields for one use, the lowest rank wins."""

    rank: int
    field: str  # a key of KNOWN


class Names(NamedTuple):
    """The names of our fields in dumps."""

    uses: Mapping[str, _Use]  # by path; known paths in lower case
    parents: frozenset[str]  # paths of objects with such fields, in lower case
    stated: Mapping[str, str]  # our name → the path that the user states


def names_of(rules: ReadRules) -> Names:
    """The names that the user states, then the known names."""
    ranked = [(name, field) for field in ("url", *CONTENT, "title", "fetched_at", "charset") for name in KNOWN[field]]
    uses = {name: _Use(rank, field) for rank, (name, field) in enumerate(ranked)}
    stated = rules.stated_fields()
    uses |= {path: _Use(-1, field) for field, path in stated.items()}
    parents = {path[: dot.start()].lower() for path in uses for dot in re.finditer(r"\.", path)}
    return Names(uses, frozenset(parents), stated)


def use_of(path: str, names: Names) -> _Use | None:
    """The use of the field at `path`; None if it has none."""
    return names.uses.get(path) or names.uses.get(path.lower())


class StatedFields:
    """A check for misspelt names: one of the first objects of a file must have each field in --read_fields."""

    def __init__(self, names: Names, dump: Dump) -> None:
        self._names = names
        self._dump = dump
        self._missing = dict(names.stated)
        self._objects = 0

    def check(self, record: Mapping[str, Any]) -> None:
        """Counts an object.

        Raises:
          InputError: this is object 100, and none had a field that the user states.
        """
        if not self._missing or self._objects == _CHECKED_OBJECTS:
            return
        self._objects += 1
        paths = {path for path, _ in _walk(record, self._names.parents)}
        paths |= {path.lower() for path in paths}
        self._missing = {field: path for field, path in self._missing.items() if path not in paths}
        for field, path in self._missing.items() if self._objects == _CHECKED_OBJECTS else ():
            where = f"no field {path!r} for {field} in the first {_CHECKED_OBJECTS} objects"
            cure = f"correct --read_fields, the last object has {', '.join(record)}"
            raise InputError(f"{shown_name(self._dump.path)}: {where}; {cure}")


def page_of(  # noqa: PLR0913, PLR0917  (a record and its place)
    record: Mapping[str, Any], names: Names, offset: int, size: int, dump: Dump, rules: ReadRules
) -> Page | Rejected:
    """The page in `record`, which has `size` bytes at `offset`, or its rejection.

    A string is decoded text. Bytes are the page as crawled, in the charset that the record states, if any. A field that
    the user states is taken first, then text, then HTML.
    """
    found: dict[str, list[tuple[_Use, Any]]] = {}
    for path, value in _walk(record, names.parents):
        use = use_of(path, names)
        if use and value is not None:
            found.setdefault("content" if use.field in CONTENT else use.field, []).append((use, value))
    for values in found.values():
        values.sort(key=lambda found: found[0].rank)
    url = _first(found, "url") or f"{file_url(dump.path)}#{offset}"
    times = (parse_time(value) for _, value in found.get("fetched_at", ()))
    fetched_at = next(filter(None, times), None) or rules.stated_time() or dump.modified_at
    body = _body(found.get("content", ()), _first(found, "charset"))
    problem = body.problem if body else f"no html or text; it has {', '.join(record)}"
    if body is None or problem:
        return refuse(dump, offset, "not_html", problem, url=url, size=size, fetched_at=fetched_at)
    title = _first(found, "title") or None
    source = Source(url, fetched_at, dump.path, offset, len(body.content))
    page = Page(source, body.content, body.is_text, body.charset, title)
    return check_size(page, rules.max_bytes)


def _walk(record: Mapping[str, Any], parents: frozenset[str], above: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of `record` and of the objects in `parents`, with their paths."""
    for name, value in record.items():
        path = above + name
        if isinstance(value, dict) and path.lower() in parents:
            yield from _walk(value, parents, path + ".")
        else:
            yield path, value


class _Body(NamedTuple):
    """The content of a page."""

    content: bytes
    is_text: bool
    charset: str | None
    problem: str = ""  # the reason why it is no page


def _body(found: Iterable[tuple[_Use, Any]], charset: str) -> _Body | None:
    """The first field with any content."""
    for use, value in found:
        if isinstance(value, bytes) and value:
            return _as_crawled(value, use.field, charset)
        if text := _string(value):
            return _as_decoded(text, use.field, charset)
    return None


def _as_crawled(content: bytes, field: str, charset: str) -> _Body:
    kind = recognise(content[:SNIFFED_BYTES])
    problem = "" if kind in ("html", "text") or field != "either" else kind or "binary"
    return _Body(content, kind != "html" and field != "html", charset or None, problem)


def _as_decoded(text: str, field: str, charset: str) -> _Body:
    """The text in UTF-8; if the dump holds undecoded bytes of a page as code points 0 to 255, these bytes."""
    is_markup = field == "html" or (is_whole_page(text) if field == "text" else has_tags(text))
    if is_markup and charset and not text.isascii() and not charset.lower().startswith("utf"):
        try:
            return _Body(text.encode("latin-1"), False, charset)
        except UnicodeEncodeError:
            pass
    return _Body(without_surrogates(text).encode(), not is_markup, "utf-8")


def _first(found: Mapping[str, list[tuple[_Use, Any]]], field: str) -> str:
    return next(filter(None, (_string(value) for _, value in found.get(field, ()))), "")


def _string(value: object) -> str:
    """The value as a stripped string. A list of strings, as item loaders write it, becomes lines."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    return value.strip() if isinstance(value, str) else ""
