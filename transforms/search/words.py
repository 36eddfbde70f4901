"""Words as they are searched for: tokens of a text with their places, and the forms that a word has in Arabic texts.

The index holds each word as it is written, only normalized. Which forms of a word a query means is decided when it is
asked, by the words that the index has: "ولبنان" is "لبنان" with و (and), "وزير" is not "زير" with و.
"""

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from warraq.transforms.arabic import INVISIBLE, MARKS, TATWEEL, normalize_search

_WORD: Final = re.compile(rf"[^\W_{TATWEEL}](?:[{TATWEEL}{MARKS}{INVISIBLE}]*[^\W_{TATWEEL}])*[{TATWEEL}{MARKS}]*")
_LONGEST: Final = 60  # letters of a word that count
# Names that are written as one word or as two: "عبدالله" and "عبد الله".
_TWO_WORDS: Final = re.compile("([وفبكل]?(?:عبد|ابو|ابي|ابا))(ال..+)|([وفبكل]?اب[ويا])(ظبي|بكر)")
# Spellings that newsrooms vary, normalized: أميركا and أمريكا, ترمب and ترامب, سورية and سوريا, مائة and مئة.
_VARIANTS: Final = {
    re.compile(pattern): spelling
    for pattern, spelling in {
        "اميرك(?=[اي])": "امريك",
        "انكل(?=تر|يز)": "انجل",
        "^([وفبكل]?)ترمب$": r"\1ترامب",
        "^([وفبكل]?)سوريه$": r"\1سوريا",
        "^([وفبكل]?)(?:جوجل|قوقل|كوكل)$": r"\1غوغل",
        "^([وفبكل]?(?:ال|لل)?|.*(?:ثلاث|اربع|خمس|ست|سبع|ثمان|تسع))مايه$": r"\1ميه",
    }.items()
}


class Token(NamedTuple):
    """A normalized word, and its place in the text in code points."""

    word: str
    start: int
    end: int


@functools.lru_cache(maxsize=1 << 18)
def normalized(written: str) -> tuple[str, ...]:
    """The words that a written word stands for: mostly one."""
    word = normalize_search(written)[:_LONGEST]
    for variant, spelling in _VARIANTS.items():
        word = variant.sub(spelling, word)
    if two := _TWO_WORDS.fullmatch(word):
        return tuple(part for part in two.groups() if part)
    return (word,) if word else ()


def words(text: str) -> list[str]:
    """The normalized words of a text, in order."""
    return [word for written in _WORD.findall(text) for word in normalized(written)]


def tokens(text: str) -> Iterator[Token]:
    """The normalized words of a text with their places. Two words that were written as one have one place."""
    for match in _WORD.finditer(text):
        for word in normalized(match[0]):
            yield Token(word, match.start(), match.end())


# Forms.

Frequency = Callable[[str], int]  # of a word: the number of articles that have it

_BEFORE_ARTICLE: Final = ("وال", "فال", "بال", "كال", "وبال", "وكال", "فبال", "لل", "ولل", "فلل")  # the article in it
_BEFORE_WORD: Final = ("و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل", "فك")
_ARTICLE: Final = re.compile("ال(?=..)")
_JOINED_ARTICLE: Final = re.compile("[وف]?(?:[بك]?ال|لل)(?=...)")
_ONLY_BEFORE_WORDS: Final = ("ب", "ل", "ك")  # never before a word with a proclitic
_OF_ITSELF: Final = 0.02  # the share of its articles that have a word with one of these or the article before it
_SHORTEST: Final = 3  # letters of a word that is looked for behind single letters
_MORE_FREQUENT: Final = 2  # times the word itself: a joined word is hardly ever more
_MORE_WITH_AND: Final = 20  # "وقال" and "وأضاف" begin more sentences than "قال" and "أضاف"
_OTHER_WORD: Final = 20  # times as frequent without article: another word, as "أن" is beside "الآن"
_ALONE: Final = ("الان", "الذي", "التي")  # without ال they are other words
_ALLAH: Final = ("الله", "والله", "فالله", "بالله", "تالله", "لله", "ولله", "فلله")
_ENDINGS: Final = ("ها", "هم", "نا", "ان", "ات", "ون", "ين", "وا", "يه", "ه", "ي")
_is_arabic: Final = re.compile("[\u0621-\u064a]+").fullmatch


def forms(word: str, frequency: Frequency) -> list[str]:
    """A normalized word, and the forms of it that the index has: with and without article, and with joined و ف ب ل ك.

    Args:
      word: the word.
      frequency: gives the number of articles with a word.
    """
    if word in _ALLAH:
        return [word, *(form for form in _ALLAH if form != word and frequency(form))]
    if not _is_arabic(word):
        return [word]
    bare = _bare(word, frequency)
    defined = f"ال{bare}"
    is_other = word == defined and (word in _ALONE or frequency(bare) > _OTHER_WORD * (frequency(word) or math.inf))
    wholes = [defined] if is_other else [bare, defined]
    likely = sum(map(frequency, wholes))
    found = _joined(_BEFORE_ARTICLE, bare, likely, frequency)
    if not is_other and len(bare) >= _SHORTEST:
        found += _joined(_BEFORE_WORD, bare, likely, frequency)
    return list(dict.fromkeys([word, *(whole for whole in wholes if frequency(whole)), *found]))


def joined_forms(word: str, frequency: Frequency) -> list[str]:
    """A normalized word, and it with joined و ف ب ل ك, its article kept. For the first word of a phrase."""
    if word in _ALLAH:
        return forms(word, frequency)
    if not _is_arabic(word):
        return [word]
    if _ARTICLE.match(word):
        return [word, *_joined(_BEFORE_ARTICLE, word[2:], frequency(word), frequency)]
    return [word, *(_joined(_BEFORE_WORD, word, frequency(word), frequency) if len(word) >= _SHORTEST else [])]


def _bare(word: str, frequency: Frequency) -> str:
    """The word without its article; and without what is joined before it, if that is a rarer form of a word."""
    if article := _ARTICLE.match(word):
        return word[article.end() :]
    if article := _JOINED_ARTICLE.match(word):
        rest = word[article.end() :]
        if frequency(rest) + frequency(f"ال{rest}") > frequency(word) and not _stands_alone(word, frequency):
            return rest
    return word


def _joined(prefixes: Sequence[str], rest: str, likely: int, frequency: Frequency) -> list[str]:
    """The forms of prefixes and `rest` that the index has, without those that are other words: "وزير" is not "زير".

    Args:
      prefixes: those of one letter before those of two.
      rest: what follows them.
      likely: the number of articles with the word itself.
      frequency: gives the number of articles with a word.
    """
    found: list[str] = []
    refused: set[str] = set()
    for form in [f"{prefix}{rest}" for prefix in prefixes]:
        if (count := frequency(form)) and form[1:] not in refused:
            most = likely * (_MORE_WITH_AND if form[0] == "و" else _MORE_FREQUENT)
            (refused.add if count > most or _stands_alone(form, frequency) else found.append)(form)
    return found


def _stands_alone(form: str, frequency: Frequency) -> bool:
    """True if a word has the article before it, or several prepositions: so it begins with no proclitic itself."""
    least = max(1, _OF_ITSELF * frequency(form))  # one may be a misprint
    before = [frequency(f"{letter}{form}") for letter in _ONLY_BEFORE_WORDS if letter != "ل" or form[0] != "ل"]
    return frequency(f"ال{form}") > least or (sum(before) > least and sum(map(bool, before)) > 1)


def stem(word: str) -> str:
    """The part of a normalized word that related words share: "اماراتي", "الاماراتيين" and "الامارات" have "امار".

    Proclitics, the article and endings are taken off as long as three letters are left, in the manner of the light
    stemmer of Larkey, Ballesteros and Connell (2002), but again and again.
    """
    article = re.match("(?:[وف]?(?:[بك]?ال|لل))(?=..)", word)
    rest = word[article.end() :] if article else word
    while True:
        ending = next((each for each in _ENDINGS if rest.endswith(each) and len(rest) - len(each) >= _SHORTEST), "")
        if not ending:
            return rest
        rest = rest.removesuffix(ending)


def stem_prefixes(word: str) -> list[str]:
    """The beginnings of all words that can have the stem of `word`."""
    return [f"{prefix}{stem(word)}" for prefix in ("", "ال", *_BEFORE_ARTICLE, *_BEFORE_WORD)]


def is_related(word: str, other: str) -> bool:
    """True if two normalized words have one stem. Of `other` any proclitics are taken off, too."""
    wanted = stem(word)
    return any(
        other.startswith(prefix) and stem(other[len(prefix) :]) == wanted
        for prefix in ("", *_BEFORE_WORD, *_BEFORE_ARTICLE)
    )
