"""The section of the site that the article is in."""

import collections
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.json_ld import Node
from warraq.transforms.extract.metadata.meta_tags import compared, from_meta_tags, from_values, text_of
from warraq.transforms.extract.page_index import PageIndex

_HOME = re.compile(
    r"(?i)^(?:home|home ?page|accueil|(?:الصفح[ةه] |صفح[ةه] )?(?:ال)?رئيسي?ّ?[ةه]|الصفح[ةه] الأولى|البداي[ةه]|بداي[ةه])$"
)
_NO_SECTION = re.compile(
    r"(?i)^(?:uncategori[sz]ed|غير مصنف|بدون تصنيف|بلا تصنيف|(?:news-?)?articles?|posts?|featured|slider|main|top|null"
    r"|none|\W*)$"
)
_CRUMBS: Final = 4  # links of one parent that are read as breadcrumbs
_META_NAMES: Final = ("article:section", "og:section", "section", "articlesection", "parsely-section", "category")


def read_sections(facts: Facts) -> list[Candidate]:
    """The section as JSON-LD, meta tags and breadcrumbs state it. The page itself is searched only if none does.

    Names such as "Home" and "Uncategorized" are no sections.
    """
    said = facts.json_ld.article.get("articleSection")
    stated = [
        *from_values("JSON-LD articleSection", *(said if isinstance(said, list) else [said])),
        *from_meta_tags(facts.meta_tags, *_META_NAMES),
        *from_values("JSON-LD breadcrumb", *_stated_crumbs(facts.json_ld.nodes)),
    ]
    return _sections(stated) or _sections(from_values("breadcrumb", *map(text_of, _shown_crumbs(facts.index))))


def choose_section(candidates: Iterable[Candidate], title: str | None, sites: set[str]) -> str | None:
    """The first candidate that is neither the title nor the name of the site."""
    others = {compared(title or ""), *sites}
    return next((one.value for one in candidates if compared(one.value) not in others), None)


def _sections(found: list[Candidate]) -> list[Candidate]:
    return [one for one in found if not _HOME.match(one.value) and not _NO_SECTION.match(one.value)]


def _stated_crumbs(nodes: list[Node]) -> Iterator[Any]:
    """The names in the breadcrumb lists of JSON-LD."""
    for node in nodes:
        crumbs = node.fields.get("itemListElement")
        if "BreadcrumbList" in node.types and isinstance(crumbs, list):
            for crumb in filter(_is_object, crumbs):
                item = crumb.get("item")
                yield crumb.get("name") or (item.get("name") if isinstance(item, dict) else None)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _shown_crumbs(index: PageIndex) -> Iterator[HtmlElement]:
    """The elements with the itemprop `articleSection`, and the first links in breadcrumbs."""
    crumbs: set[HtmlElement] = set()
    links: collections.Counter[HtmlElement] = collections.Counter()
    marked: set[HtmlElement] = set()
    for element, tag, _, _ in index.elements:
        parent = element.getparent() if crumbs or element.get("itemprop") else None
        if element.get("itemprop") == "articleSection" and parent not in marked:
            marked.add(parent)
            yield element
        elif tag == "a" and element.get("href") is not None and parent in crumbs:
            links[parent] += 1
            if links[parent] <= _CRUMBS:
                yield element
        if parent in crumbs or "breadcrumb" in element.get("class", ""):
            crumbs.add(element)
