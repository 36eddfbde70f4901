"""The expectation for each record: one row of `expected.jsonl`."""

import datetime as dt
from typing import Any, Final
from urllib.parse import urlsplit

from samples.articles import stories
from samples.catalogue import PLACED, REPORTS, SECTIONS, SITES, WET, Placed
from samples.oddities import Refusal
from samples.pages import fetched_url, page_url, stated_moment

Row = dict[str, Any]

_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_MACHINE_DATES: Final = frozenset({"json_ld", "meta", "time_tag"})


def article_row(placed: Placed, record: int, url: str, fetched: dt.datetime | None, *, is_text: bool = False) -> Row:
    """The expectation for a page; null where the page does not say (and, for `credit` and `published_at`, none)."""
    site, story = SITES[placed.site], stories()[placed.story]
    canonical = None if is_text and url.startswith("file:") else page_url(placed)
    row: Row = {"dump": placed.dump, "record": record, "url": url}
    if placed.copy_of:
        row |= {"door": "rejected", "stage": "deduplicate", "reason": "duplicate"}
        return row | {"duplicate_of_url": _first_url(placed), "note": placed.note}
    source = _date_source(placed, is_text=is_text)
    day = fetched.date() if source == "fetched" and fetched else stated_moment(placed.published).date()
    return row | {
        "door": "article",
        "title": story.title,
        "text": story.text,
        "authors": None if is_text and not placed.stated else list(placed.authors),
        "date": day.isoformat(),
        "date_source": source,
        "published_at": _instant(placed) if source in _MACHINE_DATES else None,
        "charset": "utf-8" if is_text else placed.charset,
        "site": _registered(canonical) if canonical else None,
        "site_name": site.name if site.names_itself and not is_text else None,
        "section": SECTIONS[story.topic] if site.names_section and not is_text else None,
        "credit": placed.credited or None,
        "canonical_url": canonical,
        "topic": story.topic,
        "topics_ok": [story.topic, *story.also],
        "entities": [list(entity) for entity in story.entities],
        "language": "ar",
        "duplicate_of_url": _first_url(placed) if placed.near else None,
        "note": placed.note,
    }


def _date_source(placed: Placed, *, is_text: bool) -> str:
    source = "record" if placed.stated else SITES[placed.site].date_source
    return "byline" if is_text and (placed.dump == WET or placed.dump.startswith(REPORTS)) else source


def _instant(placed: Placed) -> str | None:
    """The stated time in UTC; None for a day alone."""
    moment = stated_moment(placed.published)
    return moment.astimezone(dt.timezone.utc).strftime(_STAMP) if moment.tzinfo else None


def _registered(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])  # `.example` and example.com: two labels


def _first_url(placed: Placed) -> str:
    """The address of the page that `placed` copies."""
    slug = placed.copy_of or placed.near
    return fetched_url(next(other for other in PLACED if other.story == slug and not other.copy_of))


def refusal_row(refusal: Refusal, dump: str, record: int, url: str = "") -> Row:
    stage, reason = refusal.reasons[0].split("/")
    row: Row = {
        "dump": dump,
        "record": record,
        "url": url or refusal.url,
        "door": "rejected",
        "stage": stage,
        "reason": reason,
    }
    if len(refusal.reasons) > 1:
        row["reasons"] = list(dict.fromkeys(refusal.reasons))
    return row | {"note": refusal.note}


def corrupt_row(dump: str, record: int, note: str) -> Row:
    row = {"dump": dump, "record": record, "url": None, "door": "rejected", "stage": "read", "reason": "corrupt_record"}
    return row | {"note": note}
