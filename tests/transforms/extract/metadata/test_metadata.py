import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Findings
from warraq.transforms.extract.json_ld import read_json_ld
from warraq.transforms.extract.markup import parse
from warraq.transforms.extract.metadata.bylines import split_names
from warraq.transforms.extract.metadata.metadata import decide_metadata

URL = "https://www.nahar.example/news/7"
FIELDS = st.sampled_from(
    ["@type", "@id", "author", "name", "headline", "image", "publisher", "keywords", "articleSection", "description"]
)
SEPARATORS = [" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " • ", " · ", " / ", " ~ ", "|", " ـ "]
LONG_TITLE = "مهرجان الزيتون يبدأ غدا في المدينة القديمة بمشاركة فرق من عشرين بلدا " * 2 + "ويستمر أسبوعا"
TITLE = "مهرجان الزيتون يبدأ غدا"


def metadata(head="", body="", json_ld=None, url=URL):
    script = f"<script type='application/ld+json'>{json.dumps(json_ld, ensure_ascii=False)}</script>" if json_ld else ""
    facts = Facts(f"<html><head>{script}{head}</head><body>{body}<p>نص</p></body></html>", url)
    return decide_metadata(facts, Findings())


def og(name, value):
    return f'<meta property="{name}" content="{value}">'


def article(**fields):
    return {"@context": "https://schema.org", "@type": "NewsArticle", **fields}


@pytest.mark.parametrize(
    ("head", "body", "json_ld", "title"),
    [
        ("", "", article(headline=TITLE), TITLE),
        (og("og:title", "عنوان الشبكات"), "", article(headline=TITLE), TITLE),
        (og("og:title", TITLE), "<h1>عنوان الصفحة</h1>", None, TITLE),
        ('<meta name="twitter:title" content="مهرجان الزيتون يبدأ غدا">', "", None, TITLE),
        ('<meta name="DC.title" content="مهرجان الزيتون يبدأ غدا">', "<h1>عنوان</h1>", None, TITLE),
        ("", f"<h2 itemprop='headline'>{TITLE}</h2><h1>النهار</h1>", None, TITLE),
        ("", f"<h1> {TITLE}\n</h1>", None, TITLE),
        (f"<title>{TITLE}</title>", "", None, TITLE),
        (f"<title>{TITLE} - النهار</title>", "", None, TITLE),
        (og("og:title", f"{TITLE} | BBC Arabic"), f"<h1>{TITLE}</h1>", None, TITLE),
        (
            og("og:title", f"{TITLE} - جريدة النهار اليومية السياسية")
            + og("og:site_name", "جريدة النهار اليومية السياسية"),
            "",
            None,
            TITLE,
        ),
        (og("og:title", f"النهار - {TITLE}") + og("og:site_name", "النهار"), "", None, TITLE),
        (
            og("og:title", "حوار - مع مديرة المهرجان"),
            "<h1>حوار - مع مديرة المهرجان</h1>",
            None,
            "حوار - مع مديرة المهرجان",
        ),
        ("", "<h1>النهار</h1>", article(headline=TITLE, publisher={"@type": "Organization", "name": "النهار"}), TITLE),
        ("", f"<h1>{TITLE} وسط حضور كبير</h1>", article(headline="مهرجان الزيتون يبدأ..."), f"{TITLE} وسط حضور كبير"),
        (f"<title>النهار العربية - {TITLE}</title>", f"<b>النهار العربية</b><td><b>{TITLE}</b></td>", None, TITLE),
        (f"<title>{TITLE}: يومياتي</title>", f"<h1><a href='/'>يومياتي</a></h1><h3>{TITLE}</h3>", None, TITLE),
        (
            "<title>النهار العربية الدولية: مهرجان</title>",
            "<h1><a href='/'>النهار العربية الدولية</a></h1><h3>مهرجان</h3>",
            None,
            "مهرجان",
        ),
        ("<title>مهرجان | النهار العربية</title>", f"<b>النهار العربية</b><h1>{TITLE}</h1>", None, TITLE),
        ("", "", article(headline="قال &quot;نعم&quot;"), 'قال "نعم"'),
        ("", "", article(headline="قال &amp;quot;نعم&amp;quot;"), 'قال "نعم"'),
        ("", "", article(headline="افتتاح مشروع «نبع»"), "افتتاح مشروع «نبع»"),
        (
            og("og:title", f"{TITLE} | الفجر") + og("twitter:title", f"{TITLE} | الفجر"),
            f"<h1>{TITLE}</h1>",
            None,
            TITLE,
        ),
        (
            og("og:title", f"{TITLE} | ثقافة | النهار") + og("og:site_name", "النهار") + og("article:section", "ثقافة"),
            "",
            None,
            TITLE,
        ),
        *(
            (og("og:title", f"{TITLE}{mark}النهار") + og("og:site_name", "النهار"), "", None, TITLE)
            for mark in SEPARATORS
        ),
        *(
            (og("og:title", f"النهار{mark}{TITLE}") + og("og:site_name", "النهار"), "", None, TITLE)
            for mark in SEPARATORS
        ),
        (og("og:title", f"{TITLE} - nahar.example"), "", None, TITLE),
        (og("og:title", "|".join(["النهار"] * 200 + [TITLE])) + og("og:site_name", "النهار"), "", None, TITLE),
        (og("og:title", f"النهار | {TITLE} | النهار") + og("og:site_name", "النهار"), "", None, TITLE),
        ("<title>افتتاح مشروع «نبع» - النهار</title>", "", None, "افتتاح مشروع «نبع»"),
        (
            og("og:title", f"{TITLE} - النهار"),
            "",
            article(publisher={"@type": "Organization", "name": "النهار"}),
            TITLE,
        ),
        ("<title>أحمد - علي | النهار</title>", "<h1>أحمد - علي</h1>", None, "أحمد - علي"),
        (og("og:title", "حرب 1973 - قصة نصر"), "", None, "حرب 1973 - قصة نصر"),
        ("", "", article(headline=LONG_TITLE[:110]) | {"name": ""}, LONG_TITLE[:110]),
        (og("og:title", LONG_TITLE), "", article(headline=LONG_TITLE[:110]), LONG_TITLE),
        # a short description as the headline, which nothing repeats
        (
            f"<title>{TITLE} - الموسوعة</title>" + og("og:title", f"{TITLE} - الموسوعة"),
            f"<h1>{TITLE}</h1>",
            article(headline="مشروع في مدينة عربية"),
            TITLE,
        ),
        # the section in the h1, the headline in an h2
        (
            "<title>النهار | خبر</title>",
            f'<div class="breadcrumbs"><a href="/s"><h1>اقتصاد</h1></a></div><h2>{TITLE}</h2>',
            None,
            TITLE,
        ),
        ("<title>النهار | خبر</title>", f'<h1 class="category-name">رأي</h1><h2>{TITLE}</h2>', None, TITLE),
        ("<title>النهار</title>", f'<h1 class="section-title">رأي</h1><h3>{TITLE}</h3>', None, TITLE),
        ("<title>النهار</title>", f'<nav><a href="/e">اقتصاد</a></nav><h1>اقتصاد</h1><h2>{TITLE}</h2>', None, TITLE),
        ("<title>النهار - اقتصاد</title>", f'<h1><a href="/e">اقتصاد</a></h1><h2>{TITLE}</h2>', None, TITLE),
        # a short headline above a standfirst
        ("<title>النهار</title>", f"<h1>حرب المياه</h1><h2>{TITLE}</h2>", None, "حرب المياه"),
        ("<title>النهار</title>", '<a href="/">الرئيسية</a><h1>حرب المياه</h1><p>نص</p>', None, "حرب المياه"),
        # a section or the site's name in the first h1, the headline of <title> below it
        (f"<title>{TITLE} - النهار</title>", f'<h1><img alt="">النهار</h1><h2>{TITLE}</h2>', None, TITLE),
        (f"<title>{TITLE} - النهار</title>", f'<h1 class="kicker">محليات</h1><h1>{TITLE}</h1>', None, TITLE),
        (f"<title>النهار | أخبار | {TITLE}</title>", "", None, TITLE),
        (f"<title>(3) {TITLE} - النهار</title>", "", None, TITLE),
        (og("og:title", f"{TITLE} - {TITLE}"), "", None, TITLE),
        (
            f"<title>النهار أون لاين ::: {TITLE}</title>",
            '<h1><span>an-nahar</span><a href="/Default.aspx"><img></a></h1>',
            None,
            TITLE,
        ),
        (og("og:title", f"{TITLE} –") + f"<title>{TITLE} – | النهار</title>", "", None, TITLE),
        # the site's name in an h1, and signs of any form before it
        (
            og("og:title", f"{TITLE} | النهار") + og("og:site_name", "النهار"),
            f'<h1 class="logo"><a href="/">النهار</a></h1><h1>النهار</h1><h4>{TITLE}</h4>',
            None,
            TITLE,
        ),
        (og("og:title", f"{TITLE} ⋆ النهار") + og("og:site_name", "النهار"), "", None, TITLE),
        (og("og:title", f"{TITLE} ► النهار") + og("og:site_name", "النهار"), "", None, TITLE),
        ("<title>العجز ⋆ والفائض في ميزانية العام المقبل</title>", "", None, "العجز ⋆ والفائض في ميزانية العام المقبل"),
        # no title and no h1
        ("", f'<h2><a href="/2">خبر آخر عن المدينة القديمة</a></h2><h2>{TITLE}</h2><p>{LONG_TITLE}</p>', None, TITLE),
        ("", f"<p>{LONG_TITLE}</p><h2>{TITLE}</h2>", None, None),
        # <title> in the body
        ("", f"<main><title>متصفح | {TITLE}</title><h2>{TITLE}</h2></main>", None, TITLE),
        ("", f"<svg><title>شعار الموقع الكبير</title></svg><h1>{TITLE}</h1>", None, TITLE),
        ("", "", None, None),
    ],
)
def test_title(head, body, json_ld, title):
    assert metadata(head, body, json_ld).title == title


@pytest.mark.parametrize(
    ("head", "body", "json_ld", "authors"),
    [
        ("", "", article(author={"@type": "Person", "name": "ليلى حداد"}), ["ليلى حداد"]),
        ("", "", article(author=["ليلى حداد", {"name": "سامي عون"}]), ["ليلى حداد", "سامي عون"]),
        ("", "", [article(author={"@id": "#p"}), {"@id": "#p", "@type": "Person", "name": "ليلى حداد"}], ["ليلى حداد"]),
        ("", "", {"@graph": [article(author={"givenName": "ليلى", "familyName": "حداد"})]}, ["ليلى حداد"]),
        ('<meta name="author" content="كتب: سامي عون، ليلى حداد">', "", None, ["سامي عون", "ليلى حداد"]),
        (
            og("article:author", "https://facebook.com/nahar"),
            "<span class='author'>بقلم سامي عون</span>",
            None,
            ["سامي عون"],
        ),
        ('<meta name="author" content="admin">', "<p class='writeBy'>كتبت ليلى حداد</p>", None, ["ليلى حداد"]),
        ('<meta name="dc.creator" content="تحرير: سامي عون">', "", None, ["سامي عون"]),
        (
            "",
            "<a rel='author' href='/a'>سامي عون</a><div class='box'><a rel='author'>كاتب خبر آخر</a></div>",
            None,
            ["سامي عون"],
        ),
        ("", "<p>كتب: سامي عون</p>", None, ["سامي عون"]),
        ("", "<div>مرسلة بواسطة <span class='fn'>سامي عون</span></div>", None, ["سامي عون"]),
        ("", "<ol class='comment-list'><li><cite class='fn'>قارئ محب</cite></li></ol>", None, []),
        (og("og:site_name", "النهار") + '<meta name="author" content="النهار">', "", None, []),
        ("", "<span class='byline'>رياضة</span>", None, []),
        ("", "", article(author="هيئة التحرير"), []),
        ("", "", article(creator={"name": "ليلى حداد"}), ["ليلى حداد"]),
        ("", "", article(author=[[{"name": ["ليلى حداد", "سامي عون"]}]]), ["ليلى حداد", "سامي عون"]),
        ("", "", [article(author="#p"), {"@id": "#p", "@type": "Person", "name": "ليلى حداد"}], ["ليلى حداد"]),
        (
            "",
            "",
            article(author={"@type": "Organization", "name": "رويترز"}),
            ["رويترز"],
        ),  # CleanText makes it the credit
        (og("og:site_name", "صحيفة النهار"), "", article(author={"@type": "Organization", "name": "النهار نيوز"}), []),
        (
            og("og:site_name", "النهار"),
            "<h1>خبر</h1><div class='author-name'>سامي عون</div>",
            article(author={"@type": "Organization", "name": "جهة ما"}),
            ["سامي عون"],
        ),
        # what readers see goes before what only machines read
        ('<meta name="author" content="حساب الرفع">', "<h1>خبر</h1><p>كتبت: ليلى حداد</p>", None, ["ليلى حداد"]),
        ("<meta name='author' content='Leila H'>", "<h1>خبر</h1><p>بقلم: ليلى حداد</p>", None, ["ليلى حداد"]),
        ('<meta name="author" content="ليلى حداد">', "<h1>خبر</h1><b class='author'>القاهرة</b>", None, ["ليلى حداد"]),
        ("", "<p>إعداد ليلى حداد</p>", article(author=["سامي عون", "ليلى حداد"]), ["ليلى حداد"]),
        (
            "",
            "<p>ليلى حداد وآخرون</p>",
            article(author=["ليلى حداد", "سامي عون", "منى رضا"]),
            ["ليلى حداد", "سامي عون", "منى رضا"],
        ),
        (
            og("twitter:label1", "كُتب بواسطة") + og("twitter:data1", "ليلى حداد") + og("twitter:data2", "دقيقتان"),
            "",
            None,
            ["ليلى حداد"],
        ),
        (og("article:author", "سامي عون") + og("article:author", "ليلى حداد"), "", None, ["سامي عون", "ليلى حداد"]),
        # where a page shows its author
        ("", "<h1>خبر</h1><a href='/author/sami-aoun/'>سامي عون</a>", None, ["سامي عون"]),
        ("", "<h1>خبر</h1><address>سامي عون</address>", None, ["سامي عون"]),
        (
            "",
            "<h1>خبر</h1><div class='article-author'><a>سامي عون</a><span>مراسل المحليات</span></div>",
            None,
            ["سامي عون"],
        ),
        (
            "",
            "<h1>خبر</h1><div class='authors'><a class='author'>سامي عون</a>، <a class='author'>ليلى حداد</a></div>",
            None,
            ["سامي عون", "ليلى حداد"],
        ),
        ("", "<h1>خبر</h1><div class='byline'>كتب <b>سامي عون</b> · ٣ دقائق قراءة</div>", None, ["سامي عون"]),
        ("", "<h1>خبر</h1><div itemprop='author'><span itemprop='name'>سامي عون</span> كاتب</div>", None, ["سامي عون"]),
        ("", "<h1>خبر</h1><aside><b class='author'>كاتب الزاوية</b></aside>", None, []),
        ("", "<h1>خبر</h1><div class='author-box'><p class='author-name'>سامي عون</p></div>", None, []),
        ("", f"<h1>خبر</h1><p>{'نص ' * 1000}</p><b class='author'>كاتب بعيد</b>", None, []),
        ("", "<h1>خبر</h1><span class='author'>جميع الحقوق محفوظة</span>", None, []),
        (
            "",
            f"<h1>خبر</h1><p>{'نص ' * 1000}</p><div class='post-footer'>مرسلة بواسطة <b class='fn'>سامي عون</b></div>",
            None,
            ["سامي عون"],
        ),
        ("", "<figure><meta itemprop='author' content='مصور الصورة'></figure>", None, []),
        ("", "<h1>خبر</h1><span class='author'>أخبار المدينة الآن</span>", None, []),
        ("", "<h1>خبر</h1><span class='author'>المدينة نيوز</span>", None, []),
        (og("og:site_name", "الأكثر تداولا"), "<h1>خبر</h1><span class='author'>الاكثر تداولا</span>", None, []),
        ("", "<h1>خبر</h1><div>6:54 م 12/05/2024 بواسطة: <a href='/u/7'>سامي عون</a></div>", None, ["سامي عون"]),
        ("", "<h1>خبر</h1><div class='writer'>✍ سامي عون</div>", None, ["سامي عون"]),
        ("", "<h1>خبر</h1><div>إعداد وتقديم: سامي عون</div>", None, ["سامي عون"]),
        ("", f"<h1>خبر</h1><div>الكاتب</div><div>سامي عون</div><p>{'نص ' * 100}</p>", None, ["سامي عون"]),
        ("", f"<h1>خبر</h1><div>الكاتب</div><p>{'نص ' * 100}</p>", None, []),
        ("", "<h1>البحر والصياد ... بقلم : سامي عون</h1>", None, ["سامي عون"]),
        ("", "<h1>رواية كتبها البحر بقلم أزرق</h1>", None, []),
        ("", "<h1>سيرة القائد القديم بقلم حفيده الأكبر</h1>", None, []),
        ("", "<h1>البحر والصياد | بقلم سامي عون</h1>", None, ["سامي عون"]),
    ],
)
def test_authors(head, body, json_ld, authors):
    assert metadata(head, body, json_ld).authors == authors


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("كتب: أحمد علي", ["أحمد علي"]),
        ("كتبت - منى حسن", ["منى حسن"]),
        ("بقلم/ أحمد علي و منى حسن", ["أحمد علي", "منى حسن"]),
        ("أحمد وليد", ["أحمد وليد"]),
        ("By Sara Aoun and Omar Said", ["Sara Aoun", "Omar Said"]),
        ("إعداد: أحمد علي / القاهرة", ["أحمد علي"]),
        ("القاهرة - أحمد علي", ["أحمد علي"]),
        ("كتب: أحمد علي - منى حسن", ["أحمد علي", "منى حسن"]),
        ("أحمد/منى", ["أحمد", "منى"]),
        ("مرسلة بواسطة أحمد علي", ["أحمد علي"]),
        ("نشر بواسطة: منى حسن", ["منى حسن"]),
        ("https://a.example/x", []),
        ("محرر", []),
        ("", []),
        ("كتب- أحمد علي", ["أحمد علي"]),
        ("كتب ـ أحمد علي", ["أحمد علي"]),
        ("كتبه: أحمد علي", ["أحمد علي"]),
        ("كتب الزميل أحمد علي", ["أحمد علي"]),
        ("تحرير: منى حسن", ["منى حسن"]),
        ("إعداد وتقديم: منى حسن", ["منى حسن"]),
        ("تقرير - منى حسن", ["منى حسن"]),
        ("حوار: منى حسن - تصوير: أحمد علي", ["منى حسن"]),
        ("مراسل النهار في دمشق: أحمد علي", ["أحمد علي"]),
        ("أحمد علي، مراسل النهار في دمشق", ["أحمد علي"]),
        ("أحمد علي - كاتب وباحث", ["أحمد علي"]),
        ("د. أحمد علي", ["د. أحمد علي"]),
        ("القاهرة: أحمد علي", ["أحمد علي"]),
        ("لندن: «النهار»", []),
        ("دبي - النهار.نت", []),
        ("أحمد علي (القاهرة)", ["أحمد علي"]),
        ("أحمد علي @ahmed_ali", ["أحمد علي"]),
        ("ahmed@nahar.example", []),
        ("أحمد علي ومنى حسن", ["أحمد علي", "منى حسن"]),
        ("أحمد علي ومنى حسن وسامي عون", ["أحمد علي", "منى حسن", "سامي عون"]),
        ("أحمد علي وليد حسن", ["أحمد علي وليد حسن"]),
        ("محمد ولد أحمد", ["محمد ولد أحمد"]),
        ("Sara Aoun & Omar Said", ["Sara Aoun", "Omar Said"]),
        ("Sara Aoun, Staff Writer", ["Sara Aoun"]),
        ("Par Sara Aoun et Omar Said", ["Sara Aoun", "Omar Said"]),
        ("admin", []),
        ("Super User", []),
        ("محرر الموقع", []),
        ("المحرر السياسي", []),
        ("الكاتب أحمد علي", ["أحمد علي"]),
        ("السفير أحمد علي", ["السفير أحمد علي"]),
        ("الكاتب : أحمد علي المصدر : وكالات", ["أحمد علي"]),
        ("بقلم أحمد علي آخر تحديث: 12 مايو", ["أحمد علي"]),
        ("فريق التحرير", []),
        ("غرفة الأخبار", []),
        ("موقع النهار", []),
        ("رياضة", []),
        ("وكالات", []),
    ],
)
def test_names_in_a_byline(stated, names):
    assert split_names(stated) == names


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("<li><span><i></i>كتب</span> <a href='#'>منى حسن</a> <span>-</span> <a href='#'>سلمى عباس</a></li>", 2),
        ("<div><span>بقلم:</span><b>منى حسن</b></div>", 1),
        ("<div><b>الكاتب</b> : <span>منى حسن</span></div>", 1),
        ("<div>إعداد <a href='#'>منى حسن</a>، <a href='#'>سلمى عباس</a></div>", 2),
        ("<div>الكاتبة : منى حسن</div>", 1),
        ("<p>كتب: منى حسن ، سلمى عباس ، عمر سعيد ، هدى فارس ، رامي نصر</p>", 5),
        (
            "<div><span>كتب</span><span>الأكثر مبيعا</span>"
            + "<p>وصل الكتاب الجديد إلى رفوف المكتبات.</p>" * 5
            + "</div>",
            0,
        ),
        ("<div><b>تقرير</b></div>", 0),
    ],
)
def test_labels_in_elements_of_their_own(byline, names):
    every = ["منى حسن", "سلمى عباس", "عمر سعيد", "هدى فارس", "رامي نصر"]
    assert metadata(body=f"<h1>{TITLE}</h1>{byline}").authors == every[:names]


def test_the_other_fields_come_from_their_first_source():
    found = metadata(
        og("og:site_name", "النهار")
        + og("og:description", "وصف")
        + og("og:image", "/a.jpg")
        + og("article:tag", "زيتون"),
        json_ld=article(articleSection=["ثقافة", "فن"], keywords="زيتون, مهرجان،زيت"),
    )
    assert (found.site_name, found.description, found.section) == ("النهار", "وصف", "ثقافة")
    assert found.image_url == "https://www.nahar.example/a.jpg"
    assert found.tags == ["زيتون", "مهرجان", "زيت"]


def test_microdata_gives_the_section():
    assert metadata(body="<p><span itemprop='articleSection'>طقس</span></p>").section == "طقس"


def test_a_breadcrumb_gives_the_section():
    crumbs = [{"@type": "ListItem", "name": name} for name in ("الرئيسية", "اقتصاد", TITLE)]
    found = metadata(og("og:title", TITLE), json_ld={"@type": "BreadcrumbList", "itemListElement": crumbs})
    assert found.section == "اقتصاد"


@pytest.mark.parametrize(
    ("head", "body", "json_ld", "section"),
    [
        (og("article:section", "رياضة"), "", article(articleSection="ثقافة"), "ثقافة"),
        (og("article:section", "رياضة"), "", None, "رياضة"),
        (
            og("article:section", "Uncategorized"),
            "<ul class='breadcrumb'><a href='/'>الرئيسية</a><a href='/s'>سياسة</a></ul>",
            None,
            "سياسة",
        ),
        ("", "", article(articleSection=["غير مصنف", "اقتصاد"]), "اقتصاد"),
        (og("og:site_name", "النهار"), "", article(articleSection="النهار"), None),
        ("", "", article(articleSection={"name": "x"}), None),
        ("", "<ul class='breadcrumb'><a href='/'>الصفحة الرئيسة</a><a href='/s'>سياسة</a></ul>", None, "سياسة"),
        ("", "<ul class='breadcrumb'><a href='/'>الرئيسة</a></ul>", None, None),
    ],
)
def test_section(head, body, json_ld, section):
    assert metadata(head, body, json_ld).section == section


@pytest.mark.parametrize(
    ("head", "json_ld", "image"),
    [
        (
            "",
            article(image=["https://nahar.example/a.jpg", "https://nahar.example/b.jpg"]),
            "https://nahar.example/a.jpg",
        ),
        ("", article(image=[{"@type": "ImageObject", "url": "/a.jpg"}]), "https://www.nahar.example/a.jpg"),
        (og("og:image", "//cdn.nahar.example/a.jpg"), None, "https://cdn.nahar.example/a.jpg"),
        (og("og:image", "/images/logo.png") + og("twitter:image", "/a.jpg"), None, "https://www.nahar.example/a.jpg"),
        (og("og:image", "/assets/default-image.jpg"), None, None),
        (og("og:image", "data:image/gif;base64,R0lGOD"), None, None),
        (og("og:image", "/"), None, None),
        ("", article(image={"url": "/pixel", "width": 1, "height": "1"}), None),
        ("", article(image={"url": "/a.jpg", "width": "²", "height": "9" * 5000}), "https://www.nahar.example/a.jpg"),
        ("<link rel='image_src' href='/a.jpg'>", None, "https://www.nahar.example/a.jpg"),
        (og("og:image", "/sites/default/files/a.jpg"), None, "https://www.nahar.example/sites/default/files/a.jpg"),
    ],
)
def test_lead_image(head, json_ld, image):
    assert metadata(head, json_ld=json_ld).image_url == image


@pytest.mark.parametrize(
    ("head", "url", "canonical", "site"),
    [
        (
            "<link rel=canonical href='/a?utm_source=x&id=3#top'>",
            URL,
            "https://www.nahar.example/a?id=3",
            "nahar.example",
        ),
        ("<link rel=canonical href='https://m.nahar.example/a'>", URL, "https://m.nahar.example/a", "nahar.example"),
        (og("og:url", "https://nahar.example/b"), URL, "https://nahar.example/b", "nahar.example"),
        ("<link rel=canonical href='https://other.example/a'>", URL, URL, "nahar.example"),
        ("<link rel=canonical href='javascript:void(0)'>", URL, URL, "nahar.example"),
        ("<link rel=canonical href='/'>", URL, URL, "nahar.example"),
        (
            "<link rel=canonical href='https://nahar.example'>" + og("og:url", "/news/8"),
            URL,
            URL[:-1] + "8",
            "nahar.example",
        ),
        ("<link rel=canonical href='/?p=3'>", URL, "https://www.nahar.example/?p=3", "nahar.example"),
        (
            "<link rel=canonical href='http://www.nahar.example/news/7'>",
            URL,
            URL.replace("https", "http"),
            "nahar.example",
        ),
        ("<link rel=canonical href='//www.nahar.example/news/7?at_medium=x&cmpid=1'>", URL, URL, "nahar.example"),
        ("<link rel=canonical href=''>", URL, URL, "nahar.example"),
        ("", "https://WWW.Nahar.co.uk/A?fbclid=1#x", "https://www.nahar.co.uk/A", "nahar.co.uk"),
        (
            "<link rel=canonical href='https://nahar.example/a'>",
            "page.html",
            "https://nahar.example/a",
            "nahar.example",
        ),
        ("", "page.html", "page.html", ""),
        ("", "http://[bad", "http://[bad", ""),
    ],
)
def test_canonical_address_and_site(head, url, canonical, site):
    found = metadata(head, url=url)
    assert (found.canonical_url, found.site) == (canonical, site)


@pytest.mark.parametrize(
    ("script", "objects"),
    [
        ('{"@type": "A"}', [{"@type": "A"}]),
        ('[{"a": 1}, {"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('<!-- {"a": 1} -->', [{"a": 1}]),
        ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}]),
        ('{"a": "line\nbreak"};', [{"a": "line\nbreak"}]),
        (r'{"a": "it\'s \"so\""}', [{"a": 'it\'s "so"'}]),
        ('{"a": [1, 2,], }', [{"a": [1, 2]}]),
        ('{"a": ', []),
        ("[" * 100_000, []),
        ('"text"', []),
    ],
)
def test_json_ld_is_read_leniently(script, objects):
    read = read_json_ld(parse(f"<script type='application/ld+json'>{script}</script><p>x</p>"))
    assert [node.fields for node in read.top] == objects


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner))
)
def test_no_json_ld_breaks_the_page(value):
    assert metadata(json_ld={"@type": "NewsArticle", "x": value} | (value if isinstance(value, dict) else {})).site
