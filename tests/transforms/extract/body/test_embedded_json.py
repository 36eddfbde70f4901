import datetime as dt
import json

import pytest

from warraq.schemas.records import Document, Source
from warraq.transforms.extract.body.embedded_json import find_article_text, read_embedded_json
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.step import Rejection

TITLE = "ميناء الصيد يستقبل أول سفينة بحثية"
PARAGRAPHS = [
    "استقبل ميناء الصيد صباح الاثنين أول سفينة بحثية تعمل بالطاقة الشمسية، وعلى متنها عشرون عالما من ست جامعات.",
    "وقال قبطان السفينة إن الرحلة ستستمر أربعين يوما، وإنها ستقيس حرارة المياه وملوحتها عند خمسين نقطة من الساحل.",
    "وتعود السفينة إلى الميناء في الخريف محملة بعينات ستفحصها مختبرات المعهد، على أن تنشر النتائج في نهاية العام.",
]
OTHER = "خبر آخر طويل لا صلة له بالصفحة ويتحدث عن مباراة في دوري المدارس انتهت بفوز الفريق الضيف. " * 8
MARKUP = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
BLOCKS = [{"type": "paragraph", "content": text} for text in PARAGRAPHS]


def next_data(article, *more):
    state = {"props": {"pageProps": {"article": article, "related": list(more)}}}
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'


def pushed(stream):
    """The stream in two pieces, cut in the middle."""
    middle = len(stream) // 2
    pieces = (stream[:middle], stream[middle:])
    return "".join(f"<script>self.__next_f.push({json.dumps([1, piece])})</script>" for piece in pieces)


ELEMENTS = [
    ["$", "p", None, {"children": [each[:40], ["$", "b", None, {"children": each[40:]}]]}] for each in PARAGRAPHS
]
STATES = {
    "HTML in a string": next_data({"title": TITLE, "body": MARKUP}),
    "a list of blocks": next_data({"title": TITLE, "blocks": BLOCKS}),
    "a list of strings": next_data({"title": TITLE, "paragraphs": PARAGRAPHS}),
    "longer texts without the title": next_data({"title": TITLE, "body": MARKUP}, {"title": "غيره", "body": OTHER}),
    "assigned to a variable": f"<script>window.__STATE__ = {json.dumps({'title': TITLE, 'text': MARKUP})};</script>",
    "a string for each variable": f"<script>var n_id = 7; var n_title = {json.dumps(TITLE)};\n"
    f"var n_content = {json.dumps(MARKUP, ensure_ascii=False)}; var n_date = '12';</script>",
    "a string in single quotes": f"<script>let n_text = '{MARKUP}';</script>",
    "HTML in single quotes": "<script>var n_text = '" + MARKUP.replace("<p>", '<p class="a" id="b">') + "';</script>",
    "elements in rows": pushed(
        ':HL["/a.css"]\n1:I[9,[]]\n4:' + json.dumps(["$", "article", None, {"children": ELEMENTS}]) + "\n"
    ),
    "HTML in a row": pushed('4:["$","div",null,{"dangerouslySetInnerHTML":{"__html":' + json.dumps(MARKUP) + "}}]\n"),
    "a text of stated length": pushed(f"0:[1]\n5:T{len(MARKUP.encode()):x},{MARKUP}6:[2]\n"),
    "rows without text before it": pushed("2:{}\n" * 3 + f"a:{json.dumps({'title': TITLE, 'body': MARKUP})}\n"),
    "pushed in pieces": f"<script>self.__next_f.push({json.dumps([1, MARKUP])})</script>",
}


def document(body):
    markup = f"<html><head><title>{TITLE}</title></head><body><div id='root'></div>{body}</body></html>"
    fetched_at = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    return Document(
        Source("https://mina.example/news/7", fetched_at, "d", 0, len(markup)), markup, False, "utf-8", "given", None
    )


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_article_is_read_from_embedded_json(state):
    assert extract(document(state), ExtractRules(guard=False)).text.split("\n") == PARAGRAPHS


@pytest.mark.parametrize(
    "script",
    [
        "<script>var a = 1;</script>",
        '<script>window.__STATE__ = {"title": broken</script>',
        f"<script>window.__STATE__ = {json.dumps({'title': TITLE})}</script>",
        "<script>{" + '"a":[' * 5000 + "</script>",
    ],
    ids=["code", "broken", "no text", "a nest"],
)
def test_a_page_without_a_text_in_its_json_is_refused(script):
    assert not find_article_text(read_embedded_json(script), TITLE)
    with pytest.raises(Rejection, match="no_main_text"):
        extract(document(script), ExtractRules(guard=False))


def test_a_page_that_shows_its_text_is_not_read_from_its_json():
    page = document(f"<h1>{TITLE}</h1><article>{MARKUP}</article>" + next_data({"title": TITLE, "body": OTHER}))
    assert extract(page, ExtractRules(guard=False)).text.split("\n") == PARAGRAPHS
