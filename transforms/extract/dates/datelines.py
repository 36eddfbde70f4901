"""Datelines: the place, agency and day that open the first paragraph of an agency's report.

Examples: "وجدة (رويترز) 12 مايو 2023 - افتتح المجلس", "الرياض 22 شوال 1444 هـ الموافق 12 مايو 2023 م واس".
A day inside a sentence is no dateline: at most a place is before it, and a stroke or an agency closes it.
"""

import re
from typing import Final

from warraq.transforms.extract.dates.written import GREGORIAN, WrittenDate, parse_written_date

_READ: Final = 130  # characters of a paragraph; the longest datelines state a Hijri day too
_MOST_WORDS: Final = 2  # of the place: "القدس المحتلة"
_NO_PLACE: Final = frozenset(("في", "الموافق", "م", "هـ", "ه"))  # words between place and day
_AGENCY: Final = r"[(/][^()/\d]{1,30}[)/]"  # (رويترز), /وام/
_ASIDE: Final = re.compile(_AGENCY)
_WORD: Final = re.compile(r"[^\W\d_]+")
_SENTENCE: Final = re.compile(r"[.؟!؛\"«»]|:\s")
_CLOSED: Final = re.compile(
    rf"[\s,،]*(?:م\b|هـ|ه\b)?[\s,،]*(?:{_AGENCY}\s*(?:[-–—ـ:]|\Z|(?=\w))"
    r"|(?:واس|وام|كونا|قنا|بنا|وات|واج|وفا|سانا|بترا|سونا)\b|[-–—]+\s|:\s)"
)


def read_dateline(paragraph: str) -> WrittenDate | None:
    """The day in the dateline that opens `paragraph`; None without one. Reads only the first characters."""
    opening = paragraph[:_READ]
    for written in parse_written_date(opening):
        if written.calendar == GREGORIAN and _is_dateline(opening, written):
            return written
    return None


def _is_dateline(opening: str, written: WrittenDate) -> bool:
    """True if place and agency are before the day, and a stroke or the agency is after it."""
    before = opening[: written.start]
    for other in reversed(parse_written_date(before)):  # the Hijri day beside it
        before = before[: other.start] + before[other.end :]
    place = _ASIDE.sub(" ", before)
    if _SENTENCE.search(place) or len([word for word in _WORD.findall(place) if word not in _NO_PLACE]) > _MOST_WORDS:
        return False
    if not _WORD.search(before):  # "12 مايو 2023 - ..." opens the entries of chronicles as well
        closed = _CLOSED.match(opening, written.end)
        return closed is not None and _WORD.search(closed.group()) is not None
    return _CLOSED.match(opening, written.end) is not None
