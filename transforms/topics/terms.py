"""Terms: the stems of an article's words and the pairs of neighbouring stems, which the classifier has weights for."""

import functools
import importlib.resources
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from warraq.schemas.records import Article
from warraq.transforms.arabic import HARAKAT, LETTERS, TATWEEL, normalize_term

_MOST_WORDS: Final = 400
_MOST_LETTERS: Final = 8 * _MOST_WORDS  # Arabic news has six or seven letters and spaces a word
_WORD: Final = re.compile(f"[A-Za-z{LETTERS}][A-Za-z{LETTERS}{HARAKAT}{TATWEEL}]*")
# Each ending with its replacement: "رياضية" and "رياضيون" become "رياضي", not "رياض" (Riyadh).
_ENDINGS: Final = (
    *(("يون", "ي"), ("يين", "ي"), ("يات", "ي"), ("يه", "ي"), ("ات", "ه")),
    *(("ها", ""), ("هم", ""), ("ون", ""), ("ين", "")),
)


def words(text: str) -> list[str]:
    """The runs of Arabic or Latin letters of `text`, as written."""
    return _WORD.findall(text)


@functools.lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """The normalized word without a joined و and without its ending, three letters or more.

    "والمدرسون" and "مدرس" have one stem, "شركات" and "شركة" too. This is a light stemmer in the manner of Larkey,
    Ballesteros and Connell (2002, "light10"): it knows no roots.
    """
    word = normalize_term(word)
    if word.startswith("و") and len(word) >= 5:
        word = word[1:]
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + replacement
    return word


def counted_words(article: Article) -> tuple[list[str], ...]:
    """The words that count: those of the title, twice, and the first 400 of the text.

    News says first what it is about. The limits also keep the cost of a page constant.
    """
    title = words((article.title or "")[:_MOST_LETTERS])[:_MOST_WORDS]
    return title, title, words(article.text[:_MOST_LETTERS])[:_MOST_WORDS]


def term_counts(article: Article) -> Counter[str]:
    """The number of times that each stem and each pair of neighbouring stems occurs."""
    counts: Counter[str] = Counter()
    for part in counted_words(article):
        stems = [stem(word) for word in part]
        counts.update(stems)
        counts.update(map(" ".join, itertools.pairwise(stems)))
    return counts


def read_lists(name: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """The lines `slug | … | term, term` of a list in models/: the slug, the fields between, the terms."""
    for line in model_file(name).decode().splitlines():
        if not line.startswith("#"):
            slug, *between, terms = (part.strip() for part in line.split("|"))
            yield slug, between, [term.strip() for term in terms.split(",")]


def model_file(name: str) -> bytes:
    """The content of a file in models/."""
    return importlib.resources.files("warraq.transforms").joinpath("models", name).read_bytes()
