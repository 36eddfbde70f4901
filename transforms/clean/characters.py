"""Characters in their final form: Unicode NFC, plain letters, no invisible characters, mojibake repaired."""

import re
import unicodedata

import ftfy

from warraq.transforms.arabic import LETTERS, MARKS, TATWEEL

# Arabic in UTF-8 that was read as Latin-1 or windows-1252. The decode stage repairs whole pages by its own tables, and
# one method can't serve both. Of three damaged words in an Arabic line, ftfy repairs 99% and the tables 73%. Of 200
# pages of UTF-8 read as windows-1256, or of windows-1256 read as windows-1252, ftfy repairs none and the tables all.
_MOJIBAKE = re.compile(r"(?:[ØÙ][^\x00-\x7f]){3}")
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufd3d\ufd50-\ufdf9\ufe70-\ufefc]")  # without ﷺ ﷻ ﷼ ﷽ ﴾ ﴿, which stay
_LINE_BREAK = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Soft hyphen, zero-width and direction marks, controls, noncharacters. ZWNJ belongs to Persian spelling, not to Arabic.
# ZWJ is not among them, because it joins emoji.
_INVISIBLE = re.compile(
    "[\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]"
)
_DEBRIS = re.compile("|".join(found.pattern for found in (_PRESENTATION_FORMS, _LINE_BREAK, _INVISIBLE)))
_JOINER = re.compile(f"(?<=[{LETTERS}{MARKS}ـ\\s])\u200d+|\u200d+(?=[{LETTERS}])")
# Searched fast, because the pattern begins with one plain character.
_TATWEEL_IN_WORD = re.compile(f"ـ(?<=[{LETTERS}{MARKS}]ـ)ـ*(?=[{LETTERS}{MARKS}])")


def clean_characters(text: str) -> str:
    """`text` in NFC, in plain letters and single spaces, without invisible characters and empty lines.

    One tatweel stays at the end of a word ("١٤٤٦هـ", "بـ«أمر»") and where it replaces a dash. Cleaning a cleaned text
    changes nothing.
    """
    cleaned = _cleaned_once(text)
    while cleaned != text and _has_mojibake(cleaned):  # removed noise had hidden it
        text, cleaned = cleaned, _cleaned_once(cleaned)
    return cleaned


def _has_mojibake(text: str) -> bool:
    return ("Ø" in text or "Ù" in text) and _MOJIBAKE.search(text) is not None


def _cleaned_once(text: str) -> str:
    if _has_mojibake(text):
        text = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
    if _DEBRIS.search(text):
        text = _PRESENTATION_FORMS.sub(_plain_letters, _LINE_BREAK.sub("\n", text.replace("\r\n", "\n")))
        text = _INVISIBLE.sub("", text)
    if "\u200d" in text:
        text = _JOINER.sub("", text)
    if "ـ" in text:
        text = re.sub("ـ{2,}", "ـ", _TATWEEL_IN_WORD.sub("", text))
    # NFC comes last: it sorts marks, and some become neighbours only when a tatweel between them is gone.
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _plain_letters(form: re.Match[str]) -> str:
    """The letters of a presentation form. NFKC puts a space before a single mark; the space is removed."""
    return unicodedata.normalize("NFKC", form.group()).lstrip(" ")


def clean_field(value: str | None) -> str | None:
    """A field of one line in its final form; None if nothing is left."""
    cleaned = clean_characters(value or "")
    while "\n" in cleaned:  # a line break may have hidden mojibake
        cleaned = clean_characters(cleaned.replace("\n", " "))
    return cleaned or None


_LETTER_OR_DIGIT = re.compile(rf"[^\W_{TATWEEL}]")
# Letters of scripts without spaces between words: Thai to Khmer, kana, Chinese characters.
_UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def count_words(text: str) -> int:
    """The number of words: pieces between white space that have a letter or a digit.

    In a script without spaces between words each letter counts, so that such a text is not taken for a short one.
    """
    spaced = sum(1 for word in text.split() if (word[0].isalnum() and word[0] != "ـ") or _LETTER_OR_DIGIT.search(word))
    return spaced + len(_UNSPACED.findall(text))
