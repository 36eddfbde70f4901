"""Readers of the main text: trafilatura on each container, then on the whole page, and the text that JSON-LD states.

Trafilatura gets the part of the page where the article is (containers.py), pruned (prune.py), and only those of its
passes that read an article. If that leaves a doubt (choose.py), the whole page as trafilatura reads it by itself is a
candidate, too; the pruned page is the last resort. `benchmarks/accuracy/extraction.py` measures the gain,
`benchmarks/speed/article_speed.py` the cost.
"""

import copy
import html
from collections.abc import Iterator
from typing import Final, NamedTuple

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Extractor

from warraq.schemas.labels import CONTAINER, PRUNED_PAGE, STATED_BODY, WHOLE_PAGE
from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.block_lines import unglued
from warraq.transforms.extract.body.containers import Container, find_containers
from warraq.transforms.extract.body.prune import prune, without_names
from warraq.transforms.extract.facts import Facts

# Fast mode, also on whole pages: 0.964 mean F1 against 0.963 on the arabised pages, 0.961 against 0.958 on the English
# ones. The full cascade runs only if fast mode finds very little.
_FAST: Final = Extractor(output_format="python", comments=False, fast=True)
_FULL: Final = Extractor(output_format="python", comments=False, fast=False)
ENOUGH: Final = 200  # characters; a shorter text is not trusted while there is another way to read the page
_CLEARLY_MORE: Final = 1.5  # times as long; the cascade's last resort is the whole page in one line, title included
# Chosen on half of the sites, by mean F1 (docs/choices.md).
_MOST_MISSED: Final = 0.8  # of a container's prose; a shorter text has lost blocks
_MORE_READ: Final = 1.2  # times as long
_BREAKING: Final = frozenset({"p", "item", "list", "table", "row", "quote", "head", "code"})  # trafilatura's own tags


class BodyCandidate(NamedTuple):
    """The lines that one reader took for the article."""

    value: list[str]  # one paragraph a line
    source: str  # one of labels.EXTRACTION_SOURCES
    evidence: str = ""
    length: int = 0  # CONTAINER: characters, as trafilatura counts them
    prose: int = 0  # CONTAINER: characters of prose in it
    is_stated: bool = False  # CONTAINER: microdata says that it is the article's body


def read_bodies(facts: Facts) -> Iterator[BodyCandidate]:
    """The text that JSON-LD states, of each container, and of the pruned page: trafilatura reads all but the first."""
    if stated := _stated_body(facts):
        yield BodyCandidate(stated, STATED_BODY)
    for container in find_containers(facts.tree, facts.density):
        lines, length = _read_container(container)
        is_stated = container.parts[0].get("itemprop") == "articleBody"
        yield BodyCandidate(lines, CONTAINER, _describe(container), length, container.prose, is_stated)
    yield BodyCandidate(_read_pruned(facts.tree), PRUNED_PAGE)


def read_whole_page(facts: Facts) -> Iterator[BodyCandidate]:
    """The text that trafilatura finds by itself, with all its passes."""
    yield BodyCandidate(_extracted(copy.deepcopy(facts.tree), _FULL), WHOLE_PAGE)


def _read_container(container: Container) -> tuple[list[str], int]:
    """The lines of a container, and their characters as trafilatura counts them.

    Trafilatura removes blocks by their names, and builders of pages call any block a `widget` or an `embed`. If too
    much of the prose is missing, the container is read again without names.
    """
    body, text = _extract(prune(container.parts))
    if len(text) < _MOST_MISSED * container.prose:
        whole_body, whole_text = _extract(without_names(prune(container.parts)))
        if len(whole_text) > _MORE_READ * len(text):
            body, text = whole_body, whole_text
    return _lines(body), len(text)


def _extract(page: HtmlElement) -> tuple[etree._Element, str]:
    """Trafilatura's result for a pruned page, as a tree and as text."""
    return extract_content(convert_tags(tree_cleaning(page, _FAST), _FAST), _FAST)


def _stated_body(facts: Facts) -> list[str]:
    """The longest `articleBody`, its entities resolved."""
    bodies = (node.fields.get("articleBody") for node in facts.json_ld.nodes)
    stated = max((body for body in bodies if isinstance(body, str)), key=len, default="")
    text = html.unescape(html.unescape(stated))  # often escaped for JSON, and once more for HTML
    return [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]


def words_of(text: str) -> str:
    """The words of `text` with single spaces: for comparisons that ignore punctuation and layout."""
    return " ".join(WORD.findall(text))


def _describe(container: Container) -> str:
    first = container.parts[0]
    names = "".join(f' {name}="{value[:40]}"' for name in ("id", "class") if (value := first.get(name)))
    return f"<{first.tag}{names}> with {container.prose} characters of prose"


def _read_pruned(tree: HtmlElement) -> list[str]:
    """The lines that trafilatura finds on the pruned page; with all its passes if it finds very little."""
    page = prune([tree])
    lines = _extracted(page, _FAST)
    if (length := sum(map(len, lines))) < ENOUGH:
        more = _extracted(page, _FULL)
        if sum(map(len, more)) > _CLEARLY_MORE * length:
            return more
    return lines


def _extracted(page: HtmlElement, options: Extractor) -> list[str]:
    found = trafilatura.bare_extraction(page, options=options)
    assert not isinstance(found, dict)  # that is only for callers who ask for it
    return unglued(_lines(found.body), page) if found else []


def _lines(body: etree._Element) -> list[str]:
    lines = (" ".join(line.split()) for line in _render(body).split("\n"))
    return [line for line in lines if line]


def _render(element: etree._Element) -> str:
    """The text of trafilatura's result, with line breaks around each block."""
    parts = [(element.text or "").replace("\n", " ")]
    for child in element:
        inner = "\n" if child.tag == "lb" else _render(child)
        parts.append(f"\n{inner}\n" if child.tag in _BREAKING else f"{inner} " if child.tag == "cell" else inner)
        parts.append((child.tail or "").replace("\n", " "))
    return "".join(parts)
