"""The day of publication is chosen among the dates of a page."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.extract.dates.choose import choose_date
from warraq.transforms.extract.dates.readers import read_dates, read_text_dates
from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, LOOSE, DateCandidate, read_stamp
from warraq.transforms.extract.facts import Facts

UTC = dt.timezone.utc
FETCHED = dt.datetime(2024, 5, 20, 9, 0, tzinfo=UTC)
URL = "https://news.example/politics/story"
BODY = "<p>" + "أعلنت الوزارة في بيان لها أن المشروع سيبدأ قريبا بعد سنوات من التأخير. " * 12 + "</p>"


def page(before="", after="", head="", title="الوزارة تعلن بدء المشروع الجديد"):
    return (
        f"<html><head><title>{title} - موقع الأخبار</title>{head}</head><body>"
        f"<header>{before}</header><main><article><h1>{title}</h1>{after}</article></main></body></html>"
    )


def published(markup, json_ld=(), url=URL, fetched_at=FETCHED):
    script = f"<script type='application/ld+json'>{json.dumps(json_ld)}</script>"
    return choose_date(read_dates(Facts(script + markup, url)), fetched_at)


def day_and_source(*args, **kwargs):
    publication = published(*args, **kwargs)
    return str(publication.date), publication.source


@pytest.mark.parametrize(
    ("stamp", "day", "instant"),
    [
        ("2024-05-12T14:30:00+03:00", "2024-05-12", "2024-05-12 11:30"),
        ("2024-05-12T01:30:00+0300", "2024-05-12", "2024-05-11 22:30"),
        ("2024-05-12T14:30:00Z", "2024-05-12", "2024-05-12 14:30"),
        ("2024-05-12T14:30:00.000Z", "2024-05-12", "2024-05-12 14:30"),
        ("2024-05-12T22:30:00-05", "2024-05-12", "2024-05-13 03:30"),
        ("2024-05-12T14:30Z", "2024-05-12", "2024-05-12 14:30"),
        ("20240512T143000Z", "2024-05-12", "2024-05-12 14:30"),
        ("2024-05-12 14:30:00 UTC", "2024-05-12", "2024-05-12 14:30"),
        ("2024-05-12T14:30:00", "2024-05-12", None),
        ("2024-05-12 14:30:00", "2024-05-12", None),
        ("2024-05-12", "2024-05-12", None),
        ("2024/05/12 14:30", "2024-05-12", None),
        ("20240512", "2024-05-12", None),
        ("20240512143000", "2024-05-12", None),
        ("2024-05-12T25:61:00Z", "2024-05-12", None),
        ("2024-05-12T14:30:00+99:00", "2024-05-12", None),
        ("Sun, 12 May 2024 14:30:00 GMT", "2024-05-12", "2024-05-12 14:30"),
        ("Sun, 12 May 2024 14:30:00 +0300", "2024-05-12", "2024-05-12 11:30"),
        ("Sun May 12 2024 14:30:00 GMT+0300 (Arabian Standard Time)", "2024-05-12", "2024-05-12 11:30"),
        ("Sunday, May 12, 2024, 08:19 PM", "2024-05-12", None),
        ("1715524200", "2024-05-12", "2024-05-12 14:30"),
        ("1715524200000", "2024-05-12", "2024-05-12 14:30"),
        ("/Date(1715524200000)/", "2024-05-12", "2024-05-12 14:30"),
        (r"\/Date(1715547600000+0300)\/", "2024-05-13", "2024-05-12 21:00"),
        ("12/05/2024", "2024-05-12", None),
        ("5/12/2024 2:30:00 PM", "2024-05-12", None),
        ("12 مايو 2024", "2024-05-12", None),
        ("٤ ذو القعدة ١٤٤٥ هـ", "2024-05-12", None),
        ("Fri, 31 Dec 9999 23:00:00 -0300", "9999-12-31", None),
        ("Mon, 01 Jan 0001 01:00:00 +0300", "0001-01-01", None),
        ("2099-12-31T23:00:00-0300", "2099-12-31", "2100-01-01 02:00"),
    ],
)
def test_machine_stamps(stamp, day, instant):
    date, published_at = read_stamp(stamp)
    assert str(date) == day
    assert (published_at and f"{published_at:%Y-%m-%d %H:%M}") == instant


@pytest.mark.parametrize(
    "stamp", ["", "PT5M", "14:30", "2024", "2024-13-45", "true", "2024-05", "خبر", "99999999999999999"]
)
def test_what_is_no_stamp(stamp):
    assert read_stamp(stamp) is None


@pytest.mark.parametrize("stamp", ["Fri, 31 Dec 9999 23:00:00 -0300", "Mon, 01 Jan 0001 01:00:00 +0300", "9999999999"])
def test_days_that_no_page_can_have_are_no_evidence(stamp):
    article = {"@type": "NewsArticle", "datePublished": stamp}
    head = f'<meta property="article:published_time" content="{stamp}">'
    after = f'<time datetime="{stamp}"></time>' + BODY
    assert day_and_source(page(after=after, head=head), [article]) == ("2024-05-20", "fetched")


def test_sources_are_trusted_in_order():
    article = {"@type": "NewsArticle", "datePublished": "2024-05-01T10:00:00+03:00"}
    head = '<meta property="article:published_time" content="2024-05-02T10:00:00+03:00">'
    time = '<div class="post-date"><time datetime="2024-05-03T10:00:00+03:00"></time></div>'
    byline = '<div class="date">4 أيار 2024</div>'
    url = "https://news.example/2024/05/05/story"
    assert day_and_source(page(after=time + byline + BODY, head=head), [article], url) == ("2024-05-01", "json_ld")
    assert day_and_source(page(after=time + byline + BODY, head=head), [], url) == ("2024-05-02", "meta")
    assert day_and_source(page(after=time + byline + BODY), [], url) == ("2024-05-03", "time_tag")
    assert day_and_source(page(after=byline + BODY), [], url) == ("2024-05-04", "byline")
    assert day_and_source(page(after=BODY), [], url) == ("2024-05-05", "url")
    assert day_and_source(page(after=BODY)) == ("2024-05-20", "fetched")


def test_the_local_day_is_kept_and_the_instant_is_utc():
    article = {"@type": "NewsArticle", "datePublished": "2024-05-12T01:30:00+03:00"}
    publication = published(page(), [article])
    assert publication.date == dt.date(2024, 5, 12)
    assert publication.published_at == dt.datetime(2024, 5, 11, 22, 30, tzinfo=UTC)
    assert publication.evidence == "NewsArticle datePublished: 2024-05-12T01:30:00+03:00"


@pytest.mark.parametrize(
    ("json_ld", "expected"),
    [
        ([{"@type": "NewsArticle", "datePublished": ["2024-05-12"]}], "2024-05-12"),
        ([{"@type": "NewsArticle", "datePublished": {"@value": "2024-05-12"}}], "2024-05-12"),
        ([{"@type": ["Article", "NewsArticle"], "datePublished": "2024-05-12"}], "2024-05-12"),
        ([{"@type": "BlogPosting", "dateCreated": "2024-05-12", "dateModified": "2024-05-14"}], "2024-05-12"),
        ([{"@type": "NewsArticle", "dateModified": "2024-05-14", "datePublished": "2024-05-12"}], "2024-05-12"),
        ([{"@type": "NewsArticle", "dateModified": "2024-05-14"}], "2024-05-14"),
        ([{"@type": "WebPage", "datePublished": "2024-05-12"}], "2024-05-12"),
        ([{"@type": "WebPage", "mainEntity": {"@type": "NewsArticle", "datePublished": "2024-05-12"}}], "2024-05-12"),
        (
            [
                {"@type": "WebPage", "datePublished": "2019-01-01"},
                {"@type": "NewsArticle", "datePublished": "2024-05-12"},
            ],
            "2024-05-12",
        ),
        (
            [
                {"@type": "NewsArticle", "url": "https://news.example/other", "datePublished": "2024-05-10"},
                {"@type": "NewsArticle", "mainEntityOfPage": {"@id": URL}, "datePublished": "2024-05-12"},
            ],
            "2024-05-12",
        ),
        ([{"@type": "Comment", "dateCreated": "2024-05-15"}], "2024-05-20"),
        ([{"@type": "NewsArticle", "datePublished": "قريبا"}], "2024-05-20"),
        ([{"@type": "NewsArticle", "datePublished": None}], "2024-05-20"),
    ],
)
def test_json_ld(json_ld, expected):
    assert str(published(page(after=BODY), json_ld).date) == expected


@pytest.mark.parametrize(
    "meta",
    [
        '<meta property="article:published_time" content="2024-05-12T10:00:00Z">',
        '<meta property="og:published_time" content="2024-05-12T10:00:00Z">',
        '<meta itemprop="datePublished" content="2024-05-12">',
        '<meta name="DC.date.issued" content="2024-05-12">',
        '<meta name="dcterms.created" content="2024-05-12">',
        '<meta name="parsely-pub-date" content="2024-05-12T10:00:00Z">',
        '<meta name="sailthru.date" content="2024-05-12">',
        '<meta name="publishdate" content="20240512">',
        '<meta name="pubdate" content="12 مايو 2024">',
        '<meta name="publish-date" content="12/05/2024">',
        '<meta name="date" content="2024-05-12">',
        '<meta name="cXenseParse:recs:publishtime" content="2024-05-12T10:00:00Z">',
        '<meta name="date" content="2024-05-13"><meta name="article.published" content="2024-05-12">',
        '<meta property="article:modified_time" content="2024-05-14"><meta name="pubdate" content="2024-05-12">',
        '<meta name="expires" content="2024-05-19"><meta name="date" content="2024-05-12">',
    ],
)
def test_meta(meta):
    assert day_and_source(page(after=BODY, head=meta)) == ("2024-05-12", "meta")


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://news.example/2024/05/12/story", "2024-05-12"),
        ("https://news.example/2024/5/2/story.html", "2024-05-02"),
        ("https://news.example/2024-05-12-story", "2024-05-12"),
        ("https://news.example/news/2024_05_12/story", "2024-05-12"),
        ("https://news.example/20240512/story", "2024-05-12"),
        ("https://news.example/2024/0512/c1-99.html", "2024-05-12"),
        ("https://news.example/2024/may/12/story", "2024-05-12"),
        ("https://news.example/12-05-2024/story", "2024-05-12"),
        ("https://news.example/arab_world/202405121044893040-story", "2024-05-12"),
        ("https://news.example/story?date=2024-05-12", "2024-05-12"),
        ("https://news.example/story-20240512.html", "2024-05-12"),
        ("https://news.example/story-473849", None),
        ("https://news.example/2024/05/story", None),
        ("https://news.example/2024/13/45/story", None),
        ("https://news.example/1948/05/15/nakba", None),
        ("https://news.example/2025/05/12/story", None),  # not yet come
        ("https://news.example/%D9%85%D8%B5%D8%B1-2011", None),
    ],
)
def test_addresses(url, day):
    expected = (day, "url") if day else ("2024-05-20", "fetched")
    assert day_and_source(page(after=BODY), url=url) == expected


@pytest.mark.parametrize(
    "byline",
    [
        '<div class="entry-meta">نشر في: ١٢ أيار ٢٠٢٤</div>',
        '<span class="date">12 مايو/أيار 2024</span>',
        "<p>12 ماي 2024 - 18:05</p>",
        "<div>بقلم: سعاد محمد</div><div>الأحد، 12 مايو 2024 - 14:30</div>",
        '<div class="date"><span>12</span> <span>مايو</span> <span>2024</span></div>',
        '<div class="date"><div>12</div><div>مايو</div><div>2024</div></div>',
        "<p>محمد علي<br>12/05/2024<br>القاهرة</p>",
        "<div>12 <!-- -->مايو<!-- --> 2024</div>",
        "<div>٤ ذو القعدة ١٤٤٥ هـ</div>",
        "<div>الأحد ٤ ذو القعدة ١٤٤٥ هـ - الموافق ١٢ مايو ٢٠٢٤ م</div>",
        "<div>تحديث: 15 مايو 2024 | نشر: 12 مايو 2024</div>",
        "<div>12 مايو 2024 (آخر تحديث: 15 مايو 2024)</div>",
        '<time class="entry-date published updated">12 مايو 2024</time>',
        '<time class="updated">15 مايو 2024</time> <time class="published">12 مايو 2024</time>',
        "<div class='tags'>سياسة, اقتصاد, الشرق الأوسط, مجتمع · 12 مايو 2024</div>",
    ],
)
def test_bylines(byline):
    assert day_and_source(page(after=byline + BODY)) == ("2024-05-12", "byline")


def test_a_zone_in_the_byline_gives_the_instant():
    byline = "<div>12 مايو 2024 - 02:30 بتوقيت مكة المكرمة</div>"
    assert published(page(after=byline + BODY)).published_at == dt.datetime(2024, 5, 11, 23, 30, tzinfo=UTC)


def test_times_of_reading_count_from_the_fetch():
    assert day_and_source(page(after='<div class="time">منذ يومين</div>' + BODY)) == ("2024-05-18", "byline")
    assert day_and_source(page(after='<div class="time">12 مايو</div>' + BODY)) == ("2024-05-12", "byline")
    dated = "https://news.example/2024/05/12/story"
    assert day_and_source(page(after='<div class="time">منذ ساعة</div>' + BODY), url=dated) == ("2024-05-12", "url")


OTHERS = [
    '<aside><div class="date">18 مايو 2024</div></aside>',
    '<div class="related"><span class="date">18 مايو 2024</span></div>',
    '<div class="comments"><time datetime="2024-05-18T10:00:00Z">18 مايو 2024</time></div>',
    "<footer>آخر تحديث للموقع 18 مايو 2024</footer>",
    '<ul class="most-read"><li>18 مايو 2024</li></ul>',
    "".join(
        f'<div class="item"><a href="/{n}"><h3>خبر آخر من الموقع</h3></a><span class="date">1{n} مايو 2024</span></div>'
        for n in range(5, 9)
    ),
    "<p>وكان الرئيس قد زار البلاد يوم 17 مايو 2024 والتقى عددا من المسؤولين فيها.</p>",
    "<figure><figcaption>صورة من الأرشيف، 18 مايو 2024</figcaption></figure>",
]


@pytest.mark.parametrize("other", OTHERS)
def test_dates_of_others_do_not_win(other):
    byline = '<div class="date">12 مايو 2024</div>'
    assert day_and_source(page(after=byline + BODY + other)) == ("2024-05-12", "byline")
    assert day_and_source(page(before=other, after=byline + BODY)) == ("2024-05-12", "byline")


@pytest.mark.parametrize("other", [o for o in OTHERS if "aside" in o or "related" in o or "<p>" in o or "figure" in o])
def test_dates_of_others_do_not_stand_in(other):
    assert day_and_source(page(after=BODY + other)) == ("2024-05-20", "fetched")


def test_the_day_at_the_top_of_the_page_is_not_the_articles():
    today = '<div class="topbar-date">الاثنين 20 مايو 2024</div>'
    assert day_and_source(page(before=today, after="<div>12 مايو 2024</div>" + BODY)) == ("2024-05-12", "byline")
    assert day_and_source(page(before=today, after=BODY)) == ("2024-05-20", "fetched")


@pytest.mark.parametrize(
    "masthead",
    [
        '<span class="date">الاثنين 20 مايو 2024</span>',
        "<div>الاثنين 12 ذو القعدة 1445هـ - 20 مايو 2024م</div>",
        "<div>آخر تحديث: الاثنين 20 مايو 2024 - 10:30 صباحا</div>",
        "<time>الاثنين، 20 أيار 2024</time>",
    ],
)
def test_the_fetch_day_right_above_the_title_gives_way_to_any_better_date(masthead):
    url = "https://news.example/2024/05/12/story"
    assert day_and_source(page(before=masthead, after="<div>12 مايو 2024</div>" + BODY)) == ("2024-05-12", "byline")
    assert day_and_source(page(before=masthead, after=BODY), url=url) == ("2024-05-12", "url")
    assert published(page(before=masthead, after=BODY)).date == dt.date(2024, 5, 20)


def test_the_fetch_day_above_the_title_alone_is_no_evidence():
    masthead = '<span class="date">الاثنين 20 مايو 2024</span>'
    assert day_and_source(page(before=masthead, after=BODY)) == ("2024-05-20", "fetched")


def test_a_byline_above_the_title_counts():
    others = '<div class="related"><div class="date">19 مايو 2024</div></div>'
    byline = '<div class="post-date">12 مايو 2024</div>'
    assert day_and_source(page(before=byline, after=BODY + others)) == ("2024-05-12", "byline")
    assert day_and_source(page(before='<div class="post-date">20 مايو 2024</div>', after=BODY)) == (
        "2024-05-20",
        "byline",
    )


def test_the_day_that_readers_saw_goes_with_a_stamp_in_greenwich():
    stamp = '<meta property="article:published_time" content="2024-05-12T21:30:00Z">'
    publication = published(page(after="<div>13 مايو 2024 - 00:30</div>" + BODY, head=stamp))
    assert publication[:3] == (dt.date(2024, 5, 13), dt.datetime(2024, 5, 12, 21, 30, tzinfo=UTC), "meta")
    assert day_and_source(page(after="<div>14 مايو 2024</div>" + BODY, head=stamp)) == ("2024-05-12", "meta")
    noon = stamp.replace("21:30", "12:30")
    assert day_and_source(page(after="<div>13 مايو 2024</div>" + BODY, head=noon)) == ("2024-05-12", "meta")


def test_a_change_counts_where_nothing_else_is_known():
    changed = '<meta property="article:modified_time" content="2024-05-14T10:00:00Z">'
    assert day_and_source(page(after=BODY, head=changed)) == ("2024-05-14", "meta")
    assert day_and_source(page(after="<div>12 مايو 2024</div>" + BODY, head=changed)) == ("2024-05-12", "byline")


def test_a_stamp_made_while_serving_does_not_win():
    served = '<meta name="date" content="2024-05-20T08:59:30Z">'
    assert day_and_source(page(after="<div>12 مايو 2024</div>" + BODY, head=served)) == ("2024-05-12", "byline")


@pytest.mark.parametrize("day", ["1993-12-31", "1970-01-01", "2024-05-22", "2031-01-01"])
def test_implausible_days_are_passed_over(day):
    head = f'<meta name="pubdate" content="{day}">'
    assert day_and_source(page(after="<div>12 مايو 2024</div>" + BODY, head=head)) == ("2024-05-12", "byline")


def test_the_day_after_the_fetch_is_possible_east_of_greenwich():
    late = dt.datetime(2024, 5, 20, 23, 0, tzinfo=UTC)
    assert day_and_source(page(after="<div>21 مايو 2024</div>" + BODY), fetched_at=late) == ("2024-05-21", "byline")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("عنوان الخبر\n12 مايو 2024\n" + "نص الخبر الطويل. " * 20, ("2024-05-12", "byline")),
        ("عنوان الخبر\nالأحد 4 ذو القعدة 1445 هـ الموافق 12 مايو 2024 م\nنص الخبر.", ("2024-05-12", "byline")),
        ("عنوان الخبر\nنشر في: ١٢ أيار ٢٠٢٤ - 10:15\nنص الخبر.", ("2024-05-12", "byline")),
        (
            "عنوان الخبر\nصادق البلدان في 12 مايو 2024 على معاهدة تنص على تقديم مساعدة عسكرية.",
            ("2024-05-20", "fetched"),
        ),
        ("عنوان الخبر\nسلمى عباس - عمّان - 12 مايو 2024\nنص الخبر.", ("2024-05-12", "byline")),
        ("عنوان الخبر\nتونس 12 ماي 2024 (وات) - أعلنت الوزارة الخطة.", ("2024-05-12", "byline")),
        ("ميدان 7 أبريل\nافتتح المحافظ الميدان أمس.", ("2024-05-20", "fetched")),
        ("7 أبريل.. عيد الحديقة\nاحتفلت المدينة.", ("2024-05-20", "fetched")),
        ("عنوان الخبر\n8 يناير 2018: هدد المورد برفع السعر", ("2024-05-20", "fetched")),
        ("عنوان الخبر\nورفعت الشركة السعر (11 مايو 2018) مرتين", ("2024-05-20", "fetched")),
        ("عنوان الخبر\n1.يناير 3.68 دينار للكيلو", ("2024-05-20", "fetched")),
        ("", ("2024-05-20", "fetched")),
    ],
)
def test_plain_text(text, expected):
    publication = choose_date(read_text_dates(text, URL), FETCHED)
    assert (str(publication.date), publication.source) == expected


@pytest.mark.parametrize("menu", [20, 400])
def test_the_date_of_a_text_stands_near_its_title(menu):
    title, lists = "الوزارة تعلن بدء المشروع الجديد", ["قسم من أقسام الموقع"] * menu
    lines = [f"{title} - صحيفة", *lists, "1 يناير 2020", *lists, title, "12 مايو 2024", "نص الخبر.", *lists]
    publication = choose_date(read_text_dates("\n".join(lines), "http://a.example/1", title=title), FETCHED)
    assert (str(publication.date), publication.source) == ("2024-05-12", "byline")


@pytest.mark.parametrize(
    ("stamp", "text", "expected"),
    [
        ("2008-02-14 20:00", "12/05/2024", ("2024-05-12", "byline")),
        ("2008-02-14", "12 مايو 2024", ("2024-05-12", "byline")),
        ("2024-05-12T23:00:00Z", "13 مايو 2024", ("2024-05-13", "time_tag")),
        ("2024-05-12", "05/12/2023 - 12/05/2024", ("2024-05-12", "time_tag")),
        ("2024-05-12", "آخر تحديث: 19 مايو 2024", ("2024-05-12", "time_tag")),
        ("2024-05-12", "منذ ثمانية أيام", ("2024-05-12", "time_tag")),
    ],
)
def test_a_stamp_yields_to_the_text_that_contradicts_it(stamp, text, expected):
    assert (
        day_and_source(page(after=f'<div class="info"><time datetime="{stamp}">{text}</time></div>' + BODY)) == expected
    )


def test_the_footer_of_a_post_has_its_date():
    stamp = '<abbr class="published" title="2024-05-12T00:23:00-04:00">12:23 ص</abbr>'
    footer = f'<div class="post-footer"><span class="post-timestamp">{stamp}</span></div>'
    assert day_and_source(page(after=BODY * 4 + footer)) == ("2024-05-12", "time_tag")


def test_a_dateline_in_the_first_paragraph_counts():
    assert day_and_source(page(after="<p>نواكشوط (رويترز) 12 مايو 2024 - " + BODY[3:])) == ("2024-05-12", "byline")


def test_rdfa_names_the_date_of_creation():
    stamp = '<span property="{}" content="2024-05-12T21:00:00+03:00" datatype="xsd:dateTime">05/12/2024</span>'
    for names in ("dc:date dc:created", "rnews:datePublished schema:datePublished", "dcterms:issued"):
        byline = f"<footer>{stamp.format(names)}</footer>"
        assert day_and_source(page(after=byline + BODY)) == ("2024-05-12", "time_tag")


def test_a_form_around_the_whole_page_is_no_form_to_fill_in():
    headline = "<td><span>الوزارة تعلن بدء المشروع الجديد</span></td>"
    table = f"<table><tr>{headline}</tr><tr><td><span class='date'>12 مايو 2024</span></td></tr></table>"
    head = "<title>الوزارة تعلن بدء المشروع الجديد - موقع الأخبار</title>"
    markup = f"<html><head>{head}</head><body><form action='x.aspx'>{table}{BODY}</form></body></html>"
    assert day_and_source(markup) == ("2024-05-12", "byline")
    search = f"<html><head>{head}</head><body>{table.replace('12 مايو 2024', '')}{BODY}"
    form = "<form><span class='date'>12 مايو 2024</span></form>"
    assert day_and_source(f"{search}{form}</body></html>") == ("2024-05-20", "fetched")


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ('<span class="time-elapsed">2 أسبوع</span>', ("2024-05-06", "byline")),
        (
            '<div class="post-ago"><i></i><span>3 أيام</span></div>',
            ("2024-05-20", "fetched"),
        ),  # no name of elapsed time
        ('<div class="ago">3 أيام</div>', ("2024-05-17", "byline")),
        ('<div class="duration">3 أيام</div>', ("2024-05-20", "fetched")),
    ],
)
def test_a_place_named_for_elapsed_time_needs_no_word_for_ago(byline, expected):
    assert day_and_source(page(after=byline + BODY)) == expected


def test_a_dateline_may_have_its_agency_in_an_element():
    opening = "<div>تونس في 12 مايو /<span>قنا</span>/ التقى وزير الخارجية التونسي اليوم نظيره الذي يزور تونس.</div>"
    assert day_and_source(page(after=opening + BODY)) == ("2024-05-12", "byline")


def test_a_date_in_a_sentence_is_not_the_articles():
    history = "<p>وأعلنت اللجنة العليا نتائج الانتخابات في تقريرها (12 مايو 2019) أن الإقبال تراجع.</p>"
    assert day_and_source(page(after=history + BODY)) == ("2024-05-20", "fetched")


def test_white_space_and_the_number_of_comments_do_not_hide_a_byline():
    space = "\n" + " " * 120
    assert day_and_source(page(after=f"<div><i></i>12 مايو.2024 - 20:43{space}| القراءات: 104{space}</div>{BODY}")) == (
        "2024-05-12",
        "byline",
    )
    comments = "<div id='commentsDiv' class='article-meta'><span>سامي عون</span><div>12-05-2024 12:15</div></div>"
    assert day_and_source(page(after=comments + BODY)) == ("2024-05-12", "byline")


def test_a_page_without_anything():
    assert day_and_source("<p></p>") == ("2024-05-20", "fetched")


_DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))


@given(
    st.lists(
        st.builds(
            DateCandidate,
            st.sampled_from(["json_ld", "meta", "time_tag", "byline", "url"]),
            st.none() | _DAYS,
            st.none(),
            st.just(""),
            st.sampled_from([FIRM, CHANGED, LOOSE]),
            st.none(),
        )
    )
)
def test_the_day_is_always_plausible(candidates):
    publication = choose_date(candidates, FETCHED)
    assert dt.date(1994, 1, 1) <= publication.date <= FETCHED.date() + dt.timedelta(days=1)
    assert choose_date(candidates, FETCHED) == publication


def test_a_fetch_time_before_the_web_bounds_nothing():
    """Files of reproducible archives are of 1970."""
    markup = page(head='<meta property="article:published_time" content="2024-05-12T14:30:00+03:00">')
    found = day_and_source(markup, fetched_at=dt.datetime(1970, 1, 1, tzinfo=UTC))
    assert found == ("2024-05-12", "meta")
