import datetime as dt

import pytest

from warraq.pipelines.serve.addresses import address, day, facets, filters, name, number, text
from warraq.pipelines.serve.questions import Filters


def test_facets_come_back_as_they_were():
    chosen = Filters(dt.date(2025, 1, 2), dt.date(2025, 2, 3), "sport", "akhbar.example", "محمد صلاح", "person", "abc")
    assert filters(facets(chosen)) == chosen
    assert facets(Filters()) == {}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"topic": "nonsense", "kind": "nonsense", "since": "yesterday", "until": "2025-13-01"}, Filters()),
        (
            {"since": "2025-06-01", "site": " a.example \x00\u202e"},
            Filters(since=dt.date(2025, 6, 1), site="a.example"),
        ),
        ({"name": "x" * 999}, Filters(name="x" * 300)),
    ],
)
def test_wrong_values_choose_nothing(arguments, expected):
    assert filters(arguments) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("3", 3), ("0", 1), ("-1", 1), ("", 1), ("9" * 30, 1), ("99999", 500), ("٣", 1)]
)
def test_numbers_of_pages(value, expected):
    assert number({"page": value}) == expected


def test_addresses_are_quoted_and_later_arguments_win():
    assert address("/search", {"q": "a&b", "page": "2"}, page=None) == "/search?q=a%26b"
    assert name('"><script>', "person") == "/name?name=%22%3E%3Cscript%3E&kind=person"


def test_days_and_texts():
    assert day("2025-06-21") == dt.date(2025, 6, 21)
    assert day("x") is None
    assert text({"q": "  مصر\u202e\n "}, "q") == "مصر"
