"""The article's title: what the page states first, in full, without the site's name and section around it.

Order: JSON-LD `headline`, `og:title`, `twitter:title`, Dublin Core, microdata, the h1, the line of the page that stands
in `<title>`, `<title>` itself. A dash inside a title stays: a title is cut only where another part of the page shows
that it ends there, or where what follows is the site's name or the section.
"""

import re
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.extract.metadata.meta_tags import compared, stated, string, text_of
from warraq.transforms.extract.page_index import Look

_SEPARATOR = re.compile(r"\s+(?:[-–—ـ|•·»«:~/\\]|::|>>|<<|\.\.)\s+|\s*(?:[|¦]|::)\s*")
_SIGNS: Final = " \t-–—ـ|¦•·»«:~/\\,،<>"  # between a title and a site's name, with or without blanks
_CUT_SHORT: Final = 90  # characters; Google advises headlines of at most 110, and some systems cut them there
_MOST_MARKED: Final = 3  # elements marked as the headline; further ones head other stories
_ONLY_TITLE_TAIL: Final = 4  # words; a longer tail of a lone <title> is more likely part of the title


def find_title(
    page: Look, article: dict[str, Any], metas: dict[str, list[str]], sites: set[str], sections: set[str]
) -> str | None:
    """The first stated title, without the site's name; the fuller one where the first was cut short."""
    shown = [text_of(h1) for h1 in page.tagged["h1"] if not any(_leads_home(link) for link in h1.iter("a"))]
    microdata = [text_of(element) for element in page.marked("itemprop", "headline".__eq__)[:_MOST_MARKED]]
    browser = [text_of(title) for title in page.tagged["title"] if title.getparent().tag in {"head", "body"}][:1]
    said = [article.get("headline"), *stated(metas, "og:title", "twitter:title", "dc.title", "dcterms.title", "title")]
    first = [*filter(None, [*said, *microdata, *shown])] or _headline(page, browser)
    candidates = [c for c in map(string, [*first, *browser]) if c and compared(c) not in sites]
    if not candidates:
        return None
    title = _without_site(candidates[0], candidates[1:], shown, sites, sections)
    if title == candidates[0] and not first:
        title = _without_tail(title)
    others = [_without_site(other, candidates, shown, sites, sections) for other in candidates[1:]]
    return _in_full(title, [*shown, *others])


def _in_full(title: str, others: list[str]) -> str:
    """The other form of a title that was cut short."""
    beginning = title.rstrip(" .…")
    if not title.endswith(("…", "...")) and len(title) < _CUT_SHORT:
        return title
    return next((other for other in others if len(other) > len(title) and other.startswith(beginning)), title)


def _leads_home(link: HtmlElement) -> bool:
    """The link goes to the front page: what it says is the site's name, as in Blogger's h1."""
    return re.fullmatch(r"(?:https?:)?(?://[^/?#]+)?/*", (link.get("href") or "-").strip()) is not None


def _headline(page: Look, browser: list[str]) -> list[str]:
    """The line of the page that stands in its `<title>` beside the site's name, for a page without an h1 of its own.

    Where the page shows the site's name as well, it does so above; else the headline makes up most of `<title>`.
    """
    title = "".join(browser)
    texts = (" ".join(text.split()) for body in page.tagged["body"] for text in body.itertext())
    lines = list(dict.fromkeys(line for line in texts if line and line in title))
    for place, line in enumerate(lines):
        if title.replace(line, "", 1).strip(_SIGNS) in lines[:place]:
            return [line]
    return [line for line in lines if 2 * len(line) > len(title)][:1]


def _without_site(title: str, others: list[str], shown: list[str], sites: set[str], sections: set[str]) -> str:
    """`title` cut where another candidate or the h1 ends, and of the site's and the section's names at its ends."""
    known = {compared(other) for other in others}
    headings = {compared(heading) for heading in shown}
    if compared(title) in headings:
        return title
    cuts = list(_SEPARATOR.finditer(title))
    for cut in cuts:
        head, tail = title[: cut.start()].strip(), title[cut.end() :].strip()
        if compared(head) in headings or (compared(head) in known and compared(title) not in known):
            return head
        if compared(tail) in headings | known and (compared(tail) in headings or compared(head) in sites):
            return tail
    trimmed = _trimmed(title, sites)
    if trimmed != title:
        return _trimmed(trimmed, sections)
    return title


def _without_tail(title: str) -> str:
    """A `<title>` that nothing on the page can be compared with, without a short end: most likely the site's name."""
    *_, cut = [None, *_SEPARATOR.finditer(title)]
    if cut and len(compared(title[cut.end() :]).split()) <= _ONLY_TITLE_TAIL:
        return title[: cut.start()].strip() or title
    return title


def _trimmed(title: str, names: set[str]) -> str:
    """`title` without the names at its ends that separators part from it."""
    cuts = list(_SEPARATOR.finditer(title))
    start, end = 0, len(title)
    for cut in reversed(cuts):
        if compared(title[cut.end() : end]) in names and title[: cut.start()].strip():
            end = cut.start()
    for cut in cuts:
        if cut.end() < end and compared(title[start : cut.start()]) in names and title[cut.end() : end].strip():
            start = cut.end()
    return title[start:end].strip()
