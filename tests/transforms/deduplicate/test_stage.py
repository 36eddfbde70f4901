import datetime as dt

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from warraq.transforms.deduplicate.deduplicate import DuplicateRules, Precedence, identify, signature_row
from warraq.transforms.deduplicate.stage import Deduplicate
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


def test_what_the_dataset_holds_is_earlier_than_anything_new(crawl):
    known = [signature_row(identify(crawl[1]))._replace(record_id="", precedence=Precedence(False, "", False))]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(crawl) | Deduplicate(DuplicateRules(), beam.Create(known))
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        assert_that(kept, equal_to([(4, known[0].article_id), (5, None)]))
