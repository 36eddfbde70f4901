"""Language: what counts as Arabic, what it is told from, and both doors."""

import datetime as dt

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Article
from transforms.language import BACKENDS, KeepArabic, LanguageRules, ask_langdetect, identify, keep_arabic
from transforms.step import KEPT, REJECTED, Rejection

ARABIC = "أعلنت بلدية المدينة أن الجسر الجديد سيفتح أمام السيارات صباح الأحد بعد أعمال دامت سنتين."
ENGLISH = "The council said that the new bridge would open to traffic on Sunday morning."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."

VARIETIES = {
    "standard": ARABIC,
    "egyptian": "الكوبري الجديد هيفتح يوم الحد الصبح والناس كلها مستنية علشان الزحمة بقت صعبة قوي في البلد.",
    "levantine": "الجسر الجديد رح يفتح يوم الأحد الصبح والناس ناطرة من زمان لأنه العجقة صارت كتير بالبلد.",
    "gulf": "الجسر اليديد بيفتح يوم الأحد الصبح والناس تنطره من زمان لأن الزحمة وايد في الديرة.",
    "moroccan": "القنطرة الجديدة غادي تحل نهار الحد فالصباح والناس كيتسناو من شحال هادي حيت الزحام بزاف فالمدينة.",
    "iraqi": "الجسر الجديد راح يفتح يوم الأحد الصبح والناس تنتظره من زمان لأن الزحام هواي بالمدينة.",
    "with vowels": "أَعْلَنَتِ الْبَلَدِيَّةُ أَنَّ الْجِسْرَ الْجَدِيدَ سَيُفْتَحُ صَبَاحَ الْأَحَدِ أَمَامَ السَّيَّارَاتِ.",
    "with tatweel": "أعلنت البلـــدية أن الجســـر الجديد سيفتـــح صباح الأحـــد أمام السيـــارات.",
    "iranian keyboard": ARABIC.replace("ي", "ی").replace("ك", "ک").replace("ى", "ی"),
    "foreign names": "وصل المخرج گیلان پاشا إلى مدينة چناق قلعة قبل أن يلتقي ڤيكتور في فندق المدينة القديم.",
    "latin names": "أطلقت شركة Nova Systems تطبيقا جديدا اسمه FlyBoard على متجر Google Play في المنطقة العربية.",
    "without hamza": "اعلنت البلديه ان الجسر الجديد سيفتح امام السيارات صباح الاحد بعد اعمال دامت سنتين في المدينه.",
}

OTHERS = {
    "fa": [
        PERSIAN,
        "اين پل از سه سال پيش در دست ساخت بود و براي مردم شهر بسيار مهم است.",  # typed with the Arabic ي and ك
        "به گزارش خبرنگار ما، استاندار از پروژه‌های عمرانی شهر بازدید کرد و گفت بودجه آن تأمین شده است.",
    ],
    "ur": ["شہر کی انتظامیہ نے کہا ہے کہ نیا پل اتوار کی صبح گاڑیوں کے لیے کھول دیا جائے گا۔"],
    "ps": ["ښاروالۍ وویل چې نوی پل به د یکشنبې په سهار د موټرو پر مخ پرانیستل شي او خلک یې انتظار کوي."],
    "ckb": ["شارەوانی ڕایگەیاند کە پردە نوێیەکە بەیانی ڕۆژی یەکشەممە بۆ ئۆتۆمبێلەکان دەکرێتەوە."],
    "sd": ["ميونسپل ڪميٽي چيو آهي ته نئين پل آچر جي صبح جو گاڏين لاءِ کولي ويندي ۽ ماڻهو خوش آهن."],
    "ug": ["شەھەرلىك ھۆكۈمەت يېڭى كۆۋرۈكنىڭ يەكشەنبە كۈنى ئەتىگەندە ماشىنىلارغا ئېچىلىدىغانلىقىنى ئېلان قىلدى."],
    "azb": ["شهر ایداره‌سی دئدی کی یئنی کؤرپو بازار گونو سحر ماشینلار اوچون آچیلاجاق و بو ایش چوخ اوزون چکدی."],
    "pnb": [
        "شہر دی انتظامیہ نے آکھیا اے کہ نواں پل اتوار دے دن سویرے گڈیاں واسطے کھول دتا جائے گا تے لوکاں نوں سوکھ ہووے گا۔"
    ],
    "ms": ["مجليس بندران ممبري تاهو بهاوا جمبتن بارو يڠ دبينا سجق دوا تاهون لالو اكن دبوك ڤد ڤاڬي احد."],
    "ks": ["شہرٕچ انتظامیہ چھ ونان زِ نٔو پُل چھُ آتھوار دۄہ صُبحَس گاڑِیَن خٲطرٕ یلہٕ یِوان کرنہٕ تہٕ لُکھ چھِ خۄش۔"],
    "en": [ENGLISH],
    "fr": ["La mairie a annoncé que le nouveau pont ouvrirait à la circulation dimanche matin."],
    "he": ["העירייה הודיעה כי הגשר החדש ייפתח לתנועה ביום ראשון בבוקר."],
    "tr": ["Belediye, yeni köprünün pazar sabahı trafiğe açılacağını duyurdu ve halk çok sevindi."],
}
MIXED = [ARABIC, ARABIC, PERSIAN, ENGLISH, "محمد علي"]
FOREIGN = [(code, text) for code, texts in OTHERS.items() for text in texts]
# Kurmanji in Arabic letters may pass for Sorani; all that matters is that it doesn't pass for Arabic.
KURMANJI = "شارەوانیێ گۆت کو پرا نوی دێ سپێدا ئێکشەمبیێ ل بەر ترومبێلان ڤەبیت و خەلک گەلەک کەیفخۆش بوون."


def article(text, url="https://example.org/a"):
    day = dt.datetime(2024, 5, 12, tzinfo=dt.timezone.utc)
    return Article(url, url, "example.org", None, text, None, day.date(), "fetched", day, "d.warc", 0, len(text))


@pytest.mark.parametrize("text", VARIETIES.values(), ids=VARIETIES.keys())
def test_every_variety_of_arabic_is_arabic(text):
    verdict = identify(text)
    assert verdict.language == "ar"
    assert verdict.score == 1.0
    assert verdict.evidence.startswith("words ")


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_neighbours_and_others_are_named(code, text):
    assert identify(text).language == code


def test_kurmanji_is_not_arabic():
    assert identify(KURMANJI).language in {"kmr", "ckb"}


@pytest.mark.parametrize("text", ["", "\n\n", "123 456", "!?… ***", "😀😀", "٢٠٢٤/٠٥/١٢"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_texts_without_letters_have_no_language(backend, text):
    assert BACKENDS[backend](text)[:2] == ("und", 0.0)


def test_names_alone_are_left_to_langdetect():
    assert identify("محمد علي\nسعاد حسني").evidence == "langdetect"


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        ([ARABIC, ARABIC, ENGLISH], "ar"),
        ([ARABIC, ENGLISH, ENGLISH], "en"),
        ([ARABIC, ARABIC, PERSIAN], "ar"),
        ([PERSIAN, PERSIAN, ARABIC], "fa"),
        (["محمد علي", ARABIC, "سعاد حسني"], "ar"),  # names follow the rest
        (["محمد علي", PERSIAN, "سعاد حسني"], "fa"),
    ],
)
def test_the_main_language_of_a_mixed_page_counts(lines, language):
    verdict = identify("\n".join(lines))
    assert verdict.language == language
    assert verdict.score > 0.5


def test_the_score_is_the_share_of_letters():
    half = identify(f"{ARABIC}\n{PERSIAN}")
    assert identify(f"{ARABIC}\n{ARABIC}\n{PERSIAN}").score > half.score > 0.5


def test_langdetect_is_seeded():
    mixed = f"{ENGLISH} Le conseil a dit que le nouveau pont ouvrirait dimanche."
    assert len({ask_langdetect(mixed) for _ in range(5)}) == 1


def test_langdetect_reads_a_bounded_sample():
    assert ask_langdetect(f"{ENGLISH} " * 13) == ask_langdetect(f"{ENGLISH} " * 13 + PERSIAN * 1000)


@given(st.text(max_size=200))
def test_any_text_has_a_verdict(text):
    verdict = identify(text)
    assert verdict.language
    assert 0.0 <= verdict.score <= 1.0
    assert identify(text) == verdict


@given(st.permutations(MIXED))
def test_the_order_of_lines_does_not_matter(lines):
    assert identify("\n".join(lines)) == identify("\n".join(MIXED))


def test_an_arabic_article_gets_its_language_and_score():
    kept = keep_arabic(article(ARABIC), LanguageRules())
    assert (kept.language, kept.language_score) == ("ar", 1.0)
    assert kept._replace(language="", language_score=0.0) == article(ARABIC)


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_another_language_is_refused_by_its_code(code, text):
    with pytest.raises(Rejection) as refusal:
        keep_arabic(article(text), LanguageRules())
    assert (refusal.value.reason, refusal.value.detail) == ("not_arabic", code)


def test_too_little_arabic_is_refused_with_its_share():
    page = article(f"{ARABIC}\n{ENGLISH}\n{PERSIAN}")
    with pytest.raises(Rejection, match=r"not_arabic.*ar 0\.3"):
        keep_arabic(page, LanguageRules())
    assert keep_arabic(page, LanguageRules(min_score=0.3)).language == "ar"


def test_langdetect_alone_can_be_chosen():
    assert keep_arabic(article(ARABIC), LanguageRules(detector="langdetect")).language_score > 0.99


def test_an_unknown_detector_is_refused_before_work_starts():
    with pytest.raises(ValueError, match="letters, langdetect"):
        LanguageRules(detector="magic")


def test_every_article_leaves_by_exactly_one_door():
    pipeline = TestPipeline()
    result = pipeline | beam.Create([article(ARABIC, "a"), article(PERSIAN, "b"), article("٤٢", "c")]) | KeepArabic()
    assert_that(result[KEPT] | "Urls" >> beam.Map(lambda kept: kept.url), equal_to(["a"]), "kept")
    rows = result[REJECTED] | "Rows" >> beam.Map(lambda row: (row.url, row.stage, row.reason, row.detail))
    wanted = [("b", "language", "not_arabic", "fa"), ("c", "language", "not_arabic", "und")]
    assert_that(rows, equal_to(wanted), "rejected")
    run = pipeline.run()
    run.wait_until_finish()
    counters = {
        c.key.metric.name: c.committed
        for c in run.metrics().query()["counters"]
        if c.key.metric.namespace == "language"
    }
    assert counters == {"pages_in": 3, "pages_out": 1, "pages_rejected_not_arabic": 2}
