import dataclasses
import datetime as dt
from pathlib import Path

import apache_beam as beam
import duckdb
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline

from warraq.schemas.records import Rejected, Source
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.ledger import ARTICLE, READ, REJECTED, CountPages
from warraq.transforms.write import stage as write
from warraq.transforms.write.run import Run
from warraq.transforms.write.stage import CommitRun, WriteArticles, WriteRejected
from warraq.transforms.write.tables import Size

START = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)


@pytest.fixture
def run(tmp_path):
    dump = {"dump": "a.warc", "format": "warc", "size": 9, "fingerprint": "f"}
    return Run(str(tmp_path / "out"), "r1", "r1", "recipe", "{}", "1.0", "local", START, [dump], False, 0.5)


@pytest.fixture
def articles(make_article):
    days = [dt.date(2025, 5, 1), dt.date(2025, 5, 2)]
    return [
        make_article(
            f"خبر {n}",
            dump="a.warc",
            dump_offset=n,
            date=days[n % 2],
            topic="sport",
            site=f"s{n % 3}",
            article_id=f"{n:032}",
        )
        for n in range(20)
    ]


def refusal(number, reason="too_short"):
    stage = "clean" if reason == "too_short" else "screen"
    return Rejected(Source(f"u{number}", START, "a.warc", 100 + number, 10), stage, reason, "3 words")


def commit(run, articles, refusals, pages):
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        rejected = pipeline | "R" >> beam.Create(refusals)
        read = {"read": pipeline | "P" >> beam.Create(pages), "refused": pipeline | "U" >> beam.Create([])}
        counts = {**read, "CleanText": rejected} | "C" >> CountPages()
        files = (
            pipeline | "A" >> beam.Create(articles) | WriteArticles(run),
            {"CleanText": rejected} | WriteRejected(run),
        ) | beam.Flatten()
        (files, counts) | CommitRun(run)


def rows(run, sql):
    return duckdb.sql(
        sql.replace("ARTICLES", f"read_parquet('{run.output}/articles/*/*/*.parquet', hive_partitioning = true)")
    ).fetchall()


def test_a_run_is_committed_with_its_ledger(run, articles, make_page):
    refusals = [refusal(0), refusal(1), refusal(2, "no_arabic_bytes")]
    commit(run, articles, refusals, [make_page(dump="a.warc")] * 23)
    assert rows(run, "SELECT date, count(*) FROM ARTICLES GROUP BY ALL ORDER BY ALL") == [
        (dt.date(2025, 5, 1), 10),
        (dt.date(2025, 5, 2), 10),
    ]
    [row] = Dataset(run.output).rows("runs")
    assert row["started_at"] == START
    assert row["dumps"] == list(run.dumps)
    assert {(line["door"], line["reason"]): line["pages"] for line in row["ledger"]} == {
        (READ, ""): 23,
        (ARTICLE, ""): 20,
        (REJECTED, "too_short"): 2,
        (REJECTED, "no_arabic_bytes"): 1,
    }
    # the mass refusal is counted and has no row
    rejected = duckdb.from_parquet(Dataset(run.output).files("rejected"), hive_partitioning=True)
    assert rejected.project("url, stage, run_id").order("url").fetchall() == [
        ("u0", "clean", "r1"),
        ("u1", "clean", "r1"),
    ]


def test_a_lost_page_stops_the_commit(run, articles, make_page):
    with pytest.raises(Exception, match="a.warc: 1 lost"):
        commit(run, articles, [], [make_page(dump="a.warc")] * 21)
    assert not Dataset(run.output).has_run("r1")
    assert Dataset(run.output).files("articles") == []


def test_a_run_without_articles_is_a_run(run, make_page):
    commit(run, [], [refusal(0, "no_arabic_bytes")], [make_page(dump="a.warc")])
    assert Dataset(run.output).has_run("r1")


def test_same_rows_give_the_same_files_in_any_order(run, articles, make_page, tmp_path):
    contents = []
    for name, order in (("one", articles), ("two", articles[::-1])):
        target = Run(**{**run.__dict__, "output": str(tmp_path / name)})
        commit(target, order, [], [make_page(dump="a.warc")] * 20)
        root = tmp_path / name / "articles"
        contents.append({str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.parquet")})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 2


def test_rows_are_sorted_inside_a_file(run, articles, make_page):
    timed = [
        article._replace(date=START.date(), published_at=START.replace(hour=n))
        for n, article in enumerate(articles[:9])
    ]
    commit(run, [*timed, articles[9]._replace(date=START.date())], [], [make_page(dump="a.warc")] * 10)
    found = rows(run, "SELECT site, published_at, article_id FROM ARTICLES")
    assert found == sorted(found, key=lambda row: (row[0], row[1] is None, str(row[1]), row[2]))
    assert found[0][0] == "s0"


def test_many_large_articles_of_one_day_become_several_files(run, make_article, make_page, monkeypatch):
    """The files are the same in whatever order the articles come."""
    monkeypatch.setattr(write, "ARTICLES", dataclasses.replace(write.ARTICLES, limits=Size(5000, 500_000)))
    articles = [
        make_article("خبر " * 20_000, dump="a.warc", dump_offset=n, topic="sport", article_id=str(n)) for n in range(12)
    ]
    found = []
    for name, order in (("one", articles), ("two", articles[::-1])):
        target = dataclasses.replace(run, output=str(run.output) + name)
        commit(target, order, [], [make_page(dump="a.warc")] * 12)
        found.append(sorted(path.name for path in Path(target.output, "articles").rglob("*.parquet")))
    assert found[0] == found[1]
    assert 3 <= len(found[0]) <= 4
