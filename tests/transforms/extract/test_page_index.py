import pytest

from warraq.transforms.extract.markup import parse
from warraq.transforms.extract.page_index import index_page

PAGE = """<html><head><title>عنوان</title></head><body class="single"><h1 itemprop="headline">خبر</h1>
<p class="lead" data-date="2026-10-01">أول <b>نص</b> بعده</p><p>ثان</p><time itemprop="datePublished">اليوم</time></body></html>"""


@pytest.fixture
def page():
    return index_page(parse(PAGE))


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


def test_comments_are_left_out_and_the_texts_beside_them_stay():
    index = index_page(parse("<p>قبل<!-- قول -->بعد</p>"))
    assert [indexed[1:] for indexed in index.elements] == [("p", "قبلبعد", "")]


@pytest.mark.parametrize(
    ("attribute", "wanted", "tags"),
    [
        ("itemprop", bool, ["h1", "time"]),
        ("itemprop", lambda name: name == "headline", ["h1"]),
        ("class", lambda name: "lead" in name, ["p"]),
        ("data-date", bool, ["p"]),
        ("id", bool, []),
        ("itemprop", lambda name: name == "author", []),
    ],
)
def test_elements_are_found_by_an_attribute_in_document_order(page, attribute, wanted, tags):
    assert [element.tag for element in page.with_attribute(attribute, wanted)] == tags


def test_the_outermost_element_counts():
    assert (
        index_page(parse("<html itemprop=x><body>نص</body></html>")).with_attribute("itemprop", bool)[0].tag == "html"
    )
