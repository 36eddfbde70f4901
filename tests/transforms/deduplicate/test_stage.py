import datetime as dt
import random

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import DATA
from warraq.transforms.deduplicate import stage as deduplicate
from warraq.transforms.deduplicate.stage import (
    Deduplicate,
    DuplicateRules,
    Reference,
    Verdict,
    band_keys,
    identify,
    judge_exact,
    judge_near,
    normalized_words,
    refer,
    similarity,
    sketch,
)
from warraq.transforms.step import KEPT, REJECTED

WORDS = [f"كلمة{number}" for number in range(200)]
TEXT = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-4], "ذيل", "آخر", "للخبر"])
OTHER = " ".join(f"لفظ{number}" for number in range(200))


def day(number):
    return dt.date(2025, 5, number)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("القاهرة، مصر", "القاهرة مصر"),
        ("الـقاهـرة", "القاهرة"),
        ("أحمد إلى آخر", "احمد الي اخر"),
        ("مُحَمَّد", "محمد"),
        ("عام ٢٠٢٤", "عام 2024"),
        ("مدرسة", "مدرسه"),
        ("BBC عربي", "bbc عربى"),
    ],
)
def test_spellings_that_newsrooms_vary_are_the_same(written, same):
    assert normalized_words(written) == normalized_words(same)


def test_different_words_stay_different():
    assert normalized_words("علم الاقتصاد") != normalized_words("عالم الاقتصاد")


@given(st.lists(st.text("ابتثجح", min_size=1, max_size=6), max_size=60))
def test_a_sketch_is_stable_and_like_itself(words):
    assert sketch(words) == sketch(list(words))
    assert len(sketch(words)) == 256
    assert similarity(sketch(words), sketch(words)) == 1.0


def test_a_sketch_does_not_change_between_releases():
    """The dataset keeps sketches: a change here makes old articles unfindable, and needs a new schema version."""
    assert sketch(normalized_words("قال الوزير إن المشروع سيبدأ العام المقبل"))[:8].hex() == "d1ff87c56b6675eb"


@pytest.mark.parametrize("changed", [0, 2, 5, 10, 20, 60])
def test_similarity_estimates_jaccard(changed):
    other = [f"س{place}" if place % 200 < changed else word for place, word in enumerate(WORDS)]
    shingles = [{tuple(words[i : i + 5]) for i in range(196)} for words in (WORDS, other)]
    jaccard = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
    assert similarity(sketch(WORDS), sketch(other)) == pytest.approx(jaccard, abs=0.13)  # three standard errors


def test_equal_sketches_meet_in_every_band():
    assert len(set(band_keys(sketch(WORDS)))) == 16
    assert band_keys(sketch(WORDS)) == band_keys(sketch(list(WORDS)))


def test_an_id_comes_from_address_and_text(make_article):
    one = identify(make_article(TEXT))
    assert identify(make_article(TEXT, dump_offset=9)).article_id == one.article_id
    assert identify(make_article(TEXT, url="https://other.example/")).article_id != one.article_id
    assert identify(make_article(OTHER)).article_id != one.article_id
    assert len(one.article_id) == 32


def test_the_earliest_publication_wins_whatever_the_order(make_article):
    early = refer(identify(make_article(TEXT, url="https://b.example/", date=day(1))))
    late = refer(identify(make_article(TEXT, url="https://a.example/", date=day(2), dump_offset=5)))
    for copies in ([early, late], [late, early]):
        first, verdicts = judge_exact(copies)
        assert first == early
        assert [(place, verdict.original) for place, verdict in verdicts] == [(late.place, early.article_id)]


def test_near_copies_are_verified_not_only_banded(make_article):
    references = [
        refer(identify(make_article(text, url=f"https://{n}.example/", date=day(n + 1), dump_offset=n)))
        for n, text in enumerate([TEXT, OTHER, NEAR])
    ]
    verdicts = list(judge_near(references, 0.7))  # as if all three had met in one band
    assert [(place, verdict.original) for place, verdict in verdicts] == [
        (references[2].place, references[0].article_id)
    ]


@pytest.mark.parametrize("alike", [True, False])
def test_a_template_filled_in_often_costs_one_comparison_a_reference(monkeypatch, alike):
    """One operation compares a reference with all leaders, of which there are at most a hundred."""
    numbers = random.Random(7)
    unlike = 4 if alike else 256  # bytes of a sketch
    sketches = [numbers.randbytes(unlike) + bytes(256 - unlike) for _ in range(2_000)]
    bucket = [Reference(f"{n:05}", f"a\n{n}", f"{n}", f"{n}", one) for n, one in enumerate(sketches)]
    compared = []
    similarities = deduplicate.similarities
    monkeypatch.setattr(
        deduplicate, "similarities", lambda rows, other: compared.append(len(rows)) or similarities(rows, other)
    )
    verdicts = list(judge_near(bucket, 0.7))
    assert len(compared) == len(bucket)
    assert max(compared) == (1 if alike else 100)
    assert verdicts == ([(one.place, Verdict("near_duplicate", "00000", "0")) for one in bucket[1:]] if alike else [])


def test_the_earliest_of_several_originals_is_named():
    """As one comparison after the other says."""
    numbers = random.Random(3)
    halves = [numbers.randbytes(180) for _ in range(5)]
    bucket = [
        Reference(f"{n:03}", f"a\n{n}", f"{n}", f"{n}", numbers.choice(halves) + numbers.randbytes(76))
        for n in range(300)
    ]
    leaders, expected = [], []
    for one in bucket:
        original = next((lead for lead in leaders if similarity(lead.sketch, one.sketch) >= 0.7), None)
        if original:
            expected.append((one.place, Verdict("near_duplicate", original.order, original.article_id)))
        else:
            leaders.append(one)
    assert list(judge_near(bucket[::-1], 0.7)) == expected
    assert len(leaders) == 5


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
    known = [refer(identify(crawl[1]))._replace(place="", order=" in the dataset")]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(crawl) | Deduplicate(DuplicateRules(), beam.Create(known))
        kept = doors[KEPT] | "K" >> beam.Map(lambda a: (a.source.dump_offset, a.duplicate_of))
        assert_that(kept, equal_to([(4, known[0].article_id), (5, None)]))


def test_real_near_copies_are_found():
    data = DATA
    if not data.is_dir():
        pytest.skip(f"no data at {data}: set WARRAQ_DATA to measure near copies on SaudiNewsNet")
    from benchmarks.accuracy.near_copies import measure  # noqa: PLC0415

    assert measure(data)["recall at Jaccard 0.8"] >= 0.98
