"""Datelines of agencies, and sentences that begin alike."""

import pytest

from warraq.transforms.extract.dates.datelines import read_dateline


@pytest.mark.parametrize(
    "paragraph",
    [
        "نواكشوط (رويترز) 12 مايو 2023 - أعلن الوزير",
        "الرياض 22 شوال 1444 هـ الموافق 12 مايو 2023 م واس أعلن الوزير",
        "مسقط في 12 مايو 2023 /العمانية/ أعلن الوزير",
        "القاهرة - 12 مايو 2023 - أعلن الوزير",
        "تونس 12 ماي 2023 (وات) - أعلن الوزير",
        "12 مايو 2023 (رويترز) - أعلن الوزير",
        "الكويت - 12 - 5 - 2023 (كونا) -- أعلن الوزير",
        "القدس المحتلة، 12 أيار/مايو 2023: أعلن الوزير",
    ],
)
def test_a_dateline_states_the_day(paragraph):
    written = read_dateline(paragraph)
    assert written is not None
    assert str(written.date) == "2023-05-12"


@pytest.mark.parametrize(
    "paragraph",
    [
        "",
        "أعلن الوزير في 12 مايو 2023 السوق",
        "12 مايو 2023 - أعلن الوزير عن مشروع",
        "30 يناير 2013: افتتاح الجسر الأول",
        "وأوضح البيان الصادر يوم 12 مايو 2023 - وهو يوم عطلة",
        "ولد في القاهرة (مصر) في 12 مايو 1999 وعاش فيها",
        "قال: القاهرة 12 مايو 2023 - أعلن",
    ],
)
def test_a_day_in_a_sentence_is_no_dateline(paragraph):
    assert read_dateline(paragraph) is None
