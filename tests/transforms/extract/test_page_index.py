import pytest
from lxml.html import fromstring

from warraq.transforms.extract.page import parse
from warraq.transforms.extract.page_index import look

PAGE = """<html><head><title>عنوان</title></head><body class="single"><h1 itemprop="headline">خبر</h1>
<p class="lead" data-date="2026-10-01">أول <b>نص</b> بعده</p><p>ثان</p><time itemprop="datePublished">اليوم</time></body></html>"""


@pytest.fixture
def page():
    return look(parse(PAGE))


def test_every_element_is_seen_once_in_document_order(page):
    assert [element for element, *_ in page.elements] == list(page.tree.iter())
    assert [tag for _, tag, _, _ in page.elements] == ["html", "head", "title", "body", "h1", "p", "b", "p", "time"]


def test_texts_are_those_inside_and_behind_an_element(page):
    texts = {tag: (inside.strip(), behind.strip()) for _, tag, inside, behind in page.elements}
    assert texts["b"] == ("نص", "بعده")
    assert texts["head"] == ("", "")


def test_elements_are_found_by_their_tag(page):
    assert [element.text for element in page.tagged["p"]] == ["أول ", "ثان"]
    assert page.tagged["video"] == []


def test_a_comment_has_no_tag_and_no_text_but_the_text_behind_it():
    tree = fromstring("<p>قبل<!-- قول -->بعد</p>")
    assert look(tree).elements == [(tree, "p", "قبل", ""), (tree[0], "", "", "بعد")]


@pytest.mark.parametrize(
    ("attribute", "wanted", "tags"),
    [
        ("itemprop", bool, ["h1", "time"]),
        ("itemprop", "headline".__eq__, ["h1"]),
        ("class", lambda name: "lead" in name, ["p"]),
        ("data-date", bool, ["p"]),
        ("id", bool, []),
        ("itemprop", "author".__eq__, []),
    ],
)
def test_elements_are_found_by_an_attribute_in_document_order(page, attribute, wanted, tags):
    assert [element.tag for element in page.marked(attribute, wanted)] == tags


def test_the_outermost_element_counts():
    assert look(parse("<html itemprop=x><body>نص</body></html>")).marked("itemprop", bool)[0].tag == "html"
