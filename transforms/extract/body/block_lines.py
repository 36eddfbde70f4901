"""The lines of a page's blocks, for short pages: trafilatura's last resort joins title, menu and text in one line."""

from collections.abc import Iterator
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.containers import INLINE

_INLINE: Final = INLINE - {"br"}
_NO_TEXT: Final = frozenset({"head", "title", "nav", "aside", "footer", "form", "figcaption", "menu", "h1"})
_PROSE_WORDS: Final = 7
_PROSE_SHARE: Final = 0.5  # of the characters of all lines
_PAGE_PARTS: Final = ("h1", "main", "article")
_MOST_LINKED: Final = 0.9  # of a line's characters; the entries of menus are links


def unglued(lines: list[str], page: HtmlElement) -> list[str]:
    """`lines`; if they are one line that joins the text of several blocks, the lines of these blocks.

    The headline and lines of links are left out. A page that is mostly labels, such as a timetable, stays one line.
    """
    if len(lines) != 1:
        return lines
    blocks = list(_block_lines(page))
    whole = _words(lines[0])
    if not blocks or any(whole in _words(block) for block in blocks):
        return lines
    joined = [block for block in blocks if _words(block) in whole]
    prose = sum(len(block) for block in joined if block.count(" ") >= _PROSE_WORDS)
    return joined if prose > _PROSE_SHARE * sum(map(len, joined)) else lines


def _words(text: str) -> str:
    return f" {' '.join(WORD.findall(text))} "


def _block_lines(page: HtmlElement) -> Iterator[str]:
    """The text of each block, without menus and lines of links, in order."""
    pieces: list[str] = []
    linked = unread = links = 0
    for event, element in etree.iterwalk(page, events=("start", "end")):
        step = 1 if event == "start" else -1
        if element.tag not in _INLINE:
            yield from _line(pieces, linked)
            pieces, linked = [], 0
        unread += step if _is_unread(element) else 0
        links += step if element.tag == "a" else 0
        text = element.text if event == "start" else element.tail
        if text and not unread:
            pieces.append(text)
            linked += len(" ".join(text.split())) if links else 0
    yield from _line(pieces, linked)


def _is_unread(element: HtmlElement) -> bool:
    """True for the headline, menus and so on; not for a tag around the whole page, whose end the parser did not see."""
    if element.tag not in _NO_TEXT:
        return False
    return element.tag == "h1" or next(element.iter(*_PAGE_PARTS), None) is None


def _line(pieces: list[str], linked: int) -> list[str]:
    text = " ".join("".join(pieces).split())
    return [text] if text and linked <= _MOST_LINKED * len(text) else []
