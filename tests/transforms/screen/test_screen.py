"""Arabic passes in every encoding, other languages and language switchers don't."""

import datetime as dt
import functools
import html
import time

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page, Source
from warraq.transforms.screen.screen import ScreenRules, screen
from warraq.transforms.screen.stage import ScreenPages
from warraq.transforms.step import KEPT, REJECTED, Rejection

RULES = ScreenRules()
PROSE = (
    "أعلنت وزارة النقل اليوم افتتاح الطريق الساحلي الجديد بعد ثلاث سنوات من العمل المتواصل، وقالت إن المشروع سيقلل "
    "زمن السفر بين المدينتين إلى النصف، وإن الحركة عليه ستكون مجانية حتى نهاية العام الحالي."
)
# Alef, lam and others in their isolated and joined shapes, as old PDF and CMS exports write them.
FORMS = {"ا": "\ufe8e", "ل": "\ufee0", "ن": "\ufee8", "م": "\ufee4", "ي": "\ufef4", "ت": "\ufe98", "و": "\ufeee"}


def page(content, is_text=False, url="u"):
    source = Source(url, dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc), "d", 0, len(content))
    return Page(source, content, is_text, None, None)


def passes(content, is_text=False):
    try:
        return screen(page(content, is_text), RULES) is not None
    except Rejection:
        return False


def in_html(text, filler=0):
    return f"<!DOCTYPE html><html><head><title>x</title></head><body>{'<br class=pad>' * filler}<p>{text}</p></html>"


def escaped(form):
    return lambda text: "".join(c if c.isascii() else form(ord(c)) for c in text).encode()


def mac(text):
    return b"".join(c.encode() if c.isascii() else c.encode("mac_arabic") for c in text)


def misread(text, codec, wrong):
    """The text as UTF-8, after its bytes were read in a wrong charset."""
    return text.encode(codec).decode(wrong, "replace").encode()


ENCODINGS = {
    "utf-8": str.encode,
    "windows-1256": lambda text: text.encode("cp1256"),
    "iso-8859-6": lambda text: text.encode("iso8859_6"),
    "mac": mac,
    "utf-16 with BOM": lambda text: text.encode("utf-16"),
    "utf-16le": lambda text: text.encode("utf-16-le"),
    "utf-16be": lambda text: text.encode("utf-16-be"),
    "utf-32 with BOM": lambda text: text.encode("utf-32"),
    "decimal": escaped("&#{};".format),
    "hexadecimal": escaped("&#x{:x};".format),
    "upper-case hexadecimal": escaped("&#X{:04X};".format),
    "decimal with zeros": escaped("&#0{};".format),
    "hexadecimal with zeros": escaped("&#x0{:X};".format),
    "script": escaped("\\u{:04x}".format),
    "upper-case script": escaped("\\u{:04X}".format),
    "script in a script": escaped("\\\\u{:04x}".format),
    "presentation forms": lambda text: "".join(FORMS.get(c, c) for c in text).encode(),
    "presentation forms, decimal": lambda text: escaped("&#{};".format)("".join(FORMS.get(c, c) for c in text)),
    "presentation forms, script": lambda text: escaped("\\u{:04X}".format)("".join(FORMS.get(c, c) for c in text)),
    "utf-8 twice": lambda text: text.encode().decode("latin-1").encode(),
    "utf-8 read as windows-1256": lambda text: text.encode().decode("cp1256").encode(),
    "decimal, escaped again": escaped("&amp;#{};".format),
    "decimal, escaped twice again": escaped("&amp;amp;#{};".format),
    **{
        f"{codec} read as {wrong}": functools.partial(misread, codec=codec, wrong=wrong)
        for codec in ("utf-8", "cp1256")
        for wrong in ("cp437", "cp850", "mac_roman", "cp1250", "cp1251", "iso8859-15")
    },
    "windows-1256 read as windows-1252": lambda text: text.encode("cp1256").decode("cp1252", "replace").encode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("text", [PROSE, in_html(PROSE), in_html(PROSE * 4, filler=5000)], ids=["text", "page", "long"])
def test_arabic_passes_in_every_encoding(encode, text):
    assert passes(encode(text), is_text=not text.startswith("<"))


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("The road along the coast was opened today after three years of work. “Good”, said one. " * 20, "cp1252"),
        (
            "La route côtière a été ouverte après trois années de travaux, déclarait hier le maire. " * 20
            + "Ça à Málaga",
            "cp1252",
        ),
        (
            "La route côtière a été ouverte après trois années de travaux, déclarait hier le maire. " * 20
            + "Ça à Málaga",
            "utf-8",
        ),
        ("Küstenstraße nach drei Jahren eröffnet, größere Überraschungen blieben aus. " * 20, "cp1252"),
        ("Прибрежная дорога открылась сегодня после трёх лет работ, заявил министр. " * 20, "cp1251"),
        ("Прибрежная дорога открылась сегодня после трёх лет работ, заявил министр. " * 20, "koi8-r"),
        ("Прибрежная дорога открылась сегодня после трёх лет работ, заявил министр. " * 20, "utf-8"),
        ("Ο παραλιακός δρόμος άνοιξε σήμερα μετά από τρία χρόνια εργασιών. " * 20, "cp1253"),
        ("כביש החוף נפתח היום לאחר שלוש שנות עבודה, כך נמסר ממשרד התחבורה. " * 20, "cp1255"),
        ("沿海公路经过三年施工今天正式通车，轻型车辆免费通行。" * 20, "gbk"),
        ("沿海公路經過三年施工今天正式通車，輕型車輛免費通行。" * 20, "big5"),
        ("海岸道路は三年の工事を経て本日開通しました。" * 20, "shift_jis"),
        ("해안 도로가 삼 년의 공사 끝에 오늘 개통되었습니다. 한국의 하늘. " * 20, "euc-kr"),
        ("ถนนเลียบชายฝั่งเปิดใช้วันนี้หลังก่อสร้างสามปี " * 20, "cp874"),
        ("Kystveien Østfold åpnet i dag, Ørje og Ås er fornøyd. " * 20, "utf-8"),
    ],
)
def test_other_languages_do_not_pass(text, charset):
    assert not passes(in_html(text).encode(charset))


def test_the_reason_is_stated():
    with pytest.raises(Rejection) as refusal:
        screen(page(b"English"), RULES)
    assert refusal.value.reason == "no_arabic_bytes"


def test_a_language_switcher_does_not_pass():
    menu = "<a href=/ar>العربية</a> <a href=/ar-eg>مصر (العربية)</a> <a href=/fa>فارسی</a>"
    assert not passes(in_html(menu + "The road was opened. " * 200, filler=100).encode())


def test_numeric_references_of_latin_punctuation_do_not_pass():
    assert not passes(in_html("&#8217;s &#160; &#151; &#169; " * 200).encode())


@pytest.mark.parametrize("content", [b"", b"a", b"ab", b"\0", b"\xff\xfe", b"\xc7" * 3, b"\x89PNG\r\n\x1a\n\0\0\0"])
def test_tiny_and_binary_content_does_not_pass(content):
    assert not passes(content)


LETTERS = "اللاايلموانرتبعدةفسهقأكحجشصىطخزضثذغئءظ"  # the frequent ones more often
# Each page has at least the 100 letters that suffice, and a fifth of them alef and lam, as in prose.
texts = st.lists(st.text(LETTERS, min_size=2, max_size=9), min_size=80, max_size=160).map(
    lambda words: " ".join(["ال" + word for word in words])
)
markup = st.sampled_from(
    ["<br class=pad>", '{"a":"\\u003cp\\u003e"},', "&nbsp;&#8217;s", "#menu a{color:#ffeedd}", "\n", "x"]
)


@given(
    texts, st.sampled_from(sorted(ENCODINGS)), st.lists(markup, max_size=8), st.integers(0, 3000), st.integers(0, 127)
)
@settings(deadline=None, max_examples=50)
def test_a_paragraph_is_found_anywhere_in_a_page(text, name, around, times, shift):
    filler = "".join(around) * times
    plain = filler[:200_000] + "x" * shift + "<p>" + text + "</p>" + filler[:50_000]
    assert passes(ENCODINGS[name]("<!DOCTYPE html><html><head><title>a page</title></head>" + plain))


@given(st.sampled_from(["utf-8", "decimal", "script"]), st.integers(0, 20_000), texts)
@settings(deadline=None, max_examples=50)
def test_more_arabic_is_never_less(name, filler, text):
    content = ENCODINGS[name]("." * filler + PROSE)
    assert not passes(content) or passes(content + ENCODINGS[name](text))


MENU = (
    "English Français Deutsch Español Português Italiano Türkçe Русский Українська 中文 日本語 한국어 हिन्दी বাংলা ไทย "
    "Tiếng Việt Ελληνικά עברית العربية فارسی اردو کوردی پښتو العربية (مصر) العربية (السعودية) ئۇيغۇرچە سنڌي"
)


@given(
    st.permutations(MENU.split(" ")),
    st.sampled_from(["utf-8", "decimal", "hexadecimal", "script"]),
    st.integers(2500, 30_000),
)
@settings(deadline=None, max_examples=50)
def test_a_menu_of_many_languages_does_not_pass(languages, name, filler):
    menu = "".join(f"<a href=/{number}>{language}</a>" for number, language in enumerate(languages))
    assert not passes(ENCODINGS[name](in_html(menu + "<p>The road was opened.</p>", filler)))


HOSTILE = {
    "references": b"&#",
    "zeros": b"&#0000000000000000",
    "nearly references": b"&#157",
    "backslashes": b"\\",
    "nearly escapes": rb"\u06",
    "D8": b"\xd8",
    "D8 and ASCII": b"\xd8a",
    "alef of windows-1256": b"\xc7 ",
    "NULs": b"\0",
}


@pytest.mark.parametrize("piece", [*HOSTILE.values(), b"&#" + b"0" * 10**7], ids=[*HOSTILE, "one long reference"])
def test_ten_megabytes_of_anything_are_judged_quickly(piece):
    content = piece * (10**7 // len(piece))
    began = time.process_time()
    passes(content)
    assert time.process_time() - began < 3  # 0.01 to 0.3 s; a quadratic search takes hours


@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(content):
    assert passes(content) in (True, False)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_around_prose_in_utf8_do_not_hide_it(before, after):
    assert passes(before + html.escape(PROSE * 2).encode() + after)


def test_every_page_has_one_output():
    pages = [page(in_html(PROSE).encode()), page(in_html("English").encode(), url="en")]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(pages) | ScreenPages()
        assert_that(doors[KEPT] | "KeptUrl" >> beam.Map(lambda kept: kept.source.url), equal_to(["u"]), "kept")
        reasons = doors[REJECTED] | beam.Map(lambda row: (row.source.url, row.stage, row.reason, row.source.bytes))
        assert_that(reasons, equal_to([("en", "screen", "no_arabic_bytes", len(pages[1].content))]), "rejected")
    counted = {
        metric.key.metric.name: metric.committed
        for metric in pipeline.result.metrics().query()["counters"]
        if metric.key.metric.namespace == "screen"
    }
    assert counted == {"pages_in": 2, "pages_out": 1, "pages_rejected_no_arabic_bytes": 1}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"min_letters": -1}, "screen_min_letters must be at least 0, not -1"),
        ({"short_letters": -1}, "screen_short_letters must be at least 0, not -1"),
        ({"short_share": 5}, "screen_short_share must be from 0 to 1, not 5"),
        ({"min_alef_lam": -0.1}, "screen_min_alef_lam must be from 0 to 1, not -0.1"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        ScreenRules(**rules)
