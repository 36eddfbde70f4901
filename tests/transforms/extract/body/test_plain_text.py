import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.extract.body.plain_text import read_plain_text
from warraq.transforms.step import Rejection

TITLE = "الصيادون يعودون إلى البحر.. موسم جديد بعد عاصفة طويلة"
BODY = [
    "عاد صيادو القرية إلى البحر صباح اليوم بعد أسبوعين من الرياح العاتية التي أبقت القوارب في المرفأ.",
    "وقال أحدهم إن الأسماك وفيرة، وإن الأسعار ستنخفض.",
    "شهادات",
    "وأضاف: «لم نر شباكا بهذا الثقل منذ سنوات».",
    "وتستعد الجمعية لتوزيع شباك جديدة على أصحاب القوارب الصغيرة قبل نهاية الشهر الحالي كما وعدت.",
]
MENU = ["الرئيسية", "محليات", "رياضة", "اتصل بنا"]
FURNITURE = ["شارك", "اترك تعليقا", "الاسم", "من نحن"]


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        pytest.param([TITLE, *BODY], TITLE, id="title and body"),
        pytest.param([*MENU, TITLE, *BODY, *FURNITURE], TITLE, id="menu above, furniture below"),
        pytest.param(["اخر الاخبار", "", TITLE, "", *BODY, "", "اترك تعليقا"], TITLE, id="a label above"),
        pytest.param([*MENU, TITLE, "الأحد 4 مايو 2025 - 10:30", *BODY], TITLE, id="a date between"),
        pytest.param([f"{TITLE} - صحيفة المرفأ", *MENU, TITLE, "خبر آخر عن الميناء والسفن", *BODY], TITLE, id="WET"),
        pytest.param(BODY, None, id="no title"),
        *(
            pytest.param(lines, numbered, id=f"{numbered[-20:]}, {name}")
            for numbered in (
                "ميزانية المدينة لعام 2024 تقر بالإجماع",
                "ارتفاع أسعار الذهب اليوم السبت 12 مايو 2024 في الأسواق",
                "إغلاق 250 محلا مخالفا و12 مستودعا وسط المدينة",
                "توقيع عقود بقيمة ١٢٫٥ مليار ريال لـ ٤٥ مشروعا",
            )
            for name, lines in (
                ("text", [numbered, *BODY]),
                ("menu", [*MENU, numbered, "نشر في: 12 أيار 2023", *BODY]),
                ("WET", [f"{numbered} - صحيفة المرفأ", *MENU, numbered, "خبر آخر عن الميناء والسفن", *BODY]),
            )
        ),
        pytest.param([*MENU, TITLE, "آخر تحديث السبت 12 مايو 2024 بتوقيت القاهرة المحلي", *BODY], TITLE, id="update"),
        pytest.param([*MENU, TITLE, "كتبت سلمى أحمد علي من القاهرة 12/5/2024", *BODY], TITLE, id="byline"),
        pytest.param([*MENU, TITLE, "هاتف 0112345678 شارع الميناء مدينة القاهرة", *BODY], TITLE, id="telephone"),
    ],
)
def test_title_and_body_are_told_by_the_shape_of_lines(lines, title):
    assert read_plain_text("\n".join(lines), None) == (title, BODY)


def test_a_signature_below_the_body_stays_for_the_credit():
    _, lines = read_plain_text("\n".join([TITLE, *BODY, "المصدر: وكالة الساحل", *FURNITURE]), None)
    assert lines == [*BODY, "المصدر: وكالة الساحل"]


def test_a_first_line_with_numbers_stays_below_a_stated_title():
    line = "تدور يومي الأربعاء 15 والخميس 16 من الشهر الجاري مباريات الجولة الأخيرة من بطولة الصيد في الميناء القديم"
    assert read_plain_text("\n".join([line, *BODY]), TITLE) == (TITLE, [line, *BODY])


def test_a_stated_title_wins_and_leaves_the_body():
    assert read_plain_text("\n".join([TITLE, *BODY]), TITLE) == (TITLE, BODY)
    assert read_plain_text("\n".join([TITLE, *BODY]), "عنوان آخر")[0] == "عنوان آخر"


@pytest.mark.parametrize("text", ["", " \n ", "الرئيسية\nرياضة\nاتصل بنا", "0 0 . \x08"])
def test_text_without_prose_is_refused(text):
    with pytest.raises(Rejection, match="no_main_text"):
        read_plain_text(text, None)


@given(st.lists(st.sampled_from([*BODY, *MENU, TITLE, ""])))
def test_lines_keep_their_order_and_come_from_the_text(lines):
    try:
        _, found = read_plain_text("\n".join(lines), None)
    except Rejection:
        return
    rest = iter(lines)
    assert all(line in rest for line in found)
