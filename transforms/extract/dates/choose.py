"""The decision on the day of publication.

Candidates are trusted in the order of `labels.DATE_SOURCES`. A change ("آخر تحديث"), a time relative to the time of
reading ("منذ ٣ ساعات") and a date outside the article count only if there is nothing better.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final, NamedTuple

from warraq.schemas.labels import DATE_SOURCES, UNDATED
from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, LOOSE, DateCandidate
from warraq.transforms.extract.dates.written import day_read

_FIRST_YEAR: Final = 1994  # before it there was no news site on the web
_RENDERED: Final = dt.timedelta(minutes=2)  # a timestamp this close to the fetch was made when the page was served
_EVENING: Final = 20  # o'clock in Greenwich is midnight in Oman, the easternmost Arab country
_DAY: Final = dt.timedelta(days=1)


class Publication(NamedTuple):
    """The decision. `date` is from 1994 on, and at most one day after the fetch."""

    date: dt.date
    published_at: dt.datetime | None
    source: str
    evidence: str


def choose_date(candidates: Iterable[DateCandidate], fetched_at: dt.datetime) -> Publication:
    """The most trusted plausible date; the fetch day if there is none.

    A timestamp late in the day in Greenwich is often of the next day farther east. Then the result has the day of the
    byline and the instant of the timestamp.
    """
    dated = [(_day_of(candidate, fetched_at), candidate) for candidate in candidates]
    plausible = [(day, candidate) for day, candidate in dated if day and _is_plausible(day, candidate, fetched_at)]
    plausible = [pair for pair in plausible if not _is_masthead(*pair, fetched_at)]
    if not plausible:
        return Publication(fetched_at.date(), None, UNDATED, "")
    day, best = min(plausible, key=lambda pair: _rank(pair[1], fetched_at))  # the first of equals
    if best.published_at and best.published_at.date() == day and best.published_at.hour >= _EVENING:
        shown = [d for d, c in plausible if c.source == "byline" and c.standing == FIRM]
        day = day + _DAY if day + _DAY in shown[:1] else day
    return Publication(day, best.published_at, best.source, best.evidence)


def _day_of(candidate: DateCandidate, fetched_at: dt.datetime) -> dt.date | None:
    return day_read(candidate.written, fetched_at) if candidate.written else candidate.date


def _is_plausible(day: dt.date, candidate: DateCandidate, fetched_at: dt.datetime) -> bool:
    """True if the article may be of that day. A LOOSE date near the fetch is the page's calendar and proves nothing.

    A fetch time before the web is unknown (files in reproducible archives are of 1970), so it is no upper limit.
    """
    if fetched_at.year < _FIRST_YEAR:
        return day.year >= _FIRST_YEAR
    latest = fetched_at.date() + (_DAY if candidate.standing < LOOSE else -2 * _DAY)
    return day.year >= _FIRST_YEAR and day <= latest


def _is_masthead(day: dt.date, candidate: DateCandidate, fetched_at: dt.datetime) -> bool:
    """True for the fetch day above the title: many sites show the day there, so it says nothing of the article."""
    return candidate.above and 0 <= (day - fetched_at.date()).days <= 1


def _rank(candidate: DateCandidate, fetched_at: dt.datetime) -> tuple[int, int]:
    """Standing, then source; smaller is better. LOOSE candidates are in the order of their likelihood already.

    A timestamp that the page got when it was served counts as a change, and so does the fetch day above the title.
    """
    served = candidate.source != "record"  # a record may have no other time for its fetch
    rendered = served and candidate.published_at is not None and abs(fetched_at - candidate.published_at) < _RENDERED
    today = candidate.above and candidate.date is not None and abs(candidate.date - fetched_at.date()) <= _DAY
    standing = max(candidate.standing, CHANGED if rendered or today else FIRM)
    return standing, list(DATE_SOURCES).index(candidate.source) if standing < LOOSE else 0
