"""Rules of taking: articles of some days only, and none whose page or server reserves its use for machine learning."""

import datetime as dt
import functools
import re
from typing import Final

from warraq.schemas.records import Article
from warraq.transforms.opt_out import against_texts
from warraq.transforms.rejection import Rejection

OPT_OUT: Final = ("mark", "drop")
_SPAN: Final = re.compile(r"(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?|(\d{4}-\d\d-\d\d)")


@functools.lru_cache
def span_of(days: str) -> tuple[dt.date, dt.date]:
    """First and last day of `2024-01-01..2024-12-31`; one end may be missing, and a single day is a span.

    Raises:
      ValueError: it is no span of days; the message has one line and begins with the flag's name.
    """
    match = _SPAN.fullmatch(days)
    try:
        if not match or days == "..":
            raise ValueError
        first = dt.date.fromisoformat(match[1] or match[3] or "0001-01-01")
        last = dt.date.fromisoformat(match[2] or match[3] or "9999-12-31")
    except ValueError:
        first, last = dt.date.max, dt.date.min
    if first > last:
        raise ValueError(f"days must be like 2024-01-01..2024-12-31 or 2024-01-01.., not {days!r}")
    return first, last


def check_taking(article: Article, days: str, opt_out: str) -> None:
    """Returns if the article may be taken.

    Raises:
      Rejection: other_day or opted_out; the detail is the day, or the signals.
    """
    if days:
        first, last = span_of(days)
        if not first <= article.date <= last:
            raise Rejection("other_day", f"{article.date} ({article.date_source})")
    if opt_out == "drop" and (signals := against_texts(article.opt_out)):
        raise Rejection("opted_out", ", ".join(signals))
