"""Readers of dates: JSON-LD, meta tags, the page's body, the URL."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from warraq.schemas.records import NOTHING_STATED, Stated
from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, DateCandidate, day_of, stamped
from warraq.transforms.extract.dates.visible import find_in_page, find_in_text
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.json_ld import JsonLd, Node
from warraq.transforms.extract.metadata.urls import web_address
from warraq.transforms.extract.page_index import PageIndex


def read_dates(facts: Facts) -> list[DateCandidate]:
    """Every date that may be the article's, in the order of the sources, each source's best first."""
    return [
        *_from_record(facts.stated, CHANGED),
        *_from_json_ld(facts.json_ld, facts.url),
        *_from_head(facts.index),
        *find_in_page(facts.index),
        *_from_url(web_address(facts)),
    ]


def read_text_dates(
    text: str, url: str, stated: Stated = NOTHING_STATED, title: str | None = None
) -> list[DateCandidate]:
    """As `read_dates`, for a text without markup."""
    return [*_from_record(stated, FIRM), *find_in_text(text, title), *_from_url(url)]


# --- the record in a feed


def _from_record(stated: Stated, dated: int) -> Iterator[DateCandidate]:
    """The dates of the record. `dated` is the standing of fields such as `date`, which may be of the fetch."""
    for field, values, standing in (
        ("published", stated.published, FIRM),
        ("date", stated.dated, dated),
        ("modified", stated.modified, CHANGED),
    ):
        for value in values:
            yield from stamped("record", value, field, standing)


# --- JSON-LD

_OTHER_THINGS: Final = frozenset(("Comment", "Review", "Event", "Person", "Organization", "ImageObject", "Product"))
_LD_KEYS: Final = {"datePublished": FIRM, "dateCreated": FIRM, "uploadDate": FIRM, "dateModified": CHANGED}


def _from_json_ld(json_ld: JsonLd, url: str) -> Iterator[DateCandidate]:
    """The dates of the page's article, else of the page, else of its video. Dates of other articles are left out."""
    dated = [node for node in json_ld.top if not _LD_KEYS.keys().isdisjoint(node.fields)]
    articles = [node for node in dated if node.is_article] or json_ld.main_articles
    own = [node for node in articles if _names_url(node, url)]
    chosen = own or articles or [node for node in dated if _OTHER_THINGS.isdisjoint(node.types)]
    for node in sorted(chosen, key=lambda node: "datePublished" not in node.fields)[:1]:
        kind = "/".join(node.types) or "JSON-LD"
        for key, standing in _LD_KEYS.items():
            yield from stamped("json_ld", node.fields.get(key), f"{kind} {key}", standing)


def _names_url(node: Node, url: str) -> bool:
    page = node.fields.get("mainEntityOfPage")
    names = (node.fields.get("url"), node.fields.get("@id"), page.get("@id") if isinstance(page, dict) else page)
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


def _from_head(index: PageIndex) -> Iterator[DateCandidate]:
    """The dates of meta tags: names of publication first, then names that only say date, then changes."""
    ranked: list[tuple[int, DateCandidate]] = []
    for meta in index.tagged["meta"]:
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


# --- the URL

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
    """The first full date in the URL; the surest of the usual forms is tried first."""
    readable = unquote(url).partition("://")[2]
    for pattern in _URL_DATES:
        for match in pattern.finditer(readable):
            try:
                date = day_of(match)
            except ValueError:
                continue
            yield DateCandidate("url", date, None, f"address: {match.group()}")
            return
