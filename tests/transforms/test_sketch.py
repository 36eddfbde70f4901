import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.sketch import (
    ANCHORS,
    NUMBER,
    anchor_keys,
    anchor_positions,
    anchor_table,
    are_current,
    is_current,
    normalized_words,
    number_key,
    sketch,
    unpack,
    word_print,
)

WORDS = [f"كلمة{number}" for number in range(200)]
ADDRESS = "https://a.example/1"


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
        ("کتاب یہ", "كتاب يه"),
    ],
)
def test_spellings_that_newsrooms_vary_are_the_same(written, same):
    assert normalized_words(written) == normalized_words(same)


def test_different_words_stay_different():
    assert normalized_words("علم الاقتصاد") != normalized_words("عالم الاقتصاد")


@pytest.mark.parametrize(
    ("word", "other", "is_same"),
    [
        ("ترامب", "ترمب", True),
        ("نتنياهو", "نتانياهو", True),
        ("القاهره", "بالقاهره", True),
        ("وزير", "الوزير", True),
        ("علم", "عمل", False),
        ("15", "16", False),
    ],
)
def test_a_print_tells_words_and_not_their_spellings(word, other, is_same):
    assert (word_print(word) == word_print(other)) == is_same


def test_a_print_tells_numbers():
    assert word_print("15") >= NUMBER > word_print("خمسه")


@given(st.lists(st.text("ابتثجح", min_size=1, max_size=6), max_size=60), st.text("ابتثجح ", max_size=40))
def test_a_sketch_is_stable_current_and_never_as_long_as_the_first_version(words, title):
    made = sketch(title, words, ADDRESS)
    assert made == sketch(title, list(words), ADDRESS)
    assert is_current(made)
    assert len(made) % 2 == 1
    assert len(unpack(made).text) == len(words)


def test_a_sketch_does_not_change_between_releases():
    """The dataset keeps sketches: a change here makes old articles unfindable, and needs a new version."""
    made = sketch("عنوان", normalized_words("قال الوزير إن المشروع سيبدأ العام المقبل"), ADDRESS)
    assert made[:17].hex() == "02011a70591b51c994bec043eb7a94df56"


def test_older_sketches_have_no_anchors():
    for old in (bytes([2] * 256), b"", b"\2"):
        assert not is_current(old)
        assert anchor_keys(old) == []
        assert len(anchor_positions(old, 27)) == 0


def test_a_table_has_the_anchors_of_each_current_sketch():
    sketches = [sketch(None, WORDS, ADDRESS), bytes([2] * 256), b"", sketch("ب", WORDS[:9], ADDRESS)]
    content = np.frombuffer(b"".join(sketches), dtype=np.uint8)
    sizes = np.array([len(each) for each in sketches])
    starts = np.cumsum(sizes) - sizes
    assert are_current(content, starts, sizes).tolist() == [True, False, False, True]
    for number in (0, 3):
        row = anchor_table(content, starts[[number]])[0]
        assert sorted({each.tobytes() for each in row}) == anchor_keys(sketches[number])
    assert len(anchor_keys(sketches[0])) == ANCHORS


@pytest.mark.parametrize("words", [0, 1, 4, 9])
def test_short_texts_have_anchors_too(words):
    assert 1 <= len(anchor_keys(sketch(None, WORDS[:words], ADDRESS))) <= max(1, words - 3)


def test_a_cut_text_shares_an_anchor_with_the_whole_one():
    whole = sketch(None, WORDS, ADDRESS)
    for start in range(0, 140, 20):
        cut = sketch(None, WORDS[start : start + 60], ADDRESS)
        assert {*anchor_keys(cut)} & {*anchor_keys(whole)}


def test_texts_with_the_same_numbers_have_one_number_key():
    one, same, other = (
        sketch(None, text.split(), ADDRESS) for text in ("سعر 15 و 20", "بلغ 20 ثم 15 ثم 20", "سعر 15 و 21")
    )
    assert number_key(one) == number_key(same) != number_key(other)
