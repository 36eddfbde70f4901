"""What a page says about its article: title, authors, site, section, tags, addresses, description, lead image.

Every field is taken from the first of these that states it: JSON-LD (the article's own object), OpenGraph and other
`<meta property>`, Dublin Core and `<meta name>`, microdata, the visible page (h1, byline, links), `<title>`. Values are
as stated, with white space collapsed; only the title loses the site's name, and author names their "بقلم".
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from transforms.extract.addresses import (
    absolute,
    find_canonical_url,
    host_of,
    registered_domain,
    safely_without_tracking,
)
from transforms.extract.json_ld import find_article, types, walk

MAX_AUTHORS: Final = 20
MAX_TAGS: Final = 50
MAX_FIELD: Final = 2_000  # characters of a title, name or description; longer ones are cut

_SEPARATOR = re.compile(r"\s+(?:[-–—|•·»«:~]|::|>>)\s+|\s*[|»]\s*")
_BYLINE = re.compile(
    r"(?i)^\s*(?:كتب(?:ت|ه|ته)?|بقلم|تحرير|إعداد|اعداد|تقرير|ترجمة|حوار|متابعة|الكاتبة?|المحررة?|المؤلفة?|المصدر"
    r"|(?:(?:مرسلة?|أرسلت?|نشرت?|أضيفت?)\s+)?بواسطة"
    r"|by|written by|author|posted by)\s*(?:[:：/|-]\s*|\s+)(?:by\s+)?"
)
_BETWEEN_NAMES = re.compile(r"\s*[,،;؛&\n]\s*|\s+(?:and|و)\s+")
_STROKE = re.compile(r"\s+[-–—]\s+|\s*[|/]\s*")  # between names, or between a name and a city
_NOT_A_NAME = re.compile(
    r"(?i)@|^\W*$|\d{2,}|^(?:admin|administrator|editor|webmaster|staff|guest|author|null|none|undefined)\d*$"
    r"|^(?:ال)?محرر(?:ون|ين)?(?: الموقع)?$|^(?:هيئة|أسرة|اسرة|فريق|قسم) التحرير$|^(?:غير معروف|بدون كاتب)$"
)
_ADDRESS = re.compile(r"(?i)https?:|www\.")
_HOME = re.compile(r"(?i)^(?:home|homepage|الرئيسية|الصفحة الرئيسية|رئيسية|الصفحة الأولى)$")
_BYLINE_CLASSES: Final = (
    "author-name", "author_name", "authorname", "authorName", "article-author", "authors__", "writer", "writeBy",
)  # fmt: skip
_BYLINE_ELEMENTS: Final = etree.XPath(
    "//*[@rel='author' or @itemprop='author' or contains(concat(' ', @class, ' '), ' author ') or "
    "contains(concat(' ', @class, ' '), ' byline ') or contains(concat(' ', @class, ' '), ' fn ') or "
    + "".join(f"contains(@class, '{name}') or " for name in _BYLINE_CLASSES)
    + "starts-with(normalize-space(text()), 'بقلم') or starts-with(normalize-space(text()), 'كتب:') or "
    "starts-with(normalize-space(text()), 'كتب :')]"
    "[not(ancestor-or-self::*[contains(@class, 'comment') or contains(@id, 'comment')])]"
)
_BYLINE_LENGTH: Final = 100  # characters; longer is a biography or a paragraph
_BYLINES_READ: Final = 10  # further ones belong to other stories
_VISIBLE_NAME_WORDS: Final = range(2, 6)
_PUBLISHERS: Final = frozenset({"Organization", "NewsMediaOrganization", "WebSite"})
_WORD = re.compile(r"\w+")


class Metadata(NamedTuple):
    """The article's description by the page. `site` is the registered domain, or the host where there is none."""

    title: str | None
    authors: list[str]
    site: str
    site_name: str | None
    section: str | None
    tags: list[str]
    canonical_url: str
    description: str | None
    image_url: str | None


def find_metadata(tree: HtmlElement, json_ld: list[dict[str, Any]], url: str) -> Metadata:
    """All fields, each from its most trusted source; see the module's first lines for the order."""
    article, metas = find_article(json_ld), _metas(tree)
    canonical = find_canonical_url(tree, metas, url)
    site_name = _site_name(json_ld, article, metas)
    sites = _site_names(json_ld, metas, canonical)
    title = _title(tree, article, metas, sites)
    return Metadata(
        title=title,
        authors=_authors(tree, json_ld, article, metas, sites),
        site=registered_domain(canonical),
        site_name=site_name,
        section=_section(tree, json_ld, article, metas, title),
        tags=_tags(tree, article, metas),
        canonical_url=canonical,
        description=_first(
            article.get("description"),
            *_stated(metas, "og:description", "dc.description", "description", "twitter:description"),
        ),
        image_url=_image(article, metas, canonical),
    )


def without_page(url: str, title: str | None) -> Metadata:
    """What is known of an article that came without its page."""
    canonical = safely_without_tracking(url)
    return Metadata(title, [], registered_domain(canonical), None, None, [], canonical, None, None)


# The title.


def _title(tree: HtmlElement, article: dict[str, Any], metas: dict[str, list[str]], sites: set[str]) -> str | None:
    """The first stated title, without the site's name; the fuller one where the first was cut short."""
    shown = [_text(h1) for h1 in tree.iter("h1") if not any(_leads_home(link) for link in h1.iter("a"))]
    microdata = [_text(element) for element in tree.xpath("//*[@itemprop='headline']")[:3]]
    browser = [_text(title) for title in tree.xpath("//head/title | /html/body/title")[:1]]
    stated = [
        article.get("headline"),
        *_stated(metas, "og:title", "twitter:title", "dc.title", "dcterms.title", "title"),
    ]
    first = [*filter(None, [*stated, *microdata, *shown])] or _headline(tree, browser)
    candidates = [c for c in map(_string, [*first, *browser]) if c and _key(c) not in sites]
    if not candidates:
        return None
    title = _without_site(candidates[0], candidates[1:], sites)
    beginning = title.rstrip(" .…")
    fuller = (other for other in shown if len(other) > len(title) and other.startswith(beginning))
    return next(fuller, title) if title.endswith(("…", "...")) else title


def _leads_home(link: HtmlElement) -> bool:
    """The link goes to the front page: what it says is the site's name, as in Blogger's h1."""
    return re.fullmatch(r"(?:https?:)?(?://[^/?#]+)?/*", (link.get("href") or "-").strip()) is not None


def _headline(tree: HtmlElement, browser: list[str]) -> list[str]:
    """The line of the page that stands in its `<title>` beside the site's name, for a page without an h1 of its own.

    Where the page shows the site's name as well, it does so above; else the headline makes up most of `<title>`.
    """
    title = "".join(browser)
    texts = (" ".join(text.split()) for body in tree.iter("body") for text in body.itertext())
    lines = list(dict.fromkeys(line for line in texts if line and line in title))
    for place, line in enumerate(lines):
        if title.replace(line, "", 1).strip(" -–—|:•»«") in lines[:place]:
            return [line]
    return [line for line in lines if 2 * len(line) > len(title)][:1]


def _without_site(title: str, others: list[str], sites: set[str]) -> str:
    """`title` cut at a separator where another candidate ends there too, or where only the site's name follows."""
    known = {_key(other) for other in others}
    cuts = list(_SEPARATOR.finditer(title))
    for cut in cuts:
        head, tail = title[: cut.start()].strip(), title[cut.end() :].strip()
        if _key(head) in known and _key(title) not in known:
            return head
        if _key(tail) in known and _key(title) not in known and _key(head) in sites:
            return tail
    for cut in cuts:
        if _key(title[cut.end() :]) in sites and title[: cut.start()].strip():
            return title[: cut.start()].strip()
        if _key(title[: cut.start()]) in sites and title[cut.end() :].strip():
            return title[cut.end() :].strip()
    if cuts and not known and len(_WORD.findall(title[cuts[-1].end() :])) <= 4:  # only <title> speaks
        return title[: cuts[-1].start()].strip() or title
    return title


def _site_names(json_ld: list[dict[str, Any]], metas: dict[str, list[str]], url: str) -> set[str]:
    """What the site calls itself, in the form that titles are compared in."""
    publishers = [node.get("publisher") for top in json_ld for node in walk(top)]
    stated = [*publishers, *(top for top in json_ld if _PUBLISHERS.intersection(types(top)))]
    named = [node.get("name") for node in stated if isinstance(node, dict)]
    host = host_of(url)
    labels = [host, host.removeprefix("www."), registered_domain(url), registered_domain(url).partition(".")[0]]
    names = [*named, *metas.get("og:site_name", []), *metas.get("application-name", []), *labels]
    return {_key(name) for name in names if isinstance(name, str) and _key(name)}


def _site_name(json_ld: list[dict[str, Any]], article: dict[str, Any], metas: dict[str, list[str]]) -> str | None:
    publisher = article.get("publisher")
    websites = [node.get("name") for node in json_ld if "WebSite" in types(node)]
    return _first(
        *metas.get("og:site_name", []),
        publisher.get("name") if isinstance(publisher, dict) else None,
        *websites,
        *metas.get("application-name", []),
    )


# People.


def _authors(
    tree: HtmlElement,
    json_ld: list[dict[str, Any]],
    article: dict[str, Any],
    metas: dict[str, list[str]],
    sites: set[str],
) -> list[str]:
    """Names from the first source that has any; the site itself, addresses and "admin" are no authors."""
    by_id = {node["@id"]: node for node in json_ld if isinstance(node.get("@id"), str)}
    for names in _author_sources(tree, metas, article, by_id):
        people = [name for stated in names for name in split_names(stated) if _key(name) not in sites]
        if people:
            return list(dict.fromkeys(people))[:MAX_AUTHORS]
    return []


def _author_sources(
    tree: HtmlElement, metas: dict[str, list[str]], article: dict[str, Any], by_id: dict[str, dict[str, Any]]
) -> Iterator[Iterable[str]]:
    """Where authors may be named, most trusted first; the page itself is searched (5 ms) only if all else is silent."""
    yield _people(article.get("author"), by_id)
    yield _stated(
        metas, "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author"
    )
    yield _visible_names(tree)


def _people(author: Any, by_id: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The names in a JSON-LD author: a name, an object, a reference into the graph, or a list of these."""
    if isinstance(author, str):
        yield author
    elif isinstance(author, list):
        for one in author:
            yield from _people(one, by_id)
    elif isinstance(author, dict):
        person = author if author.get("name") or author.get("familyName") else by_id.get(str(author.get("@id")), {})
        name = person.get("name") or f"{person.get('givenName') or ''} {person.get('familyName') or ''}"
        yield from (each for each in (name if isinstance(name, list) else [name]) if isinstance(each, str))


def _visible_names(tree: HtmlElement) -> list[str]:
    """The names in the first byline that holds any, and in those of the same kind beside it."""
    bylines = _BYLINE_ELEMENTS(tree)[:_BYLINES_READ]
    names = {byline: [name for name in split_names(_byline_text(byline)) if _is_full_name(name)] for byline in bylines}
    first = next((byline for byline in bylines if names[byline]), None)
    if first is None:
        return []
    kind = (first.tag, first.get("class"), first.getparent())
    return [
        name
        for byline in bylines
        if (byline.tag, byline.get("class"), byline.getparent()) == kind
        for name in names[byline]
    ]


def _byline_text(byline: HtmlElement) -> str:
    named = byline.xpath(".//*[@itemprop='name']")
    text = _text(named[0] if named else byline)
    return text if len(text) <= _BYLINE_LENGTH else ""


def _is_full_name(name: str) -> bool:
    """Not one word, which in a byline is more often a section or a city, and no number ("٣ دقائق")."""
    return len(_WORD.findall(name)) in _VISIBLE_NAME_WORDS and not re.search(r"\d", name)


def split_names(stated: str) -> list[str]:
    """The names in a byline: "كتب: أحمد علي، منى حسن" gives two. "و" splits only where it stands alone."""
    if _ADDRESS.search(stated):
        return []
    parts = [part for each in _BETWEEN_NAMES.split(_BYLINE.sub("", stated)) for part in _beside_strokes(each)]
    names = (_BYLINE.sub("", _string(part) or "") for part in parts)
    return [name.strip(" .:-–") for name in names if name.strip(" .:-–") and not _NOT_A_NAME.search(name)]


def _beside_strokes(stated: str) -> list[str]:
    """What stands beside dashes and slashes: without the city in "القاهرة - أحمد علي", where there is a full name."""
    parts = _STROKE.split(stated)
    return [part for part in parts if len(part.split()) > 1] or parts


# Section, tags, picture.


def _section(
    tree: HtmlElement,
    json_ld: list[dict[str, Any]],
    article: dict[str, Any],
    metas: dict[str, list[str]],
    title: str | None,
) -> str | None:
    stated = article.get("articleSection")
    sections = stated if isinstance(stated, list) else [stated]
    crumbs = [name for name in _breadcrumbs(json_ld) if not _HOME.match(name) and _key(name) != _key(title or "")]
    microdata = [_text(element) for element in tree.xpath("//*[@itemprop='articleSection']")[:1]]
    return _first(
        *sections,
        *_stated(metas, "article:section", "section", "articlesection", "parsely-section"),
        *microdata,
        *crumbs[:1],
    )


def _breadcrumbs(json_ld: list[dict[str, Any]]) -> Iterator[str]:
    for top in json_ld:
        for node in walk(top):
            if "BreadcrumbList" in types(node) and isinstance(node.get("itemListElement"), list):
                for crumb in node["itemListElement"]:
                    item = crumb.get("item") if isinstance(crumb, dict) else None
                    name = crumb.get("name") if isinstance(crumb, dict) else None
                    name = name or (item.get("name") if isinstance(item, dict) else None)
                    if _string(name):
                        yield _string(name) or ""


def _tags(tree: HtmlElement, article: dict[str, Any], metas: dict[str, list[str]]) -> list[str]:
    """Keywords from the first source that has any, once each."""
    keywords = article.get("keywords")
    sources = [
        keywords if isinstance(keywords, list) else [keywords],
        metas.get("article:tag", []),
        _stated(metas, "news_keywords", "keywords"),
        [_text(link) for link in tree.xpath("//a[contains(concat(' ', @rel, ' '), ' tag ')]")],
    ]
    for source in sources:
        words = [
            tag.strip(" #") for stated in source if isinstance(stated, str) for tag in re.split(r"[,،;؛|]", stated)
        ]
        tags = list(dict.fromkeys(" ".join(word.split()) for word in words if 1 < len(word) <= 60))
        if tags:
            return tags[:MAX_TAGS]
    return []


def _image(article: dict[str, Any], metas: dict[str, list[str]], url: str) -> str | None:
    image = article.get("image")
    image = image[0] if isinstance(image, list) and image else image
    image = (image.get("url") or image.get("contentUrl")) if isinstance(image, dict) else image
    stated = [image, *_stated(metas, "og:image", "og:image:url", "twitter:image", "twitter:image:src", "thumbnail")]
    return next(filter(None, (absolute(address, url) for address in stated)), None)


# Small facts.


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    """The contents of all `<meta>`, by lower-case name, property or itemprop, in document order."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        content = _string(meta.get("content"))
        for attribute in ("property", "name", "itemprop"):
            if content and meta.get(attribute):
                metas.setdefault(meta.get(attribute).strip().lower(), []).append(content)
    return metas


def _stated(metas: dict[str, list[str]], *names: str) -> list[str]:
    """The contents under the first of `names` that the page uses, then the next: in the order of `names`."""
    return [content for name in names for content in metas.get(name, [])]


def _first(*values: Any) -> str | None:
    return next(filter(None, map(_string, values)), None)


def _string(value: Any) -> str | None:
    """`value` as text: entities resolved (JSON-LD often holds them), white space collapsed; None if it is no text."""
    if not isinstance(value, str):
        return None
    return " ".join(html.unescape(value[: 2 * MAX_FIELD]).split())[:MAX_FIELD] or None


def _text(element: HtmlElement) -> str:
    return _string("".join(element.itertext())) or ""


def _key(text: str) -> str:
    """The form in which two spellings of one title or name agree."""
    return " ".join(_WORD.findall(text.casefold()))
