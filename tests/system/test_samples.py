"""The whole job on the sample dumps, through the command line: every record has the outcome in expected.jsonl."""

import collections
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

DUMPS = ROOT / "samples" / "dumps"
EXPECTED = [json.loads(line) for line in (ROOT / "samples" / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
ARTICLES = [record for record in EXPECTED if record["door"] == "article"]
FETCHED = "2025-06-20T06:00:00Z"  # for the loose files, whose own times are those of the checkout

pytestmark = pytest.mark.slow


def warraq(*arguments, cwd=ROOT):
    return subprocess.run([sys.executable, "-m", "warraq", *arguments], capture_output=True, text=True, cwd=cwd)


def ingest(output, *inputs):
    return warraq(
        "ingest", *inputs, "--output", str(output), "--rejected", "all", "--read_fetched_at", FETCHED, "--quiet"
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "out"
    done = ingest(folder, str(DUMPS), "--workers", "2")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def rows(output):
    """The rows of both tables by dump, in the order of the dump."""
    connection = connect(Dataset(str(output)))
    found = collections.defaultdict(list)
    for table in ("articles", "rejected"):
        relation = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in relation.description]
        for values in relation.fetchall():
            row = dict(zip(names, values, strict=True)) | {"door": table.removesuffix("s")}
            found[str(Path(row["dump"]).relative_to(DUMPS))].append(row)
    return {dump: sorted(rows, key=lambda row: row["dump_offset"]) for dump, rows in found.items()}


@pytest.fixture(scope="module")
def pairs(rows):
    """Every expectation with its row."""
    expected = collections.defaultdict(list)
    for record in EXPECTED:
        expected[record["dump"]].append(record)
    assert {dump: len(found) for dump, found in rows.items()} == {dump: len(found) for dump, found in expected.items()}
    return [pair for dump in expected for pair in zip(expected[dump], rows[dump], strict=True)]


def wrong(pairs, check):
    """The differences, one line for each record. An assertion on them shows all at once."""
    return [
        f"{expected['dump']}#{expected['record']} {expected['note']}: {found}"
        for expected, row in pairs
        if (found := check(expected, row))
    ]


def test_every_record_leaves_by_its_door(pairs):
    def check(expected, row):
        if expected["door"] == "article":
            return row["door"] != "article" and f"{row['stage']}/{row['reason']} {row['detail']}"
        doors = expected.get("reasons") or [f"{expected['stage']}/{expected['reason']}"]
        found = "article" if row["door"] == "article" else f"{row['stage']}/{row['reason']}"
        return found not in doors and f"{found}, not {doors}"

    assert wrong(pairs, check) == []


def test_the_ledger_balances_dump_by_dump(output):
    lines = (
        connect(Dataset(str(output)))
        .execute("SELECT dump, door, sum(pages)::BIGINT FROM ledger GROUP BY ALL")
        .fetchall()
    )
    books = {(str(Path(dump).relative_to(DUMPS)), door): pages for dump, door, pages in lines}
    for dump, records in collections.Counter(record["dump"] for record in EXPECTED).items():
        assert books[dump, "read"] == records
        assert books.get((dump, "article"), 0) + books.get((dump, "rejected"), 0) == records


@pytest.fixture(scope="module")
def articles(pairs):
    return [(expected, row) for expected, row in pairs if expected["door"] == row["door"] == "article"]


@pytest.mark.parametrize(
    "field",
    [
        "url",
        "title",
        "text",
        "authors",
        "date_source",
        "site",
        "site_name",
        "section",
        "credit",
        "canonical_url",
        "language",
    ],
)
def test_articles_are_as_written(articles, field):
    def check(expected, row):
        due, found = expected[field], row[field]
        if isinstance(found, str):  # addresses of loose files name the checkout
            found = found.replace(f"file:{DUMPS}/", "file:")
        judged = due is not None or field == "credit"
        return judged and found != due and f"{found!r}, not {due!r}"

    assert wrong(articles, check) == []


def test_days_and_times_are_as_written(articles):
    def check(expected, row):
        time = row["published_at"] and row["published_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
        found = (row["date"].isoformat(), time)
        return found != (expected["date"], expected["published_at"]) and f"{found} from {row['date_source']}"

    assert wrong(articles, check) == []


def test_most_topics_are_right(articles):
    """The shares are those that the classifier reaches, not those that we wish for."""
    acceptable = sum(row["topic"] in expected["topics_ok"] for expected, row in articles)
    exact = sum(row["topic"] == expected["topic"] for expected, row in articles)
    assert acceptable / len(articles) >= 0.85
    assert exact / len(articles) >= 0.75


def test_clear_entities_are_found(articles):
    """The share is the one that the tagger reaches, not the one that we wish for."""
    due = found = 0
    for expected, row in articles:
        names = {(entity["text"], entity["kind"]) for entity in row["entities"]}
        due += len(expected["entities"])
        found += sum((name, kind) in names for name, kind in expected["entities"])
    assert found / due >= 0.8


def test_offsets_are_true(articles):
    for _, row in articles:
        for entity in row["entities"]:
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]


def test_near_copies_point_to_their_original(articles, pairs):
    by_url = {row["url"]: row["article_id"] for _, row in articles}
    assert (
        wrong(
            articles,
            lambda expected, row: (
                row["duplicate_of"] != by_url.get(expected["duplicate_of_url"])
                and f"duplicate_of {row['duplicate_of']}"
            ),
        )
        == []
    )
    copies = [(expected, row) for expected, row in pairs if expected.get("reason") == "duplicate"]
    assert (
        wrong(copies, lambda expected, row: row["detail"] != by_url[expected["duplicate_of_url"]] and row["detail"])
        == []
    )


def test_a_second_run_adds_no_row(output):
    before = sorted(path.name for path in output.rglob("*.parquet"))
    again = ingest(output, str(DUMPS))
    assert again.returncode == 4
    assert (again.stdout, again.stderr) == ("", "")
    assert sorted(path.name for path in output.rglob("*.parquet")) == before


def test_same_rows_in_any_order_and_on_one_worker(output, tmp_path):
    inputs = sorted((str(path) for path in DUMPS.iterdir()), reverse=True)
    assert ingest(tmp_path / "out", *inputs, "--workers", "1").returncode == 0
    for table in ("articles", "rejected"):
        contents = [
            {str(path.relative_to(root)): path.read_bytes() for path in (root / table).rglob("*.parquet")}
            for root in (output, tmp_path / "out")
        ]
        assert contents[0] == contents[1]


def test_only_new_dumps_are_read_and_old_articles_stay_single(tmp_path):
    first, both = str(DUMPS / "news.warc.gz"), [str(DUMPS / "news.warc.gz"), str(DUMPS / "crawl.wet.gz")]
    assert ingest(tmp_path / "out", first).returncode == 0
    assert warraq("ingest", *both, "--output", str(tmp_path / "out"), "--new", "--quiet").returncode == 0
    connection = connect(Dataset(str(tmp_path / "out")))
    runs = connection.execute("SELECT [one.dump FOR one IN dumps] FROM runs ORDER BY committed_at").fetchall()
    assert [[Path(dump).name for dump in dumps] for (dumps,) in runs] == [["news.warc.gz"], ["crawl.wet.gz"]]
    # read again under other rules, the same pages are copies of what is there
    assert warraq("ingest", first, "--output", str(tmp_path / "out"), "--quality", "off", "--quiet").returncode == 0
    assert connect(Dataset(str(tmp_path / "out"))).execute(
        "SELECT count(*) - count(DISTINCT article_id) FROM articles"
    ).fetchall() == [(0,)]
