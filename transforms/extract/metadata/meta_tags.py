"""The small facts of a page that every field is made of: its `<meta>` elements, and text in one form."""

import html
import re
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.page_index import Look

MAX_FIELD: Final = 2_000  # characters of a title, name or description; longer ones are cut
_ENTITY = re.compile(r"&#?\w+;")


def read_metas(page: Look) -> dict[str, list[str]]:
    """The contents of all `<meta>`, by lower-case name, property or itemprop, in document order.

    Microdata inside a figure or a comment describes that, not the article.
    """
    metas: dict[str, list[str]] = {}
    for meta in page.tagged["meta"]:
        content = string(meta.get("content"))
        for attribute in ("property", "name", "itemprop"):
            name = meta.get(attribute, "").strip().lower()
            if content and name and not (attribute == "itemprop" and _describes_a_part(meta)):
                metas.setdefault(name, []).append(content)
    return metas


def _describes_a_part(meta: HtmlElement) -> bool:
    return any(e.get("itemprop") in {"image", "comment", "video"} or e.tag == "figure" for e in meta.iterancestors())


def stated(metas: dict[str, list[str]], *names: str) -> list[str]:
    """The contents under the first of `names` that the page uses, then the next: in the order of `names`."""
    return [content for name in names for content in metas.get(name, [])]


def first(*values: Any) -> str | None:
    return next(filter(None, map(string, values)), None)


def string(value: Any) -> str | None:
    """`value` as text: entities resolved, twice where escaped twice, white space collapsed; None if it is no text."""
    if not isinstance(value, str):
        return None
    text = value[: 2 * MAX_FIELD]
    if "&" in text:
        text = html.unescape(text)
        text = html.unescape(text) if _ENTITY.search(text) else text
    return " ".join(text.split())[:MAX_FIELD] or None


def text_of(element: HtmlElement) -> str:
    return string("".join(element.itertext())) or ""


def compared(text: str) -> str:
    """The form in which two spellings of one title or name agree."""
    return " ".join(WORD.findall(text.casefold()))
