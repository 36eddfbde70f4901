"""Parses the times in dumps."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from typing import Final

_ISO_8601: Final = re.compile(
    r"(\d{4})(?:([-/])(\d\d)(?:\2(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?)?)?",
    re.IGNORECASE,
)
_DAY_FIRST: Final = re.compile(
    r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?:,?[T ]+(\d\d?):(\d\d)(?::(\d\d))?)?"  # of Arabic and most other languages
)
_CDX: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")
_CRAWL: Final = re.compile(r"CC-MAIN-(\d{4})-(\d\d)")
YEARS: Final = range(1990, 2100)  # of the web; a number that begins with such a year is a calendar date


def parse_time(stated: object) -> dt.datetime | None:
    """The time in UTC of a value in a dump; None if it is no time or lies outside of 1990 to 2099.

    No crawl has another year, and arithmetic with years near 1 and 9999 overflows.

    Text: ISO 8601 (also with "/"), 17/05/2015, RFC 2822 (as in HTTP and RSS), 20240501 and 20240501101112 (as in CDX),
    and names of Common Crawl crawls, which give the week. Numbers: the same digits, or seconds, milli-, micro- or
    nanoseconds since 1970. A time without a zone is in UTC. A missing part means the beginning of the year, month or
    day, as in WARC 1.1.
    """
    try:
        moment = _moment_of(stated)
    except (ValueError, OverflowError, OSError):  # no such day, or out of the range of datetime
        return None
    return moment if moment is not None and moment.year in YEARS else None


def _moment_of(stated: object) -> dt.datetime | None:
    if isinstance(stated, str):
        return _from_text(stated.strip())
    if isinstance(stated, (int, float)) and not isinstance(stated, bool):
        return _from_number(stated)
    if isinstance(stated, dt.datetime):
        return stated.astimezone(dt.timezone.utc) if stated.tzinfo else stated.replace(tzinfo=dt.timezone.utc)
    if isinstance(stated, dt.date):
        return dt.datetime(stated.year, stated.month, stated.day, tzinfo=dt.timezone.utc)
    return None


def _from_text(stated: str) -> dt.datetime | None:
    if parts := _ISO_8601.fullmatch(stated):
        year, _, *others = parts.groups()
        return _moment(year, *others)
    if parts := _DAY_FIRST.fullmatch(stated):
        day, _, month, year, *clock = parts.groups()
        return _moment(year, *((day, month) if int(month) > 12 else (month, day)), *clock, None, None)
    if stated.isdecimal() and len(stated) < 20:
        return _from_number(int(stated))
    if crawl := _CRAWL.fullmatch(stated):
        return _moment_of(dt.date.fromisocalendar(int(crawl[1]), int(crawl[2]), 1))
    if len(stated) < 50 and stated[-1:].isalnum() and "," in stated:
        return _moment_of(parsedate_to_datetime(stated))
    return None


def _from_number(stated: float) -> dt.datetime | None:
    """A number above 10**11 is in milliseconds, because as seconds it lies after the year 5138; and so on."""
    calendar = _CDX.fullmatch(str(stated))
    if calendar and int(calendar[1]) in YEARS:
        return _moment(*calendar.groups(), None, None)
    for _ in range(3):
        if abs(stated) > 10**11:
            stated /= 1000
    return dt.datetime.fromtimestamp(stated, tz=dt.timezone.utc)


def _moment(*parts: str | None) -> dt.datetime:
    """Year, month, day, hour, minute, second, fraction and zone as a time in UTC. All but the year may be None.

    (`fromisoformat` differs between Python 3.10 and 3.11.)
    """
    *calendar, fraction, zone = parts
    year, month, day, hour, minute, second = (
        int(part or least) for part, least in zip(calendar, (0, 1, 1, 0, 0, 0), strict=True)
    )
    micros = int(f"{fraction or '':0<6.6}")
    moment = dt.datetime(year, month, day, hour, minute, second, micros, tzinfo=dt.timezone.utc)
    if zone is None or zone.upper() in ("Z", "UTC"):
        return moment
    offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return moment - offset if zone[0] == "+" else moment + offset
