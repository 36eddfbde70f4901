"""The shape of a page in numbers: the evidence from which page_kind.py tells articles from other pages.

Nothing here depends on a language. Counts are logarithms, so that a long page is no other kind than a short one.
"""

import math
import re
from collections import defaultdict
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.body.page_address import MOST_WORDS, measure_address
from warraq.transforms.extract.body.page_statements import measure_statements
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.metadata.urls import web_address

HEADINGS: Final = ("h2", "h3", "h4", "h5")
_CARD_TAGS: Final = frozenset({"div", "article", "section", "li", "td", "tr", "dd", "dl"})
_HEADLINE_LENGTH: Final = 25  # characters; shorter links are names and labels
_LONGEST_TEASER: Final = 600  # characters of prose beside one headline
_LONG_TEXTS: Final = etree.XPath("count(descendant::body/descendant::text()[string-length() > 150][not(parent::a)])")
_COUNTED_TAGS: Final = (
    "time", "figure", "video", "form", "label", "textarea", "div", "span", "em", "strong", "b", "hr", "br", "h2", "h3",
    "dl", "table", "section", "nav", "aside", "footer", "p", "address",
)  # fmt: skip
# Parts of the targets of links, in lower case. They are counted in all targets at once, which costs little.
_TARGETS: Final = {
    "share links": (
        "facebook.com/share", "twitter.com/intent", "twitter.com/share", "x.com/intent", "wa.me/?", "whatsapp.com/send",
        "whatsapp://", "linkedin.com/share", "pinterest.com/pin/create", "t.me/share", "telegram.me/share",
        "reddit.com/submit", "mailto:?",
    ),
    "people links": ("/author", "/user", "/member", "\nmember", "/profile", "/u/"),
    "cart links": ("cart", "basket", "checkout", "wishlist"),
    "login links": ("login", "signin", "sign-in", "register", "signup", "sign-up", "account"),
    "page links": ("/page/", "?page=", "&page=", "?p=", "&p=", "start=", "offset="),
    "reply links": ("reply", "quote", "report", "permalink", "#post", "#comment", "#p1"),
    "phone links": ("\ntel:",),
    "mail links": ("\nmailto:",),
    "links inside": ("\n#",),
    "links without target": ("\n\n",),
}  # fmt: skip
# Patterns that begin with one sign or digit are found fast.
_PRICES: Final = (
    re.compile(r"[$€£¥₹]\s?\d"),
    re.compile(
        r"\d\s?(?:[$€£¥₹]|USD|EUR|GBP|SAR|AED|EGP|QAR|KWD|MAD|DZD|TND|JOD|IQD"
        r"|ريال|درهم|جنيه|دينار|(?:ر\.?س|د\.?إ|ج\.?م|د\.?ك|ر\.?ق)\b)"
    ),
)
_NUMBER: Final = re.compile(r"\d[\d/.-]*")
_DATE: Final = re.compile(r"\d[/.-]\d{1,2}[/.-]\d|^(?:19|20)\d\d\D?$")
_DIGIT: Final = re.compile(r"\d")
_MEASURED_TEXT: Final = 30_000  # characters
_SEPARATOR: Final = re.compile(r"[|–—»:·-]\s")
_PARAGRAPH: Final = 80  # characters of prose outside links
_PARAGRAPH_TAGS: Final = ("p", "blockquote")
_BOX_TAGS: Final = ("div", "td", "span")  # with a text of their own they are paragraphs


def measure_shape(facts: Facts) -> dict[str, float]:
    """The numbers by name, always the same names. Shares are 0..1, truths 0 or 1, all others log(1 + count)."""
    return {
        **measure_address(web_address(facts)),
        **measure_statements(facts),
        **_measure_elements(facts),
        **_measure_targets(facts),
        **_measure_text(facts),
        **_measure_paragraphs(facts),
    }


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


def _measure_elements(facts: Facts) -> dict[str, float]:
    tagged, density = facts.index.tagged, facts.density
    links = [" ".join((link.text_content() if len(link) else link.text or "").split()) for link in tagged["a"]]
    text = max(1, len(facts.text_pieces))
    prose = max(density.prose.values(), default=0)
    cards = find_cards(facts.tree, density.prose)
    headings = [*tagged["h2"], *tagged["h3"], *tagged["h4"]]
    counts = {
        "links": len(links),
        "headline links": sum(len(link) >= _HEADLINE_LENGTH for link in links),
        "prose in links": density.linked,
        "cards": len(cards),
        "own prose": prose - sum(density.prose[card] for card in cards),
        "long texts": _LONG_TEXTS(facts.tree),
        "headings": len(headings),
        "linked headings": sum(_is_linked(heading) for heading in headings),
        "main headings": len(tagged["h1"]),
        "linked main headings": sum(heading.find(".//a") is not None for heading in tagged["h1"]),
        "words of h1": min(MOST_WORDS, max((len(h.text_content().split()) for h in tagged["h1"]), default=0)),
        "pictures": len(tagged["img"]),
        "inputs": len(tagged["input"]) + len(tagged["form"]),
        "article tags": len(tagged["article"]),
        "items": len(tagged["li"]),
        **{f"{tag} elements": len(tagged[tag]) for tag in _COUNTED_TAGS},
    }
    return {
        **{name: math.log1p(count) for name, count in counts.items()},
        "share of prose": min(1.0, prose / text),
        "share of links": min(1.0, sum(map(len, links)) / text),
    }


def _measure_targets(facts: Facts) -> dict[str, float]:
    """Numbers of the addresses to which the links lead."""
    targets = [(link.get("href") or "").strip().lower() for link in facts.index.tagged["a"]]
    listed = "".join(f"\n{target}\n" for target in targets)
    return {
        **{name: math.log1p(sum(map(listed.count, parts))) for name, parts in _TARGETS.items()},
        "share of different links": len(set(targets)) / max(1, len(targets)),
    }


def _measure_text(facts: Facts) -> dict[str, float]:
    text = facts.text_pieces[:_MEASURED_TEXT]
    title = " ".join(element.text_content() for element in facts.index.tagged["title"][:1])
    numbers = _NUMBER.findall(text)
    descriptions = [*facts.meta_tags.get("description", []), *facts.meta_tags.get("og:description", [])]
    counts = {
        "text": len(facts.text_pieces),
        "prices": sum(len(pattern.findall(text)) for pattern in _PRICES),
        "dates": sum(map(bool, map(_DATE.search, numbers))),
        "questions": text.count("?") + text.count("؟"),
        "exclamations": text.count("!"),
        "quotes": sum(map(text.count, '"“”«»')),
        "words of title": min(MOST_WORDS, len(title.split())),
        "parts of title": len(_SEPARATOR.findall(title)),
        "description": max(map(len, descriptions), default=0),
    }  # fmt: skip
    return {
        **{name: math.log1p(count) for name, count in counts.items()},
        "share of digits": sum(map(len, numbers)) / max(1, len(text)),  # with the signs between them
        "question in title": float("?" in title or "؟" in title),
        "number in title": float(_DIGIT.search(title) is not None),
    }


def _measure_paragraphs(facts: Facts) -> dict[str, float]:
    """Numbers of the element with most paragraphs. An article's prose stands in one; that of other pages in many."""
    prose = facts.density.prose
    lengths: dict[HtmlElement, list[int]] = defaultdict(list)
    for element, tag, text, _ in facts.index.elements:
        if tag in _PARAGRAPH_TAGS or (tag in _BOX_TAGS and len(text) > _PARAGRAPH):
            length = prose.get(element, 0)
            if length >= _PARAGRAPH:
                lengths[element.getparent()].append(length)
    holder = max(lengths, key=lambda element: sum(lengths[element]), default=None)
    held = lengths[holder] if holder is not None else []
    paragraphs = sum(map(len, lengths.values()))
    tags = [child.tag for child in holder] if holder is not None else []
    return {
        "paragraphs": math.log1p(paragraphs),
        "paragraphs together": math.log1p(len(held)),
        "elements beside them": math.log1p(len(tags)),
        "holders of paragraphs": math.log1p(len(lengths)),
        "holders to paragraphs": len(lengths) / max(1, paragraphs),
        "share of prose together": min(1.0, sum(held) / max(1, max(prose.values(), default=0))),
        "share of text together": min(1.0, sum(held) / max(1, len(facts.text_pieces))),
        "share of paragraphs beside": tags.count("p") / max(1, len(tags)),
        "together in article": float(holder is not None and any(a.tag == "article" for a in _with_ancestors(holder))),
    }


def _with_ancestors(element: HtmlElement) -> list[HtmlElement]:
    return [element, *element.iterancestors()]


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
