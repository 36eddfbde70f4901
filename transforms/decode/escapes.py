r"""Arabic that was escaped twice: `&amp;#1575;` in markup, and `\u0627` in the text of a page, never decoded."""

import re
from typing import Final

from warraq.schemas.encodable import without_surrogates

_ROUNDS: Final = 3  # times that a text may be escaped too often
_DOUBLE: Final = re.compile(r"&(?:amp;)+#(?:1[56]\d\d|[xX]0?6[0-9a-fA-F]{2});")
_AMPERSAND: Final = re.compile(r"&amp;(?=(?:amp;)*(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,10});)")
_LITERAL: Final = re.compile(r"\\+u06[0-9a-fA-F]{2}")
_ESCAPE: Final = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|([\"'/nrt]))")
_SPACES: Final = {"n": "\n", "r": "\n", "t": "\t"}
# Code, tags, or text. In code and attributes such escapes are right.
_CODE_OR_TAG: Final = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_PIECE: Final = re.compile(rf"{_CODE_OR_TAG.pattern}|(?P<text>[^<]+)", re.IGNORECASE | re.DOTALL)


def unescape_twice(text: str, enough: int, *, is_text: bool) -> str:
    """`text` without the outer escapes, if it has `enough` Arabic letters with them; other text is returned itself."""
    for _ in range(_ROUNDS):
        if text.count("amp;#") < enough or len(_DOUBLE.findall(text)) < enough:
            break
        text = _AMPERSAND.sub("&", text)
    if text.count("\\u06") >= enough:
        return _without_literals(text, enough) if is_text else _without_literals_in_markup(text, enough)
    return text


def _without_literals(text: str, enough: int) -> str:
    if len(_LITERAL.findall(text)) < enough:
        return text
    return without_surrogates(_ESCAPE.sub(_character, text))


def _without_literals_in_markup(markup: str, enough: int) -> str:
    """The markup with such escapes decoded in its text; code and attributes stay."""
    if len(_LITERAL.findall(_CODE_OR_TAG.sub("", markup))) < enough:
        return markup
    return _PIECE.sub(_decoded_piece, markup)


def _decoded_piece(piece: re.Match[str]) -> str:
    text = piece["text"]
    return without_surrogates(_ESCAPE.sub(_character, text)) if text and _LITERAL.search(text) else piece[0]


def _character(escape: re.Match[str]) -> str:
    """The escaped character; of an escaped tag or ampersand the reference, because it was no markup."""
    if escape[1]:
        character = chr(int(escape[1], 16))
        return {"<": "&lt;", "&": "&amp;"}.get(character, character)
    return _SPACES.get(escape[2], escape[2])
