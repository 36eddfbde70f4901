"""Files that are no page are named, whatever they are called; pages and prose are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.extract.body.document_kind import read_document_kind

PROSE = "أعلنت الوزارة اليوم, في بيان, بدء المشروع الجديد."


def kind_of(document):
    return next((sign.value for sign in read_document_kind(document)), None)


KINDS = {
    "an RSS feed": [
        '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>أخبار</title></channel></rss>',
        "<!-- made by hand --><rss><channel/></rss>",
        '<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><rdf:RDF xmlns="x"><item/></rdf:RDF>',
    ],
    "an Atom feed": [
        '\ufeff<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>',
        "<feed xmlns='x'></feed>",
    ],
    "a sitemap": ["<?xml version='1.0'?><urlset><url/></urlset>"],
    "an image": ["<svg xmlns='x'><text>نص</text></svg>"],
    "XML with the root nitf": ["<?xml version='1.0'?><nitf><body>نص</body></nitf>"],
    "JSON: a file of it is read in UTF-8": ['{"url": "u", "text": "نص"}\n', '[\n {"title" : "خبر"}]', '{"items": [1]}'],
    "SQL": [
        "INSERT INTO posts VALUES (1, 'خبر');",
        "-- MySQL dump 10.13\n--\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `posts` (id int);",
        "insert into posts (id) values (1)",
    ],
    "subtitles": [
        "1\n00:00:01,000 --> 00:00:02,000\nقال الوزير\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nقال",
        "[00:12.00]سطر أول\n[00:15.00]سطر ثان\n[00:17.00]ثالث\n[00:19.00]رابع",
    ],
    "source code": [
        '#!/usr/bin/env python\nprint("نص")',
        'import os\n\ndef greet(name):\n    message = "أهلا"\n    return message\n',
        'var words = {\n  "home": "الرئيسية",\n  "news": "أخبار"\n};\nfunction go() {\n  return words;\n}',
        "# إعدادات\ntitle = موقع الأخبار\nhome = الرئيسية\nnews = أخبار\nsport = رياضة",
        "<?php\n$title = 'أخبار';\necho $title;\n",
    ],
    "an e-mail": ["Received: from a.example\nSubject: خبر\n\nنص"],
    "a calendar": ["BEGIN:VCALENDAR\nSUMMARY:اجتماع"],
    "LaTeX": ["% تقرير\n\\documentclass{article}"],
    "a translation file": ['msgid "home"\nmsgstr "الرئيسية"'],
    "a log": ["2024-05-12 10:00:00 بدأ\n2024-05-12 10:00:01 انتهى\n2024-05-12 10:00:01 خطأ\n2024-05-12 10:00:02 بدأ"],
}


@pytest.mark.parametrize(("kind", "document"), [(kind, one) for kind, many in KINDS.items() for one in many])
def test_what_is_no_page_is_named(kind, document):
    assert kind_of(document) == kind


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_are_known_by_their_rows(sign, end):
    rows = [["id", "title", "text"], ["1", "خبر", f'"{PROSE}\nوسطر ثان"'], ["2", "خبر آخر", f'"{PROSE}"']]
    assert "a table of values separated by" in kind_of(end.join(sign.join(row) for row in rows))


@pytest.mark.parametrize(
    "document",
    [
        PROSE,
        "\n".join([PROSE] * 5),
        "عاجل, خبر مهم\n" + "\n".join([PROSE] * 5),
        "القاهرة،دبي\nأعلن الوزير،اليوم\nقال المدير،أمس",
        "العنوان;تفاصيل\nقال الوزير; إن المشروع\nانتهى النص.",
        "(1) قال الوزير: «نعم».\n(2) قال المدير: «لا».\n(3) وقال آخر: «ربما».\n(4) انتهى.",
        "* البند الأول من القرار.\n* البند الثاني من القرار.\n* البند الثالث.\n* البند الرابع.",
        "10:30 وصل الوزير.\n10:45 بدأ الاجتماع.\n11:00 انتهى الاجتماع.\n11:30 غادر الوزير.",
        "<!DOCTYPE html><html><body><p>نص</p></body></html>",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html xmlns="x"><body/></html>',
        '<?xml version="1.0"?>\n<html><body/></html>',
        "<?php echo 1 ?><html><body><p>نص</p></body></html>",
        "<p>نص</p>",
        "var a = 1;\nvar b = 2;\nvar c = 3;\nvar d = 4;\n<html><body><p>نص</p></body></html>",
        '<wml><card title="خبر"><p>نص</p></card></wml>',
        "",
    ],
)
def test_pages_and_prose_are_not(document):
    assert kind_of(document) is None


@given(st.text())
def test_any_text_is_looked_at_without_an_error(text):
    assert kind_of(text) is None or isinstance(kind_of(text), str)


@pytest.mark.parametrize(
    "hostile",
    [
        " " * 10**6,
        "/**/" * 20_000 + "x",
        "<!---->" * 10_000 + "x",
        "<?a ?>" * 10_000,
        "From " + "@" * 70_000,
        'a=")' + " " * 60_000 + "x\n" * 5,
        "-- \n" * 20_000,
        "a,b\n" + '"' * 70_000,
        "; " * 40_000,
    ],
    ids=lambda text: text[:9],
)
def test_no_pattern_hangs_on_a_hostile_document(hostile):
    assert kind_of(hostile) in {None, "source code"}
