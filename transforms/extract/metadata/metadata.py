"""What a page says about its article: title, authors, site, section, tags, addresses, description, lead image.

Every field is taken from the first of these that states it: JSON-LD (the article's own object), OpenGraph and other
`<meta property>`, Dublin Core and `<meta name>`, microdata, the visible page (h1, byline, links), `<title>`. Values are
as stated, with white space collapsed; only the title loses the site's name, and author names their "بقلم". See
titles.py and authors.py for these two.
"""

import collections
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from warraq.transforms.extract.json_ld import find_article, types, walk
from warraq.transforms.extract.metadata.authors import find_authors
from warraq.transforms.extract.metadata.meta_tags import compared, first, read_metas, stated, string, text_of
from warraq.transforms.extract.metadata.titles import find_title
from warraq.transforms.extract.metadata.urls import (
    absolute,
    find_canonical_url,
    host_of,
    registered_domain,
    safely_without_tracking,
)
from warraq.transforms.extract.page_index import Look, look

MAX_TAGS: Final = 50
_TAG_LENGTH: Final = range(2, 61)  # characters

_HOME = re.compile(r"(?i)^(?:home|homepage|الرئيسية|الرئيسيّة|الصفحة الرئيسية|رئيسية|الصفحة الأولى|الصفحه الرئيسيه)$")
_NO_SECTION = re.compile(
    r"(?i)^(?:uncategori[sz]ed|غير مصنف|بدون تصنيف|بلا تصنيف|(?:news-?)?articles?|posts?|featured|slider|main|top|null"
    r"|none|\W*)$"
)
_PUBLISHERS: Final = frozenset({"Organization", "NewsMediaOrganization", "WebSite"})
_BETWEEN_TAGS = re.compile(r"[,،;؛|\n]")
# Pictures that stand where a story has none of its own.
_NO_PICTURE = re.compile(  # by the name of the file; folders such as sites/default/ say nothing
    r"(?i)(?:^|[_.-])(?:logo|favicon|placeholder|default|no-?(?:image|photo|img|thumb)|blank|spacer|pixel|1x1|avatar"
    r"|transparent|lazy|loading)(?:[\W_]|\d|$)|\.(?:svg|ico)$"
)
_CRUMBS: Final = 4  # links of one parent among the breadcrumbs that are looked at
_LEAST_SIDE: Final = 50  # pixels; smaller pictures are counters and icons


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


def find_metadata(
    tree: HtmlElement, json_ld: list[dict[str, Any]], url: str, looked_at: Look | None = None
) -> Metadata:
    """All fields, each from its most trusted source; see the module's first lines for the order.

    `looked_at` is what `look(tree)` gives, for who has it already.
    """
    page = looked_at or look(tree)
    article, metas = find_article(json_ld), read_metas(page)
    canonical = find_canonical_url(page, metas, url)
    sites = _site_names(json_ld, metas, canonical)
    sections = _sections(page, json_ld, article, metas)
    title = find_title(page, article, metas, sites, set(map(compared, sections)))
    return Metadata(
        title=title,
        authors=find_authors(page, json_ld, article, metas, sites),
        site=registered_domain(canonical),
        site_name=_site_name(json_ld, article, metas),
        section=next((s for s in sections if compared(s) not in {compared(title or ""), *sites}), None),
        tags=_tags(page, article, metas),
        canonical_url=canonical,
        description=first(
            article.get("description"),
            *stated(metas, "og:description", "dc.description", "description", "twitter:description"),
        ),
        image_url=_image(page, article, metas, canonical),
    )


def without_page(url: str, title: str | None) -> Metadata:
    """What is known of an article that came without its page."""
    canonical = safely_without_tracking(url)
    return Metadata(title, [], registered_domain(canonical), None, None, [], canonical, None, None)


# The site.


def _site_names(json_ld: list[dict[str, Any]], metas: dict[str, list[str]], url: str) -> set[str]:
    """What the site calls itself, in the form that titles are compared in.

    A person who publishes what she writes is an author, not a site.
    """
    publishers = [node.get("publisher") for top in json_ld for node in walk(top)]
    described = [*publishers, *(top for top in json_ld if _PUBLISHERS.intersection(types(top)))]
    named = [node.get("name") for node in described if isinstance(node, dict) and "Person" not in types(node)]
    host = host_of(url)
    labels = [host, host.removeprefix("www."), registered_domain(url), registered_domain(url).partition(".")[0]]
    names = [*named, *metas.get("og:site_name", []), *metas.get("application-name", []), *labels]
    return {compared(name) for name in names if isinstance(name, str) and compared(name)}


def _site_name(json_ld: list[dict[str, Any]], article: dict[str, Any], metas: dict[str, list[str]]) -> str | None:
    publisher = article.get("publisher")
    websites = [node.get("name") for node in json_ld if "WebSite" in types(node)]
    return first(
        *metas.get("og:site_name", []),
        publisher.get("name") if isinstance(publisher, dict) else None,
        *websites,
        *metas.get("application-name", []),
    )


# Section, tags, picture.


def _sections(
    page: Look, json_ld: list[dict[str, Any]], article: dict[str, Any], metas: dict[str, list[str]]
) -> list[str]:
    """What may be the article's section, most trusted first; the page itself is searched only if all else is silent."""
    said = article.get("articleSection")
    names = ("article:section", "og:section", "section", "articlesection", "parsely-section", "category")
    named = [*(said if isinstance(said, list) else [said]), *stated(metas, *names), *_breadcrumbs(json_ld)]
    return _real_sections(named) or _real_sections(map(text_of, _shown_sections(page)))


def _shown_sections(page: Look) -> Iterator[HtmlElement]:
    """What is marked as the section, and the first links among breadcrumbs."""
    crumbs: set[HtmlElement] = set()
    links: collections.Counter[HtmlElement] = collections.Counter()
    marked: set[HtmlElement] = set()
    for element, tag, _, _ in page.elements:
        parent = element.getparent() if crumbs or element.get("itemprop") else None
        if element.get("itemprop") == "articleSection" and parent not in marked:
            marked.add(parent)
            yield element
        elif tag == "a" and element.get("href") is not None and parent in crumbs:
            links[parent] += 1
            if links[parent] <= _CRUMBS:
                yield element
        if parent in crumbs or "breadcrumb" in element.get("class", ""):
            crumbs.add(element)


def _real_sections(named: Iterable[Any]) -> list[str]:
    return [s for s in map(string, named) if s and not _HOME.match(s) and not _NO_SECTION.match(s)]


def _breadcrumbs(json_ld: list[dict[str, Any]]) -> Iterator[Any]:
    for top in json_ld:
        for node in walk(top):
            if "BreadcrumbList" in types(node) and isinstance(node.get("itemListElement"), list):
                for crumb in node["itemListElement"]:
                    item = crumb.get("item") if isinstance(crumb, dict) else None
                    name = crumb.get("name") if isinstance(crumb, dict) else None
                    yield name or (item.get("name") if isinstance(item, dict) else None)


def _tags(page: Look, article: dict[str, Any], metas: dict[str, list[str]]) -> list[str]:
    """Keywords from the first source that has any, once each."""
    keywords = article.get("keywords")
    sources: tuple[Callable[[], Iterable[Any]], ...] = (
        lambda: keywords if isinstance(keywords, list) else [keywords],
        lambda: metas.get("article:tag", []),
        lambda: stated(metas, "news_keywords", "keywords", "parsely-tags"),
        lambda: (text_of(link) for link in page.tagged["a"] if "tag" in link.get("rel", "").split()),
    )
    for source in sources:
        words = [word.strip(" #\"'.") for each in map(string, source()) if each for word in _BETWEEN_TAGS.split(each)]
        tags = list(dict.fromkeys(word for word in words if len(word) in _TAG_LENGTH))
        if tags:
            return tags[:MAX_TAGS]
    return []


def _image(page: Look, article: dict[str, Any], metas: dict[str, list[str]], url: str) -> str | None:
    """The first stated picture that is none of the site's own: no logo, no placeholder, no counter."""
    links = (link.get("href") for link in page.tagged["link"] if link.get("rel", "").lower() == "image_src")
    named = (
        "og:image",
        "og:image:url",
        "og:image:secure_url",
        "twitter:image",
        "twitter:image:src",
        "thumbnail",
        "image",
    )
    for address in [
        *_pictures(article.get("image")),
        *_pictures(article.get("thumbnailUrl")),
        *stated(metas, *named),
        *links,
    ]:
        picture = absolute(address, url)
        parts = urlsplit(picture or "")
        file = parts.path.rpartition("/")[2] or parts.query
        if file and not _NO_PICTURE.search(file):
            return picture
    return None


def _pictures(image: Any) -> Iterator[Any]:
    """The addresses in a JSON-LD image: an address, an object, or a list of these."""
    for each in image if isinstance(image, list) else [image]:
        if not isinstance(each, dict):
            yield each
        elif not any(_is_tiny(each.get(side)) for side in ("width", "height")):
            yield each.get("url") or each.get("contentUrl")


def _is_tiny(side: Any) -> bool:
    """It states fewer pixels than a picture of the story has."""
    digits = str(side)
    return digits.isdecimal() and len(digits) < 9 and int(digits) < _LEAST_SIDE
