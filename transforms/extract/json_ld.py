"""What a page says about itself in JSON-LD, read leniently: small slips are mended, broken blocks skipped."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from lxml.html import HtmlElement

MAX_BLOCK: Final = 2_000_000  # characters; longer blocks are state dumps, not descriptions
MAX_DEPTH: Final = 12  # an article, its author, the author's image and so on nest at most half as deep

# schema.org types that stand for the page's article: NewsArticle, ReportageNewsArticle, BlogPosting, ...
_ARTICLE_TYPE = re.compile(r"Article$|BlogPosting$|^Report$")
_WRAPPER = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)?(.*?)"
                      r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)?[\s;]*$", re.DOTALL)  # fmt: skip
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
_STRAY_COMMA = re.compile(r",(?=\s*[}\]])")


def read_json_ld(tree: HtmlElement) -> list[dict[str, Any]]:
    """The top-level objects of the page's JSON-LD in document order, lists flattened and `@graph` opened."""
    objects: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and len(script.text or "") <= MAX_BLOCK:
            objects.extend(_top_level(_parse(script.text or "")))
    return objects


def walk(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every object in `value`, outer before inner, in document order, to a depth of MAX_DEPTH."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner, depth + 1)


def types(node: dict[str, Any]) -> list[str]:
    """The node's schema.org types, without a namespace."""
    stated = node.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return [name.rpartition("/")[2] for name in names if isinstance(name, str)]


def is_article(node: dict[str, Any]) -> bool:
    return any(_ARTICLE_TYPE.search(name) for name in types(node))


def find_article(json_ld: list[dict[str, Any]]) -> dict[str, Any]:
    """The object that stands for the page's own article: the first top-level one, else the first nested; {} if none."""
    outer = [node for node in json_ld if is_article(node)]
    inner = (node for top in json_ld for node in walk(top) if is_article(node))
    return outer[0] if outer else next(inner, {})


def _parse(text: str) -> Any:
    """The block's value; most blocks are sound, and only the others cost a second look. None if it cannot be read."""
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
    """`block` without two slips that leave no doubt: escapes that JSON does not know, and a comma before "]" or "}"."""
    return _STRAY_COMMA.sub("", _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "", block))


def _top_level(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _top_level(item)
    elif isinstance(value, dict):
        yield value
        yield from _top_level(value.get("@graph"))
