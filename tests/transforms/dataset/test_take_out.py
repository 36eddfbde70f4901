"""Rows go, and nothing else: files, pointers, runs and transactions after it."""

import datetime as dt

import pytest

from tests.support.datasets import publish_run, stage_run, texts
from warraq.schemas.arrow import TABLES
from warraq.transforms.dataset import data_files, loads
from warraq.transforms.dataset import take_out as take_out_module
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.publish import publish
from warraq.transforms.dataset.take_out import Condition, take_out
from warraq.transforms.maintain.damage import byte_faults
from warraq.transforms.sketch import sketch

SKETCH, OTHER = (sketch(None, [f"{letter}{number}" for number in range(50)], letter) for letter in "قف")
DAYS = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}


@pytest.fixture
def dataset(tmp_path, make_article):
    """Run r1 with the original a. Run r2 with its copies b, c and d, of which d is unlike the others, and with e."""
    dataset = Dataset(str(tmp_path / "out"))

    def article(name, original=None, signed=SKETCH):
        return make_article(
            name,
            url=f"https://s.example/{name}",
            article_id=name,
            duplicate_of=original,
            sketch=signed,
            text_digest=name,
            topic="sport",
            date=dt.date(2025, 5, DAYS[name]),
            dump_offset=DAYS[name],
            dump="one.warc" if name == "a" else "two.warc",
        )

    copies = [article("b", "a"), article("c", "a"), article("d", "a", OTHER), article("e")]
    for run_id, dump, articles in (("r1", "one.warc", [article("a")]), ("r2", "two.warc", copies)):
        files = stage_run(dataset, run_id, articles, dumps=[dump])
        load = loads.load_id("recipe", dump)
        keys = {loads.load_key(load): loads.IN, loads.dump_key(dump): loads.IN}
        publish_run(dataset, run_id, files, transactions=keys)
    return dataset


def pointers(dataset):
    from warraq.pipelines.query import connect  # noqa: PLC0415

    rows = connect(dataset).execute("SELECT article_id, duplicate_of FROM articles ORDER BY ALL").fetchall()
    return dict(rows)


def gone(dataset, condition, heirs=None):
    out = take_out(dataset, "op", condition, heirs)
    publish(dataset, "op", out.publication("op"))
    assert list(byte_faults(dataset)) == []
    assert set(texts(dataset)) == set(pointers(dataset))
    return out


def test_the_earliest_copy_is_the_original_of_those_that_are_similar(dataset):
    out = gone(dataset, Condition(article_ids={"a"}))
    assert [row["url"] for row in out.articles] == ["https://s.example/a"]
    assert pointers(dataset) == {"b": None, "c": "b", "d": None, "e": None}


def test_copies_follow_the_heir(dataset):
    gone(dataset, Condition(article_ids={"a"}), {"a": "e"})
    assert pointers(dataset) == {"b": "e", "c": "e", "d": "e", "e": None}


def test_a_copy_that_is_the_heir_becomes_the_original(dataset):
    gone(dataset, Condition(article_ids={"a"}), {"a": "c"})
    assert pointers(dataset) == {"b": "c", "c": None, "d": "c", "e": None}


def test_an_article_goes_by_its_address(dataset):
    gone(dataset, Condition(urls={"https://s.example/e"}))
    assert pointers(dataset) == {"a": None, "b": "a", "c": "a", "d": "a"}


def test_a_load_goes_with_its_run_and_can_come_again(dataset):
    load = loads.load_id("recipe", "two.warc")
    out = gone(dataset, Condition(loads={load}))
    assert pointers(dataset) == {"a": None}
    assert len(out.articles) == 4
    assert [run["run_id"] for run in dataset.rows("runs")] == ["r1"]
    assert not dataset.has_run("r2")
    keys = [loads.load_key(load), loads.dump_key("two.warc"), loads.ROWS_OUT, loads.REWRITES]
    assert dataset.transactions(keys) == {keys[0]: loads.OUT, keys[1]: loads.OUT, keys[2]: 1, keys[3]: 1}
    dataset.check_whole()


def test_only_files_that_change_are_read_for_more_than_a_few_columns(dataset, monkeypatch):
    publish_run(dataset, "r3", stage_run(dataset, "r3", [], dumps=["three.warc"]))
    read = []

    def read_rows(table, path, load_of, columns=(), groups=None):
        read.append((path, len(columns or TABLES[table].names)))
        return data_files.read_rows(table, path, load_of, columns, groups)

    monkeypatch.setattr(take_out_module, "read_rows", read_rows)
    [untouched] = [path for path in dataset.files("articles") if "date=2025-05-05" in path]
    gone(dataset, Condition(article_ids={"a"}))
    assert [columns for path, columns in read if path == untouched] == [2]
    assert sum(columns > 30 for _, columns in read) == len(dataset.files("articles"))


def test_nothing_is_written_where_nothing_goes(dataset):
    before = dataset.files("articles")
    out = gone(dataset, Condition(article_ids={"x"}, urls={"y"}))
    assert (out.added, out.removed, out.articles, out.rejected) == ([], [], [], [])
    assert dataset.files("articles") == before
