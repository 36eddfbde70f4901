"""Arabic spelling: letters, marks, digits, proclitics, tokens, and the normalizations by which words are compared.

A normalization maps several spellings of a word to one form. Normalized text is for comparison only; no stage writes
it into an article. There is one normalization for each purpose, because purposes differ in which spellings count as
the same: names need "على" (on) and "علي" (Ali) apart, copies of a text do not. `tests/transforms/test_arabic.py`
shows what each one does to the same words.

Letters and marks are written as the inside of a character class, so that patterns can be made of them: `[{MARKS}]`.
"""

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple

# Characters.

TATWEEL: Final = "\u0640"
HARAKAT: Final = "\u064b-\u065f\u0670"  # vowel marks, and hamza and alif written as marks
MARKS: Final = f"\u0610-\u061a{HARAKAT}\u06d6-\u06ed"  # vowel marks, honorifics, and the reading marks of the Quran
INVISIBLE: Final = "\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff"  # zero-width characters, direction marks
LETTERS: Final = (  # of all languages in Arabic script, without tatweel
    "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
)
ARABIC_LETTERS: Final = "\u0621-\u063a\u0641-\u064a\u0671"  # of Arabic itself

# Words and tokens.

WORD: Final = re.compile(r"\w+")  # letters and digits of any script; a mark ends the word
LETTER_RUN: Final = re.compile(r"[^\W\d_]+")  # letters of any script
_TOKEN: Final = re.compile(rf"[^\W_{TATWEEL}](?:[^\W_]|[{TATWEEL}{HARAKAT}])*|\n|[^\w\s{TATWEEL}{HARAKAT}{INVISIBLE}]")


def tokenize(text: str) -> list[re.Match[str]]:
    """Words with their marks, single signs, and line ends, in order. Spaces and invisible characters are left out."""
    return list(_TOKEN.finditer(text))


# Tables of letters. The parts have the names of CAMeL Tools.

_ALEF: Final = dict.fromkeys("أإآٱ", "ا")
_ALEF_MAKSURA: Final = {"ى": "ي"}
_TEH_MARBUTA: Final = {"ة": "ه"}
_HAMZA_SEATS: Final = {"ؤ": "و", "ئ": "ي"}
# Letters that look like Arabic ones, where Persian, Urdu and Kurdish keyboards or old fonts wrote Arabic.
LOOK_ALIKE: Final[Mapping[str, str]] = {
    **dict.fromkeys("یېۍے", "ي"),
    "ۓ": "ئ",
    **dict.fromkeys("کڪ", "ك"),
    **dict.fromkeys("ہھەۀۂ", "ه"),
    "ۃ": "ة",
    **dict.fromkeys("ٲٵ", "أ"),
    "ٳ": "إ",
}
# Presentation forms, the shapes of letters in old fonts, without ﷺ and the like. NFKC puts a space before a lone mark.
_FORMS: Final = {
    form: unicodedata.normalize("NFKC", form).lstrip(" ")
    for form in map(chr, (*range(0xFB50, 0xFD3E), *range(0xFD50, 0xFDFA), *range(0xFE70, 0xFEFD)))
    if unicodedata.category(form) == "Lo"
}
_DIGITS: Final = {chr(start + digit): str(digit) for start in (0x660, 0x6F0) for digit in range(10)}
_SIGNS: Final = "".join(map(chr, range(0x700)))  # str.translate is slow for a character that is not in the table


def _removed(marks: str) -> dict[str, str]:
    """A table that removes the characters of a class."""
    return dict.fromkeys(re.findall(f"[{marks}]", _SIGNS), "")


def _table(*parts: Mapping[str, str]) -> dict[int, str]:
    """One table for str.translate; where parts name the same letter, the last one counts.

    It also maps look-alike letters and presentation forms, to what it makes of the Arabic letters.
    """
    table = {ord(sign): sign for sign in _SIGNS}
    for part in parts:
        table |= {ord(sign): replacement for sign, replacement in part.items()}
    forms = {form: letters.translate(_PLAIN_TABLE) for form, letters in _FORMS.items()}
    return table | {ord(sign): letters.translate(table) for sign, letters in (forms | dict(LOOK_ALIKE)).items()}


_PLAIN_TABLE: Final = {ord(sign): letter for sign, letter in LOOK_ALIKE.items()}


def _keeping_places(table: Mapping[int, str]) -> dict[int, str]:
    """The table without forms of several letters."""
    return {sign: replacement for sign, replacement in table.items() if len(replacement) == 1}


# Normalizations.

_KEYBOARD_TABLE: Final = {ord(sign): sign for sign in _SIGNS} | {ord(sign): LOOK_ALIKE[sign] for sign in "یکہھ"}
_LETTER_TABLE: Final = _table()
_COPY_TABLE: Final = _table(_ALEF, _ALEF_MAKSURA, _TEH_MARBUTA, _HAMZA_SEATS, _DIGITS, _removed(MARKS + TATWEEL))
_NAME_TABLE: Final = _table(_ALEF, _ALEF_MAKSURA, _TEH_MARBUTA, _HAMZA_SEATS, _removed(HARAKAT + TATWEEL))
_TERM_TABLE: Final = _table(
    _ALEF,
    _ALEF_MAKSURA,
    _TEH_MARBUTA,
    _HAMZA_SEATS,
    {"ڨ": "ق", "گ": "ق", "پ": "ب", "ڤ": "ف", "چ": "ج"},
    _removed(HARAKAT + TATWEEL),
)
_SEARCH_TABLE: Final = _table(
    _ALEF, _ALEF_MAKSURA, _TEH_MARBUTA, _HAMZA_SEATS, _DIGITS, _removed(MARKS + TATWEEL + INVISIBLE)
)
_STRIP_TABLE: Final = {ord(sign): "" for sign in _removed(MARKS + TATWEEL + INVISIBLE)}
_ACCENTED: Final = re.compile("[\u00c0-\u024f]")  # Latin letters
_ACCUSATIVE: Final = re.compile("(?<=..)(?:اً|ًا)$")
_HAMZA_BEFORE_WAW: Final = re.compile("[ئء]+[وؤ]")
_DATE_TABLE: Final = _keeping_places(
    _table(
        _ALEF,
        _ALEF_MAKSURA,
        _TEH_MARBUTA,
        {"ئ": "ي", "،": ","},
        _DIGITS,
        {chr(letter): chr(letter + 32) for letter in range(ord("A"), ord("Z") + 1)},
        dict.fromkeys("éèêÉ", "e") | dict.fromkeys("ûÛ", "u"),  # of French months
        dict.fromkeys("–—−‐‑", "-") | dict.fromkeys("؍⁄∕\\", "/") | {"’": "'"},  # U+060D is the Arabic date separator
    )
)
_LINE_TABLE: Final = _table(_ALEF, _ALEF_MAKSURA, _TEH_MARBUTA)
_LINE_LETTERS: Final = tuple((_ALEF | _ALEF_MAKSURA | _TEH_MARBUTA).items())
_OTHER_LETTERS: Final = re.compile(f"[{''.join(LOOK_ALIKE)}\ufb50-\ufdff\ufe70-\ufefc]")
_LINE_MARKS: Final = re.compile(f"[{MARKS}{TATWEEL}]")
_LINE_SIGNS: Final = re.compile(r"(?<=\W)\W+|^\W+|\W+$")
_STRIPPED: Final = re.compile(f"[{TATWEEL}{HARAKAT}]")
# A Persian keyboard has one letter for ى and ي. There the prepositions are meant: they are more frequent.
_PREPOSITIONS: Final = {"على": "على", "إلى": "إلى", "الى": "إلى", "علی": "على", "إلی": "إلى", "الی": "إلى"}
_FORMS_OF_ALLAH: Final = frozenset({"الله", "والله", "بالله", "فالله", "تالله", "لله", "ولله", "اللهم"})
_LIKE_PREPOSITIONS: Final = frozenset({"علي", "الي"})  # the same letters in a name


def normalize_letters(text: str) -> str:
    """`text` with Arabic letters in place of those that look alike, and of presentation forms. For names as shown."""
    return text.translate(_LETTER_TABLE) if _OTHER_LETTERS.search(text) else text


def strip_marks(text: str) -> str:
    """`text` without vowel marks and tatweel. For names as they are shown."""
    return _STRIPPED.sub("", text)


def normalize_keyboard(text: str) -> str:
    """`text` with ی, ک, ہ and ھ as ي, ك and ه. For the language stage: they tell the keyboard, not the language.

    Each character keeps its place.
    """
    return text.translate(_KEYBOARD_TABLE)


@functools.lru_cache(maxsize=8)  # one line is compared with title, authors and agencies in turn
def normalize_line(line: str) -> str:
    """The words of a line in one spelling, with single spaces. For furniture, bylines and credits.

    Case, marks, and signs that do not join two words are gone. ؤ and ئ stay.
    """
    line = line.casefold()
    if _OTHER_LETTERS.search(line):
        line = line.translate(_LINE_TABLE)
    for letter, replacement in _LINE_LETTERS:  # faster than str.translate, which looks up every character
        line = line.replace(letter, replacement)
    return " ".join(_LINE_SIGNS.sub(" ", _LINE_MARKS.sub("", line)).split())


def normalize_copy(text: str) -> str:
    """`text` without the spellings that newsrooms vary when they copy: marks, hamza, final ya and ta, digits, case.

    For signatures of near copies. Datasets hold such signatures, so a change here needs a new schema version, unless it
    concerns letters that hardly any article has.
    """
    return text.translate(_COPY_TABLE).casefold()


def normalize_name(word: str) -> str:
    """A word as names are looked up: marks, hamza, final ya and ta marbuta do not count; digits do.

    For the taggers. The prepositions على and إلى keep their letters, so that they are not the names علي and إلي.
    The trained tagger learned from this form, so a change here needs a new training.
    """
    key = word.translate(_NAME_TABLE).lower()
    return _PREPOSITIONS.get(strip_marks(word), key) if key in _LIKE_PREPOSITIONS else key


def normalize_term(word: str) -> str:
    """A word without marks, proclitics before an article, and the article; letters of loan words as mostly spelt.

    For the topic classifier, whose stemmer goes on from here. الله keeps its article and loses its proclitics: the rest
    would be the function word له. Its weights were trained on this form, so a change here needs a new training.
    """
    word = strip_marks(word).lower().translate(_TERM_TABLE)
    if word in _FORMS_OF_ALLAH:
        return "الله"
    article = _ARTICLE.match(word)
    return word[article.end() :] if article else word


def normalize_search(word: str) -> str:
    """A word as it is searched for: marks, hamza, final ya and ta marbuta, digits, case and accents do not count.

    مسؤول and مسئول are one word, and so are يوم and يوماً with its mark. The prepositions على and إلى keep their
    letters, so that they are not the names علي and إلي. Indexes of searches hold this form, so a change here needs a
    new number for them: see `search/index.py`.
    """
    plain = word.translate(_STRIP_TABLE)
    joined = plain[: plain.startswith(("و", "ف"))]
    if preposition := _PREPOSITIONS.get(plain.removeprefix(joined)):
        return joined + preposition
    key = _ACCUSATIVE.sub("", normalize_letters(word)).translate(_STRIP_TABLE)
    key = _ACCENTED.sub(lambda letter: unicodedata.normalize("NFD", letter[0])[0], key)
    return _HAMZA_BEFORE_WAW.sub("وو", key).translate(_SEARCH_TABLE).casefold()


def normalize_date(text: str) -> str:
    """`text` with one form of each letter, digit and sign that dates are written with. For written dates.

    Each character keeps its place. Marks stay: whoever needs the places of letters removes them first.
    """
    return text.translate(_DATE_TABLE)


# Proclitics: و ف ب ل ك and the article, which Arabic writes as one word with what follows.

ARTICLE: Final = "(?:[وفبك]?ال|و?لل)"  # the article and its proclitics; لل is ل and ال
_ARTICLE: Final = re.compile(f"{ARTICLE}(?=..)")
_PROCLITICS: Final = re.compile("[وف]?(?:[بك]|لل?)?")
_FIRST_PROCLITICS: Final = tuple("وفبكل")
_SHORTEST_REST: Final = 3  # letters; what is left of a word without proclitics is hardly ever shorter


class Segmentation(NamedTuple):
    """A word after `skip` written characters of proclitics. `key` is normalized, with the article that لل hid."""

    skip: int
    key: str


def clitic_segmentations(word: str) -> tuple[Segmentation, ...]:
    """All ways to divide `word` into proclitics and rest, the undivided word first.

    "ولبنان" may be "ولبنان" or "لبنان" (or "بنان"); who asks decides by what words exist.
    """
    key = normalize_name(word)
    found = [Segmentation(0, key)]
    proclitics = _PROCLITICS.match(key) if key.startswith(_FIRST_PROCLITICS) else None
    for letters in range(1, proclitics.end() + 1 if proclitics else 1):
        if len(key) - letters >= _SHORTEST_REST:
            article = "ال" if key[:letters].endswith("لل") else ""
            found.append(Segmentation(_place_of_letter(word, letters), article + key[letters:]))
    return tuple(found)


def _place_of_letter(word: str, letters: int) -> int:
    """The index in `word` of its letter number `letters`, counted from 0 without marks."""
    if not _STRIPPED.search(word):
        return letters
    return [place for place, sign in enumerate(word) if not _STRIPPED.match(sign)][letters]
