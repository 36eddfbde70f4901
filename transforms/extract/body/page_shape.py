"""The shape of a page in numbers: the evidence from which page_kind.py tells articles from other pages.

Nothing here depends on a language. Counts are logarithms, so that a long page is no other kind than a short one.
"""

import math
import re
from typing import Final
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.facts import Facts

HEADINGS: Final = ("h2", "h3", "h4", "h5")
LISTING_TYPES: Final = frozenset({"CollectionPage", "SearchResultsPage", "ImageGallery", "ProfilePage", "ContactPage"})
LISTING_CLASS: Final = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|author|search|search-results|error404)(?:\s|$)"
)
ARTICLE_CLASS: Final = re.compile(r"(?:^|\s)(?:single|single-post|postid-\d+|page-article)(?:\s|$)")
_LISTING_PATH = re.compile(
    r"(?i)^/*(?:(?:ar|en|index\.\w+|home)/*)?$|/(?:tags?|category|categories|authors?|search|page/\d+)(?:/[^/]*)?/?$"
)
_PRODUCT_TYPES: Final = frozenset({"Product", "Offer", "ProductGroup"})
_FORUM_TYPES: Final = frozenset({"DiscussionForumPosting", "QAPage"})
_CARD_TAGS: Final = frozenset({"div", "article", "section", "li", "td", "tr", "dd", "dl"})
_HEADLINE_LENGTH: Final = 25  # characters; shorter links are names and labels
_LONGEST_TEASER: Final = 600  # characters of prose beside one headline
_LONG_TEXT: Final = etree.XPath("descendant::body/descendant::text()[string-length() > 150]")
_NUMBER = re.compile(r"\d{4,}")
_DAY = re.compile(r"/(?:19|20)\d\d/\d{1,2}/(?:\d{1,2}/)?[^/]*[^\W\d]")  # a name follows; else it is an archive
_WORD_BREAK = re.compile(r"[-_]|%20")
_MOST: Final = 20  # words of a heading, or of an address, that count


def measure_shape(facts: Facts) -> dict[str, float]:
    """The numbers by name, always the same names. Shares are 0..1, truths 0 or 1, all others log(1 + count)."""
    tagged, density = facts.index.tagged, facts.density
    counts, truths = _stated_shape(facts)
    links = [" ".join(link.text_content().split()) for link in tagged["a"]]
    text = max(1, len(facts.text_pieces))
    prose = max(density.prose.values(), default=0)
    cards = find_cards(facts.tree, density.prose)
    headings = [*tagged["h2"], *tagged["h3"], *tagged["h4"]]
    counts |= {
        "links": len(links),
        "headline links": sum(len(link) >= _HEADLINE_LENGTH for link in links),
        "prose in links": density.linked,
        "cards": len(cards),
        "own prose": prose - sum(density.prose[card] for card in cards),
        "long texts": sum(not _is_in_link(piece) for piece in _LONG_TEXT(facts.tree)),
        "headings": len(headings),
        "linked headings": sum(_is_linked(heading) for heading in headings),
        "words of h1": min(_MOST, max((len(h.text_content().split()) for h in tagged["h1"]), default=0)),
        "pictures": len(tagged["img"]),
        "inputs": len(tagged["input"]) + len(tagged["form"]),
        "article tags": len(tagged["article"]),
        "items": len(tagged["li"]),
    }
    shares = {"share of prose": prose / text, "share of links": sum(map(len, links)) / text}
    return {
        **{name: math.log1p(count) for name, count in counts.items()},
        **{name: min(1.0, share) for name, share in shares.items()},
        **{name: float(truth) for name, truth in truths.items()},
    }


def body_class(facts: Facts) -> str:
    """The class of the page's body; WordPress names the kind of page there."""
    return next((body.get("class") or "" for body in facts.index.tagged["body"]), "")


def is_listing_url(url: str) -> bool:
    """True if the path is of a front page, tag, category or search page; False for file names and URLs like /?p=12."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    numbered = bool(parts.query) and not parts.path.strip("/")
    return parts.scheme in {"http", "https"} and not numbered and bool(_LISTING_PATH.search(parts.path))


def find_cards(tree: HtmlElement, prose: dict[HtmlElement, int]) -> set[HtmlElement]:
    """The teasers: innermost blocks with a little prose and a headline that links to another page."""
    cards: set[HtmlElement] = set()
    for element in tree.iter("a", *HEADINGS):
        if element.tag == "a" and not _is_headline(element):
            continue
        card = _card(element, prose)
        if card is None or prose[card] > _LONGEST_TEASER or card in cards:
            continue
        if element.tag == "a" or any(_leads_on(link, element) for link in card.iter("a")):
            cards.add(card)
    return cards.difference([around for card in cards for around in card.iterancestors()])


def _stated_shape(facts: Facts) -> tuple[dict[str, int], dict[str, bool]]:
    """Counts and truths from the address and from what the page states about itself."""
    types = {name for node in facts.json_ld.nodes for name in node.types}
    top = {name for node in facts.json_ld.top for name in node.types}
    og_type = " ".join(facts.meta_tags.get("og:type", [])).lower()
    classes = body_class(facts)
    try:
        parts = urlsplit(facts.url)
    except ValueError:
        parts = urlsplit("")
    names = [name for name in parts.path.split("/") if name]
    return {"words of address": min(_MOST, len(_WORD_BREAK.findall(names[-1]))) if names else 0}, {
        "JSON-LD": bool(types),
        "JSON-LD article": facts.json_ld.states_article,
        "JSON-LD listing": bool(top & LISTING_TYPES),
        "JSON-LD product": bool(types & _PRODUCT_TYPES),
        "JSON-LD forum": bool(types & _FORUM_TYPES),
        "og article": "article" in og_type,
        "og product": "product" in og_type,
        "og website": "website" in og_type,
        "published": any(name.startswith("article:published") for name in facts.meta_tags),
        "class of listing": LISTING_CLASS.search(classes) is not None,
        "class of article": ARTICLE_CLASS.search(classes) is not None,
        "listing address": is_listing_url(facts.url),
        "number in address": _NUMBER.search(parts.path + parts.query) is not None,
        "day in address": _DAY.search(parts.path) is not None,
        "front page address": not names and not parts.query,
    }


def _is_in_link(piece: etree._ElementUnicodeResult) -> bool:
    holder = piece.getparent()
    holder = holder.getparent() if piece.is_tail and holder is not None else holder
    return holder is not None and holder.tag == "a"


def _is_linked(heading: HtmlElement) -> bool:
    return heading.find(".//a") is not None or next(heading.iterancestors("a"), None) is not None


def _card(headline: HtmlElement, prose: dict[HtmlElement, int]) -> HtmlElement | None:
    """The block with prose around a headline, or the paragraph that begins with it, or the element right after it."""
    around = next((around for around in headline.iterancestors() if around in prose), None)
    if around is None or (around.tag in _CARD_TAGS and prose[around] <= _LONGEST_TEASER):
        return around
    if around.tag == "p":
        return None if (around.text or "").strip() or around[0] is not headline else around
    block = headline.getparent() if headline.tag == "a" else headline
    behind = block.getnext()
    return behind if block.tag in HEADINGS and behind is not None and behind in prose else None


def _is_headline(link: HtmlElement) -> bool:
    text = link.text
    if len(link) and not (text and text.strip()):
        text = link.text_content()
    return len(text or "") >= _HEADLINE_LENGTH


def _leads_on(link: HtmlElement, heading: HtmlElement) -> bool:
    """True for a link of the heading, or of a picture beside it."""
    return link.find(".//img") is not None or heading in (link.getparent(), *link)
