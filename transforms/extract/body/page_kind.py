"""The page kind: front, index, tag, search, shop, forum and error pages are told from articles.

The shape of the page (page_shape.py) is weighed by a multinomial logistic regression, trained by
benchmarks/training/train_page_kind.py on articles and other pages of some hundred sites. Below `_SURELY_OTHER` it alone
decides. Below `_RATHER_OTHER` a sign is needed: a schema.org type, a body class of WordPress, the URL, teasers, links.
Each sign has its evidence, so that the cause of a wrong rejection can be found.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from lxml.html import HtmlElement

from warraq.schemas.labels import ARTICLE
from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.advertisements import advertised_fields, is_site_page, terms_of_use
from warraq.transforms.extract.body.logistic import estimate_kinds
from warraq.transforms.extract.body.page_address import is_listing_url
from warraq.transforms.extract.body.page_shape import HEADINGS, find_cards, measure_shape
from warraq.transforms.extract.body.page_statements import ARTICLE_CLASS, LISTING_CLASS, LISTING_TYPES, body_class
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.json_ld import node_of
from warraq.transforms.extract.metadata.urls import web_address
from warraq.transforms.rejection import Rejection

# Shares of articles below which the model is believed; chosen by leaving out sites (models/page_kind.CARD.md).
_SURELY_OTHER: Final = 0.15
_RATHER_OTHER: Final = 0.5
_LEAST_TEXT: Final = 300  # characters; a page that shows less is drawn by a script
# WordPress gives these to no article; `blog` or `archive` alone is the name of other things, too.
_SURE_CLASS = re.compile(
    r"(?:^|\s)(?:error404|search-results|home blog|archive (?:\S+ )*(?:category|tag|author|date)"
    r"|(?:category|tag|author|date) (?:\S+ )*archive)(?:\s|$)"
)
_OFFERED_TYPES: Final = frozenset({"JobPosting", "RealEstateListing"})
_LEAST_CARDS: Final = 4
_CARDS_SHARE: Final = 0.7  # of the page's prose
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
    if sign := first_sign(signs):
        raise Rejection("not_an_article", sign.evidence)


def first_sign(signs: Iterable[Candidate]) -> Candidate | None:
    """The first sign that the page is no article; None if there is none."""
    return next(iter(signs), None)


def kind_shares(facts: Facts) -> dict[str, float]:
    """The share of each kind among pages of this shape, 0..1, as the model estimates it."""
    return estimate_kinds("page_kind", measure_shape(facts))


def read_page_signs(facts: Facts, shares: Mapping[str, float]) -> Iterator[Candidate]:
    """Signs of a page that is no article, before its text is extracted; none if its shape is an article's."""
    if _has_shape(facts) and shares[ARTICLE] < _SURELY_OTHER:
        other = max(shares, key=shares.__getitem__)
        yield _sign(
            "shape", f"of the pages of this shape {shares[ARTICLE]:.0%} are articles, {shares[other]:.0%} {other}s"
        )
    if facts.json_ld.states_article:  # such a page is believed
        return
    if named := _SURE_CLASS.search(body_class(facts)):
        yield _sign("body class", f"body class {named.group().strip()}")
    if goods := [kind for kind in facts.meta_tags.get("og:type", ()) if kind.lower().startswith("product")]:
        yield _sign("og:type", goods[0][:80])
    yield from _goods_signs(facts)
    if shares[ARTICLE] < _RATHER_OTHER:
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
    if title and is_site_page(title):
        yield _sign("title", title[:80])
    if terms := terms_of_use(lines):
        yield _sign("headings", f"terms of use: {', '.join(terms)}"[:80])
    if fields := advertised_fields(lines):
        yield _sign("fields", f"fields of an advertisement: {', '.join(fields)}"[:80])
    teasers = sum(bool(_TEASER_END.search(line[-_TEASER_REACH:])) for line in lines)
    if teasers >= max(_LEAST_TEASERS, _TEASER_SHARE * len(lines)):
        yield _sign("ends of lines", f"{teasers} teasers in {len(lines)} lines")


def _sign(source: str, evidence: str) -> Candidate:
    return Candidate("not_an_article", source, evidence)


def _has_shape(facts: Facts) -> bool:
    """True for a whole page with a text; a part of a page, as in a feed, has no title."""
    return bool(facts.index.tagged["title"]) and len(facts.text_pieces) >= _LEAST_TEXT


def _goods_signs(facts: Facts) -> Iterator[Candidate]:
    """A job, a house, or one product with a price as the page's main entity; a rating alone is of an article, too."""
    if "article" in " ".join(facts.meta_tags.get("og:type", ())).lower():
        return
    main = [node_of(one) for node in facts.json_ld.top if isinstance(one := node.fields.get("mainEntity"), dict)]
    entities = [*facts.json_ld.top, *main]
    priced = [node for node in entities if "Product" in node.types and node.fields.get("offers")]
    offered = [name for node in entities for name in node.types if name in _OFFERED_TYPES]
    if len(priced) == 1 or offered:
        yield _sign("JSON-LD type", offered[0] if offered else "Product")


def _stated_signs(facts: Facts) -> Iterator[Candidate]:
    """Listing types, the classes of WordPress, and the URL; none if the classes name an article."""
    classes = body_class(facts)
    if ARTICLE_CLASS.search(classes):
        return
    for name in (name for node in facts.json_ld.top for name in node.types if name in LISTING_TYPES):
        yield _sign("JSON-LD type", name)
    if marked := LISTING_CLASS.search(classes):
        yield _sign("body class", f"body class {marked.group().strip()}")
    address = web_address(facts)
    if is_listing_url(address) and "article" not in facts.tree.xpath("//meta[@property='og:type']/@content"):
        yield _sign("URL", f"address {address[:80]}")


def _listing_signs(facts: Facts) -> Iterator[Candidate]:
    """Prose that is teasers of other pages, or mostly links."""
    density = facts.density
    if any(itertools.starmap(_is_article_prose, density.prose.items())):
        return
    cards = find_cards(facts.tree, density.prose)
    prose = max(density.prose.values(), default=0)
    own = prose - sum(density.prose[card] for card in cards)
    if len(cards) >= _LEAST_CARDS and own <= (1 - _CARDS_SHARE) * prose:
        yield _sign("teasers", f"{len(cards)} teasers of other pages")
    if own <= _SHORTEST_NEWS and density.linked >= max(_MUCH_LINKED, 2 * prose):
        yield _sign("links", f"{density.linked} characters inside links, {own} outside")


def _is_article_prose(block: HtmlElement, prose: int) -> bool:
    """True for a block that is too long for a teaser and has neither headlines nor links. A cheap first test."""
    return prose > _LONGEST_TEASER and next(block.iter("a", *HEADINGS), None) is None
