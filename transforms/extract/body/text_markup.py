"""The markup in a document that should be plain text: `text` of a feed with tags, character references, or both."""

import html
import re
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.body.containers import INLINE
from warraq.transforms.extract.markup import parse

_ESCAPED: Final = 3  # times that a text may be escaped
_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
_TAG: Final = re.compile(
    r"<(?:p|div|span|article|section|h[1-6]|ul|ol|li|table|tr|td|a|b|i|u|strong|em|font|center|blockquote|img|figure)\b"
    r"[^<>]*>|</(?:p|div|span|article|section|h[1-6]|ul|ol|li|a|b|strong|em|font|blockquote)\s*>|<br\s*/?>",
    re.IGNORECASE,
)
_BREAKING_TAG: Final = re.compile(r"<(?:p|div|br|li|h[1-6])\b", re.IGNORECASE)
_BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n\s*")
_UNSEEN: Final = ("script", "style", "noscript", "template", "iframe", "svg", "button", "select", "head")
_INLINE: Final = INLINE - {"br"}


def without_markup(text: str) -> str:
    """The text without tags and character references; a block is a line or more. Other text is returned itself.

    Line breaks of a text whose tags break no lines stay. In other texts only a blank line ends a line, as in an editor
    of posts.

    Raises Rejection: no_main_text, if the markup can't be parsed.
    """
    for _ in range(_ESCAPED):
        if _TAG.search(text):
            text = _without_tags(text)
        elif "&" in text and _REFERENCE.search(text):
            text = _REFERENCE.sub(lambda reference: html.unescape(reference[0]), text)
        else:
            break
    return text


def _without_tags(text: str) -> str:
    text = text.replace("\r\n", "\n")
    ends = _BLANK_LINE if _BREAKING_TAG.search(text) else re.compile("\n")
    tree = parse(f"<div>{ends.sub('<br>', text)}</div>")
    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    lines = "".join(_pieces(tree)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _pieces(tree: HtmlElement) -> list[str]:
    """The texts of the tree in order, with line ends around blocks."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag not in _INLINE:
            pieces.append("\n")
        text = element.text if event == "start" else element.tail
        pieces.append(" ".join((text or "").splitlines()))
    return pieces
