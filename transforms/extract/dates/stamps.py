"""Date candidates, and the timestamps that machines write."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from warraq.transforms.extract.dates.written import WrittenDate, parse_written_date

# The standing of a candidate, best first. The candidate of the better standing wins, whatever its source.
FIRM: Final = 0  # names the article's publication
RELATIVE: Final = 1  # depends on the time of reading
CHANGED: Final = 2  # names a later change, so publication was not after it
LOOSE: Final = 3  # is outside the article, such as the day's date at the top of a page


class DateCandidate(NamedTuple):
    """One date that a reader found."""

    source: str  # one of labels.DATE_SOURCES
    date: dt.date | None  # in the page's time zone; None if it depends on the time of reading
    published_at: dt.datetime | None  # UTC; None if no zone is known: a guessed zone would give a false instant
    evidence: str  # as written, and where
    standing: int = FIRM
    written: WrittenDate | None = None  # gives the day if `date` is None
    above: bool = False  # is above the title without a label, where many sites show the day's date


_STAMP: Final = re.compile(
    r"\s*(?P<year>(?:19|20)\d\d)(?P<sep>[-/.]?)(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d(?!\d{3}(?:\d\d)?$))"
    r"(?:[T ]?\s*(?P<hour>\d{1,2}):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
    re.IGNORECASE,
)
_EPOCH: Final = re.compile(r"\s*(\d{10})(?:\d{3}|\.\d+)?\s*")
_DOTNET: Final = re.compile(r"\s*\\?/?Date\((\d{12,13})([+-]\d{4})?\)\\?/?\s*")  # /Date(1715500000000+0300)/
_NAMED_ZONE_STAMP: Final = re.compile(  # RFC 822 and JavaScript: Sun, 12 May 2024 14:30:00 +0300
    r"\s*(?:[a-z]{3,9},?\s+)?(?:(?P<day>\d{1,2})\s+)?(?P<month>[a-z]{3})[a-z]*\s+(?:(?P<day2>\d{1,2}),?\s+)?"
    r"(?P<year>\d{4}),?\s+(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*"
    r"(?P<zone>(?:GMT|UTC)?[+-]\d\d:?\d\d|Z|UTC|GMT)?",
    re.IGNORECASE,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_stamp(stamp: str) -> tuple[dt.date, dt.datetime | None] | None:
    """The day as written and, if a zone is stated, the instant in UTC; None if `stamp` is no date.

    Reads ISO 8601 in all its forms, RFC 822, the formats of JavaScript and PHP, seconds or milliseconds since 1970 (the
    day is then the day in Greenwich), the same as .NET writes it, and all that `parse_written_date` reads.
    """
    epoch = _EPOCH.fullmatch(stamp)
    if epoch:
        instant = dt.datetime.fromtimestamp(int(epoch[1]), dt.timezone.utc)
        return instant.date(), instant
    dotnet = _DOTNET.fullmatch(stamp)
    if dotnet:  # the shift tells the zone of the day; the number counts from 1970 in Greenwich all the same
        instant = dt.datetime.fromtimestamp(int(dotnet[1]) // 1000, dt.timezone.utc)
        return (instant + _shift(dotnet[2] or "+0000")).date(), instant
    match = _STAMP.match(stamp) or _NAMED_ZONE_STAMP.match(stamp)
    if match:
        try:
            return day_of(match), _instant(match)
        except ValueError:
            return None
    written = next((w for w in parse_written_date(stamp) if w.date), None) if len(stamp) < 100 else None
    return (written.date, written.published_at) if written and written.date else None


def day_of(match: re.Match[str]) -> dt.date:
    """The day of a match with the groups `year`, `month` (a number or an English name's first letters) and `day`.

    Raises ValueError if there is no such day.
    """
    parts = match.groupdict()
    month = parts["month"].lower()
    day = parts["day"] or parts.get("day2") or "0"
    return dt.date(int(parts["year"]), int(month) if month.isdigit() else _MONTHS.index(month) + 1, int(day))


def _instant(match: re.Match[str]) -> dt.datetime | None:
    """The instant in UTC; None if time or zone is missing or impossible."""
    parts = match.groupdict()
    if not parts["hour"] or not parts["zone"]:
        return None
    shift = re.sub(r"[^\d+-]", "", parts["zone"])
    try:
        clock = dt.time(int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0))
        local = dt.datetime.combine(day_of(match), clock, dt.timezone(_shift(shift)))
        return local.astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):  # the last hours of 9999 have no instant in Greenwich
        return None


def _shift(shift: str) -> dt.timedelta:
    """The offset that "+0300" or "+03" states; none for an empty text."""
    minutes = int(shift[1:3]) * 60 + int(shift[3:5] or 0) if shift else 0
    return dt.timedelta(minutes=-minutes if shift[:1] == "-" else minutes)


def stamped(source: str, stamp: object, where: str, standing: int = FIRM) -> Iterator[DateCandidate]:
    """The candidate for a machine-readable value; none if it is no date."""
    value = stamp.get("@value") if isinstance(stamp, dict) else stamp
    value = value[0] if isinstance(value, list) and value else value
    read = read_stamp(str(value)) if isinstance(value, (str, int)) else None
    if read:
        yield DateCandidate(source, *read, f"{where}: {str(value).strip()[:60]}", standing)
