import datetime as dt
import pickle
import subprocess
import sys

import apache_beam as beam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.schemas.arrow import ARTICLES, PARTITIONS, REJECTED, TABLES, article_row, file_table, rejected_row
from warraq.schemas.records import Article, Document, Entity, Page, Rejected, Source, TopicScore

NOW = dt.datetime(2025, 6, 1, 12, 30, 15, 123456, tzinfo=dt.timezone.utc)
RICH = {
    "published_at": NOW,
    "authors": ["سلمى الكاتب"],
    "tags": ["اقتصاد"],
    "entities": [Entity("روسيا", "place", 1, 6, "روسيا", 0.5)],
    "topics": [TopicScore("medtop:11000000", 0.75)],
    "topic": "politics_and_government",
    "sketch": b"\x00\x01",
}


def test_every_record_survives_its_coder(make_article, make_page):
    records = [
        make_page(charset="utf-8"),
        make_page()._replace(content=b"\xff\x00"),
        Document(Source("u", NOW, "d", 7, 3), "<p>", False, "utf-8", "meta", None),
        make_article(),
        make_article(**RICH),
        Rejected(Source("u", None, "d", 1, 9), "screen", "no_arabic_bytes", ""),
    ]
    for record in records:
        coder = beam.coders.registry.get_coder(type(record))
        assert coder.encode(record) == coder.encode(coder.decode(coder.encode(record)))
        assert coder.decode(coder.encode(record)) == record


@given(st.datetimes(timezones=st.just(dt.timezone.utc)))
def test_times_keep_their_microseconds(time):
    record = Rejected(Source("u", time, "d", 1, 9), "read", "http_error", "404")
    coder = beam.coders.registry.get_coder(Rejected)
    assert coder.decode(coder.encode(record)).source.fetched_at == time


def test_an_article_survives_its_table(make_article):
    article = make_article(**RICH)
    row = file_table("articles", [article_row(article, "1.0")]).to_pylist()[0]
    assert row["entities"] == [article.entities[0]._asdict()]
    assert row["topics"] == [article.topics[0]._asdict()]
    assert row["published_at"] == NOW
    assert row["warraq_version"] == "1.0"
    assert row["url"] == article.source.url
    assert all(row[name] == getattr(article, name) for name in ("title", "text", "authors", "sketch"))


def test_a_refusal_survives_its_table():
    rejected = Rejected(
        Source("u", NOW, "d", 1, 9), "deduplicate", "duplicate", "a", "s", "t", NOW, NOW.date(), "copy", 1
    )
    fields = {name: value for name, value in rejected._asdict().items() if name not in {"source", "stage"}}
    assert file_table("rejected", [rejected_row(rejected, "run", "load")]).to_pylist() == [
        {**rejected.source._asdict(), **fields, "run_id": "run", "load_id": "load"}
    ]


def test_every_field_of_an_article_has_a_column_but_its_page_size():
    """The schemas are written out, because a column keeps its place and its width for ever, whatever the records do."""
    article, rejected = ({*record._fields, *Source._fields} - {"source"} for record in (Article, Rejected))
    assert article - set(ARTICLES.names) == {"bytes"}
    assert set(ARTICLES.names) - article == {"warraq_version", "load_id"}
    assert rejected ^ set(REJECTED.names) == {"run_id", "load_id"}


@pytest.mark.parametrize("table", TABLES)
def test_partition_columns_live_in_the_path(table):
    assert not set(PARTITIONS[table]) & set(file_table(table, []).schema.names)
    assert set(PARTITIONS[table]) <= set(TABLES[table].names)


def test_coders_work_in_a_process_that_knows_nothing_of_us_yet(make_article):
    """A worker gets the pickled coder and bytes, before it has imported any module of ours."""
    article = make_article(**RICH)
    coder = beam.coders.registry.get_coder(Article)
    work = [pickle.dumps(coder), coder.encode(article)]
    code = f"import pickle; coder, data = {work!r}; print(type(pickle.loads(coder).decode(data)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "<class 'warraq.schemas.records.Article'>\n", done.stderr


def test_a_page_is_not_changed_in_place(make_page):
    page: Page = make_page()
    with pytest.raises(AttributeError):
        page.source.url = "other"
