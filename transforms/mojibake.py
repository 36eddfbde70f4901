"""Mojibake: Arabic whose bytes were read in a wrong charset and written again, once or more. It is mended whole.

`ا` and `ل` make the signs: a quarter of the letters of Arabic prose, and in each wrong charset two characters that
stand together in no language. Where charsets share the signs, the one that gives the likeliest Arabic is taken.
"""

import functools
import math
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from warraq.transforms.letter_frequencies import PER_MILLE, RARE

_ROUNDS: Final = 4  # times that a text may have been encoded anew
_TRIED: Final = 0.8  # of the most signs: charsets with so many are tried
_LETTER: Final = re.compile("[\u0621-\u064a]")
_VOWEL: Final = re.compile("[\u064b-\u0652]")
_VOWEL_SHARE: Final = 0.02  # of the letters: a vocalised text
_LOST: Final = 2  # letters that may be left damaged: signs such as Ø have a meaning of their own
_LEAST_LIKENESS: Final = -5.0  # of Arabic news -2.8 to -4.3, of other languages less than -4.8 (see decode.py)
_SAMPLE: Final = 20_000  # characters by which charsets are compared
_SOFT_HYPHEN: Final = "\xad"


class Misreading(NamedTuple):
    """One way in which bytes of Arabic were misread."""

    name: str  # the charset of the bytes and the wrong one
    signs: tuple[str, ...]  # "ا" and "ل", or "ال", as they look then
    rare: str  # a character of the first sign that is rare in correct text: fast to search
    sequence: re.Pattern[str]  # the characters of one letter, or of a run of them
    bytes_of: Mapping[int, int]  # code point → byte
    codec: str  # of the bytes
    leads: str  # characters of the first bytes of Arabic letters in UTF-8, if they are no letters of Arabic
    lost: tuple[tuple[str, str], ...]  # a letter without its second character → the letter
    then: "Misreading | None" = None  # the misreading that is left when this one is undone


def _characters(read_as: str) -> dict[int, str]:
    """The characters above ASCII by byte. Bytes without one are C1 controls, as in browsers."""
    return {byte: bytes([byte]).decode(read_as, "ignore") or chr(byte) for byte in range(128, 256)}


def _class_of(bytes_of: Mapping[int, int], first: int, last: int) -> str:
    return "[" + "".join(re.escape(chr(point)) for point, byte in bytes_of.items() if first <= byte <= last) + "]"


def _utf8_read_as(read_as: str, *also: str, rare: str = "") -> Misreading:
    """UTF-8 that was read in an 8-bit charset. `also`: charsets that differ in a few characters."""
    characters = _characters(read_as)
    bytes_of = {ord(sign): byte for byte, sign in characters.items()}
    for other in also:
        bytes_of = {ord(sign): byte for byte, sign in _characters(other).items()} | bytes_of
    go_on = _class_of(bytes_of, 0x80, 0xBF)
    sequence = (
        f"{_class_of(bytes_of, 0xC2, 0xDF)}{go_on}|{_class_of(bytes_of, 0xE0, 0xEF)}{go_on}{{2}}"
        f"|{_class_of(bytes_of, 0xF0, 0xF4)}{go_on}{{3}}"
    )
    alef, lam = (f"{characters[0xD8]}{characters[0xA7]}", f"{characters[0xD9]}{characters[0x84]}")
    other_lams = tuple(f"{characters[0xD9]}{_characters(other)[0x84]}" for other in also)
    is_arabic = _LETTER.match(alef) is not None
    if is_arabic:  # correct Arabic has such sequences; a run of characters is mended whole or not at all
        sequence = f"{_class_of(bytes_of, 0x80, 0xFF)}+"
    lost: tuple[tuple[str, str], ...] = ()
    if read_as == "cp1252":  # it lacks 81, 8D, 8F, 90 and 9D; ف ends in 81, and ” in 9D
        lost = ((f"{characters[0xD9]}\ufffd", "ف"), (f"{characters[0xE2]}{characters[0x80]}\ufffd", "”"))
    return Misreading(
        name=f"utf-8 as {read_as}",
        signs=(alef, *dict.fromkeys((lam, *other_lams))),
        rare=rare or alef[0],
        sequence=re.compile(sequence),
        bytes_of=bytes_of,
        codec="utf-8",
        leads="" if is_arabic else characters[0xD8] + characters[0xD9],
        lost=lost,
    )


def _legacy_read_as(codec: str, read_as: str, *also: str) -> Misreading:
    """Text in an Arabic 8-bit charset that was read in another one."""
    characters = _characters(read_as)
    bytes_of: dict[int, int] = {}
    for charset in (*also, read_as):
        bytes_of |= {ord(sign): byte for byte, sign in _characters(charset).items()}
    sign = "".join(characters[byte] for byte in "ال".encode(codec))
    rare = sign[1] if sign[0] == "«" else sign[0]
    run = re.compile(f"{_class_of(bytes_of, 0x80, 0xFF)}+")
    return Misreading(f"{codec} as {read_as}", (sign,), rare, run, bytes_of, codec, leads="", lost=())


def _twice(kind: Misreading, read_as: str) -> Misreading:
    """As `kind`, for text that was encoded as UTF-8 and misread once more: its signs look like this."""
    characters = _characters(read_as)
    signs = tuple("".join(characters.get(byte, chr(byte)) for byte in sign.encode()) for sign in kind.signs)
    return _utf8_read_as(read_as)._replace(
        name=f"{kind.name}, again", signs=signs, rare=signs[0][0], leads="", lost=(), then=kind
    )


_ONCE: Final = (
    _utf8_read_as("cp1252", "latin-1", "cp1254"),
    _utf8_read_as("latin-1"),
    _utf8_read_as("iso8859-15"),
    _utf8_read_as("cp1256", rare="§"),
    _utf8_read_as("cp437"),
    _utf8_read_as("cp850"),
    _utf8_read_as("mac_roman"),
    _utf8_read_as("cp1250", rare="§"),
    _utf8_read_as("cp1251", rare="§"),
    _legacy_read_as("cp1256", "cp1252", "latin-1", "cp1254"),
    _legacy_read_as("cp1256", "iso8859-15"),
    _legacy_read_as("cp1256", "cp437"),
    _legacy_read_as("cp1256", "cp850"),
    _legacy_read_as("cp1256", "mac_roman"),
    _legacy_read_as("cp1256", "cp1250"),
    _legacy_read_as("cp1256", "cp1251"),
    _legacy_read_as("iso8859-6", "cp1252", "latin-1", "cp1254"),
)
_AGAIN: Final = ("cp1252", "latin-1", "iso8859-15")
MISREADINGS: Final = (
    *_ONCE,
    *(_twice(kind, read_as) for kind in _ONCE if kind.name.endswith(_AGAIN) for read_as in _AGAIN),
)
_RARE_CHARACTERS: Final = tuple(dict.fromkeys(kind.rare for kind in MISREADINGS))


class Mended(NamedTuple):
    """A text without mojibake."""

    text: str
    misread: str  # the names of the misreadings, last one first; "" if nothing was mended
    damaged: int  # letters that are lost


def mend(text: str, enough: int) -> Mended:
    """`text` with its mojibake mended, if it has `enough` signs of it; other text is unchanged."""
    names: list[str] = []
    damaged = 0
    for _ in range(_ROUNDS):
        best = _best(text, enough)
        if best is None:
            break
        text, damaged = _mended(text, best)
        names.append(best.name)
    return Mended(text, ", ".join(names), damaged if damaged > _LOST else 0)


def repair(text: str, enough: int) -> str:
    """The text of `mend`."""
    return mend(text, enough).text


def _best(text: str, enough: int) -> Misreading | None:
    """The misreading of most signs; of several, that of the likeliest Arabic.

    None without `enough` signs, or if the result is less like Arabic prose than the text.
    """
    present = {rare for rare in _RARE_CHARACTERS if text.count(rare) * 3 >= enough}
    seen = [sum(map(text.count, kind.signs)) if kind.rare in present else 0 for kind in MISREADINGS]
    most = max(seen)
    if most < enough:
        return None
    likely = [kind for kind, signs in zip(MISREADINGS, seen, strict=True) if signs >= _TRIED * most]
    begin = max(0, text.find(likely[0].signs[0]) - 100)
    sample = text[begin : begin + _SAMPLE]
    likeness = [_likeness(_undone(sample, kind)) for kind in likely]
    best = max(range(len(likely)), key=likeness.__getitem__)
    return likely[best] if likeness[best] > max(_LEAST_LIKENESS, _likeness(sample)) else None


def _undone(text: str, kind: Misreading) -> str:
    mended = _mended(text, kind)[0]
    return _undone(mended, kind.then) if kind.then else mended


def _likeness(text: str) -> float:
    """The mean logarithm of the frequencies in Arabic prose of characters above ASCII, without vowel marks."""
    above = [sign for sign in text if not sign.isascii() and sign != "\ufffd" and not _VOWEL.match(sign)]
    return sum(math.log(PER_MILLE.get(sign, RARE) / 1000) for sign in above) / max(1, len(above))


def _mended(text: str, kind: Misreading) -> tuple[str, int]:
    """`text` with one misreading undone, and the number of letters that are lost."""
    text = kind.sequence.sub(functools.partial(_letters, kind=kind), text)
    if not kind.leads:
        return text, 0
    letters = len(_LETTER.findall(text))
    if kind.lost and len(_VOWEL.findall(text)) <= _VOWEL_SHARE * letters:  # of vowel marks too, the end may be lost
        for damaged, letter in kind.lost:
            text = text.replace(damaged, letter)
    # A soft hyphen, the end of ح, is often dropped as invisible.
    text = re.sub(f"(?<=[\u0621-\u064a]){kind.leads[0]}|{kind.leads[0]}(?=[\u0621-\u064a])", "ح", text)
    return text, sum(map(text.count, kind.leads))


def _letters(sequence: re.Match[str], kind: Misreading) -> str:
    try:
        return bytes(kind.bytes_of[ord(sign)] for sign in sequence[0]).decode(kind.codec)
    except UnicodeDecodeError:
        return sequence[0]


def utf8_signs() -> tuple[bytes, ...]:
    """The signs of all misreadings in UTF-8, each once."""
    return tuple(dict.fromkeys(sign.encode() for kind in MISREADINGS for sign in kind.signs))
