"""Words are found in their spellings and with what is joined to them, and are not mistaken for others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.arabic import TATWEEL
from warraq.transforms.search.words import forms, is_related, joined_forms, stem, tokens, words

SPELLINGS = [
    ("الامارات", "الإمارات"),
    ("مكتبه", "مكتبة"),
    ("مصطفي", "مصطفى"),
    ("مسؤول", "مسئول"),
    ("شؤون", "شئون"),
    ("محمد", "مُحَمَّد"),
    ("محمد", "محـــمد"),
    ("كتاب", "کتاب"),
    ("لا", "ﻻ"),
    ("2024", "٢٠٢٤"),
    ("BEYONCE", "Beyoncé"),
    ("عبد الله", "عبدالله"),
    ("لأبو ظبي", "لأبوظبي"),
    ("أبو الغيط", "أبوالغيط"),
    ("يوم", "يوماً"),
    ("يوم", "يومًا"),
    ("أمريكا", "أميركا"),
    ("الأمريكية", "الأميركية"),
    ("لترامب", "لترمب"),
    ("سوريا", "سورية"),
    ("الإنجليزي", "الإنكليزي"),
    ("مئة", "مائة"),
    ("خمسمئة", "خمسمائة"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_spellings_of_a_word_are_one_word(one, other):
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("على", "علي"),
        ("وعلى", "وعلي"),
        ("السورية", "السوريا"),
        ("حماية", "حمية"),
        ("أميركي", "أمير"),
        ("إلى", "إلي"),
        ("فن", "فان"),
        ("الله", "له"),
        ("ان", "آن فرانك"),
    ],
)
def test_other_words_stay_others(one, other):
    assert words(one) != words(other)


def test_tokens_have_their_places():
    text = "قال «عبدالله»: الـنَّفط،\nو3.5% #محمد_بن"
    assert [(token.word, text[token.start : token.end]) for token in tokens(text)] == [
        ("قال", "قال"),
        ("عبد", "عبدالله"),
        ("الله", "عبدالله"),
        ("النفط", "الـنَّفط"),
        ("و3", "و3"),
        ("5", "5"),
        ("محمد", "محمد"),
        ("بن", "بن"),
    ]


@given(st.text() | st.text(f"ابولعكدنهىةأإئؤء {TATWEEL}ًّـ٤۴ﻻ\u200f\u200d-_.#"))
def test_places_cover_the_words(text):
    found = [*tokens(text)]
    assert [token.word for token in found] == words(text)
    assert all(token.word in words(text[token.start : token.end]) for token in found)
    assert found == sorted(found, key=lambda token: token.start)
    assert words(" ".join(words(text))) == words(text)


@given(st.text("امحبتدقفنعسه ", min_size=1), st.sampled_from([*"\u064c\u064e\u0650\u0651\u0670", TATWEEL]))
def test_marks_do_not_count(text, mark):
    marked = "".join(letter + mark if letter != " " else letter for letter in text)
    assert words(marked) == words(text)


# A word, the other words that articles have with the number of them, and those that count as forms of it.
FORMS = [
    ("امارات", {"الامارات": 600, "والامارات": 90, "للامارات": 20, "اماراتي": 80}, "الامارات والامارات للامارات"),
    ("الامارات", {"امارات": 7, "بالامارات": 9}, "امارات بالامارات"),
    ("لبنان", {"ولبنان": 90, "بلبنان": 17, "للبنان": 25, "لبنان": 300, "اللبنان": 1}, "ولبنان بلبنان للبنان اللبنان"),
    ("زير", {"وزير": 3000, "الوزير": 600, "زير": 3}, ""),
    ("وزير", {"وزير": 3000, "الوزير": 600, "لوزير": 117, "ووزير": 190, "زير": 3}, "الوزير لوزير ووزير"),
    ("ريم", {"ريم": 100, "كريم": 90, "الكريم": 60, "بريم": 2}, "بريم"),
    ("مال", {"مال": 50, "المال": 300, "كمال": 119, "الكمال": 7, "وكمال": 7, "بمال": 3}, "المال بمال"),
    ("كندا", {"كندا": 245, "وكندا": 140, "بكندا": 20}, "وكندا بكندا"),
    ("ندا", {"ندا": 300, "كندا": 245, "وكندا": 140, "بكندا": 20, "لكندا": 14}, ""),
    ("قال", {"قال": 5000, "وقال": 9000, "يقال": 30}, "وقال"),
    ("الان", {"الان": 2000, "ان": 50000, "والان": 100, "وان": 3000}, "والان"),
    ("الله", {"الله": 900, "لله": 50, "بالله": 30, "له": 5000}, "بالله لله"),
    ("والامارات", {"والامارات": 90, "الامارات": 600, "امارات": 7}, "الامارات امارات"),
    ("والده", {"والده": 200, "ده": 3, "والدي": 50}, ""),
    ("يد", {"يد": 400, "اليد": 200, "باليد": 7, "بيد": 211, "وليد": 176}, "اليد باليد"),
    ("bbc", {"bbc": 5, "البbc": 9}, ""),
]


@pytest.mark.parametrize(("word", "counts", "expected"), FORMS, ids=[row[0] for row in FORMS])
def test_forms_of_a_word(word, counts, expected):
    assert sorted(forms(word, lambda other: counts.get(other, 0))) == sorted({word, *expected.split()})


@pytest.mark.parametrize(
    ("word", "expected"),
    [("مجلس", "مجلس لمجلس"), ("الامم", "الامم للامم والامم"), ("الله", "الله بالله"), ("un", "un")],
)
def test_a_phrase_may_have_letters_joined_to_its_first_word(word, expected):
    counts = {"مجلس": 100, "لمجلس": 9, "المجلس": 70, "الامم": 80, "للامم": 8, "والامم": 7, "امم": 4, "بالله": 3}
    assert sorted(joined_forms(word, lambda other: counts.get(other, 0))) == sorted(expected.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الامارات", "اماراتي"),
        ("الامارات", "والاماراتيين"),
        ("سعوديه", "للسعوديين"),
        ("مدرس", "المدرسون"),
        ("شركه", "شركات"),
        ("لبنان", "اللبنانيه"),
    ],
)
def test_related_words(one, other):
    assert is_related(one, other)
    assert is_related(other, one)


def test_a_stem_has_three_letters():
    assert stem("يات") == "يات"
    assert not is_related("الامارات", "الامير")
