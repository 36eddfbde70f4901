"""The title of the article: the first one that the page states, in full, without the names of the site and section.

Order of trust: JSON-LD `headline`, `og:title`, `twitter:title`, Dublin Core, microdata, the h1, the line of the page
that is part of `<title>`, `<title>` itself. A stated title that nothing else repeats gives way to an h1 that is
repeated. A dash inside a title stays: a title is cut only where another part of the page shows that it ends there, or
where the name of the site or the section follows.
"""

import itertools
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

# The last range has arrows, mathematical signs and shapes: "العنوان ⋆ الموقع".
_SEPARATOR = re.compile(r"\s+(?:[-–—―ـ|•·»«›‹:~/\\\u2190-\u2bff]|:{2,3}|>>|<<|\.\.)\s+|\s*(?:[|¦]|:{2,3})\s*")
_SITE_FIRST: Final = re.compile(r":\s+")  # behind a site's name, as Blogger writes it: "المدونة: العنوان"
# It divides names of sites and sections; a dash may belong to the title.
_BAR: Final = re.compile(r"\s*(?:[|¦»]|:{2,3}|>>)\s*")
_FRONT_PAGE: Final = re.compile(
    r"(?i)(?:https?:)?(?://[^/?#]+)?/*(?:(?:\.\./)*(?:default|index|home)(?:\.\w{2,5})?/?)?"
)
_HANGING: Final = re.compile(r"\s+[-–—|:•·~]+$")  # what a system writes before a site's name that is not there
_COUNT: Final = re.compile(r"^\(\d+\)\s*")  # of messages that a script writes before the title
_SIGNS: Final = " \t-–—―ـ|¦•·»«›‹:~/\\,،<>⋆★●■▪►◄→←"  # between a title and a site's name, with or without spaces
_CUT_SHORT: Final = 90  # characters; Google advises headlines of at most 110, and some systems cut them there
_MOST_MARKED: Final = 3  # h1s, and elements marked as the headline; further ones are of other articles
_ONLY_TITLE_TAIL: Final = 4  # words; a longer tail of a lone <title> is more likely part of the title
_SECTION_WORDS: Final = 3  # words of the longest section's name; headlines have more
_LOWER_HEADINGS: Final = ("h2", "h3")
_PROSE: Final = 60  # characters; bylines and dates are shorter
_SECTION_LEVELS: Final = 2  # elements around an h1 that may be named for a section
_SECTION_NAME = re.compile(r"(?i)bread-?crumb|(?:^|[\s_-])(?:cat|category|section)(?:-?(?:name|title))?(?:$|\s)")


def read_titles(facts: Facts) -> list[Candidate]:
    """The titles that the page states for machines and readers. `<title>` is last: it often names the site too."""
    index, metas = facts.index, facts.meta_tags
    sections = _section_headings(index)
    headings = [
        text_of(h1) for h1 in index.tagged["h1"] if not any(map(_leads_home, h1.iter("a"))) and h1 not in sections
    ]
    marked = index.with_attribute("itemprop", lambda name: name == "headline")[:_MOST_MARKED]
    browser = [text_of(title) for title in index.tagged["title"] if not _is_inside(title, "svg")][:1]
    stated = [
        *from_values("JSON-LD headline", facts.json_ld.article.get("headline")),
        *from_meta_tags(metas, "og:title", "twitter:title", "dc.title", "dcterms.title", "title"),
        *from_values("itemprop headline", *map(text_of, marked)),
        *from_values(H1, *headings),
    ]
    return [
        *(stated or from_values("a line of the page", *_line_of_page(index, "".join(browser), sections))),
        *from_values(TITLE_TAG, *(_COUNT.sub("", title) for title in browser)),
    ]


def _section_headings(index: PageIndex) -> list[HtmlElement]:
    """The short h1s that name the section: "اقتصاد" above the headline in an h2.

    They are among breadcrumbs or named for a section; or they are links, or menu entries, and a headline follows; or a
    heading follows that `<title>` repeats.
    """
    titles = compared(" ".join(text_of(title) for title in index.tagged["title"]))
    short = [h1 for h1 in index.tagged["h1"][:_MOST_MARKED] if len(text_of(h1).split()) <= _SECTION_WORDS]
    return [
        h1
        for h1 in short
        if _is_named_for_section(h1)
        or (_headline_below(index, h1) and (_is_link(h1) or _is_entry(h1, index)))
        or any(compared(below) in titles for below in _headline_below(index, h1, ("h1", *_LOWER_HEADINGS)))
    ]


def _is_named_for_section(h1: HtmlElement) -> bool:
    around = itertools.islice(h1.iterancestors(), _SECTION_LEVELS)
    names = (each.get("class", "") + " " + each.get("id", "") for each in (h1, *around))
    return any(map(_SECTION_NAME.search, names))


def _is_entry(h1: HtmlElement, index: PageIndex) -> bool:
    """True if a link elsewhere has the same words, as the menu of sections has."""
    words = compared(text_of(h1))
    return any(compared(text_of(link)) == words for link in index.tagged["a"] if not _is_inside(link, "h1"))


def _is_link(heading: HtmlElement) -> bool:
    return next(heading.iter("a"), None) is not None or _is_inside(heading, "a")


def _is_inside(element: HtmlElement, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None


def _headline_below(index: PageIndex, above: HtmlElement | None, tags: tuple[str, ...] = _LOWER_HEADINGS) -> list[str]:
    """The first heading of `tags` between `above` and the first paragraph, that is long enough and no link.

    Without `above` the page is searched from its beginning.
    """
    elements = iter(index.elements)
    if above is not None:
        elements = itertools.dropwhile(lambda indexed: indexed[0] is not above, elements)
        next(elements, None)
    for element, tag, text, _ in elements:
        if tag in tags and not _is_link(element) and len(text_of(element).split()) > _SECTION_WORDS:
            return [text_of(element)]
        if tag == "p" and len(text) > _PROSE:
            break
    return []


def _line_of_page(index: PageIndex, title: str, sections: list[HtmlElement]) -> list[str]:
    """The headline of a page that states none and has no h1 of its own."""
    if found := _headline(index, title):
        return found
    return _headline_below(index, sections[-1] if sections else None) if sections or not title else []


def _agreed_heading(first: Candidate, found: list[Candidate]) -> str | None:
    """The h1 that `<title>` or another source repeats, if nothing repeats `first`; else None.

    An encyclopedia's JSON-LD has its short description as the headline.
    """
    if first.source == H1 or _is_repeated(first, found):
        return None
    return next((one.value for one in found if one.source == H1 and _is_headline(one, found)), None)


def _is_headline(heading: Candidate, found: list[Candidate]) -> bool:
    return len(compared(heading.value).split()) > _SECTION_WORDS and _is_repeated(heading, found)


def _is_repeated(candidate: Candidate, found: list[Candidate]) -> bool:
    """True if a candidate of another source holds the words of this one, or its words in part."""
    words = compared(candidate.value)
    others = (compared(one.value) for one in found if one.source != candidate.source)
    return any(words in other or (other in words and len(other.split()) > _SECTION_WORDS) for other in others if other)


def choose_title(candidates: Iterable[Candidate], sites: set[str], sections: set[str]) -> str | None:
    """The most trusted title, without the site's name; the fuller form if it was cut short; None without a title.

    `sites` and `sections` are names in the form of `compared`.
    """
    found = list(candidates)
    named = [one for one in found if compared(one.value) not in sites]
    shown = [one.value for one in named if one.source == H1]
    if not named:
        return None
    agreed = _agreed_heading(named[0], named)
    if agreed is not None:
        return agreed
    first, *rest = [one.value for one in named]
    title = _without_site(first, rest, shown, sites, sections)
    if title == first and all(one.source == TITLE_TAG for one in found):
        title = _without_tail(title)
    others = [_without_site(other, [first, *rest], shown, sites, sections) for other in rest]
    return _in_full(_HANGING.sub("", title) or title, [*shown, *others])


def _in_full(title: str, others: list[str]) -> str:
    """The other form of a title that was cut short; any other title as it is."""
    beginning = title.rstrip(" .…")
    if not title.endswith(("…", "...")) and len(title) < _CUT_SHORT:
        return title
    return next((other for other in others if len(other) > len(title) and other.startswith(beginning)), title)


def _leads_home(link: HtmlElement) -> bool:
    """True for a link to the front page: its text is the site's name, as in Blogger's h1."""
    return _FRONT_PAGE.fullmatch((link.get("href") or "-").strip()) is not None


def _headline(index: PageIndex, title: str) -> list[str]:
    """The line of the page that is the headline in `<title>`, for a page without an h1 of its own.

    A page that shows the site's name too shows it above. Else the headline makes up most of `<title>`.
    """
    hidden = {title.text for title in index.tagged["title"]}  # some pages have it in the body
    texts = (" ".join(text.split()) for body in index.tagged["body"] for text in body.itertext() if text not in hidden)
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
        if compared(head) == compared(tail):
            return head
        if compared(tail) in headings | known and (compared(tail) in headings or compared(head) in sites):
            return tail
    trimmed = _trimmed(title, sites)
    if trimmed != title:
        return _trimmed(trimmed, sections)
    return title


def _without_tail(title: str) -> str:
    """A `<title>` that nothing confirms, without its short last part: that is most likely the site's name.

    Short parts before a bar are names, too: "الموقع | الأخبار | العنوان".
    """
    *names, last = _BAR.split(title)
    if len(last.split()) > _SECTION_WORDS and all(len(name.split()) <= _SECTION_WORDS for name in names):
        title = last
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
    for cut in [*_SITE_FIRST.finditer(title), *cuts]:
        if cut.end() < end and compared(title[start : cut.start()]) in names and title[cut.end() : end].strip():
            start = cut.end()
    return title[start:end].strip()
