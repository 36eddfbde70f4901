import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.pipelines.serve.marks import Piece, cut, found, paragraphs, readable, shown, web_address


def entity(start, end, kind="person", name="اسم"):
    return {"start": start, "end": end, "kind": kind, "name": name}


@pytest.mark.parametrize(
    ("text", "entities", "expected"),
    [
        ("قال علي", [entity(4, 7)], [Piece("قال "), Piece("علي", "person", "اسم")]),
        ("😀 علي", [entity(2, 5)], [Piece("😀 "), Piece("علي", "person", "اسم")]),  # code points, not UTF-16
        ("abc", [entity(0, 2), entity(1, 3)], [Piece("ab", "person", "اسم"), Piece("c")]),  # overlapping
        ("abc", [entity(2, 9), entity(1, 1), entity(3, 2)], [Piece("abc")]),  # outside of the text, empty, reversed
        ("abc", [entity(1, 2), entity(0, 3)], [Piece("abc", "person", "اسم")]),  # in any order
        ("", [], []),
    ],
)
def test_names_are_cut_out_by_offset(text, entities, expected):
    assert cut(text, entities) == expected


@given(st.text(), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40))))
def test_no_character_is_lost(text, spans):
    pieces = cut(text, [entity(start, end) for start, end in spans])
    assert "".join(piece.text for piece in pieces) == text
    lines = ["".join(piece.text for piece in line) for line in paragraphs(pieces)]
    assert lines == [line for line in text.split("\n") if line.strip()]


def test_a_name_over_two_lines_is_marked_in_both():
    lines = paragraphs(cut("محمد\nعلي قال", [entity(0, 8)]))
    assert [[piece.kind for piece in line] for line in lines] == [["person"], ["person", ""]]


def test_what_was_found_is_marked():
    assert found("a bc d", [(2, 4)]) == [Piece("a "), Piece("bc", "found"), Piece(" d")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("قبل\u202eبعد", "قبل\\u202eبعد"), ("\x1b[31m", "\\x1b[31m"), (None, ""), (3, "3"), ("ب\u200cج", "ب\u200cج")],
)
def test_text_can_not_reorder_the_page(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://akhbar.example/1", "https://akhbar.example/1"),
        ("HTTP://akhbar.example", "HTTP://akhbar.example"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:samples/page.html", ""),
        ("java\nscript:alert(1)", ""),
        ("https://a.example/\njavascript:x", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_addresses_of_the_web_are_links(url, expected):
    assert web_address(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1?x=%20", "https://a.example/أخبار/1?x= "),
        ("https://a.example/%C7%E1", "https://a.example/%C7%E1"),  # another charset
        ("https://a.example/%D8%A3%FF", "https://a.example/%D8%A3%FF"),
        (None, ""),
    ],
)
def test_addresses_are_read_in_arabic(url, expected):
    assert readable(url) == expected


def test_an_escaped_override_does_not_reorder_the_page():
    assert shown(readable("https://a.example/%E2%80%AEmoc")) == "https://a.example/\\u202emoc"
