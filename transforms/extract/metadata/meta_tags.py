"""The meta tags of a page, and text fields in one form."""

import html
import re
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.page_index import PageIndex

MAX_FIELD: Final = 2_000  # characters of a title, name or description; longer ones are cut
_ENTITY = re.compile(r"&#?\w+;")


def read_meta_tags(index: PageIndex) -> dict[str, list[str]]:
    """The contents of all `<meta>` elements by lower-case name, property or itemprop, in document order.

    Microdata inside a figure or a comment describes that part, not the article, and is left out.
    """
    tags: dict[str, list[str]] = {}
    for meta in index.tagged["meta"]:
        content = string(meta.get("content"))
        for attribute in ("property", "name", "itemprop"):
            name = meta.get(attribute, "").strip().lower()
            if content and name and not (attribute == "itemprop" and _describes_a_part(meta)):
                tags.setdefault(name, []).append(content)
    return tags


def _describes_a_part(meta: HtmlElement) -> bool:
    return any(e.get("itemprop") in {"image", "comment", "video"} or e.tag == "figure" for e in meta.iterancestors())


def from_meta_tags(tags: dict[str, list[str]], *names: str) -> list[Candidate]:
    """The contents of the named tags as candidates, in the order of `names`."""
    return [Candidate(content, name) for name in names for content in tags.get(name, [])]


def from_values(source: str, *values: Any) -> list[Candidate]:
    """The values that are text as candidates."""
    return [Candidate(text, source) for text in map(string, values) if text]


def string(value: Any) -> str | None:
    """`value` as text: entities resolved, twice if escaped twice, white space collapsed; None if it is no text."""
    if not isinstance(value, str):
        return None
    text = value[: 2 * MAX_FIELD]
    if "&" in text:
        text = html.unescape(text)
        text = html.unescape(text) if _ENTITY.search(text) else text
    return " ".join(text.split())[:MAX_FIELD] or None


def text_of(element: HtmlElement) -> str:
    """The text of an element as a field; "" if it has none."""
    return string("".join(element.itertext())) or ""


def compared(text: str) -> str:
    """The words of a title or name, case folded: two spellings of one name give the same words."""
    return " ".join(WORD.findall(text.casefold()))
