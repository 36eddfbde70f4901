"""The first page of the project: its crawled text with furniture, in every form in which a dump can have it."""

import json

import pytest

from tests.support.paths import DATA
from warraq.pipelines import ingest
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

pytestmark = pytest.mark.slow

SEEDS = DATA.parent / "seed"
URL = "https://stepagency.example/2025/04/28/north-korea"
TITLE = "بعد اعتراف روسيا.. كوريا الشمالية تعلق على تورط قواتها في حرب أوكرانيا"
FURNITURE = ("اخر الاخبار", "اترك تعليقاً", "لن يتم نشر عنوان بريدك الإلكتروني", "المصدر:")
NAMES = {
    "place": ["كوريا الشمالية", "روسيا", "أوكرانيا", "كورسك"],
    "person": ["كيم جونغ أون"],
    "organisation": ["حلف الناتو", "وزارة الخارجية الأمريكية"],
}
PAGE = """<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title} - وكالة ستيب</title></head>
<body class="single"><header><nav><ul><li><a href="/">الرئيسية</a></li><li><a href="/news">{section}</a></li></ul></nav></header>
<main><article class="post"><h1 class="entry-title">{title}</h1><div class="entry-content">{paragraphs}<p>{source}</p></div></article>
<div id="respond" class="comment-respond"><h3>{reply}</h3><p class="comment-notes">{notes}</p>
<form><textarea name="comment"></textarea></form></div></main></body></html>"""


def wet(text):
    payload = text.encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {URL}\r\nWARC-Date: 2025-04-28T12:00:00Z\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload + b"\r\n\r\n"


def page(text):
    section, title, *paragraphs, source, reply, notes = [line.strip() for line in text.splitlines() if line.strip()]
    marked = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return PAGE.format(
        section=section, title=title, paragraphs=marked, source=source, reply=reply, notes=notes
    ).encode()


FORMS = {
    "page.html": page,
    "crawl.wet": wet,
    "page.txt": str.encode,
    "feed.jsonl": lambda text: (json.dumps({"url": URL, "text": text}, ensure_ascii=False) + "\n").encode(),
    "titled.jsonl": lambda text: (json.dumps({"url": URL, "text": text, "title": TITLE}) + "\n").encode(),
}


@pytest.fixture(scope="module")
def seed():
    paths = sorted(SEEDS.glob("*.txt"))
    if not paths:
        pytest.skip(f"no seed at {SEEDS}: set WARRAQ_DATA to the data folder beside it")
    return paths[0].read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=FORMS)
def article(request, seed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seed")
    dump = folder / request.param
    dump.write_bytes(FORMS[request.param](seed))
    assert ingest.main([str(dump), "--output", str(folder / "out"), "--workers", "1", "--quiet"]) == 0
    relation = connect(Dataset(str(folder / "out"))).execute("SELECT * FROM articles")
    [row] = relation.fetchall()
    return dict(zip([column[0] for column in relation.description], row, strict=True))


def test_the_title_is_told(article):
    assert article["title"] == TITLE


def test_all_paragraphs_come_out_and_no_furniture(article, seed):
    lines = [" ".join(line.split()) for line in seed.splitlines() if line.strip()]
    assert article["text"].split("\n") == lines[2:-3]
    assert not [words for words in FURNITURE if words in article["text"]]
    assert "(19501953)" in article["text"]  # as crawled: what was lost before us is not made up


def test_the_agency_is_credited(article):
    assert article["credit"] == "وكالة ستيب الاخبارية"


def test_language_and_topic(article):
    assert article["language"] == "ar"
    assert article["topic"] in ("conflict_war_and_peace", "politics_and_government")


def test_names_are_found_where_they_stand(article):
    found = {(entity["text"], entity["kind"]) for entity in article["entities"]}
    assert not [(name, kind) for kind, names in NAMES.items() for name in names if (name, kind) not in found]
    for entity in article["entities"]:
        assert article["text"][entity["start"] : entity["end"]] == entity["text"]
