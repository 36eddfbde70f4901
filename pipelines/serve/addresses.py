"""The addresses of views: the facets that are chosen, read from the query and written to it."""

import datetime as dt
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from warraq.pipelines.serve.questions import Filters
from warraq.schemas.labels import DATE_SOURCES, ENTITY_KINDS, TOPIC_SLUGS

_LONGEST: Final = 300  # characters of a value
_MOST_PAGES: Final = 500  # of a list: DuckDB sorts all rows before the offset


def day(value: str | None) -> dt.date | None:
    """The day `YYYY-MM-DD`; None for any other text."""
    try:
        return dt.date.fromisoformat((value or "").strip()[:10])
    except ValueError:
        return None


def text(arguments: Mapping[str, str], name: str) -> str:
    """The value of an argument, without control characters and blanks around it."""
    value = "".join(sign for sign in arguments.get(name, "") if sign.isprintable())
    return value.strip()[:_LONGEST]


def number(arguments: Mapping[str, str], name: str = "page") -> int:
    """The number of a page of a list, from 1."""
    value = arguments.get(name, "")
    return max(1, min(int(value), _MOST_PAGES)) if value.isascii() and value.isdigit() and len(value) < 9 else 1


def filters(arguments: Mapping[str, str]) -> Filters:
    """The facets in a query. A topic, kind or source that does not exist is no facet."""
    topic, kind, source = (text(arguments, name) for name in ("topic", "kind", "date_source"))
    return Filters(
        since=day(arguments.get("since")),
        until=day(arguments.get("until")),
        topic=topic if topic in TOPIC_SLUGS else "",
        site=text(arguments, "site"),
        name=text(arguments, "name"),
        kind=kind if kind in ENTITY_KINDS else "",
        run=text(arguments, "run"),
        credit=text(arguments, "credit"),
        date_source=source if source in DATE_SOURCES else "",
    )


def facets(filters: Filters) -> dict[str, str]:
    """The arguments of the query that choose these facets."""
    return {name: str(value) for name, value in filters._asdict().items() if value}


def address(path: str, *chosen: Mapping[str, object], **changes: object) -> str:
    """An address with these arguments. Later ones win, and those that are empty or None are left out."""
    merged: dict[str, object] = {}
    for part in (*chosen, changes):
        merged |= part
    kept = {name: str(value) for name, value in merged.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def article(day: object, article_id: str) -> str:
    """The address of an article; its day, if it is known, keeps the question to a few files."""
    return f"/article/{day or '-'}/{article_id}"


def name(name: str, kind: str = "", **more: object) -> str:
    """The address of the page of a name."""
    return address("/name", {"name": name, "kind": kind}, more)
