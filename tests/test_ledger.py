import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.ledger import ARTICLE, READ, REJECTED, LedgerError, Line, audit, pages_by_door, total

GOOD = {
    Line("a", READ): 5,
    Line("a", ARTICLE): 3,
    Line("a", REJECTED, "screen", "no_arabic_bytes"): 2,
    Line("b", READ): 1,
    Line("b", REJECTED, "extract", "error"): 1,
}


def test_a_ledger_that_balances_passes():
    audit(GOOD, max_error_share=0.2)
    assert pages_by_door(GOOD, READ) == 6


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({Line("a", ARTICLE): 2}, "a: 1 lost"),
        ({Line("a", ARTICLE): 5}, "a: 2 too many"),
        # one dump's loss must not be hidden by another's gain
        ({Line("a", ARTICLE): 4, Line("b", REJECTED, "extract", "error"): 0}, "a: 1 too many, b: 1 lost"),
        ({Line("c", ARTICLE): 1}, "c: 1 too many"),
    ],
)
def test_a_page_lost_or_doubled_is_found(change, complaint):
    with pytest.raises(LedgerError, match=complaint):
        audit({**GOOD, **change}, max_error_share=1.0)


def test_too_many_broken_pages_are_not_committed():
    with pytest.raises(LedgerError, match="1 of 6 pages"):
        audit(GOOD, max_error_share=0.1)


@given(st.lists(st.tuples(st.sampled_from(list(GOOD)), st.integers(0, 9))), st.randoms())
def test_the_order_of_lines_does_not_matter(lines, random):
    shuffled = random.sample(lines, len(lines))
    assert list(total(lines).items()) == list(total(shuffled).items())
