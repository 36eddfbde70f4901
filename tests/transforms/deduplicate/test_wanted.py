import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.deduplicate.wanted import (
    POSITION_BITS,
    Bitmap,
    Wanted,
    days,
    digest_position,
    digest_positions,
    joined,
    wanted,
)
from warraq.transforms.sketch import anchor_positions, sketch

DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)


def article(number):
    numbers = random.Random(number)
    words = [str(numbers.random()) for _ in range(60)]
    return numbers.randbytes(16).hex(), sketch(None, words, "https://a.example/"), 739_000 + number % 40


def members(keys):
    """The positions of a set, listed or a bitmap."""
    if len(keys) < 1 << (POSITION_BITS - 3):
        return set(np.frombuffer(keys, "<u4").tolist())
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(keys, np.uint8), bitorder="little")).tolist())


def test_the_keys_of_an_article_are_its_digest_its_anchors_and_its_day():
    digest, made, day = article(1)
    keys = wanted(digest, made, day)
    assert members(keys.digests) == {digest_position(digest)}
    assert members(keys.anchors) == set(anchor_positions(made, POSITION_BITS).tolist())
    assert days(keys.days).tolist() == [day]
    assert wanted(digest, b"", day).anchors == b""


@given(st.lists(st.integers(0, 500)), st.integers(1, 5))
def test_sets_are_joined_in_any_order_and_grouping(numbers, step):
    sets = [wanted(*article(number)) for number in numbers]
    grouped = [joined(sets[start::step]) for start in range(step)]
    assert joined(grouped) == joined(sets) == joined(sets[::-1])
    assert joined([]) == Wanted()


def test_many_keys_become_a_bitmap_with_the_same_members():
    numbers = np.random.default_rng(1)
    halves = [np.unique(numbers.integers(0, 1 << POSITION_BITS, 2_200_000).astype("<u4")) for _ in range(2)]
    keys = joined(Wanted(anchors=half.tobytes()) for half in halves).anchors
    assert len(keys) == 1 << (POSITION_BITS - 3)
    assert members(keys) == set(np.concatenate(halves).tolist())
    more = wanted(*article(1))
    assert members(joined([more, Wanted(anchors=keys)]).anchors) == members(keys) | members(more.anchors)
    assert Bitmap(keys).holds(halves[0]).all()


@given(st.lists(DIGESTS), st.lists(DIGESTS, min_size=1))
def test_no_key_of_a_set_is_missed(inside, others):
    sets = [wanted(digest, b"", 1) for digest in inside]
    bitmap = Bitmap(joined(sets).digests)
    digits = np.array([[*digest.encode()] for digest in [*inside, *others]], dtype=np.uint8)
    found = bitmap.holds(digest_positions(digits))
    assert found[: len(inside)].all()
    assert [digest_position(digest) for digest in [*inside, *others]] == digest_positions(digits).tolist()


def test_hardly_any_other_key_is_taken_for_one_of_a_set():
    bitmap = Bitmap(joined(wanted(*article(number)) for number in range(1000)).anchors)
    numbers = np.random.default_rng(1)
    others = numbers.integers(0, 1 << POSITION_BITS, 100_000).astype("<u4")
    assert bitmap.holds(others).mean() < 0.001


@given(st.sets(DIGESTS, max_size=5), DIGESTS, DIGESTS)
def test_a_range_that_holds_a_digest_is_never_passed_over(inside, one, other):
    first, last = sorted([one, other])
    bitmap = Bitmap(joined(wanted(digest, b"", 1) for digest in inside).digests)
    is_held = any(first <= digest <= last for digest in inside)
    assert bitmap.holds_between(digest_position(first), digest_position(last)) >= is_held


@pytest.mark.parametrize(("asked", "first", "last", "held"), [("80", "00", "7e", False), ("80", "7f", "81", True)])
def test_a_range_far_from_every_digest_is_passed_over(asked, first, last, held):
    bitmap = Bitmap(wanted(asked.ljust(32, "0"), b"", 1).digests)
    assert bitmap.holds_between(digest_position(first.ljust(32, "0")), digest_position(last.ljust(32, "0"))) == held
