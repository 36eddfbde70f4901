"""Arabic that was escaped twice is decoded; escapes in code, in attributes and in texts about code stay."""

import html

import pytest

from warraq.transforms.decode.escapes import unescape_twice

PROSE = "أعلنت الوزارة اليوم بدء المشروع الجديد في المدينة"
ENOUGH = 10


def references(text):
    return "".join(sign if sign.isascii() else f"&#{ord(sign)};" for sign in text)


def literal(text, backslashes="\\"):
    return "".join(sign if sign.isascii() else f"{backslashes}u{ord(sign):04x}" for sign in text)


@pytest.mark.parametrize("times", [1, 2])
def test_references_that_were_escaped_again(times):
    escaped = references(PROSE)
    for _ in range(times):
        escaped = escaped.replace("&", "&amp;")
    decoded = unescape_twice(f"<p>{escaped} &amp;quot;AT&amp;T&amp;quot;</p>", ENOUGH, is_text=False)
    assert html.unescape(decoded) == f'<p>{PROSE} "AT&T"</p>'


@pytest.mark.parametrize("backslashes", ["\\", "\\\\"])
def test_literal_escapes_in_the_text_of_a_page(backslashes):
    page = f"<html><body class='a'><p>{literal(PROSE, backslashes)}\\nثم \\\"قال\\\"</p></body></html>"
    decoded = f"<html><body class='a'><p>{PROSE}\nثم \"قال\"</p></body></html>"
    assert unescape_twice(page, ENOUGH, is_text=False) == decoded


def test_escaped_tags_become_no_markup():
    page = f"<p>{literal(PROSE)}\\u003cscript\\u003e\\u0026amp;</p>"
    assert unescape_twice(page, ENOUGH, is_text=False) == f"<p>{PROSE}&lt;script>&amp;amp;</p>"


def test_halves_of_a_character_are_joined():
    assert unescape_twice(f"{literal(PROSE)} \\ud83d\\ude00", ENOUGH, is_text=True) == f"{PROSE} \U0001f600"


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{PROSE}</p>",
        f'<script>var a = "{literal(PROSE)}\\n";</script><p>{PROSE}</p>',
        f"<div data-json='{literal(PROSE)}'>{PROSE}</div>",
        f"<p>{references(PROSE)}</p>",
        f"<p>The letter {literal('أبت')} is written &amp;#1575; in HTML.</p>",
        "<p>C:\\users\\new &amp;amp; &amp;lt;p&amp;gt;</p>",
    ],
)
def test_other_pages_stay(page):
    assert unescape_twice(page, ENOUGH, is_text=False) == page
