"""Is the page an article at all? Index, tag, search and error pages, galleries and listings are refused here.

A page's own word comes first (schema.org types, WordPress body classes), then its address, then the shape of what was
found on it. Each test says what it saw, so that a wrong refusal can be traced.
"""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from transforms.extract.json_ld import is_article, types
from transforms.step import Rejection

_LISTING_TYPES: Final = frozenset({"CollectionPage", "SearchResultsPage", "ImageGallery", "ProfilePage", "ContactPage"})
_LISTING_CLASS = re.compile(r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|error404)(?:\s|$)")
_ARTICLE_CLASS = re.compile(r"(?:^|\s)(?:single|single-post|postid-\d+|page-article)(?:\s|$)")
_LISTING_PATH = re.compile(
    r"(?i)^/*(?:(?:ar|en|index\.\w+|home)/*)?$|/(?:tags?|category|categories|authors?|search|page/\d+)(?:/[^/]*)?/?$"
)
_ERROR_TITLE = re.compile(
    r"(?i)(?:^|\W)404(?:\W|$)|page not found|not found$|access denied|forbidden|just a moment|attention required"
    r"|الصفحة (?:غير موجودة|التي تبحث عنها|المطلوبة)|(?:لم|لا) يتم العثور|لم نعثر|^(?:خطأ|عذرا|عذراً)(?:\W|$)"
)
_ERROR_WORDS: Final = 150  # an article about error pages is longer than an error page
_TEASER_END = re.compile(r"(?:\.{3,}|…|اقرأ المزيد|التفاصيل|read more)[\s»›>\])]*$", re.IGNORECASE)
_LEAST_TEASERS: Final = 4
_TEASER_SHARE: Final = 0.6  # of the lines


def refuse_other_pages(tree: HtmlElement, json_ld: list[dict[str, Any]], url: str) -> None:
    """Raises Rejection not_an_article if the page, before its text is looked at, says that it is none."""
    body_class = next((body.get("class") or "" for body in tree.iter("body")), "")
    if _ARTICLE_CLASS.search(body_class) or _states_article(json_ld):
        return
    listing = [name for node in json_ld for name in types(node) if name in _LISTING_TYPES]
    if listing:
        raise Rejection("not_an_article", listing[0])
    if marked := _LISTING_CLASS.search(body_class):
        raise Rejection("not_an_article", f"body class {marked.group().strip()}")
    if _is_listing_address(url) and "article" not in tree.xpath("//meta[@property='og:type']/@content"):
        raise Rejection("not_an_article", f"address {url[:80]}")


def refuse_other_texts(lines: Sequence[str], title: str | None) -> None:
    """Raises Rejection not_an_article if the text that was found is an error message or a list of teasers."""
    if title and _ERROR_TITLE.search(title) and sum(len(line.split()) for line in lines) < _ERROR_WORDS:
        raise Rejection("not_an_article", title[:80])
    teasers = sum(bool(_TEASER_END.search(line)) for line in lines)
    if teasers >= max(_LEAST_TEASERS, _TEASER_SHARE * len(lines)):
        raise Rejection("not_an_article", f"{teasers} teasers in {len(lines)} lines")


def _states_article(json_ld: list[dict[str, Any]]) -> bool:
    """An article stands at the top of the page's JSON-LD; those inside a list are other pages."""
    main = [node.get("mainEntity") for node in json_ld]
    return any(isinstance(node, dict) and is_article(node) for node in [*json_ld, *main])


def _is_listing_address(url: str) -> bool:
    """A front page, tag, category or search page by its path; file names and addresses like /?p=12 say nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    numbered = bool(parts.query) and not parts.path.strip("/")
    return parts.scheme in {"http", "https"} and not numbered and bool(_LISTING_PATH.search(parts.path))
