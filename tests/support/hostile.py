"""Hostile content of records, for property tests: text that encoders and parsers refuse."""

import datetime as dt
import random
import types
import typing

from hypothesis import strategies as st

SURROGATES = ("\ud83d", "\ude00", "\ud83d\ude00", "\udc81")
CONTROLS = tuple(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)]))
ODD = (
    *SURROGATES, *CONTROLS, "\ufffe", "\uffff", "\U0001ffff", "\U0010ffff", "\ufffd", "\ufeff", "\u2028",
    "\u202e", "\u2066", "\u200d", "\u061c", "\u0640" * 99, "\u0301" * 99, "\x1b[31m", "<!--", "]]>", "&#1;", "&#xFFFE;", "%00", "/" * 99,
)  # fmt: skip
HUGE = "خبر " * 2_000

# Texts of any characters, of odd ones between Arabic words, and a huge one.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from([*ODD, "أعلنت", " ", "\n", "a", "😀"]), max_size=12).map("".join),
    st.sampled_from([HUGE, HUGE + "\ud83d"]),
)
TIMES = st.datetimes(timezones=st.just(dt.timezone.utc))


def values(hint):
    """Values of a type annotation, hostile where the type allows it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*map(values, arguments))
    if hint in KINDS:
        return KINDS[hint]
    return records(hint)


def records(record):
    """Records of a class whose every field is hostile."""
    return st.tuples(*map(values, typing.get_type_hints(record).values())).map(lambda fields: record(*fields))


KINDS = {
    str: TEXTS,
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    int: st.integers(-(2**31), 2**31 - 1),
    float: st.floats(width=32, allow_nan=False),
    dt.datetime: TIMES,
    dt.date: st.dates(),
    type(None): st.none(),
}

# Charsets that Arabic was written in, and those that it was read in by mistake.
MISREADINGS = (
    ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("utf-8", "cp1256"), ("cp1256", "cp1252"), ("cp1256", "latin-1"),
    ("utf-8", "mac_arabic"), ("utf-8", "cp437"), ("utf-8", "iso8859_6"),
)  # fmt: skip
NOISE = (
    "\ufffd", "\x80", "\x85", "\x9d", "\xa0", "Ø", "Ù", "Ã", "Â", "§", "„", "‡", "â€", "é", "\u064b", "\u200d",
    "\u200c", "ـ", "\ufeff", "\x1d", "\u2028", "ﷺ", "ﺍ", "\u0301", "Ùˆ", "½",
)  # fmt: skip


def garbled(text, seed):
    """`text` with words read in wrong charsets, up to three times over, and noise between their letters."""
    chance = random.Random(seed)
    words = [_garbled_word(word, chance) for word in text.split(" ")]
    text = chance.choice([" ", " ", "\xa0", "\n"]).join(words)
    return _misread(text, chance) if chance.random() < 0.3 else text


def _garbled_word(word, chance):
    word = _misread(word, chance) if chance.random() < 0.4 else word
    cut = chance.randrange(len(word) + 1)
    return word[:cut] + chance.choice(NOISE) * chance.randint(1, 3) + word[cut:] if chance.random() < 0.2 else word


def _misread(text, chance):
    for _ in range(chance.choice([1, 1, 2, 3])):
        written, read = chance.choice(MISREADINGS)
        text = text.encode(written, "replace").decode(read, chance.choice(["replace", "ignore"]))
    return text
