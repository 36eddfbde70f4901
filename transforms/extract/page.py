"""Document → Article: main text, metadata and date from one parse of the page, guarded against hostile markup.

What the page may do to the parser, and what that costs, is the business of guard.py, and Beam's part that of stage.py.
Everything here is pure.
"""

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, fromstring

from warraq.schemas.records import Article, Document
from warraq.transforms.extract.body.body import dropped_lines, find_body
from warraq.transforms.extract.body.containers import Survey, survey
from warraq.transforms.extract.body.embedded_json import read_state
from warraq.transforms.extract.body.page_kind import (
    refuse_labels,
    refuse_listings,
    refuse_other_pages,
    refuse_other_texts,
)
from warraq.transforms.extract.body.plain_text import read_plain_text
from warraq.transforms.extract.body.prune import CODE_TAGS
from warraq.transforms.extract.dates.choose import Publication, choose_date, find_dates
from warraq.transforms.extract.json_ld import read_json_ld
from warraq.transforms.extract.metadata.metadata import Metadata, find_metadata, without_page
from warraq.transforms.extract.page_index import look
from warraq.transforms.rejection import Rejection

__all__ = [
    "ExtractRules",
    "choose_date",
    "dropped_lines",
    "extract",
    "find_body",
    "find_dates",
    "parse",
]


@dataclass(frozen=True)
class ExtractRules:
    """How much a page may cost, and how it is guarded."""

    timeout: float = field(
        default=5.0, metadata={"help": "processor seconds a page may take; the slowest real pages take 0.3"}
    )
    memory_mb: int = field(default=2048, metadata={"help": "memory in MiB that the extracting process may use"})
    max_markup: int = field(
        default=20_000_000, metadata={"help": "characters of markup; longer pages are refused unread"}
    )
    guard: bool = field(
        default=True, metadata={"help": "extract in a process of its own, so that no page ends the run"}
    )

    def validate(self) -> None:
        """Raises ValueError in one line when a limit would refuse every page, or none."""
        if not (self.timeout > 0 and self.memory_mb > 0 and self.max_markup > 0):
            raise ValueError("extract_timeout, extract_memory_mb and extract_max_markup must be above 0")
        if not (self.timeout <= _MOST_SECONDS and self.memory_mb <= _MOST_MB):
            raise ValueError(f"extract_timeout can be {_MOST_SECONDS} at most, extract_memory_mb {_MOST_MB}")


def extract(document: Document, rules: ExtractRules) -> Article:
    """The article on the page, as the page states it; CleanText gives text, title and names their final form.

    Raises Rejection: no_main_text, not_an_article, too_large.
    """
    if len(document.markup) > rules.max_markup:
        raise Rejection("too_large", f"{len(document.markup)} characters of markup")
    return _extract_plain_text(document) if document.is_text else _extract_page(document)


# A limit far above what any machine has is none; above these the clock and the kernel take no number.
_MOST_SECONDS: Final = 10**6
_MOST_MB: Final = 2**30
_FEW_WORDS: Final = 30  # a caption, a cookie notice, "enable JavaScript"
# One class for all elements: lxml.html's own lookup is Python code, called for each element that is touched.
_LOOKUP: Final = etree.ElementDefaultClassLookup(element=HtmlElement)


# Characters that XML excludes. libxml2 passes them on, raw and as references, and lxml then refuses to set the text of
# any element to what it has read from another. XML 1.0, 2.2, https://www.w3.org/TR/xml/#charsets
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_SPACES: Final = bytes.maketrans(b"\v\f", b"  ")  # white space to HTML or to those who write it
_NONCHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())
_EXCLUDED_REFERENCE = re.compile(
    rb"&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?:;|(?!\d))"
    rb"|&#x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?:;|(?![0-9a-f]))",
    re.IGNORECASE,
)


def _xml_bytes(markup: str) -> bytes:
    """The markup in UTF-8, without characters that XML excludes and references to them."""
    content = markup.encode("utf-8", "replace").translate(_SPACES, _CONTROLS)
    if b"\xef" in content:  # with which noncharacters begin; a search for one byte is 20 times as fast as for two
        for character in _NONCHARACTERS:
            content = content.replace(character, b"")
    found = 1
    while found:  # again, because what stood around a reference may form another one
        content, found = _EXCLUDED_REFERENCE.subn(b"", content)
    return content


def parse(markup: str) -> HtmlElement:
    """The page as a tree, without comments and processing instructions. The markup's own charset claims are ignored.

    Control characters and noncharacters are gone, whether raw or as references.

    Raises Rejection: no_main_text, where there is nothing to parse.
    """
    parser = HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, default_doctype=False
    )
    parser.set_element_class_lookup(_LOOKUP)
    try:
        return fromstring(_xml_bytes(markup), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Rejection("no_main_text", f"nothing to parse: {error}"[:100]) from error


def _extract_page(document: Document) -> Article:
    tree = parse(document.markup)
    json_ld = read_json_ld(tree)
    etree.strip_elements(tree, *CODE_TAGS, with_tail=False)
    page = look(tree)
    metadata = find_metadata(tree, json_ld, document.source.url, page)
    refuse_other_pages(tree, json_ld, document.source.url)
    surveyed = survey(tree)
    refuse_listings(tree, json_ld, surveyed)
    text = _find_text(document, tree, json_ld, metadata, surveyed)
    refuse_other_texts(text.split("\n"), metadata.title)
    published = choose_date(find_dates(tree, json_ld, document.source.url, text, page), document.source.fetch_time())
    return _article(document, metadata, text, published)


def _find_text(
    document: Document, tree: HtmlElement, json_ld: list[dict[str, Any]], metadata: Metadata, surveyed: Survey
) -> str:
    """The body's text; where the page shows next to none, that in the state which a script would draw."""
    try:
        text = find_body(tree, json_ld, metadata.title, metadata.description, surveyed).text
    except Rejection:
        text = ""
    if len(text.split()) < _FEW_WORDS and (state := read_state(document.markup, metadata.title)):
        with contextlib.suppress(Rejection):
            stated = find_body(
                parse(f"<article>{state.replace(chr(10), '<br><br>')}</article>"), [], metadata.title, None
            )
            if len(stated.text) > len(text):
                return stated.text
    if not text:
        raise Rejection("no_main_text")
    refuse_labels(tree, json_ld, text, surveyed)
    return text


def _extract_plain_text(document: Document) -> Article:
    title, lines = read_plain_text(document.markup, document.title)
    refuse_other_texts(lines, title)
    published = choose_date(find_dates(None, [], document.source.url, document.markup), document.source.fetch_time())
    metadata = without_page(document.source.url, title)
    return _article(document, metadata, "\n".join(lines), published)


def _article(document: Document, metadata: Metadata, text: str, published: Publication) -> Article:
    return Article(
        source=document.source,
        canonical_url=metadata.canonical_url,
        site=metadata.site,
        title=metadata.title or document.title,
        text=text,
        published_at=published.published_at,
        date=published.date,
        date_source=published.source,
        site_name=metadata.site_name,
        description=metadata.description,
        section=metadata.section,
        image_url=metadata.image_url,
        authors=metadata.authors,
        tags=metadata.tags,
        charset=document.charset,
        charset_source=document.charset_source,
    )
