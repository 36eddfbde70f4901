"""The page kind: index, tag, search and error pages, galleries and listings are rejected as no articles.

Signs in the order of trust: schema.org types and WordPress body classes, the URL, the shape of the page and its text.
Each sign has its evidence, so that the cause of a wrong rejection can be found.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
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


def refuse(signs: Iterable[Candidate]) -> None:
    """Raises Rejection not_an_article on the first sign that the page is no article."""
    for sign in signs:
        raise Rejection("not_an_article", sign.evidence)


def read_page_signs(facts: Facts) -> Iterator[Candidate]:
    """Signs of a page that is no article, before its text is extracted: what it states, its URL, its shape.

    A page that states its article is believed.
    """
    if not facts.json_ld.states_article:
        yield from _stated_signs(facts)
        yield from _listing_signs(facts)


def read_label_signs(facts: Facts, text: str) -> Iterator[Candidate]:
    """Signs that the text is labels: on a page with little prose it has the words of its links, or few words at all.

    A page that states its article is believed.
    """
    prose = max(facts.density.prose.values(), default=0)
    if prose > _SHORTEST_NEWS or facts.json_ld.states_article:
        return
    linked = {word for link in facts.tree.iter("a") for word in WORD.findall(link.text_content())}
    words = WORD.findall(text)
    share = sum(word in linked for word in words) / max(1, len(words))
    if share >= _LINKED_SHARE:
        yield _sign("words of links", f"{share:.0%} of the words stand in links")
    if not prose and len(words) < _FEW_WORDS:
        yield _sign("few words", f"{len(words)} words and no prose")


def read_text_signs(lines: Sequence[str], title: str | None) -> Iterator[Candidate]:
    """Signs that the text is an error message or a list of teasers."""
    words = sum(len(line.split()) for line in lines)
    if title and _ERROR_TITLE.search(title) and words < _ERROR_WORDS:
        yield _sign("title", title[:80])
    if words < _FEW_WORDS and (error := _ERROR_TEXT.search(" ".join(lines))):
        yield _sign("text", error.group())
    teasers = sum(bool(_TEASER_END.search(line[-_TEASER_REACH:])) for line in lines)
    if teasers >= max(_LEAST_TEASERS, _TEASER_SHARE * len(lines)):
        yield _sign("ends of lines", f"{teasers} teasers in {len(lines)} lines")


def _sign(source: str, evidence: str) -> Candidate:
    return Candidate("not_an_article", source, evidence)


def _stated_signs(facts: Facts) -> Iterator[Candidate]:
    """Listing types, the classes of WordPress, and the URL; none if the classes name an article."""
    body_class = next((body.get("class") or "" for body in facts.index.tagged["body"]), "")
    if _ARTICLE_CLASS.search(body_class):
        return
    for name in (name for node in facts.json_ld.top for name in node.types if name in _LISTING_TYPES):
        yield _sign("JSON-LD type", name)
    if marked := _LISTING_CLASS.search(body_class):
        yield _sign("body class", f"body class {marked.group().strip()}")
    if _is_listing_url(facts.url) and "article" not in facts.tree.xpath("//meta[@property='og:type']/@content"):
        yield _sign("URL", f"address {facts.url[:80]}")


def _listing_signs(facts: Facts) -> Iterator[Candidate]:
    """Prose that is teasers of other pages, or mostly links."""
    density = facts.density
    if any(itertools.starmap(_is_article_prose, density.prose.items())):
        return
    cards = _cards(facts.tree, density.prose)
    prose = max(density.prose.values(), default=0)
    own = prose - sum(density.prose[card] for card in cards)
    if len(cards) >= _LEAST_CARDS and own <= min(_SHORTEST_NEWS, (1 - _CARDS_SHARE) * prose):
        yield _sign("teasers", f"{len(cards)} teasers of other pages")
    if own <= _SHORTEST_NEWS and density.linked >= max(_MUCH_LINKED, 2 * prose):
        yield _sign("links", f"{density.linked} characters inside links, {own} outside")


def _is_article_prose(block: HtmlElement, prose: int) -> bool:
    """True for a block that is too long for a teaser and has neither headlines nor links. A cheap first test."""
    return prose > _LONGEST_TEASER and next(block.iter("a", *_HEADINGS), None) is None


def _cards(tree: HtmlElement, prose: dict[HtmlElement, int]) -> set[HtmlElement]:
    """The teasers: innermost blocks with a little prose and a headline that links to another page."""
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
    """The block with prose around a headline, or the paragraph that begins with it, or the element right after it."""
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
    """True for a link of the heading, or of a picture beside it."""
    return link.find(".//img") is not None or heading in (link.getparent(), *link)


def _is_listing_url(url: str) -> bool:
    """True if the path is of a front page, tag, category or search page; False for file names and URLs like /?p=12."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    numbered = bool(parts.query) and not parts.path.strip("/")
    return parts.scheme in {"http", "https"} and not numbered and bool(_LISTING_PATH.search(parts.path))
