import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.hostile import garbled
from warraq.transforms.clean.characters import clean_characters
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.clean.furniture import is_furniture
from warraq.transforms.rejection import Rejection

PROSE = "أعلنت الجامعة فتح باب التسجيل للفصل الجديد، وقالت إن الطلبات تقدم عبر موقعها حتى نهاية الأسبوع المقبل."
MORE = "وأضافت أن عدد المقاعد زاد هذا العام بعد افتتاح مبنى كلية الهندسة، وأن النتائج ستعلن بعد عشرة أيام."
ALL = CleanRules(min_words=0)
FURNITURE = [
    "اترك تعليقاً",
    "اكتب تعليقك",
    "التعليقات",
    "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *",
    "احفظ اسمي، بريدي الإلكتروني، والموقع الإلكتروني في هذا المتصفح لاستخدامها المرة المقبلة في تعليقي.",
    "اخر الاخبار",
    "آخر الأخبار",
    "شارك هذا الموضوع:",
    "شارك الخبر على فيسبوك",
    "فيسبوك تويتر واتساب",
    "Facebook Twitter WhatsApp",
    "مشاركة عبر البريد",
    "اقرأ أيضاً",
    "اقرأ أيضًا: المدينة تحتفل بعيدها",
    "إقرأ المزيد",
    "شاهد أيضاً | لقطات من المباراة",
    "للمزيد من الأخبار تابعوا صفحتنا",
    "تابعونا على تويتر",
    "تابع آخر الأخبار عبر قناتنا",
    "الأكثر قراءة",
    "مواضيع ذات صلة",
    "جميع الحقوق محفوظة © 2025 صحيفة الميناء",
    "الوسوم: تعليم، جامعة",
    "هذا الموقع يستخدم ملفات تعريف الارتباط لتحسين تجربتك",
    "التعليق على الصورة، مبنى الجامعة",
    "اضغط هنا للاشتراك",
    "** جميع المقالات المنشورة تمثل رأي كتابها فقط.",
    "* * *",
    "ــــــــ",
    "•",
    "13:17",
    "09:05 ص",
    "14:30 بتوقيت غرينتش",
    "منذ 3 ساعات",
    "قبل يومين",
]
LISTED = [
    line
    for line in (Path(__file__).parent / "furniture.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
NO_FURNITURE = [
    PROSE,
    "شارك سالم مع فريقه في المباراة الأخيرة",
    "شارك في الحفل عدد من الفنانين",
    "تابعنا خلال أسبوع واحد أحداثا كثيرة",
    "المزيد من الدول تنضم إلى الاتفاق",
    "التعليقات على القرار جاءت متباينة",
    "اضغط هنا لمعرفة ما تحفظه الشركة عنك من بيانات في أجهزتها الكثيرة",
    "عاجل: إعلان النتائج",
    "الرئيسية للحزب كانت قوية",
    "2025",
    "25 يناير 2011",
    "1:2",
    "قبل يومين من الحفل",
    "تويتر تعلن عن ميزة جديدة",
    "المزيد من الأخبار السارة تنتظر المزارعين هذا العام",
    "تحميل التطبيق صار ممكنا في كل الهواتف القديمة والجديدة على السواء",
    "الرئيسية في الفيلم أدت دورها ببراعة",
    "هل كان هذا القرار صائبا حقا في رأي النقاد",
    "كن أول من يصل",
    "القسم: أقسم بالله العظيم أن أكون مخلصا",
    "3 دقائق قبل النهاية",
    "آخر تحديث للنظام أطلقته الشركة",
    "وقالت الشركة إن من اشترك في النشرة قبل نهاية العام الماضي لن يدفع رسوما إضافية هذا العام",
    "وظائف جديدة في الميناء",
    "رياضة المشي تفيد القلب",
    "شاهد كل الحاضرين ما جرى",
    "يتحدث عن نفسه في الكتاب",
    "لمزيد من الأخبار السيئة آثار في النفس",
    "لا تنسى المدينة أبناءها",
    "صورة المدينة تغيرت كثيرا",
    "5 أصوات فقط رجحت كفة المرشح",
    "انتهى الاجتماع",
    "للمزيد حول هذه القصة وجوه كثيرة لا نعرفها",
    "آخر تعديل دستوري منذ الاستقلال كان عام 1990",
    "1990",
    "عرض كل مقالات القانون على البرلمان هو ما يطالب به النواب اليوم.",
    "للتواصل مع الكاتب المصري المعروف في منفاه استعمل الباحثون البريد.",
    "يتحدث عن: الماء والأرض والإنسان في رواية كتبها في المنفى.",
]


@pytest.mark.parametrize("line", FURNITURE)
def test_furniture_goes_from_any_place(make_article, line):
    assert is_furniture(clean_characters(line))
    assert clean(make_article(f"{PROSE}\n{line}\n{MORE}\n{line}"), ALL).text == f"{PROSE}\n{MORE}"


@pytest.mark.parametrize("line", LISTED)
def test_listed_furniture_is_known(line):
    assert is_furniture(clean_characters(line))


@pytest.mark.parametrize("line", NO_FURNITURE)
def test_prose_stays(line):
    assert not is_furniture(line)


def test_what_stands_above_and_below_an_article_goes(make_article):
    lines = ["عنوان الخبر", "كتب: سامي عون", "الأحد ٤ أيار/مايو ٢٠٢٥ - 10:30 ص", PROSE, MORE, "المصدر: وكالة الساحل"]
    article = clean(make_article("\n".join(lines), title="عنوان  الخبر", authors=["سامي عون"]), ALL)
    assert article.text == f"{PROSE}\n{MORE}"
    assert (article.title, article.authors, article.credit) == ("عنوان الخبر", ["سامي عون"], "وكالة الساحل")


def test_references_and_a_byline_of_several_names_go_from_any_place(make_article):
    names = ["سامي عون", "ليلى حداد", "هدى سالم"]
    lines = [
        PROSE,
        f"كتب: {'، '.join(names)}",
        "التاريخ[عدل]",
        MORE,
        "المراجع",
        "↑ دليل الجامعة",
        "1. تاريخ الجامعة، ص 3",
    ]
    assert clean(make_article("\n".join(lines), authors=names), ALL).text == f"{PROSE}\nالتاريخ\n{MORE}"


def test_a_dateline_stays_and_is_credited(make_article):
    article = clean(make_article(f"القاهرة - (أ ف ب) - {PROSE}"), ALL)
    assert article.text == f"القاهرة - (أ ف ب) - {PROSE}"
    assert article.credit == "أ ف ب"


def test_an_agency_is_no_author(make_article):
    article = clean(make_article(PROSE, authors=["رويترز", "ليلى حداد", "وكالة الساحل للأنباء"]), ALL)
    assert (article.authors, article.credit) == (["ليلى حداد"], "رويترز")


def test_doubled_lines_go(make_article):
    assert clean(make_article(f"{PROSE}\nوقال:\n{PROSE}\nوقال:\n{MORE}\n{MORE}"), ALL).text == f"{PROSE}\nوقال:\n{MORE}"


def test_every_field_that_people_read_is_cleaned(make_article):
    article = make_article(
        PROSE, title="عـنوان\u200f", description="و\u200bصف", section=" محليات ", tags=["زيـت", "\u200f"]
    )
    article = clean(article._replace(site_name="النـهار", authors=["سامي\xa0عون"]), ALL)
    assert (article.title, article.description, article.section) == ("عنوان", "وصف", "محليات")
    assert (article.tags, article.site_name, article.authors) == (["زيت"], "النهار", ["سامي عون"])


def test_words_are_counted_and_short_texts_refused(make_article):
    assert clean(make_article(f"{PROSE}\n{MORE}"), CleanRules()).words == 35
    with pytest.raises(Rejection, match="too_short"):
        clean(make_article("خبر عاجل - 12 قتيلا"), CleanRules())


PIECES = st.sampled_from(
    [
        PROSE,
        MORE,
        "عنوان",
        "وقال:",
        "كتب: سامي عون",
        "2025",
        "(رويترز)",
        "المصدر: وكالة الساحل",
        "المراجع",
        "1. سليم النجار، تاريخ السفن",
        "↑ مدن النهر",
        "التاريخ[عدل]",
        "كتب: سامي عون، ليلى حداد، هدى سالم",
        "\u200f",
        "ـــ",
        " ",
        *FURNITURE,
    ]
)
LETTERS = st.text(alphabet=st.sampled_from("ابتهـ ـًَّآأﻻﷺ12١–-«»().،:\n\u200c\u200d\u200f\xa0\xadaØÙ§"), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it only makes records
@example(lines=["Øَـً"])  # marks that a tatweel held apart
@given(lines=st.lists(PIECES | LETTERS, max_size=8))
def test_cleaning_twice_changes_nothing(make_article, lines):
    once = clean(make_article("\n".join(lines)), ALL)
    assert clean(once, ALL) == once


@pytest.mark.parametrize("seed", range(100))
def test_cleaning_mojibake_with_noise_twice_changes_nothing(make_article, seed):
    lines = [garbled(line, seed * 10 + at) for at, line in enumerate((PROSE, MORE, PROSE[:60]))]
    article = make_article(
        "\n".join(lines), title=lines[2], description=lines[1], section=lines[2], site_name=lines[2], tags=[lines[2]]
    )
    once = clean(article, ALL)
    assert clean(once, ALL) == once


def test_rules_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="^clean_min_words must be 0 or more, not -1$"):
        CleanRules(min_words=-1)


@pytest.mark.parametrize("name", ["صحة", "رياضة", "ثقافة وفنون"])
def test_the_name_of_a_section_between_paragraphs_is_a_subheading(make_article, name):
    assert clean(make_article(f"{PROSE}\n{name}\n{MORE}"), ALL).text == f"{PROSE}\n{name}\n{MORE}"
    assert clean(make_article(f"{name}\n{PROSE}\n{name}\nخبر آخر من المدينة\n{MORE}\n{name}"), ALL).text == (
        f"{PROSE}\nخبر آخر من المدينة\n{MORE}"
    )


def test_a_place_a_name_and_a_date_above_the_text_are_a_byline(make_article):
    for line in ("الرياض - خالد الحربي | 2 أكتوبر 2025", "الرياض: خالد الحربي 2025-10-02 10:50 PM"):
        assert clean(make_article(f"{line}\n{PROSE}", authors=["خالد الحربي"]), ALL).text == PROSE
        assert clean(make_article(f"{line}\n{PROSE}"), ALL).text == f"{line}\n{PROSE}"


def test_the_work_on_a_line_of_many_names_is_bounded(make_article):
    names = "كتب: " + "، ".join(["أحمد علي", "منى حسن"] * 100_000)
    started = time.process_time()
    assert clean(make_article(names), ALL).text == names
    assert time.process_time() - started < 5  # seconds; it took 12


def test_the_site_and_its_city_above_the_text_are_no_text(make_article):
    article = make_article(f"(دبي - الميناء)\n{PROSE}")
    assert clean(article._replace(site_name="الميناء"), ALL).text == PROSE
    assert clean(article._replace(site_name="النهار"), ALL).text.startswith("(دبي - الميناء)")
