"""Whole pages as Arabic sites write them: which are articles. All texts are written for this project."""

import itertools

import pytest

from warraq.transforms.extract.body.page_kind import kind_shares, read_page_signs
from warraq.transforms.extract.facts import Facts

SENTENCES = (
    "قال مدير الميناء إن الرصيف الجديد سيستقبل السفن الكبيرة قبل نهاية العام الجاري.",
    "وأضاف أن العمل فيه بدأ قبل سنتين بتمويل من صندوق التنمية ومن شركات محلية.",
    "ويرى تجار السوق القديم أن المشروع سيخفض كلفة الشحن على البضائع المستوردة.",
    "وذكر بيان صدر أمس أن عدد العاملين في الموقع بلغ أربعمئة عامل ومهندس.",
    "في المقابل طالبت جمعية الصيادين بممر خاص للقوارب الصغيرة عند المدخل الشرقي.",
    "وتقول البلدية إنها درست الطلب وستعلن قرارها في جلسة مفتوحة الأسبوع المقبل.",
    "وكانت المدينة قد شهدت في الشتاء الماضي عواصف أوقفت حركة السفن عدة أيام.",
    "وبحسب خبراء الأرصاد فإن الموسم المقبل سيكون أهدأ من سابقه على الساحل كله.",
)
HEADLINES = (
    "البلدية تنهي ترميم سوق السمك القديم قبل الصيف",
    "افتتاح معرض للكتاب المستعمل في ساحة المدينة",
    "فريق الميناء يتعادل في أولى مباريات الموسم",
    "طلاب يبنون قاربا صغيرا يعمل بالطاقة الشمسية",
    "أسعار الخضار تستقر في الأسواق بعد ارتفاع طويل",
    "وزارة النقل تعلن موعد تشغيل القطار الساحلي",
    "جمعية تزرع ألف شجرة زيتون على سفح الجبل",
    "المتحف الوطني يعرض مخطوطات تعود إلى سبعة قرون",
    "انقطاع المياه عن الأحياء الشرقية يومين متتاليين",
    "لاعب شاب من المدينة ينضم إلى المنتخب الوطني",
    "مهندسة تطور طريقة أرخص لتحلية مياه البحر",
    "المزارعون يبدؤون جني محصول التمر هذا الأسبوع",
)
GOODS = ("حقيبة سفر", "مصباح مكتب", "طقم أكواب", "سجادة صوف", "كرسي خشب", "ساعة حائط", "إبريق شاي", "وسادة قطن")
MENU = ("الرئيسية", "محليات", "اقتصاد", "رياضة", "ثقافة", "صحة", "رأي", "فيديو")
NAMES = ("سامي", "هالة", "نبيل", "ريم", "كريم", "ليلى", "عماد", "سلمى")


def paragraph(start=0, sentences=3):
    return "<p>" + " ".join(itertools.islice(itertools.cycle(SENTENCES), start, start + sentences)) + "</p>"


def prose(paragraphs):
    return "".join(paragraph(3 * number) for number in range(paragraphs))


def page(title, main, head="", body="", menu=MENU):
    links = "".join(f"<li><a href='/{number}'>{name}</a></li>" for number, name in enumerate(menu))
    return (
        f"<html lang=ar dir=rtl><head><title>{title}</title>{head}</head><body {body}><header><ul>{links}</ul></header>"
        f"{main}<footer><p>© جميع الحقوق محفوظة</p><a href='/about'>من نحن</a> <a href='/contact'>اتصل بنا</a></footer>"
        "</body></html>"
    )


def teaser(headline, number, picture="<img src='a.jpg'>"):
    return (
        f"<div class=item><a href='/n/{number}'>{picture}</a><h3><a href='/n/{number}'>{headline}</a></h3>"
        f"<span class=date>1{number % 9} مارس 2024</span>{paragraph(number, 1)}</div>"
    )


def teasers(count, picture="<img src='a.jpg'>"):
    return "".join(teaser(HEADLINES[number % len(HEADLINES)], number, picture) for number in range(count))


def post(number):
    name = NAMES[number % len(NAMES)]
    return (
        f"<div class=post id=post{number}><div class=userinfo><a href='/member.php?u={number}'><b>{name}</b></a>"
        f"<img src='avatar{number}.png'><br>تاريخ التسجيل: 2009/3/{number + 1}<br>المشاركات: {number * 37}</div>"
        f"<div class=date>12-04-2014, 0{number}:15</div><a href='#post{number}'>#{number}</a>"
        f"<div class=postbody>{SENTENCES[number % len(SENTENCES)]}<br>هل جربتم ذلك؟ شكرا لكم!</div>"
        f"<a href='/newreply.php?do=newreply&p={number}'>رد</a> <a href='/report.php?p={number}'>تبليغ</a></div>"
    )


def goods(count):
    cards = (
        f"<li class=product><a href='/product/{number}'><img src='{number}.jpg'><h2>{GOODS[number % len(GOODS)]}</h2></a>"
        f"<span class=price>{number * 15 + 20} ريال</span> <a href='/?add-to-cart={number}'>أضف إلى السلة</a></li>"
        for number in range(count)
    )
    return f"<h1>لوازم البيت</h1><select><option>الأحدث</option></select><ul class=products>{''.join(cards)}</ul>"


CART = "<a href='/cart'>السلة</a><a href='/my-account'>حسابي</a><form action='/search'><input name=q></form>"
OFFERS = "".join(
    f"<section><h3>{name}</h3><img src='i.png'>{paragraph(number, 1)}<a href='/contact'>اطلب الآن</a></section>"
    for number, name in enumerate(
        ("نقل الأثاث", "تغليف القطع", "تخزين آمن", "فك وتركيب", "تنظيف المنازل", "صيانة المكيفات")
    )
)
FORM = (
    "<form action='/send'><label>الاسم</label><input name=a><label>الهاتف</label><input name=b>"
    "<textarea name=c></textarea></form><a href='tel:+96650000000'>اتصل بنا</a><a href='https://wa.me/96650000000'>واتساب</a>"
)

OTHERS = {
    "a category": (
        "https://paper.example/category/local",
        page("محليات", f"<main><h1>محليات</h1>{teasers(12)}<a href='/category/local/page/2'>التالي</a></main>"),
    ),
    "a category with a plain address": (
        "https://paper.example/list.php?cat=4",
        page("محليات - صحيفة الميناء", f"<div><h1>محليات</h1>{teasers(20)}<a href='list.php?cat=4&page=2'>2</a></div>"),
    ),
    "a front page": ("https://paper.example/", page("صحيفة الميناء", f"<div>{teasers(30)}</div>")),
    "a gallery of teasers": (
        "https://paper.example/photos",
        page("صور", "<h1>صور</h1>" + "".join(f"<figure>{teaser(HEADLINES[n], n)}</figure>" for n in range(12))),
    ),
    "a columnist": (
        "https://paper.example/author/sami",
        page("مقالات سامي", f"<h1>سامي</h1><img src='s.jpg'>{paragraph(2, 1)}{teasers(10, '')}"),
    ),
    "a shop's category": ("https://shop.example/product-category/home", page("لوازم البيت", CART + goods(16))),
    "a product": (
        "https://shop.example/product/حقيبة-سفر",
        page(
            "حقيبة سفر",
            f"{CART}<div class=product><h1>حقيبة سفر</h1><img src=1.jpg><img src=2.jpg><img src=3.jpg>"
            "<p class=price>145 ريال</p><form action='/cart'><input name=quantity><label>الكمية</label></form>"
            "<a href='/?add-to-cart=5'>أضف إلى السلة</a><ul><li>الوزن: 3 كغ</li><li>اللون: أسود</li><li>الضمان: سنتان</li></ul>"
            f"{paragraph(1, 1)}</div>{goods(4)}",
        ),
    ),
    "a thread": (
        "https://forum.example/vb/showthread.php?t=4711",
        page("كيف أعتني بشجرة الزيتون؟", "<h1>كيف أعتني بشجرة الزيتون؟</h1>" + "".join(map(post, range(9)))),
    ),
    "a thread of a board": (
        "https://board.example/threads/olive-tree.4711/",
        page("سؤال عن الري", "<h1>سؤال عن الري</h1>" + "".join(map(post, range(14)))),
    ),
    "a service": (
        "https://movers.example/services/نقل-عفش",
        page("شركة نقل عفش", f"<h1>شركة نقل عفش بالرياض</h1>{OFFERS}{FORM}", menu=("الرئيسية", "خدماتنا", "من نحن")),
    ),
    "a company": (
        "https://movers.example/",
        page("شركة الساحل للنقل", f"<h1>ننقل بيتك بأمان</h1>{OFFERS}{OFFERS}{FORM}", menu=("الرئيسية", "خدماتنا")),
    ),
}

STEPS = "".join(
    f"<h2>{number}. {name}</h2><a href='/more/{number}'><img src='{number}.jpg'></a>{paragraph(number, 3)}"
    f"<p>اقرأ أيضا: <a href='/n/{number}'>{HEADLINES[number]}</a></p>"
    for number, name in enumerate(("حصن الميناء", "سوق النحاس", "بيت الحكمة", "حديقة الزيتون", "متحف البحر", "جسر القوافل",
                                   "قصر الوالي", "مسجد التلة", "منارة الشرق", "درب الورد"), 1)
)  # fmt: skip
ANSWERS = "".join(
    f"<p><b>{question}</b></p>{paragraph(number, 4)}"
    for number, question in enumerate(
        ("متى بدأ المشروع؟", "من يموله؟", "كم كلفته؟", "هل يضر الصيادين؟", "متى ينتهي العمل؟", "ما الخطوة التالية؟")
    )
)
UPDATES = "".join(f"<div class=update><time>1{n % 10}:4{n % 10}</time>{paragraph(n, 2)}</div>" for n in range(18))
GUIDE = "".join(
    f"<h2>{name}</h2>{paragraph(number, 4)}{paragraph(number + 2, 3)}<p>راجع <a href='/g/{number}'>الدليل المفصل</a> قبل السفر.</p>"
    for number, name in enumerate(("جواز السفر", "حجز التذاكر", "اختيار الفندق", "تبديل العملة", "التأمين", "الأمتعة"))
)
RELATED = f"<aside><h3>اقرأ أيضا</h3>{teasers(4)}</aside>"
NEWS_URL = "https://paper.example/2024/03/12/rasif-jadid-fi-almina"

ARTICLES = {
    "news": (NEWS_URL, page("رصيف جديد في الميناء", f"<article><h1>رصيف جديد في الميناء</h1>{prose(6)}</article>{RELATED}")),
    "news of an old site": (
        "http://paper.example/news.php?id=1234",
        page(
            "رصيف جديد في الميناء - صحيفة الميناء",
            f"<table><tr><td><b>رصيف جديد في الميناء</b><br>12/3/2009<br>{'<br><br>'.join(SENTENCES * 3)}</td>"
            "<td><a href='news.php?id=1'>خبر آخر</a></td></tr></table>",
        ),
    ),
    "short news": (NEWS_URL, page("رصيف جديد في الميناء", f"<h1>رصيف جديد في الميناء</h1><p>12 مارس 2024</p>{prose(2)}")),
    "news above many teasers": (
        NEWS_URL,
        page("رصيف جديد في الميناء", f"<main><h1>رصيف جديد في الميناء</h1>{prose(5)}</main><div>{teasers(12)}</div>"),
    ),
    "a list": (
        "https://paper.example/travel/10-places-to-visit",
        page("أبرز 10 أماكن في المدينة", f"<article><h1>أبرز 10 أماكن في المدينة القديمة</h1>{paragraph()}{STEPS}</article>"),
    ),
    "questions and answers": (
        "https://paper.example/news/55123/rasif-questions",
        page("أسئلة عن الرصيف الجديد", f"<article><h1>كل ما تريد معرفته عن الرصيف الجديد</h1>{ANSWERS}</article>{RELATED}"),
    ),
    "a live blog": (
        "https://paper.example/news/live/port-opening-2024-03-12",
        page("افتتاح الرصيف لحظة بلحظة", f"<main><h1>افتتاح الرصيف الجديد لحظة بلحظة</h1>{paragraph()}{UPDATES}</main>"),
    ),
    "a guide": (
        "https://paper.example/guides/how-to-travel-abroad",
        page("دليلك إلى السفر", f"<article><h1>دليلك الكامل إلى السفر أول مرة</h1>{GUIDE}</article>{RELATED}"),
    ),
    "a column": (
        "https://paper.example/opinion/sami/12345",
        page(
            "البحر لا ينتظر",
            f"<article><a href='/author/sami'><img src='s.jpg'>سامي</a><h1>البحر لا ينتظر أحدا</h1>{prose(7)}"
            "<a href='https://www.facebook.com/sharer.php?u=x'>شارك</a></article>",
        ),
    ),
    "news that names prices": (
        NEWS_URL,
        page("أسعار الخضار", f"<h1>أسعار الخضار اليوم</h1>{prose(4)}<p>بلغ سعر الطماطم 5 جنيه والبطاطس 7 جنيه.</p>{prose(2)}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_pages_that_are_no_articles_are_refused(name):
    url, markup = OTHERS[name]
    facts = Facts(markup, url)
    assert list(read_page_signs(facts, kind_shares(facts)))


@pytest.mark.parametrize("name", ARTICLES)
def test_articles_are_kept(name):
    url, markup = ARTICLES[name]
    facts = Facts(markup, url)
    assert not list(read_page_signs(facts, kind_shares(facts)))
