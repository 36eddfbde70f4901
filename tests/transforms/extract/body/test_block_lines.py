import lxml.html
import pytest

from warraq.transforms.extract.body.block_lines import unglued

TITLE = "عاجل: هزة أرضية خفيفة في الشمال"
FIRST = "شعر سكان الشمال بهزة أرضية خفيفة فجر اليوم."
SECOND = "ولم ترد أنباء عن أضرار."


def page(body):
    return lxml.html.fromstring(f"<html><body>{body}</body></html>")


@pytest.mark.parametrize(
    "body",
    [
        f"<nav><a href='/'>الرئيسية</a></nav><h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p>",
        f"<h1>{TITLE}</h1><div><a href='/'>الرئيسية</a> <a href='/s'>سياسة</a></div><div>{FIRST}<br>{SECOND}</div>",
        f"<h1>{TITLE}</h1><div>{FIRST}</div><ul><li>{SECOND}</li></ul><footer>جميع الحقوق محفوظة</footer>",
        f"<nav><main><h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p></main></nav>",
    ],
    ids=["paragraphs", "line breaks", "blocks", "a menu around the page"],
)
def test_blocks_that_were_joined_are_lines_again_without_menu_and_headline(body):
    tree = page(body)
    glued = " ".join(tree.text_content().replace(FIRST, f" {FIRST} ").split())
    assert unglued([glued], tree) == [FIRST, SECOND]


def test_a_line_of_one_block_stays_as_it_is():
    assert unglued([FIRST], page(f"<h1>{TITLE}</h1><p>شعر <b>سكان</b>{FIRST[9:]}</p>")) == [FIRST]


def test_labels_stay_one_line():
    labels = ["السبت", "النادي الأول", "12:30", "ملعب الميناء", "النادي الثاني", "الأحد", "النادي الثالث"]
    tree = page("".join(f"<div>{label}</div>" for label in labels))
    assert unglued([" ".join(labels)], tree) == [" ".join(labels)]


def test_several_lines_stay_as_they_are():
    assert unglued([FIRST, SECOND], page(f"<div>{FIRST} {SECOND}</div>")) == [FIRST, SECOND]
