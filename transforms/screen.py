"""Lets through what can hold Arabic text, judged on raw bytes: nothing is decoded or parsed.

In a crawl 1 page in 100 is Arabic; this stage is what the other 99 cost. Each encoding that Arabic pages come in has
its own evidence, and one is enough. Whole-page scans are numpy comparisons (0.01 to 0.03 ms for 175 kB, a tenth of
`bytes.count` and a fiftieth of a regular expression); regular expressions run only on the bytes above ASCII of pages
that passed a scan. Persian, Urdu and Sorani pages may pass: the language stage tells them apart.
"""

import dataclasses
import functools
import re
from dataclasses import field
from typing import Final

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from schemas.records import Page
from transforms.step import KEPT, REJECTED, Doors, Rejection, StepFn

Bytes = npt.NDArray[np.uint8]

_ASCII: Final = bytes(range(128))
_HEAD: Final = 1024  # bytes in which UTF-16 shows its NULs
_UTF8_LETTERS: Final = re.compile(rb"[\xd8\xd9][\x80-\xbf]|\xef[\xad-\xb7\xba\xbb][\x80-\xbf]")
_DOUBLE_UTF8_LETTERS: Final = re.compile(rb"\xc3[\x98\x99](?:\xc2|\xe2)")
_REFERENCES: Final = (b"&#15", b"&#16", b"&#x6", b"&#X6", b"&#x0", b"&#X0")
_ESCAPED_LETTERS: Final = re.compile(rb"\\u06[2-4][0-9a-fA-F]|&#1(?:5[6-9]|6[01])\d;?|&#[xX]0?6[2-4][0-9a-fA-F];?")


@dataclasses.dataclass(frozen=True)
class ScreenRules:
    """How much Arabic a page must hold to be worth decoding."""

    min_letters: int = field(
        default=100, metadata={"help": "Arabic letters that suffice; a language switcher has fewer than 70"}
    )
    short_letters: int = field(default=20, metadata={"help": "letters that suffice in a short page, where they are"})
    short_share: float = field(default=0.05, metadata={"help": "at least this share of its bytes, 0..1"})
    min_alef_lam: float = field(
        default=0.03, metadata={"help": "8-bit charsets: least share of ا and of ل among the bytes above ASCII, 0..1"}
    )


def screen(page: Page, rules: ScreenRules) -> Page:
    """The page itself, if it can hold Arabic text in any encoding.

    Raises:
      Rejection: no_arabic_bytes
    """
    content = page.content
    enough = min(rules.min_letters, max(rules.short_letters, int(rules.short_share * len(content))))
    data = np.frombuffer(content, np.uint8)
    above = int(np.count_nonzero(data.view(np.int8) < 0))  # bytes above ASCII
    if (
        (above >= enough and _has_utf8(content, data, enough))
        or (above >= enough and _has_legacy(content, data, rules.min_alef_lam * above))
        or _has_escapes(content, data, enough)
        or _has_utf16(content, data, enough)
    ):
        return page
    raise Rejection("no_arabic_bytes")


def _has_utf8(content: bytes, data: Bytes, enough: int) -> bool:
    """Arabic letters and presentation forms in UTF-8, and Arabic UTF-8 that was encoded once more."""
    letters = _count(data, 0xD8) + _count(data, 0xD9)
    forms = _count(data, 0xEF)
    doubled = _count_of(content, b"\xc3\x98") + _count_of(content, b"\xc3\x99") if _count(data, 0xC3) >= enough else 0
    if max(letters, forms, doubled) < enough:
        return False
    high = content.translate(None, _ASCII)
    return max(len(_UTF8_LETTERS.findall(high)), len(_DOUBLE_UTF8_LETTERS.findall(high))) >= enough


def _has_legacy(content: bytes, data: Bytes, enough: float) -> bool:
    """Text in windows-1256, ISO-8859-6 or Mac Arabic, told from other 8-bit and East Asian charsets by two letters.

    ا and ل are 0xC7 and 0xE1 in the first, 0xC7 and 0xE4 in the others; "Çá" is the first read as windows-1252 and
    written as UTF-8. Each letter is a tenth of Arabic prose; in other languages and charsets one of the two is rare.
    """
    if _count(data, 0xC7) >= enough and max(_count(data, 0xE1), _count(data, 0xE4)) >= enough:
        return True
    return (
        2 * _count(data, 0x87) >= enough
        and 2 * min(_count_of(content, "Ç".encode()), _count_of(content, "á".encode())) >= enough
    )


def _has_escapes(content: bytes, data: Bytes, enough: int) -> bool:
    r"""Numeric character references and \uXXXX in scripts. (HTML has no named references for Arabic letters.)"""
    references = sum(_count_of(content, start) for start in _REFERENCES) if _count_of(content, b"&#") >= enough else 0
    escapes = _count_of(content, b"\\u06") if _count(data, ord("\\")) >= enough else 0
    return max(references, escapes) >= enough and len(_ESCAPED_LETTERS.findall(content)) >= enough


def _has_utf16(content: bytes, data: Bytes, enough: int) -> bool:
    """Letters in UTF-16 of either byte order, with or without a BOM: 06 in every other byte, and NULs in the markup."""
    nuls = content.count(b"\0", 0, _HEAD)
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")) and nuls < max(2, min(len(content), _HEAD) // 64):
        return False
    return max(_count(data[0::2], 0x06), _count(data[1::2], 0x06)) >= enough


def _count(data: Bytes, byte: int) -> int:
    return int(np.count_nonzero(data == byte))


def _count_of(content: bytes, needle: bytes) -> int:
    """How often `needle`, two or four bytes long, stands in `content`.

    All are compared at once, as numbers: one view of the content for each offset modulo the needle's size.
    """
    size, wanted = len(needle), int.from_bytes(needle, "little")
    starts = range(min(size, len(content) - size + 1))
    views = (np.frombuffer(content, f"<u{size}", (len(content) - start) // size, start) for start in starts)
    return sum(int(np.count_nonzero(view == wanted)) for view in views)


@dataclasses.dataclass
class ScreenPages(beam.PTransform):
    """Page → (Page, Rejected)."""

    rules: ScreenRules = dataclasses.field(default_factory=ScreenRules)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pages: beam.PCollection[Page]) -> Doors:
        judge = functools.partial(screen, rules=self.rules)
        return pages | "Screen" >> beam.ParDo(StepFn("screen", judge)).with_outputs(REJECTED, main=KEPT)
