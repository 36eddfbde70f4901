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
from warraq.transforms.minhash import band_keys, band_positions, signature, values

DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)


def article(number):
    numbers = random.Random(number)
    return numbers.randbytes(16).hex(), numbers.randbytes(256), 739_000 + number % 40


def members(keys):
    """The positions of a set, listed or a bitmap."""
    if len(keys) < 1 << (POSITION_BITS - 3):
        return set(np.frombuffer(keys, "<u4").tolist())
    return set(np.flatnonzero(np.unpackbits(np.frombuffer(keys, np.uint8), bitorder="little")).tolist())


def test_the_keys_of_an_article_are_its_digest_its_bands_and_its_day():
    digest, sketch, day = article(1)
    keys = wanted(digest, sketch, day)
    assert members(keys.digests) == {digest_position(digest)}
    assert members(keys.bands) == set(band_positions(values(sketch)[np.newaxis], POSITION_BITS)[0].tolist())
    assert days(keys.days).tolist() == [day]
    assert wanted(digest, b"", day).bands == b""


@given(st.lists(st.integers(0, 500)), st.integers(1, 5))
def test_sets_are_joined_in_any_order_and_grouping(numbers, step):
    sets = [wanted(*article(number)) for number in numbers]
    grouped = [joined(sets[start::step]) for start in range(step)]
    assert joined(grouped) == joined(sets) == joined(sets[::-1])
    assert joined([]) == Wanted()


def test_many_keys_become_a_bitmap_with_the_same_members():
    numbers = np.random.default_rng(1)
    halves = [np.unique(numbers.integers(0, 1 << POSITION_BITS, 2_200_000).astype("<u4")) for _ in range(2)]
    keys = joined(Wanted(bands=half.tobytes()) for half in halves).bands
    assert len(keys) == 1 << (POSITION_BITS - 3)
    assert members(keys) == set(np.concatenate(halves).tolist())
    more = wanted(*article(1))
    assert members(joined([more, Wanted(bands=keys)]).bands) == members(keys) | members(more.bands)
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
    bitmap = Bitmap(joined(wanted(*article(number)) for number in range(1000)).bands)
    numbers = np.random.default_rng(1)
    others = band_positions(numbers.integers(0, 1 << 16, (10_000, 128)).astype("<u2"), POSITION_BITS)
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


def test_equal_bands_have_equal_positions_and_each_band_has_its_own():
    words = [f"كلمة{number}" for number in range(60)]
    one, other = signature(words), signature([*words[:-9], "ذيل", "آخر"])
    shared = [left == right for left, right in zip(band_keys(one), band_keys(other), strict=True)]
    positions = [band_positions(values(each)[np.newaxis], POSITION_BITS)[0] for each in (one, other)]
    assert [bool(same) for same in positions[0] == positions[1]] == shared
    assert any(shared)
    assert not all(shared)
    assert len(set(band_positions(np.zeros((1, 128), "<u2"), POSITION_BITS)[0].tolist())) == 16
