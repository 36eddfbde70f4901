"""Arabic in any pair of charsets is mended whole, or its damage is told; correct text in any language stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.mojibake import mend, repair

ENOUGH = 10
PROSE = (
    "أعلنت وزارة النقل اليوم افتتاح الطريق الساحلي الجديد بعد ثلاث سنوات من العمل المتواصل، وقالت إن «المشروع» سيقلل "
    "زمن السفر بين المدينتين إلى النصف، وإن الحركة عليه ستكون مجانية حتى نهاية العام الحالي؟ <p>صحيح 2024</p>"
)
WRONG = ("cp1252", "latin-1", "iso8859-15", "cp1254", "cp437", "cp850", "mac_roman", "cp1250", "cp1251", "cp1256")


def misread(text, codec, wrong):
    """The text as browsers read it in a wrong charset: undefined bytes become control characters."""
    return "".join(bytes([byte]).decode(wrong, "ignore") or chr(byte) for byte in text.encode(codec))


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("codec", ["utf-8", "cp1256"])
def test_each_pair_of_charsets(codec, wrong):
    assert mend(misread(PROSE, codec, wrong), ENOUGH)[::2] == (PROSE, 0)


@pytest.mark.parametrize("wrong", ["cp1252", "latin-1", "iso8859-15"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1256"])
def test_twice(codec, wrong):
    assert repair(misread(misread(PROSE, codec, wrong), "utf-8", wrong), ENOUGH) == PROSE


def test_iso_8859_6_as_windows_1252():
    text = PROSE.translate(dict.fromkeys(map(ord, "«»"), None))
    assert repair(misread(text, "iso8859-6", "cp1252"), ENOUGH) == text


@pytest.mark.parametrize("wrong", WRONG)
def test_replacement_characters_in_place_of_bytes(wrong):
    """Python and Java put U+FFFD for bytes that a charset lacks; of most charsets ف alone is damaged."""
    mended, _, damaged = mend(PROSE.encode().decode(wrong, "replace"), ENOUGH)
    assert mended == PROSE or damaged


def test_lost_vowel_marks_are_not_guessed():
    vocalised = "اِفْتَتَحَ الْمَجْلِسُ الْبَلَدِيُّ صَبَاحَ أَمْسِ سُوقًا مَرْكَزِيَّةً جَدِيدَةً لِلْخُضْرَاوَاتِ، فِي الْمَدِينَةِ الْكَبِيرَةِ"
    assert mend(vocalised.encode().decode("cp1252", "replace"), ENOUGH).damaged
    assert mend(misread(vocalised, "utf-8", "cp1252"), ENOUGH)[::2] == (vocalised, 0)


def test_lost_soft_hyphens_are_ha():
    assert mend(misread(PROSE, "utf-8", "cp1252").replace("\xad", ""), ENOUGH)[::2] == (PROSE, 0)


@pytest.mark.parametrize("lost", ["„", "Š"])
def test_lost_letters_are_told(lost):
    assert mend(misread(PROSE, "utf-8", "cp1252").replace(lost, ""), ENOUGH).damaged > 10


def test_correct_text_beside_mojibake_stays():
    correct = "\nحجم الأنبوب Ø 20 §"
    assert mend(misread(PROSE, "utf-8", "cp1252") + correct, ENOUGH)[::2] == (PROSE + correct, 0)


CORRECT = [
    PROSE,
    "Ça va à Málaga, Østfold § 5 „ja“",
    "Збройні сили. Збори. Збірка. Зброя. Збільшення",
    "╔═══╗ ║ § ║ ╚═══╝ «·» Ÿ ÿ",
    "Çalışma, ırmak, ğ, şimdi, Çağrı, açık",
    "وثائق ظهرت § ط 5 — قال: «نعم»",
]


@pytest.mark.parametrize("text", CORRECT)
def test_correct_text_stays(text):
    assert mend(text * 20, ENOUGH) == (text * 20, "", 0)


def test_a_few_signs_are_no_evidence():
    text = "ط§ ظ„ and Çá are signs of a wrong charset"
    assert repair(text * 3, ENOUGH) == text * 3


@given(st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهوي ،؟ abcé’“”ØÙ§ <>", max_size=300))
def test_mending_ends(text):
    assert len(repair(text, 2)) <= len(text)
