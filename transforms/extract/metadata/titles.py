"""The title of the article: the first one that the page states, in full, without the names of the site and section.

Order of trust: JSON-LD `headline`, `og:title`, `twitter:title`, Dublin Core, microdata, the h1, the line of the page
that is part of `<title>`, `<title>` itself. A dash inside a title stays: a title is cut only where another part of the
page shows that it ends there, or where the name of the site or the section follows.
"""

import re
from collections.abc import Iterable
from typing import Final

from lxml.html import HtmlElement

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.metadata.meta_tags import compared, from_meta_tags, from_values, text_of
from warraq.transforms.extract.page_index import PageIndex

TITLE_TAG: Final = "<title>"
H1: Final = "h1"

_SEPARATOR = re.compile(r"\s+(?:[-–—ـ|•·»«:~/\\]|::|>>|<<|\.\.)\s+|\s*(?:[|¦]|::)\s*")
_SIGNS: Final = " \t-–—ـ|¦•·»«:~/\\,،<>"  # between a title and a site's name, with or without spaces
_CUT_SHORT: Final = 90  # characters; Google advises headlines of at most 110, and some systems cut them there
_MOST_MARKED: Final = 3  # elements marked as the headline; further ones are of other articles
_ONLY_TITLE_TAIL: Final = 4  # words; a longer tail of a lone <title> is more likely part of the title


def read_titles(facts: Facts) -> list[Candidate]:
    """The titles that the page states for machines and readers. `<title>` is last: it often names the site too."""
    index, metas = facts.index, facts.meta_tags
    headings = [text_of(h1) for h1 in index.tagged["h1"] if not any(map(_leads_home, h1.iter("a")))]
    marked = index.with_attribute("itemprop", lambda name: name == "headline")[:_MOST_MARKED]
    browser = [text_of(title) for title in index.tagged["title"] if title.getparent().tag in {"head", "body"}][:1]
    stated = [
        *from_values("JSON-LD headline", facts.json_ld.article.get("headline")),
        *from_meta_tags(metas, "og:title", "twitter:title", "dc.title", "dcterms.title", "title"),
        *from_values("itemprop headline", *map(text_of, marked)),
        *from_values(H1, *headings),
    ]
    return [
        *(stated or from_values("a line of the page", *_headline(index, "".join(browser)))),
        *from_values(TITLE_TAG, *browser),
    ]


def choose_title(candidates: Iterable[Candidate], sites: set[str], sections: set[str]) -> str | None:
    """The most trusted title, without the site's name; the fuller form if it was cut short; None without a title.

    `sites` and `sections` are names in the form of `compared`.
    """
    found = list(candidates)
    shown = [one.value for one in found if one.source == H1]
    first, *rest = [one.value for one in found if compared(one.value) not in sites] or [""]
    if not first:
        return None
    title = _without_site(first, rest, shown, sites, sections)
    if title == first and all(one.source == TITLE_TAG for one in found):
        title = _without_tail(title)
    others = [_without_site(other, [first, *rest], shown, sites, sections) for other in rest]
    return _in_full(title, [*shown, *others])


def _in_full(title: str, others: list[str]) -> str:
    """The other form of a title that was cut short; any other title as it is."""
    beginning = title.rstrip(" .…")
    if not title.endswith(("…", "...")) and len(title) < _CUT_SHORT:
        return title
    return next((other for other in others if len(other) > len(title) and other.startswith(beginning)), title)


def _leads_home(link: HtmlElement) -> bool:
    """True for a link to the front page: its text is the site's name, as in Blogger's h1."""
    return re.fullmatch(r"(?:https?:)?(?://[^/?#]+)?/*", (link.get("href") or "-").strip()) is not None


def _headline(index: PageIndex, title: str) -> list[str]:
    """The line of the page that is the headline in `<title>`, for a page without an h1 of its own.

    A page that shows the site's name too shows it above. Else the headline makes up most of `<title>`.
    """
    texts = (" ".join(text.split()) for body in index.tagged["body"] for text in body.itertext())
    lines = list(dict.fromkeys(line for line in texts if line and line in title))
    for place, line in enumerate(lines):
        if title.replace(line, "", 1).strip(_SIGNS) in lines[:place]:
            return [line]
    return [line for line in lines if 2 * len(line) > len(title)][:1]


def _without_site(title: str, others: list[str], shown: list[str], sites: set[str], sections: set[str]) -> str:
    """`title` cut where another candidate or the h1 ends, or without the site's and the section's names at its ends."""
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
    """A `<title>` that nothing confirms, without its short last part: that is most likely the site's name."""
    *_, cut = [None, *_SEPARATOR.finditer(title)]
    if cut and len(compared(title[cut.end() :]).split()) <= _ONLY_TITLE_TAIL:
        return title[: cut.start()].strip() or title
    return title


def _trimmed(title: str, names: set[str]) -> str:
    """`title` without names at its ends that a separator divides from it."""
    cuts = list(_SEPARATOR.finditer(title))
    start, end = 0, len(title)
    for cut in reversed(cuts):
        if compared(title[cut.end() : end]) in names and title[: cut.start()].strip():
            end = cut.start()
    for cut in cuts:
        if cut.end() < end and compared(title[start : cut.start()]) in names and title[cut.end() : end].strip():
            start = cut.end()
    return title[start:end].strip()
