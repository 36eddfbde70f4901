"""The article in a page's state: pages that a script draws in the browser carry their text as JSON and none as HTML.

Next.js writes `<script id="__NEXT_DATA__">` and, in newer releases, pushes strings to `self.__next_f`; others assign an
object to a variable of `window`. Which key holds the text differs from site to site, so the text is known by its
length, and by the page's title beside it.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from warraq.transforms.arabic import WORD

_OPENING = re.compile(r"<script\b[^>]*>", re.IGNORECASE)
_ASSIGNED = re.compile(r"\s*(?:(?:var|let|const)\s+|window|self)[\w.$\[\]\"']*\s*=\s*(?=[{\[])|\s*(?=\{)")
_PUSHED = re.compile(r"\s*self\.__next_f\.push\((?=\[)")
_TAG = re.compile(r"<[^<>]*>")
_LEAST_WORDS: Final = 40
_BLOCK_WORDS: Final = 4  # a shorter string in a list of blocks is a key, an address or a style
_MAX_DEPTH: Final = 60
_NO_TEXT: Final = frozenset({"url", "href", "src", "id", "slug", "type", "class", "className", "description", "seo"})


class _Found(NamedTuple):
    """A text, whether the page's title stands beside it, and its words; the greatest is the article."""

    titled: bool
    words: int
    text: str


def read_state(markup: str, title: str | None) -> str:
    """The article's text or HTML as the page's state has it; "" if it has none of 40 words and more."""
    found = (text for state in _states(markup) for text in _texts(state, _key(title), titled=False, depth=0))
    best = max(found, default=_Found(False, 0, ""))
    return best.text if best.words >= _LEAST_WORDS else ""


def _states(markup: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    for before_end in markup.split("</script")[:-1]:
        script = _OPENING.split(before_end)[-1]
        opening = _PUSHED.match(script) or _ASSIGNED.match(script)
        if opening is None:
            continue
        try:
            yield decoder.raw_decode(script, opening.end())[0]
        except (ValueError, RecursionError):
            continue


def _texts(node: Any, title: str, *, titled: bool, depth: int) -> Iterator[_Found]:
    """The texts in a tree of JSON: long strings, and lists of blocks joined."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, str):
        yield _found(node, titled=titled)
    elif isinstance(node, list):
        blocks = [block for item in node if (block := _block(item))]
        if len(blocks) > 1:
            yield _found("\n".join(blocks), titled=titled)
        for item in node:
            yield from _texts(item, title, titled=titled, depth=depth + 1)
    elif isinstance(node, dict):
        titled = titled or (bool(title) and title in map(_key, filter(_is_text, node.values())))
        for key, value in node.items():
            if key not in _NO_TEXT:
                yield from _texts(value, title, titled=titled, depth=depth + 1)


def _found(text: str, *, titled: bool) -> _Found:
    return _Found(titled, len(WORD.findall(_TAG.sub(" ", text))), text)


def _block(item: Any) -> str:
    """The longest string of a paragraph's object, or of a plain string; "" where it has none of four words."""
    values = item.values() if isinstance(item, dict) else [item]
    texts = [value for value in values if isinstance(value, str) and value.count(" ") >= _BLOCK_WORDS - 1]
    return max(texts, key=len, default="")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _key(text: str | None) -> str:
    return " ".join(WORD.findall(html.unescape(text or "")))
