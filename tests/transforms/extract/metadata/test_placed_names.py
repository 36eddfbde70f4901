"""Authors in lines that no class marks: a place and a name, and labels in bare text."""

import pytest

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Findings
from warraq.transforms.extract.metadata.authors import read_bylines
from warraq.transforms.extract.metadata.bylines import placed_name, split_names
from warraq.transforms.extract.metadata.metadata import decide_metadata

PROSE = "<p>" + "قال مدير المرفأ إن الرصيف الجديد سيستقبل سفنا أكبر، وإن العمل فيه ينتهي في الربيع. " * 4 + "</p>"


def authors(inner):
    return read_bylines(Facts(f"<html><body><h1>المرفأ يفتح رصيفه الجديد</h1>{inner}</body></html>", "").index)


@pytest.mark.parametrize(
    "line",
    [
        "الرياض - خالد الحربي | 2 أكتوبر 2025",
        "الرياض: خالد الحربي",
        "الرياض: خالد الحربي 2025-10-02 10:50 PM",
        "خالد الحربي (الرياض)",
        "خالد الحربي – الرياض – الخميس 2 أكتوبر 2025",
        "مكة المكرمة / خالد الحربي",
    ],
)
def test_a_line_of_a_place_and_a_name_is_a_byline(line):
    assert placed_name(line) == "خالد الحربي"
    assert authors(f"<div>{line}</div>{PROSE}") == ["خالد الحربي"]
    assert authors(f"<div class=text>{line}<br><br>{PROSE}</div>") == ["خالد الحربي"]


@pytest.mark.parametrize(
    "line",
    [
        "أخبار محلية | 2 أكتوبر 2025",
        "خالد الحربي | 2 أكتوبر 2025",
        "سوريا - الأزمة السورية",
        "القاهرة - أسعار ترتفع",
        "القاهرة - رويترز",
        "القاهرة - وكالة الأنباء",
        "الرياض - جدة - 2 أكتوبر 2025",
        "الرياض - خالد الحربي - منى حسن",
    ],
)
def test_other_lines_with_a_place_name_nobody(line):
    assert placed_name(line) is None
    assert authors(f"<div>{line}</div>{PROSE}") == []


def test_a_place_and_a_name_far_below_the_title_are_of_another_article():
    assert authors(PROSE * 4 + "<div>الرياض - خالد الحربي</div>") == []


def test_the_site_may_stand_for_the_place():
    head = "<title>المرفأ يفتح رصيفه</title><meta property=og:site_name content='نافذة المدينة'>"
    page = f"<html><head>{head}</head><body><h1>المرفأ يفتح رصيفه</h1><p>أصيل حيدر – نافذة المدينة</p>{PROSE}</body></html>"
    assert decide_metadata(Facts(page, "https://a.example/1"), Findings()).authors == ["أصيل حيدر"]


@pytest.mark.parametrize("line", ["أخبار محلية - نافذة المدينة", "نافذة المدينة / تعلم البرمجة"])
def test_a_section_beside_the_site_is_nobody(line):
    head = "<title>المرفأ يفتح رصيفه</title><meta property=og:site_name content='نافذة المدينة'>"
    page = f"<html><head>{head}</head><body><h1>المرفأ يفتح رصيفه</h1><p>{line}</p><p>شارك</p>{PROSE}</body></html>"
    assert decide_metadata(Facts(page, "https://a.example/1"), Findings()).authors == []


def test_a_marked_byline_counts_before_a_place_and_a_name():
    assert authors(f"<div>الرياض - خالد الحربي</div><div class=author>منى حسن</div>{PROSE}") == ["منى حسن"]


@pytest.mark.parametrize(
    "inner",
    [
        f"<div>كتب: أحمد علي<br><br>{PROSE}</div>",
        f"<p>حوار: أحمد علي</p>{PROSE}",
        f"<table><tr><td>كتب: أحمد علي<br>{PROSE}</td></tr></table>",
        f"<table><tr><td><img src=a.jpg>كتب: أحمد علي<br>{PROSE}</td></tr></table>",
    ],
)
def test_a_label_and_a_name_may_be_bare_text_of_the_articles_block(inner):
    assert authors(inner) == ["أحمد علي"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("تقرير: أسعار ترتفع، وليرة تتراجع", []),
        ("تقرير: مدينة تستعد لعيدها", []),
        ("تقرير: أحمد علي، ومنى حسن", ["أحمد علي", "منى حسن"]),
        ("متابعة: أحمد يوسف", ["أحمد يوسف"]),
        ("كتب: أحمد يكن", ["أحمد يكن"]),
    ],
)
def test_a_headline_behind_a_label_of_work_names_nobody(line, names):
    assert [name.removeprefix("و") for name in split_names(line)] == names


def test_a_blogs_name_before_a_colon_is_no_part_of_the_title():
    head = "<meta property=og:title content='مدونة الميناء: المرفأ يفتح رصيفه'><meta property=og:site_name content='مدونة الميناء'>"
    page = f"<html><head>{head}</head><body>{PROSE}</body></html>"
    assert decide_metadata(Facts(page, "https://a.example/1"), Findings()).title == "المرفأ يفتح رصيفه"


def test_an_h1_without_text_is_no_title():
    byline = '<div class="article-author">خالد سليم الحربي (مكة المكرمة)</div>'
    page = f"<html><body><h1><img src=logo.png></h1>{PROSE * 9}<h2>الخبر</h2>{byline}{PROSE}</body></html>"
    assert read_bylines(Facts(page, "").index) == ["خالد سليم الحربي"]


def test_a_sites_name_with_its_slogan_is_no_author():
    head = "<title>المرفأ يفتح رصيفه - النهار</title><meta name=author content='النهار - أخبار المدينة'>"
    page = f"<html><head>{head}</head><body><h1>المرفأ يفتح رصيفه</h1><div>أخبار المدينة</div>{PROSE}</body></html>"
    assert decide_metadata(Facts(page, "https://a.example/1"), Findings()).authors == []
