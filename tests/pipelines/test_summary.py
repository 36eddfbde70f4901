"""The summary comes from the rows of its runs and from the log, and says what the dataset holds."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.datasets import publish_run, stage_run
from warraq.pipelines.query import connect
from warraq.pipelines.row_counts import row_counts
from warraq.pipelines.summary import Count, DumpsOf, Totals, as_json, as_text, ledger_of, run_rows, totals_of
from warraq.schemas.arrow import TABLES
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError

RUNS = ("a", "b", "c")


def line(door, pages, stage="", reason=""):
    return {"dump": "d", "door": door, "stage": stage, "reason": reason, "pages": pages}


@pytest.fixture
def dataset(tmp_path, make_article):
    """Run number n, from 1, has n articles of day n."""
    dataset = Dataset(str(tmp_path / "out"))
    for day, run_id in enumerate(RUNS, 1):
        articles = [
            make_article(f"{day} {n}", date=dt.date(2025, 5, day), topic="sport" if day < 3 else "health")
            for n in range(day)
        ]
        dated = [line("article", day - 1), line("article", 1, reason="no_date")]
        books = [line("read", day + 2), *dated, line("rejected", 2, "clean", "too_short")]
        publish_run(dataset, run_id, stage_run(dataset, run_id, articles, books))
    return dataset


def merge_runs(dataset):
    """As a compaction does: one file under another name has all rows. Here it takes the place of one that is there."""
    first, *others = dataset.files("runs")
    whole = Path(first).with_name("whole.parquet")
    pq.write_table(pa.concat_tables(pq.read_table(path) for path in (first, *others)), whole)
    return whole


def test_the_totals_are_those_of_the_files_and_open_none(dataset):
    connection = connect(dataset)
    by_topic = connection.execute(
        "SELECT topic, count(text) AS n FROM articles GROUP BY 1 ORDER BY n DESC, 1"
    ).fetchall()
    by_day = connection.execute("SELECT date, count(text) FROM articles GROUP BY 1 ORDER BY 1 DESC").fetchall()
    for path in dataset.files("articles"):
        Path(path).unlink()
    assert totals_of(dataset) == Totals(by_topic, by_day)
    assert by_topic == [("health", 3), ("sport", 3)]


def test_rows_are_counted_by_partition_with_or_without_numbers_in_the_log(dataset):
    class Table:
        """A table of which the log has no numbers of rows."""

        def get_add_actions(self):
            entries = pa.table(dataset.open("articles").get_add_actions())
            nothing = pa.nulls(len(entries), pa.int64())
            return entries.set_column(entries.column_names.index("num_records"), "num_records", nothing)

    counts = row_counts(dataset, "articles", dataset.open("articles"))
    assert [row["rows"] for row in counts.to_pylist()] == [1, 2, 3]
    assert row_counts(dataset, "articles", Table()) == counts
    assert row_counts(dataset, "runs", dataset.open("runs")).to_pylist() == [{"rows": 3}]
    assert row_counts(dataset, "rejected", dataset.open("rejected")).schema.names == ["stage", "rows"]
    assert row_counts(dataset, "articles", None).num_rows == 0


@pytest.mark.parametrize("wanted", [[], ["b"], ["c", "a"], ["a", "b", "c"], ["b", "nothing"]])
def test_the_rows_of_runs_are_found_in_their_own_files(dataset, wanted):
    for path in dataset.files("runs"):
        if not any(f"/run-{run_id}-" in path for run_id in wanted):
            Path(path).unlink()
    assert [row["run_id"] for row in run_rows(dataset, wanted)] == sorted({*wanted} - {"nothing"})


@pytest.mark.parametrize("wanted", [["b"], ["c", "a"], ["a", "b", "c"]])
def test_the_rows_of_runs_are_found_in_a_file_of_many(dataset, monkeypatch, wanted):
    whole = merge_runs(dataset)
    monkeypatch.setattr(dataset, "files", lambda name: [str(whole)] if name == "runs" else [])
    assert [row["run_id"] for row in run_rows(dataset, wanted)] == sorted(wanted)
    assert run_rows(dataset, wanted)[0].keys() == {*TABLES["runs"].names}


def test_files_of_runs_that_move_away_are_found_where_they_are_now(dataset, monkeypatch):
    old, whole = dataset.files("runs"), str(merge_runs(dataset))
    for path in old:
        Path(path).unlink()
    answers = iter([old])
    monkeypatch.setattr(dataset, "files", lambda _: next(answers, [whole]))
    assert [row["run_id"] for row in run_rows(dataset, ["a", "c"])] == ["a", "c"]


def test_a_lost_file_of_a_run_is_told(dataset):
    for path in dataset.files("runs"):
        Path(path).unlink()
    with pytest.raises(DamagedDatasetError, match=r"run-b-.* is missing"):
        ledger_of(dataset, ["b"])


def test_the_ledger_adds_up_the_dumps_and_runs(dataset):
    assert ledger_of(dataset, ["a", "c"]) == [
        Count("article", "", "", 2),
        Count("read", "", "", 8),
        Count("article", "", "no_date", 2),
        Count("rejected", "clean", "too_short", 4),
    ]
    assert ledger_of(dataset, []) == []


def test_the_summary_for_people(dataset):
    lines = list(as_text(ledger_of(dataset, ["c"]), totals_of(dataset)))
    assert lines[:6] == [
        "pages read                                          5",
        "articles                                            3",
        "  whose page states no date                         1",
        "rejected                                            2",
        "  clean        too_short                            2",
        "",
    ]
    assert [words.split()[:2] for words in lines[-4:]] == [
        ["by", "day"],
        ["2025-05-03", "3"],
        ["2025-05-02", "2"],
        ["2025-05-01", "1"],
    ]
    assert list(as_text([], Totals([], [])))[-1] == "no articles in the dataset"


def test_the_summary_for_programs(dataset):
    dumps = DumpsOf(
        read=["z", "a"],
        already_in=["b"],
        set_aside=[("e", "why")],
        failed=[("f", "because")],
        copies=[("g", "a")],
        skipped=[("h", "unknown format")],
        again=["a"],
        orphaned=["b"],
    )
    found = as_json("done", ["c", "b"], dumps, ledger_of(dataset, ["b", "c"]), totals_of(dataset))
    assert json.loads(json.dumps(found)) == {
        "status": "done",
        "run_ids": ["b", "c"],
        "dumps": {
            "read": ["a", "z"],
            "already_in": ["b"],
            "set_aside": [{"dump": "e", "reason": "why"}],
            "failed": [{"dump": "f", "reason": "because"}],
            "copies": [{"dump": "g", "of": "a"}],
            "again": ["a"],
            "orphaned": ["b"],
            "skipped": [{"file": "h", "reason": "unknown format"}],
        },
        "pages": 9,
        "articles": 5,
        "articles_without_date": 2,
        "rejected": {"clean": {"too_short": 4}},
        "dataset": {
            "articles": 6,
            "by_topic": {"health": 3, "sport": 3},
            "by_day": {"2025-05-03": 3, "2025-05-02": 2, "2025-05-01": 1},
        },
    }
