"""Where on a page the article stands: the elements that trafilatura is given instead of the whole page.

Trafilatura looks through a whole page for containers that it knows by name, takes the first, and spends most of its
time on parts that it throws away. Here the page is looked over once: which elements are named like an article's body,
and where the prose stands, as Readability does: each long run of text speaks for the elements around it, the nearer
the more.
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

# Names of the element around an article's text, by how surely they name it; sites and their content management systems
# use them. A name among _UNSURE is as likely to stand for the page's middle column.
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
_ELSEWHERE: Final = frozenset({"a", "nav", "footer", "aside", "figcaption", "head", "script", "style", "title",
                               "noscript", "template", "iframe", "svg", "button", "select", "textarea"})  # fmt: skip
_COMMENTS_NAME = re.compile(
    r"(?i)^(?:(?:user|reader|visitor|post|article|news)s?[-_]?)?(?:comments?|reactions?|repl(?:y|ies)|responses?)"
    r"(?:[-_]?(?:list|box|area|section|wrap|wrapper|block|container|thread|form))?$|^(?:ال)?(?:تعليقات|ردود)\b"
)
_NO_CONTAINERS: Final = PARAGRAPHS | {"html", "ul", "ol", "dl", "table", "tbody", "tr"}
_FADING: Final = 0.75  # of the weight of a text, for each element further out
_REACH: Final = 5  # elements
_LEAST_SHARE: Final = 0.3  # of the prose where most of it stands; containers of teasers have less


class Frame(NamedTuple):
    """Elements, in order, that together hold an article's text, and how many characters of prose that is."""

    parts: list[HtmlElement]
    prose: int


class Survey(NamedTuple):
    """Where the prose of a page stands."""

    prose: dict[HtmlElement, int]  # its characters in each element, in order
    weights: dict[HtmlElement, float]  # how much it speaks for an element as the article's container
    linked: int  # characters of prose inside links, which are in neither


def find_frames(tree: HtmlElement, found: Survey) -> Iterator[Frame]:
    """Where the article may stand, the best guess first: by its name, then by its weight; nothing without prose.

    `found` is what `survey(tree)` gives.
    """
    prose, weights, _ = found
    heaviest = max(weights, key=weights.__getitem__, default=None)
    if heaviest is None:
        return
    named = _best_named(prose, _LEAST_SHARE * prose[heaviest])
    if named is not None:
        parts = _with_later_parts(tree, named, prose)
        yield Frame(parts, sum(prose[part] for part in parts))
    if heaviest is not named:
        yield Frame([heaviest], prose[heaviest])


def holds_comments(block: HtmlElement) -> bool:
    """It is named for what readers wrote, and the page's headline does not stand in it."""
    names = f"{block.get('class') or ''} {block.get('id') or ''}"
    return _is_named_for_comments(names) and next(block.iter("h1"), None) is None


def survey(tree: HtmlElement) -> Survey:
    """Where the prose of the page stands; true as long as `tree` is not altered."""
    prose: dict[HtmlElement, int] = defaultdict(int)
    weights: dict[HtmlElement, float] = defaultdict(float)
    elsewhere: dict[HtmlElement, bool] = {}
    linked = 0
    for text in _PROSE(tree):
        holder = text.getparent().getparent() if text.is_tail else text.getparent()
        around = [holder, *holder.iterancestors()]
        if _is_elsewhere(around, elsewhere):
            linked += len(text) if any(element.tag == "a" for element in around) else 0
            continue
        for element in reversed(around):
            prose[element] += len(text)
        blocks = (element for element in around if element.tag not in INLINE)
        for distance, block in enumerate(itertools.islice(blocks, _REACH)):
            if block.tag not in _NO_CONTAINERS:
                weights[block] += len(text) * _FADING**distance
    return Survey(prose, weights, linked)


def _is_elsewhere(around: list[HtmlElement], known: dict[HtmlElement, bool]) -> bool:
    """One of the elements, inner first, is a link, furniture of the page, or holds comments."""
    verdict = False
    for element in reversed(around):
        if element not in known:
            known[element] = verdict or element.tag in _ELSEWHERE or holds_comments(element)
        verdict = known[element]
    return verdict


def _best_named(prose: dict[HtmlElement, int], least: float) -> HtmlElement | None:
    """The first block with the surest name, of those with enough prose."""
    blocks = [element for element, length in prose.items() if element.tag in _BLOCKS and length >= least]
    best = min(blocks, key=_rank, default=None)
    return best if best is not None and _rank(best) < _UNNAMED else None


def _rank(block: HtmlElement) -> int:
    """How surely the block's names and tag say that it is an article's body; 0 is surest."""
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
