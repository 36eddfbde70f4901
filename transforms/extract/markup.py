"""Markup → tree: the only parse of a page."""

import re
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, fromstring

from warraq.transforms.rejection import Rejection

# One class for all elements: lxml.html's own lookup is Python code, called for each element that is touched.
_LOOKUP: Final = etree.ElementDefaultClassLookup(element=HtmlElement)

# Characters that XML excludes. libxml2 passes them on, raw and as references. lxml then rejects to set the text of an
# element to a text that it has read from another. XML 1.0, 2.2, https://www.w3.org/TR/xml/#charsets
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_SPACES: Final = bytes.maketrans(b"\v\f", b"  ")  # HTML and its authors take these for white space
_NONCHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())
# libxml2 drops what follows; a browser shows it, and templates that are joined have several ends.
_PAGE_END = re.compile(rb"</(?:body|html)\s*>", re.IGNORECASE)
_EXCLUDED_REFERENCE = re.compile(
    rb"&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?:;|(?!\d))"
    rb"|&#x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?:;|(?![0-9a-f]))",
    re.IGNORECASE,
)


def parse(markup: str) -> HtmlElement:
    """The page as a tree, without comments and processing instructions. The charset that the markup states is ignored.

    Control characters and noncharacters are removed, both raw ones and references to them.

    Raises Rejection: no_main_text, if there is nothing to parse.
    """
    try:
        return fromstring(_xml_bytes(markup), parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Rejection("no_main_text", f"nothing to parse: {error}"[:100]) from error


def new_document() -> HtmlElement:
    """An empty <html> in a document of its own; `element.makeelement` makes one in the document of `element`."""
    page: HtmlElement = _parser().makeelement("html")
    return page


def _parser() -> HTMLParser:
    parser = HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, default_doctype=False
    )
    parser.set_element_class_lookup(_LOOKUP)
    return parser


def _xml_bytes(markup: str) -> bytes:
    """The markup in UTF-8, without characters that XML excludes and references to them."""
    content = markup.encode("utf-8", "replace").translate(_SPACES, _CONTROLS)
    content = _PAGE_END.sub(b"", content)
    if b"\xef" in content:  # the first byte of a noncharacter; a search for one byte is 20 times as fast as for two
        for character in _NONCHARACTERS:
            content = content.replace(character, b"")
    found = 1
    while found:  # again, because the characters around a removed reference may form another one
        content, found = _EXCLUDED_REFERENCE.subn(b"", content)
    return content
