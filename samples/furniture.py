"""The surroundings of an article on an Arabic news page: menus, tickers, boxes, share bars, forms, footers."""

from typing import Final

HEADLINES: Final = (
    "افتتاح جسر جديد يخفف الازدحام عند مدخل المدينة الشمالي",
    "انخفاض طفيف في أسعار الخضروات مع بداية الأسبوع",
    "انطلاق التسجيل في الدورات الصيفية للمكتبات العامة",
    "حملة لتشجير الطرق السريعة بمشاركة طلبة المدارس",
    "وزارة النقل تعلن مواعيد القطارات خلال عطلة العيد",
    "مباراة ودية بين منتخبي الشباب استعدادا للتصفيات",
    "معرض للصور النادرة عن الحياة في الموانئ القديمة",
    "خبراء يناقشون مستقبل الزراعة في المناطق الجافة",
    "إطلاق تطبيق لحجز المواعيد في المراكز الصحية",
    "توقعات الطقس: رياح نشطة على السواحل",
)
MENU: Final = ("الرئيسية", "أخبار", "سياسة", "اقتصاد", "رياضة", "ثقافة", "منوعات", "فيديو", "اتصل بنا")


def headlines(first: int, count: int) -> tuple[str, ...]:
    """`count` headlines of other stories, a different choice for each `first`."""
    return tuple(HEADLINES[(first + step * 3) % len(HEADLINES)] for step in range(count))


def links(texts: tuple[str, ...], path: str = "/news/") -> str:
    return "".join(f'<li><a href="{path}{1200 + 7 * number}">{text}</a></li>' for number, text in enumerate(texts))


def menu(tag: str = "nav") -> str:
    return f'<{tag} class="main-menu"><ul>{links(MENU, "/section/")}</ul></{tag}>'


def box(title: str, first: int, css: str = "widget", count: int = 4) -> str:
    """A box of headlines, such as "الأكثر قراءة"."""
    return f'<div class="{css}"><h3>{title}</h3><ul>{links(headlines(first, count))}</ul></div>'


def ticker(first: int) -> str:
    items = "".join(f"<span>عاجل | {headline}</span>" for headline in headlines(first, 3))
    return f'<div class="breaking-ticker"><strong>عاجل</strong><marquee direction="right">{items}</marquee></div>'


def share() -> str:
    names = ("فيسبوك", "تويتر", "واتساب", "تلغرام")
    buttons = "".join(f'<a class="share-btn" href="#" rel="nofollow">{name}</a>' for name in names)
    return f'<div class="social-share"><span>شارك هذا الموضوع:</span>{buttons}<a href="#" onclick="print()">طباعة</a></div>'


def comment_form() -> str:
    """The form under WordPress articles."""
    return (
        '<div id="respond" class="comment-respond"><h3 id="reply-title">اترك تعليقاً '
        '<small><a rel="nofollow" href="#respond">إلغاء الرد</a></small></h3><form id="commentform" method="post">'
        '<p class="comment-notes">لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *</p>'
        '<p><label>التعليق *</label><textarea name="comment"></textarea></p><p><label>الاسم *</label><input></p>'
        "<p><label>احفظ اسمي وبريدي الإلكتروني في هذا المتصفح لاستخدامها المرة المقبلة في تعليقي.</label></p>"
        '<p><input type="submit" value="إرسال التعليق"></p></form></div>'
    )


def comments() -> str:
    """Two readers' comments."""
    said = (("أبو سالم", "خبر جميل نتمنى لهم التوفيق والنجاح دائما."), ("قارئة", "أين بقية التفاصيل؟ ننتظر المتابعة."))
    items = "".join(f'<li class="comment"><cite>{who}</cite> يقول:<p>{what}</p><a>رد</a></li>' for who, what in said)
    return f'<div id="comments"><h3>تعليقان</h3><ol class="comment-list">{items}</ol></div>'


def newsletter() -> str:
    return (
        '<div class="newsletter"><h4>اشترك في النشرة البريدية</h4><p>أهم الأخبار تصلك كل صباح على بريدك الإلكتروني.</p>'
        '<form><input type="email" placeholder="بريدك الإلكتروني"><button>اشترك الآن</button></form></div>'
    )


def cookie_banner() -> str:
    return (
        '<div id="cookie-consent" role="dialog"><p>نستخدم ملفات تعريف الارتباط لتحسين تجربتك وتحليل حركة الزوار على '
        "موقعنا. بمواصلة التصفح فإنك توافق على سياسة الخصوصية.</p><button>موافق على الجميع</button><button>إدارة "
        "الخيارات</button></div>"
    )


def footer(name: str) -> str:
    return (
        f'<footer class="site-footer"><ul>{links(("من نحن", "سياسة الخصوصية", "أعلن معنا", "اتصل بنا"), "/page/")}</ul>'
        f"<p>جميع الحقوق محفوظة © {name}</p></footer>"
    )
