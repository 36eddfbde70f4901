import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.dataset.data_files import DataFile, DumpPages
from warraq.transforms.errors import LedgerError
from warraq.transforms.ledger import (
    ARTICLE,
    NO_DATE,
    READ,
    REJECTED,
    Entry,
    audit,
    broken_dumps,
    pages_by_door,
    reconcile,
    total,
)

GOOD = {
    Entry("a", READ): 5,
    Entry("a", ARTICLE): 3,
    Entry("a", REJECTED, "screen", "no_arabic_bytes"): 2,
    Entry("b", READ): 1,
    Entry("b", REJECTED, "extract", "error"): 1,
}


def test_a_ledger_that_balances_passes():
    audit(GOOD)
    assert pages_by_door(GOOD, READ) == 6


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({Entry("a", ARTICLE): 2}, "a: 1 lost"),
        ({Entry("a", ARTICLE): 5}, "a: 2 too many"),
        # one dump's loss must not be hidden by another's gain
        ({Entry("a", ARTICLE): 4, Entry("b", REJECTED, "extract", "error"): 0}, "a: 1 too many, b: 1 lost"),
        ({Entry("c", ARTICLE): 1}, "c: 1 too many"),
    ],
)
def test_a_page_lost_or_doubled_is_found(change, complaint):
    with pytest.raises(LedgerError, match=complaint):
        audit({**GOOD, **change})


def book(dump, read, *, screened=0, broken_in_extract=0, broken_in_topics=0):
    return {
        Entry(dump, READ): read,
        Entry(dump, ARTICLE): read - screened - broken_in_extract - broken_in_topics,
        Entry(dump, REJECTED, "screen", "no_arabic_bytes"): screened,
        Entry(dump, REJECTED, "extract", "error"): broken_in_extract,
        Entry(dump, REJECTED, "topics", "error"): broken_in_topics,
    }


ONE_PAGE_EACH = {line: pages for n in range(40) for line, pages in book(f"{n}.html", 1).items()}


def pages_that_break(*numbers):
    return {line: pages for n in numbers for line, pages in book(f"{n}.html", 1, broken_in_extract=1).items()}


@pytest.mark.parametrize(
    ("books", "share", "found"),
    [
        (book("a", 100, broken_in_extract=5), 0.05, []),
        (book("a", 100, broken_in_extract=6), 0.05, ["a"]),
        (book("a", 100, broken_in_topics=6), 0.05, ["a"]),
        (book("a", 100, broken_in_extract=1), 0.0, ["a"]),
        (book("a", 100), 0.0, []),
        # a sound neighbour hides nothing, and pays for nothing
        (book("a", 100, broken_in_extract=6) | book("b", 9000), 0.05, ["a"]),
        # of a crawl with 1% Arabic pages, extraction broke half of what came to it
        (book("a", 10_000, screened=9_900, broken_in_extract=50), 0.05, ["a"]),
        # few pages say nothing
        (book("a", 19, broken_in_extract=19), 0.05, []),
        (book("a", 10_000, screened=9_990, broken_in_extract=10), 0.05, []),
        # dumps of one page are judged together
        (ONE_PAGE_EACH | pages_that_break(7, 9), 0.05, []),
        (ONE_PAGE_EACH | pages_that_break(7, 8, 9), 0.05, ["7.html", "8.html", "9.html"]),
        (ONE_PAGE_EACH | book("a", 100, broken_in_extract=6), 0.05, ["a"]),
        (ONE_PAGE_EACH | pages_that_break(7, 8, 9) | book("a", 9000), 0.05, ["7.html", "8.html", "9.html"]),
    ],
)
def test_a_dump_of_which_too_many_pages_break_is_found(books, share, found):
    assert broken_dumps(books, share) == found


@given(st.lists(st.tuples(st.sampled_from(list(GOOD)), st.integers(0, 9))), st.randoms())
def test_the_order_of_lines_does_not_matter(lines, random):
    shuffled = random.sample(lines, len(lines))
    assert list(total(lines).items()) == list(total(shuffled).items())


@pytest.mark.parametrize(
    ("all_rejected", "written", "balances"), [(False, 1, True), (False, 2, False), (True, 2, True), (True, 1, False)]
)
def test_every_refusal_that_is_due_has_a_row(all_rejected, written, balances):
    counts = [
        (Entry("d", READ), 2),
        (Entry("d", REJECTED, "clean", "too_short"), 1),
        (Entry("d", REJECTED, "screen", "no_arabic_bytes"), 1),
    ]
    files = [DataFile("rejected", "p", ["clean"], written, 1, [DumpPages("d", written)])]
    if balances:
        assert reconcile(files, counts, all_rejected)
    else:
        with pytest.raises(LedgerError, match="2 pages were rejected" if all_rejected else "1 pages were rejected"):
            reconcile(files, counts, all_rejected)


def test_articles_are_counted_as_their_files_hold_them_and_those_without_a_date_apart():
    files = [
        DataFile("articles", "p", ["2025-05-01", "sport"], 3, 1, [DumpPages("a", 1, 1), DumpPages("b", 2)]),
        DataFile("articles", "q", ["2025-05-02", "sport"], 4, 1, [DumpPages("b", 4, 1)]),
    ]
    entries = reconcile(files, [(Entry("a", READ), 1), (Entry("b", READ), 6)], all_rejected=False)
    assert {entry: pages for entry, pages in entries.items() if entry.door == ARTICLE} == {
        Entry("a", ARTICLE, "", NO_DATE): 1,
        Entry("b", ARTICLE): 5,
        Entry("b", ARTICLE, "", NO_DATE): 1,
    }
