import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.pipelines.serve.questions import bucket, end_of, literal, starts


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_stays_a_text_in_sql(value):
    assert duckdb.sql(f"SELECT {literal(value)}").fetchall() == [(value.replace("\x00", ""),)]


@pytest.mark.parametrize(
    ("days", "unit"), [(0, "day"), (124, "day"), (125, "week"), (1098, "week"), (1099, "month"), (9999, "year")]
)
def test_charts_have_few_bars(days, unit):
    first = dt.date(2000, 1, 1)
    assert bucket(first, first + dt.timedelta(days)) == unit


@pytest.mark.parametrize(
    ("unit", "first", "last", "number"),
    [
        ("day", dt.date(2024, 2, 28), dt.date(2024, 3, 1), 3),
        ("week", dt.date(2024, 12, 30), dt.date(2025, 1, 13), 3),
        ("month", dt.date(2024, 11, 1), dt.date(2025, 2, 1), 4),
        ("year", dt.date(2023, 1, 1), dt.date(2023, 1, 1), 1),
        ("year", dt.date(9998, 1, 1), dt.date(9999, 1, 1), 2),
    ],
)
def test_units_without_an_article_have_a_start(unit, first, last, number):
    found = starts(unit, first, last)
    assert (found[0], found[-1], len(found)) == (first, last, number)


def test_no_days_have_a_unit_too():
    assert bucket(None, None) == "day"


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("day", dt.date(2025, 6, 1), dt.date(2025, 6, 1)),
        ("week", dt.date(2025, 6, 2), dt.date(2025, 6, 8)),
        ("month", dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        ("month", dt.date(2024, 12, 1), dt.date(2024, 12, 31)),
        ("year", dt.date(2024, 1, 1), dt.date(2024, 12, 31)),
    ],
)
def test_the_last_day_of_a_unit(unit, start, end):
    assert end_of(unit, start) == end
