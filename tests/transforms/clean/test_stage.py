from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.hostile import garbled
from warraq.transforms.clean.furniture import is_furniture
from warraq.transforms.clean.stage import (
    CleanRules,
    CleanText,
    clean,
    clean_characters,
    count_words,
    find_agency,
    read_credit,
    read_dateline,
)
from warraq.transforms.step import Rejection

PROSE = "أعلنت الجامعة فتح باب التسجيل للفصل الجديد، وقالت إن الطلبات تقدم عبر موقعها حتى نهاية الأسبوع المقبل."
MORE = "وأضافت أن عدد المقاعد زاد هذا العام بعد افتتاح مبنى كلية الهندسة، وأن النتائج ستعلن بعد عشرة أيام."
ALL = CleanRules(min_words=0)


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


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("المصدر: وكالة ستيب الاخبارية", "وكالة ستيب الاخبارية"),
        ("المصدر : رويترز", "رويترز"),
        ("المصدر: الجزيرة + وكالات", "الجزيرة + وكالات"),
        ("نقلاً عن: صحيفة الميناء", "صحيفة الميناء"),
        ("*نقلا عن الرؤية الإماراتية", "الرؤية الإماراتية"),
        ("نقلا عن مصادر مطلعة قالت الصحيفة إن الاتفاق بات قريبا، وأضافت المزيد", None),
        ("(رويترز)", "رويترز"),
        ("- أ.ف.ب -", "أ ف ب"),
        ("وكالة الأناضول", None),
        ("(وكالة الأنباء السعودية)", "وكالة الأنباء السعودية"),
        ("وكالات", "وكالات"),
        ("وكالة الفضاء تعلن كشفا", None),
        ("المصدر: قال الوزير إن الأموال ستأتي من موازنة العام المقبل كلها", None),
        (PROSE, None),
    ],
)
def test_credit_lines(line, credit):
    assert read_credit(line) == credit


@pytest.mark.parametrize(
    ("opening", "credit"),
    [
        ("القاهرة - (أ ف ب) - قال", "أ ف ب"),
        ("القاهرة – أ.ف.ب: قال", "أ ف ب"),
        ("باريس (فرانس برس) - قال", "أ ف ب"),
        ("موسكو /تاس/ قال", "تاس"),
        ("غزة- معا- قال", "معا"),
        ("عمّان - بترا - قال", "بترا"),
        ("(رويترز) - قال", "رويترز"),
        ("رويترز - قال", "رويترز"),
        ("دبي - العربية.نت", None),
        ("قال الرئيس - وهو في روما - إن", None),
        (PROSE, None),
    ],
)
def test_datelines(opening, credit):
    assert read_dateline(opening) == credit


@pytest.mark.parametrize(
    ("name", "agency"),
    [
        ("AFP", "أ ف ب"),
        ("وكالة الصحافة الفرنسية", "أ ف ب"),
        ("أسوشيتد برس", "أسوشيتد برس"),
        ("د.ب.أ", "د ب أ"),
        ("وكالة أنباء الأناضول", "الأناضول"),
        ("وكالة سبوتنيك", "سبوتنيك"),
        ("وكالة أنباء الإمارات وام", "وام"),
        ("الوكالات", "وكالات"),
        ("وكالة معا", "معا"),
        ("وكالة رويترز", "رويترز"),
        ("وكالة الأنباء الألمانية", "د ب أ"),
        ("وكالة أنباء الشرق الأوسط", "أ ش أ"),
        ("الشرق الأوسط", None),
        ("معا نستطيع", None),
        ("أحمد علي", None),
    ],
)
def test_agencies_have_one_spelling(name, agency):
    assert find_agency(name) == agency


def test_what_stands_above_and_below_an_article_goes(make_article):
    lines = ["عنوان الخبر", "كتب: سامي عون", "الأحد ٤ أيار/مايو ٢٠٢٥ - 10:30 ص", PROSE, MORE, "المصدر: وكالة الساحل"]
    article = clean(make_article("\n".join(lines), title="عنوان  الخبر", authors=["سامي عون"]), ALL)
    assert article.text == f"{PROSE}\n{MORE}"
    assert (article.title, article.authors, article.credit) == ("عنوان الخبر", ["سامي عون"], "وكالة الساحل")


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
    assert count_words("خبر - 12 ؛ هـ ـ") == 3


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


@given(st.text())
def test_cleaning_characters_twice_changes_nothing(text):
    assert clean_characters(clean_characters(text)) == clean_characters(text)


@pytest.mark.parametrize("seed", range(100))
def test_cleaning_mojibake_with_noise_twice_changes_nothing(make_article, seed):
    lines = [garbled(line, seed * 10 + at) for at, line in enumerate((PROSE, MORE, PROSE[:60]))]
    article = make_article(
        "\n".join(lines), title=lines[2], description=lines[1], section=lines[2], site_name=lines[2], tags=[lines[2]]
    )
    once = clean(article, ALL)
    assert clean(once, ALL) == once


def test_every_article_leaves_by_exactly_one_door(make_article):
    pipeline = TestPipeline(runner=FnApiRunner())
    articles = [make_article(f"{PROSE}\n{MORE}", url="long"), make_article("قصير", url="short")]
    kept, rejected = pipeline | beam.Create(articles) | CleanText()
    assert_that(
        kept | "Kept" >> beam.Map(lambda article: (article.source.url, article.words)), equal_to([("long", 35)]), "kept"
    )
    assert_that(
        rejected | "Rejected" >> beam.Map(lambda row: (row.source.url, row.reason, row.detail)),
        equal_to([("short", "too_short", "1 words")]),
        "rejected",
    )
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("clean"))["counters"]
    counters = {counter.key.metric.name: counter.committed for counter in found}
    assert counters == {"pages_in": 2, "pages_out": 1, "pages_rejected_too_short": 1}
