"""Embedded JSON: a page that a script draws in the browser has its text in JSON, and none in HTML.

Next.js writes `<script id="__NEXT_DATA__">` and, in newer releases, pushes the pieces of a stream to `self.__next_f`:
rows of JSON, with elements as `["$", "p", null, {"children": "…"}]`, and texts of a stated length. Others assign an
object to a variable of `window`, and older sites one string to each variable (`var article_content = "…";`). The key of
the text differs from site to site, so the text is found by its length and by the page's title beside it.
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
_STRING = re.compile(r"\b(?:var|let|const)\s+([\w$]{1,60})\s*=\s*(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')\s*[;\n]")
_ESCAPED_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)
_IN_JSON: Final = {'"': '\\"', "\\'": "'"}
_LONG_STRING: Final = 200  # characters; a script without one has no article in its strings
_TAG = re.compile(r"<[^<>]*>")
_LEAST_WORDS: Final = 40
_BLOCK_WORDS: Final = 4  # a shorter string in a list of blocks is a key, an address or a style
_MAX_DEPTH: Final = 60
_ROW = re.compile(rb"[0-9a-f]{0,8}:(?:T(?P<bytes>[0-9a-f]{1,8}),)?")
_ELEMENT: Final = "$"  # the first item of an element in a row
_NO_TEXT: Final = frozenset({"url", "href", "src", "id", "slug", "type", "class", "className", "description", "seo"})


class _Text(NamedTuple):
    """A text in the JSON. In the order of the fields, the greatest is the article."""

    titled: bool  # the page's title is beside it
    words: int
    text: str


def read_embedded_json(markup: str) -> list[Any]:
    """The JSON values in the page's scripts, in document order."""
    return list(_values(markup))


def find_article_text(values: list[Any], title: str | None) -> str:
    """The article's text or HTML in embedded JSON; "" if there is none of 40 words or more."""
    found = (text for value in values for text in _texts(value, _words(title), titled=False, depth=0))
    best = max(found, default=_Text(titled=False, words=0, text=""))
    return best.text if best.words >= _LEAST_WORDS else ""


def _values(markup: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    pieces: list[str] = []
    for before_end in markup.split("</script")[:-1]:
        script = _OPENING.split(before_end)[-1]
        opening = _PUSHED.match(script) or _ASSIGNED.match(script)
        if opening is None:
            strings = {name: _unquoted(value) for name, value in _STRING.findall(script)}
            if any(len(value) >= _LONG_STRING for value in strings.values()):
                yield strings
            continue
        try:
            value = decoder.raw_decode(script, opening.end())[0]
        except (ValueError, RecursionError):
            continue
        if opening.re is _PUSHED:
            pieces += filter(_is_text, value)
        else:
            yield value
    if _ROW.match("".join(pieces[:1]).encode()):
        yield from _rows("".join(pieces).encode("utf-8", "replace"))
    else:
        yield pieces


def _rows(stream: bytes) -> Iterator[Any]:
    """The values in the rows of a stream. A row is JSON up to the end of its line, or text of so many bytes."""
    at = 0
    while row := _ROW.match(stream, at):
        if row["bytes"]:
            at = row.end() + int(row["bytes"], 16)
            yield stream[row.end() : at].decode("utf-8", "replace")
            continue
        end = stream.find(b"\n", row.end())
        end = len(stream) if end < 0 else end
        at = end + 1
        try:
            yield json.loads(stream[row.end() : end])
        except (ValueError, RecursionError):  # a row of code begins with letters
            continue


def _unquoted(literal: str) -> str:
    """The value of a string in JavaScript; "" if it has escapes that JSON lacks."""
    inner = _ESCAPED_OR_QUOTE.sub(lambda sign: _IN_JSON.get(sign[0], sign[0]), literal[1:-1])
    try:
        value = json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return ""
    return str(value)


def _texts(node: Any, title: str, *, titled: bool, depth: int) -> Iterator[_Text]:
    """The texts in a tree of JSON: long strings, and lists of blocks joined."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, str):
        yield _counted(node, titled=titled)
    elif isinstance(node, list):
        blocks = [block for item in node if (block := _block(item))]
        if len(blocks) > 1:
            yield _counted("\n".join(blocks), titled=titled)
        for item in node:
            yield from _texts(item, title, titled=titled, depth=depth + 1)
    elif isinstance(node, dict):
        titled = titled or (bool(title) and title in map(_words, filter(_is_text, node.values())))
        for key, value in node.items():
            if key not in _NO_TEXT:
                yield from _texts(value, title, titled=titled, depth=depth + 1)


def _counted(text: str, *, titled: bool) -> _Text:
    return _Text(titled, len(WORD.findall(_TAG.sub(" ", text))), text)


def _block(item: Any) -> str:
    """The longest string in the object of a paragraph, or the string itself; "" if it has fewer than four words.

    Of an element it is all that it shows.
    """
    if isinstance(item, list):
        item = _shown(item)
    values = item.values() if isinstance(item, dict) else [item]
    texts = [value for value in values if isinstance(value, str) and value.count(" ") >= _BLOCK_WORDS - 1]
    return max(texts, key=len, default="")


def _shown(node: Any, depth: int = 0) -> str:
    """The text that an element or a list of them shows."""
    if isinstance(node, str):
        return node
    if not isinstance(node, list) or depth > _MAX_DEPTH:
        return ""
    if node[:1] == [_ELEMENT]:
        properties = node[-1]
        return _shown(properties.get("children"), depth + 1) if isinstance(properties, dict) else ""
    return "".join(_shown(child, depth + 1) for child in node)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _words(text: str | None) -> str:
    return " ".join(WORD.findall(html.unescape(text or "")))
