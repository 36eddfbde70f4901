import pytest

from tests.support.topics import article
from warraq.schemas.labels import TOPIC_SLUGS
from warraq.transforms.topics.terms import read_lists, stem, term_counts, words


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("المباراة", "مباراه"),
        ("ومباراة", "مباراه"),
        ("شركات", "شركه"),
        ("الرياضيون", "رياضي"),
        ("رياضية", "رياضي"),
        ("اللاعبين", "لاعب"),
        ("لاعبون", "لاعب"),
        ("إقتصاد", "اقتصاد"),
        ("اقتصــاد", "اقتصاد"),
        ("اِقْتِصَاد", "اقتصاد"),
        ("وزير", "وزير"),
        ("من", "من"),
        ("Apple", "apple"),
    ],
)
def test_forms_of_a_word_share_a_stem(word, expected):
    assert stem(word) == expected


def test_riyadh_is_not_sport():
    assert stem("الرياض") != stem("الرياضة")


def test_words_are_runs_of_letters():
    assert words("فاز 3-1 على iPhone، وَقال!") == ["فاز", "على", "iPhone", "وَقال"]


def test_a_word_begins_with_a_letter():
    assert words("ـــ كلمة ً ـكلمة 12 كلـمة") == ["كلمة", "كلمة", "كلـمة"]


def test_terms_count_the_title_twice_and_pairs_of_neighbours():
    counts = term_counts(article("كأس العالم", title="كأس"))
    assert counts == {"كاس": 3, "عالم": 1, "كاس عالم": 1}


def test_lists_name_only_known_topics_and_no_term_twice():
    for name in ("topics.terms.txt", "topics.sections.txt"):
        for slug, _, terms in read_lists(name):
            assert slug in TOPIC_SLUGS
            assert all(terms)
            assert len(terms) == len(set(terms)), (slug, sorted({term for term in terms if terms.count(term) > 1}))
