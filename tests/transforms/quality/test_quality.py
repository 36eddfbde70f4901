"""Quality: news of every size passes, other text does not, and each rule has its own reason."""

import dataclasses
import datetime as dt
import re

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.labels import REASONS
from warraq.schemas.records import Article, Source
from warraq.transforms.quality.quality import PRESETS, Measures, QualityRules, keep_good, measure, refusal
from warraq.transforms.quality.stage import KeepGoodText
from warraq.transforms.step import KEPT, REJECTED, Rejection

NEWS = {
    "one sentence": "قال وزير النقل إن القطار السريع سيبدأ رحلاته بين العاصمة والساحل مطلع الشهر المقبل.",
    "breaking": "هز زلزال بقوة 5.4 درجة على مقياس ريختر مدينة ساحلية فجر اليوم ولم ترد أنباء عن خسائر.",
    "no full stops": "افتتح رئيس البلدية حديقة جديدة في وسط المدينة بحضور عدد من الأهالي\n"
    "وقال إن الحديقة تضم ملاعب للأطفال ومسارات للمشي ومكتبة صغيرة مفتوحة للجميع\n"
    "وأضاف أن البلدية تعمل على حدائق أخرى في الأحياء الشرقية خلال العام المقبل",
    "many figures": "ارتفع المؤشر 1.8% إلى 7,412 نقطة، في حين هبط سهم المصرف 3.2% إلى 41.5 جنيه، وبلغت قيمة التداول "
    "1.9 مليار جنيه مقابل 1.4 مليار في جلسة أمس، وفق بيانات البورصة.",
    "result": "فاز فريق المدينة على ضيفه 3-1 مساء أمس في الجولة الخامسة من الدوري، وسجل أهدافه سامر (12 و44) ومازن (78).",
    "interview": "- كيف بدأت الفكرة؟\n- بدأت من مقهى صغير كنا نلتقي فيه كل خميس.\n- ومن مول المشروع في بدايته؟\n"
    "- دفعنا كل شيء من جيوبنا، ثم جاءت منحة من مؤسسة محلية.\n- وما الخطوة التالية؟\n- نريد أن نصل إلى القرى.",
    "bullets": "أعلنت الشركة نتائج الربع الأول:\n- ارتفعت الإيرادات إلى 320 مليون ريال بفضل المبيعات في الخارج.\n"
    "- تراجعت التكاليف بنسبة 4% بعد إغلاق مصنعين قديمين في الشمال.\n- قررت الإدارة توزيع نصف الأرباح على المساهمين.",
    "broken lines": "قالت هيئة الآثار إن البعثة،\nالتي تعمل منذ ثلاثة مواسم،\nعثرت على فرن لحرق الفخار،\n"
    "وبجواره جرار كاملة،\nيعتقد أنها كانت معدة للنقل إلى الميناء.",
    "egyptian": "الناس واقفة قدام المخبز من الفجر علشان العيش، والحكومة بتقول إن المشكلة هتتحل خلال يومين، "
    "بس محدش مصدق الكلام ده لأن نفس الوعد اتقال الشهر اللي فات.",
    "quotes": 'وقال المدرب: "لعبنا مباراة كبيرة، لكننا أضعنا الفوز في الدقائق الأخيرة".\n'
    'وأضاف: "أمامنا أسبوع كامل للاستعداد للمباراة المقبلة".',
    "hashtags": "تصدر وسم #مطار_المدينة قائمة الأكثر تداولا بعد ساعات من تعليق الرحلات، وكتب أحد المسافرين أنه انتظر #ست_ساعات"
    " دون أن يحصل على رد من الشركة.",
}

SENTENCE = "ونفى المتحدث باسم الوزارة هذه الأنباء في بيان نشر مساء أمس على الموقع الرسمي."
CITIES = [
    "الرياض",
    "جدة",
    "مكة",
    "المدينة",
    "الدمام",
    "الخبر",
    "الطائف",
    "تبوك",
    "بريدة",
    "أبها",
    "حائل",
    "نجران",
    "جازان",
    "ينبع",
    "القطيف",
]

EVENTS = ["افتتاح مدرسة", "مسيرة للعمال", "حريق بمصنع", "مؤتمر للأطباء", "مهرجان أفلام", "سوق خيري", "حملة تشجير"]
CAUSES = ["بمشاركة واسعة", "رغم المطر", "بدعم أهلي", "وسط إقبال", "بعد تأجيل"]
TIMES = ["اليوم", "غدا", "الأحد", "الاثنين", "مساء", "صباحا", "الجمعة", "قريبا", "أمس", "ظهرا", "فجرا"]

# name: (text, reasons any of which is right)
JUNK = {
    "repeated line": ("\n".join([SENTENCE] * 4 + [NEWS["breaking"]]), {"duplicate_lines"}),
    "repeated button": ("\n".join(["اقرأ المزيد عن هذا الخبر"] * 6 + [SENTENCE] * 2), {"duplicate_lines"}),
    "one word": ("عاجل " * 40, {"repeated_words"}),
    "one phrase": ("اشترك الآن في القناة " * 20, {"repeated_words"}),
    "stuffed service": (
        " ".join(f"شركة تنظيف منازل في {city} شركة تنظيف خزانات في {city}" for city in CITIES),
        {"repeated_words"},
    ),
    "stuffed city": (
        " ".join(f"{verb} عفش بالرياض" for verb in ["نقل", "شراء", "تخزين", "فك", "تركيب", "تغليف"] * 3),
        {"repeated_words"},
    ),
    "spam offer": (
        "اربح المال من المنزل بسهولة واربح المال من الهاتف واربح المال من النوم واربح المال من الآن " * 3,
        {"repeated_words"},
    ),
    "repeated paragraph": (f"{SENTENCE} {NEWS['breaking']} " * 4, {"repeated_words"}),
    "tag cloud": (
        "سياسة، اقتصاد، رياضة، ثقافة، فنون، تكنولوجيا، صحة، سفر، سيارات، مطبخ، أزياء، عقارات، تعليم، وظائف، طقس",
        {"no_stop_words"},
    ),
    "keywords": (
        "كلمات مفتاحية: انتخابات برلمان حكومة تعديل وزاري نائب معارضة كتلة جلسة تصويت ميزانية ضرائب قروض بنك مركزي عملة",
        {"no_stop_words"},
    ),
    "film titles": (
        "مشاهدة تحميل فيلم مسلسل حلقة كاملة مترجم مدبلج جودة عالية سيرفر مباشر سريع رابط واحد مجانا بدون إعلانات",
        {"no_stop_words"},
    ),
    "cities": (" ".join(CITIES), {"no_stop_words"}),
    "names": ("خالد سعيد\nمنى فاروق\nعمر حداد\nليلى نصار\nسامي عون\nهدى كرم\nزياد مراد\nرنا شاهين", {"no_stop_words"}),
    "menu": ("الرئيسية\nأخبار\nمن نحن\nاتصل بنا\nفي العمق\nعلى الهواء\nفيديو\nصور\nأرشيف\nاشترك", {"short_lines"}),
    "footer": (
        "من نحن\nاتصل بنا\nأعلن معنا\nسياسة الخصوصية\nشروط الاستخدام\nخريطة الموقع\nتابعنا على فيسبوك",
        {"short_lines", "no_stop_words"},
    ),
    "link list": (
        (
            "الوزير يصل إلى الجزائر في زيارة رسمية\nارتفاع أسعار الخبز في ثلاث مدن\nالمنتخب يستعد للقاء الجمعة\n"
            "وفاة الممثل القدير بعد صراع مع المرض\nطقس حار غدا على معظم المناطق\nقتيلان في حادث على الطريق الصحراوي"
        ),
        {"few_sentences"},
    ),
    "most read": (
        (
            "الأكثر قراءة\nهذا ما قاله اللاعب بعد المباراة\nسر المكالمة التي غيرت رأي المدرب\nكيف تحافظ على بشرتك في الصيف\n"
            "ماذا يحدث للجسم بعد الإقلاع عن السكر\nأغرب ما وجد في حقيبة مسافر\nلماذا هبط الذهب اليوم"
        ),
        {"few_sentences"},
    ),
    "teasers": (
        (
            "قال الوزير أمس إن الحكومة تدرس رفع أجور المعلمين خلال العام...\nبدأت صباح اليوم أعمال صيانة الجسر الذي يربط بين...\n"
            "تعادل الفريقان في مباراة شهدت طرد لاعبين من أصحاب الأرض...\nأعلنت الشركة عن هاتف جديد يعمل بشاشة قابلة للطي في..."
        ),
        {"odd_marks"},
    ),
    "hash signs": (" ".join(f"#{word} #{word}_اليوم في" for word in CITIES), {"odd_marks"}),
    "dots": (
        "نعم لا هو في أمس قال لو من هذا ربما كان هنا".replace(" ", " ... "),
        {"odd_marks", "odd_words"},
    ),
    "gold prices": (
        "\n".join(
            f"عيار {c}: {p} - {p + 12} / {p + 3}.50 (+{c}.{c}%)"
            for c, p in zip(range(14, 26), range(1900, 3100, 100), strict=True)
        ),
        {"few_letters"},
    ),
    "exchange rates": (
        "\n".join(
            f"{n} | {i}.12 | {i}.15 | +0.0{i}"
            for i, n in enumerate(["الدولار", "اليورو", "الدينار", "الريال", "الدرهم"])
        ),
        {"few_letters"},
    ),
    "phone numbers": (
        " / ".join(f"050{n:07d}" for n in range(1111111, 2222222, 99999)) + " اتصل على الرقم في أي وقت",
        {"few_letters"},
    ),
    "prayer times": (
        "\n".join(f"{d} | 04:{d} | 05:{d} | 12:{d} | 15:{d} | 18:{d}" for d in range(10, 40)),
        {"few_letters"},
    ),
    "league table": (
        "\n".join(f"{i} | {c} | {30 - i} | {i} | {60 - i}:{20 + i} | {90 - 3 * i}" for i, c in enumerate(CITIES, 1)),
        {"few_letters"},
    ),
    "spaced letters": (" ".join("أعلن وزير النقل في بيان أن العمل بدأ على هذا الطريق".replace(" ", "")), {"odd_words"}),
    "no blanks": (
        " من ".join(
            NEWS[name].replace(" ", "") for name in ["one sentence", "no full stops", "egyptian", "broken lines"]
        ),
        {"odd_words"},
    ),
    "form": (
        "الاسم الكامل\nالبريد الإلكتروني\nرقم الهاتف\nعنوان السكن\nكلمة المرور\nتأكيد كلمة المرور\nأوافق على شروط الموقع\nإرسال",
        {"short_lines"},
    ),
    "poll": (
        "هل توافق على القرار\nنعم\nلا\nلا أدري\nصوت الآن\nنتائج التصويت\nنعم\nلا\nلا أدري",
        {"short_lines", "duplicate_lines"},
    ),
    "list under one line": (
        f"{SENTENCE}\n"
        + "\n".join(f"{EVENTS[i % 7]} في {CITIES[i % 13]} {CAUSES[i % 5]} {TIMES[i % 11]}" for i in range(30)),
        {"unpunctuated"},
    ),
    "tv guide": (
        "\n".join(f"{h}:00 برنامج {city} الصباحي" for h, city in enumerate(CITIES)),
        {"repeated_words"},
    ),
}


def article(text, url="https://example.org/a"):
    day = dt.datetime(2024, 5, 12, tzinfo=dt.timezone.utc)
    return Article(
        Source(url, day, "d.warc", 0, len(text)), url, "example.org", None, text, None, day.date(), "fetched"
    )


def verdict(text, rules):
    try:
        return keep_good(article(text), rules) and None
    except Rejection as refusal:
        return refusal


@pytest.mark.parametrize("text", NEWS.values(), ids=NEWS.keys())
def test_news_of_every_size_and_form_passes(text):
    assert keep_good(article(text), QualityRules()) == article(text)


@pytest.mark.parametrize(("text", "reasons"), JUNK.values(), ids=JUNK.keys())
def test_text_without_prose_is_refused(text, reasons):
    refusal = verdict(text, QualityRules())
    assert refusal is not None
    assert refusal.reason in reasons


def test_the_detail_holds_the_figure_and_the_bound():
    assert verdict("عاجل " * 40, QualityRules(max_top_2gram=1, max_top_3gram=1)).detail == "top_word 1.00 > 0.20"
    assert verdict(JUNK["tag cloud"][0], QualityRules()).detail == "function_words 0.00 < 1.00"


def test_every_reason_has_a_text_that_is_refused_for_it():
    found = {refusal.reason for text, _ in JUNK.values() if (refusal := verdict(text, QualityRules()))}
    found.add(verdict(SENTENCE, PRESETS["fineweb2"]).reason)
    assert found == set(REASONS["quality"])


@pytest.mark.parametrize("bound", [bound for bound in dataclasses.fields(QualityRules) if "reason" in bound.metadata])
def test_every_bound_refuses_for_its_reason(bound):
    rules = QualityRules(allow_unpunctuated=False, short_text=0)
    good = measure(SENTENCE * 20)._replace(**dict.fromkeys(Measures._fields[5:17], 0.0))
    beyond = getattr(rules, bound.name) + (-0.01 if bound.metadata["is_lower"] else 0.01)
    assert refusal(good, rules) is None
    assert refusal(good._replace(**{bound.metadata["measure"]: beyond}), rules).reason == bound.metadata["reason"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"min_words": -1}, "quality_min_words must be at least 0, not -1"),
        ({"max_top_word": 20}, "quality_max_top_word must be from 0 to 1, not 20"),
        ({"min_letter_words": float("nan")}, "quality_min_letter_words must be from 0 to 1, not nan"),
        ({"max_breaks_per_word": -0.1}, "quality_max_breaks_per_word must be at least 0, not -0.1"),
        ({"short_text": -1}, "quality_short_text must be at least 0, not -1"),
        ({"min_words": 9, "max_words": 8}, "quality_max_words must be at least 9, not 8"),
        ({"min_word_length": 9.5}, "quality_max_word_length must be at least 9.5, not 8.0"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(rules, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        QualityRules(**rules)


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("أ ب ج د", {"words": 4, "word_length": 1, "duplicate_lines": 0, "breaks_per_word": 0, "top_2gram": 0}),
        ("بيت كبير\nبيت كبير\nقمر", {"duplicate_lines": 1 / 3, "duplicate_line_chars": 8 / 19, "breaks_per_word": 0.4}),
        ("بيت كبير بيت كبير بيت", {"top_2gram": 16 / 21, "top_word": 0.6, "top_4gram": 0}),
        ("في البيت، من البيت", {"function_words": 2, "function_share": 0.5, "letter_words": 0.8}),
        ("سجل 1,250 هدفا في 12/05", {"words": 5, "letter_words": 0.6}),
        ("كُتِبَ النَّصُّ", {"words": 2}),
        ("انتهى.\nهل انتهى؟\nلا", {"punctuated_lines": 2 / 3, "sentence_words": 0.75, "short_lines": 1}),
        ("قال: «انتهى.»", {"punctuated_lines": 0, "sentence_words": 1}),
        ("• بيت\n- قمر\nشمس...", {"bullet_lines": 2 / 3, "ellipsis_lines": 1 / 3}),
        ("أ ب ج د ه " * 2, {"duplicate_5gram": 5 / 20, "duplicate_6gram": 0}),
    ],
)
def test_figures(text, figures):
    measured = measure(text)._asdict()
    assert {name: measured[name] for name in figures} == pytest.approx(figures)


@pytest.mark.parametrize("text", ["", "\n\n", "... --- !!!"])
def test_a_text_without_words_measures_nothing_and_is_refused(text):
    assert measure(text) == Measures(*(0,) * len(Measures._fields))
    assert verdict(text, QualityRules()) is not None


SHORT_REPORTS = {
    "no function word": "توّج نادي النهر، مساء السبت، بلقب بطولة كرة اليد، بمدينة الميناء، إثر تغلبه أمام جمعية الجبل بنتيجة ثلاثين هدفا مقابل عشرين.",
    "a name twice": "أعلنت جمعية كرة السلة الوطنية سحب قرعة كأس جمعية كرة السلة الوطنية يوم الثلاثاء المقبل بمقر جمعية كرة السلة الوطنية بالعاصمة.",
}


@pytest.mark.parametrize("text", SHORT_REPORTS.values(), ids=SHORT_REPORTS.keys())
def test_a_report_of_one_sentence_needs_no_function_word_and_may_repeat_a_name(text):
    assert verdict(text, QualityRules()) is None
    assert verdict(text, QualityRules(short_text=0)) is not None
    assert verdict(text.rstrip("."), QualityRules()) is not None  # no sentence: it may be a list


def test_without_rules_everything_passes():
    assert PRESETS["off"] is None
    for text, _ in JUNK.values():
        assert keep_good(article(text), PRESETS["off"]).text == text


def test_fineweb2_is_stricter_on_short_texts_and_figures():
    assert verdict(NEWS["breaking"], PRESETS["fineweb2"]).detail == "words 17.00 < 50.00"
    rules = dataclasses.replace(PRESETS["fineweb2"], min_words=0)
    assert verdict(NEWS["breaking"], rules) is None
    assert verdict(NEWS["many figures"], rules).reason == "few_letters"


def test_texts_without_any_full_stop_are_a_choice():
    assert verdict(NEWS["no full stops"], QualityRules(allow_unpunctuated=False)).reason == "unpunctuated"


@given(st.text(alphabet="ابتثج في.،\n#•1٣", max_size=300))
def test_figures_are_finite_and_repeatable(text):
    measures = measure(text)
    assert measures == measure(text)
    assert all(0 <= figure < float("inf") for figure in measures)
    assert all(
        measures._asdict()[name] <= 1 for name in ("letter_words", "sentence_words", "top_word", "duplicate_lines")
    )


def test_every_article_has_exactly_one_output():
    good, bad = article(NEWS["result"], "a"), article(JUNK["menu"][0], "b")
    pipeline = TestPipeline()
    result = pipeline | beam.Create([good, bad]) | KeepGoodText()
    assert_that(result[KEPT] | "Urls" >> beam.Map(lambda kept: kept.source.url), equal_to(["a"]), "kept")
    rows = result[REJECTED] | "Rows" >> beam.Map(lambda row: (row.source.url, row.stage, row.reason, row.detail))
    assert_that(rows, equal_to([("b", "quality", "short_lines", "breaks_per_word 0.64 > 0.25")]), "rejected")
    run = pipeline.run()
    run.wait_until_finish()
    counters = {
        c.key.metric.name: c.committed for c in run.metrics().query()["counters"] if c.key.metric.namespace == "quality"
    }
    assert counters == {"pages_in": 2, "pages_out": 1, "pages_rejected_short_lines": 1}


VOCALISED = (
    "اِفْتَتَحَ المَجْلِسُ البَلَدِيُّ صَبَاحَ أَمْسِ سُوقًا مَرْكَزِيَّةً جَدِيدَةً لِلْخُضْرَاوَاتِ، بَعْدَ أَعْمَالٍ اسْتَمَرَّتْ عَامَيْنِ.\n"
    "وَقَالَ رَئِيسُ المَجْلِسِ إِنَّ السُّوقَ سَتُخَفِّفُ الِازْدِحَامَ عَنْ وَسَطِ المَـدِينَةِ، وَسَتُوَفِّرُ لِلْبَاعَةِ أَمَاكِنَ ثَابِتَةً."
)


def test_vowel_marks_and_tatweel_are_no_letters():
    measures = measure(VOCALISED)
    assert measures == measure(re.sub("[\u064b-\u0652\u0640]", "", VOCALISED))
    assert refusal(measures, QualityRules()) is None
    assert 4 < measures.word_length < 7
