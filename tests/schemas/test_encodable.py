import datetime as dt

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import warraq.schemas.coders  # noqa: F401  (Beam learns how records travel)
from tests.support.hostile import HUGE, TEXTS, records
from warraq.schemas.arrow import article_row, file_table, rejected_row
from warraq.schemas.encodable import make_encodable, without_surrogates
from warraq.schemas.records import Article, Document, Page, Rejected, Source
from warraq.transforms.read.dump import Dump, encodable
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.step import KEPT, REJECTED, BatchStepFn, StepFn, attempt

MIB = 1024 * 1024
NOW = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)
few = settings(max_examples=max(30, settings().max_examples // 2), suppress_health_check=[HealthCheck.too_slow])


def through_coder(record):
    coder = beam.coders.registry.get_coder(type(record))
    return coder.decode(coder.encode(record))


@given(TEXTS)
def test_sound_text_can_be_encoded_and_keeps_what_is_sound(text):
    mended = without_surrogates(text)
    assert mended.encode().decode() == mended
    assert without_surrogates(mended) is mended
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert mended is text


def test_the_halves_of_a_character_are_joined_and_a_lone_half_is_marked():
    assert without_surrogates("أ \ud83d\ude00 \ud83d") == "أ 😀 \ufffd"


@few
@given(st.one_of(*map(records, (Page, Document, Article, Rejected))))
def test_hostile_text_in_any_field_passes_our_coder(record):
    mended = make_encodable(record)
    assert through_coder(mended) == mended
    assert make_encodable(mended) is mended


@few
@given(records(Article))
def test_hostile_articles_pass_arrow(article):
    row = article_row(make_encodable(article), "1")
    back = file_table("articles", [row]).to_pylist()[0]
    assert back == {name: row[name] for name in back}


@few
@given(records(Rejected))
def test_hostile_refusals_pass_arrow(rejected):
    row = rejected_row(make_encodable(rejected), "run")
    back = file_table("rejected", [row]).to_pylist()[0]
    assert back == {name: row[name] for name in back}


UNSOUND = [
    {"words": 2**63},
    {"dump_offset": -(2**63) - 1},
    {"title": 7},
    {"text": None},
    {"tags": None},
    {"authors": ["أ", None]},
    {"date": NOW},
    {"published_at": NOW.replace(tzinfo=None)},
    {"published_at": NOW.astimezone(dt.timezone(dt.timedelta(hours=3)))},
    {"topics": ["sport"]},
]


@pytest.mark.parametrize("fields", UNSOUND)
def test_what_no_text_can_mend_names_the_field(make_article, fields):
    (name,) = fields
    with pytest.raises(ValueError, match=rf"(Article|Source)\.{name} can't hold"):
        make_encodable(make_article(**fields))


@pytest.mark.parametrize("fields", UNSOUND)
def test_an_unsound_record_costs_its_page_one_row(make_article, fields):
    row = attempt(make_article(), "clean", lambda: make_article(**fields))
    assert (row.stage, row.reason, row.source.dump) == ("clean", "error", "crawl.warc.gz")
    assert f".{next(iter(fields))} can't hold" in row.detail


def broken(article):
    return article._replace(title="\ud83d") if article.source.url == "half" else article._replace(words=2**64)


@pytest.mark.parametrize(
    "stage", [StepFn("topics", broken), BatchStepFn("topics", lambda: lambda articles: [*map(broken, articles)])]
)
def test_no_stage_gives_beam_what_it_cannot_encode(make_article, stage):
    articles = [make_article(url="half"), make_article(url="large")]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(articles) | beam.ParDo(stage).with_outputs(REJECTED, main=KEPT)
        kept = doors[KEPT] | "ShuffleKept" >> beam.Reshuffle()
        rejected = doors[REJECTED] | "ShuffleRejected" >> beam.Reshuffle()
        assert_that(kept | beam.Map(lambda a: (a.source.url, a.title)), equal_to([("half", "\ufffd")]), "kept")
        assert_that(rejected | beam.Map(lambda r: (r.source.url, r.reason)), equal_to([("large", "error")]), "rejected")


def test_a_detail_is_made_sound_too(make_article):
    def fail():
        raise ValueError("bad \ud83d\nvalue")

    assert attempt(make_article(), "clean", fail).detail.startswith("ValueError: bad \ufffd value (")


def test_readers_give_sound_records(tmp_path):
    path = tmp_path / "feed.jsonl"
    path.write_bytes(
        rb'{"url": "http://a.example/\ud83d", "title": "\ude00", "charset": "\ud83d", "html": "<p>\ud83d</p>"}'
        b'\n{"url": "http://a.example/\\ud83d", "date": "x"}\n'
    )
    dump = Dump(str(path), path.stat().st_size, "jsonl", "f", NOW)
    page, refused = read_range(dump, 0, None, ReadRules())
    assert (page.source.url, page.title) == ("http://a.example/\ufffd", "\ufffd")
    assert (refused.source.url, refused.reason) == ("http://a.example/\ufffd", "not_html")
    assert [through_coder(item) for item in (page, refused)] == [page, refused]


def test_an_item_that_cannot_be_encoded_costs_a_row(make_page):
    dump = Dump("crawl.warc.gz", 9, "warc.gz", "f", NOW)
    row = encodable(make_page(title=7, dump_offset=5), dump)
    assert (row.stage, row.reason, row.source.dump_offset, row.source.url) == (
        "read",
        "error",
        5,
        "https://akhbar.example/1",
    )


def large(name):
    long = "ع" * 10 * MIB
    return {
        "content": Page(Source("u", NOW, "d", 0, len(b"\xff" * 10 * MIB)), b"\xff" * 10 * MIB, False, None, None),
        "address and title": Page(Source(long, NOW, "d", 0, len(b"x")), b"x", False, None, long),
        "markup": Document(Source("u", NOW, "d", 0, 10 * MIB), long, False, "utf-8", "http", None),
        "detail": Rejected(Source("u", None, "d", 0, 0), "read", "error", long),
    }[name]


def is_same(record, name):
    return record == large(name)


@pytest.mark.parametrize("name", ["content", "address and title", "markup", "detail"])
def test_records_of_10_mib_pass_a_shuffle(name):
    """Limits of a message between workers would show here: gRPC's own is 4 MiB."""
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        # Made by a worker: what Create holds is written into the pipeline itself, which takes Beam a minute.
        made = pipeline | beam.Create([name]) | beam.Map(large).with_output_types(type(large(name)))
        assert_that(made | beam.Reshuffle() | beam.Map(is_same, name), equal_to([True]))


def test_an_article_of_10_mib_passes_arrow(make_article):
    article = make_encodable(make_article(HUGE * 750, tags=["وسم" * MIB], description="\ud83d" + HUGE))
    assert len(article.text.encode()) > 10 * MIB
    assert through_coder(article) == article
    assert file_table("articles", [article_row(article, "1")])["text"][0].as_py() == article.text
