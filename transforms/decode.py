"""Bytes become text: the charset by evidence, and the evidence checked against the result.

Claims are heard in the order of the HTML standard (BOM, HTTP, `<meta>`), labels mean what browsers take them to mean
(iso-8859-1 is windows-1252), but none is believed blindly: a UTF-8 claim must decode, other claims lose against bytes
that are sound UTF-8 or Arabic letters of another charset. What no claim explains is detected. Arabic that was encoded
twice is mended.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import webencodings  # type: ignore[import-untyped]

from schemas.records import Document, Page
from transforms.step import KEPT, REJECTED, Doors, Rejection, StepFn

_META_BYTES: Final = 4096  # browsers look at 1024; portals put scripts before the charset
_META: Final = re.compile(
    rb"<meta[^>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]*?\bencoding=[\"']([\w.:-]+)", re.IGNORECASE
)
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))
_UTF16: Final = ("utf-16le", "utf-16be")
_ASCII: Final = bytes(range(128))
_CUT_TAIL: Final = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
_CONTROLS: Final = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"

# Letters of Arabic prose per mille, from 6.8 million letters of news (measured November 2026); punctuation and
# digits, whose share varies, at 2. What isn't listed, and what a charset doesn't define, counts as 0.05.
_LETTERS: Final = (
    "ا147 ل113 ي81 م62 و53 ن51 ر49 ت46 ب36 ع32 د32 ة30 ف26 س25 ه23 ق22 أ21 ك18 ح17 "
    "ج13 ش9 ص9 إ9 ى8 ط8 خ8 ز7 ض6 ث6 ذ5 غ4 ئ4 ء3 ظ2 ؤ1 آ1"
)
_PER_MILLE: Final[dict[str, float]] = (
    {letter[0]: float(letter[1:]) for letter in _LETTERS.split()}
    | dict.fromkeys("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652ـ", 0.3)  # marks and tatweel
    | dict.fromkeys("،؛؟«»“”‘’–—…\xa0•٠١٢٣٤٥٦٧٨٩", 2)
)
_RARE: Final = 0.05
_MARGIN: Final = 0.2
_ARABIC_CHARSETS: Final = {"windows-1256": "cp1256", "iso-8859-6": "iso8859_6", "x-mac-arabic": "mac_arabic"}


@dataclasses.dataclass(frozen=True)
class DecodeRules:
    """When a charset is believed."""

    max_bad_share: float = field(
        default=0.1, metadata={"help": "share of undecodable characters above ASCII that a charset may give, 0..1"}
    )
    min_arabic_fit: float = field(
        default=-4.4, metadata={"help": "mean log frequency of letters from which bytes count as Arabic in a charset"}
    )
    min_mojibake: int = field(
        default=10, metadata={"help": "doubly encoded Arabic letters from which a page is mended"}
    )


class _Decoded(NamedTuple):
    text: str
    charset: str
    source: str


def decode(page: Page, rules: DecodeRules) -> Document:
    """The page as text, with its charset and what the charset is known by.

    Raises:
      Rejection: undecodable
    """
    found = next((found for found in _claimed(page) if _holds(page.content, found, rules)), None)
    found = found or _detected(page.content, rules)
    text = found.text.replace("\0", "")
    bad = text.count("\ufffd") + _controls(page.content)
    if bad > rules.max_bad_share * len(text):
        raise Rejection("undecodable", f"{found.charset}: {bad} of {len(text)} characters")
    return Document(
        url=page.url,
        markup=mend(text, rules.min_mojibake).removeprefix("\ufeff"),
        is_text=page.is_text,
        charset=found.charset,
        charset_source=found.source,
        title=page.title,
        fetched_at=page.fetched_at,
        dump=page.dump,
        dump_offset=page.dump_offset,
        bytes=len(page.content),
    )


def _controls(content: bytes) -> int:
    """How many bytes are control characters that no text needs. In UTF-16 letters have such bytes too: 0 there."""
    return 0 if _utf16_of(content) else len(content) - len(content.translate(None, _CONTROLS))


def _claimed(page: Page) -> Iterator[_Decoded]:
    """What the page says of itself, decoded so, most trusted first."""
    for bom, charset in _BOMS:
        if page.content.startswith(bom):
            yield _decoded(page.content, charset, "bom")
    if page.charset and (charset := _known_as(page.charset)):
        yield _decoded(page.content, charset, "given" if page.is_text else "http")
    stated = None if page.is_text else _META.search(page.content, 0, _META_BYTES)
    if stated and (charset := _known_as((stated[1] or stated[2]).decode("latin-1"))):
        # The statement could be read as ASCII, so the page isn't in UTF-16 (HTML standard, prescan).
        yield _decoded(page.content, "utf-8" if charset in _UTF16 else charset, "meta")


def _known_as(label: str) -> str:
    """The charset that browsers take `label` for (WHATWG Encoding), Mac Arabic added; "" if they know none."""
    label = re.sub(r"^(windows)(?=\d)", r"\1-", label.strip().lower())
    if label in ("x-mac-arabic", "macarabic", "mac-arabic", "x-macarabic"):
        return "x-mac-arabic"
    encoding = webencodings.lookup(label)
    return "" if encoding is None or encoding.name in ("replacement", "x-user-defined") else str(encoding.name)


def _decoded(content: bytes, charset: str, source: str) -> _Decoded:
    """`content` in `charset`; a character cut at its very end is left out."""
    if charset == "x-mac-arabic":
        return _Decoded(content.decode("mac_arabic", "replace"), charset, source)
    if charset == "utf-8":
        content = content[:-4] + _CUT_TAIL.sub(b"", content[-4:])
    elif charset in _UTF16:
        content = content[: len(content) & ~1]
    codec = webencodings.lookup(charset).codec_info
    return _Decoded(codec.decode(content, "replace")[0], charset, source)


def _holds(content: bytes, claim: _Decoded, rules: DecodeRules) -> bool:
    """Whether the bytes bear a claim out."""
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
    """The content in the charset that explains its bytes best; windows-1252, as browsers do, if nothing does."""
    if (charset := _utf16_of(content)) and _is_readable((found := _decoded(content, charset, "detected")).text, rules):
        return found
    if not _is_utf8(content) and (charset := arabic_charset(content, rules)):
        return _decoded(content, charset, "detected")
    found = _decoded(content, "utf-8", "detected")
    return found if _is_readable(found.text, rules) else _decoded(content, "windows-1252", "detected")


def _is_readable(text: str, rules: DecodeRules) -> bool:
    """Whether hardly any character above ASCII is undecodable (two may always be: damage, not a wrong charset)."""
    bad = text.count("\ufffd")
    return bad <= 2 or bad <= 2 + rules.max_bad_share * (len(text) - len(text.encode("ascii", "ignore")))


def _is_utf8(content: bytes) -> bool:
    """Whether the content is sound UTF-8, apart from a character cut at its end. ASCII is, too."""
    try:
        (content[:-4] + _CUT_TAIL.sub(b"", content[-4:])).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf16_of(content: bytes) -> str:
    """The byte order of UTF-16, seen by the NULs of its ASCII characters; "" if the content is something else."""
    head = content[:_META_BYTES]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < max(2, len(head) // 64) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16le" if odd > even else "utf-16be"


def arabic_charset(content: bytes, rules: DecodeRules, claimed: str = "windows-1256") -> str:
    """The 8-bit charset in which the bytes above ASCII are Arabic prose; "" if there is none.

    The fit is the mean logarithm of the letters' frequencies: -2.8 to -4.3 for Arabic news in its own charset, less
    than -4.8 for seven other languages in theirs, and about 1.2 less in a wrong Arabic charset. Another than the
    `claimed` charset must therefore fit better by 0.2 at least.
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
    """For each byte the logarithm of how often its letter stands in Arabic prose."""
    characters = bytes(range(256)).decode(codec, "replace")
    # Mac Arabic repeats ASCII punctuation above 127, for writing from right to left.
    frequencies = [_PER_MILLE.get(character, 2 if character.isascii() else _RARE) for character in characters]
    return np.log(np.array(frequencies) / 1000)


class _Mojibake(NamedTuple):
    """Arabic bytes that were read in a wrong charset and written again."""

    signs: tuple[str, ...]  # what stands often in such text and hardly in any other
    rare: str  # a character of the first sign that is rare in sound Arabic: quick to look for
    run: re.Pattern[str]  # characters that stand for bytes above ASCII
    bytes_of: dict[int, int]  # code point → byte
    codec: str  # what the bytes are


def _mojibake(signs: tuple[str, ...], rare: str, read_as: str, codec: str) -> _Mojibake:
    characters = {byte: bytes([byte]).decode(read_as, "ignore") or chr(byte) for byte in range(128, 256)}
    bytes_of = {ord(character): byte for byte, character in characters.items()}
    if read_as == "cp1252":  # and for what was read as ISO-8859-1
        bytes_of |= {byte: byte for byte in range(128, 160)}
    members = "".join(re.escape(chr(point)) for point in bytes_of)
    return _Mojibake(signs, rare, re.compile(f"[{members}]+"), bytes_of, codec)


_MOJIBAKE: Final = (  # signs are how "ا", "ل" or "ال" look
    _mojibake(("Ø§", "Ù„", "Ù\x84"), "Ø", "cp1252", "utf-8"),  # UTF-8 read as windows-1252 or ISO-8859-1
    _mojibake(("Ã˜Â", "Ã™"), "Ã", "cp1252", "utf-8"),  # the same twice
    _mojibake(("ط§", "ظ„"), "§", "cp1256", "utf-8"),  # UTF-8 read as windows-1256
    _mojibake(("Çá",), "Ç", "cp1252", "cp1256"),  # windows-1256 read as windows-1252
)


def mend(text: str, min_mojibake: int) -> str:
    """`text` with its doubly encoded Arabic as it was meant, up to three times over; other text stays as it is."""
    for _ in range(3):
        seen = [_count_signs(text, kind, min_mojibake) for kind in _MOJIBAKE]
        if max(seen) < min_mojibake:
            break
        worst = _MOJIBAKE[seen.index(max(seen))]
        text = worst.run.sub(functools.partial(_mend_run, kind=worst), text)
    return text


def _count_signs(text: str, kind: _Mojibake, enough: int) -> int:
    return sum(map(text.count, kind.signs)) if text.count(kind.rare) * 3 >= enough else 0


def _mend_run(run: re.Match[str], kind: _Mojibake) -> str:
    try:
        return bytes(kind.bytes_of[ord(character)] for character in run[0]).decode(kind.codec)
    except UnicodeDecodeError:
        return run[0]


@dataclasses.dataclass
class DecodePages(beam.PTransform):
    """Page → (Document, Rejected)."""

    rules: DecodeRules = dataclasses.field(default_factory=DecodeRules)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pages: beam.PCollection[Page]) -> Doors:
        function = functools.partial(decode, rules=self.rules)
        return pages | "Decode" >> beam.ParDo(StepFn("decode", function)).with_outputs(REJECTED, main=KEPT)
