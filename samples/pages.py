"""The pages of the catalogue as bytes: address, fetch time, markup, response, visible text."""

import datetime as dt
from typing import Final
from urllib.parse import quote

from samples import furniture as around
from samples.articles import stories
from samples.catalogue import (
    CRAWL,
    DAMAGED,
    FEED,
    LEGACY,
    LEGACY_CRAWL,
    MIXED,
    NEWS,
    PLACED,
    SECTIONS,
    SITE_ZIP,
    SITES,
    TEXTS,
    WET,
    Placed,
)
from samples.containers import http_response
from samples.mangling import SPOIL_MARKUP, spoil_text
from samples.templates import View
from samples.written_days import STYLES

FETCHED: Final = {
    NEWS: CRAWL,
    LEGACY: LEGACY_CRAWL,
    MIXED: CRAWL + dt.timedelta(hours=4),
    DAMAGED: CRAWL + dt.timedelta(hours=5),
    WET: CRAWL + dt.timedelta(hours=6),
    FEED: CRAWL + dt.timedelta(days=1),
    TEXTS: CRAWL + dt.timedelta(days=1, hours=1),
    SITE_ZIP: CRAWL + dt.timedelta(days=2),
}


def _number(placed: Placed) -> int:
    return PLACED.index(placed)


def fetch_time(dump: str, number: int) -> dt.datetime:
    """The time at which the page at place `number` was fetched. A ZIP's members share one time."""
    return FETCHED[dump] + dt.timedelta(minutes=0 if dump == SITE_ZIP else number)


def stated_moment(published: str) -> dt.datetime:
    """The stated time on the publisher's clock; midnight for a day alone."""
    return dt.datetime.fromisoformat(published.replace(".000Z", "+00:00"))


def page_url(placed: Placed) -> str:
    """The page's own address, which a canonical link names."""
    site, story = SITES[placed.site], stories()[placed.story]
    number = next(n for n, other in enumerate(PLACED) if (other.story, other.site) == (placed.story, placed.site))
    path = stated_moment(placed.published).strftime(site.path) if placed.published else site.path
    arabic = quote(story.title.replace(":", "").replace(" ", "-"))
    return f"https://{site.host}" + path.format(slug=placed.story, id=40_100 + 37 * number, arabic=arabic)


def view_of(placed: Placed) -> View:
    site, story = SITES[placed.site], stories()[placed.story]
    shown = STYLES[site.style](stated_moment(placed.published)) if placed.published else ""
    view = View(
        title=story.title,
        paragraphs=story.paragraphs,
        url=page_url(placed),
        site=site.name,
        section=SECTIONS[story.topic],
        published=placed.published,
        shown=shown if placed.shown is None else placed.shown,
        authors=placed.authors,
        credit=placed.credit,
        charset_meta=_charset_meta(placed),
        number=_number(placed),
    )
    return spoil_text(view, placed.mangled)


def _charset_meta(placed: Placed) -> str:
    if placed.declared != "meta":
        return ""
    if placed.charset == "utf-8":
        return '<meta charset="utf-8">'
    return f'<meta http-equiv="Content-Type" content="text/html; charset={placed.charset}">'


def markup_of(placed: Placed) -> str:
    markup = SITES[placed.site].template(view_of(placed))
    return SPOIL_MARKUP[placed.mangled](markup) if placed.mangled in SPOIL_MARKUP else markup


def body_of(placed: Placed) -> bytes:
    mark = "\ufeff" if placed.charset == "utf-16le" else ""
    return (mark + markup_of(placed)).encode(placed.charset)


def response_of(placed: Placed) -> bytes:
    headers = {"Server": "nginx", "Content-Type": "text/html"}
    if placed.declared == "http" or (placed.declared == "meta" and placed.charset == "utf-8"):
        headers["Content-Type"] += f"; charset={placed.charset}"
    if placed.coding:
        headers["Content-Encoding" if placed.coding == "gzip" else "Transfer-Encoding"] = placed.coding
    return http_response("200 OK", headers, body_of(placed))


def text_of_page(placed: Placed) -> str:
    """A page's visible text as a crawler's text extraction leaves it: furniture and all, one block a line."""
    view = view_of(placed)
    author = (f"كتب: {view.authors[0]}",) if view.authors else ()
    lines = (
        f"{view.title} - {view.site}",
        *around.MENU,
        view.title,
        view.shown,
        *author,
        "شارك",
        *view.paragraphs,
        view.credit,
        "اقرأ أيضا",
        *around.headlines(view.number, 3),
        "اترك تعليقاً",
        "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *",
        f"جميع الحقوق محفوظة © {view.site}",
    )
    return "\n".join(line for line in lines if line) + "\n"


def fetched_url(placed: Placed) -> str:
    if placed.dump == SITE_ZIP:
        return f"file:{SITE_ZIP}!/{placed.member}"
    return page_url(placed) + placed.query
