"""One look at all elements of a page, which metadata, authors and dates share.

lxml makes a Python object of an element, and decodes its text, anew each time that it is come by; what is asked of all
elements is therefore read once and kept. Attributes are not: few elements have the one that is asked for, and libxml2
finds those sooner than Python can ask each element.
"""

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from lxml import etree
from lxml.html import HtmlElement

# Element, tag, text, and the text behind it. A comment has no tag and no text of its own.
Seen: TypeAlias = tuple[HtmlElement, str, str, str]


class Look(NamedTuple):
    """The page's elements in document order, and the same by their tag."""

    tree: HtmlElement
    elements: list[Seen]
    tagged: dict[str, list[HtmlElement]]

    def marked(self, attribute: str, wanted: Callable[[str], bool]) -> list[HtmlElement]:
        """The elements whose attribute has a wanted value, in document order."""
        if not any(map(wanted, _values(attribute, smart=False)(self.tree))):  # bare values cost half
            return []
        return [value.getparent() for value in _values(attribute, smart=True)(self.tree) if wanted(value)]


def look(tree: HtmlElement) -> Look:
    """What stands on the page; true as long as `tree` is not altered."""
    elements: list[Seen] = []
    tagged: dict[str, list[HtmlElement]] = defaultdict(list)
    for element in tree.iter():
        tag, tail = element.tag, element.tail or ""
        elements.append((element, tag, element.text or "", tail) if isinstance(tag, str) else (element, "", "", tail))
        tagged[tag].append(element)
    return Look(tree, elements, tagged)


@functools.cache
def _values(attribute: str, *, smart: bool) -> etree.XPath:
    """Finds the attribute's values; smart ones know their element."""
    return etree.XPath(f"descendant-or-self::*/@{attribute}", smart_strings=smart)
