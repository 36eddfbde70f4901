"""The facts of a page, each read once. They say what is on the page; readers and decisions say what it means."""

import functools
from typing import Any, Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.schemas.records import NOTHING_STATED, Stated
from warraq.transforms.extract.body.containers import Density, measure_density
from warraq.transforms.extract.body.embedded_json import read_embedded_json
from warraq.transforms.extract.json_ld import JsonLd, read_json_ld
from warraq.transforms.extract.markup import parse
from warraq.transforms.extract.metadata.meta_tags import read_meta_tags
from warraq.transforms.extract.page_index import PageIndex, index_page

CODE_TAGS: Final = ("style", "noscript", "template", "iframe", "svg", "button", "select", "script")
_PAGE_PARTS: Final = ("h1", "main", "article", "footer")  # a button has none of them
_CODE: Final = frozenset(("script", "style"))
_UNSEEN: Final = _CODE | {"title"}
_count_paragraphs: Final = etree.XPath("count(descendant::p)")
_SHOWN: Final = etree.XPath(
    "descendant::body/descendant::text()[not(parent::script or parent::style)]", smart_strings=False
)


class Facts:
    """A page without its code. Facts that only some pages need are read on first use. Nothing may change the tree."""

    def __init__(self, markup: str, url: str, title: str | None = None, stated: Stated = NOTHING_STATED) -> None:
        """Parses `markup`. `title` and `stated` are of the page's record in a feed.

        Raises Rejection: no_main_text, if there is nothing to parse.
        """
        self.markup = markup
        self.url = url
        self.stated = stated
        self.tree = parse(markup)
        self.json_ld: JsonLd = read_json_ld(self.tree)  # before its scripts are removed
        _unwrap_unclosed(self.tree)
        etree.strip_elements(self.tree, *CODE_TAGS, with_tail=False)
        self.index: PageIndex = index_page(self.tree)
        self.meta_tags: dict[str, list[str]] = read_meta_tags(self.index)
        # The record's title if the markup is a part of a page, which has a heading of a section at most.
        self.stated_title = None if self.index.tagged["title"] else title

    @functools.cached_property
    def density(self) -> Density:
        """Prose and links by element."""
        return measure_density(self.tree)

    @functools.cached_property
    def embedded_json(self) -> list[Any]:
        """The data of the page's scripts."""
        return read_embedded_json(self.markup)

    @functools.cached_property
    def text_pieces(self) -> str:
        """The pieces of text that the page shows, one a line: first texts of elements, then tails."""
        texts = [text for _, tag, text, _ in self.index.elements if tag not in _UNSEEN]
        return "\n".join(filter(None, [*texts, *(indexed[3] for indexed in self.index.elements)]))

    @functools.cached_property
    def shown_text(self) -> str:
        """All text that the page shows, case folded, with single spaces."""
        return " ".join(" ".join(_SHOWN(self.tree)).casefold().split())


def _unwrap_unclosed(tree: HtmlElement) -> None:
    """Removes the tags around a page's content that stand there because the parser did not see where they end."""
    for element in list(tree.iter("button", "select", "svg")):
        if next(element.iter(*_PAGE_PARTS), None) is not None:
            element.drop_tag()
    titled = [element for element in tree.iter("aside", "nav", "footer") if next(element.iter("h1"), None) is not None]
    least = _count_paragraphs(tree) / 2 if titled else 0
    for element in titled:
        if _count_paragraphs(element) > least:  # most of the page is no menu
            element.drop_tag()
