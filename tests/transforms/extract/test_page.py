import contextlib
import dataclasses
import datetime as dt
import json

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Article, Document, Source, Stated
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.extract import page
from warraq.transforms.extract.body.choose import dropped_lines
from warraq.transforms.extract.markup import parse
from warraq.transforms.extract.page import ExtractRules, examine, extract
from warraq.transforms.extract.stage import ExtractArticles
from warraq.transforms.step import Rejection

FETCHED_AT = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
TITLE = "بلدية الميناء تفتتح جسرا جديدا للمشاة"
FIRST = "افتتحت بلدية الميناء صباح اليوم جسرا جديدا للمشاة يصل السوق القديم بالكورنيش، بعد عامين من العمل فيه."
SECOND = "وقال رئيس البلدية إن الجسر سيخفف الازدحام، وإن كلفته بلغت ثلاثة ملايين دولار دفعت من صندوق المدينة."
THIRD = "ويبلغ طول الجسر مئتي متر، وقد صمم ليتحمل الرياح القوية، وفيه ممر خاص للدراجات ومقاعد للمتنزهين."
PAGE = f"""<!DOCTYPE html><html lang="ar"><head><title>{TITLE} - صحيفة الميناء</title>
<meta property="og:site_name" content="صحيفة الميناء"><meta property="article:section" content="محليات">
<link rel="canonical" href="/news/5?utm_source=x#top"></head><body class="single-post">
<nav><ul><li><a href="/">الرئيسية</a></li><li><a href="/s">رياضة</a></li></ul></nav>
<h1>{TITLE}</h1><span class="author">بقلم: سامي الحاج</span><time datetime="2026-10-30T08:00:00Z">30 أكتوبر</time>
<article><p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>
<ul><li><a href="/1">مباراة اليوم تنتهي بالتعادل</a></li><li><a href="/2">أسعار الخضار ترتفع</a></li></ul></article>
<footer><p>جميع الحقوق محفوظة</p></footer></body></html>"""


def document(markup, url="https://www.mina.example/news/5?id=1", is_text=False, title=None, **stated):
    source = Source(url, FETCHED_AT, "crawl.warc.gz", 7, len(markup))
    return Document(source, markup, is_text, "utf-8", "given", title, Stated(**stated))


def rules(**changes):
    return ExtractRules(**{"guard": False, **changes})


def test_a_page_becomes_an_article():
    article = extract(document(PAGE), rules())
    assert 0.5 < article.extraction_score < 1
    assert article._replace(extraction_score=None) == Article(
        Source("https://www.mina.example/news/5?id=1", FETCHED_AT, "crawl.warc.gz", 7, len(PAGE)),
        "https://www.mina.example/news/5",
        "mina.example",
        TITLE,
        f"{FIRST}\n{SECOND}\n{THIRD}",
        dt.datetime(2026, 10, 30, 8, tzinfo=dt.timezone.utc),
        dt.date(2026, 10, 30),
        "time_tag",
        site_name="صحيفة الميناء",
        section="محليات",
        authors=["سامي الحاج"],
        charset="utf-8",
        charset_source="given",
        page_kind="article",
        extraction_source="container",
    )


def test_the_same_page_gives_the_same_article_twice():
    assert extract(document(PAGE), rules()) == extract(document(PAGE), rules())


def test_a_page_without_classes_gives_the_same_text():
    bare = PAGE.replace(' class="single-post"', "").replace("<article>", "<div>").replace("</article>", "</div>")
    assert extract(document(bare), rules()).text == f"{FIRST}\n{SECOND}\n{THIRD}"


def test_a_document_without_markup_becomes_an_article():
    text = f"الرئيسية\nرياضة\n{TITLE}\n{FIRST}\n{SECOND}\n{THIRD}\nالمصدر: وكالة الساحل\nاترك تعليقا"
    article = extract(document(text, is_text=True), rules())
    assert (article.title, article.site) == (TITLE, "mina.example")
    assert article.text == f"{FIRST}\n{SECOND}\n{THIRD}\nالمصدر: وكالة الساحل"


def test_what_the_dump_says_is_the_title_of_a_text():
    assert extract(document(f"{FIRST}\n{SECOND}", is_text=True, title=" عنوان  آخر "), rules()).title == "عنوان آخر"


TEXT = f"{FIRST}\n{SECOND}\n{THIRD}"


@pytest.mark.parametrize(
    ("stated", "day", "source"),
    [
        ({"published": ["2024-05-12 10:00:00"]}, "2024-05-12", "record"),
        ({"published": ["17/05/2015"]}, "2015-05-17", "record"),
        ({"published": ["قريبا", "12 مايو 2024"]}, "2024-05-12", "record"),  # the first that can be read
        ({"dated": ["Sun, 12 May 2024 23:30:00 +0300"]}, "2024-05-12", "record"),
        ({"published": ["2024-05-12"], "dated": ["2026-10-31"]}, "2024-05-12", "record"),
        ({"modified": ["2024-05-12"]}, "2024-05-12", "record"),
        ({"published": ["2099-01-01"]}, "2026-11-01", "fetched"),
        ({}, "2026-11-01", "fetched"),
    ],
)
def test_the_date_of_a_text_is_the_one_that_its_record_states(stated, day, source):
    article = extract(document(TEXT, is_text=True, title=TITLE, **stated), rules())
    assert (str(article.date), article.date_source) == (day, source)


def test_a_time_of_publication_that_is_the_time_of_the_fetch_too_stays():
    article = extract(document(TEXT, is_text=True, title=TITLE, published=[FETCHED_AT.isoformat()]), rules())
    assert (article.published_at, article.date_source) == (FETCHED_AT, "record")


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (["سلمى أحمد"], ["سلمى أحمد"]),
        (["سلمى أحمد; منى علي"], ["سلمى أحمد", "منى علي"]),
        (["القاهرة - سلمى أحمد"], ["سلمى أحمد"]),
        (["كتبت: سلمى أحمد"], ["سلمى أحمد"]),
        (["سيول - رويترز"], []),
        (["لوس أنجلوس – فرانس برس"], []),
        (["واس - المدينة المنورة"], []),
        (["سلمى أحمد، رويترز - تونس"], ["سلمى أحمد"]),
        (["دبي - قناة الميناء"], []),
        (["أبوظبي - الميناء نيوز عربية"], []),
        (["صحيفة الميناء", "admin", "30174026-20d9-40a2-9e04-5b63346a78a6"], []),
        (["أخبار الضفة"], []),  # the site's own name
        (["فيروز"], ["فيروز"]),
    ],
)
def test_people_among_the_authors_of_a_record(authors, expected):
    stated = {"authors": authors, "site_name": "أخبار الضفة"}
    assert extract(document(TEXT, is_text=True, title=TITLE, **stated), rules()).authors == expected


FACTS = {
    "section": "سياسة", "site_name": "أخبار الضفة", "description": "وصف", "tags": ["انتخابات، برلمان", "#سياسة"],
    "image_url": "https://mina.example/a.jpg",
}  # fmt: skip


def facts_of(article):
    return {name: getattr(article, name) for name in FACTS}


def test_facts_of_a_record_describe_a_text():
    article = extract(document(TEXT, is_text=True, title=TITLE, **FACTS), rules())
    assert facts_of(article) == {**FACTS, "tags": ["انتخابات", "برلمان", "سياسة"]}


def test_a_page_describes_itself_better_than_its_record_but_for_date_and_authors():
    stated = {**FACTS, "published": ["2026-10-12"], "authors": ["منى علي"]}
    article = extract(document(PAGE, title="عنوان آخر", **stated), rules())
    assert (article.title, article.site_name, article.section) == (TITLE, "صحيفة الميناء", "محليات")
    assert (article.description, article.image_url) == ("وصف", "https://mina.example/a.jpg")  # the page has none
    assert (str(article.date), article.date_source) == ("2026-10-12", "record")
    assert article.authors == ["سامي الحاج"]  # readers see this name, and not the other
    assert extract(document(PAGE, dated=["2026-10-12"]), rules()).date_source == "time_tag"


def test_the_record_names_a_part_of_a_page():
    part = f"<h2>قسم المحليات والأقاليم</h2><p>{FIRST} {SECOND} {THIRD}</p><p>{SECOND} {THIRD} {FIRST}</p>"
    assert extract(document(part, title=TITLE), rules()).title == TITLE


def test_markup_in_a_text_is_parsed():
    article = extract(
        document(f"<p>{FIRST}</p><p>{SECOND} &quot;{THIRD}&quot;</p>", is_text=True, title=TITLE), rules()
    )
    assert article.text == f'{FIRST}\n{SECOND} "{THIRD}"'


def test_explain_can_show_what_was_thrown_away():
    findings = examine(document(PAGE), rules())
    assert dropped_lines(findings.facts, findings.article.text) == [
        "الرئيسية", "رياضة", TITLE, "بقلم: سامي الحاج", "30 أكتوبر",
        "مباراة اليوم تنتهي بالتعادل", "أسعار الخضار ترتفع", "جميع الحقوق محفوظة",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("", "no_main_text"),
        ("<!-- nothing -->", "no_main_text"),
        ("<html><body><img src=a.jpg></body></html>", "no_main_text"),
        (PAGE.replace("single-post", "archive category"), "not_an_article"),
        (PAGE.replace("single-post", "error404"), "not_an_article"),
    ],
)
def test_other_pages_are_refused(markup, reason):
    with pytest.raises(Rejection) as refused:
        extract(document(markup), rules())
    assert refused.value.reason == reason


def test_findings_keep_the_candidates_that_lost_and_the_article():
    page = PAGE.replace("</head>", '<meta property="og:title" content="عنوان للشبكات"></head>')
    findings = examine(document(page), rules())
    assert findings.article == extract(document(page), rules())
    assert [(one.source, one.value) for one in findings.candidates["title"]] == [
        ("og:title", "عنوان للشبكات"), ("h1", TITLE), ("<title>", f"{TITLE} - صحيفة الميناء"),
    ]  # fmt: skip
    assert findings.decisions["title"] == TITLE  # h1 and <title> agree against og:title
    assert {one.source for one in findings.candidates["date"]} == {"time_tag", "byline"}


def test_other_pages_are_kept_with_their_kind_if_asked_for():
    listing = PAGE.replace("single-post", "archive category")
    article = extract(document(listing), rules(kinds="all"))
    assert (article.page_kind, article.title, article.text) == ("other", TITLE, f"{FIRST}\n{SECOND}\n{THIRD}")
    assert extract(document(PAGE), rules(kinds="all")) == extract(document(PAGE), rules())


def test_kinds_are_article_or_all():
    with pytest.raises(ValueError, match="kinds must be one of article, all, not 'listing'"):
        rules(kinds="listing")


def test_a_part_of_an_article_has_a_lower_score_than_the_whole():
    whole = extract(document(PAGE), rules())
    label = f"<h1>{TITLE}</h1><p>للمزيد من الأخبار تابعونا على صفحتنا</p>"
    part = extract(document(f"<html><body>{label}<nav><a href=/1>{FIRST}</a></nav></body></html>"), rules(kinds="all"))
    assert part.extraction_score < 0.5 < whole.extraction_score


def test_findings_of_a_refused_page_have_the_refusal():
    findings = examine(document(PAGE.replace("single-post", "error404")), rules())
    assert findings.article is None
    with pytest.raises(Rejection) as refused:
        findings.result()
    assert refused.value.args == ("not_an_article", "body class error404")
    assert [one.source for one in findings.candidates["page kind"]] == ["body class"]


def test_findings_of_a_page_that_breaks_the_code_have_the_error(monkeypatch):
    def fail(*_args, **_kwargs):
        raise KeyError("day")

    monkeypatch.setattr(page, "choose_date", fail)
    findings = examine(document(PAGE), rules())
    assert findings.decisions["title"] == TITLE
    with pytest.raises(KeyError, match="day"):
        findings.result()


def test_a_time_in_a_code_element_is_no_candidate():
    hidden = '<noscript><time class="published" datetime="2026-10-29T08:00:00Z"></time></noscript>'
    findings = examine(document(PAGE.replace("</h1>", f"</h1>{hidden}")), rules())
    assert dt.date(2026, 10, 29) not in {one.date for one in findings.candidates["date"]}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"timeout": 0.0}, "extract_timeout must be above 0, not 0.0"),
        ({"timeout": float("nan")}, "extract_timeout must be above 0, not nan"),
        ({"timeout": float("inf")}, "extract_timeout can be 1000000 at most, not inf"),
        ({"memory_mb": -1}, "extract_memory_mb must be above 0, not -1"),
        ({"memory_mb": 2**40}, "extract_memory_mb can be 1073741824 at most, not 1099511627776"),
        ({"max_markup": 0}, "extract_max_markup must be above 0, not 0"),
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        ExtractRules(**wrong)


def test_rules_that_decide_no_rows_are_marked_as_tuning():
    tuning = {rule.name for rule in dataclasses.fields(ExtractRules) if rule.metadata.get("tuning")}
    assert tuning == {"memory_mb", "guard"}


def test_too_much_markup_is_refused_unread():
    with pytest.raises(Rejection, match="too_large"):
        extract(document(PAGE), rules(max_markup=100))


@given(st.text(max_size=400), st.booleans())
def test_any_text_is_an_article_or_a_refusal(text, is_text):
    with contextlib.suppress(Rejection):
        assert extract(document(text, is_text=is_text), rules()).text


def test_every_page_leaves_by_exactly_one_door_in_its_own_time():
    pipeline = TestPipeline(runner=FnApiRunner())
    pages = [document(PAGE, "https://mina.example/a"), document("<img src=a.jpg>", "https://mina.example/b")]
    timed = [beam.window.TimestampedValue(page, time) for time, page in enumerate(pages, start=60)]
    documents = pipeline | beam.Create(timed) | beam.Map(lambda page: page).with_output_types(Document)
    kept, rejected = documents | ExtractArticles(ExtractRules(timeout=60.0))
    urls = kept | "Urls" >> beam.Map(lambda article, time=beam.DoFn.TimestampParam: (article.source.url, float(time)))
    assert_that(urls, equal_to([("https://mina.example/a", 60.0)]), "kept")
    rows = rejected | beam.Map(
        lambda row, time=beam.DoFn.TimestampParam: (row.source.url, row.stage, row.reason, float(time))
    )
    assert_that(rows, equal_to([("https://mina.example/b", "extract", "no_main_text", 61.0)]), "rejected")
    result = pipeline.run()
    result.wait_until_finish()
    counters = {
        counter.key.metric.name: counter.committed
        for counter in result.metrics().query()["counters"]
        if counter.key.metric.namespace == "extract"
    }
    assert counters == {"pages_in": 2, "pages_out": 1, "pages_rejected_no_main_text": 1}


EXCLUDED = [*range(9), *range(0xE, 0x20), 0xFFFE, 0xFFFF]  # by XML; white space is another matter
BROKEN = "".join(map(chr, EXCLUDED))


def with_bytes(article, size):
    return article._replace(source=article.source._replace(bytes=size))


def written(point):
    """Ways to write a character into markup."""
    raw = [] if point == 0 else [chr(point)]  # DecodePages drops NUL
    return [
        *raw,
        f"&#{point};",
        f"&#{point:07d};",
        f"&#x{point:x};",
        f"&#X{point:04X};",
        f"&#{point}&#&#{point};{point};",
    ]


@pytest.mark.parametrize("point", [*EXCLUDED, 0xB, 0xC], ids=hex)
def test_characters_that_xml_excludes_cost_nothing(point):
    """Raw or as references, in text and in attributes."""
    for form in written(point) if point in EXCLUDED else written(point)[1:]:
        page = PAGE.replace("افتتحت", f"افت{form}تحت").replace("<body", f'<body data-x="{form}" {form} ')
        assert extract(document(page), rules()) == with_bytes(extract(document(PAGE), rules()), len(page)), form


@pytest.mark.parametrize("point", [0xB, 0xC], ids=hex)
def test_odd_white_space_parts_words(point):
    page = PAGE.replace(FIRST, FIRST.replace(" ", chr(point)))
    assert extract(document(page), rules()).text == f"{FIRST}\n{SECOND}\n{THIRD}"


@pytest.mark.parametrize("reference", ["&#9;", "&#10;", "&#13;", "&#32;", "&#x20;", "&#160;"])
def test_references_to_white_space_stay(reference):
    tree = parse(f"<p>أ{reference}ب</p>")
    assert tree.text_content().split() == ["أ", "ب"]


@pytest.mark.parametrize("reference", ["&#1603;", "&#x0643;", "&#x643;", "&#01603"])
def test_references_to_letters_stay(reference):
    assert parse(f"<p>{reference}</p>").text_content() == "ك"


@pytest.mark.parametrize(
    "key", ["headline", "description", "articleSection", "keywords", "articleBody", "image", "url"]
)
@pytest.mark.parametrize("escape", [True, False], ids=["escaped", "raw"])
def test_control_characters_in_json_ld_cost_nothing(key, escape):
    value = f"https://mina.example/{BROKEN}.jpg" if key in ("image", "url") else f"خبر {BROKEN} عاجل"
    stated = json.dumps({"@type": "NewsArticle", key: value}, ensure_ascii=escape)
    page = PAGE.replace("</head>", f'<script type="application/ld+json">{stated}</script></head>')
    article = clean(extract(document(page), rules()), CleanRules(min_words=1))
    assert article.text == clean(extract(document(PAGE), rules()), CleanRules(min_words=1)).text
    fields = [value for value in article if isinstance(value, str)] + article.tags + article.authors
    assert not [value for value in fields if set(value) & set(BROKEN)]


def test_control_characters_in_a_script_s_state_cost_nothing():
    body = "".join(f"<p>{line}{BROKEN}&#1;</p>" for line in extract(document(PAGE), rules()).text.split("\n")) * 3
    state = json.dumps({"title": "خبر", "body": body})
    page = f'<html><body><script id="__NEXT_DATA__" type="application/json">{state}</script></body></html>'
    assert not set(extract(document(page), rules()).text) & set(BROKEN)
