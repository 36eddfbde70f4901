import datetime as dt

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from tests.support.signatures import write_arrivals, write_articles, write_parts
from warraq.schemas.records import Article
from warraq.transforms.dataset.forgotten import Forgotten, url_digest
from warraq.transforms.deduplicate.deduplicate import DuplicateRules, identify
from warraq.transforms.deduplicate.stage import Deduplicate, ReadKnown
from warraq.transforms.step import KEPT, REJECTED

WORDS = [f"كلمة{number}" for number in range(200)]
TEXT = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-4], "ذيل", "آخر", "للخبر"])
OTHER = " ".join(f"لفظ{number}" for number in range(200))


def day(number):
    return dt.date(2025, 5, number)


@pytest.fixture
def crawl(make_article):
    """An original, an exact copy elsewhere, the same page fetched twice, a near copy, and another story."""
    return [
        make_article(TEXT, url="https://wire.example/1", date=day(1), dump_offset=1),
        make_article(TEXT, url="https://copy.example/1", date=day(2), dump_offset=2),
        make_article(TEXT, url="https://wire.example/1", date=day(1), dump_offset=3),
        make_article(NEAR, url="https://near.example/1", date=day(3), dump_offset=4),
        make_article(OTHER, url="https://other.example/1", date=day(1), dump_offset=5),
    ]


@pytest.mark.parametrize(
    ("near", "kept", "rejected"),
    [
        ("mark", {1: False, 4: True, 5: False}, {2: "duplicate", 3: "duplicate"}),
        ("drop", {1: False, 5: False}, {2: "duplicate", 3: "duplicate", 4: "near_duplicate"}),
        ("off", {1: False, 4: False, 5: False}, {2: "duplicate", 3: "duplicate"}),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_copies_go_and_near_copies_are_linked(crawl, near, kept, rejected, reverse):
    original = identify(crawl[0]).article_id
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(crawl[::-1] if reverse else crawl) | Deduplicate(DuplicateRules(near=near))
        marked = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        refused = doors[REJECTED] | "R" >> beam.Map(lambda r: (r.source.dump_offset, r.reason, r.detail))
        expected = [(offset, original if marked else None) for offset, marked in kept.items()]
        assert_that(marked, equal_to(expected), "kept")
        assert_that(refused, equal_to([(offset, why, original) for offset, why in rejected.items()]), "rejected")


@pytest.mark.parametrize("near", ["mark", "drop", "off"])
@pytest.mark.parametrize("layout", ["articles", "arrivals", "parts"])
def test_what_the_dataset_holds_is_earlier_than_anything_new(crawl, tmp_path, near, layout):
    known = identify(crawl[1]._replace(topic="sport"))
    files = write_articles(tmp_path, [known])
    if layout != "articles":
        files = write_arrivals(tmp_path, files)
    if layout == "parts":
        files = write_parts(tmp_path, files)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(crawl) | Deduplicate(DuplicateRules(near=near), ReadKnown(files))
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        expected = {"mark": [(4, known.article_id), (5, None)], "drop": [(5, None)], "off": [(4, None), (5, None)]}
        assert_that(kept, equal_to(expected[near]))


@pytest.mark.parametrize(("days", "original"), [(30, 1), (31, None)])
def test_near_copies_in_the_dataset_are_found_within_the_horizon_and_exact_ones_always(
    make_article, tmp_path, days, original
):
    known = identify(make_article(TEXT, date=day(1), topic="sport"))
    late = day(1) + dt.timedelta(days=days)
    new = [make_article(TEXT, date=late, dump_offset=1), make_article(NEAR, date=late, dump_offset=2)]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        known_files = ReadKnown(write_articles(tmp_path, [known]))
        doors = pipeline | beam.Create(new) | Deduplicate(DuplicateRules(), known_files)
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        refused = doors[REJECTED] | "R" >> beam.Map(lambda r: (r.source.dump_offset, r.reason, r.detail))
        assert_that(kept, equal_to([(2, known.article_id if original else None)]), "kept")
        assert_that(refused, equal_to([(1, "duplicate", known.article_id)]), "rejected")


def test_nothing_new_reads_nothing_of_the_dataset(make_article):
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        nothing = pipeline | beam.Create([make_article()]) | beam.Filter(lambda _: False).with_output_types(Article)
        doors = nothing | Deduplicate(
            DuplicateRules(), ReadKnown(["/no/articles/date=2025-05-01/topic=x/lost.parquet"])
        )
        assert_that(doors[KEPT], equal_to([]))


def test_a_forgotten_article_leaves_without_its_address_and_is_no_original(crawl):
    forgotten = Forgotten(url_digests=frozenset({url_digest("https://wire.example/1")}))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(crawl) | Deduplicate(forgotten=forgotten)
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        refused = doors[REJECTED] | "R" >> beam.Map(lambda r: (r.source.dump_offset, r.source.url, r.reason, r.detail))
        copy = identify(crawl[1]).article_id
        assert_that(kept, equal_to([(2, None), (4, copy), (5, None)]), "kept")
        assert_that(refused, equal_to([(1, "", "forgotten", ""), (3, "", "forgotten", "")]), "rejected")


@pytest.fixture
def site_files(make_page):
    """Files of two hosts in the dump of `crawl`, and one of the same name in another dump."""
    training = b"User-agent: CCBot\nDisallow: /\n"
    return [
        make_page(training, url="https://wire.example/robots.txt", dump_offset=6),
        make_page(b'[{"location": "/", "tdm-reservation": 1}]', url="https://wire.example/.well-known/tdmrep.json"),
        make_page(b"User-agent: CCBot\nDisallow: /2/\n", url="https://near.example/robots.txt", dump_offset=7),
        make_page(training, url="https://other.example/robots.txt", dump_offset=8, dump="another.warc.gz"),
    ]


@pytest.mark.parametrize("reverse", [False, True])
def test_site_files_mark_the_articles_of_their_host_in_their_dump(crawl, site_files, reverse):
    marked = crawl[0]._replace(opt_out=["noai"])
    crawl = [marked, *crawl[1:]]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        articles = pipeline | "A" >> beam.Create(crawl[::-1] if reverse else crawl)
        pages = pipeline | "P" >> beam.Create(site_files[::-1] if reverse else site_files)
        doors = (articles, pages) | Deduplicate()
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.opt_out))
        assert_that(kept, equal_to([(1, ["noai", "tdm_reservation", "ai_robots"]), (4, []), (5, [])]))


@pytest.mark.parametrize("reverse", [False, True])
def test_articles_that_a_site_file_reserves_are_dropped_and_no_copy_with_them(crawl, site_files, reverse):
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        articles = pipeline | "A" >> beam.Create(crawl[::-1] if reverse else crawl)
        pages = pipeline | "P" >> beam.Create(site_files[::-1] if reverse else site_files)
        doors = (articles, pages) | Deduplicate(drop_reserved=True)
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        refused = doors[REJECTED] | "R" >> beam.Map(lambda r: (r.source.dump_offset, r.stage, r.reason, r.detail))
        copy = identify(crawl[1]).article_id
        why = ("deduplicate", "site_opted_out", "tdm_reservation, ai_robots")
        assert_that(kept, equal_to([(2, None), (4, copy), (5, None)]), "kept")
        assert_that(refused, equal_to([(1, *why), (3, *why)]), "rejected")
