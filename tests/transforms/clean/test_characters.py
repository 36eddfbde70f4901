import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.clean.characters import clean_characters, count_words


@pytest.mark.parametrize(
    ("written", "clean_form"),
    [
        ("الــقــاهــرة", "القاهرة"),
        ("مُـحَمَّد", "مُحَمَّد"),
        ("1446هـ", "1446هـ"),
        ("1446هــــ", "1446هـ"),
        ("بـ”أمر من الزعيم“", "بـ”أمر من الزعيم“"),
        ("الـ12", "الـ12"),
        ("القاهرة ـ رويترز", "القاهرة ـ رويترز"),
        ("ﻣﺤﻤﺪ ﺍﻟﻼﻋﺐ", "محمد اللاعب"),
        ("النبي ﷺ", "النبي ﷺ"),
        ("﴿آية﴾", "﴿آية﴾"),
        ("آمن", "آمن"),
        ("محم\u200bد \u200fعلي\u202a \ufeffحسن", "محمد علي حسن"),
        ("كلمة\u00admقطوعة".replace("m", ""), "كلمةقطوعة"),
        ("خ\u200cبر", "خبر"),
        ("👩\u200d🚀 رائدة", "👩\u200d🚀 رائدة"),
        ("أ\xa0ب\u2009ج\td", "أ ب ج d"),
        ("سطر\r\nسطر\u2028سطر\n\n  سطر ", "سطر\nسطر\nسطر\nسطر"),
        ("(1950–1953) — ١٩٥٠-١٩٥٣", "(1950–1953) — ١٩٥٠-١٩٥٣"),
        ("قال: «نعم»، “لا”؛ ربما... 12,5% ؟", "قال: «نعم»، “لا”؛ ربما... 12,5% ؟"),
        ("گفت که یک", "گفت که یک"),
        ("Ù‚Ø§Ù„Øª ÙˆØ²Ø§Ø±Ø©", "قالت وزارة"),
        ("", ""),
    ],
)
def test_characters(written, clean_form):
    assert clean_characters(written) == clean_form


@given(st.text())
def test_cleaning_characters_twice_changes_nothing(text):
    assert clean_characters(clean_characters(text)) == clean_characters(text)


def test_words_have_a_letter_or_a_digit():
    assert count_words("خبر - 12 ؛ هـ ـ") == 3


@pytest.mark.parametrize("text", ["図書館は夜も開いている", "图书馆晚上也开放了很久", "ห้องสมุดเปิดตอนกลางคืน"])
def test_letters_are_words_where_spaces_part_no_words(text):
    assert count_words(text) >= 10
