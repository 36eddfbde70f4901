"""A dataset may lie in a folder of any name that delta-rs can open; any other name is refused before work starts."""

import datetime as dt
import os

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.support.datasets import publish_run, stage_run
from warraq.pipelines import query
from warraq.pipelines.query import connect
from warraq.pipelines.views import arrow_dataset
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.publish import recover_dead_runs

GOOD = [
    "plain",
    "two words",
    " blank before",
    "blank after ",
    "it's",
    'quo"te',
    "a*b",
    "a?b",
    "{a,b}",
    "[a]",
    "a[x",
    "b]",
    "[!a]*",
    "a#b",
    "a;b&c",
    "a:b",
    "~",
    "-x",
    "...",
    "100%",
    "a%xxb",
    "a%2",
    "$HOME",
    "`id`",
    "جريدة ü 漢",
    "lang=ar",
    "year=2024/month=05",
    "a" * 255,
    "/".join(["b" * 200] * 15),
    ".hidden",
    "_staging",
    "articles",
]
BAD = {
    "": "--output is empty",
    "a%20b": "percent sign",
    "a%2Fb": "percent sign",
    "a\nb": "control character",
    "a\tb": "control character",
    "\x1b[31m": "control character",
    "a\\b": "backslash",
    os.fsdecode(b"caf\xe9"): "not UTF-8",
    "file:///tmp/out": "no installed package reads this address",
    "nowhere://out": "no installed package reads this address",
    "date=2024": "column date",
    "topic=news/out": "column topic",
    "Topic=news": "column Topic",
    "site=akhbar": "column site",
    "stage=1/a/b": "column stage",
    "a" * 256: "File name too long",
    "/".join(["b" * 200] * 20): "longer than",
    "s3://bucket/a*b": "one of",
    "s3://bucket/a?b": "one of",
    "s3://bucket/[a]": "one of",
    "s3://bucket/a%20b": "one of",
    "s3://bucket/a#b": "one of",
    "s3://bucket/a//b": "folder",
    "s3://bucket/a/../b": "folder",
    "gs://bucket/date=2024/out": "column date",
}


@pytest.fixture
def day(make_article):
    return lambda n: make_article(f"نص {n}", date=dt.date(2025, 5, n), topic="sport", site="akhbar.example")


def add(dataset, run_id, article):
    dataset.check()
    with dataset.lock(run_id) as held:
        assert held
        publish_run(dataset, run_id, stage_run(dataset, run_id, [article]))
    assert recover_dead_runs(dataset) == []


@pytest.mark.parametrize("relative", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", GOOD)
def test_a_folder_of_any_good_name_can_be_filled_and_asked(tmp_path, monkeypatch, capfd, day, name, relative):
    monkeypatch.chdir(tmp_path)
    neighbour = Dataset(str(tmp_path / "axb"))  # that a pattern could match
    add(neighbour, "r9", day(9))
    root = name if relative else str(tmp_path / name)
    add(Dataset(root), "r1", day(1))
    add(Dataset(root), "r2", day(2))
    sql = "SELECT text, date, topic, site FROM articles ORDER BY text"
    expected = [(f"نص {n}", dt.date(2025, 5, n), "sport", "akhbar.example") for n in (1, 2)]
    assert connect(Dataset(root)).execute(sql).fetchall() == expected
    assert connect(Dataset(root)).execute("SELECT text FROM articles WHERE date = '2025-05-02'").fetchall() == [
        ("نص 2",)
    ]
    assert connect(Dataset(root)).execute("SELECT run_id FROM runs ORDER BY ALL").fetchall() == [("r1",), ("r2",)]
    assert query.main([f"--output={root}", "SELECT count(*) AS n FROM articles", "--format", "csv"]) == 0
    assert capfd.readouterr().out == "n\n2\n"
    assert query.main([f"--output={root}", "--verify"]) == 0
    plain = DeltaTable(str((tmp_path / name / "articles").absolute())).to_pyarrow_table()
    assert sorted(plain.column("text").to_pylist()) == ["نص 1", "نص 2"]


@pytest.mark.parametrize("name", ["date=2024", "topic=news/out", "site=x", "Date=1/x*y"])
def test_a_dataset_that_was_moved_below_a_partition_can_be_asked(tmp_path, day, name):
    """As a backup may lie: partitions come from the log, not from the path."""
    add(Dataset(str(tmp_path / "out")), "r1", day(1))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "out").rename(tmp_path / name)
    asked = connect(Dataset(str(tmp_path / name))).execute("SELECT date, topic, site FROM articles")
    assert asked.fetchall() == [(dt.date(2025, 5, 1), "sport", "akhbar.example")]


def test_both_ways_to_read_a_table_give_the_same(tmp_path, day):
    dataset = Dataset(str(tmp_path / "out"))
    add(dataset, "r1", day(1))
    connection = connect(dataset)
    connection.register("arrow", arrow_dataset(dataset, "articles", dataset.open("articles")))
    assert connection.execute("FROM arrow").fetchall() == connection.execute("FROM articles").fetchall()
    types = [str(column) for column in connection.execute("DESCRIBE arrow").fetchall()]
    assert types == [str(column) for column in connection.execute("DESCRIBE articles").fetchall()]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_costs_one_line_before_work_starts(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match=BAD[name]) as refusal:
        Dataset(name).check()
    assert "\n" not in str(refusal.value)
    str(refusal.value).encode()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_that_a_link_leads_to_counts(tmp_path):
    (tmp_path / "a%20b").mkdir()
    (tmp_path / "good").symlink_to("a%20b")
    with pytest.raises(DatasetError, match="percent sign"):
        Dataset(str(tmp_path / "good")).check()


def test_a_link_to_a_folder_is_a_good_name(tmp_path, day):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    add(Dataset(str(tmp_path / "link")), "r1", day(1))
    assert connect(Dataset(str(tmp_path / "real"))).execute("SELECT text FROM articles").fetchall() == [("نص 1",)]


@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), lambda path: path.symlink_to("nowhere")])
def test_what_is_no_folder_is_refused(tmp_path, make):
    make(tmp_path / "out")
    with pytest.raises(DatasetError, match="can't write there"):
        Dataset(str(tmp_path / "out")).check()
    with pytest.raises(DatasetError, match="no dataset there"):
        connect(Dataset(str(tmp_path / "out")))


def test_duckdb_takes_names_above_a_dataset_for_columns(tmp_path):
    """The reason for what is refused; if DuckDB no longer does, nothing need be."""
    path = tmp_path / "date=2024-01-01" / "articles" / "date=2025-05-01"
    path.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), path / "a.parquet")
    assert duckdb.sql(f"SELECT date::VARCHAR FROM read_parquet('{path}/*', hive_partitioning = true)").fetchall() == [
        ("2024-01-01",)
    ]
