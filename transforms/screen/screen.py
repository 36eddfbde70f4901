"""Keeps pages that can hold Arabic text, judged by their raw bytes: nothing is decoded or parsed.

In a crawl 1 page in 100 is Arabic, so the other 99 must be cheap. Each encoding of Arabic pages has its own evidence,
and one piece of evidence is enough. One numpy pass (0.02 ms for 170 kB, a fiftieth of a regular expression) selects the
stretches with bytes above ASCII, a thirtieth of most pages; only these are searched. Escapes are ASCII themselves: they
are searched in an eighth of the page first. Persian, Urdu and Sorani pages may pass; the language stage rejects them.
"""

import dataclasses
import re
from dataclasses import field
from typing import Final, NamedTuple

import numpy as np

from warraq.schemas.records import Page
from warraq.transforms.mojibake import utf8_signs
from warraq.transforms.opt_out import sorted_signals
from warraq.transforms.rejection import Rejection
from warraq.transforms.rule_checks import check_range
from warraq.transforms.screen.sites import check_site, with_digest
from warraq.transforms.site_rules import reservations

_WORD: Final = 8  # bytes in one numpy word
_ABOVE_ASCII: Final = np.uint64(0x8080808080808080)
_MIN_SHARE: Final = 0.025  # letters per byte above ASCII; about 0.45 in Arabic UTF-8, 0.02 by accident in GBK
_HEAD: Final = 1024  # bytes; UTF-16 has NULs in them
_SAMPLED: Final = 16_384  # bytes; shorter pages are searched whole
_STRIPE: Final = np.dtype("V16")  # 16 bytes: in a row of escapes of up to eight bytes, one lies in it whole
_STRIPES: Final = 8  # of each group of so many stripes, the first is searched
_ESCAPES: Final = (  # of U+0620 to U+064F and U+FE70 to U+FEFF (presentation forms)
    re.compile(rb"\\u(?:06[2-4]|[fF][eE][7-9a-fA-F])[0-9a-fA-F]"),
    re.compile(  # after ";" the reference is escaped twice: &amp;#1575;
        rb"[&;]#(?:0*(?:1(?:5[6-9]|6[01])|65(?:1[4-9]|2[0-7]))\d(?!\d)"
        rb"|[xX]0*(?:6[2-4]|[fF][eE][7-9a-fA-F])[0-9a-fA-F](?![0-9a-fA-F]))"
    ),
)


class _Sign(NamedTuple):
    """A pattern of two or four bytes; only the bits in `mask` are compared."""

    wanted: bytes
    mask: bytes = b"\xff\xff\xff\xff"


_LETTER: Final = _Sign(b"\xd8\x80", b"\xfe\xc0")  # D8 or D9, then a continuation byte: U+0600 to U+067F in UTF-8
_FORM: Final = _Sign(b"\xef\xba", b"\xff\xfe")  # U+FE80 to U+FEFF, presentation forms
_DOUBLED: Final = _Sign(b"\xc3\x98\xc2\x80", b"\xff\xfe\xdf\xc0")  # Ø or Ù, then a byte 80 to BF as UTF-8
_MISREAD: Final = utf8_signs()
_MISREAD_HEAD: Final = 16_384  # bytes above ASCII; such a letter has five, so there are 3,000 of them
_MISREAD_SHARE: Final = 8  # of the letters of Arabic prose, one in four is ا or ل; one in eight may be lost
_DOUBLED_ALEF: Final = _Sign("Ç".encode())
_DOUBLED_LAM: Final = _Sign("á".encode())


@dataclasses.dataclass(frozen=True)
class ScreenRules:
    """The Arabic that a page must hold to be decoded.

    Raises:
      ValueError: a rule makes no sense; the message has one line and begins with the flag's name.
    """

    min_letters: int = field(
        default=100, metadata={"help": "Arabic letters that suffice; a language switcher has fewer than 70"}
    )
    short_letters: int = field(
        default=20, metadata={"help": "letters that suffice in a short page, if they have the next share"}
    )
    short_share: float = field(
        default=0.05, metadata={"help": "least share of these letters in the bytes of the page, 0..1"}
    )
    min_alef_lam: float = field(
        default=0.03, metadata={"help": "8-bit charsets: least share of ا and of ل among the bytes above ASCII, 0..1"}
    )

    sites_allow: str = field(
        default="", metadata={"help": "a file of domains, one a line, or a folder of UT1: only pages of these sites"}
    )
    sites_block: str = field(default="", metadata={"help": "such a file or folder: no pages of these sites"})

    def __post_init__(self) -> None:
        for name in ("sites_allow", "sites_block"):
            if stated := getattr(self, name):
                object.__setattr__(self, name, with_digest(name, stated))
        check_range("screen_min_letters", self.min_letters, 0)
        check_range("screen_short_letters", self.short_letters, 0)
        check_range("screen_short_share", self.short_share, 0, 1)
        check_range("screen_min_alef_lam", self.min_alef_lam, 0, 1)


def screen(page: Page, rules: ScreenRules) -> Page:
    """The page, unchanged, if its site is wanted and it can hold Arabic text in any encoding.

    Raises:
      Rejection: site_rules, site_not_allowed, site_blocked, no_arabic_bytes
    """
    if stated := reservations(page.source.url, page.content):
        raise Rejection("site_rules", ", ".join(sorted_signals(one.signal for one in stated)))
    if rules.sites_allow or rules.sites_block:
        check_site(page, rules.sites_allow, rules.sites_block)
    content = page.content
    enough = max(1, min(rules.min_letters, max(rules.short_letters, int(rules.short_share * len(content)))))
    high = _above_ascii(content)
    above = int(np.count_nonzero(np.frombuffer(high, np.int8) < 0))
    if (
        _has_utf8(high, max(enough, int(_MIN_SHARE * above)))
        or (above >= enough and _has_legacy(high, rules.min_alef_lam * above))
        or _has_escapes(content, enough)
        or _has_utf16(content, enough)
        or (above >= enough and _has_misread(high, enough))
    ):
        return page
    raise Rejection("no_arabic_bytes")


def _above_ascii(content: bytes) -> bytes:
    """The words of eight bytes with at least one byte above ASCII, and the last bytes, which fill no word.

    Characters of many bytes stay whole, because each of their bytes is above ASCII.
    """
    words = np.frombuffer(content, np.uint64, len(content) // _WORD)
    return words[(words & _ABOVE_ASCII) != 0].tobytes() + content[len(words) * _WORD :]


def _has_utf8(high: bytes, enough: int) -> bool:
    """True for Arabic letters or presentation forms in UTF-8, or for Arabic UTF-8 that was encoded twice."""
    return (
        (_count(high, 0xD8) + _count(high, 0xD9) >= enough and _count_sign(high, _LETTER) >= enough)
        or (_count(high, 0xEF) >= enough and _count_sign(high, _FORM) >= enough)
        or (_count(high, 0xC3) >= enough and _count_sign(high, _DOUBLED) >= enough)
    )


def _has_legacy(high: bytes, enough: float) -> bool:
    """True for text in windows-1256, ISO-8859-6 or Mac Arabic. Two letters decide.

    ا and ل are 0xC7 and 0xE1 in windows-1256, 0xC7 and 0xE4 in the others. "Çá" is windows-1256 that was read as
    windows-1252 and written as UTF-8. Each letter is a tenth of Arabic prose; in other languages and in East Asian
    charsets one of the two is rare.
    """
    if _count(high, 0xC7) >= enough and max(_count(high, 0xE1), _count(high, 0xE4)) >= enough:
        return True
    return 2 * _count(high, 0x87) >= enough and all(
        2 * _count_sign(high, letter) >= enough for letter in (_DOUBLED_ALEF, _DOUBLED_LAM)
    )


def _has_misread(high: bytes, enough: int) -> bool:
    """True for Arabic that was read in a wrong charset and written again as UTF-8, near the beginning of the page."""
    head = high[:_MISREAD_HEAD]
    return _MISREAD_SHARE * sum(map(head.count, _MISREAD)) >= enough


def _has_escapes(content: bytes, enough: int) -> bool:
    r"""True for numeric character references, or \uXXXX in scripts. HTML has no named references for Arabic letters.

    In a long page 16 bytes of each 128 are searched first, and the rest only if they hold an escape. So 24 letters in a
    row are always found; of a hundred letters in single words enough are found that hardly a page is lost.
    """
    sample = content
    if len(content) >= _SAMPLED:
        sample = np.frombuffer(content, _STRIPE, len(content) // _STRIPE.itemsize)[::_STRIPES].tobytes()
    return any(escape.search(sample) and len(escape.findall(content)) >= enough for escape in _ESCAPES)


def _has_utf16(content: bytes, enough: int) -> bool:
    """True for letters in UTF-16, with or without a BOM: every other byte of letters is 06, and of markup NUL."""
    nuls = content.count(b"\0", 0, _HEAD)
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")) and nuls < max(2, min(len(content), _HEAD) // 64):
        return False
    return max(_count(content[0::2], 0x06), _count(content[1::2], 0x06)) >= enough


def _count(content: bytes, byte: int) -> int:
    return int(np.count_nonzero(np.frombuffer(content, np.uint8) == byte)) if byte in content else 0


def _count_sign(content: bytes, sign: _Sign) -> int:
    """The number of occurrences of `sign`.

    numpy compares all of them at once, as numbers: one view of the content for each offset modulo the sign's size.
    """
    size = len(sign.wanted)
    wanted, mask = (int.from_bytes(part[:size], "little") for part in sign)
    starts = range(min(size, max(0, len(content) - size + 1)))
    views = (np.frombuffer(content, f"<u{size}", (len(content) - start) // size, start) for start in starts)
    return sum(int(np.count_nonzero(view & mask == wanted)) for view in views)
