"""Markup in plain text is parsed, and plain text stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.extract.body.text_markup import without_markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("سطر أول\nسطر ثان", "سطر أول\nسطر ثان"),
        ("<p>سطر أول</p><p>سطر ثان</p>", "سطر أول\nسطر ثان"),
        ("<p>سطر\nواحد</p>\n<p>سطر ثان</p>", "سطر واحد\nسطر ثان"),
        ("سطر أول<br>سطر ثان<br/>ثالث", "سطر أول\nسطر ثان\nثالث"),
        ("سطر أول\n\nسطر <br> ثان", "سطر أول\nسطر\nثان"),  # as an editor of posts stores it
        ("سطر <b>أول</b>\nسطر <a href='/1'>ثان</a>", "سطر أول\nسطر ثان"),
        ("قال &quot;نعم&quot; &#1571;&#1605;&#x633;", 'قال "نعم" أمس'),
        ("&lt;p&gt;سطر أول&lt;/p&gt;&lt;p&gt;قال &amp;quot;نعم&amp;quot;&lt;/p&gt;", 'سطر أول\nقال "نعم"'),
        ("<p>نص</p><script>var a = '<p>';</script><style>p {}</style>", "نص"),
        ("<div>أول<ul><li>ثان</li><li>ثالث</li></ul></div>رابع", "أول\nثان\nثالث\nرابع"),
        ("شركة AT&T؛ و a < b > c &co", "شركة AT&T؛ و a < b > c &co"),
        ("نقطة&nbsp;هنا", "نقطة\xa0هنا"),
        ("", ""),
    ],
)
def test_lines_of_a_text(text, expected):
    assert without_markup(text) == expected


@given(st.text(alphabet="نص <>&\n#;") | st.text())
def test_a_text_without_tags_and_references_stays(text):
    plain = text.replace("<", "(").replace("&", "+")
    assert without_markup(plain) == plain
