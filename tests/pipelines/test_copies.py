"""The views on copies: who printed what, and which text of an address is the last."""

import datetime as dt

import pytest

from tests.support.loads import load
from warraq.pipelines.query import connect
from warraq.schemas.records import Rejected
from warraq.transforms.dataset.dataset import Dataset


@pytest.fixture
def connection(tmp_path, make_article):
    """An original, a copy cut from it, a word-for-word copy of that one, and a second version of the original."""

    def article(name, page=None, **fields):
        url = f"https://{page or name}.example/1"
        made = {
            "article_id": name,
            "text_digest": name,
            "url": url,
            "site": f"{page or name}.example",
            "topic": "sport",
        }
        return make_article(f"نص {name}", **{**made, "date": dt.date(2025, 5, 1), "dump": "a.warc", **fields})

    cut = {"duplicate_of": "first", "copy_kind": "cut", "copy_share": 0.5}
    version = {"duplicate_of": "first", "copy_kind": "version", "copy_share": 0.75}
    articles = [
        article("first", dump_offset=1),
        article("cut", dump_offset=2, **cut),
        article("again", "first", dump_offset=3, fetched_at=dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc), **version),
    ]
    source = article("twin", dump_offset=4).source
    exact = Rejected(
        source, "deduplicate", "duplicate", "cut", "twin.example", "عنوان", None, dt.date(2025, 5, 2), "copy", 1
    )
    dataset = Dataset(str(tmp_path / "out"))
    load(dataset, "r1", [*articles, exact])
    return connect(dataset)


def test_each_copy_leads_to_an_original_that_is_no_copy(connection):
    sql = "SELECT found, kind, share, site, original, original_site FROM copies ORDER BY ALL"
    assert connection.execute(sql).fetchall() == [
        ("exact", "copy", 1.0, "twin.example", "first", "first.example"),
        ("near", "cut", 0.5, "cut.example", "first", "first.example"),
        ("near", "version", 0.75, "first.example", "first", "first.example"),
    ]


def test_a_copy_of_a_copy_is_of_the_story(connection):
    stories = connection.execute("SELECT story, articles, sites, last_day FROM stories()").fetchall()
    assert stories == [("first", 4, ["cut.example", "first.example", "twin.example"], dt.date(2025, 5, 2))]
    sql = "SELECT copy, site, days_after, article_id FROM story_of('cut')"
    assert connection.execute(sql).fetchall() == [
        ("first", "first.example", 0, "first"),
        ("near copy", "cut.example", 0, "cut"),
        ("near copy", "first.example", 0, "again"),
        ("exact copy", "twin.example", 1, None),
    ]
    sql = "SELECT first_site, follower, stories, days FROM who_followed() ORDER BY follower"
    assert connection.execute(sql).fetchall() == [
        ("first.example", "cut.example", 1, 0),
        ("first.example", "twin.example", 1, 1),
    ]


@pytest.mark.parametrize(
    "question", ["FROM copies", "FROM stories()", "FROM who_followed()", "FROM first_publishers()"]
)
def test_each_file_is_opened_once(connection, question):
    [(_, plan)] = connection.execute(f"EXPLAIN {question}").fetchall()
    assert plan.count("READ_PARQUET") == 2, plan  # of articles, and of rejected


def test_the_latest_text_of_an_address_stands_for_it_and_copies_of_others_are_left_out(connection):
    latest = connection.execute("SELECT article_id FROM latest_articles ORDER BY ALL").fetchall()
    assert latest == [("again",), ("cut",)]
    assert connection.execute("SELECT article_id FROM unique_articles").fetchall() == [("again",)]
