"""A snippet is a part of the text with the places of what was found."""

from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.search.snippet import marks, snippet
from warraq.transforms.search.words import words


def test_marks_have_the_places_in_the_text():
    text = "قالت الإمَارات إن مجلس\nالأمن اجتمع"
    found = marks(text, [("الامارات",), ("مجلس", "الامن")])
    assert [text[start:end] for start, end in found] == ["الإمَارات", "مجلس\nالأمن"]


def test_a_snippet_is_where_most_different_words_are():
    text = "نفط " * 3 + "كلمة " * 100 + "نفط وغاز ثم نفط " + "كلمة " * 100
    shown = snippet(text, [("نفط",), ("وغاز",)])
    assert text[shown.start :].startswith(shown.text)
    assert [shown.text[start:end] for start, end in shown.marks] == ["نفط", "وغاز", "نفط"]
    assert len(shown.text) <= 240


def test_a_text_without_the_words_is_shown_from_its_start():
    shown = snippet("كلمة " * 100, [("نفط",)])
    assert (shown.start, shown.marks) == (0, [])
    assert shown.text == ("كلمة " * 48).strip()


def test_mentions_are_marked_too():
    text = "كلمة " * 100 + "الأمير" + " كلمة" * 100
    shown = snippet(text, [], [(500, 506)])
    assert [shown.text[start:end] for start, end in shown.marks] == ["الأمير"]


ARABIC = st.text("ابوةلعنmم ٤ّـ\n.", max_size=600)


@given(ARABIC, st.data())
def test_what_is_in_a_text_is_marked(text, data):
    found = words(text)
    start = data.draw(st.integers(0, max(0, len(found) - 1)))
    phrase = tuple(found[start : start + data.draw(st.integers(1, 3))])
    shown = snippet(text, [phrase] if phrase else [])
    assert text[shown.start : shown.start + len(shown.text)] == shown.text
    assert len(shown.text) <= 240 or not shown.marks
    for a, b in shown.marks:
        assert 0 <= a < b <= len(shown.text)
        inside = words(shown.text[a:b])
        assert any(tuple(inside[i : i + len(phrase)]) == phrase for i in range(len(inside)))
    if phrase and len(text) <= 240:
        assert shown.marks
