"""What stands around articles on Arabic news sites, in markup such as theirs: none of it may reach the clean text."""

import datetime as dt

import pytest

from warraq.schemas.records import Document, Source
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.step import Rejection

TITLE = "مكتبة المدينة تطلق نادي القراءة الصيفي"
P1 = "أطلقت مكتبة المدينة صباح السبت نادي القراءة الصيفي للأطفال، وسجل في يومه الأول أكثر من ثلاثمئة طفل."
P2 = "وقالت أمينة المكتبة سلمى البدري إن النادي يفتح أبوابه ثلاث مرات في الأسبوع، وإن الاشتراك فيه بلا مقابل."
P3 = "ويقرأ الأطفال قصصا من خمسة بلدان عربية، ثم يرسمون شخصياتها ويكتبون لها نهايات أخرى من خيالهم."
P4 = "وتختتم المكتبة النادي في آخر آب بمعرض للرسوم، تمنح فيه جوائز لأفضل عشرة نصوص كتبها المشاركون."
TEXT = [P1, P2, P3, P4]
TEASER = "مهرجان الزيتون يعود إلى القرى الجبلية بعد غياب دام أربع سنوات كاملة بسبب الجفاف"
HEAD = f"<h1>{TITLE}</h1>"


def p(*texts):
    return "".join(f"<p>{text}</p>" for text in texts)


def cards(count):
    card = "<div class='card'><a href='/n/{0}'><img src='{0}.jpg'><h3>" + TEASER + " ({0})</h3></a></div>"
    return "".join(card.format(number) for number in range(count))


def article(inner, head="", url="https://madina.example/news/123", title=TITLE):
    menu = "<header><nav><ul><li><a href='/'>الرئيسية</a></li><li><a href='/s'>رياضة</a></li></ul></nav></header>"
    foot = "<footer><p>جميع الحقوق محفوظة © 2026 صحيفة المدينة</p></footer>"
    page = f"<html lang='ar'><head><title>{title}</title>{head}</head><body>{menu}{inner}{foot}</body></html>"
    fetched_at = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    document = Document(Source(url, fetched_at, "d", 0, len(page)), page, False, "utf-8", "given", None)
    return clean(extract(document, ExtractRules(guard=False)), CleanRules())


PAGES = {
    "WordPress: share bar, tags, author box, related": (
        f"{HEAD}<div class='entry-content'>{p(*TEXT)}<div class='sharedaddy sd-sharing'><h3>شارك هذا الموضوع:</h3>"
        "<ul><li><a href='#'>فيسبوك</a></li></ul></div></div><div class='post-tags'>الوسوم <a href='/t/1'>أطفال</a></div>"
        f"<div class='about-author'><p>سلمى كاتبة صحفية مهتمة بشؤون الثقافة والطفولة في المدينة.</p></div>"
        f"<div id='related_posts'><h3>مقالات ذات صلة</h3>{cards(4)}</div>"
    ),
    "related stories inside the body": (
        f"{HEAD}<article>{p(P1)}<div class='related-inline'><h4>اقرأ أيضا</h4><ul><li><a href='/n/7'>{TEASER}</a></li>"
        f"</ul></div>{p(P2, P3)}<p><strong>اقرأ أيضاً: <a href='/n/8'>{TEASER}</a></strong></p>{p(P4)}</article>"
    ),
    "a nameless heading of related stories": (
        f"{HEAD}<div class='article-body'>{p(P1, P2)}<h3>قد يعجبك أيضا</h3><div><a href='/n/9'>{TEASER}</a></div>"
        f"{p(P3, P4)}</div>"
    ),
    "picture captions and credits": (
        f"{HEAD}<div class='article-content'><figure><img src='a.jpg'><figcaption>أطفال في قاعة المكتبة (الجزيرة)"
        f"</figcaption></figure>{p(P1, P2)}<div class='wp-caption aligncenter'><img src='b.jpg'><p class='wp-caption-text'>"
        f"رسوم الأطفال على جدار المكتبة</p></div>{p(P3, P4)}</div>"
    ),
    "podcast and newsletter boxes": (
        f"{HEAD}<main role='main'><div>{p(P1, P2)}</div><section role='region' class='podcast-promo'><strong>بودكاست"
        "</strong><p>حلقات أسبوعية عن الكتب التي غيرت حياة أصحابها.</p><p>الحلقات</p><p>نهاية بودكاست</p></section>"
        f"<div>{p(P3, P4)}</div><div class='newsletter-signup'><p>اشترك في نشرتنا ليصلك كل جديد من القسم الثقافي.</p>"
        "</div></main>"
    ),
    "follow us, apps and channels at the foot": (
        f"{HEAD}<div class='story-body'>{p(*TEXT)}<p>تابعونا على فيسبوك</p><p>انضم إلى قناتنا على واتساب</p>"
        "<p>حمل تطبيقنا</p></div>"
    ),
    "font size, print, counters and date above": (
        f"{HEAD}<div class='tools'><span>حجم الخط</span><a href='#'>طباعة</a></div><div class='articleBody'><p>عدد "
        f"المشاهدات: 152</p><p>الأحد 1 نوفمبر 2026 - 10:30 ص</p><p>مدة القراءة: 3 دقائق</p>{p(*TEXT)}</div>"
    ),
    "breadcrumb in the article": (
        f"<article><div class='crumbs'>الرئيسية » ثقافة » أطفال</div>{HEAD}{p(*TEXT)}</article>"
    ),
    "readers' comments": (
        f"{HEAD}<div class='post-content'>{p(*TEXT)}</div><section class='comments-area'><h2>تعليقان</h2><ol><li>"
        f"<div class='comment-body'><p>مبادرة رائعة نتمنى أن تعم كل المدن، وشكرا لأمينة المكتبة على جهدها الكبير."
        "</p></div></li></ol><h3>اترك تعليقا</h3><p>لن يتم نشر عنوان بريدك الإلكتروني.</p></section>"
    ),
    "policy of comments and opinions": (
        f"{HEAD}<div class='article-body'>{p(*TEXT)}<p>الآراء الواردة في هذا المقال لا تعبر عن رأي الصحيفة.</p>"
        "<p>التعليقات لا تعبر عن رأي الموقع وإنما عن رأي أصحابها</p></div>"
    ),
    "cookies and a poll": (
        f"<div class='cookie-banner'><p>نستخدم ملفات تعريف الارتباط لتحسين تجربة التصفح في هذا الموقع.</p></div>{HEAD}"
        f"<article>{p(*TEXT)}</article><div class='poll'><h3>استطلاع رأي</h3><p>هل تؤيد تمديد ساعات عمل المكتبة؟</p></div>"
    ),
    "a ticker above and most read beside": (
        f"<div class='breaking-ticker'><span>عاجل</span><a href='/n/1'>{TEASER}</a></div><div class='row'>"
        f"<div class='col-8'>{HEAD}<div>{p(*TEXT)}</div></div><aside class='most-read'><h3>الأكثر قراءة</h3>{cards(5)}</aside></div>"
    ),
    "teasers with longer texts than the article": (
        f"{HEAD}<div class='single-content'>{p(*TEXT)}</div><div class='grid'>"
        + "".join(
            f"<article><h2><a href='/n/{n}'>{TEASER}</a></h2><p>{TEASER}، {TEASER}...</p></article>" for n in range(3)
        )
        + "</div>"
    ),
    "breaks instead of paragraphs": f"{HEAD}<div class='NewsText'>{'<br><br>'.join(TEXT)}</div>",
    "single breaks in a cell": (
        f"<table><tr><td class='title'>{HEAD}</td></tr><tr><td>{'<br>'.join(TEXT)}</td></tr></table>"
    ),
    "spans instead of paragraphs": (
        f"{HEAD}<div id='body_content'>"
        + "".join(f"<div dir='rtl'><span>{text}</span></div>" for text in TEXT)
        + "</div>"
    ),
    "AMP": (
        f"<article class='amp-wp-article'><header class='amp-wp-article-header'>{HEAD}</header>"
        f"<div class='amp-wp-article-content'><amp-img src='a.jpg'></amp-img>{p(*TEXT)}</div>"
        "<div class='amp-wp-meta amp-wp-tax-tag'>الوسوم: أطفال، كتب</div></article>"
    ),
    "a form around the whole page": f"<form id='aspnetForm'>{HEAD}<div class='ArticleText'>{p(*TEXT)}</div></form>",
    "French words in a Maghrebi page": (
        f"{HEAD}<div class='article_content'>{p(*TEXT)}<p>Partager sur Facebook</p></div>"
        f"<div class='related-articles'><p>Lire aussi: <a href='/f/1'>La bibliothèque ouvre ses portes</a></p></div>"
    ),
    "text in JSON-LD only": (
        f"{HEAD}<div id='app'></div><script type='application/ld+json'>"
        f'{{"@type": "NewsArticle", "headline": "{TITLE}", "articleBody": "{chr(92)}n'
        + f"{chr(92)}n".join(TEXT)
        + '"}</script>'
    ),
}


@pytest.mark.parametrize("inner", PAGES.values(), ids=PAGES)
def test_the_article_alone_is_left(inner):
    assert article(inner).text.split("\n") == TEXT


@pytest.mark.parametrize("credit", ["المصدر: وكالة الساحل", "المصدر : وكالة الساحل", "نقلا عن: وكالة الساحل"])
def test_a_credit_at_the_foot_is_moved(credit):
    found = article(f"{HEAD}<article>{p(*TEXT, credit)}</article>")
    assert (found.text.split("\n"), found.credit) == (TEXT, "وكالة الساحل")


def test_the_body_before_a_second_headline_is_kept():
    lead = "هذا تقديم طويل يسبق عنوانا آخر في النص ويزيد على أربعين كلمة كي لا يحسب سطرا من سطور القسم والتاريخ. " * 3
    found = article(f"{HEAD}<div class='article-body'>{p(lead)}<h1>{TITLE}</h1>{p(*TEXT)}</div>")
    assert P4 in found.text
    assert found.text.startswith("هذا تقديم طويل")


@pytest.mark.parametrize(
    ("inner", "url"),
    [
        pytest.param(cards(12), "https://madina.example/", id="front page"),
        pytest.param(cards(12), "https://madina.example/tag/books", id="tag"),
        pytest.param(f"<h1>نتائج البحث</h1>{cards(9)}", "https://madina.example/search?q=a", id="search"),
        pytest.param(
            "<h1>عذرا، الصفحة غير موجودة</h1><p>ربما حذفت الصفحة التي تبحث عنها أو تغير عنوانها، عد إلى الصفحة الأولى.</p>",
            "https://madina.example/news/404404",
            id="soft 404",
        ),
    ],
)
def test_other_pages_are_no_articles(inner, url):
    with pytest.raises(Rejection):
        article(inner, url=url, title="عذرا، الصفحة غير موجودة" if "عذرا" in inner else "صحيفة المدينة")
