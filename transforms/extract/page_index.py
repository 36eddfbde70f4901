"""The page index: all elements of a page, read once, for the readers of titles, authors, sections and dates.

lxml builds a new proxy and decodes the text on every access, so tag, text and tail of all elements are read once and
cached here. Attributes are not cached: few elements have the wanted one, and libxml2 finds those sooner than Python
can ask each element.
"""

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from lxml import etree
from lxml.html import HtmlElement

Indexed: TypeAlias = tuple[HtmlElement, str, str, str]  # element, tag, text, tail


class PageIndex(NamedTuple):
    """The elements of a page in document order, and the same elements by their tag."""

    tree: HtmlElement
    elements: list[Indexed]
    tagged: dict[str, list[HtmlElement]]

    def with_attribute(self, attribute: str, is_wanted: Callable[[str], bool]) -> list[HtmlElement]:
        """The elements whose attribute has a wanted value, in document order."""
        if not any(map(is_wanted, _values(attribute, smart=False)(self.tree))):  # bare values cost half
            return []
        return [value.getparent() for value in _values(attribute, smart=True)(self.tree) if is_wanted(value)]


def index_page(tree: HtmlElement) -> PageIndex:
    """The index of a tree without comments; valid as long as `tree` is not changed."""
    elements: list[Indexed] = []
    tagged: dict[str, list[HtmlElement]] = defaultdict(list)
    for element in tree.iter():
        tag = element.tag
        elements.append((element, tag, element.text or "", element.tail or ""))
        tagged[tag].append(element)
    return PageIndex(tree, elements, tagged)


@functools.cache
def _values(attribute: str, *, smart: bool) -> etree.XPath:
    """An XPath for all values of the attribute; smart values know their element."""
    return etree.XPath(f"descendant-or-self::*/@{attribute}", smart_strings=smart)
