"""The decision on the main text: the best candidate, trimmed, with its standfirst, checked against JSON-LD."""

import copy
import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from warraq.schemas.labels import CONTAINER, PRUNED_PAGE, STATED_BODY
from warraq.transforms.arabic import WORD
from warraq.transforms.extract.body.body import ENOUGH, BodyCandidate, read_bodies, read_whole_page, words_of
from warraq.transforms.extract.body.prune import link_share, text_of
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Findings

_MOST_READ: Final = 0.8  # of the prose of a container that is stated
_LEAST_READ: Final = 0.5  # of a container's prose; a shorter text is only a part of the article
# The doubt, and the evidence that ends it. Chosen on half of the sites of the development pages, by mean F1; the other
# half agrees (docs/choices.md).
_LEAST_SHARE: Final = 0.5  # of the page's prose; of a text with less, the rest of the page is compared
_MORE_SENTENCES: Final = 1.7  # times as many words in sentences as the text in doubt has
_SENTENCE_SHARE: Final = 0.5  # of the words; a text with less is a listing with menus
_SENTENCE_WORDS: Final = 8  # a shorter line is a label or a heading
_STANDFIRST_CLASS = re.compile(
    r"(?i)(?:^|[\s_-])(?:lead|lede|stand-?first|intro|excerpt|preamble|summary|sub-?title|sub-?head(?:line|ing)?|dec?k"
    r"|chapo|chapeau|abstract|desc(?:ription)?)(?:$|[\s_-])"
)
_BLOCKS: Final = frozenset({"div", "section", "article", "ul", "ol", "table", "figure", "form", "aside", "nav", "main"})
_STANDFIRST_WORDS: Final = range(8, 121)
_LONGEST_STANDFIRST: Final = 2_000  # characters, more than 120 words have; the words of longer blocks are not counted
_OPENING: Final = 200  # characters of a block that are compared with the body's first words
_STANDFIRST_TAGS: Final = ("p", "h2", "h3", "h4", "div", "span", "strong")
_LEAST_STATEMENT: Final = 40  # words; a shorter articleBody is a summary
_REPEATED_SHARE: Final = 0.8  # of its words
_STANDFIRST_REACH: Final = 120  # elements after the headline that may be the standfirst
_LABEL_WORDS: Final = 3  # "عربي ودولي", "جميع الحقوق محفوظة"; a line of more words may be a subheading
_SENTENCE_ENDS: Final = tuple('.!؟?…:»”"')
_HEADLINE_REACH: Final = 4  # lines
_WORDS_ABOVE: Final = 40  # with more words before it, a headline is a heading inside the article
_SIGNATURE = re.compile(  # "(واس)", "المصدر: رويترز", "أ ف ب"; CleanText reads the credit
    r"^\(.+\)$|^\W*(?:(?:ال)?مصدر|نقل\w+ عن|عن|source)\b.*[:：/]"
    r"|^\W*(?:رويترز|(?:ال)?وكالات|الأناضول|\w\W\w\W\w|reuters|afp)\W*$",
    re.IGNORECASE,
)


class Body(NamedTuple):
    """The lines that were chosen as the main text, with their source, and the lines that JSON-LD states."""

    lines: list[str]
    source: str  # one of labels.EXTRACTION_SOURCES
    stated: list[str]
    is_sure: bool = False  # the page itself says where its article is, and most of it was read


def decide_body(name: str, facts: Facts, title: str | None, description: str | None, findings: Findings) -> Body:
    """The main text of the page, one paragraph a line; no lines if it has none. `name` is that of the decision."""
    body: Body = findings.decide(name, read_bodies(facts), choose_body)
    if not body.is_sure and is_doubtful(body.lines, facts):
        body = findings.decide(f"{name} in doubt", read_whole_page(facts), functools.partial(choose_fuller, body=body))
    return finish_body(body, facts, title, description)


def choose_body(candidates: Iterable[BodyCandidate]) -> Body:
    """The first container of which at least half was read, else the pruned page."""
    stated: list[str] = []
    for one in candidates:
        if one.source == STATED_BODY:
            stated = one.value
        elif one.source != CONTAINER or one.length > max(ENOUGH, _LEAST_READ * one.prose):
            is_sure = one.is_stated and one.length > _MOST_READ * one.prose
            return Body(one.value, one.source, stated, is_sure)
    return Body([], PRUNED_PAGE, stated)


def is_doubtful(lines: list[str], facts: Facts) -> bool:
    """True if most of the page's prose is elsewhere: the container may be a part of the article, or a teaser."""
    prose = max(facts.density.prose.values(), default=0)
    return sum(map(len, lines)) < _LEAST_SHARE * max(prose, ENOUGH)


def choose_fuller(candidates: Iterable[BodyCandidate], body: Body) -> Body:
    """The first candidate with clearly more sentences than `body`, which is in doubt; else `body`."""
    least = _MORE_SENTENCES * words_in_sentences(body.lines)
    for one in candidates:
        sentences = words_in_sentences(one.value)
        if sentences >= max(1, least, _SENTENCE_SHARE * count_words(one.value)):
            return body._replace(lines=one.value, source=one.source)
    return body


def finish_body(body: Body, facts: Facts, title: str | None, description: str | None) -> Body:
    """The body without its title and with its standfirst, one paragraph a line; no lines if the page has no text."""
    headlines = {words_of(text) for text in [title or "", *map(text_of, facts.index.tagged["h1"])]} - {""}
    lines = _without_labels(_without_headlines(body.lines, headlines))
    lead = _find_standfirst(facts, title, description, lines)
    return _checked(body._replace(lines=[*lead, *lines]))


def dropped_lines(facts: Facts, text: str) -> list[str]:
    """The page's visible lines that are not in `text`, in order, once each."""
    visible = copy.deepcopy(facts.tree)
    etree.strip_elements(visible, "head", with_tail=False)
    kept = words_of(text)
    lines = (" ".join(piece.split()) for piece in visible.itertext())
    return list(dict.fromkeys(line for line in lines if line and f" {words_of(line)} " not in f" {kept} "))


def words_in_sentences(lines: list[str]) -> int:
    """The number of words in lines that are as long as a sentence and end like one."""
    return count_words([line for line in lines if line.endswith(_SENTENCE_ENDS) and line.count(" ") >= _SENTENCE_WORDS])


def count_words(lines: list[str]) -> int:
    """The number of words in lines with single spaces."""
    return sum(line.count(" ") + 1 for line in lines)


def _without_headlines(lines: list[str], headlines: set[str]) -> list[str]:
    """The lines after the headline, if it is among the first four; a section or a date may come before it."""
    start = words = 0
    for index, line in enumerate(lines[:_HEADLINE_REACH]):
        if words <= _WORDS_ABOVE and words_of(line) in headlines:
            start = index + 1
        words += line.count(" ") + 1
    return lines[start:]


def _without_labels(lines: list[str]) -> list[str]:
    """The lines without labels (sections, menu entries, buttons) at either end. A credit at the end stays."""
    spoken = [
        index for index, line in enumerate(lines) if line.count(" ") >= _LABEL_WORDS or line.endswith(_SENTENCE_ENDS)
    ]
    if not spoken:
        return lines
    end = spoken[-1] + 1
    return lines[spoken[0] : end] + list(itertools.takewhile(_SIGNATURE.match, lines[end:]))


def _find_standfirst(facts: Facts, title: str | None, description: str | None, lines: list[str]) -> list[str]:
    """The paragraph between headline and body, if the lines lack it. Its class or the page's description shows it."""
    body, described = words_of(" ".join(lines)), words_of(description or "")[:50]
    for element in itertools.islice(_after_headline(facts.tree, title), _STANDFIRST_REACH):
        text = text_of(element)
        opening = words_of(text[:_OPENING])
        if opening and body.startswith(opening[:60]):
            return []
        if len(text) > _LONGEST_STANDFIRST:
            if _is_leaf(element):  # the body itself, in one block: what follows is of other articles
                return []
            continue
        words = words_of(text)
        if words.count(" ") + 1 not in _STANDFIRST_WORDS or link_share(element) > 0.5:
            continue
        if words[:40] in body or (lines and _repeats(words, words_of(lines[0]))):
            return []
        if _is_leaf(element) and (_looks_like_standfirst(element) or (described and words.startswith(described))):
            return [text]
    return []


def _repeats(standfirst: str, paragraph: str) -> bool:
    """True if nearly all words of a standfirst are in the first paragraph: it is the same sentence, cut or reworded."""
    own = Counter(standfirst.split())
    return (own & Counter(paragraph.split())).total() >= _REPEATED_SHARE * own.total()


def _after_headline(tree: HtmlElement, title: str | None) -> Iterator[HtmlElement]:
    """The elements after the headline that may be a standfirst, in order."""
    wanted = words_of(title or "")
    headline = next((h for h in tree.iter("h1", "h2") if wanted and words_of(text_of(h)) == wanted), None)
    if headline is None:
        return
    for above in [headline, *headline.iterancestors()]:
        for sibling in above.itersiblings():
            yield from sibling.iter(*_STANDFIRST_TAGS)


def _looks_like_standfirst(element: HtmlElement) -> bool:
    near = [element] if (parent := element.getparent()) is None else [element, parent]
    marks = (e.get(name) or "" for e in near for name in ("class", "id", "itemprop"))
    return any(_STANDFIRST_CLASS.search(mark) for mark in marks)


def _checked(body: Body) -> Body:
    """The body, checked against the `articleBody` that the page states.

    The statement replaces lines that are only a part of it. If both agree, lines that the statement lacks (teasers of
    other articles) are removed. A statement of another text (a summary, another article) changes nothing.
    """
    lines, stated = body.lines, body.stated
    if not stated:
        return body
    claim = words_of(" ".join(stated))
    inside = [line for line in lines if f" {words_of(line)} " in f" {claim} "]
    read, agreed, claimed = (len(WORD.findall(" ".join(part))) for part in (lines, inside, stated))
    if claimed < _LEAST_STATEMENT or agreed < 0.5 * read:
        return body
    if agreed < 0.7 * claimed:
        return body._replace(lines=stated, source=STATED_BODY)
    return body._replace(lines=inside)


def _is_leaf(element: HtmlElement) -> bool:
    return not any(inner.tag in _BLOCKS for inner in element.iterdescendants())
