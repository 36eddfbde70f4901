import pytest

from transforms.extract import parse
from transforms.extract.page_kind import refuse_other_pages, refuse_other_texts
from transforms.step import Rejection

ARTICLE = {"@type": "NewsArticle", "headline": "خبر"}
LONG_URL = "https://a.example/2025/05/01/khabar"


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
        refuse_other_pages(parse(f"<html><head>{head}</head><body class='{body_class}'>x</body></html>"), json_ld, url)


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
    page = parse(f"<html><head>{head}</head><body class='{body_class}'>x</body></html>")
    assert refuse_other_pages(page, json_ld, url) is None  # it raises where it refuses


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["عذرا، ما تبحث عنه ليس هنا."], "الصفحة غير موجودة"),
        (["The page may have moved."], "404 - صحيفة الميناء"),
        (["خبر أول..." * 3, "خبر ثان …", "خبر ثالث اقرأ المزيد", "خبر رابع ...", "أرشيف"], "أخبار"),
    ],
)
def test_error_pages_and_teasers_are_refused(lines, title):
    with pytest.raises(Rejection, match="not_an_article"):
        refuse_other_texts(lines, title)


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["قالت الشركة إن الخطأ 404 صار أندر. " * 30], "لماذا ترى خطأ 404؟"),
        (["سؤال مفتوح...", "جملة عادية.", "جملة أخرى.", "وثالثة."], "رأي"),
        (["نص."], None),
    ],
)
def test_articles_pass(lines, title):
    assert refuse_other_texts(lines, title) is None  # it raises where it refuses
