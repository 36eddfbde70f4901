import json

import pytest

from warraq.transforms.extract.body.page_kind import (
    kind_shares,
    read_label_signs,
    read_page_signs,
    read_text_signs,
    refuse,
)
from warraq.transforms.extract.facts import Facts
from warraq.transforms.rejection import Rejection

ARTICLE = {"@type": "NewsArticle", "headline": "خبر"}
OWN = "<p>" + "قال مدير المرفأ إن الرصيف الجديد سيستقبل سفنا أكبر، وإن العمل فيه ينتهي في الربيع. " * 5 + "</p>"
LONG_URL = "https://a.example/2025/05/01/khabar"


def facts(body, head="", json_ld=(), url=LONG_URL):
    script = f"<script type='application/ld+json'>{json.dumps(json_ld)}</script>"
    title = "<title>خبر من الميناء - صحيفة الميناء</title>"
    return Facts(f"<html><head>{title}{script}{head}</head>{body}</html>", url)


def signs_of(page):
    return read_page_signs(page, kind_shares(page))


@pytest.mark.parametrize(
    ("body_class", "json_ld", "url", "head"),
    [
        ("archive tag", [], LONG_URL, ""),
        ("home blog", [], LONG_URL, ""),
        ("error404", [], LONG_URL, ""),
        ("", [{"@type": "CollectionPage"}], LONG_URL, ""),
        ("", [{"@type": ["WebPage", "SearchResultsPage"]}], LONG_URL, ""),
        ("", [{"@type": "ItemList", "itemListElement": [ARTICLE, ARTICLE]}], "https://a.example/", ""),
        ("", [], "https://a.example", ""),
        ("", [], "https://a.example/ar/", ""),
        ("", [], "https://a.example/tag/مصر", ""),
        ("", [], "https://a.example/category/sport/page/3/", ""),
        ("", [], "https://a.example/author/sami", ""),
    ],
)
def test_pages_that_say_they_are_no_article_are_refused(body_class, json_ld, url, head):
    with pytest.raises(Rejection, match="not_an_article"):
        refuse(signs_of(facts(f"<body class='{body_class}'>x</body>", head, json_ld, url)))


@pytest.mark.parametrize(
    ("body_class", "json_ld", "url", "head"),
    [
        ("single single-post tag-sport", [], "https://a.example/", ""),
        ("page", [], LONG_URL, ""),
        ("archive", [ARTICLE], LONG_URL, ""),
        ("", [{"@type": "WebPage", "mainEntity": ARTICLE}], "https://a.example/", ""),
        ("", [], "https://a.example/?p=12", ""),
        ("", [], "https://a.example/tag/x", "<meta property='og:type' content='article'>"),
        ("", [], "https://a.example/tag/2025/01/01/a-long-story", ""),
        ("", [], "page.html", ""),
        ("", [], "http://[bad", ""),
    ],
)
def test_pages_that_may_be_articles_pass(body_class, json_ld, url, head):
    body = f"<body class='{body_class}'><h1>خبر من الميناء</h1>{OWN * 3}</body>"
    assert not list(signs_of(facts(body, head, json_ld, url)))


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["عذرا، ما تبحث عنه ليس هنا."], "الصفحة غير موجودة"),
        (["The page may have moved."], "404 - صحيفة الميناء"),
        (["عذرا، الصفحة التي تبحث عنها غير موجودة أو نقلت إلى عنوان آخر."], "صحيفة الميناء"),
        (["صحيفة الميناء", "لم يتم العثور على أي نتائج تطابق بحثك."], "صحيفة الميناء"),
        (["تم حذف هذا الخبر ولم يعد متاحا."], None),
        (["خبر أول..." * 3, "خبر ثان …", "خبر ثالث اقرأ المزيد", "خبر رابع ...", "أرشيف"], "أخبار"),
    ],
)
def test_error_pages_and_teasers_are_refused(lines, title):
    with pytest.raises(Rejection, match="not_an_article"):
        refuse(read_text_signs(lines, title))


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["قالت الشركة إن الخطأ 404 صار أندر. " * 30], "لماذا ترى خطأ 404؟"),
        (["سؤال مفتوح...", "جملة عادية.", "جملة أخرى.", "وثالثة."], "رأي"),
        (["نص."], None),
        (["لم يتم العثور على ناجين في موقع الحادث، وتستمر فرق الإنقاذ في البحث."], "حادث في الجبل"),
        (["قالت الشركة إن الصفحة التي تعرض الأسعار غير متاحة. " * 30], "عطل في موقع"),
    ],
)
def test_articles_pass(lines, title):
    assert not list(read_text_signs(lines, title))


# Headlines and first sentences of other pages, as a section's page shows them.
TEASERS = [
    ("البلدية تنهي ترميم سوق السمك القديم", "قالت البلدية إن السوق سيفتح أبوابه مطلع الشهر المقبل بعد استبدال سقفه."),
    ("افتتاح معرض للكتاب المستعمل في الساحة", "يضم المعرض عشرة آلاف كتاب جمعها متطوعون من بيوت المدينة خلال عام كامل."),
    (
        "فريق الميناء يتعادل في أولى المباريات",
        "سجل هدف الميناء مهاجمه الشاب في الدقيقة السبعين قبل أن يدرك الضيوف التعادل.",
    ),
    (
        "طلاب يبنون قاربا يعمل بالطاقة الشمسية",
        "استغرق بناء القارب ثمانية أشهر ويبلغ طوله أربعة أمتار ويتسع لشخصين اثنين.",
    ),
    (
        "أسعار الخضار تستقر بعد ارتفاع متواصل",
        "أكد تجار الجملة أن وصول المحصول الجديد من السهل الشمالي أعاد التوازن إلى السوق.",
    ),
]
CARD = "<div><h3><a href=/1>{}</a></h3><p>{}</p></div>"


def page_of(form, before="", json_ld=()):
    listed = "".join(form.format(*teaser) for teaser in TEASERS)
    body = f"<body><nav><a href=/>الرئيسية</a></nav><h1>محليات</h1>{before}{listed}</body>"
    return facts(body, json_ld=json_ld, url="https://a.example/local")


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(CARD, id="linked headings"),
        pytest.param("<article><header><h2><a href=/1>{}</a></h2></header><p>{}</p></article>", id="blog"),
        pytest.param("<div><a href=/1><img src=a.jpg></a><h4>{}</h4><p>{}</p></div>", id="linked pictures"),
        pytest.param("<ul><li><a href=/1>{}</a><br>{}</li></ul>", id="items"),
        pytest.param("<table><tr><td><a href=/1>{}</a><br>{}</td></tr></table>", id="cells"),
        pytest.param("<div><a href=/1><span>{}</span></a><p>{}</p><a href=/1>المزيد</a></div>", id="spans"),
        pytest.param("<h3><a href=/1>{}</a></h3><p>{}</p>", id="no blocks"),
        pytest.param("<p><a href=/1><b>{}</b></a><br>{}</p>", id="paragraphs"),
        pytest.param("<a href=/1><h3>{0}</h3><p>{1} {1} {1}</p></a>", id="all inside links"),
    ],
)
def test_lists_of_other_pages_are_refused(form):
    with pytest.raises(Rejection, match="not_an_article"):
        refuse(signs_of(page_of(form)))


@pytest.mark.parametrize(
    ("form", "before", "json_ld"),
    [
        pytest.param(CARD, OWN, [], id="an article above related stories"),
        pytest.param(CARD, "", [ARTICLE], id="a page that states its article"),
        pytest.param("<h3>{}</h3><p>{}</p>", "", [], id="an article with subheadings"),
        pytest.param("<p>{1} وجاء في <a href=/1>{0}</a> ما يؤيد ذلك.</p>", "", [], id="links in sentences"),
    ],
)
def test_pages_with_prose_of_their_own_pass(form, before, json_ld):
    assert not list(signs_of(page_of(form, before, json_ld)))


@pytest.mark.parametrize(
    ("page", "sources"),
    [
        pytest.param(Facts("<title>خبر</title><body><div id=root></div></body>", LONG_URL), [], id="drawn by a script"),
        pytest.param(Facts(f"<div>{OWN}</div>", LONG_URL), [], id="a part of a page"),
        pytest.param(Facts(f"<title>خبر</title><div>{OWN}</div>", LONG_URL), ["shape"], id="a page"),
    ],
)
def test_only_a_whole_page_with_a_text_has_a_shape(page, sources):
    shares = {"article": 0.01, "listing": 0.9, "product": 0.03, "service": 0.03, "forum": 0.03}
    assert [sign.source for sign in read_page_signs(page, shares)] == sources


@pytest.mark.parametrize("json_ld", [[], [ARTICLE]])
@pytest.mark.parametrize(("share", "is_refused"), [(0.14, True), (0.16, False)])
def test_a_shape_that_few_articles_have_is_refused_whatever_the_page_states(share, json_ld, is_refused):
    shares = {"article": share, "listing": 1 - share, "product": 0.0, "service": 0.0, "forum": 0.0}
    page = facts(f"<body>{OWN}</body>", json_ld=json_ld)
    assert ([sign.source for sign in read_page_signs(page, shares)] == ["shape"]) is is_refused


LINKS = "<p><a href=/1>مباراة اليوم</a> <a href=/2>أسعار الخضار</a> <a href=/3>حالة الطقس</a></p>"


@pytest.mark.parametrize("text", ["مباراة اليوم أسعار الخضار حالة الطقس", "صورة من الحفل\nوأخرى من السوق"])
def test_texts_of_labels_are_refused(text):
    with pytest.raises(Rejection, match="not_an_article"):
        refuse(read_label_signs(facts(f"<body>{LINKS}</body>"), text))


@pytest.mark.parametrize("own", [OWN, "<p>سطر قصير من قصيدة</p>" * 20], ids=["prose", "short lines"])
def test_texts_beside_links_pass(own):
    page = facts(f"<body>{LINKS}{own}</body>")
    assert not list(read_label_signs(page, "\n".join(page.tree.xpath("//p[not(a)]/text()"))))


@pytest.mark.parametrize("stated", ["", "<link rel=canonical href=/2024/05/01/khabar>"])
def test_where_a_file_lies_says_nothing_of_its_page(stated):
    shapes = [
        kind_shares(Facts(f"<title>خبر</title>{stated}<h1>خبر</h1>{OWN}", f"file:/{folder}/page.html"))
        for folder in ("home/pages", "shop/category/forum/products", "2024/05/01")
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def test_the_address_that_a_file_states_is_its_own():
    page = f"<title>خبر</title>{{}}<h1>خبر</h1>{OWN}"
    link = "<link rel=canonical href=https://a.example/category/fann>"
    of_file = kind_shares(Facts(page.format(link), "file:/home/page.html"))
    assert of_file == kind_shares(Facts(page.format(link), "https://a.example/category/fann"))
    assert of_file != kind_shares(Facts(page.format(""), "file:/home/page.html"))


@pytest.mark.parametrize(
    ("og_type", "json_ld", "sources"),
    [("product", [], ["og:type"]), ("product.item", [], ["og:type"]), ("article", [], []), ("product", [ARTICLE], [])],
)
def test_a_page_that_calls_itself_a_product_is_none(og_type, json_ld, sources):
    page = facts(f"<head><meta property=og:type content={og_type}></head><body>{OWN}</body>", json_ld=json_ld)
    shares = {"article": 0.9, "listing": 0.02, "product": 0.04, "service": 0.02, "forum": 0.02}
    assert [sign.source for sign in read_page_signs(page, shares)] == sources


@pytest.mark.parametrize(
    "node",
    [
        {"@type": "Product", "name": "ساعة", "offers": {"@type": "Offer", "price": "10"}},
        {"@type": "WebPage", "mainEntity": {"@type": "Product", "offers": [{"price": "10"}]}},
        {"@type": "JobPosting", "title": "محاسب"},
    ],
)
def test_goods_and_jobs_as_the_main_entity_refuse(node):
    with pytest.raises(Rejection, match="Product|JobPosting"):
        refuse(signs_of(facts(OWN, json_ld=[node])))
    refuse(signs_of(facts(OWN, json_ld=[node, ARTICLE])))
    refuse(signs_of(facts(OWN, json_ld=[node], head='<meta property="og:type" content="article">')))


def test_a_rated_article_is_no_product():
    rated = {"@type": "Product", "name": "خبر", "aggregateRating": {"ratingValue": 5, "ratingCount": 3}}
    signs = [*signs_of(facts(OWN, json_ld=[rated]))]
    assert not any("Product" in str(sign) for sign in signs)
    refuse(signs)


@pytest.mark.parametrize("title", ["سياسة الخصوصية", "الشروط والأحكام", "من نحن", "شروط الاستخدام وسياسة الخصوصية"])
def test_a_page_that_every_site_has_is_no_article(title):
    lines = ["نجمع بعض البيانات عند زيارة الموقع، ولا نعطيها أحدا إلا بإذن من صاحبها."] * 9
    with pytest.raises(Rejection, match="not_an_article"):
        refuse(read_text_signs(lines, title))
    refuse(read_text_signs(lines, f"الحكومة تقر {title}"))
    refuse(read_text_signs(lines, "من نحن؟"))


def test_fields_of_an_advertisement_refuse_a_text_with_little_prose():
    fields = ["السعر: 500 دينار", "المساحة 400 متر مربع", "رقم الإعلان: 1234", "للتواصل: 0500000000"]
    prose = ["وقالت البلدية إن البيوت الجديدة ستسلم لأصحابها في الربيع، وإن الطلبات تقدم عبر موقعها حتى نهاية الشهر."]
    with pytest.raises(Rejection, match="fields of an advertisement"):
        refuse(read_text_signs([*fields, "البيت جديد ولم يسكنه أحد."], "بيت للبيع"))
    refuse(read_text_signs([*fields[:2], *prose], "بيت للبيع"))
    refuse(read_text_signs([*fields, *prose * 3], "بيوت جديدة في المدينة"))


def test_headings_of_terms_of_use_refuse_whatever_the_title():
    prose = "نجمع بعض البيانات عند زيارة الموقع، ولا نعطيها أحدا إلا بإذن من صاحبها."
    headings = ["سياسة الخصوصية وأمان المعلومات", "إفشاء المعلومات", "إخلاء المسؤولية", "عند الاتصال بنا"]
    with pytest.raises(Rejection, match="terms of use"):
        refuse(read_text_signs([line for heading in headings for line in (heading, prose)], "خدمة المدينة"))
    refuse(read_text_signs([line for heading in headings[:2] for line in (heading, prose)], "خدمة المدينة"))
