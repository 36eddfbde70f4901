"""The day an article was published, from all that its page says: `find_dates` gathers, `choose_date` decides.

Evidence is trusted in the order of `labels.DATE_SOURCES`. What states a change ("آخر تحديث"), what hangs on the time of
reading ("منذ ٣ ساعات") and what stands outside the article counts only where nothing better is found.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from lxml.html import HtmlElement

from warraq.schemas.labels import DATE_SOURCES
from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, LOOSE, DateCandidate, day_of, stamped
from warraq.transforms.extract.dates.visible import find_in_page, find_in_text
from warraq.transforms.extract.dates.written import day_read
from warraq.transforms.extract.json_ld import is_article, types, walk
from warraq.transforms.extract.page_index import Look, look

__all__ = ["DateCandidate", "Publication", "choose_date", "find_dates"]

_FIRST_YEAR: Final = 1994  # before it no news site stood on the web
_RENDERED: Final = dt.timedelta(minutes=2)  # a stamp this close to the fetch was made while the page was served
_EVENING: Final = 20  # o'clock in Greenwich: midnight in Oman, the easternmost Arab land
_DAY: Final = dt.timedelta(days=1)


class Publication(NamedTuple):
    """The verdict. `date` is never before 1994 nor later than the day after the fetch."""

    date: dt.date
    published_at: dt.datetime | None
    source: str
    evidence: str


def find_dates(
    tree: HtmlElement | None, json_ld: Sequence[dict[str, Any]], url: str, text: str, looked_at: Look | None = None
) -> list[DateCandidate]:
    """Every date that may be the article's, each source's best first.

    `tree` is the parsed page, None for a document without markup, whose `text` is read instead. `json_ld` holds the
    page's top-level JSON-LD objects, `looked_at` what `look(tree)` gives, for who has it already. Only short texts with
    digits are parsed.
    """
    found = list(_from_json_ld(json_ld, url))
    if tree is None:
        found.extend(find_in_text(text))
    else:
        page = looked_at or look(tree)
        found.extend(_from_head(page))
        found.extend(find_in_page(tree, page))
    found.extend(_from_url(url))
    return found


def choose_date(candidates: Sequence[DateCandidate], fetched_at: dt.datetime) -> Publication:
    """The most trusted plausible date; the fetch day if there is none.

    A stamp in Greenwich's evening is often of the day before the one that readers farther east saw: then the byline's
    day is taken with the stamp's instant.
    """
    settled = [(_settle(candidate, fetched_at), candidate) for candidate in candidates]
    plausible = [(day, candidate) for day, candidate in settled if day and _plausible(day, candidate, fetched_at)]
    if not plausible:
        return Publication(fetched_at.date(), None, "fetched", "")
    day, best = min(plausible, key=lambda pair: _preference(pair[1], fetched_at))  # min keeps the first of equals
    if best.published_at and best.published_at.date() == day and best.published_at.hour >= _EVENING:
        shown = [d for d, c in plausible if c.source == "byline" and c.standing == FIRM]
        day = day + _DAY if day + _DAY in shown[:1] else day
    return Publication(day, best.published_at, best.source, best.evidence)


def _settle(candidate: DateCandidate, fetched_at: dt.datetime) -> dt.date | None:
    return day_read(candidate.written, fetched_at) if candidate.written else candidate.date


def _plausible(day: dt.date, candidate: DateCandidate, fetched_at: dt.datetime) -> bool:
    """True if the article may be of that day. A LOOSE date of the fetch day is the page's calendar: it says nothing.

    A fetch time before the web is none (files in reproducible archives are of 1970), so it bounds nothing.
    """
    if fetched_at.year < _FIRST_YEAR:
        return day.year >= _FIRST_YEAR
    latest = fetched_at.date() + (_DAY if candidate.standing < LOOSE else -2 * _DAY)
    return day.year >= _FIRST_YEAR and day <= latest


def _preference(candidate: DateCandidate, fetched_at: dt.datetime) -> tuple[int, int]:
    """Smaller is better: standing, then source; LOOSE ones stand in the order of their likelihood already.

    A stamp made while the page was served tells no more than a change does, nor does the fetch day above the title.
    """
    rendered = candidate.published_at is not None and abs(fetched_at - candidate.published_at) < _RENDERED
    today = candidate.above and candidate.date is not None and abs(candidate.date - fetched_at.date()) <= _DAY
    standing = max(candidate.standing, CHANGED if rendered or today else FIRM)
    return standing, list(DATE_SOURCES).index(candidate.source) if standing < LOOSE else 0


# --- JSON-LD

_OTHER_THINGS: Final = frozenset(("Comment", "Review", "Event", "Person", "Organization", "ImageObject", "Product"))
_LD_KEYS: Final = {"datePublished": FIRM, "dateCreated": FIRM, "uploadDate": FIRM, "dateModified": CHANGED}


def _from_json_ld(json_ld: Sequence[dict[str, Any]], url: str) -> Iterator[DateCandidate]:
    """The dates of the page's article, else of the page, else of its video. Other articles' dates are left out."""
    dated = [node for node in json_ld if not _LD_KEYS.keys().isdisjoint(node)]
    articles = [node for node in dated if is_article(node)]
    if not articles:
        articles = [inner for node in json_ld for inner in walk(node.get("mainEntity")) if is_article(inner)]
    own = [node for node in articles if _names_url(node, url)]
    chosen = own or articles or [node for node in dated if not _OTHER_THINGS.intersection(types(node))]
    for node in sorted(chosen, key=lambda node: "datePublished" not in node)[:1]:
        kind = "/".join(types(node)) or "JSON-LD"
        for key, standing in _LD_KEYS.items():
            yield from stamped("json_ld", node.get(key), f"{kind} {key}", standing)


def _names_url(node: dict[str, Any], url: str) -> bool:
    page = node.get("mainEntityOfPage")
    names = (node.get("url"), node.get("@id"), page.get("@id") if isinstance(page, dict) else page)
    return any(isinstance(name, str) and name.partition("#")[0] == url for name in names)


# --- <meta>

_META_CHANGED: Final = re.compile(r"modif|updat|lastmod|revis|lastpub")
_META_PUBLISHED: Final = re.compile(
    r"publish(?!er)|publication|pubdate|pubdt|issued|release|original|posted|postdate|^pdate$|upload|createat|displaydate"
)
_META_DATE: Final = re.compile(r"date$|created$|^timestamp$|^dc(terms)?date")
_NO_LETTER: Final = re.compile(r"[^a-z]+")
_DIGIT: Final = re.compile(r"\d")
_LONGEST_STAMP: Final = 60  # characters
_META_OTHER: Final = re.compile(r"expir|until|unavailable|valid|build|founding|birth|event|start|end|crawl|comment")


def _from_head(page: Look) -> Iterator[DateCandidate]:
    """The dates of <meta> elements: those named for publication, then those only called a date, then changes."""
    ranked: list[tuple[int, DateCandidate]] = []
    for meta in page.tagged["meta"]:
        value = meta.get("content")
        if not value or len(value) > _LONGEST_STAMP or not _DIGIT.search(value):
            continue
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        key = _NO_LETTER.sub("", name.rpartition("#")[2].lower())
        if _META_OTHER.search(key):
            continue
        for rank, pattern in enumerate((_META_CHANGED, _META_PUBLISHED, _META_DATE)):
            if pattern.search(key):
                standing = FIRM if rank else CHANGED
                ranked.extend((rank or 9, found) for found in stamped("meta", value, name, standing))
                break
    ranked.sort(key=lambda pair: pair[0])
    return (candidate for _, candidate in ranked)


# --- the address

_URL_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<sep>[/_.-])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)",
        r"/(?P<year>(?:19|20)\d\d)/?(?P<month>\d\d)/?(?P<day>\d\d)(?=[/_.-]|$)",  # 2024/0512, 202405/12
        r"(?<!\d)(?P<year>(?:19|20)\d\d)[/-](?P<month>[a-z]{3})[a-z]*[/-](?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})(?P<sep>[/_-])(?P<month>\d{1,2})(?P=sep)(?P<year>(?:19|20)\d\d)(?!\d)",
        r"(?<!\d)(?P<year>20\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?=\D|$|\d{4}(?:\D|$)|\d{6,})",  # 202405121430, + id
    )
)


def _from_url(url: str) -> Iterator[DateCandidate]:
    """The first full date in the address, by the surest of its usual forms."""
    readable = unquote(url).partition("://")[2]
    for pattern in _URL_DATES:
        for match in pattern.finditer(readable):
            try:
                date = day_of(match)
            except ValueError:
                continue
            yield DateCandidate("url", date, None, f"address: {match.group()}")
            return
