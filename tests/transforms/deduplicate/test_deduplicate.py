import datetime as dt
import random

import pytest

from tests.support.paths import DATA
from warraq.transforms.dataset.forgotten import Forgotten, url_digest
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.deduplicate.deduplicate import (
    DuplicateRules,
    Precedence,
    SignatureRow,
    Verdict,
    deciding,
    identify,
    judge_exact,
    judge_near,
    signature_row,
)
from warraq.transforms.minhash import similarity

WORDS = [f"كلمة{number}" for number in range(200)]
TEXT = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-4], "ذيل", "آخر", "للخبر"])
OTHER = " ".join(f"لفظ{number}" for number in range(200))


def day(number):
    return dt.date(2025, 5, number)


def precedence(number, day="2025-05-01", *, is_new=True):
    return Precedence(is_new, day, False, time=f"{number:05}")


def row(number, signature, day="2025-05-01", *, is_new=True):
    """A row for comparison by signature."""
    return SignatureRow(precedence(number, day, is_new=is_new), f"a\n{number}" * is_new, f"{number}", "", signature)


def test_an_id_comes_from_address_and_text(make_article):
    one = identify(make_article(TEXT))
    assert identify(make_article(TEXT, dump_offset=9)).article_id == one.article_id
    assert identify(make_article(TEXT, url="https://other.example/")).article_id != one.article_id
    assert identify(make_article(OTHER)).article_id != one.article_id
    assert len(one.article_id) == 32


def test_the_earliest_publication_wins_whatever_the_order(make_article):
    early = signature_row(identify(make_article(TEXT, url="https://b.example/", date=day(1))))
    late = signature_row(identify(make_article(TEXT, url="https://a.example/", date=day(2), dump_offset=5)))
    for rows in ([early, late], [late, early]):
        first, verdicts = judge_exact(rows)
        assert first == early
        assert [(place, verdict.original) for place, verdict in verdicts] == [(late.record_id, early.article_id)]


def test_near_copies_are_verified_not_only_banded(make_article):
    references = [
        signature_row(identify(make_article(text, url=f"https://{n}.example/", date=day(n + 1), dump_offset=n)))
        for n, text in enumerate([TEXT, OTHER, NEAR])
    ]
    verdicts = list(judge_near(references, 0.7))  # as if all three had met in one band
    assert [(place, verdict.original) for place, verdict in verdicts] == [
        (references[2].record_id, references[0].article_id)
    ]


@pytest.mark.parametrize("alike", [True, False])
def test_a_template_filled_in_often_costs_one_comparison_a_reference(monkeypatch, alike):
    """One operation compares a reference with all representatives, of which there are at most a hundred."""
    numbers = random.Random(7)
    unlike = 4 if alike else 256  # bytes of a signature
    signatures = [numbers.randbytes(unlike) + bytes(256 - unlike) for _ in range(2_000)]
    bucket = [row(n, one) for n, one in enumerate(signatures)]
    compared = []
    similarities = deduplicate.similarities
    monkeypatch.setattr(
        deduplicate, "similarities", lambda rows, other: compared.append(len(rows)) or similarities(rows, other)
    )
    verdicts = list(judge_near(bucket, 0.7))
    assert len(compared) == len(bucket)  # the first with none
    assert max(compared) == (1 if alike else 100)
    assert verdicts == (
        [(one.record_id, Verdict("near_duplicate", precedence(0), "0")) for one in bucket[1:]] if alike else []
    )


def test_the_earliest_of_several_originals_is_named():
    """As one comparison after the other says."""
    numbers = random.Random(3)
    halves = [numbers.randbytes(180) for _ in range(5)]
    bucket = [row(n, numbers.choice(halves) + numbers.randbytes(76)) for n in range(300)]
    representatives, expected = [], []
    for one in bucket:
        original = next((lead for lead in representatives if similarity(lead.signature, one.signature) >= 0.7), None)
        if original:
            expected.append((one.record_id, Verdict("near_duplicate", original.precedence, original.article_id)))
        else:
            representatives.append(one)
    assert list(judge_near(bucket[::-1], 0.7)) == expected
    assert len(representatives) == 5


@pytest.mark.parametrize(
    ("days", "horizon_days", "expected"),
    [
        ([0, 30], 30, {1: 0}),
        ([0, 31], 30, {}),
        ([0, 3000], 0, {1: 0}),
        ([0, 20, 40], 30, {1: 0}),  # 1 is no original, and 0 too old: 2 is one
        ([0, 20, 40, 60], 30, {1: 0, 3: 2}),
    ],
)
def test_near_copies_are_no_further_apart_than_the_horizon(days, horizon_days, expected):
    """However the articles come: all at once, or each with a run of its own."""
    signature = bytes(256)
    dates = [(dt.date(2015, 1, 1) + dt.timedelta(days=day)).isoformat() for day in days]
    links = {}
    for copy, verdict in judge_near([row(n, signature, day) for n, day in enumerate(dates)], 0.7, horizon_days):
        links[int(copy.split()[1])] = int(verdict.original)
    assert links == expected
    one_by_one = {}
    for number, day in enumerate(dates):
        known = [row(n, signature, dates[n], is_new=False) for n in range(number) if n not in one_by_one]
        for _, verdict in judge_near([*known, row(number, signature, day)], 0.7, horizon_days):
            one_by_one[number] = int(verdict.original)
    assert one_by_one == expected


def test_a_copy_of_an_article_of_the_dataset_does_not_depend_on_others_that_are_read():
    """Known rows are originals, similar or not: else one that is read for another article would hide the nearer one."""
    signature = bytes(256)
    known = [row(0, signature, "2025-01-01", is_new=False), row(1, signature, "2025-01-29", is_new=False)]
    new = row(9, signature, "2025-02-10")
    verdicts = [[verdict.original for _, verdict in judge_near([*rows, new], 0.7, 30)] for rows in (known, known[1:])]
    assert verdicts == [["1"], ["1"]]


def test_articles_that_were_taken_down_are_known_by_text_id_address_and_site(make_article):
    article = identify(make_article(TEXT, url="https://a.example/1", canonical_url="https://a.example/story"))
    for forgotten in (
        Forgotten(text_digests=frozenset({article.text_digest})),
        Forgotten(article_ids=frozenset({article.article_id})),
        Forgotten(url_digests=frozenset({url_digest("https://a.example/1")})),
        Forgotten(url_digests=frozenset({url_digest("https://a.example/story")})),
        Forgotten(sites=frozenset({article.site})),
    ):
        assert forgotten.has(article)
    other = Forgotten(frozenset({"1"}), frozenset({"2"}), frozenset({url_digest("https://b.example/")}), frozenset("c"))
    assert not other.has(article)
    assert not Forgotten().has(article)


def test_real_near_copies_are_found():
    data = DATA
    if not data.is_dir():
        pytest.skip(f"no data at {data}: set WARRAQ_DATA to measure near copies on SaudiNewsNet")
    from benchmarks.accuracy.near_copies import measure  # noqa: PLC0415

    assert measure(data)["recall at Jaccard 0.8"] >= 0.98


def test_an_exact_copy_counts_before_a_near_one_and_the_earliest_original_first():
    verdicts = [
        Verdict("near_duplicate", precedence(1), "a"),
        Verdict("duplicate", precedence(3), "b"),
        Verdict("duplicate", precedence(2), "c"),
    ]
    assert deciding(verdicts) == verdicts[2]
    assert deciding(verdicts[:2]) == verdicts[1]
    assert deciding([]) is None


def test_copies_are_in_order_of_day_and_time_and_those_in_the_dataset_first(make_article):
    noon = dt.datetime(2025, 5, 2, 12, tzinfo=dt.timezone.utc)
    expected = [
        Precedence(False, "2025-05-09", False, address="id"),
        *(
            signature_row(identify(make_article(TEXT, **fields))).precedence
            for fields in (
                {"date": day(1)},
                {"date": day(2), "published_at": noon},
                {"date": day(2), "published_at": noon.replace(microsecond=1)},
                {"date": day(2), "dump_offset": 9},
                {"date": day(2), "dump_offset": 10},
            )
        ),
    ]
    shuffled = expected[3:] + expected[:3]
    assert sorted(shuffled) == expected


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"near": "maybe"}, "near_duplicates must be one of mark, drop, off, not 'maybe'"),
        ({"min_similarity": 3}, "deduplicate_min_similarity must be from 0 to 1, not 3"),
        ({"min_similarity": -0.1}, "deduplicate_min_similarity must be from 0 to 1, not -0.1"),
        ({"horizon_days": -1}, "deduplicate_horizon_days must be 0 or more, not -1"),
        ({"min_similarity": float("nan")}, "deduplicate_min_similarity must be from 0 to 1, not nan"),
    ],
)
def test_rules_that_make_no_sense_are_refused(stated, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        DuplicateRules(**stated)
