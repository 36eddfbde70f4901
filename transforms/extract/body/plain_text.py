"""Title and body of a document without markup: a WET record, a text file, the `text` of a JSON line.

Only the shape of lines tells them apart: menus and lists of other articles are short lines without an end mark, prose
is long lines with one. The body is the run of lines with the greatest sum of weights: prose counts for it, labels
against it. The idea is known from the text densities of boilerpipe and jusText. CleanText removes furniture by its
words.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from warraq.transforms.arabic import strip_marks
from warraq.transforms.extract.dates.written import parse_written_date
from warraq.transforms.rejection import Rejection

_SENTENCE_END = re.compile(r"[.!؟?…:»”\"]\W*$")
_CLAUSE_MARK = re.compile(r"[،؛,;]|(?<!\.)[.؟!]\s")  # ".." inside a line is a headline's dash
_FULL_STOP = re.compile(r"[.!…،؛:]\s*$")
_MANY_DIGITS = re.compile(r"\d.*\d.*\d")
_TELEPHONE = re.compile(r"\d{5}|(?:\d.*){9}")  # digits in a row, or in all, that no headline has
_LETTERS = re.compile(r"[^\W\d_]+")
# Words of lines that say when, by whom and for how many readers a page was published, and of dates.
_DATE_WORD = re.compile(
    r"نشرت?|النشر|(?:ال)?تحديث|تاريخ|كتبت?|بقلم|بواسطة|توقيت|بتوقيت|الساعة|منذ|(?:ال)?قراءة|مشاهدات?|مشاهدة|تعليقات?|GMT"
)

# In words. Costs of 5, 8, 12 and 16 gave mean F1 .865, .882, .904 and .911 at recall .970, .957, .947 and .933 on the
# arabised pages without their markup (benchmarks/accuracy/extraction.py --plain). Recall counts more: later stages can
# still remove a line, but not bring one back.
_LABEL_COST: Final = 12
_LONG_LINE: Final = 15
_CLAUSE_LINE: Final = 8
_SENTENCE_LINE: Final = 4

_GAP: Final = 100  # weight of labels that ends a run, even a run with more prose
_FIRST_SHARE: Final = 0.25  # of the heaviest run

_HEADLINE_WORDS: Final = range(4, 21)
_HEADLINE_REACH: Final = 40  # lines before the body: page tools and picture captions come between
_SIGNATURE = re.compile(r"^[^.،]{2,30}[:：]\s*\S.{0,60}$")


def read_plain_text(text: str, stated_title: str | None) -> tuple[str | None, list[str]]:
    """The title, None if none is found, and the lines of the body.

    Credit lines right after the body, such as "المصدر: …", stay: CleanText reads them.

    Raises Rejection: no_main_text.
    """
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    repeated = _repeated_headline(lines, _is_surely_headline)
    start, end = _find_body(lines, 0 if repeated is None else repeated + 1, first=repeated is not None)
    headline = _repeated_headline(lines, _could_be_headline) if repeated is None else repeated
    headline = _nearest_headline(lines, start) if headline is None else headline
    start = start + 1 if headline == start and _is_surely_headline(lines[start]) else start
    title = " ".join(stated_title.split()) if stated_title else lines[headline] if headline is not None else None
    while end < len(lines) and _SIGNATURE.match(lines[end]):
        end += 1
    body = [line for line in lines[start:end] if line != title]
    if not body:
        raise Rejection("no_main_text", "nothing but a title")
    return title or None, body


def _find_body(lines: Sequence[str], after: int, *, first: bool) -> tuple[int, int]:
    """The half-open range of the body: the heaviest run of prose; with `first`, the first run of a quarter of that.

    After a known headline the first run is the article. Terms of use and comments come later and may be longer.
    """
    runs = list(_dense_runs([_weight(line) for line in lines], after))
    if not runs:
        raise Rejection("no_main_text", f"{len(lines)} lines, none of them prose")
    heaviest = max(weight for _, _, weight in runs)
    enough = heaviest * _FIRST_SHARE if first else heaviest
    return next((start, end) for start, end, weight in runs if weight >= enough)


def _weight(line: str) -> float:
    """The weight of the line as prose, in words; negative for a label."""
    words = len(line.split())
    if words >= _LONG_LINE or (words >= _SENTENCE_LINE and _SENTENCE_END.search(line)):
        return words
    if words >= _CLAUSE_LINE and _CLAUSE_MARK.search(line):
        return words / 2
    return -_LABEL_COST


def _dense_runs(weights: Sequence[float], after: int) -> Iterator[tuple[int, int, float]]:
    """Half-open runs with their sums, each the heaviest of its neighbourhood, in order."""
    start, end, running, best = after, after, 0.0, 0.0
    for index in range(after, len(weights)):
        running += weights[index]
        if running > best:
            end, best = index + 1, running
        if running <= 0 or best - running > _GAP:
            if best > 0:
                yield start, end, best
            start, running, best = index + 1, 0.0, 0.0
    if best > 0:
        yield start, end, best


def _repeated_headline(lines: Sequence[str], is_headline: Callable[[str], bool]) -> int | None:
    """The line with which the first line (the `<title>`, often with the site's name) begins; None without one."""
    return next((n for n in range(1, len(lines)) if lines[0].startswith(lines[n]) and is_headline(lines[n])), None)


def _nearest_headline(lines: Sequence[str], start: int) -> int | None:
    """The nearest line with the shape of a headline, from the body's first line upwards; None without one."""
    near = range(start, max(-1, start - _HEADLINE_REACH), -1)
    return next((index for index in near if _could_be_headline(lines[index])), None)


def _is_surely_headline(line: str) -> bool:
    """True for the shape of a headline without numbers. The body is looked for below such a line only."""
    return _could_be_headline(line) and not _MANY_DIGITS.search(line)


def _could_be_headline(line: str) -> bool:
    return (
        len(line.split()) in _HEADLINE_WORDS
        and not _FULL_STOP.search(line)
        and (_MANY_DIGITS.search(line) is None or _tells_more_than_a_date(line))
    )


def _tells_more_than_a_date(line: str) -> bool:
    """True for a headline with a year or a number: beside its dates it has the words of a headline, and no label."""
    if _TELEPHONE.search(line):
        return False
    for date in reversed(parse_written_date(line)):
        line = f"{line[: date.start]} {line[date.end :]}"
    words = _LETTERS.findall(strip_marks(line))
    return len(words) >= _HEADLINE_WORDS.start and not any(map(_DATE_WORD.fullmatch, words))
