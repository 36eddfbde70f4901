import math

import pytest

from warraq.transforms.extract.body.page_shape import measure_shape
from warraq.transforms.extract.facts import Facts

SENTENCE = "قالت البلدية إن السوق سيفتح أبوابه مطلع الشهر المقبل بعد استبدال سقفه القديم كله. "
PARAGRAPH = f"<p>{SENTENCE * 2}</p>"


def shape(body, head=""):
    return measure_shape(Facts(f"<html><head>{head}</head><body>{body}</body></html>", "https://a.example/x"))


@pytest.mark.parametrize(
    ("name", "body", "count"),
    [
        ("prices", "5 ريال و 7 جنيه و $3 و 4 € و 12 ر.س", 5),
        ("prices", "عام 2024 و 30 يوما و 5 رسائل", 0),
        ("prices", "٥ ريال", 1),
        ("dates", "12/3/2009 و 2009-03-12 و 2024", 3),
        ("dates", "1234567 و 3.5 و 20240", 0),
        ("questions", "متى؟ how?", 2),
        ("share links", "<a href='https://wa.me/?text=x'>a</a><a href='https://WWW.Facebook.com/sharer.php'>b</a>", 2),
        ("share links", "<a href='https://wa.me/96650'>a</a>", 0),
        ("cart links", "<a href='/?add-to-cart=5'>a</a><a href='/cart'>b</a>", 2),
        ("people links", "<a href='/member.php?u=1'>a</a>", 1),
        ("phone links", "<a href='tel:123'>a</a><a href='/hotel:1'>b</a>", 1),
        ("links inside", "<a href='#a'>a</a><a href='/b#a'>b</a>", 1),
        ("links without target", "<a>a</a><a href=''>b</a><a href='/'>c</a>", 2),
        ("linked main headings", "<h1><a href=/>a</a></h1><h1>b</h1>", 1),
        ("paragraphs", PARAGRAPH * 3 + "<p>قصير</p>", 3),
        ("paragraphs together", f"<div>{PARAGRAPH * 3}</div><div>{PARAGRAPH}</div>", 3),
        ("holders of paragraphs", f"<div>{PARAGRAPH * 3}</div><div>{PARAGRAPH}</div>", 2),
        ("paragraphs together", f"<td>{SENTENCE * 2}</td>", 1),
    ],
)
def test_counts(name, body, count):
    assert shape(body)[name] == pytest.approx(math.log1p(count))


def test_prose_stands_in_one_element_or_in_many():
    together = shape(f"<article>{PARAGRAPH * 4}</article>")
    apart = shape("".join(f"<div>{PARAGRAPH}</div>" for _ in range(4)))
    assert (together["share of prose together"], apart["share of prose together"]) == (1, 0.25)
    assert (together["together in article"], apart["together in article"]) == (1, 0)
    assert (together["holders to paragraphs"], apart["holders to paragraphs"]) == (0.25, 1)


def test_the_numbers_are_the_same_for_all_pages():
    assert shape("").keys() == shape(PARAGRAPH, "<title>ما الجديد؟ | 12</title>").keys()
    assert shape("")["question in title"] == 0
    assert shape("", "<title>ما الجديد؟ | 12</title>")["question in title"] == 1
