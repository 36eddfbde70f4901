"""The page made ready for trafilatura: code, menus and readers' comments gone, the article in one container it knows.

Trafilatura looks for the article in containers that it knows by name. On a page of nameless divs, nested tables or
hashed classes it is shown where the prose stands, as Readability does: each long run of text speaks for the elements
around it, the nearer the more. That took mean F1 from .978 to .980 on the transplanted pages and from .970 to .977 on
the English ones (benchmarks/extraction.py), for 1 ms a page.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from lxml import etree, html
from lxml.html import HtmlElement
from trafilatura.xpaths import BODY_XPATH

CODE_TAGS: Final = ("style", "noscript", "template", "iframe", "svg", "button", "select")

_LINK_LIST_SHARE: Final = 0.7  # of a list's letters inside links: a menu or related stories
_LINK_BLOCK_SHARE: Final = 0.9  # the same for one paragraph, item or heading
_LINK_BLOCK_LIMIT: Final = 250  # characters; a longer block that is one link is prose made clickable
_BODY_CLASS = re.compile(r"(?i)article-?_*body|articleBody|story-?_*body|body__|entry-content|article-?_*text")
_COMMENTS_NAME = re.compile(
    r"(?i)^(?:(?:user|reader|visitor|post|article|news)s?[-_]?)?(?:comments?|reactions?|repl(?:y|ies)|responses?)"
    r"(?:[-_]?(?:list|box|area|section|wrap|wrapper|block|container|thread|form))?$|^(?:ال)?(?:تعليقات|ردود)\b"
)
_COMMENTS_HEADING = re.compile(  # "التعليقات (3)", "0 تعليق", "آراء القراء", "اترك تعليقاً"
    r"(?i)^[\W\d]*(?:comments?|(?:ال)?(?:تعليقات|تعليقان|ردود)|(?<=\d )تعليق|[آا]راء(?= ))"
    r"(?: (?:القر[اّ]+ء|الزو[اّ]+ر|المتابعين|الأعضاء))?[\W\d]*$"
    r"|^(?:leave a|[اأ]ترك|[أا]ضف|[اأ]كتب) (?:reply|comment|رد|تعليق)\w?ك?\W*$"
)
_INLINE: Final = frozenset({"a", "abbr", "b", "bdi", "bdo", "big", "br", "em", "i", "mark", "q", "small", "span",
                            "strong", "sub", "sup", "time", "u"})  # fmt: skip
_PARAGRAPHS: Final = frozenset({"p", "blockquote", "pre", "h2", "h3", "h4"})
_PROSE: Final = 60  # characters of a run of text; menus, captions and dates are shorter
_FADING: Final = 0.75  # of the weight of a text, for each element further out
_REACH: Final = 5  # elements


def prepare(tree: HtmlElement) -> HtmlElement:
    """A copy of the page without code, comments and link-only blocks, its article in one container."""
    page = copy.deepcopy(tree)
    etree.strip_elements(page, *CODE_TAGS, with_tail=False)
    etree.strip_tags(page, "font")
    for center in page.iter("center"):
        center.tag = "div"
    for script in page.xpath("//script[not(contains(@type, 'ld+json'))]"):  # trafilatura falls back on JSON-LD
        drop(script)
    for block in {br.getparent(): None for br in page.iter("br") if _is_empty_line(br)}:
        _part_lines(block)
    _drop_link_blocks(page)
    _drop_comments(page)
    _join_containers(page)
    if not any(known(page) for known in BODY_XPATH):
        _name_container(page)
    return page


def text_of(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def link_share(block: HtmlElement) -> float:
    """Share of the block's text that stands in links, 0..1; 0 for an empty block."""
    return sum(len(text_of(link)) for link in block.iter("a")) / max(1, len(text_of(block)))


def drop(element: HtmlElement) -> None:
    """Removes `element`, keeping the text behind it."""
    if element.getparent() is not None:
        element.drop_tree()


def _part_lines(block: HtmlElement) -> None:
    """Makes paragraphs of a block's own lines, which breaks or other blocks part: `<div>…<br><br>…</div>`."""
    if block.tag in _INLINE or block.tag in _PARAGRAPHS:
        return
    content = [_paragraph(block.text)]
    for child in list(block):
        if child.tag == "br" or child.tag not in _INLINE:
            content += [child, _paragraph(child.tail)]
            child.tail = None
        else:
            content[-1].append(child)
    block.text = None
    block[:] = [part for part in content if part.tag != "br" and (part.tag != "p" or len(part) or text_of(part))]


def _is_empty_line(br: HtmlElement) -> bool:
    behind = br.getnext()
    return behind is not None and behind.tag == "br" and not (br.tail or "").strip()


def _paragraph(text: str | None) -> HtmlElement:
    paragraph = html.Element("p")
    paragraph.text = text
    return paragraph


def _drop_link_blocks(page: HtmlElement) -> None:
    """Removes lists, paragraphs, items and headings that hold links and nothing else worth reading."""
    for block in list(page.iter("ul", "ol")):
        if link_share(block) >= _LINK_LIST_SHARE:
            drop(block)
    for block in list(page.iter("p", "li", "h2", "h3", "h4", "h5", "h6")):
        if _is_linked(block) and len(text_of(block)) < _LINK_BLOCK_LIMIT:
            drop(block)


def _is_linked(block: HtmlElement) -> bool:
    return link_share(block) >= _LINK_BLOCK_SHARE or next(block.iterancestors("a"), None) is not None


def _drop_comments(page: HtmlElement) -> None:
    """Removes what readers wrote: blocks named for it, and what follows its heading in the same block."""
    for block in list(page.iter("div", "section", "ul", "ol", "aside")):
        names = f"{block.get('class') or ''} {block.get('id') or ''}".split()
        if any(map(_COMMENTS_NAME.search, names)) and not _holds_headline(block):
            drop(block)
    for heading in list(page.iter("h2", "h3", "h4", "h5", "h6")):
        if _COMMENTS_HEADING.search(text_of(heading)):
            behind = list(heading.itersiblings())
            if not any(map(_holds_headline, behind)):
                for element in [heading, *behind]:
                    drop(element)


def _holds_headline(block: HtmlElement) -> bool:
    return next(block.iter("h1"), None) is not None


def _join_containers(page: HtmlElement) -> None:
    """Moves the content of later body containers into the first: trafilatura reads only one.

    Containers are joined if they share their class, and no headline of another article stands between them.
    """
    first: HtmlElement | None = None
    for element in list(page.iter("div", "section", "article", "h1")):
        if element.tag == "h1":
            first = None
        elif (
            not _BODY_CLASS.search(element.get("class") or "")
            or sum(len(text_of(p)) > 80 for p in element.iterchildren("p")) < 1
        ):
            continue
        elif first is None or first.get("class") != element.get("class"):
            first = element
        elif first not in element.iterancestors():
            first.extend(list(element))


def _name_container(page: HtmlElement) -> None:
    """Makes the element that holds most of the page's prose an <article>, if there is any prose."""
    weights: dict[HtmlElement, float] = defaultdict(float)
    for block, length in _prose(page):
        for distance, element in enumerate([block, *block.iterancestors()][:_REACH]):
            if element.tag not in _PARAGRAPHS:
                weights[element] += length * _FADING**distance
    container = max(weights, key=weights.__getitem__, default=None)
    if container is not None and container.tag not in {"body", "html"}:
        _part_lines(container)
        container.tag = "article"


def _prose(page: HtmlElement) -> Iterator[tuple[HtmlElement, int]]:
    """The long runs of text outside links, each with its block."""
    for element in page.iter():
        for inside, text in ((True, element.text), (False, element.tail)):
            holder = element if inside else element.getparent()
            if not text or holder is None or len(text) < _PROSE or not isinstance(holder.tag, str):
                continue
            while holder.tag in _INLINE and holder.tag != "a" and holder.getparent() is not None:
                holder = holder.getparent()
            if holder.tag not in {"a", "script", "title", "head"}:
                yield holder, len(text)
