import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms import arabic
from warraq.transforms.arabic import (
    LOOK_ALIKE,
    Segmentation,
    clitic_segmentations,
    normalize_copy,
    normalize_letters,
    strip_marks,
    tokenize,
)
from warraq.transforms.sketch import normalized_words, sketch

NORMALIZATIONS = ("keyboard", "line", "copy", "name", "term", "date", "search")
TABLE = [  # each word as written, then in the order of NORMALIZATIONS
    ("أَحْمَد", "أَحْمَد", "احمد", "احمد", "احمد", "احمد", "اَحْمَد", "احمد"),
    ("إلى", "إلى", "الي", "الي", "إلى", "الي", "الي", "إلى"),
    ("على", "على", "علي", "علي", "على", "علي", "علي", "على"),
    ("علي", "علي", "علي", "علي", "علي", "علي", "علي", "علي"),
    ("مدرسة", "مدرسة", "مدرسه", "مدرسه", "مدرسه", "مدرسه", "مدرسه", "مدرسه"),
    ("مسؤول", "مسؤول", "مسؤول", "مسوول", "مسوول", "مسوول", "مسؤول", "مسوول"),
    ("بيئة", "بيئة", "بيئه", "بييه", "بييه", "بييه", "بييه", "بييه"),
    ("إسرائيل", "إسرائيل", "اسرائيل", "اسراييل", "اسراييل", "اسراييل", "اسراييل", "اسراييل"),
    ("ٱلله", "ٱلله", "الله", "الله", "الله", "الله", "الله", "الله"),
    ("بالله", "بالله", "بالله", "بالله", "بالله", "الله", "بالله", "بالله"),
    ("للسعودية", "للسعودية", "للسعوديه", "للسعوديه", "للسعوديه", "سعوديه", "للسعوديه", "للسعوديه"),
    ("والوزير", "والوزير", "والوزير", "والوزير", "والوزير", "وزير", "والوزير", "والوزير"),
    ("المشـــروع", "المشـــروع", "المشروع", "المشروع", "المشروع", "مشروع", "المشـــروع", "المشروع"),
    ("مصطفى", "مصطفى", "مصطفي", "مصطفي", "مصطفي", "مصطفي", "مصطفي", "مصطفي"),
    ("کتابی", "كتابي", "كتابي", "كتابي", "كتابي", "كتابي", "كتابي", "كتابي"),
    ("علی", "علي", "علي", "علي", "على", "علي", "علي", "على"),
    ("مدرسۃ", "مدرسۃ", "مدرسه", "مدرسه", "مدرسه", "مدرسه", "مدرسه", "مدرسه"),
    ("ٲحمد", "ٲحمد", "احمد", "احمد", "احمد", "احمد", "احمد", "احمد"),
    ("ٳلى", "ٳلى", "الي", "الي", "الي", "الي", "الي", "الي"),
    ("ﻣﺼﺮ", "ﻣﺼﺮ", "مصر", "مصر", "مصر", "مصر", "مصر", "مصر"),
    ("ﺍﻷﻭﻝ", "ﺍﻷﻭﻝ", "الاول", "الاول", "الاول", "اول", "اﻷول", "الاول"),
    ("گوگل", "گوگل", "گوگل", "گوگل", "گوگل", "قوقل", "گوگل", "گوگل"),
    ("ڤيينا", "ڤيينا", "ڤيينا", "ڤيينا", "ڤيينا", "فيينا", "ڤيينا", "ڤيينا"),
    ("مكہ", "مكه", "مكه", "مكه", "مكه", "مكه", "مكه", "مكه"),
    ("١٤٤٦هـ", "١٤٤٦هـ", "١٤٤٦ه", "1446ه", "١٤٤٦ه", "١٤٤٦ه", "1446هـ", "1446ه"),
    ("۲۰۲۴", "۲۰۲۴", "۲۰۲۴", "2024", "۲۰۲۴", "۲۰۲۴", "2024", "2024"),
    ("iPhone", "iPhone", "iphone", "iphone", "iphone", "iphone", "iphone", "iphone"),
    ("قرآنؐ", "قرآنؐ", "قران", "قران", "قرانؐ", "قرانؐ", "قرانؐ", "قران"),
]
# Two words of each pair are one word to the normalizations named, and two words to the others.
SAME = [
    ("أحمد", "احمد", {"search", "line", "copy", "name", "term", "date"}),
    ("مدرسة", "مدرسه", {"search", "line", "copy", "name", "term", "date"}),
    ("مُدَرِّس", "مدرس", {"search", "line", "copy", "name", "term"}),
    ("على", "علي", {"line", "copy", "term", "date"}),
    ("عام ٢٠٢٤", "عام 2024", {"search", "copy", "date"}),
    ("کتاب", "كتاب", {"search", "keyboard", "line", "copy", "name", "term", "date"}),
    ("وزير", "والوزير", {"term"}),
    ("الله", "ولله", {"term"}),
    ("الله", "له", set()),
    ("شؤون", "شوون", {"search", "copy", "name", "term"}),
    ("(رويترز):", "رويترز", {"line"}),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_each_normalization_of_the_same_words(row):
    assert tuple(getattr(arabic, f"normalize_{name}")(row[0]) for name in NORMALIZATIONS) == row[1:]


@pytest.mark.parametrize(("one", "other", "names"), SAME)
def test_purposes_differ_in_what_is_the_same_word(one, other, names):
    normalizations = {name: getattr(arabic, f"normalize_{name}") for name in NORMALIZATIONS}
    assert {name for name, normalize in normalizations.items() if normalize(one) == normalize(other)} == names


@pytest.mark.parametrize("name", [name for name in NORMALIZATIONS if name != "term"])
@given(text=st.text() | st.text("أإآٱىةؤئیکہھًـ٤۴اللهعيى -."))
def test_normalizing_twice_changes_nothing(name, text):
    normalize = getattr(arabic, f"normalize_{name}")
    assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize("name", ["keyboard", "date"])
@given(text=st.text() | st.text("أإآٱىةؤئیکہھًـ٤۴é–"))
def test_each_character_keeps_its_place(name, text):
    assert len(getattr(arabic, f"normalize_{name}")(text)) == len(text)


def test_sketches_do_not_change_between_releases():
    """Datasets hold sketches: a change needs a new version."""
    text = (
        "قَالَ الوَزِيرُ ﷺ إنّ «المـشـروع» الأوّل سيبدأ عام ٢٠٢٤م / ۲۰۲۵، وسيؤدي إلى بيئةٍ أفضل لإسرائيل والسعودية؛ "
        "BBC عربى — آخر شئون ٱلناس ؐ ۖ"
    )
    words = " ".join(normalized_words(text))
    assert hashlib.blake2b(words.encode(), digest_size=16).hexdigest() == "8d38add2a6a376b4d8c5cbb59f044406"
    made = sketch(None, normalized_words(text), "https://a.example/")
    assert hashlib.blake2b(made, digest_size=16).hexdigest() == "68eb44147cba2ca620df3a8e71d5c77f"


def test_every_character_of_a_copy_is_normalized_as_before():
    """All of Unicode's first plane, each character alone, without surrogates, look-alikes and presentation forms."""
    others = [range(0xD800, 0xE000), range(0xFB50, 0xFDFA), range(0xFE70, 0xFEFD), *([ord(c)] for c in LOOK_ALIKE)]
    left_out = {code for codes in others for code in codes}
    plane = "\n".join(normalize_copy(chr(code)) for code in range(0x10000) if code not in left_out)
    assert hashlib.blake2b(plane.encode(), digest_size=16).hexdigest() == "891ee5bc1c64c4587c7f025546b5f2f7"


def test_letters_that_look_alike_make_no_other_word():
    arabic_text = "في مكة قال محمد علي إن كتاب الأول هنا"
    typed = "فی مکۃ قال محمد علی ٳن کتاب الٲول ہنا"
    assert normalize_copy(typed) == normalize_copy(arabic_text)
    assert normalize_letters(typed) == arabic_text
    assert normalize_letters("ﻻ ﷺ") == "لا ﷺ"


def test_marks_and_tatweel_are_stripped():
    assert strip_marks("الـمُـشـرُوعُ ٱلأوّل") == "المشروع ٱلأول"


def test_tokens_are_words_signs_and_line_ends():
    tokens = tokenize("قَالَ: «أهلًا»\nـ BBC3 \u200f٪")
    assert [token.group() for token in tokens] == ["قَالَ", ":", "«", "أهلًا", "»", "\n", "BBC3", "٪"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ولبنان", [(0, "ولبنان"), (1, "لبنان"), (2, "بنان")]),
        ("وبالقاهرة", [(0, "وبالقاهره"), (1, "بالقاهره"), (2, "القاهره")]),
        ("للسعودية", [(0, "للسعوديه"), (1, "لسعوديه"), (2, "السعوديه")]),
        ("لِلسُّعودية", [(0, "للسعوديه"), (2, "لسعوديه"), (3, "السعوديه")]),  # marks count among what is skipped
        ("كيم", [(0, "كيم")]),  # the rest would be too short
        ("مصر", [(0, "مصر")]),
    ],
)
def test_clitic_segmentations_of_a_word(written, expected):
    assert clitic_segmentations(written) == tuple(Segmentation(*one) for one in expected)
