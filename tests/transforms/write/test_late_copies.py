"""Of two runs at once that bring the same text, the later one has a rejected copy, and its pointers lead to the other's."""

import datetime as dt

import pytest

from tests.support.datasets import texts
from tests.support.loads import article, load, refusal
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.index import Holder, arrivals_count, find_texts
from warraq.transforms.maintain.check import faults
from warraq.transforms.maintain.compact import Settings, compact

DIGEST, OTHER = "ab" * 16, "cd" * 16


def same(dump, offset, name="", **fields):
    return article(dump, offset, name, **{"text_digest": DIGEST, **fields})


@pytest.fixture
def dataset(tmp_path):
    """A dataset whose only run has brought the article x."""
    dataset = Dataset(str(tmp_path / "out"))
    load(dataset, "r1", [same("a", 1, "x")])
    return dataset


def rows(dataset, table, *columns):
    return sorted(tuple(row[name] for name in columns) for row in dataset.rows(table, columns))


def ledger(dataset, run_id):
    [lines] = [run["ledger"] for run in dataset.rows("runs", ["run_id", "ledger"]) if run["run_id"] == run_id]
    return {(line["door"], line["reason"]): line["pages"] for line in lines}


def test_a_copy_that_came_meanwhile_is_rejected_and_pointers_to_it_lead_to_the_original(dataset):
    pages = [
        same("b", 1, "y"),
        article("b", 2, "near", duplicate_of="y"),
        article("b", 3, "other", text_digest=OTHER),
        refusal("b", 4, "duplicate", "deduplicate")._replace(detail="y"),
        refusal("b", 5, "duplicate", "deduplicate")._replace(detail="other"),
    ]
    load(dataset, "r2", pages, arrivals=0)
    assert rows(dataset, "articles", "article_id", "duplicate_of") == [("near", "x"), ("other", None), ("x", None)]
    assert rows(dataset, "rejected", "dump_offset", "detail") == [(1, "x"), (4, "x"), (5, "other")]
    assert ledger(dataset, "r2") == {("read", ""): 5, ("article", ""): 2, ("rejected", "duplicate"): 3}
    assert len(texts(dataset)) == 3
    assert [*faults(dataset)] == []


@pytest.mark.parametrize("is_compacted", [False, True])
def test_it_is_found_in_each_part_of_the_index(dataset, is_compacted):
    if is_compacted:
        [*compact(dataset, Settings(dt.date(2100, 1, 1), is_whole=True))]
        assert not any("part=arrival" in path for path in dataset.files("signatures"))
    day = dt.date(2025, 5, 1)
    assert find_texts(dataset, {DIGEST, OTHER}, ()) == {DIGEST: Holder(day, "x")}
    assert find_texts(dataset, {DIGEST}, {loads.load_id("recipe", "a")}) == {}
    load(dataset, "r2", [same("b", 1, "y", day=2)], arrivals=0)
    assert rows(dataset, "articles", "article_id") == [("x",)]
    assert ledger(dataset, "r2") == {("read", ""): 1, ("rejected", "duplicate"): 1}
    assert [*faults(dataset)] == []


def test_pointers_lead_past_a_near_copy(dataset):
    """The original of a pointer is never a near copy itself."""
    load(dataset, "r2", [article("b", 1, "z", text_digest=OTHER, duplicate_of="x")])
    load(
        dataset, "r3", [article("c", 1, "y", text_digest=OTHER), article("c", 2, "near", duplicate_of="y")], arrivals=0
    )
    assert rows(dataset, "articles", "article_id", "duplicate_of") == [("near", "x"), ("x", None), ("z", "x")]
    assert [*faults(dataset)] == []


def test_rows_that_go_with_the_run_hide_nothing(dataset):
    """The run replaces the load that has the text: its article is no copy."""
    load(dataset, "r2", [same("b", 1, "y")], arrivals=0, replaced=[loads.load_id("recipe", "a")])
    assert rows(dataset, "articles", "article_id") == [("y",)]
    assert [*faults(dataset)] == []


def test_a_run_that_has_looked_does_not_look_again(dataset, monkeypatch):
    assert arrivals_count(dataset) == 1
    monkeypatch.setattr("warraq.transforms.write.commit.reject_late_copies", None)
    load(dataset, "r2", [article("b", 1, "y", text_digest=OTHER)])
    load(dataset, "r3", [refusal("c", 1)], arrivals=2)
    assert arrivals_count(dataset) == 2  # counts runs with articles


def test_an_undated_article_leaves_its_entry_of_the_ledger(dataset):
    load(
        dataset,
        "r2",
        [same("b", 1, "y", date_source="fetched"), article("b", 2, "u", date_source="fetched")],
        arrivals=0,
    )
    assert ledger(dataset, "r2") == {("read", ""): 2, ("article", "no_date"): 1, ("rejected", "duplicate"): 1}
    assert [*faults(dataset)] == []
