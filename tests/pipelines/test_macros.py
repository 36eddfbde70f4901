"""The macros of `warraq query` on two small runs, with the answers worked out by hand."""

import datetime as dt
import re

import duckdb
import pytest

from tests.support.loads import article, load, refusal
from warraq.pipelines.commands import COMMANDS
from warraq.pipelines.flags import ingest_parser
from warraq.pipelines.macros import MACROS
from warraq.pipelines.query import connect
from warraq.pipelines.remedies import REMEDIES
from warraq.schemas.labels import REASONS
from warraq.schemas.records import Entity
from warraq.transforms.arabic import normalize_name
from warraq.transforms.dataset.dataset import Dataset


def names(*named):
    """Entities of an article: names of persons, or pairs of name and kind."""
    pairs = [name if isinstance(name, tuple) else (name, "person") for name in named]
    return [Entity(name, kind, 0, len(name), name, 0.9) for name, kind in pairs]


def at(hour, day=1):
    return dt.datetime(2025, 5, day, hour, tzinfo=dt.timezone.utc)


CAIRO = ("القاهرة", "place")
FIRST = [
    article("a", 1, "one", day=1, site="nahr", published_at=at(6), entities=names("منى", "هدى", CAIRO)),
    # a near copy of it, five hours later
    article(
        "a", 2, "two", day=1, site="waha", published_at=at(11), duplicate_of="one", entities=names("منى", "هدى", CAIRO)
    ),
    article("a", 3, "long", day=8, site="nahr", entities=names("منى", *(f"لاعب {number}" for number in range(20)))),
    article("a", 4, "short", day=9, site="waha", entities=names("منى", "منى", "هُدى"), authors=["سمر"]),
    article("a", 5, "other", day=9, site="waha", topic="health", date_source="fetched"),
    refusal("a", 6, "too_short", "clean"),
    refusal("a", 7)._replace(stage="deduplicate", reason="duplicate", detail="one"),
]
SECOND = [
    article("b", 1, "late", day=15, site="nahr", canonical_url="https://s.example/a/5", entities=names("سلمى", CAIRO)),
    article("b", 2, "later", day=16, site="waha", topic="health", entities=names("سلمى")),
    refusal("b", 3),
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    dataset = Dataset(str(tmp_path_factory.mktemp("macros") / "out"))
    load(dataset, "r1", FIRST, started_at=at(12, 20))
    load(dataset, "r2", SECOND, started_at=at(12, 21))
    return connect(dataset)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        # what is written with other marks, hamza or final letters is the same name
        ("SELECT name, articles FROM names_like('هدي')", [("هدى", 2), ("هُدى", 1)]),
        (
            "SELECT article_id, mentions FROM articles_naming('منى', until := '2025-05-08')",
            [("long", 1), ("one", 1), ("two", 1)],
        ),
        ("SELECT article_id, mentions FROM articles_naming('مني', since := DATE '2025-05-09')", [("short", 2)]),
        ("SELECT article_id FROM articles_naming('القاهره', since := DATE '2025-05-10' - INTERVAL 1 DAY)", [("late",)]),
        ("SELECT article_id, mentions FROM articles_naming('لاعب 1%')", [("long", 11)]),
        # the story of two articles counts once, the list of 20 names counts for little
        (
            "SELECT name, stories, articles, weight FROM named_with('منى') LIMIT 3",
            [("هُدى", 1, 1, 0.5), ("القاهرة", 1, 2, 0.33), ("هدى", 1, 2, 0.33)],
        ),
        ("SELECT DISTINCT weight FROM named_with('منى') WHERE name LIKE 'لاعب%'", [(0.05,)]),
        ("SELECT name, kind, sites FROM named_with('منى', kind := 'place')", [("القاهرة", "place", 2)]),
        (
            "SELECT site, naming, of_all, share FROM sites_naming('القاهرة')",
            [("nahr", 2, 3, 0.6667), ("waha", 1, 4, 0.25)],
        ),
        ("SELECT site, naming FROM sites_naming('القاهره', exact := true)", []),
        ("SELECT site, naming FROM sites_naming('القاهرة', exact := true)", [("nahr", 2), ("waha", 1)]),
        ("SELECT count(*) FROM named_with('مني', exact := true)", [(0,)]),
        ("SELECT name, stories FROM named_with('منى', kind := 'place', exact := true)", [("القاهرة", 1)]),
        ("SELECT sum(articles) FROM trend_of(name := 'هدي', exact := true)", [(0,)]),
        (
            "SELECT period, articles, of_all, usual_share, expected, times_usual, score FROM trend_of(name := 'سلمى')",
            [
                (dt.date(2025, 4, 28), 0, 2, None, None, None, None),
                (dt.date(2025, 5, 5), 0, 3, 0.0, 0.0, None, 0.0),
                (dt.date(2025, 5, 12), 2, 2, 0.0, 0.0, None, 2.0),
            ],
        ),
        (
            "SELECT articles, of_all, usual_share, expected, times_usual FROM trend_of(topic := 'health', period := 'day', since := '2025-05-16', baseline := 10)",
            [(1, 1, 0.25, 0.3, 4.0)],
        ),
        ("SELECT articles FROM trend_of(site := 'waha', topic := 'health', period := 'month')", [(2,)]),
        # 0 of 4 stories before, 2 of 2 now
        (
            "SELECT name, stories, expected, score FROM rising_names('2025-05-15', '2025-05-16', least := 1)",
            [("سلمى", 2, 0.0, 2.0), ("القاهرة", 1, 0.5, 0.5)],
        ),
        ("SELECT name FROM rising_names('2025-05-15', '2025-05-16', kind := 'place', least := 1)", [("القاهرة",)]),
        ("SELECT name FROM rising_names('2025-05-15', '2025-05-16', topic := 'health', least := 1)", [("سلمى",)]),
        ("SELECT name FROM rising_names('2025-05-15', '2025-05-16', site := 'waha', least := 1)", [("سلمى",)]),
        ("SELECT count(*) FROM stories(topic := 'health')", [(2,)]),
        ("SELECT count(*) FROM who_followed(topic := 'health')", [(0,)]),
        ("SELECT count(*) FROM first_publishers(topic := 'health')", [(0,)]),
        (
            "SELECT period, topic, articles, share FROM topics_by('month')",
            [(dt.date(2025, 5, 1), "sport", 5, 0.7143), (dt.date(2025, 5, 1), "health", 2, 0.2857)],
        ),
        (
            "SELECT story, articles, sites FROM stories(until := '2025-05-08')",
            [("one", 3, ["nahr", "s.example", "waha"]), ("long", 1, ["nahr"])],
        ),
        (
            "SELECT copy, site, days_after, hours_after FROM story_of('two')",
            [("first", "nahr", 0, 0.0), ("near copy", "waha", 0, 5.0), ("exact copy", "s.example", None, None)],
        ),
        (
            "FROM who_followed()",
            [("nahr", "s.example", 1, None, None), ("nahr", "waha", 1, 0.0, 5.0)],
        ),
        ("FROM first_publishers()", [("nahr", 2, 0), ("s.example", 0, 1), ("waha", 0, 1)]),
        ("SELECT article_id FROM versions_of('https://s.example/b/1')", [("late",), ("other",)]),
        (
            "SELECT article_id FROM newest_versions() ORDER BY ALL",
            [("late",), ("later",), ("long",), ("one",), ("short",), ("two",)],
        ),
        (
            "FROM sites_by_yield()",
            [
                ("waha", 4, 4, 1.0, 0.25, 0.75, 0.25),
                ("nahr", 3, 3, 1.0, 0.0, 1.0, 0.0),
                ("s.example", 3, 0, 0.0, None, None, None),
            ],
        ),
        (
            "SELECT stage, reason, pages, share, meaning <> '' AND remedy <> '' FROM refusals()",
            [
                ("clean", "too_short", 1, 0.1, True),
                ("deduplicate", "duplicate", 1, 0.1, True),
                ("language", "not_arabic", 1, 0.1, True),
            ],
        ),
        ("SELECT run_id FROM runs_since('r1')", [("r2",)]),
        ("SELECT article_id FROM articles_since('r1') ORDER BY ALL", [("late",), ("later",)]),
        (
            "FROM changes_since('r1')",
            [("articles", "health", 1), ("articles", "sport", 1), ("rejected", "language/not_arabic", 1)],
        ),
        ("FROM changes_since('r2')", []),
    ],
)
def test_a_macro_answers(connection, sql, answer):
    assert connection.execute(sql).fetchall() == answer


def test_every_macro_is_asked_above_and_says_what_it_answers():
    asked = str(test_a_macro_answers.pytestmark)
    assert [macro.name for macro in MACROS if f"{macro.name}(" not in asked and "AS TABLE" in macro.sql] == []
    assert [macro.name for macro in MACROS if len(macro.text) < 20] == []
    assert len({macro.name for macro in MACROS}) == len(MACROS) >= 20


@pytest.mark.parametrize("name", ["الإمارات", "مُنى", "مؤسسة", "لؤي", "رئيس", "Élan", "آل ثاني", "ٱلسعودية", "كـــرة"])
def test_names_are_compared_as_the_tagger_compares_them(connection, name):
    assert connection.execute("SELECT name_key(?)", [name]).fetchall() == [(normalize_name(name),)]


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("FROM named_with()", "named_with(name VARCHAR, kind VARCHAR := NULL, since := NULL, until := NULL"),
        ("FROM named_with('a', knd := 'place')", "named_with(name VARCHAR"),
        ("FROM runs_since('gone')", "no run gone in the view `runs`"),
        ("FROM articles_since('gone')", "no run gone in the view `runs`"),
        ("FROM changes_since('gone')", "no run gone in the view `runs`"),
        ("FROM articles_naming('a', since := 'May')", "expected format is (YYYY-MM-DD)"),
    ],
)
def test_a_wrong_call_is_told_the_parameters(connection, sql, hint):
    with pytest.raises(duckdb.Error, match=re.escape(hint)):
        connection.execute(sql)


def test_a_period_opens_only_the_files_of_its_days(connection):
    """The condition on `date` reaches the scan, although it stands in a macro."""
    [(_, plan)] = connection.execute(
        "EXPLAIN FROM articles_naming('منى', since := '2025-05-15', until := '2025-05-15')"
    ).fetchall()
    assert re.search(r"(?i)files: 1/6", plan), plan


def test_every_reason_has_a_remedy_whose_flags_and_commands_exist():
    assert {stage: [*texts] for stage, texts in REMEDIES.items()} == {
        stage: [*texts] for stage, texts in REASONS.items()
    }
    words = " ".join(text for texts in REMEDIES.values() for text in texts.values())
    flags = {flag for action in ingest_parser()._actions for flag in action.option_strings}
    assert {*re.findall(r"--\w+", words)} - flags == set()
    assert {*re.findall(r"warraq (\w+)", words)} - {*COMMANDS} == set()
