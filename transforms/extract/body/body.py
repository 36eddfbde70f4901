"""The main text of a page: trafilatura's reading, with what the page states about itself as evidence.

Trafilatura is not given the whole page but the part where the article stands (containers.py), prepared (prune.py), and
of its passes only those that read an article; the whole page and all passes are its last resort. Its result is
completed (standfirst) and checked against JSON-LD `articleBody`. What that brings is measured by
`benchmarks/accuracy/extraction.py`, what it costs by `benchmarks/speed/article_speed.py`.
"""

import copy
import html
import itertools
import logging
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Extractor

from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.containers import Frame, Survey, find_frames, survey
from warraq.transforms.extract.body.prune import CODE_TAGS, drop, link_share, prepare, text_of
from warraq.transforms.extract.json_ld import walk
from warraq.transforms.rejection import Rejection

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its verdicts reach us as values

# Fast mode, also on whole pages: 0.964 mean F1 against 0.963 on the transplanted pages, 0.961 against 0.958 on the
# English ones. The full cascade is asked only where fast mode finds next to nothing.
_FAST: Final = Extractor(output_format="python", comments=False, fast=True)
_FULL: Final = Extractor(output_format="python", comments=False, fast=False)
_ENOUGH: Final = 200  # characters; below that the full cascade is asked as well
_LEAST_READ: Final = 0.5  # of the prose of a frame; with less, trafilatura has taken a part of it for the whole
_CLEARLY_MORE: Final = 1.5  # times as long; its last resort is the whole page in one line, title included

_STANDFIRST_CLASS = re.compile(
    r"(?i)(?:^|[\s_-])(?:lead|lede|stand-?first|intro|excerpt|preamble|summary|sub-?title|sub-?head(?:line|ing)?|dec?k"
    r"|chapo|chapeau|abstract|desc(?:ription)?)(?:$|[\s_-])"
)
_BLOCKS: Final = frozenset({"div", "section", "article", "ul", "ol", "table", "figure", "form", "aside", "nav", "main"})
_BREAKING: Final = frozenset({"p", "item", "list", "table", "row", "quote", "head", "code"})  # trafilatura's own tags
_STANDFIRST_WORDS: Final = range(8, 121)
_LONGEST_STANDFIRST: Final = 2_000  # characters, more than 120 words have: the words of longer blocks aren't counted
_OPENING: Final = 200  # characters of a block that are compared with the body's first words
_STANDFIRST_TAGS: Final = ("p", "h2", "h3", "h4", "div", "span", "strong")
_LEAST_STATEMENT: Final = 40  # words; a shorter articleBody is a summary
_STANDFIRST_REACH: Final = 120  # elements after the headline in which a standfirst may stand
_LABEL_WORDS: Final = 3  # "عربي ودولي", "جميع الحقوق محفوظة"; a line of more words may be a subheading
_SENTENCE_ENDS: Final = tuple('.!؟?…:»”"')
_HEADLINE_REACH: Final = 4  # lines
_WORDS_ABOVE: Final = 40  # more before a headline are the article, and the headline is a heading in it
_SIGNATURE = re.compile(  # "(واس)", "المصدر: رويترز", "أ ف ب"; CleanText reads the credit
    r"^\(.+\)$|^\W*(?:(?:ال)?مصدر|نقل\w+ عن|عن|source)\b.*[:：/]"
    r"|^\W*(?:رويترز|(?:ال)?وكالات|الأناضول|\w\W\w\W\w|reuters|afp)\W*$",
    re.IGNORECASE,
)


class Body(NamedTuple):
    """The main text, one paragraph a line, and what it was taken from."""

    text: str
    source: str  # trafilatura, or articleBody where the page's own statement replaced or trimmed it


def find_body(
    tree: HtmlElement,
    json_ld: list[dict[str, Any]],
    title: str | None,
    description: str | None,
    surveyed: Survey | None = None,
) -> Body:
    """The article's text without the title; `tree` is left as it was.

    `surveyed` is what `survey(tree)` gives, for who has it already.

    Raises Rejection: no_main_text.
    """
    headlines = {_words(text) for text in [title or "", *map(text_of, tree.iter("h1"))]} - {""}
    lines = _without_labels(_without_headlines(_read(tree, title, surveyed or survey(tree)), headlines))
    lead = _find_standfirst(tree, title, description, lines)
    stated = _article_body(json_ld)
    mended = _mend([*lead, *lines], stated)
    if not mended:
        raise Rejection("no_main_text")
    source = "trafilatura" if len(mended) == len(lead) + len(lines) else "articleBody"
    return Body("\n".join(mended), source)


def dropped_lines(tree: HtmlElement, text: str) -> list[str]:
    """The page's visible lines that are not in `text`, in order, once each."""
    visible = copy.deepcopy(tree)
    etree.strip_elements(visible, *CODE_TAGS, "script", "head", with_tail=False)
    kept = _words(text)
    lines = (" ".join(piece.split()) for piece in visible.itertext())
    return list(dict.fromkeys(line for line in lines if line and f" {_words(line)} " not in f" {kept} "))


def _read(tree: HtmlElement, title: str | None, surveyed: Survey) -> list[str]:
    """Trafilatura's main text, one paragraph a line: of the article's frame, or of the whole page if that fails."""
    for frame in find_frames(tree, surveyed):
        body, text = _read_frame(frame)
        if len(text) > max(_ENOUGH, _LEAST_READ * frame.prose):
            return _lines(body)
    return _read_page(tree, title)


def _read_frame(frame: Frame) -> tuple[etree._Element, str]:
    return extract_content(convert_tags(tree_cleaning(prepare(frame.parts), _FAST), _FAST), _FAST)


def _read_page(tree: HtmlElement, title: str | None) -> list[str]:
    """What trafilatura finds on the whole page by all that it knows."""
    page = prepare([tree])
    lines = _found(page, _FAST)
    if title and len(lines) == 1 and _words(lines[0]).startswith(f"{_words(title)} "):
        for headline in list(page.iter("h1")):  # of a short page it takes all text in one line, headline first
            drop(headline)
        lines = _found(page, _FAST)
    if (length := sum(map(len, lines))) < _ENOUGH:
        more = _found(page, _FULL)
        if sum(map(len, more)) > _CLEARLY_MORE * length:
            return more
    return lines


def _found(page: HtmlElement, options: Extractor) -> list[str]:
    found = trafilatura.bare_extraction(page, options=options)
    assert not isinstance(found, dict)  # only where asked for
    return _lines(found.body) if found else []


def _lines(body: etree._Element) -> list[str]:
    lines = (" ".join(line.split()) for line in _render(body).split("\n"))
    return [line for line in lines if line]


def _render(element: etree._Element) -> str:
    """The text of trafilatura's result, a line break around each block."""
    parts = [(element.text or "").replace("\n", " ")]
    for child in element:
        inner = "\n" if child.tag == "lb" else _render(child)
        parts.append(f"\n{inner}\n" if child.tag in _BREAKING else f"{inner} " if child.tag == "cell" else inner)
        parts.append((child.tail or "").replace("\n", " "))
    return "".join(parts)


# The result, completed and checked.


def _without_headlines(lines: list[str], headlines: set[str]) -> list[str]:
    """`lines` from behind the headline, if it is among the first four (a section or a date may stand before it)."""
    start = words = 0
    for index, line in enumerate(lines[:_HEADLINE_REACH]):
        if words <= _WORDS_ABOVE and _words(line) in headlines:
            start = index + 1
        words += line.count(" ") + 1
    return lines[start:]


def _without_labels(lines: list[str]) -> list[str]:
    """`lines` without labels at either end: sections, menu entries, captions of buttons. A credit at the end stays."""
    spoken = [
        index for index, line in enumerate(lines) if line.count(" ") >= _LABEL_WORDS or line.endswith(_SENTENCE_ENDS)
    ]
    if not spoken:
        return lines
    end = spoken[-1] + 1
    return lines[spoken[0] : end] + list(itertools.takewhile(_SIGNATURE.match, lines[end:]))


def _find_standfirst(tree: HtmlElement, title: str | None, description: str | None, lines: list[str]) -> list[str]:
    """The paragraph between headline and body, if trafilatura left it out: by its class or the page's description."""
    body, described = _words(" ".join(lines)), _words(description or "")[:50]
    for element in itertools.islice(_after_headline(tree, title), _STANDFIRST_REACH):
        text = text_of(element)
        opening = _words(text[:_OPENING])
        if opening and body.startswith(opening[:60]):
            return []
        if len(text) > _LONGEST_STANDFIRST:
            continue
        words = _words(text)
        if words.count(" ") + 1 not in _STANDFIRST_WORDS or link_share(element) > 0.5:
            continue
        if words[:40] in body:
            return []
        if _is_leaf(element) and (_looks_like_standfirst(element) or (described and words.startswith(described))):
            return [text]
    return []


def _after_headline(tree: HtmlElement, title: str | None) -> Iterator[HtmlElement]:
    """The elements that follow the headline, in order."""
    wanted = _words(title or "")
    headline = next((h for h in tree.iter("h1", "h2") if wanted and _words(text_of(h)) == wanted), None)
    if headline is None:
        return
    for above in [headline, *headline.iterancestors()]:
        for sibling in above.itersiblings():
            yield from sibling.iter(*_STANDFIRST_TAGS)


def _looks_like_standfirst(element: HtmlElement) -> bool:
    near = [element] if (parent := element.getparent()) is None else [element, parent]
    marks = (e.get(name) or "" for e in near for name in ("class", "id", "itemprop"))
    return any(_STANDFIRST_CLASS.search(mark) for mark in marks)


def _article_body(json_ld: list[dict[str, Any]]) -> str:
    """The longest `articleBody` that the page states, its entities resolved; "" if none."""
    bodies = (node.get("articleBody") for top in json_ld for node in walk(top))
    stated = max((body for body in bodies if isinstance(body, str)), key=len, default="")
    return html.unescape(html.unescape(stated))  # often escaped for JSON, and once more for HTML


def _mend(lines: list[str], stated: str) -> list[str]:
    """`lines` checked against the page's `articleBody`.

    The statement replaces them if they are part of it and much is missing; if both agree, lines outside the statement
    (teasers of other stories) go; a statement of something else (a summary, another article) changes nothing.
    """
    if not stated:
        return lines
    claim = _words(stated)
    inside = [line for line in lines if f" {_words(line)} " in f" {claim} "]
    read, agreed, claimed = (len(WORD.findall(" ".join(part))) for part in (lines, inside, [stated]))
    if claimed < _LEAST_STATEMENT or agreed < 0.5 * read:
        return lines
    if agreed < 0.7 * claimed:
        return [line for line in (" ".join(line.split()) for line in stated.split("\n")) if line]
    return inside


# Small facts about elements.


def _words(text: str) -> str:
    """The words of `text` with single spaces: for comparisons that ignore punctuation and layout."""
    return " ".join(WORD.findall(text))


def _is_leaf(element: HtmlElement) -> bool:
    return not any(inner.tag in _BLOCKS for inner in element.iterdescendants())
