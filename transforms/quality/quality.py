"""Quality: keeps prose; rejects lists, tables, tag clouds, stuffed keywords and text that repeats itself.

`measure` computes the figures, `QualityRules` bounds them. Most figures are those of FineWeb-2 (the Gopher and FineWeb
filters of datatrove, as its pipeline sets them for arb_Arab). Three are ours: the share of function words, of words in
sentences, and of the most frequent content word. The defaults were chosen on 33,000 published Arabic news texts
(benchmarks/accuracy/quality.py): each rule rejects fewer than one in a thousand of them, short texts included.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Final, NamedTuple

from warraq.schemas.records import Article
from warraq.transforms.arabic import MARKS, TATWEEL
from warraq.transforms.rejection import Rejection
from warraq.transforms.rule_checks import check_range

# A number with its signs, a word with its marks, or a run of one sign.
TOKEN: Final = re.compile(rf"\d+(?:[.,:/٫٬-]\d+)+|[\w{MARKS}]+|\.+|!+|[^\w\s]")
_MARK: Final = re.compile(f"[{MARKS}{TATWEEL}]+")
FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        في من على إلى الى عن أن إن ان مع هذا هذه ذلك تلك التي الذي الذين كان كانت كانوا يكون قد لم لن لا ما هو هي هم
        أو او أم ثم كما بعد قبل بين حتى عند عندما خلال منذ حيث كل بعض غير أي اي له لها لهم به بها فيه فيها عليه عليها
        منه منها عنه عنها إليه إليها وقد وفي ومن وعلى وإلى والى وعن وهو وهي وأن وان وكان وكانت ولا ولم ولن وما فقد إذا
        اذا لكن ولكن حول ضد نحو أنه انه أنها انها وأنه وأنها وذلك وهذا وهذه هناك هنا ليس ليست تم وتم بأن لأن عبر دون
        مثل ومع بل إنه إنها أيضا ايضا يا نحن أنا انا أنت انت هل لو لما اللي اللى مش مو شو ده دي علشان عشان
        """,
    )
)
TERMINAL_MARKS: Final = (".", "!", "?", "؟", "۔", "‼", "⁇", "⁈", "⁉")
SENTENCE_MARKS: Final = (*TERMINAL_MARKS, "…", "،", "؛")  # at the end of a line in a sentence
CLOSERS: Final = "\"'”’»)]}*\u200f\u200e "  # may follow the mark that ends a sentence
SENTENCE_WORDS: Final = 12  # a line with so many words is part of a sentence, with or without a full stop
SHORT_LINE: Final = 30  # characters
BULLETS: Final = ("•", "-")
ELLIPSES: Final = ("...", "…")


class Measures(NamedTuple):
    """The figures of one text. Shares are 0..1; those of runs of words are of the text in characters."""

    words: float
    word_length: float  # mean, in characters
    letter_words: float  # share of words and signs that hold a letter
    function_words: float  # different ones
    function_share: float  # of the words
    top_word: float  # share of the most frequent content word in the words
    top_2gram: float  # share of the most frequent pair of words
    top_3gram: float
    top_4gram: float
    duplicate_5gram: float  # share of runs of five words that occurred before
    duplicate_6gram: float
    duplicate_7gram: float
    duplicate_8gram: float
    duplicate_9gram: float
    duplicate_10gram: float
    duplicate_lines: float
    duplicate_line_chars: float
    punctuated_lines: float  # share of lines that end with a terminal mark
    breaks_per_word: float
    sentence_words: float  # share of words in lines that are long or end like a sentence
    short_lines: float
    bullet_lines: float
    ellipsis_lines: float
    hashes_per_word: float
    ellipses_per_word: float


def _at_least(measure: str, default: float, reason: str, meaning: str, *, is_share: bool = True) -> float:
    """A lower bound on a measure; a text below it is rejected for `reason`."""
    metadata = {"help": meaning, "reason": reason, "measure": measure, "is_lower": True, "is_share": is_share}
    return field(default=default, metadata=metadata)


def _at_most(measure: str, default: float, reason: str, meaning: str, *, is_share: bool = True) -> float:
    """An upper bound on a measure; a text above it is rejected for `reason`."""
    metadata = {"help": meaning, "reason": reason, "measure": measure, "is_lower": False, "is_share": is_share}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class QualityRules:
    """The bounds of prose. The defaults are the preset `news`.

    Raises:
      ValueError: a bound makes no sense; the message has one line and begins with the flag's name.
    """

    min_words: float = _at_least("words", 0, "word_count", "least words", is_share=False)
    max_words: float = _at_most("words", 100_000, "word_count", "most words", is_share=False)
    max_duplicate_lines: float = _at_most(
        "duplicate_lines", 0.304, "duplicate_lines", "largest share of lines that occurred before, 0..1"
    )
    max_duplicate_line_chars: float = _at_most(
        "duplicate_line_chars", 0.3, "duplicate_lines", "the same in characters, 0..1"
    )
    max_top_word: float = _at_most("top_word", 0.2, "repeated_words", "largest share of one content word, 0..1")
    max_top_2gram: float = _at_most("top_2gram", 0.22, "repeated_words", "largest share of one pair of words, 0..1")
    max_top_3gram: float = _at_most("top_3gram", 0.24, "repeated_words", "largest share of one run of 3 words, 0..1")
    max_top_4gram: float = _at_most("top_4gram", 0.26, "repeated_words", "largest share of one run of 4 words, 0..1")
    max_duplicate_5gram: float = _at_most(
        "duplicate_5gram", 0.35, "repeated_words", "largest share of repeated runs of 5 words, 0..1"
    )
    max_duplicate_6gram: float = _at_most(
        "duplicate_6gram", 0.33, "repeated_words", "largest share of repeated runs of 6 words, 0..1"
    )
    max_duplicate_7gram: float = _at_most(
        "duplicate_7gram", 0.31, "repeated_words", "largest share of repeated runs of 7 words, 0..1"
    )
    max_duplicate_8gram: float = _at_most(
        "duplicate_8gram", 0.29, "repeated_words", "largest share of repeated runs of 8 words, 0..1"
    )
    max_duplicate_9gram: float = _at_most(
        "duplicate_9gram", 0.27, "repeated_words", "largest share of repeated runs of 9 words, 0..1"
    )
    max_duplicate_10gram: float = _at_most(
        "duplicate_10gram", 0.25, "repeated_words", "largest share of repeated runs of 10 words, 0..1"
    )
    min_letter_words: float = _at_least(
        "letter_words", 0.4, "few_letters", "least share of words among words and signs, 0..1"
    )
    min_word_length: float = _at_least(
        "word_length", 3.0, "odd_words", "least mean length of words, in characters", is_share=False
    )
    max_word_length: float = _at_most(
        "word_length", 8.0, "odd_words", "largest mean length of words, in characters", is_share=False
    )
    min_function_words: float = _at_least(
        "function_words", 1, "no_stop_words", "least number of different function words", is_share=False
    )
    min_function_share: float = _at_least(
        "function_share", 0.015, "no_stop_words", "least share of function words, 0..1"
    )
    max_breaks_per_word: float = _at_most(
        "breaks_per_word", 0.25, "short_lines", "most line breaks per word and sign", is_share=False
    )
    max_short_lines: float = _at_most(
        "short_lines", 0.85, "short_lines", "largest share of lines of up to 30 characters, 0..1"
    )
    min_punctuated_lines: float = _at_least(
        "punctuated_lines", 0.05, "unpunctuated", "least share of lines that end like a sentence, 0..1"
    )
    min_sentence_words: float = _at_least(
        "sentence_words", 0.3, "few_sentences", "least share of words in long or ended lines, 0..1"
    )
    max_bullet_lines: float = _at_most(
        "bullet_lines", 1.0, "odd_marks", "largest share of lines that begin with a bullet, 0..1"
    )
    max_ellipsis_lines: float = _at_most(
        "ellipsis_lines", 0.5, "odd_marks", "largest share of lines that end in an ellipsis, 0..1"
    )
    max_hashes_per_word: float = _at_most("hashes_per_word", 0.2, "odd_marks", "most # per word", is_share=False)
    max_ellipses_per_word: float = _at_most(
        "ellipses_per_word", 0.1, "odd_marks", "most ellipses per word", is_share=False
    )
    short_text: int = field(
        default=60,
        metadata={"help": "words of a text in sentences whose missing function words and runs of 2 to 4 don't count"},
    )
    allow_unpunctuated: bool = field(
        default=True, metadata={"help": "keep texts in which no line at all ends like a sentence"}
    )

    def __post_init__(self) -> None:
        for bound in _BOUNDS:
            check_range(f"quality_{bound.name}", getattr(self, bound.name), 0, 1 if bound.is_share else math.inf)
        check_range("quality_short_text", self.short_text, 0)
        check_range("quality_max_words", self.max_words, self.min_words)
        check_range("quality_max_word_length", self.max_word_length, self.min_word_length)


class _Bound(NamedTuple):
    """A bound of QualityRules on one measure."""

    name: str  # of the field
    measure: str
    reason: str
    is_lower: bool
    is_share: bool


_BOUNDS: Final = tuple(
    _Bound(rule.name, **{name: rule.metadata[name] for name in _Bound._fields[1:]})
    for rule in fields(QualityRules)
    if "reason" in rule.metadata
)

# A report of one or two sentences may lack function words, and a name that occurs twice in it is a large share.
_OF_LONGER_TEXTS: Final = frozenset(
    ("min_function_words", "min_function_share", "max_top_2gram", "max_top_3gram", "max_top_4gram")
)

# FineWeb-2's configs/arb_Arab.yml, else the defaults of datatrove's filters. One difference: texts without any terminal
# mark are kept, as AraMix (arXiv 2512.18834) recommends; with allow_unpunctuated=False the rules are FineWeb-2's. Its
# "words" come from spaCy, ours from TOKEN: nearly the same for Arabic.
FINEWEB2: Final = QualityRules(
    min_words=50,
    max_duplicate_line_chars=0.1,
    max_top_word=1.0,
    max_top_2gram=0.197,
    max_top_3gram=0.172,
    max_top_4gram=0.146,
    max_duplicate_5gram=0.165,
    max_duplicate_6gram=0.153,
    max_duplicate_7gram=0.142,
    max_duplicate_8gram=0.131,
    max_duplicate_9gram=0.12,
    max_duplicate_10gram=0.109,
    min_word_length=2.0,
    max_word_length=9.0,
    min_letter_words=0.787,
    min_function_words=2,
    min_function_share=0.0,
    max_breaks_per_word=0.189,
    max_short_lines=1.0,
    min_punctuated_lines=0.143,
    min_sentence_words=0.0,
    max_bullet_lines=0.9,
    max_ellipsis_lines=0.3,
    max_hashes_per_word=0.1,
    short_text=0,
)
PRESETS: Final[dict[str, QualityRules | None]] = {"off": None, "news": QualityRules(), "fineweb2": FINEWEB2}


_MOST_TOKENS: Final = 50_000


def measure(text: str) -> Measures:
    """The figures of `text` without its vowel marks; all are 0 if it has no words. Cost: O(len(text)).

    Repeated runs are counted in the first 50,000 tokens: no article is longer, and a list of names may be.
    """
    text = _MARK.sub("", text)
    tokens = TOKEN.findall(text)
    words = [token for token in tokens if token[0].isalnum()]
    if not words:
        return Measures(*(0.0,) * len(Measures._fields))
    size = len(text) * min(1, _MOST_TOKENS / len(tokens))
    return Measures(
        **_of_words(words, tokens), **_of_repetition(tokens[:_MOST_TOKENS], size), **_of_lines(text, len(tokens))
    )


def _of_words(words: list[str], tokens: list[str]) -> dict[str, float]:
    counts = Counter(words)
    functional = counts.keys() & FUNCTION_WORDS
    content = (count for word, count in counts.items() if len(word) > 2 and word not in functional)
    return {
        "words": len(words),
        "word_length": sum(map(len, words)) / len(words),
        "letter_words": sum(n for word, n in counts.items() if not _is_number(word)) / len(tokens),
        "function_words": len(functional),
        "function_share": sum(counts[word] for word in functional) / len(words),
        "top_word": max(content, default=0) / len(words),
    }


def _is_number(word: str) -> bool:
    return word[0].isdecimal() and word[-1].isdecimal()


def _of_repetition(tokens: list[str], size: float) -> dict[str, float]:
    """The figures of repeated runs. Only runs that occur twice are made longer: no other run can repeat."""
    figures = {}
    runs: dict[int, tuple[str, ...]] = dict(enumerate(pairwise(tokens)))  # by index of the first token
    for n in range(2, 11):
        counts = Counter(runs.values())
        runs = {at: run for at, run in runs.items() if counts[run] > 1}
        if n < 5:
            figures[f"top_{n}gram"] = _chars_of_top_run(runs) / size
        else:
            figures[f"duplicate_{n}gram"] = _repeated_chars(runs, n) / size
        runs = {at: (*run, tokens[at + n]) for at, run in runs.items() if at + n < len(tokens)}
    return figures


def _chars_of_top_run(runs: dict[int, tuple[str, ...]]) -> int:
    """The characters of all occurrences of the most frequent run, blanks included."""
    return sum(len(" ".join(run)) * count for run, count in Counter(runs.values()).most_common(1))


def _repeated_chars(runs: dict[int, tuple[str, ...]], n: int) -> int:
    """The characters of runs that occurred before, without blanks. Overlapping runs count once."""
    seen = set()
    chars = free = 0
    for at, run in runs.items():
        if at < free:
            continue
        if run in seen:
            chars += sum(map(len, run))
            free = at + n
        seen.add(run)
    return chars


def _of_lines(text: str, tokens: int) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()]
    lengths = [len(line.split()) for line in lines]
    repeated = _repeated(lines)
    sentences = (
        length
        for line, length in zip(lines, lengths, strict=True)
        if length >= SENTENCE_WORDS or line.rstrip(CLOSERS).endswith(SENTENCE_MARKS)
    )
    return {
        "duplicate_lines": len(repeated) / len(lines),
        "duplicate_line_chars": sum(map(len, repeated)) / len(text.replace("\n", "")),
        "punctuated_lines": sum(line.endswith(TERMINAL_MARKS) for line in lines) / len(lines),
        "breaks_per_word": text.count("\n") / tokens,
        "sentence_words": sum(sentences) / sum(lengths),
        "short_lines": sum(len(line) <= SHORT_LINE for line in lines) / len(lines),
        "bullet_lines": sum(line.lstrip().startswith(BULLETS) for line in lines) / len(lines),
        "ellipsis_lines": sum(line.rstrip().endswith(ELLIPSES) for line in lines) / len(lines),
        "hashes_per_word": text.count("#") / tokens,
        "ellipses_per_word": sum(map(text.count, ELLIPSES)) / tokens,
    }


def _repeated(lines: list[str]) -> list[str]:
    """The lines that occurred before, once for each repetition."""
    counts = Counter(lines)
    return [line for line, count in counts.items() for _ in range(count - 1)]


def refusal(measures: Measures, rules: QualityRules) -> Rejection | None:
    """The first bound that `measures` violate, with the figure ("top_word 0.42 > 0.20"); None for prose."""
    for bound in _BOUNDS:
        figure, limit = getattr(measures, bound.measure), getattr(rules, bound.name)
        if bound.name == "min_punctuated_lines" and figure == 0 and rules.allow_unpunctuated:
            continue
        if bound.name in _OF_LONGER_TEXTS and _is_short_report(measures, rules):
            continue
        if bound.is_lower and figure < limit:
            return Rejection(bound.reason, f"{bound.measure} {figure:.2f} < {limit:.2f}")
        if not bound.is_lower and figure > limit:
            return Rejection(bound.reason, f"{bound.measure} {figure:.2f} > {limit:.2f}")
    return None


def _is_short_report(measures: Measures, rules: QualityRules) -> bool:
    return measures.words <= rules.short_text and 2 * measures.punctuated_lines >= 1


def keep_good(article: Article, rules: QualityRules | None) -> Article:
    """`article`, unchanged. Without rules (the preset `off`) every article is good.

    Raises:
      Rejection: one of labels.REASONS["quality"], with the figure that decided
    """
    verdict = refusal(measure(article.text), rules) if rules else None
    if verdict:
        raise verdict
    return article
