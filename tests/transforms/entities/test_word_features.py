import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.arabic import clitic_segmentations, normalize_name, strip_marks
from warraq.transforms.entities.lexicon import describe, lexicon, mask_digits
from warraq.transforms.entities.word_features import BUCKETS, GRAMS, char_ngrams, feature_key, features, stem

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
    assert normalize_name(written) == key


@given(WORDS)
def test_a_key_is_its_own_key(written):
    assert normalize_name(normalize_name(written)) == normalize_name(written) == normalize_name(strip_marks(written))
    assert feature_key(feature_key(written)) == feature_key(written)


@given(WORDS)
def test_digits_are_levelled(written):
    assert mask_digits(written) == re.sub(r"\d", "0", written)


@given(WORDS.filter(bool))
def test_a_described_word_has_its_keys(written):
    word = describe(lexicon(), written)
    assert (word.key, word.masked_key) == (normalize_name(written), feature_key(written))
    assert word.segmentations == clitic_segmentations(written)
    assert word.ordinary == (word.key.isalpha() and lexicon().is_ordinary(word.segmentations))


@pytest.mark.parametrize(
    ("word", "ordinary"),
    [("كتاب", True), ("والكتاب", True), ("كتابهم", True), ("وبكتابها", True), ("بلينكن", False), ("x", False)],
)
def test_ordinary_words(word, ordinary):
    assert lexicon().is_ordinary(clitic_segmentations(word)) is ordinary


def test_letter_sequences():
    assert char_ngrams("بيت") == ["<بي", "بيت", "يت>", "<بيت", "بيت>", "pب", "pبي", "pبيت", "sت", "sيت", "sبيت"]
    assert char_ngrams("a") == ["<a>", "pa", "pa", "pa", "sa", "sa", "sa"]


def test_the_last_letter_sequences_are_kept():
    key = "استراتيجياتهم"
    grams = features(key, describe(lexicon(), key), {}, lexicon()).grams
    assert grams == [zlib.crc32(gram.encode()) % BUCKETS for gram in char_ngrams(key)[-GRAMS:]]
    short = features("بيت", describe(lexicon(), "بيت"), {}, lexicon()).grams
    assert len(short) == GRAMS
    assert short[11:] == [BUCKETS] * (GRAMS - 11)


@pytest.mark.parametrize(
    ("word", "number"),
    [("وبيروت", 5), ("بيروت", 0), ("والمدينة", 3), ("المدينة", 7), ("للمدينة", 3), ("مدينة", 0)],
)
def test_stems(word, number):
    assert stem(clitic_segmentations(word), {"بيروت": 5, "المدينه": 3, "مدينه": 7}) == number


@given(WORDS.filter(bool))
def test_flags_are_yes_or_no(written):
    key = feature_key(written)
    flags = features(key, describe(lexicon(), key), {}, lexicon()).flags
    assert set(flags.tolist()) <= {0, 1}
    assert len(flags) == 2 * len(lexicon().sets) + 3 + 6 + 8
