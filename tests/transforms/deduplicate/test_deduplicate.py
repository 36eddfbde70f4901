import datetime as dt
import random

import pytest

from warraq.transforms.dataset.forgotten import Forgotten, url_digest
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.deduplicate.deduplicate import (
    DuplicateRules,
    Link,
    Precedence,
    SignatureRow,
    Verdict,
    deciding,
    identify,
    judge_exact,
    judge_near,
    signature_row,
    without_chains,
)
from warraq.transforms.sketch import sketch

WORDS = [f"كلمة{number}" for number in range(200)]
TEXT = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-4], "ذيل", "آخر", "للخبر"])
OTHER = " ".join(f"لفظ{number}" for number in range(200))
RULES = DuplicateRules()


def day(number):
    return dt.date(2025, 5, number)


def precedence(number, day="2025-05-01", *, is_new=True):
    return Precedence(is_new, 0, day, False, time=f"{number:05}")


def made(words, number=0):
    """The sketch of an article at an address of its own."""
    return sketch(None, words, f"https://{number}.example/")


def row(number, sketch, day="2025-05-01", *, is_new=True):
    """A row for comparison by sketch."""
    return SignatureRow(precedence(number, day, is_new=is_new), f"a\n{number}" * is_new, f"{number}", "", sketch)


def links(rows, rules=RULES):
    """Copy and original of each verdict of one anchor."""
    return [(int(copy.split()[1]), int(verdict.original)) for copy, verdict in judge_near(rows, rules)]


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


def test_near_copies_are_judged_by_their_sketches(make_article):
    references = [
        signature_row(identify(make_article(text, url=f"https://{n}.example/", date=day(n + 1), dump_offset=n)))
        for n, text in enumerate([TEXT, OTHER, NEAR])
    ]
    verdicts = list(judge_near(references, RULES))  # as if all three had met at one anchor
    assert [(place, verdict.original) for place, verdict in verdicts] == [
        (references[2].record_id, references[0].article_id)
    ]


def filled(number):
    """An article of a template: other numbers in the same words."""
    return " ".join(word if place % 25 else str(number * 1000 + place) for place, word in enumerate(WORDS)).split()


def test_a_template_filled_in_often_costs_at_most_a_hundred_comparisons_an_article(monkeypatch):
    bucket = [row(n, made(filled(n), n)) for n in range(600)]
    compared = []
    relation = deduplicate.relation
    monkeypatch.setattr(deduplicate, "relation", lambda *pair: compared.append(1) or relation(*pair))
    assert links(bucket) == []
    assert len(compared) == 101 * 100 // 2  # beyond a hundred, only articles with the same numbers are compared


def test_copies_of_an_article_of_a_template_are_found_among_many():
    bucket = [row(n, made(filled(n), n)) for n in range(300)]
    copy = row(900, made([*filled(250), "ذيل"], 900))
    assert links([*bucket, copy]) == [(900, 250)]
    held = [one._replace(record_id="", precedence=one.precedence._replace(is_new=False)) for one in bucket]
    assert links([copy, *held]) == [(900, 250)]


def test_the_earliest_of_several_originals_is_named():
    stories = [[f"{story}ق{place}" for place in range(80)] for story in range(5)]
    chosen = random.Random(3).choices(range(5), k=60)
    bucket = [row(n, made([*stories[story], f"ذيل{n}"], n)) for n, story in enumerate(chosen)]
    firsts = {story: chosen.index(story) for story in range(5)}
    expected = [(n, firsts[story]) for n, story in enumerate(chosen) if n != firsts[story]]
    assert links(bucket) == links(bucket[::-1]) == expected


def test_a_row_without_a_current_sketch_is_no_copy_and_no_original():
    old = row(0, bytes(256), is_new=False)
    assert links([old, row(1, made(WORDS, 1)), row(2, made(WORDS, 2))]) == [(2, 1)]


def test_a_copy_of_a_copy_is_an_original_unless_it_is_related_to_the_original():
    """A chain: each article has half of the one before. The first and the third share nothing."""
    words = [f"ق{number}" for number in range(300)]
    rows = [row(n, made(words[60 * n : 60 * n + 120], n)) for n in range(4)]
    found = [
        Link(copy, verdict)
        for left, right in ((0, 1), (1, 2), (2, 3))
        for copy, verdict in judge_near([rows[left], rows[right]], DuplicateRules(min_similarity=0.3))
    ]
    assert [(link.copy, link.verdict.original) for link in found] == [("a\n1", "0"), ("a\n2", "1"), ("a\n3", "2")]
    left = {
        link.copy: link.verdict.original
        for one in rows
        for link in without_chains(
            one.record_id, [link for link in found if one.record_id in (link.copy, link.verdict.original_record)]
        )
    }
    assert left == {"a\n1": "0"}  # 2 is related to a copy only; 3 to what may be a copy


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
    signature = made(WORDS)
    dates = [(dt.date(2015, 1, 1) + dt.timedelta(days=day)).isoformat() for day in days]
    rules = DuplicateRules(horizon_days=horizon_days)
    assert dict(links([row(n, signature, day) for n, day in enumerate(dates)], rules)) == expected
    one_by_one = {}
    for number, day in enumerate(dates):
        known = [row(n, signature, dates[n], is_new=False) for n in range(number) if n not in one_by_one]
        one_by_one |= dict(links([*known, row(number, signature, day)], rules))
    assert one_by_one == expected


def test_a_copy_of_an_article_of_the_dataset_does_not_depend_on_others_that_are_read():
    """Known rows are originals, similar or not: else one that is read for another article would hide the nearer one."""
    signature = made(WORDS)
    known = [row(0, signature, "2025-01-01", is_new=False), row(1, signature, "2025-01-29", is_new=False)]
    new = row(9, signature, "2025-02-10")
    assert [links([*rows, new]) for rows in (known, known[1:])] == [[(9, 1)], [(9, 1)]]


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
        Precedence(False, 0, "2025-05-09", False, address="id"),
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
        ({"prefer": "best"}, "prefer must be one of earliest, longest, author, or sites joined by commas, not 'best'"),
    ],
)
def test_rules_that_make_no_sense_are_refused(stated, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        DuplicateRules(**stated)


@pytest.mark.parametrize(
    ("prefer", "first"),
    [("earliest", "a"), ("longest", "c"), ("author", "b"), ("c.example,b.example", "c"), ("z.example, b.example", "b")],
)
def test_the_preferred_copy_is_the_original(make_article, prefer, first):
    articles = [
        make_article(
            TEXT + " ذيل" * (name == "c"), url=f"https://{name}.example/", site=f"{name}.example", date=day(n + 1)
        )
        for n, name in enumerate("abc")
    ]
    articles[1] = articles[1]._replace(authors=["كاتب"])
    rows = [signature_row(identify(article), DuplicateRules(prefer=prefer)) for article in articles]
    assert min(rows).precedence.address == f"https://{first}.example/"


def test_what_the_dataset_holds_stays_the_original_whatever_is_preferred():
    held, new = row(9, made(WORDS, 9), is_new=False), row(1, made(WORDS, 1))
    preferred = new._replace(precedence=new.precedence._replace(rank=-1000))
    assert links([preferred, held]) == [(1, 9)]
