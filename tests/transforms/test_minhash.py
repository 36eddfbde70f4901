import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.minhash import band_keys, normalized_words, signature, similarity

WORDS = [f"كلمة{number}" for number in range(200)]


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
def test_a_signature_is_stable_and_like_itself(words):
    assert signature(words) == signature(list(words))
    assert len(signature(words)) == 256
    assert similarity(signature(words), signature(words)) == 1.0


def test_a_signature_does_not_change_between_releases():
    """The dataset keeps signatures: a change here makes old articles unfindable, and needs a new schema version."""
    assert signature(normalized_words("قال الوزير إن المشروع سيبدأ العام المقبل"))[:8].hex() == "d1ff87c56b6675eb"


@pytest.mark.parametrize("changed", [0, 2, 5, 10, 20, 60])
def test_similarity_estimates_jaccard(changed):
    other = [f"س{place}" if place % 200 < changed else word for place, word in enumerate(WORDS)]
    shingles = [{tuple(words[i : i + 5]) for i in range(196)} for words in (WORDS, other)]
    jaccard = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
    assert similarity(signature(WORDS), signature(other)) == pytest.approx(jaccard, abs=0.13)  # three standard errors


def test_equal_signatures_meet_in_every_band():
    assert len(set(band_keys(signature(WORDS)))) == 16
    assert band_keys(signature(WORDS)) == band_keys(signature(list(WORDS)))
