"""The text density of a page, and the containers that may hold its article. Trafilatura reads these, not the page.

Trafilatura searches a whole page for containers that it knows by name, takes the first, and spends most of its time on
parts that it throws away. Here the page is measured once. Containers are found by name, and by prose as in
Readability: each long run of text adds weight to the elements around it, more to the nearer ones.
"""

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

INLINE: Final = frozenset({"a", "abbr", "b", "bdi", "bdo", "big", "br", "em", "font", "i", "mark", "q", "small",
                           "span", "strong", "sub", "sup", "time", "u"})  # fmt: skip
PARAGRAPHS: Final = frozenset({"p", "blockquote", "pre", "h2", "h3", "h4"})

# Names that sites and content management systems give to the element around an article's text, surest first.
# An _UNSURE_NAME may as well name the middle column of the page.
_BODY_NAME = re.compile(
    r"(?i)(?:article|art|entry|page|text)-content|article_+(?:content|container)|article[-_]*(?:body|text)|body-text"
    r"|post[-_]?(?:text|body|entry|content)|post_inner_wrapper|^(?:post|entry)$"
)
_STORY_NAME = re.compile(
    r"(?i)^article(?: |$)|^story$|story-?(?:content|body)|post-?area|post-bodycopy|fulltext|^text$|^cell$|^primary"
    r"|(?:theme|blog|section|single)-content|single-post|main-column|wpb_text_column|field-body"
)
_UNSURE_NAME = re.compile(r"(?i)^content$|content[-_]*(?:main|body)|(?:main|page)-content")
_UNNAMED: Final = 9

# Menus, captions and dates are shorter.
_PROSE: Final = etree.XPath("descendant::body/descendant::text()[string-length() > 60]")
_BLOCKS: Final = frozenset({"div", "section", "article", "main"})
_NO_PROSE: Final = frozenset({"a", "nav", "footer", "aside", "figcaption", "head", "script", "style", "title",
                              "noscript", "template", "iframe", "svg", "button", "select", "textarea"})  # fmt: skip
_COMMENTS_NAME = re.compile(
    r"(?i)^(?:(?:user|reader|visitor|post|article|news)s?[-_]?)?(?:comments?|reactions?|repl(?:y|ies)|responses?)"
    r"(?:[-_]?(?:list|box|area|section|wrap|wrapper|block|container|thread|form))?$|^(?:ال)?(?:تعليقات|ردود)\b"
)
_NO_CONTAINERS: Final = PARAGRAPHS | {"html", "ul", "ol", "dl", "table", "tbody", "tr"}
_FADING: Final = 0.75  # of the weight of a text remains for each element further out
_REACH: Final = 5  # elements
_LEAST_SHARE: Final = 0.3  # of the prose in the heaviest container; containers of teasers have less


class Container(NamedTuple):
    """Elements, in order, that together may hold the article's text, and their characters of prose."""

    parts: list[HtmlElement]
    prose: int


class Density(NamedTuple):
    """The text density of a page: its prose, outside and inside links."""

    prose: dict[HtmlElement, int]  # characters of prose outside links in each element, in order
    weights: dict[HtmlElement, float]  # the weight of that prose for the element as the article's container
    linked: int  # characters of prose inside links


def find_containers(tree: HtmlElement, density: Density) -> Iterator[Container]:
    """The containers that may hold the article: the best by name, then the best by weight; none without prose."""
    prose, weights, _ = density
    heaviest = max(weights, key=weights.__getitem__, default=None)
    if heaviest is None:
        return
    named = _best_named(prose, _LEAST_SHARE * prose[heaviest])
    if named is not None:
        parts = _with_later_parts(tree, named, prose)
        yield Container(parts, sum(prose[part] for part in parts))
    if heaviest is not named:
        yield Container([heaviest], prose[heaviest])


def holds_comments(block: HtmlElement) -> bool:
    """True for a block that is named for readers' comments and does not hold the page's headline."""
    names = f"{block.get('class') or ''} {block.get('id') or ''}"
    return _is_named_for_comments(names) and next(block.iter("h1"), None) is None


def measure_density(tree: HtmlElement) -> Density:
    """The text density of the page; valid as long as `tree` is not changed."""
    prose: dict[HtmlElement, int] = defaultdict(int)
    weights: dict[HtmlElement, float] = defaultdict(float)
    known: dict[HtmlElement, bool] = {}
    linked = 0
    for text in _PROSE(tree):
        holder = text.getparent().getparent() if text.is_tail else text.getparent()
        around = [holder, *holder.iterancestors()]
        if _is_no_prose(around, known):
            linked += len(text) if any(element.tag == "a" for element in around) else 0
            continue
        for element in reversed(around):
            prose[element] += len(text)
        blocks = (element for element in around if element.tag not in INLINE)
        for distance, block in enumerate(itertools.islice(blocks, _REACH)):
            if block.tag not in _NO_CONTAINERS:
                weights[block] += len(text) * _FADING**distance
    return Density(prose, weights, linked)


def _is_no_prose(around: list[HtmlElement], known: dict[HtmlElement, bool]) -> bool:
    """True if one of the elements, inner first, is a link or furniture of the page, or holds comments."""
    verdict = False
    for element in reversed(around):
        if element not in known:
            known[element] = verdict or element.tag in _NO_PROSE or holds_comments(element)
        verdict = known[element]
    return verdict


def _best_named(prose: dict[HtmlElement, int], least: float) -> HtmlElement | None:
    """The first block with the surest name among blocks with enough prose; None if none has such a name."""
    blocks = [element for element, length in prose.items() if element.tag in _BLOCKS and length >= least]
    best = min(blocks, key=_rank, default=None)
    return best if best is not None and _rank(best) < _UNNAMED else None


def _rank(block: HtmlElement) -> int:
    """The certainty with which names and tag of a block say that it is an article's body; 0 is the surest."""
    by_name = min(_rank_of_name(block.get("class") or ""), _rank_of_name(block.get("id") or ""))
    by_tag = {"article": 1, "main": 4}.get(block.tag, _UNNAMED)
    return 0 if block.get("itemprop") == "articleBody" else min(by_name, by_tag)


@functools.lru_cache(maxsize=4096)  # a page repeats its names
def _rank_of_name(name: str) -> int:
    ranks = {0: _BODY_NAME, 2: _STORY_NAME, 3: _UNSURE_NAME}
    named = (rank for rank, pattern in ranks.items() if pattern.search(name))
    return next(named, 4 if name.startswith("main") else _UNNAMED)


@functools.lru_cache(maxsize=4096)
def _is_named_for_comments(names: str) -> bool:
    return any(map(_COMMENTS_NAME.match, names.split()))


def _with_later_parts(tree: HtmlElement, first: HtmlElement, prose: dict[HtmlElement, int]) -> list[HtmlElement]:
    """`first` and the blocks of the same class that follow it, up to the headline of another article."""
    name = first.get("class")
    if not name or _rank_of_name(name):
        return [first]
    parts: list[HtmlElement] = []
    for element in tree.iter(first.tag, "h1"):
        inside = bool(parts) and parts[-1] in element.iterancestors()
        if element is first or (parts and not inside and element.get("class") == name and prose.get(element)):
            parts.append(element)
        elif parts and not inside and element.tag == "h1":
            break
    return parts
