"""Pruning: a container is made ready for trafilatura, without menus, furniture and readers' comments."""

import copy
import functools
import itertools
import re
from collections.abc import Sequence
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.body.containers import INLINE, PARAGRAPHS, holds_comments
from warraq.transforms.extract.body.hidden import reveal
from warraq.transforms.extract.markup import new_document

_LINK_LIST_SHARE: Final = 0.7  # of a list's letters inside links: a menu or related articles
_LINK_BLOCK_SHARE: Final = 0.9  # of the letters of one paragraph, item or heading
_LINK_BLOCK_LIMIT: Final = 250  # characters; a longer block that is one link is prose inside a link
_STAYS = re.compile(r"(?i)#|javascript:")  # the start of an address on the same page
_PASSAGE_WORDS: Final = 9  # in each link; "العودة إلى أعلى الصفحة" and the entries of contents have fewer
_SENTENCE_WORDS: Final = 12
_LINKED_PROSE_SHARE: Final = 0.5  # of a paragraph's letters; prose has fewer inside links
_INTRODUCING_WORDS: Final = 8  # "اقرأ المزيد من أخبار المدينة:" has fewer
_MAIN_SHARE: Final = 0.5  # of the article's characters
_HEADINGS: Final = frozenset({"h2", "h3", "h4", "h5", "h6"})
_QUOTATION = re.compile(r"[«“\"][^«»“”\"]+[»”\"][.،]?$")
_COMMENTS_HEADING = re.compile(  # "التعليقات (3)", "0 تعليق", "آراء القراء", "اترك تعليقاً"
    r"(?i)^[\W\d]*(?:comments?|(?:ال)?(?:تعليقات|تعليقان|ردود)|(?<=\d )تعليق|[آا]راء(?= ))"
    r"(?: (?:القر[اّ]+ء|الزو[اّ]+ر|المتابعين|الأعضاء))?[\W\d]*$"
    r"|^(?:leave a|[اأ]ترك|[أا]ضف|[اأ]كتب) (?:reply|comment|رد|تعليق)\w?ك?\W*$"
)
_COUNT = re.compile(r"\d")
_FORM_TAGS: Final = ("form", "textarea", "input")
_FURNITURE_NAME = re.compile(
    r"(?i)(?:^|[\s_-])(?:captions?|images?|photos?|galler(?:y|ies)|slider|carousel|related|recommend(?:ed|ations?)?"
    r"|read-?(?:more|also|next)|also-?read|see-?also|more-?(?:on|news|stories|from)|most-?(?:read|viewed|popular)|trending"
    r"|newsletters?|subscri(?:be|ption)|sign-?up|follow(?:-us)?|shar(?:e|ing)|social|tags?|keywords|breadcrumbs?"
    r"|author-?(?:bio|box|info|card)|about-?author|polls?|vote|donat(?:e|ions?)|podcasts?|app-?(?:download|promo|banner)"
    r"|ticker|toolbar|print|font-?size|whats-?app|telegram|advert(?:isement)?|banner|cookies?|consent|disclaimer"
    r"|copyright)(?:$|[\s_-])"
)
_FURNITURE_LIMIT: Final = 600  # characters; a longer block may hold the article, whatever its name is
_FURNITURE_SHARE: Final = 0.25  # of the article's characters, for the same reason
_FOOTNOTE_MARK = re.compile(r"\[\s*(?:\w{1,3}|(?:note|ملاحظة|حاشية)\W*\w{1,3})\s*\]")
_CLOSING_SIGNS: Final = tuple(".,;:!?،؛؟)")
_REFERENCES_NAME = re.compile(r"(?i)(?:^|[\s_-])(?:references|ref-?list|footnotes|citations|bibliography)(?:$|[\s_-])")
_REFERENCES_SHARE: Final = 0.5  # of the article's characters; a larger block is the article
_REFERENCES_WORDS: Final = 4  # of the heading above them
_RELATED_HEADING = re.compile(
    r"(?i)^\W*(?:[اأإ]قر[أا]و?ا?|شاهد|طالع|تابع) (?:أيض\w+|المزيد|كذلك)|^\W*(?:قد )?(?:يهمك|يعجبك)(?: أيض\w+)?\W*$"
    r"|^\W*(?:مواضيع|موضوعات|أخبار|مقالات|مواد|روابط) (?:ذات صلة|متعلقة|مشابهة|مرتبطة)\W*$"
    r"|^\W*(?:related|read (?:more|also|next)|you may also like|more (?:on|from))\b.{0,30}$"
)


def prune(parts: Sequence[HtmlElement]) -> HtmlElement:
    """A new page whose one <article> holds a copy of `parts` without comments, furniture and link-only blocks."""
    page = new_document()  # trafilatura counts the paragraphs of the document
    article = etree.SubElement(etree.SubElement(page, "body"), "article")
    for part in map(copy.deepcopy, parts):
        etree.strip_tags(part, "font")
        _part_lines(part)
        article.extend(list(part))
    for center in page.iter("center"):
        center.tag = "div"
    etree.strip_attributes(page, "colspan", "rowspan")  # else trafilatura adds all cells that they claim to span
    for block in {br.getparent(): None for br in page.iter("br") if _is_empty_line(br)}:
        _part_lines(block)
    reveal(article)
    _mark_paragraphs(article)
    _drop_references(article)
    _drop_link_blocks(article)
    _drop_comments(article)
    _drop_furniture(article)
    return page


def without_names(page: HtmlElement) -> HtmlElement:
    """`page` without classes, ids and roles, so that trafilatura removes nothing for its name."""
    etree.strip_attributes(page, "class", "id", "role")
    return page


def text_of(element: HtmlElement) -> str:
    """The text of an element with single spaces."""
    return " ".join(element.text_content().split())


def link_share(block: HtmlElement) -> float:
    """The share of the block's text inside links, 0..1; 0 for an empty block."""
    links = list(block.iterdescendants("a"))
    return sum(len(text_of(link)) for link in links) / max(1, len(text_of(block))) if links else 0.0


def drop(element: HtmlElement) -> None:
    """Removes `element` from its tree; the text after it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def _part_lines(block: HtmlElement) -> None:
    """Makes a paragraph of each line of a block. Breaks and inner blocks end a line: `<div>…<br><br>…</div>`."""
    if block.tag in INLINE or block.tag in PARAGRAPHS:
        return
    content = [_paragraph(block, block.text)]
    for child in list(block):
        if child.tag == "br" or child.tag not in INLINE:
            content += [child, _paragraph(block, child.tail)]
            child.tail = None
        else:
            content[-1].append(child)
    block.text = None
    block[:] = [part for part in content if part.tag != "br" and (part.tag != "p" or len(part) or text_of(part))]


def _mark_paragraphs(article: HtmlElement) -> None:
    """Makes paragraphs of the innermost blocks where an editor wrote <div> for <p>, and most of the prose is in them.

    As soon as there is one <p>, however empty, trafilatura reads no <div>.
    """
    leaves = [block for block in article.iter("div") if all(child.tag in INLINE for child in block)]
    prose = [leaf for leaf in leaves if _is_sentence(leaf)]
    others = article.iter(*PARAGRAPHS) if prose else ()
    if sum(len(text_of(leaf)) for leaf in prose) > sum(len(text_of(other)) for other in others):
        kinds = set(map(_kind, prose))
        for leaf in leaves:
            if _kind(leaf) in kinds:
                leaf.tag = "p"


def _kind(block: HtmlElement) -> tuple[str | None, str | None]:
    around = block.getparent()
    return block.get("class"), None if around is None else around.get("class")


def _is_sentence(block: HtmlElement) -> bool:
    return len(text_of(block).split()) >= _SENTENCE_WORDS and link_share(block) < _LINKED_PROSE_SHARE


def _is_empty_line(br: HtmlElement) -> bool:
    behind = br.getnext()
    return behind is not None and behind.tag == "br" and not (br.tail or "").strip()


def _paragraph(block: HtmlElement, text: str | None) -> HtmlElement:
    paragraph = block.makeelement("p")
    paragraph.text = text
    return paragraph


def _drop_link_blocks(article: HtmlElement) -> None:
    """Removes lists, paragraphs, items and headings of which nearly all text is links.

    A linked passage of the text stays, without its links: trafilatura would take it for a menu. So do a list that a
    sentence introduces, and a heading of the text itself.
    """
    for block in list(article.iter("ul", "ol")):
        if link_share(block) >= _LINK_LIST_SHARE:
            if _is_introduced(block):
                _drop_links(block)
            else:
                drop(block)
    linked = {block for link in article.iter("a") for block in (*link.iterancestors(), *link.iterdescendants())}
    for block in [b for b in article.iter("p", "li", "h2", "h3", "h4", "h5", "h6") if b in linked]:
        if not _is_linked(block) or _heads_prose(block, article):
            continue
        if block.tag == "p" and _is_passage(block):
            _drop_links(block)
        elif len(text_of(block)) < _LINK_BLOCK_LIMIT:
            drop(block)


def _drop_links(block: HtmlElement) -> None:
    """Removes the links in and around a block, not their text."""
    for link in [*block.iter("a"), *block.iterancestors("a")]:
        link.drop_tag()


def _is_passage(block: HtmlElement) -> bool:
    """True for a linked sentence or quotation between paragraphs of prose, not for a headline or teaser.

    Links that stay on the page lead to no other article, so any clause inside them is text.
    """
    text = text_of(block)
    words = text.count(" ") + 1
    around = next(block.iterancestors("a"), None)
    links = [*block.iter("a"), *([] if around is None else [around])]
    if all(_STAYS.match(link.get("href") or "#") for link in links):
        return words >= _PASSAGE_WORDS * len(links)
    is_card = around is not None or next(block.iterdescendants("p", "div"), None) is not None
    is_sentence = words >= _SENTENCE_WORDS and (text.endswith(".") or _QUOTATION.match(text) is not None)
    return is_sentence and not is_card and all(map(_is_prose, (block.getprevious(), block.getnext())))


def _is_introduced(block: HtmlElement) -> bool:
    """True for a list right after a sentence that ends in a colon; the headings of related articles are shorter."""
    before = block.getprevious()
    if before is None or before.tag not in PARAGRAPHS:
        return False
    text = text_of(before)
    return text.endswith(":") and text.count(" ") >= _INTRODUCING_WORDS - 1 and not _is_linked(before)


def _heads_prose(block: HtmlElement, article: HtmlElement) -> bool:
    """True for a heading right above prose, among at least half of the article; a teaser has a block of its own."""
    if block.tag not in _HEADINGS or not _is_prose(block.getnext()):
        return False
    around = block.getparent()
    return around is not None and len(text_of(around)) >= _MAIN_SHARE * len(text_of(article))


def _is_prose(block: HtmlElement | None) -> bool:
    """True for a paragraph with a sentence outside links."""
    if block is None or block.tag != "p" or link_share(block) > _LINKED_PROSE_SHARE:
        return False
    return len(block.text_content().split()) >= _SENTENCE_WORDS


def _is_linked(block: HtmlElement) -> bool:
    return link_share(block) >= _LINK_BLOCK_SHARE or next(block.iterancestors("a"), None) is not None


def _drop_comments(article: HtmlElement) -> None:
    """Removes readers' comments: blocks named for them, and all that follows their heading in the same block."""
    for block in [b for b in article.iter("div", "section", "ul", "ol", "aside") if holds_comments(b)]:
        drop(block)
    for heading in list(article.iter("h2", "h3", "h4", "h5", "h6")):
        if _COMMENTS_HEADING.match(text_of(heading)):
            outer = _with_wrappers(heading)
            behind = list(outer.itersiblings())
            if not any(map(_holds_headline, behind)) and not _is_prose_of_article(text_of(heading), behind):
                for element in [outer, *behind]:
                    drop(element)


def _is_prose_of_article(heading: str, behind: Sequence[HtmlElement]) -> bool:
    """True if the blocks behind a heading such as "التعليقات" are an article's: most of the text is bare paragraphs.

    Readers' comments have a count, a form, or blocks and names of their own.
    """
    if _COUNT.search(heading) or any(next(block.iter(*_FORM_TAGS), None) is not None for block in behind):
        return False
    prose = sum(len(text_of(block)) for block in behind if not block.get("class") and _is_prose(block))
    return prose > _MAIN_SHARE * sum(len(text_of(block)) for block in behind)


def _with_wrappers(heading: HtmlElement) -> HtmlElement:
    """The outermost block that has no more text than `heading`: `<div class="title"><h2>…</h2></div>`."""
    text, outer = text_of(heading), heading
    for around in heading.iterancestors("div", "header", "section"):
        if text_of(around) != text:
            break
        outer = around
    return outer


def _drop_furniture(article: HtmlElement) -> None:
    """Removes short blocks named for captions, sharing and so on, and related articles with their heading."""
    limit = min(_FURNITURE_LIMIT, _FURNITURE_SHARE * len(text_of(article)))
    for block in list(article.iter("div", "section", "ul", "ol", "aside", "p", "span")):
        name = block.get("class")
        if name and _is_named_for_furniture(name) and len(text_of(block)) < limit:
            drop(block)
    for heading in list(article.iter("h2", "h3", "h4", "h5", "h6", "p", "div", "strong")):
        text = heading.text
        if text and _RELATED_HEADING.match(text[:60]) and len(text_of(heading)) < _LINK_BLOCK_LIMIT:
            for related in itertools.takewhile(_is_related, list(heading.itersiblings())):
                drop(related)
            drop(heading)


def _drop_references(article: HtmlElement) -> None:
    """Removes the marks that lead to footnotes, and blocks named for references, with the heading right above."""
    for mark in list(article.iter("sup")):
        if _FOOTNOTE_MARK.fullmatch(text_of(mark)):
            _close_gap(mark)
            drop(mark)
    blocks = article.iter("ol", "ul", "div", "section")
    named = [block for block in blocks if (name := block.get("class")) and _is_named_for_references(name)]
    limit = _REFERENCES_SHARE * len(text_of(article)) if named else 0
    for block in named:
        if len(text_of(block)) < limit:
            heading = block.getprevious()
            if heading is not None and len(text_of(heading).split()) <= _REFERENCES_WORDS:
                drop(heading)
            drop(block)


def _close_gap(mark: HtmlElement) -> None:
    """Removes the space before a mark that a full stop or comma follows."""
    if not (mark.tail or "").startswith(_CLOSING_SIGNS):
        return
    before, around = mark.getprevious(), mark.getparent()
    if before is not None:
        before.tail = (before.tail or "").rstrip()
    elif around is not None:
        around.text = (around.text or "").rstrip()


@functools.lru_cache(maxsize=4096)  # a page repeats its names
def _is_named_for_references(name: str) -> bool:
    return _REFERENCES_NAME.search(name) is not None


@functools.lru_cache(maxsize=4096)  # a page repeats its names
def _is_named_for_furniture(name: str) -> bool:
    return _FURNITURE_NAME.search(name) is not None


def _is_related(block: HtmlElement) -> bool:
    """True for a block that links to another article."""
    links = next(block.iterdescendants("a"), None) is not None
    return links and (block.tag != "p" or link_share(block) >= _LINK_LIST_SHARE)


def _holds_headline(block: HtmlElement) -> bool:
    return next(block.iter("h1"), None) is not None
