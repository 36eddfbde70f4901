"""Page templates of the kinds that Arabic news sites use. Each takes a `View` and returns the page's markup.

What a template states by machine (JSON-LD, meta, time) and what only a reader sees differs from one to the next on
purpose; `catalogue.SITES` says which evidence for the date each of them holds.
"""

import dataclasses
import html
import json

from samples import furniture as around


@dataclasses.dataclass(frozen=True)
class View:
    """The content that a template shows."""

    title: str
    paragraphs: tuple[str, ...]
    url: str
    site: str  # name of the site
    section: str
    published: str  # ISO 8601, a day or a time with its zone; empty if the page states none by machine
    shown: str  # the date as a reader sees it; empty if the page shows none
    authors: tuple[str, ...]
    credit: str  # the line that credits an agency, as written; empty if there is none
    charset_meta: str  # the element that declares the charset, or empty
    number: int  # chooses the headlines around the article

    @property
    def description(self) -> str:
        return self.paragraphs[0][:150].rsplit(" ", 1)[0] + "..."

    @property
    def image(self) -> str:
        return f"https://{self.url.split('/')[2]}/images/{1000 + self.number}.jpg"


def _page(view: View, head: str, body: str, html_attributes: str = 'lang="ar" dir="rtl"', suffix: str = " - ") -> str:
    title = f"{view.title}{suffix}{view.site}" if suffix else view.title
    return (
        f"<!DOCTYPE html>\n<html {html_attributes}>\n<head>\n{view.charset_meta}\n<title>{title}</title>\n{head}\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _open_graph(view: View, *, dated: bool) -> str:
    stated = {"og:type": "article", "og:title": view.title, "og:site_name": view.site, "og:url": view.url}
    stated |= {"og:description": view.description, "og:image": view.image, "og:locale": "ar_AR"}
    if dated:
        stated |= {"article:published_time": view.published, "article:section": view.section}
    metas = "\n".join(f'<meta property="{key}" content="{html.escape(value)}">' for key, value in stated.items())
    return f'<link rel="canonical" href="{view.url}">\n{metas}'


def _json_ld(view: View, kind: str, **more: object) -> str:
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": kind,
        "headline": view.title,
        "datePublished": view.published,
        "mainEntityOfPage": view.url,
        "articleSection": view.section,
        "image": [view.image],
        "publisher": {"@type": "NewsMediaOrganization", "name": view.site},
    }
    if view.authors:
        data["author"] = [{"@type": "Person", "name": name} for name in view.authors]
    return f'<script type="application/ld+json">{json.dumps(data | more, ensure_ascii=False)}</script>'


def _paragraphs(view: View, insert: str = "", at: int = 2) -> str:
    """The paragraphs, with `insert` after the first `at` of them, and the credit line last."""
    marked = [f"<p>{html.escape(line, quote=False)}</p>" for line in view.paragraphs]
    marked.insert(at, insert)
    if view.credit:
        marked.append(f"<p>{view.credit}</p>")
    return "\n".join(line for line in marked if line)


def wordpress(view: View) -> str:
    """A common WordPress theme: Yoast's graph, sidebar, share bar, comments and their form."""
    graph = json.loads(_json_ld(view, "NewsArticle").split(">", 1)[1].rsplit("<", 1)[0])
    crumbs = {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": "الرئيسية"}]}
    site = {"@type": "WebSite", "name": view.site, "url": "/"}
    graph.pop("@context")
    data = json.dumps({"@context": "https://schema.org", "@graph": [site, crumbs, graph]}, ensure_ascii=False)
    body = f"""<div id="page" class="site"><header class="site-header"><a class="logo" href="/">{view.site}</a>{around.menu()}</header>
<div class="content-area"><main><article class="post type-post status-publish hentry">
<header class="entry-header"><span class="cat-links"><a rel="category tag">{view.section}</a></span>
<h1 class="entry-title">{view.title}</h1>
<div class="entry-meta"><span class="byline">{" و".join(view.authors)}</span> <span class="posted-on">{view.shown}</span> <span>0 تعليق</span></div></header>
<div class="post-thumbnail"><img src="{view.image}" alt="{view.title}"></div>
<div class="entry-content">
{_paragraphs(view)}
{around.share()}
<p class="post-tags">الوسوم: <a rel="tag">أخبار</a> <a rel="tag">{view.section}</a></p></div>
</article>{around.box("مقالات ذات صلة", view.number, "related-posts")}{around.comments()}{around.comment_form()}</main>
<aside id="secondary" class="widget-area">{around.box("أحدث المقالات", view.number + 1)}{around.box("الأكثر مشاهدة", view.number + 2)}</aside></div>
{around.footer(view.site)}</div>"""
    return _page(view, f'<script type="application/ld+json">{data}</script>\n{_open_graph(view, dated=False)}', body)


def portal_2008(view: View) -> str:
    """A portal of about 2008: tables in tables, font tags, no metadata at all."""
    lines = "<br><br>\n".join(view.paragraphs)
    menu = "".join(
        f'<tr><td bgcolor="#dde6f0"><a href="{n}.asp">{name}</a></td></tr>' for n, name in enumerate(around.MENU)
    )
    news = "".join(
        f"<tr><td><font size=1>- <a href=n.asp?id={n}>{text}</a></font></td></tr>"
        for n, text in enumerate(around.headlines(view.number, 5))
    )
    body = f"""<table width="100%" border=0 cellpadding=0><tr><td colspan=3 bgcolor="#003366"><font color=white size=5>{view.site}</font></td></tr>
<tr><td width=120 valign=top><table border=0>{menu}</table></td>
<td valign=top><table width="98%" border=0><tr><td><font size=5 color="#990000"><b>{view.title}</b></font></td></tr>
<tr><td><font size=2 color=gray>{view.shown}</font></td></tr>
<tr><td><table align=left width=200><tr><td><img src="pic{view.number}.gif" width=200></td></tr></table>
<font size=3 face="Simplified Arabic">{lines}</font></td></tr>
<tr><td><a href="print.asp">نسخة للطباعة</a> | <a href="send.asp">أرسل إلى صديق</a></td></tr></table></td>
<td width=160 valign=top><table border=0><tr><td bgcolor="#003366"><font color=white>آخر الأخبار</font></td></tr>{news}</table></td></tr>
<tr><td colspan=3 align=center><font size=1>جميع الحقوق محفوظة 2008 - {view.site} - عدد الزوار: 1034552</font></td></tr></table>"""
    return (
        f"<html dir=rtl>\n<head>\n{view.charset_meta}\n<title>{view.site} - {view.title}</title>\n</head>\n"
        f"<body topmargin=0 bgcolor=#ffffff>\n{body}\n</body></html>\n"
    )


def amp(view: View) -> str:
    """An AMP page: JSON-LD with the date, amp elements, little furniture."""
    body = f"""<amp-sidebar id="menu" layout="nodisplay"><ul>{around.links(around.MENU)}</ul></amp-sidebar>
<header><button on="tap:menu.toggle">☰</button><a href="/">{view.site}</a></header>
<article class="amp-wp-article"><header><h1>{view.title}</h1><div class="amp-wp-meta">{view.shown}</div></header>
<figure><amp-img src="{view.image}" width="800" height="450" layout="responsive"></amp-img><figcaption>صورة من الأرشيف</figcaption></figure>
<div class="amp-wp-article-content">
{_paragraphs(view, '<amp-ad width="300" height="250" type="adsense"><div placeholder>إعلان</div></amp-ad>')}
</div><amp-social-share type="twitter"></amp-social-share>{around.box("اقرأ أيضا", view.number, "related")}</article>
{around.footer(view.site)}"""
    head = f'<link rel="canonical" href="{view.url}">\n<script async src="https://cdn.ampproject.org/v0.js"></script>\n{_json_ld(view, "NewsArticle")}'
    return _page(view, head, body, "⚡ lang=ar dir=rtl", " | ")


def next_js(view: View) -> str:
    """A React site: hashed classes, JSON-LD, and the page's state as JSON in a script."""
    state = json.dumps(
        {"props": {"pageProps": {"post": {"title": view.title, "body": list(view.paragraphs)}}}}, ensure_ascii=False
    )
    body = f"""<div id="__next"><div class="css-1x2y3z"><header class="css-9ab1">{around.menu()}</header>
<main class="css-77aa"><ol class="css-bread" aria-label="breadcrumb"><li>الرئيسية</li><li>{view.section}</li></ol>
<h1 class="css-h1q">{view.title}</h1><div class="css-meta"><span>{"، ".join(view.authors)}</span><span>{view.shown}</span><span>3 دقائق للقراءة</span></div>
<div class="css-body0">
{_paragraphs(view)}
</div><div class="css-tags"><a>#تقنية</a><a>#بحث</a></div>{around.share()}{around.newsletter()}</main>
<section class="css-more">{around.box("قد يعجبك أيضا", view.number, "css-grid")}</section>{around.footer(view.site)}</div></div>
<script id="__NEXT_DATA__" type="application/json">{state}</script>"""
    return _page(
        view,
        _open_graph(view, dated=False) + "\n" + _json_ld(view, "Article", dateModified=view.published),
        body,
        suffix=" | ",
    )


def blogger(view: View) -> str:
    """A Blogger page: lines divided by br inside one div, the day in a heading above the post."""
    lines = "<br />\n<br />\n".join(view.paragraphs)
    body = f"""<div class="navbar section"></div><div class="content"><div class="header"><h1 class="title"><a href="/">{view.site}</a></h1></div>
<div class="main section"><div class="date-outer"><h2 class="date-header"><span>{view.shown}</span></h2><div class="post hentry">
<h3 class="post-title entry-title">{view.title}</h3><div class="post-body entry-content" dir="rtl">
<div class="separator"><a href="{view.image}"><img border="0" src="{view.image}" /></a></div>{lines}
<div style="clear: both;"></div></div><div class="post-footer">مرسلة بواسطة <span class="fn">{"".join(view.authors)}</span>
<span class="post-comment-link">ليست هناك تعليقات:</span> إرسال تعليق</div></div></div>
<div class="blog-pager"><a>رسالة أحدث</a> <a>رسالة أقدم</a> <a>الصفحة الرئيسية</a></div></div>
<aside><h2>أرشيف المدونة الإلكترونية</h2><ul><li>2025 (14)</li><li>2024 (52)</li></ul>{around.box("المشاركات الشائعة", view.number)}</aside></div>"""
    head = f'<meta name="generator" content="blogger">\n<link rel="canonical" href="{view.url}">'
    return _page(view, head, body, "class='v2' dir='rtl'", ": ")


def drupal(view: View) -> str:
    """A Drupal page: field wrappers and Dublin Core metadata."""
    head = f"""<meta name="Generator" content="Drupal 7 (http://drupal.org)">
<link rel="canonical" href="{view.url}">
<meta name="dcterms.title" content="{view.title}">
<meta name="dcterms.creator" content="{"، ".join(view.authors)}">
<meta name="dcterms.date" content="{view.published}">
<meta name="dcterms.publisher" content="{view.site}">"""
    body = f"""<div id="page-wrapper"><div id="header"><h2 id="site-name">{view.site}</h2>{around.menu("div")}</div>
<div class="breadcrumb"><a href="/">الرئيسية</a> » <a href="/s">{view.section}</a> » {view.title}</div>
<div id="content" class="column"><h1 class="title" id="page-title">{view.title}</h1>
<div class="node node-article clearfix"><div class="submitted">أرسل بواسطة {"، ".join(view.authors)} في {view.shown}</div>
<div class="field field-name-body field-type-text-with-summary"><div class="field-items"><div class="field-item even" property="content:encoded">
{_paragraphs(view)}
</div></div></div><ul class="links inline"><li>أضف تعليقا جديدا</li><li>211 قراءة</li></ul></div></div>
<div class="region-sidebar-second">{around.box("الأكثر قراءة", view.number, "block")}{around.newsletter()}</div>{around.footer(view.site)}</div>"""
    return _page(view, head, body, suffix=" | ")


def gulf_agency(view: View) -> str:
    """A state agency's page: the day stands in a line of its own, in two calendars or in one."""
    body = f"""<div class="top-bar"><a>English</a> <a>Français</a> <a>فارسی</a></div><header><img alt="{view.site}" src="/logo.png">{around.menu()}</header>
<div class="container"><div class="row"><div class="col-md-8"><div class="news-details">
<div class="news-category">{view.section}</div><h1 class="news-title">{view.title}</h1>
<div class="news-date"><i class="icon-calendar"></i> {view.shown}</div>
<div class="news-tools"><a>تصغير الخط</a> <a>تكبير الخط</a> <a>طباعة</a></div>
<div class="news-text">
{_paragraphs(view)}
<p>// انتهى //</p></div></div>{around.share()}</div>
<div class="col-md-4">{around.box("آخر الأخبار", view.number, "latest-news", 6)}</div></div></div>{around.footer(view.site)}"""
    return _page(view, '<meta name="viewport" content="width=device-width">', body, suffix=" | ")


def egypt_daily(view: View) -> str:
    """An Egyptian daily's portal: breaking-news ticker, "كتب:", links between the paragraphs, lists of most-read."""
    inside = f'<p><strong>اقرأ أيضا: <a href="/news/88">{around.headlines(view.number + 4, 1)[0]}</a></strong></p>'
    author = f'<div class="writer">كتب: {" - ".join(view.authors)}</div>' if view.authors else ""
    body = f"""{around.ticker(view.number)}<header>{around.menu()}</header>
<div class="breadcrumbs"><a href="/">الرئيسية</a> / <a href="/c/3">{view.section}</a></div>
<div class="article-wrap"><h1>{view.title}</h1><div class="info"><span class="date">{view.shown}</span> {author}</div>
{around.share()}<div class="main-img"><img src="{view.image}" alt=""><p class="caption">صورة أرشيفية</p></div>
<div id="articleBody" class="paragraph-list">
{_paragraphs(view, inside)}
</div><div class="tags"><span>كلمات دليلية:</span> <a>مصر</a> <a>{view.section}</a></div></div>
<div class="side">{around.box("الأكثر قراءة", view.number + 1, "most-read", 5)}{around.box("أخبار متعلقة", view.number + 5)}
<div class="poll"><h4>استطلاع الرأي</h4><label>نعم</label><label>لا</label><button>تصويت</button></div></div>{around.footer(view.site)}"""
    return _page(view, _open_graph(view, dated=False), body, suffix=" - ")


def maghreb(view: View) -> str:
    """A Maghrebi daily: French beside Arabic, the day in the names used there."""
    author = f'<span class="auteur">بقلم: {" - ".join(view.authors)}</span>' if view.authors else ""
    body = f"""<div class="topbar"><a href="/fr">Version française</a> | <a href="/abonnement">Abonnez-vous</a> | <a>طقس اليوم</a></div>
<header><a class="brand" href="/">{view.site}</a>{around.menu()}</header>
<div class="single-article"><span class="cat">{view.section}</span><h1 class="titre-article">{view.title}</h1>
<div class="infos">{author} <span class="date-article">{view.shown}</span></div>
<img src="{view.image}" alt="photo"><div class="texte-article">
{_paragraphs(view)}
</div>{around.share()}<div class="reactions"><h4>التعليقات (3)</h4><p>مواطن: اللهم بارك، الله يكون في العون.</p></div></div>
{around.box("مقالات ذات صلة", view.number, "lire-aussi")}{around.box("الأكثر تصفحا", view.number + 3)}{around.footer(view.site)}"""
    return _page(
        view,
        f'<link rel="canonical" href="{view.url}">\n<meta property="og:site_name" content="{view.site}">',
        body,
        suffix=" | ",
    )


def levant_daily(view: View) -> str:
    """A Levantine daily: double month names, a time element, cookie banner, related stories in the text."""
    inside = f'<div class="related-inline"><h4>مواضيع ذات صلة</h4><ul>{around.links(around.headlines(view.number, 2))}</ul></div>'
    body = f"""{around.cookie_banner()}<header>{around.menu()}</header><main id="main">
<div class="crumbs">الرئيسية &gt; {view.section}</div><article><h1 class="headline">{view.title}</h1>
<div class="by"><a rel="author" href="/w">{" و".join(view.authors)}</a> <time datetime="{view.published}">{view.shown}</time></div>
<figure><img src="{view.image}"><figcaption>من الأرشيف (الصحيفة)</figcaption></figure>
<div class="article-body">
{_paragraphs(view, inside, 3)}
</div>{around.newsletter()}</article></main><aside>{around.box("الأكثر قراءة", view.number, "top-read")}</aside>{around.footer(view.site)}"""
    return _page(view, _open_graph(view, dated=False), body, suffix=" | ")


def div_soup(view: View) -> str:
    """An Iraqi agency's page: one div of text with br, everything else divs without names."""
    lines = "<br><br>".join((*view.paragraphs, view.credit) if view.credit else view.paragraphs)
    latest = "".join(
        f"<div><div><a href='/{n}'>{text}</a></div><div>قبل {n + 2} ساعات</div></div>"
        for n, text in enumerate(around.headlines(view.number, 5))
    )
    body = f"""<div><div><a href="/">{view.site}</a></div><div>{"".join(f"<a>{name}</a>" for name in around.MENU)}</div></div>
<div><div><div>{view.section}</div><div><h1>{view.title}</h1></div><div>{view.shown}</div><div><img src="{view.image}"></div>
<div>{lines}</div><div>تابعنا على تلغرام ليصلك كل جديد</div></div><div><div>آخر الأخبار</div>{latest}</div></div>
<div>جميع الحقوق محفوظة {view.site}</div>"""
    return _page(view, f'<link rel="canonical" href="{view.url}">', body, suffix=" - ")


def broadcaster(view: View) -> str:
    """An international channel: JSON-LD, cookie banner, reading links and a newsletter inside the text."""
    inside = f'<section class="more-on"><h3>اقرأ المزيد</h3><ul>{around.links(around.headlines(view.number + 2, 2))}</ul></section>{around.newsletter()}'
    body = f"""<a class="skip" href="#main">تخطى إلى المحتوى</a>{around.cookie_banner()}<header>{around.menu()}<button>بث مباشر</button></header>
<main id="main-content-area"><div class="article-header"><h1>{view.title}</h1></div>
<div class="article-info-block"><div class="article-author">{"، ".join(view.authors)}</div><div class="date-simple"><span aria-hidden="true">{view.shown}</span></div></div>
<figure class="article-featured-image"><img src="{view.image}"><figcaption>مشهد عام (وكالات)</figcaption></figure>
<div class="wysiwyg wysiwyg--all-content">
{_paragraphs(view, inside)}
</div></main><aside>{around.box("الأكثر قراءة", view.number, "trending", 5)}</aside>{around.footer(view.site)}"""
    return _page(view, _open_graph(view, dated=True) + "\n" + _json_ld(view, "NewsArticle"), body, suffix=" | ")


def microdata(view: View) -> str:
    """schema.org written as microdata attributes, the date in a time element."""
    authors = "".join(
        f'<span itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">{name}</span></span>'
        for name in view.authors
    )
    body = f"""<header>{around.menu()}</header><div itemscope itemtype="https://schema.org/NewsArticle">
<h1 itemprop="headline">{view.title}</h1><p class="meta">{authors} <time itemprop="datePublished" datetime="{view.published}">{view.shown}</time>
<span itemprop="articleSection">{view.section}</span></p><meta itemprop="image" content="{view.image}">
<div itemprop="articleBody">
{_paragraphs(view)}
</div></div>{around.share()}{around.box("أخبار ذات صلة", view.number, "related")}{around.footer(view.site)}"""
    return _page(
        view, f'<link rel="canonical" href="{view.url}">\n<meta name="application-name" content="{view.site}">', body
    )


def magazine(view: View) -> str:
    """A magazine: headings inside the text, the author's box, tags; date and author in meta elements only."""
    marked = "\n".join(
        f"<p>{line}</p>" if line.endswith((".", "!", "؟")) else f"<h2>{line}</h2>" for line in view.paragraphs
    )
    body = f"""<header>{around.menu()}</header><div class="mag-hero"><img src="{view.image}"><span>{view.section}</span><h1>{view.title}</h1></div>
<div class="mag-content"><div class="drop-cap">
{marked}
</div></div>
<div class="author-box"><img src="/a.jpg"><h4>{"".join(view.authors)}</h4><p>كاتبة ومحررة تهتم بشؤون البيت والسفر منذ عشر سنوات.</p></div>
<div class="mag-tags"><a>نصائح</a><a>{view.section}</a></div>{around.box("اخترنا لك", view.number, "picks")}{around.newsletter()}{around.cookie_banner()}{around.footer(view.site)}"""
    head = _open_graph(view, dated=True) + f'\n<meta name="author" content="{"".join(view.authors)}">'
    return _page(view, head, body, suffix=" | ")


def live_blog(view: View) -> str:
    """A live blog: one post for each update, newest first as a reader sees it, marked with the hour."""
    posts = "".join(
        f'<li class="live-post"><span class="stamp">{14 - n}:{10 + 7 * n}</span><div class="live-text"><p>{line}</p></div></li>'
        for n, line in enumerate(view.paragraphs)
    )
    body = f"""<header>{around.menu()}</header><main><div class="live-badge">تغطية مباشرة</div><h1>{view.title}</h1>
<div class="date-simple">{view.shown}</div><ol class="live-feed">{posts}</ol><button>تحميل المزيد</button></main>
<aside>{around.box("الأكثر قراءة", view.number, "trending")}</aside>{around.footer(view.site)}"""
    updates = [
        {"@type": "BlogPosting", "articleBody": line, "datePublished": view.published} for line in view.paragraphs
    ]
    head = _open_graph(view, dated=False) + "\n" + _json_ld(view, "LiveBlogPosting", liveBlogUpdate=updates)
    return _page(view, head, body, suffix=" | ")


def gallery(view: View) -> str:
    """A picture gallery, with a text if the view has one."""
    slides = "".join(
        f'<div class="slide"><img src="/g/{n}.jpg" alt=""><span class="count">{n} من 8</span><p class="caption">لقطة {n}</p></div>'
        for n in range(1, 9)
    )
    body = f"""<header>{around.menu()}</header><main><h1>{view.title}</h1><span class="date">{view.shown}</span>
<div class="gallery">{slides}</div><div class="gallery-text">
{_paragraphs(view) if view.paragraphs else ""}
</div></main>{around.box("ألبومات أخرى", view.number, "albums")}{around.footer(view.site)}"""
    head = f'<link rel="canonical" href="{view.url}">\n<meta property="og:site_name" content="{view.site}">'
    if view.published:
        head += f'\n<meta property="article:published_time" content="{view.published}">'
    return _page(view, head, body)


def bare(view: View) -> str:
    """No metadata, no classes, hardly any furniture: a heading and paragraphs."""
    shown = f"<p>{view.shown}</p>\n" if view.shown else ""
    body = f'<p><a href="/">{view.site}</a></p>\n<h1>{view.title}</h1>\n{shown}{_paragraphs(view)}\n<hr>\n<p><a href="/">العودة إلى الصفحة الرئيسية</a></p>'
    return f"<html>\n<head>\n{view.charset_meta}\n<title>{view.title}</title>\n</head>\n<body dir=rtl>\n{body}\n</body>\n</html>\n"


def foreign(view: View) -> str:
    """A plain news page in another language; `section` holds the links of its language switcher."""
    body = f"""<header><a href="/">{view.site}</a><div class="languages">{view.section}</div></header><main><article><h1>{view.title}</h1>
{_paragraphs(view)}
</article></main><footer>© {view.site}</footer>"""
    return f"<!DOCTYPE html>\n<html>\n<head>\n{view.charset_meta}\n<title>{view.title} | {view.site}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
