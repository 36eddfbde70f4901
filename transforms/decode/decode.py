"""Decodes the bytes of a page into text: finds the charset and checks it against the bytes.

A page may state its charset several times. Claims are tried in the order of the HTML standard (BOM, HTTP, `<meta>`) and
labels are read as in browsers (iso-8859-1 is windows-1252). Each claim is checked: a UTF-8 claim must decode; another
claim loses against bytes that are valid UTF-8 or Arabic letters of another charset. Without a valid claim the charset
is detected. In a UTF-8 page, words in another charset are decoded in that one. Arabic that was encoded or escaped twice
is repaired.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import webencodings  # type: ignore[import-untyped]

from warraq.schemas.records import Document, Page
from warraq.transforms.decode.escapes import unescape_twice
from warraq.transforms.letter_frequencies import PER_MILLE, RARE
from warraq.transforms.mojibake import mend
from warraq.transforms.rejection import Rejection
from warraq.transforms.rule_checks import check_range

_META_BYTES: Final = 4096  # browsers read 1024; portals put scripts before the charset
_META: Final = re.compile(
    rb"<meta[^>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]*?\bencoding=[\"']([\w.:-]+)", re.IGNORECASE
)
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32le"),
    (b"\0\0\xfe\xff", "utf-32be"),
    (b"\xff\xfe", "utf-16le"),
    (b"\xfe\xff", "utf-16be"),
)
_UTF16: Final = ("utf-16le", "utf-16be")
_NOT_ON_THE_WEB: Final = {"x-mac-arabic": "mac_arabic", "utf-32le": "utf-32-le", "utf-32be": "utf-32-be"}  # to browsers
_ASCII: Final = bytes(range(128))
_CUT_TAIL: Final = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
# Bytes that are not UTF-8, decoded with "surrogateescape", and characters between them that are UTF-8 by accident.
_STRAYS: Final = re.compile("[\udc80-\udcff][\x80-\u05ff\udc80-\udcff]*")
_CONTROLS: Final = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"

_MARGIN: Final = 0.2
_ARABIC_CHARSETS: Final = {"windows-1256": "cp1256", "iso-8859-6": "iso8859_6", "x-mac-arabic": "mac_arabic"}


@dataclasses.dataclass(frozen=True)
class DecodeRules:
    """The evidence that a charset needs.

    Raises:
      ValueError: a rule makes no sense; the message has one line and begins with the flag's name.
    """

    max_bad_share: float = field(
        default=0.1, metadata={"help": "share of undecodable characters above ASCII that a charset may give, 0..1"}
    )
    min_arabic_fit: float = field(
        default=-4.4, metadata={"help": "mean log frequency of letters from which bytes count as Arabic in a charset"}
    )
    min_mojibake: int = field(
        default=10, metadata={"help": "doubly encoded Arabic letters from which a page is repaired"}
    )

    def __post_init__(self) -> None:
        check_range("decode_max_bad_share", self.max_bad_share, 0, 1)
        check_range("decode_min_arabic_fit", self.min_arabic_fit, -math.inf, 0)
        check_range("decode_min_mojibake", self.min_mojibake, 1)


class _Claim(NamedTuple):
    """A charset that a page or its dump states."""

    source: str  # bom, http, meta or given
    label: str  # as stated


class _Decoded(NamedTuple):
    text: str
    charset: str
    source: str


def decode(page: Page, rules: DecodeRules) -> Document:
    """The page as text, with its charset, the source of the charset, and the claims that its bytes refute.

    Raises:
      Rejection: undecodable
    """
    found, refuted = _believed(page, rules)
    text = found.text.replace("\0", "")
    bad = text.count("\ufffd") + _controls(page.content, found.charset)
    if bad > rules.max_bad_share * len(text):
        raise Rejection("undecodable", f"{found.charset}: {bad} of {len(text)} characters")
    mended = mend(text, rules.min_mojibake)
    if mended.damaged:
        raise Rejection("undecodable", f"{mended.misread}: {mended.damaged} letters are lost")
    said = ", ".join(f"{claim.source} said {claim.label[:40]}" for claim in refuted)
    return Document(
        source=page.source,
        markup=unescape_twice(mended.text, rules.min_mojibake, is_text=page.is_text).removeprefix("\ufeff"),
        is_text=page.is_text,
        charset=found.charset,
        charset_source=f"{found.source} ({said})" if said else found.source,
        title=page.title,
        stated=page.stated,
        opt_out=page.opt_out,
    )


def _believed(page: Page, rules: DecodeRules) -> tuple[_Decoded, list[_Claim]]:
    """The content in the first claimed charset that passes, else in the detected one; and the claims that failed."""
    refuted: list[_Claim] = []
    for claim in _claims(page):
        if charset := _known_as(claim):
            found = _decoded(page.content, charset, claim.source, rules)
            if _holds(page.content, found, rules):
                return found, refuted
        refuted.append(claim)
    return _detected(page.content, rules), refuted


def _controls(content: bytes, charset: str) -> int:
    """The number of control characters that no text needs; 0 for UTF-16, in which letters have such bytes too."""
    return 0 if charset.startswith(("utf-16", "utf-32")) else len(content) - len(content.translate(None, _CONTROLS))


def _claims(page: Page) -> Iterator[_Claim]:
    """The charsets that the page and its dump state, the most trusted first."""
    bom = next((charset for mark, charset in _BOMS if page.content.startswith(mark)), None)
    if bom:
        yield _Claim("bom", bom)
    if page.charset:
        yield _Claim("given" if page.is_text else "http", page.charset)
    stated = None if page.is_text else _META.search(page.content, 0, _META_BYTES)
    if stated:
        yield _Claim("meta", (stated[1] or stated[2]).decode("latin-1"))


def _known_as(claim: _Claim) -> str:
    """The charset of the label in browsers (WHATWG Encoding), or Mac Arabic; "" if the label is unknown."""
    if claim.source == "bom":
        return claim.label
    label = re.sub(r"^(windows)(?=\d)", r"\1-", claim.label.strip(" \t\r\n\f\"';,").lower())
    if label in ("x-mac-arabic", "macarabic", "mac-arabic", "x-macarabic"):
        return "x-mac-arabic"
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return ""
    # A page that states UTF-16 in ASCII isn't in UTF-16 (HTML standard, prescan).
    return "utf-8" if claim.source == "meta" and encoding.name in _UTF16 else str(encoding.name)


def _decoded(content: bytes, charset: str, source: str, rules: DecodeRules) -> _Decoded:
    """`content` in `charset`, without a character that is cut at the end."""
    if charset == "utf-8":
        return _Decoded(_from_utf8(content[:-4] + _CUT_TAIL.sub(b"", content[-4:]), rules), charset, source)
    if charset in _UTF16:
        content = content[: len(content) & ~1]
    if charset in _NOT_ON_THE_WEB:
        return _Decoded(content.decode(_NOT_ON_THE_WEB[charset], "replace"), charset, source)
    return _Decoded(webencodings.lookup(charset).codec_info.decode(content, "replace")[0], charset, source)


def _from_utf8(content: bytes, rules: DecodeRules) -> str:
    """`content` as UTF-8. If most of it is, words in an Arabic 8-bit charset are decoded in that charset."""
    escaped = content.decode("utf-8", "surrogateescape")
    words = [_bytes_of(word) for word in _STRAYS.findall(escaped)]
    strays = b"".join(words)
    is_prose = len(strays) >= max(rules.min_mojibake, 2 * len(words)) and not _is_most(strays, content)
    if is_prose and (charset := arabic_charset(strays, rules)):
        codec = _ARABIC_CHARSETS[charset]
        return _STRAYS.sub(lambda word: _bytes_of(word[0]).decode(codec, "replace"), escaped)
    return content.decode("utf-8", "replace") if words else escaped


def _not_utf8(content: bytes) -> bytes:
    """The bytes that are not UTF-8."""
    return b"".join(map(_bytes_of, _STRAYS.findall(content.decode("utf-8", "surrogateescape"))))


def _bytes_of(escaped: str) -> bytes:
    return escaped.encode("utf-8", "surrogateescape")


def _is_most(strays: bytes, content: bytes) -> bool:
    """True if `strays` are more than half of the bytes above ASCII."""
    return 2 * len(strays) > len(content.translate(None, _ASCII))


def _holds(content: bytes, claim: _Decoded, rules: DecodeRules) -> bool:
    """True if the bytes agree with a claim."""
    if content.isascii() and b"\0" not in content:
        return claim.charset not in _UTF16
    if not _is_readable(claim.text, rules):
        return False
    if claim.source == "bom":
        return True
    if (seen := _utf16_of(content)) or claim.charset in _UTF16:
        return seen == claim.charset
    if claim.charset == "utf-8" or _is_utf8(content):
        return claim.charset == "utf-8"
    return arabic_charset(content, rules, claim.charset) in ("", claim.charset)


def _detected(content: bytes, rules: DecodeRules) -> _Decoded:
    """The content in the charset that fits its bytes best; in windows-1252, as in browsers, if none fits."""
    if (charset := _utf16_of(content)) and _is_readable(
        (found := _decoded(content, charset, "detected", rules)).text, rules
    ):
        return found
    strays = b"" if _is_utf8(content) else _not_utf8(content)
    if _is_most(strays, content) and (charset := arabic_charset(strays, rules)):
        return _decoded(content, charset, "detected", rules)
    found = _decoded(content, "utf-8", "detected", rules)
    return found if _is_readable(found.text, rules) else _decoded(content, "windows-1252", "detected", rules)


def _is_readable(text: str, rules: DecodeRules) -> bool:
    """True if few characters above ASCII are undecodable. Two are always accepted: damage, not a wrong charset."""
    bad = text.count("\ufffd")
    return bad <= 2 or bad <= 2 + rules.max_bad_share * (len(text) - len(text.encode("ascii", "ignore")))


def _is_utf8(content: bytes) -> bool:
    """True for valid UTF-8, ASCII included. A character may be cut at the end."""
    try:
        (content[:-4] + _CUT_TAIL.sub(b"", content[-4:])).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf16_of(content: bytes) -> str:
    """The byte order of UTF-16, found by the NULs of ASCII characters; "" if the content is not UTF-16."""
    head = content[:_META_BYTES]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < max(2, len(head) // 64) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16le" if odd > even else "utf-16be"


def arabic_charset(content: bytes, rules: DecodeRules, claimed: str = "windows-1256") -> str:
    """The 8-bit charset in which the bytes above ASCII are Arabic prose; "" if there is none.

    The fit is the mean logarithm of the letters' frequencies: -2.8 to -4.3 for Arabic news in its own charset, less
    than -4.8 for seven other languages in theirs, and about 1.2 less in a wrong Arabic charset. So a charset other than
    `claimed` must fit better by at least 0.2.
    """
    high = np.frombuffer(content.translate(None, _ASCII), np.uint8)
    if not len(high):
        return ""
    counts = np.bincount(high, minlength=256) / len(high)
    fits = {charset: float(counts @ _log_frequencies(codec)) for charset, codec in _ARABIC_CHARSETS.items()}
    if claimed in fits:
        fits[claimed] += _MARGIN
    best = max(fits, key=fits.__getitem__)
    return best if fits[best] >= rules.min_arabic_fit else ""


@functools.cache
def _log_frequencies(codec: str) -> npt.NDArray[np.float64]:
    """The logarithm of the frequency in Arabic prose of each byte's letter."""
    characters = bytes(range(256)).decode(codec, "replace")
    # Mac Arabic repeats ASCII punctuation above 127, for text from right to left.
    frequencies = [PER_MILLE.get(character, 2 if character.isascii() else RARE) for character in characters]
    return np.log(np.array(frequencies) / 1000)
