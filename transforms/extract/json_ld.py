"""The JSON-LD of a page as a flat list of typed nodes. Small errors are mended, unreadable blocks are skipped."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from lxml.html import HtmlElement

MAX_BLOCK: Final = 2_000_000  # characters; longer blocks are dumps of a script's data, not descriptions
MAX_DEPTH: Final = 12  # an article, its author, the author's image and so on nest at most half as deep

# The schema.org types of an article: NewsArticle, ReportageNewsArticle, BlogPosting, ...
_ARTICLE_TYPE = re.compile(r"Article$|BlogPosting$|^Report$")
_WRAPPER = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)?(.*?)"
                      r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)?[\s;]*$", re.DOTALL)  # fmt: skip
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
_STRAY_COMMA = re.compile(r",(?=\s*[}\]])")


class Node(NamedTuple):
    """One JSON object."""

    types: list[str]  # schema.org types, without a namespace
    fields: dict[str, Any]

    @property
    def is_article(self) -> bool:
        """True if one of the types is an article's."""
        return any(_ARTICLE_TYPE.search(name) for name in self.types)


class JsonLd:
    """All nodes of a page, each once."""

    def __init__(self, top: list[dict[str, Any]]) -> None:
        """`top`: the top-level objects in document order, lists flattened and `@graph` opened."""
        self.top: list[Node] = [node_of(fields) for fields in top]
        self.nodes: list[Node] = list({id(node.fields): node for one in top for node in walk(one)}.values())
        # The fields of the page's own article: the first at the top level, else the first nested one; {} if none.
        self.article: dict[str, Any] = next((n.fields for n in (*self.top, *self.nodes) if n.is_article), {})

    @functools.cached_property
    def main_articles(self) -> list[Node]:
        """The articles in the `mainEntity` of top-level nodes."""
        return [node for one in self.top for node in walk(one.fields.get("mainEntity")) if node.is_article]

    @functools.cached_property
    def states_article(self) -> bool:
        """True if an article is at the top level or is its `mainEntity`. Articles inside a list are other pages."""
        main = [node.fields.get("mainEntity") for node in self.top]
        return any(node.is_article for node in [*self.top, *(node_of(one) for one in main if isinstance(one, dict))])


def read_json_ld(tree: HtmlElement) -> JsonLd:
    """The JSON-LD of all scripts of the page."""
    objects: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and len(script.text or "") <= MAX_BLOCK:
            objects.extend(_top_level(_parse(script.text or "")))
    return JsonLd(objects)


def node_of(fields: dict[str, Any]) -> Node:
    """The object with its schema.org types."""
    stated = fields.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return Node([name.rpartition("/")[2] for name in names if isinstance(name, str)], fields)


def walk(value: Any, depth: int = 0) -> Iterator[Node]:
    """Every object in `value`, outer before inner, in document order, to a depth of MAX_DEPTH."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield node_of(value)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner, depth + 1)


def _parse(text: str) -> Any:
    """The value of a block; None if it cannot be read. Most blocks are sound, and only the others cost more."""
    sound = _loaded(text)
    if sound is not None:
        return sound
    wrapped = _WRAPPER.match(text)
    block = wrapped.group(1) if wrapped else text
    read = _loaded(block)
    return _loaded(_mended(block)) if read is None else read


def _loaded(block: str) -> Any:
    try:
        return json.loads(block, strict=False)
    except (ValueError, RecursionError):
        return None


def _mended(block: str) -> str:
    """`block` without two clear errors: escapes that JSON does not know, and a comma before "]" or "}"."""
    return _STRAY_COMMA.sub("", _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "", block))


def _top_level(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _top_level(item)
    elif isinstance(value, dict):
        yield value
        yield from _top_level(value.get("@graph"))
