"""Maps a record of named fields, from JSON lines or Parquet, to a page, by the names and values of its fields."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from warraq.schemas.encodable import without_surrogates
from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.dump import Dump, check_size, file_url, refuse
from warraq.transforms.read.markup import has_tags, is_whole_page
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import SNIFFED_BYTES, recognise
from warraq.transforms.read.tables.facts import Found, first_that, plain, stated_address, stated_facts
from warraq.transforms.read.tables.names import CONTENT, Names, Use, use_of, walk_fields
from warraq.transforms.read.times import parse_time


def page_of(  # noqa: PLR0913, PLR0917  (a record and its place)
    record: Mapping[str, Any], names: Names, offset: int, size: int, dump: Dump, rules: ReadRules
) -> Page | Rejected:
    """The page in `record`, which has `size` bytes at `offset`, or its rejection.

    A string is decoded text. Bytes are the page as crawled, in the charset that the record states, if any. A field that
    the user states is taken first, then text, then HTML.
    """
    uses = _by_use(record, names)
    found = {field: [value for _, value in values] for field, values in uses.items()}
    url = _first(found, "url") or stated_address(found) or f"{file_url(dump.path)}#{offset}"
    stated = _dates_told_apart(found)
    fetched_at = _fetch_time(stated) or rules.stated_time() or dump.modified_at
    body = _body(uses.get("content", ()), _first(found, "charset"))
    problem = body.problem if body else f"no html or text; it has {', '.join(record)}"
    if body is None or problem:
        return refuse(dump, offset, "not_html", problem, url=url, size=size, fetched_at=fetched_at)
    source = Source(url, fetched_at, dump.path, offset, len(body.content))
    title = plain(_first(found, "title")) or None
    page = Page(source, body.content, body.is_text, body.charset, title, stated_facts(stated))
    return check_size(page, rules.max_bytes)


def _by_use(record: Mapping[str, Any], names: Names) -> dict[str, list[tuple[Use, Any]]]:
    """The values of the record by our field, best first; text, HTML and both are the one field `content`."""
    found: dict[str, list[tuple[Use, Any]]] = {}
    for path, value in walk_fields(record, names):
        use = use_of(path, names)
        if use and value is not None:
            found.setdefault("content" if use.field in CONTENT else use.field, []).append((use, value))
    for values in found.values():
        values.sort(key=lambda found: found[0].rank)
    return found


def _dates_told_apart(found: Found) -> Found:
    """The fields of a record; in an export of a crawl that states no other time, `date` is the time of the fetch."""
    if "export" not in found or "fetched_at" in found:
        return found
    dated = found.get("dated", [])
    return {**found, "fetched_at": [*dated, *found["export"]], "dated": []}


def _fetch_time(found: Found) -> dt.datetime | None:
    """The time of the fetch; else that of publication, which is closer to the fetch than the time of the file."""
    times = (value for field in ("fetched_at", "published_at", "dated") for value in found.get(field, ()))
    moment: dt.datetime | None = first_that(parse_time, times)
    return moment


class _Body(NamedTuple):
    """The content of a page."""

    content: bytes
    is_text: bool
    charset: str | None
    problem: str = ""  # the reason why it is no page


def _body(found: Iterable[tuple[Use, Any]], charset: str) -> _Body | None:
    """The first field with any content."""
    for use, value in found:
        if isinstance(value, bytes) and value:
            return _as_crawled(value, use.field, charset)
        if text := _string(value) or _string([part for part in _paragraphs(value) if part]):
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


def _first(found: Found, field: str) -> str:
    return next(filter(None, map(_string, found.get(field, ()))), "")


def _string(value: object) -> str:
    """The value as a stripped string. A list of strings, as item loaders write it, becomes lines."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    return value.strip() if isinstance(value, str) else ""


def _paragraphs(value: object) -> Iterator[str]:
    """The paragraphs of a body as fundus writes it: `{"summary": […], "sections": [{"headline", "paragraphs"}]}`."""
    if isinstance(value, dict):
        yield _string(value.get("summary"))
        sections = value.get("sections")
        for section in sections if isinstance(sections, list) else [value]:
            if isinstance(section, dict):
                yield from (_string(section.get(name)) for name in ("headline", "paragraphs"))
