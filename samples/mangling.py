"""Ways to spoil a page whose article should still come out, by name; each is named by `Placed.mangled`."""

import dataclasses
import unicodedata
from collections.abc import Callable
from typing import Final

from samples.templates import View

_FORMS: Final = {
    (parts[0].strip("<>"), chr(int(parts[1], 16))): chr(code)
    for code in range(0xFE80, 0xFEF5)
    if len(parts := unicodedata.decomposition(chr(code)).split()) == 2
}


def spoil_text(view: View, name: str) -> View:
    """The view with its texts spoilt, for the names that spoil text."""
    if name == "mojibake":
        return dataclasses.replace(view, title=_misread(view.title), paragraphs=tuple(map(_misread, view.paragraphs)))
    if name == "presentation_forms":
        ways = (_shaped, _stretched, _marked, str)
        lines = tuple(way(line) for way, line in zip(ways, view.paragraphs, strict=True))
        return dataclasses.replace(view, paragraphs=lines)
    return view


def _misread(text: str) -> str:
    """UTF-8 read as windows-1252; the five bytes that it leaves open as ISO-8859-1, as browsers do."""
    bytes_ = (bytes([byte]) for byte in text.encode())
    return "".join(byte.decode("latin-1" if byte in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for byte in bytes_)


def _shaped(text: str) -> str:
    """Letters as presentation forms, as old PDF and page-setting programs leave them."""
    shaped = []
    for before, letter, after in zip(" " + text, text, text[1:] + " ", strict=False):
        joins_before = ("initial", before) in _FORMS and ("final", letter) in _FORMS
        joins_after = ("initial", letter) in _FORMS and ("final", after) in _FORMS
        form = {(0, 0): "isolated", (0, 1): "initial", (1, 0): "final", (1, 1): "medial"}[joins_before, joins_after]
        shaped.append(_FORMS.get((form, letter), letter))
    return "".join(shaped)


def _stretched(text: str) -> str:
    """Tatweel inside some words."""
    return text.replace("الفريق", "الفـــريق").replace("خطوطا", "خطــوطا").replace("الدقيقة", "الدقيــقة")


def _marked(text: str) -> str:
    """Zero-width and bidi characters between and inside words."""
    first, rest = text.split(" ", 1)
    return f"\u200f{first} \u202b{rest}\u202c".replace("الثلث", "الث\u200bلث").replace("الجفاف", "\u200eالجفاف\u2060")


def _nul_bytes(markup: str) -> str:
    return markup.replace("</p>", "</p>\0\0").replace("<p>و", "<p>\0و")


def _megabyte_attribute(markup: str) -> str:
    return markup.replace('<div class="entry-content">', f'<div class="entry-content" data-state="{"x" * 1_000_000}">')


def _huge_colspan(markup: str) -> str:
    table = '<table><tr><td colspan="1000000000" rowspan="65000">الجولة</td><td>10</td></tr></table>'
    return markup.replace("</h1>", f"</h1>{table}")


def _unclosed_tags(markup: str) -> str:
    return (
        markup.replace("</p>", "")
        .replace("</div>", "</div></span>", 3)
        .replace("<h1", "<b><i><h1")
        .replace("</html>", "")
    )


def _cut_off(markup: str) -> str:
    end = "عن التجارة"
    return markup[: markup.rindex(end) + len(end)]


SPOIL_MARKUP: Final[dict[str, Callable[[str], str]]] = {
    "nul_bytes": _nul_bytes,
    "megabyte_attribute": _megabyte_attribute,
    "huge_colspan": _huge_colspan,
    "unclosed_tags": _unclosed_tags,
    "cut_off": _cut_off,
}
