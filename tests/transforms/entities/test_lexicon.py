import gzip

import pytest

from tests.support.paths import ROOT
from warraq.transforms.arabic import clitic_segmentations, normalize_name, tokenize
from warraq.transforms.entities.lexicon import Entry, lexicon, parse_names, parse_sets


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أمريكا", "امريكا"),
        ("سورية", "سوريه"),
        ("مصطفى", "مصطفي"),
        ("رُوسِيا", "روسيا"),
        ("لبنــان", "لبنان"),
        ("CNN", "cnn"),
    ],
)
def test_spellings_share_a_key(one, other):
    assert normalize_name(one) == normalize_name(other)


def test_the_preposition_is_not_the_name():
    assert normalize_name("على") != normalize_name("علي")


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("لبنان", ["لبنان", "بنان"]),
        ("وبروسيا", ["وبروسيا", "بروسيا", "روسيا"]),
        ("للسعودية", ["للسعوديه", "لسعوديه", "السعوديه"]),
        ("ليبيا", ["ليبيا", "يبيا"]),
        ("من", ["من"]),
        ("ــ", [""]),
    ],
)
def test_segmentations_of_words(word, keys):
    assert [segmentation.key for segmentation in clitic_segmentations(word)] == keys


def test_proclitics_are_skipped_with_their_marks():
    word = "وَلِرُوسيا"
    assert [word[segmentation.skip :] for segmentation in clitic_segmentations(word)] == ["وَلِرُوسيا", "لِرُوسيا", "رُوسيا"]


def test_tokens_leave_out_invisible_characters():
    assert [token.group() for token in tokenize("\u200fقال،\u202a «نعم_لا»\n")] == [
        "قال",
        "،",
        "«",
        "نعم",
        "لا",
        "»",
        "\n",
    ]


def test_lists_are_read():
    assert list(parse_names("# note\nمصر=جمهورية مصر، ?مالي\nعبد الله غول")) == [
        ("مصر", "مصر", False),
        ("مصر", "جمهورية مصر", False),
        ("مالي", "مالي", True),
        ("عبد الله غول", "عبد الله غول", False),
        ("عبد الله غول", "عبدالله غول", False),
    ]
    assert parse_sets("[a]\nكلمة أخرى\n# note\n[b]\nو") == {"a": {"كلمه", "اخري"}, "b": {"و"}}


def test_unsure_entries_are_marked():
    assert lexicon().entries["مالي"] == (Entry("place", "مالي", unsure=True),)


def test_the_learned_lists_hold_text_only():
    learned = ROOT / "transforms" / "models" / "entities.learned.txt.gz"
    sections = parse_sets(gzip.decompress(learned.read_bytes()).decode())
    assert {"learned_names", "weak_given", "ordinary", "frequent"} == set(sections)
    assert all(word.isalpha() for words in sections.values() for word in words)
