"""The numbers of rows against the ledger, as a pure function; and pointers, as a property of any graph of them."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.arrow import TABLES
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.maintain.damage import Content
from warraq.transforms.maintain.row_checks import Count, judge_counts, row_checks

REASONS = ["not_arabic", "too_short", "duplicate", "not_html"]
FEW = st.integers(0, 5)


def counts(articles, rejected):
    """(due, found) of the articles, and of the rejections by reason."""
    return [
        Count("articles", "", *articles),
        *(Count("rejected", reason, *numbers) for reason, numbers in rejected.items()),
    ]


def missing(articles, rejected, forgotten=None):
    return [(fault.table, fault.missing) for fault in judge_counts(counts(articles, rejected), forgotten or {})]


@pytest.mark.parametrize(
    ("articles", "rejected", "forgotten", "expected"),
    [
        ((3, 3), {"not_arabic": (2, 2)}, {}, []),
        ((3, 2), {"not_arabic": (2, 2)}, {}, [("articles", 1)]),
        ((3, 4), {}, {}, [("articles", -1)]),
        ((3, 3), {"not_arabic": (2, 1), "too_short": (1, 2)}, {}, [("rejected", 1), ("rejected", -1)]),
        ((0, 0), {"not_html": (9, 0)}, {}, []),
        ((0, 0), {"not_html": (9, 9)}, {}, []),
        ((0, 0), {"not_html": (9, 8)}, {}, [("rejected", 1)]),
        ((3, 2), {"duplicate": (0, 1)}, {}, []),
        ((3, 3), {"duplicate": (0, 1)}, {}, [("rejected", -1)]),
        ((3, 2), {"duplicate": (1, 0)}, {}, [("articles", 1), ("rejected", 1)]),
        ((3, 1), {}, {"articles": 2}, []),
        ((3, 0), {}, {"articles": 2}, [("articles", 1)]),
        ((3, 3), {}, {"articles": 2}, [("articles", -2)]),
        ((0, 0), {"not_arabic": (2, 1), "too_short": (2, 2)}, {"rejected": 1}, []),
        ((0, 0), {"not_arabic": (2, 1), "too_short": (2, 1)}, {"rejected": 1}, [("rejected", 1)]),
        ((0, 0), {"not_arabic": (2, 2)}, {"rejected": 1}, [("rejected", -1)]),
        ((0, 0), {"not_html": (1, 0)}, {"rejected": 1}, []),
    ],
)
def test_numbers_that_are_not_the_ledger_s_are_faults(articles, rejected, forgotten, expected):
    assert missing(articles, rejected, forgotten) == expected


@given(st.integers(0, 5), st.dictionaries(st.sampled_from(REASONS), st.integers(1, 5)), st.data())
def test_what_was_written_and_partly_forgotten_is_sound_and_any_other_number_is_not(articles, rejected, data):
    gone = {
        "articles": data.draw(st.integers(0, articles)),
        "rejected": 0,
    }
    found = {}
    for reason, due in rejected.items():
        less = data.draw(st.integers(0, due))
        gone["rejected"] += less
        found[reason] = (due, due - less)
    assert missing((articles, articles - gone["articles"]), found, gone) == []
    more = data.draw(st.integers(1, 3))
    assert missing((articles, articles - gone["articles"] + more), found, gone) == [("articles", -more)]


@settings(max_examples=20)
@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=9))
def test_a_pointer_is_at_fault_if_it_leads_to_nothing_and_each_circle_once(pointers):
    names = [str(number) for number in range(len(pointers))]
    originals = [None if pointer is None else str(pointer) for pointer in pointers]
    numbers = range(len(pointers))
    rows = {"article_id": names, "duplicate_of": originals, "load_id": names, "dump": names, "dump_offset": numbers}
    table = pa.table({**rows, "duplicate_of": pa.array(originals, pa.string())})
    with row_checks() as checks:
        checks.add(DataFile("articles", "part", [], len(names), 1, []), Content(None, table))
        faults = [fault for fault in checks.faults(dict.fromkeys(TABLES)) if fault.kind == "pointer"]
    links = {name: original for name, original in zip(names, originals, strict=True) if original is not None}
    lost = {(name, original) for name, original in links.items() if original not in names}
    circles = set()
    for name in links:
        way = [name]
        while way[-1] in links and links[way[-1]] not in way:
            way.append(links[way[-1]])
        if way[-1] in links:
            circles.add(frozenset(way[way.index(links[way[-1]]) :]))
    told = [(fault.article_id, fault.original) for fault in faults]
    assert told[: len(lost)] == sorted(lost)
    assert sorted(min(circle) for circle in circles) == [name for name, _ in told[len(lost) :]]
    assert all(links[name] == original for name, original in told)
