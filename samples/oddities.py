"""The pages that must be refused, each with the door it has to leave by."""

import dataclasses
import random
import re
from typing import Final

from samples import furniture as around
from samples.articles import stories
from samples.templates import View, foreign, gallery

HTML: Final = "text/html; charset=utf-8"
QUALITY: Final = tuple(
    f"quality/{reason}"
    for reason in (
        "few_sentences", "duplicate_lines", "repeated_words", "odd_words", "few_letters", "no_stop_words",
        "unpunctuated", "short_lines",
    )
)  # fmt: skip
NO_ARTICLE: Final = ("extract/not_an_article", "extract/no_main_text", "clean/too_short", *QUALITY)


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A response, or a ready text, that is no Arabic article. `reasons` are stage/reason, the expected one first."""

    url: str
    reasons: tuple[str, ...]
    note: str
    body: bytes
    status: str = "200 OK"
    content_type: str = HTML
    title: str = ""  # of a ready text
    location: str = ""  # of a redirect


def _page(title: str, body: str, head: str = "") -> bytes:
    return (
        f'<!DOCTYPE html>\n<html lang="ar" dir="rtl">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n{head}\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _framed(title: str, body: str) -> bytes:
    """A page with the usual menus around `body`."""
    return _page(f"{title} - بوابة المحروسة", f"{around.menu()}<main>{body}</main>{around.footer('بوابة المحروسة')}")


def _foreign(slug: str, reasons: tuple[str, ...], note: str, switcher: str = "", summary: str = "") -> Refusal:
    story, host = stories()[slug], f"{slug}.example"
    lines = (*story.paragraphs, summary) if summary else story.paragraphs
    view = View(
        story.title, lines, f"https://{host}/news/1", host, switcher, "", "", (), "", '<meta charset="utf-8">', 0
    )
    return Refusal(view.url, reasons, note, foreign(view).encode())


_SWITCHER: Final = '<a href="/ar">العربية</a> <a href="/en">English</a> <a href="/fa">فارسی</a>'
_SCREEN: Final = ("screen/no_arabic_bytes",)
_EITHER: Final = ("screen/no_arabic_bytes", "language/not_arabic")
_LANGUAGE: Final = ("language/not_arabic",)


def other_languages() -> list[Refusal]:
    summary = "يفتح المركز الرياضي في الناصرة أبوابه من جديد في الربيع بعد أعمال ترميم واسعة. وستكون اللافتات بالعبرية والعربية."
    return [
        _foreign("en-rail", _SCREEN, "English"),
        _foreign("en-arabic-switcher", _EITHER, "English; one Arabic word in the language switcher", _SWITCHER),
        _foreign("fr-vendanges", _SCREEN, "French"),
        _foreign("fa-metro", _LANGUAGE, "Persian"),
        _foreign("fa-saffron", _LANGUAGE, "Persian, with an Arabic link in the language switcher", _SWITCHER),
        _foreign("ur-books", _LANGUAGE, "Urdu"),
        _foreign("ckb-school", _LANGUAGE, "Sorani Kurdish"),
        _foreign("he-garden", _SCREEN, "Hebrew"),
        _foreign("he-arabic-summary", ("language/not_arabic", "screen/no_arabic_bytes"), "Hebrew with a summary in Arabic", _SWITCHER, summary),
    ]  # fmt: skip


def not_pages() -> list[Refusal]:
    """Records that the reader rejects: errors, redirects, other media, empty bodies, absurd sizes."""
    site = "https://mahrousa.example"
    not_found = _framed(
        "404", "<h1>عفوا، الصفحة المطلوبة غير موجودة</h1><p>ربما نقل المحتوى أو حذف، ويمكنك البحث عنه.</p>"
    )
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    error = _page("خطأ", "<p>حدث خطأ في الخادم.</p>")
    return [
        Refusal(f"{site}/news/gone", ("read/http_error",), "HTTP 404 with an Arabic page", not_found, "404 Not Found"),
        Refusal(f"{site}/news/error", ("read/http_error",), "HTTP 500", error, "500 Internal Server Error"),
        Refusal(f"{site}/old", ("read/http_error",), "HTTP 301", b"", "301 Moved Permanently", location=f"{site}/"),
        Refusal(f"{site}/busy", ("read/http_error",), "HTTP 503 without a body", b"", "503 Service Unavailable"),
        Refusal(f"{site}/images/1.png", ("read/not_html",), "an image", png, content_type="image/png"),
        Refusal(f"{site}/report.pdf", ("read/not_html",), "a PDF", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", content_type="application/pdf"),
        Refusal(f"{site}/api/latest", ("read/not_html",), "JSON with Arabic in it", '{"عاجل": "خبر"}'.encode(), content_type="application/json"),
        Refusal(f"{site}/robots.txt", ("read/not_html",), "plain text as a web response", b"User-agent: *\nDisallow:\n", content_type="text/plain"),
        Refusal(f"{site}/empty", ("read/not_html",), "HTTP 200 with an empty body", b""),
        Refusal(f"{site}/huge", ("read/too_large",), "eleven megabytes of comment", _page("ضخم", f"<!-- {'x' * 11_000_000} -->")),
    ]  # fmt: skip


def not_articles() -> list[Refusal]:
    """Arabic pages that hold no article."""
    site = "https://mahrousa.example"
    teasers = "".join(
        f'<div class="item"><a href="/{n}"><h3>{text}</h3></a><span>منذ {n + 1} ساعات</span></div>'
        for n, text in enumerate(around.HEADLINES)
    )
    results = "<h1>نتائج البحث عن: القمح</h1><p>لم يتم العثور على نتائج تطابق بحثك.</p>"
    missing = "<h1>الصفحة غير موجودة</h1><p>عذرا، الصفحة التي تبحث عنها غير موجودة أو تم نقلها.</p><form><input><button>بحث</button></form>"
    album = View(
        "ألبوم: لقطات من شوارع المدينة",
        (),
        f"{site}/albums/9",
        "بوابة المحروسة",
        "صور",
        "",
        "السبت 05 أبريل 2025",
        (),
        "",
        '<meta charset="utf-8">',
        3,
    )
    script = '<div id="root"></div><script>window.__STATE__={"title":"عنوان الخبر","body":"نص الخبر الذي لا يظهر إلا بعد تشغيل البرنامج في المتصفح"}</script>'
    nested = (
        around.menu()
        + around.box("أخبار", 0, count=9)
        + "<div>" * 100_000
        + "<p>نص في قاع مئة ألف وسم لا يصل إليه أحد.</p>"
    )
    return [
        Refusal(f"{site}/", NO_ARTICLE, "front page: headlines only", _framed("الصفحة الرئيسية", teasers)),
        Refusal(f"{site}/tag/wheat", NO_ARTICLE, "a tag's page", _framed("وسم: القمح", f"<h1>وسم: القمح</h1>{teasers}<a>الصفحة التالية</a>")),
        Refusal(f"{site}/search?q=1", NO_ARTICLE, "search without results", _framed("بحث", results)),
        Refusal(f"{site}/news/missing", NO_ARTICLE, "soft 404: HTTP 200 and الصفحة غير موجودة", _framed("خطأ 404", missing)),
        Refusal(album.url, NO_ARTICLE, "gallery without a text", gallery(album).encode()),
        Refusal("https://spa.example/story/1", NO_ARTICLE, "the text stands in a script only", _page("عنوان الخبر", script)),
        Refusal(f"{site}/members", NO_ARTICLE, "a wall: subscribers only", _framed("للمشتركين", "<h1>هذا المحتوى للمشتركين فقط</h1><p>سجل الدخول لمتابعة القراءة.</p>")),
        Refusal("https://deep.example/nested", ("extract/no_main_text", "extract/not_an_article", "extract/parse_timeout", "extract/parse_crash", "extract/error", "clean/too_short", *QUALITY), "hostile: 100,000 nested tags", _page("عميق", nested)),
        Refusal("https://noise.example/", ("decode/undecodable", "screen/no_arabic_bytes", "extract/no_main_text", "language/not_arabic"), "random bytes called HTML", b"<html><body>" + random.Random(7).randbytes(3000), content_type="text/html"),  # noqa: S311
    ]  # fmt: skip


_TAGS: Final = (
    "سيارات مستعملة", "شقق للإيجار", "أثاث مكتبي", "هواتف ذكية", "عطور رجالية", "ساعات يد", "أجهزة منزلية",
    "دراجات نارية", "ملابس أطفال", "حقائب نسائية", "كتب مدرسية", "ألعاب إلكترونية", "أدوات مطبخ", "سجاد إيراني",
    "طيور زينة", "قطع غيار", "أراض زراعية", "محلات تجارية", "وظائف شاغرة", "دروس خصوصية", "خدمات نقل",
)  # fmt: skip


def bad_texts() -> list[Refusal]:
    """Ready texts that are no prose."""
    site = "https://texts.example"
    stuffed = " ".join(["أسعار الذهب اليوم سعر الذهب عيار 21 شراء الذهب بيع الذهب أونلاين"] * 14) + "."
    advertisement = (
        "حمل التطبيق الآن واحصل على آخر الأخبار من مصدرها الأول.\n"
        "تابع صفحتنا على مواقع التواصل لتصلك الأخبار العاجلة في وقتها.\n"
    )
    table = [
        f"أسبوع {n}: {n * 37}.20 / {n * 38}.10 / {n * 36}.90 (+0.{n}%) {n * 104729} - {n * 7919}." for n in range(1, 29)
    ]
    glued = re.sub(r"(\S+) (\S+) (\S+) (\S+) ", r"\1\2\3\4 ", stories()["port-deal"].text)
    names = "\n".join((*around.MENU, *_TAGS, *around.MENU))
    urdu = stories()["ur-mangoes"]
    return [
        Refusal(f"{site}/gold", ("quality/repeated_words", *QUALITY), "keyword stuffing", stuffed.encode(), title="أسعار الذهب"),
        Refusal(f"{site}/app", ("quality/duplicate_lines", *NO_ARTICLE), "two lines, twelve times", advertisement.encode() * 12, title="التطبيق"),
        Refusal(f"{site}/table", ("quality/few_letters", *NO_ARTICLE), "a table of numbers", "\n".join(table).encode(), title="النتائج"),
        Refusal(f"{site}/cloud", ("quality/no_stop_words", *NO_ARTICLE), "a cloud of tags in one line", "، ".join(_TAGS).encode(), title="إعلانات"),
        Refusal(f"{site}/glued", ("quality/odd_words", *NO_ARTICLE), "words that lost the spaces between them", glued.encode(), title="ميناء"),
        Refusal(f"{site}/names", ("quality/short_lines", *NO_ARTICLE), "labels, one a line", names.encode(), title="الأقسام"),
        Refusal(f"{site}/titles", ("quality/unpunctuated", *NO_ARTICLE), "headlines only", "\n".join(around.HEADLINES).encode(), title="العناوين"),
        Refusal(f"{site}/tiny", ("clean/too_short", *NO_ARTICLE), "one sentence", "التفاصيل الكاملة بعد قليل في نشرة الأخبار المسائية على شاشتنا.".encode(), title="عاجل"),
        Refusal(f"{site}/urdu", ("language/not_arabic",), "ready text in Urdu", urdu.text.encode(), title=urdu.title),
    ]  # fmt: skip
