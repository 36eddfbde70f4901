"""The views open the files that a question needs, and an answer is right while the dataset is rewritten."""

import datetime as dt
import itertools
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from tests.support.datasets import publish_run, stage_run
from tests.support.paths import ROOT
from warraq.pipelines import query, views
from warraq.pipelines.query import connect
from warraq.pipelines.views import Views
from warraq.schemas import arrow
from warraq.schemas.arrow import PARTITIONS, TABLES, article_row, file_table
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.write.tables import article_partition, data_file

DAYS = {1: "sport", 2: "sport", 3: "health"}


@pytest.fixture
def dataset(tmp_path, make_article):
    """Three files of `articles`, one for each day, with one, two and three rows; two files of `runs`."""
    dataset = Dataset(str(tmp_path / "out"))
    articles = [
        make_article(f"نص {day} {number}", date=dt.date(2025, 5, day), topic=topic)
        for day, topic in DAYS.items()
        for number in range(day)
    ]
    publish_run(dataset, "r1", stage_run(dataset, "r1", articles[:1]))
    publish_run(dataset, "r2", stage_run(dataset, "r2", articles[1:]))
    return dataset


def asked(dataset, sql):
    """The rows of the last answer."""
    answers = []
    Views(dataset).run(sql, lambda _, relation: answers.append(relation.fetchall()))
    return answers[-1]


def empty(dataset, keep="nothing"):
    """Makes the data files unreadable, except those with `keep` in their path."""
    for path in (path for name in TABLES for path in dataset.files(name)):
        if keep not in path:
            Path(path).write_bytes(b"")


COUNTS = [
    "SELECT count(*) FROM articles",
    "SELECT count(*) AS n FROM articles WHERE date = '2025-05-02'",
    "SELECT count(*) FROM articles WHERE date BETWEEN '2025-05-02' AND '2025-05-03' AND topic IN ('health', 'x')",
    "SELECT count(*) FROM articles WHERE topic LIKE 's%' OR date > DATE '2025-05-02'",
    "SELECT count(*) FROM articles WHERE topic IS NULL",
    "SELECT topic, count(*) FROM articles GROUP BY topic ORDER BY topic",
    "SELECT min(date), max(topic), count(DISTINCT topic), count(topic) FROM articles",
    "FROM articles SELECT date, topic ORDER BY ALL LIMIT 4",
    "SELECT count(*) FROM articles a JOIN articles b USING (topic)",
    "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM rejected), count(*) FROM runs",
    "WITH articles AS (SELECT 7 AS x) SELECT x FROM articles",
    "SELECT topic, sum(articles) FROM days GROUP BY topic ORDER BY topic",
]


@pytest.mark.parametrize("sql", COUNTS)
def test_counts_by_partition_open_no_file_and_are_those_of_the_files(dataset, sql):
    expected = connect(dataset).execute(sql).fetchall()
    assert expected
    empty(dataset)
    assert asked(dataset, sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "FROM articles",
        "SELECT count(title) FROM articles",
        "SELECT count(COLUMNS(*)) FROM articles",
        "SELECT topic FROM articles ORDER BY site, topic",
        "SELECT count(*) FROM articles WHERE words >= 0",
        "SELECT count(*) FROM articles WHERE topic = 'sport' OR text = ''",
        "SELECT count(*) FROM articles a WHERE EXISTS (SELECT 1 FROM articles WHERE site = a.topic)",
        "SELECT count(*) FROM mentions",
        "SUMMARIZE articles",
    ],
)
def test_other_questions_are_never_answered_from_the_log(dataset, sql):
    expected = connect(dataset).execute(sql).fetchall()
    assert asked(dataset, sql) == expected
    empty(dataset)
    with pytest.raises(duckdb.Error):
        asked(dataset, sql)


@pytest.mark.parametrize("sql", ["SHOW TABLES", "DESCRIBE articles", "SELECT table_name FROM duckdb_tables()"])
def test_the_views_look_the_same_from_the_log(dataset, sql):
    assert asked(dataset, sql) == connect(dataset).execute(sql).fetchall()


def test_a_table_of_the_user_wins_over_the_log(dataset):
    own = "DROP VIEW articles; CREATE TABLE articles AS SELECT 7 AS topic; SELECT count(*), max(topic) FROM articles"
    assert asked(dataset, own) == [(1, 7)]


@pytest.mark.parametrize(
    ("where", "files"),
    [
        ("date = '2025-05-02'", "date=2025-05-02"),
        ("date > DATE '2025-05-02' AND date < DATE '2025-05-09'", "date=2025-05-03"),
        ("topic = 'health'", "topic=health"),
        ("topic = 'sport' AND date IN ('2025-05-01', '2025-05-02')", "topic=sport"),
    ],
)
def test_a_question_opens_only_the_files_of_its_partitions(dataset, where, files):
    sql = f"SELECT text FROM articles WHERE {where} ORDER BY text"
    expected = connect(dataset).execute(sql).fetchall()
    empty(dataset, keep=files)
    assert connect(dataset).execute(sql).fetchall() == expected
    assert asked(dataset, sql) == expected


def test_the_views_are_made_without_a_data_file(dataset):
    empty(dataset)
    assert connect(dataset).execute("SELECT sum(articles) FROM days").fetchall() == [(6,)]


@pytest.mark.parametrize("takes_schema", [views._TAKES_SCHEMA, False])
def test_a_column_that_older_files_lack_is_null(dataset, monkeypatch, takes_schema):
    monkeypatch.setattr(views, "_TAKES_SCHEMA", takes_schema)
    old = [path for path in dataset.files("articles") if "date=2025-05-02" not in path]
    for path in old:
        pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["charset", "site_name"]), path)
    sql = "SELECT date, count(*), count(charset), count(site_name), sum(words) FROM articles GROUP BY ALL ORDER BY ALL"
    days = [dt.date(2025, 5, day) for day in DAYS]
    assert asked(dataset, sql) == [(days[0], 1, 0, 0, 0), (days[1], 2, 2, 0, 0), (days[2], 3, 0, 0, 0)]


NUMBERS = itertools.count()


def rewrite(dataset):
    """As a compaction does: each partition gets one new file with the rows, and the old ones are moved away."""
    for name in ("articles", "runs"):
        table = DeltaTable(f"{dataset.root}/{name}")
        number, added, removed = next(NUMBERS), [], []
        olds = [path.removeprefix(f"{dataset.root}/{name}/") for path in dataset.files(name)]
        for folder, paths in itertools.groupby(olds, lambda path: str(Path(path).parent)):
            values = dict(part.split("=") for part in folder.split("/")) if PARTITIONS[name] else {}
            old = [f"{dataset.root}/{name}/{path}" for path in paths]
            new = str(Path(folder, f"whole-{number}.parquet"))
            rows = pq.read_table(old, partitioning=None)
            pq.write_table(rows, f"{dataset.root}/{name}/{new}")
            stats = json.dumps({"numRecords": rows.num_rows})
            added.append(AddAction(new, Path(f"{dataset.root}/{name}/{new}").stat().st_size, values, 0, True, stats))
            removed += [
                RemoveAction(
                    path.removeprefix(f"{dataset.root}/{name}/"),
                    data_change=True,
                    deletion_timestamp=0,
                    partition_values=values,
                )
                for path in old
            ]
        table.create_write_transaction([*added, *removed], "append", TABLES[name], list(PARTITIONS[name]))
        for path in olds:
            kept = Path(dataset.root, "_replaced", name, path)
            kept.parent.mkdir(parents=True, exist_ok=True)
            Path(dataset.root, name, path).rename(kept)


def test_an_answer_is_right_when_files_are_moved_away_meanwhile(dataset):
    made, answers = Views(dataset), []
    expected = asked(dataset, "SELECT text FROM articles ORDER BY ALL")
    rewrite(dataset)
    made.run("SELECT text FROM articles ORDER BY ALL", lambda _, relation: answers.append(relation.fetchall()))
    assert made.connection.execute("SELECT run_id FROM runs ORDER BY ALL").fetchall() == [("r1",), ("r2",)]
    rewrite(dataset)
    made.run("SET threads = 1; SELECT count(title) FROM articles", lambda _, got: answers.append(got.fetchall()))
    made.run("SELECT count(*) FROM articles", lambda _, relation: answers.append(relation.fetchall()))
    assert answers == [expected, [(6,)], [(6,)]]


def test_the_command_prints_an_answer_once_when_files_are_moved_away(dataset, capfd, monkeypatch):
    once = iter([None])
    run = Views.run

    def run_late(self, sql, deliver):
        assert self.connection  # made before the files are moved
        for _ in once:
            rewrite(dataset)
        run(self, sql, deliver)

    monkeypatch.setattr(Views, "run", run_late)
    assert query.main([dataset.root, "SELECT count(text) AS n FROM articles", "--format", "csv"]) == 0
    assert capfd.readouterr() == ("n\n6\n", "")


def test_a_statement_is_tried_five_times(dataset):
    tried = []

    def move_away(_, relation):
        tried.append(relation)
        rewrite(dataset)
        raise duckdb.IOException("gone")

    with pytest.raises(duckdb.IOException, match="gone"):
        Views(dataset).run("SELECT text FROM articles", move_away)
    assert len(tried) == 5


def test_a_connection_is_made_although_files_are_moved_away_meanwhile(dataset):
    made = Views(dataset)
    rewrite(dataset)
    assert made.connection.execute("SELECT count(text) FROM articles").fetchall() == [(6,)]


def test_a_lost_file_is_damage_and_the_statement_is_not_repeated(dataset):
    tried = []

    def fetch(_, relation):
        tried.append(relation)
        relation.fetchall()

    Path(dataset.files("articles")[0]).unlink()
    with pytest.raises(duckdb.Error):
        Views(dataset).run("SELECT text FROM articles", fetch)
    assert len(tried) == 1


OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_a_loader_can_ask_for_what_came_since(tmp_path, make_article, monkeypatch):
    if "load_id" not in TABLES["articles"].names:
        monkeypatch.setitem(arrow.TABLES, "articles", TABLES["articles"].append(pa.field("load_id", pa.string())))
    dataset = Dataset(str(tmp_path / "out"))
    for day in (1, 2):
        article = make_article(f"نص {day}", date=dt.date(2025, 5, day), topic="sport")
        rows = file_table("articles", [article_row(article, "1") | {"load_id": f"rules-dump{day}"}])
        file = data_file("articles", article_partition(article), [article])
        run = dict.fromkeys(TABLES["runs"].names) | {
            "run_id": f"r{day}",
            "recipe": "rules",
            "options": "{}",
            "warraq_version": "1",
            "runner": "",
            "started_at": dt.datetime(2026, 11, day, tzinfo=dt.timezone.utc),
            "committed_at": dt.datetime(2026, 11, day, 12, tzinfo=dt.timezone.utc),
            "dumps": [{"dump": f"{day}.warc", "format": "warc", "size": 7, "fingerprint": f"dump{day}"}],
            "ledger": [],
        }
        files = [
            dataset.write_staged(f"r{day}", file, [rows]),
            dataset.write_staged(f"r{day}", DataFile("runs", f"run-r{day}", [], 1, 0, []), [file_table("runs", [run])]),
        ]
        publish_run(dataset, f"r{day}", files)
    connection = connect(dataset)
    since = (
        "SELECT a.text FROM articles a JOIN loads USING (load_id) WHERE committed_at > TIMESTAMPTZ '2026-11-01 18:00Z'"
    )
    assert connection.execute(since).fetchall() == [("نص 2",)]
    connection.execute("CREATE TEMP TABLE taken AS SELECT load_id, run_id FROM loads WHERE run_id = 'r1'")
    connection.execute("INSERT INTO taken VALUES ('rules-dump2', 'undone')")
    unseen = "SELECT articles.* FROM articles JOIN loads USING (load_id) ANTI JOIN taken USING (load_id, run_id)"
    gone = "SELECT taken.* FROM taken ANTI JOIN loads USING (load_id, run_id)"
    assert [unseen in OPERATIONS, gone in OPERATIONS] == [True, True]
    assert connection.execute(f"SELECT text FROM ({unseen})").fetchall() == [("نص 2",)]
    assert connection.execute(gone).fetchall() == [("rules-dump2", "undone")]
    assert connection.execute("SELECT run_id, load_id, dump, size FROM loads ORDER BY ALL").fetchall() == [
        ("r1", "rules-dump1", "1.warc", 7),
        ("r2", "rules-dump2", "2.warc", 7),
    ]


def test_a_question_is_answered_without_beam(dataset):
    """Its import takes two seconds of the processor."""
    code = (
        "import sys; from warraq.pipelines import query; "
        "print(query.main(sys.argv[1:]), 'apache_beam' in sys.modules, file=sys.stderr)"
    )
    sql = "SELECT count(*) AS n FROM articles; SELECT count(text) AS n FROM articles"
    ask = [sys.executable, "-c", code, dataset.root, sql, "--format", "csv"]
    done = subprocess.run(ask, capture_output=True, text=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == ("n\n6\nn\n6\n", "0 False\n")
