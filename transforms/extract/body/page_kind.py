"""Is the page an article at all? Index, tag, search and error pages, galleries and listings are refused here.

A page's own word comes first (schema.org types, WordPress body classes), then its address, then the shape of what was
found on it. Each test says what it saw, so that a wrong refusal can be traced.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.containers import Survey
from warraq.transforms.extract.json_ld import is_article, types
from warraq.transforms.rejection import Rejection

_LISTING_TYPES: Final = frozenset({"CollectionPage", "SearchResultsPage", "ImageGallery", "ProfilePage", "ContactPage"})
_LISTING_CLASS = re.compile(r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|error404)(?:\s|$)")
_ARTICLE_CLASS = re.compile(r"(?:^|\s)(?:single|single-post|postid-\d+|page-article)(?:\s|$)")
_LISTING_PATH = re.compile(
    r"(?i)^/*(?:(?:ar|en|index\.\w+|home)/*)?$|/(?:tags?|category|categories|authors?|search|page/\d+)(?:/[^/]*)?/?$"
)
_LEAST_CARDS: Final = 4
_CARDS_SHARE: Final = 0.7  # of the page's prose
_CARD_TAGS: Final = frozenset({"div", "article", "section", "li", "td", "tr", "dd", "dl"})
_HEADINGS: Final = ("h2", "h3", "h4", "h5")
_HEADLINE_LENGTH: Final = 25  # characters; shorter links are names and labels
_LONGEST_TEASER: Final = 600  # characters of prose beside one headline
_SHORTEST_NEWS: Final = 300  # characters of prose
_MUCH_LINKED: Final = 1_000  # characters, ten long headlines
_LINKED_SHARE: Final = 0.45  # of the words of a text
_ERROR_TITLE = re.compile(
    r"(?i)(?:^|\W)404(?:\W|$)|page not found|not found$|access denied|forbidden|just a moment|attention required"
    r"|الصفحة (?:غير موجودة|التي تبحث عنها|المطلوبة)|(?:لم|لا) يتم العثور|لم نعثر|^(?:خطأ|عذرا|عذراً)(?:\W|$)"
)
_ERROR_TEXT = re.compile(
    r"(?i)(?:الصفحة|المقال|الخبر|الرابط|المحتوى) (?:التي|الذي|المطلوبة?)\b.{0,30}(?:غير (?:موجود|متوفر|متاح)|حذف)"
    r"|(?:لم|لا) (?:يتم |نتمكن من )?(?:العثور|نعثر|نجد) على (?:أي |أية )?(?:نتائج|نتيجة|الصفحة|المحتوى|ما تبحث)"
    r"|لا (?:توجد|يوجد) (?:أي )?نتائج|(?:تم حذف|حذفت?) (?:هذه الصفحة|هذا (?:الخبر|المقال|المحتوى|الموضوع))"
    r"|the page (?:you|that you) .{0,30}(?:not|moved|exist)|no results (?:found|for)|page (?:not|cannot be) found"
)
_FEW_WORDS: Final = 60
_ERROR_WORDS: Final = 150  # an article about error pages is longer than an error page
_TEASER_END = re.compile(r"(?:\.{3,}|…|اقرأ المزيد|التفاصيل|read more)[\s»›>\])]*$", re.IGNORECASE)
_TEASER_REACH: Final = 40  # characters at the end of a line
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


def refuse_listings(tree: HtmlElement, json_ld: list[dict[str, Any]], surveyed: Survey) -> None:
    """Raises Rejection not_an_article if the page's prose is teasers of other pages; `surveyed` is `survey(tree)`'s.

    A page that states its article is believed.
    """
    if _states_article(json_ld) or any(itertools.starmap(_is_whole, surveyed.prose.items())):
        return
    cards = _cards(tree, surveyed.prose)
    prose = max(surveyed.prose.values(), default=0)
    own = prose - sum(surveyed.prose[card] for card in cards)
    if len(cards) >= _LEAST_CARDS and own <= min(_SHORTEST_NEWS, (1 - _CARDS_SHARE) * prose):
        raise Rejection("not_an_article", f"{len(cards)} teasers of other pages")
    if own <= _SHORTEST_NEWS and surveyed.linked >= max(_MUCH_LINKED, 2 * prose):
        raise Rejection("not_an_article", f"{surveyed.linked} characters inside links, {own} outside")


def _is_whole(block: HtmlElement, prose: int) -> bool:
    """It is too long for a teaser and holds neither headlines nor links: prose of the page's own, soon told."""
    return prose > _LONGEST_TEASER and next(block.iter("a", *_HEADINGS), None) is None


def _cards(tree: HtmlElement, prose: dict[HtmlElement, int]) -> set[HtmlElement]:
    """The innermost blocks that hold a little prose and another page's headline, linked itself or by a picture."""
    cards: set[HtmlElement] = set()
    for element in tree.iter("a", *_HEADINGS):
        if element.tag == "a" and not _is_headline(element):
            continue
        card = _card(element, prose)
        if card is None or prose[card] > _LONGEST_TEASER or card in cards:
            continue
        if element.tag == "a" or any(_leads_on(link, element) for link in card.iter("a")):
            cards.add(card)
    return cards.difference([around for card in cards for around in card.iterancestors()])


def _card(headline: HtmlElement, prose: dict[HtmlElement, int]) -> HtmlElement | None:
    """The block around a headline that holds prose, the paragraph that begins with it, or what stands right behind."""
    around = next((around for around in headline.iterancestors() if around in prose), None)
    if around is None or (around.tag in _CARD_TAGS and prose[around] <= _LONGEST_TEASER):
        return around
    if around.tag == "p":
        return None if (around.text or "").strip() or around[0] is not headline else around
    block = headline.getparent() if headline.tag == "a" else headline
    behind = block.getnext()
    return behind if block.tag in _HEADINGS and behind is not None and behind in prose else None


def _is_headline(link: HtmlElement) -> bool:
    text = link.text
    if len(link) and not (text and text.strip()):
        text = link.text_content()
    return len(text or "") >= _HEADLINE_LENGTH


def _leads_on(link: HtmlElement, heading: HtmlElement) -> bool:
    """The link is of the heading, or of a picture beside it."""
    return link.find(".//img") is not None or heading in (link.getparent(), *link)


def refuse_labels(tree: HtmlElement, json_ld: list[dict[str, Any]], text: str, surveyed: Survey) -> None:
    """Raises Rejection not_an_article if a page with next to no prose gave the words of its links, or few at all.

    A page that states its article is believed.
    """
    prose = max(surveyed.prose.values(), default=0)
    if prose > _SHORTEST_NEWS or _states_article(json_ld):
        return
    linked = {word for link in tree.iter("a") for word in WORD.findall(link.text_content())}
    words = WORD.findall(text)
    share = sum(word in linked for word in words) / max(1, len(words))
    if share >= _LINKED_SHARE:
        raise Rejection("not_an_article", f"{share:.0%} of the words stand in links")
    if not prose and len(words) < _FEW_WORDS:
        raise Rejection("not_an_article", f"{len(words)} words and no prose")


def refuse_other_texts(lines: Sequence[str], title: str | None) -> None:
    """Raises Rejection not_an_article if the text that was found is an error message or a list of teasers."""
    words = sum(len(line.split()) for line in lines)
    if title and _ERROR_TITLE.search(title) and words < _ERROR_WORDS:
        raise Rejection("not_an_article", title[:80])
    if words < _FEW_WORDS and (error := _ERROR_TEXT.search(" ".join(lines))):
        raise Rejection("not_an_article", error.group())
    teasers = sum(bool(_TEASER_END.search(line[-_TEASER_REACH:])) for line in lines)
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
