import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.entities.lexicon import describe, fold, level_digits, lexicon, readings, strip_marks
from warraq.transforms.entities.word_features import BUCKETS, GRAMS, features, key_of, letter_sequences, stem

WORDS = st.one_of(st.text(alphabet="ابولكفميرن َـأإىة٣7Aİ", max_size=12), st.text(max_size=12))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("وَلِرُوسيا", "ولروسيا"),
        ("زيـدان", "زيدان"),
        ("مؤتمرة", "موتمره"),
        ("على", "على"),
        ("عَلَى", "على"),
        ("علي", "علي"),
        ("الى", "إلى"),
        ("إلي", "الي"),
        ("CNN", "cnn"),
        ("", ""),
    ],
)
def test_keys(written, key):
    assert fold(written) == key


@given(WORDS)
def test_a_key_is_its_own_key(written):
    assert fold(fold(written)) == fold(written) == fold(strip_marks(written))
    assert key_of(key_of(written)) == key_of(written)


@given(WORDS)
def test_digits_are_levelled(written):
    assert level_digits(written) == re.sub(r"\d", "0", written)


@given(WORDS.filter(bool))
def test_a_described_word_has_its_keys(written):
    word = describe(lexicon(), written)
    assert (word.key, word.levelled) == (fold(written), key_of(written))
    assert word.readings == readings(written)
    assert word.ordinary == (word.key.isalpha() and lexicon().is_ordinary(word.readings))


@pytest.mark.parametrize(
    ("word", "ordinary"),
    [("كتاب", True), ("والكتاب", True), ("كتابهم", True), ("وبكتابها", True), ("بلينكن", False), ("x", False)],
)
def test_ordinary_words(word, ordinary):
    assert lexicon().is_ordinary(readings(word)) is ordinary


def test_letter_sequences():
    assert letter_sequences("بيت") == ["<بي", "بيت", "يت>", "<بيت", "بيت>", "pب", "pبي", "pبيت", "sت", "sيت", "sبيت"]
    assert letter_sequences("a") == ["<a>", "pa", "pa", "pa", "sa", "sa", "sa"]


def test_the_last_letter_sequences_are_kept():
    key = "استراتيجياتهم"
    grams = features(key, describe(lexicon(), key), {}, lexicon()).grams
    assert grams == [zlib.crc32(gram.encode()) % BUCKETS for gram in letter_sequences(key)[-GRAMS:]]
    short = features("بيت", describe(lexicon(), "بيت"), {}, lexicon()).grams
    assert len(short) == GRAMS
    assert short[11:] == [BUCKETS] * (GRAMS - 11)


@pytest.mark.parametrize(
    ("word", "number"),
    [("وبيروت", 5), ("بيروت", 0), ("والمدينة", 3), ("المدينة", 7), ("للمدينة", 3), ("مدينة", 0)],
)
def test_stems(word, number):
    assert stem(readings(word), {"بيروت": 5, "المدينه": 3, "مدينه": 7}) == number


@given(WORDS.filter(bool))
def test_flags_are_yes_or_no(written):
    key = key_of(written)
    flags = features(key, describe(lexicon(), key), {}, lexicon()).flags
    assert set(flags.tolist()) <= {0, 1}
    assert len(flags) == 2 * len(lexicon().sets) + 3 + 6 + 8
