"""The licence that a page states for its article."""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.metadata.meta_tags import string

_NAMES: Final = ("dcterms.license", "dc.rights.license", "dc.license", "license", "dcterms.rights", "dc.rights")
_CREATIVE_COMMONS: Final = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)|publicdomain/(zero|mark)/(\d\.\d))",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"\bCC[ -]?(0|BY(?:-NC)?(?:-ND|-SA)?)[ -](\d\.\d)\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']{4,300}", re.IGNORECASE)
# A licence inside one of these is that of a picture or of something that the page shows from elsewhere.
_PARTS: Final = frozenset({"figure", "figcaption", "picture", "aside", "blockquote"})


def read_licences(facts: Facts) -> Iterator[Candidate]:
    """The licences in JSON-LD, in `rel=license` and in meta tags, normalized."""
    for value in _flat(facts.json_ld.article.get("license")):
        yield from _normalized(value, "json_ld", takes_address=True)
    for element in facts.index.with_attribute("rel", lambda value: "license" in value.lower().split()):
        if element.tag in ("a", "link") and not _is_of_a_part(element):
            yield from _normalized(element.get("href"), "rel=license", takes_address=True)
    for name in _NAMES:
        for content in facts.meta_tags.get(name, []):
            yield from _normalized(content, name, takes_address=False)


def normalize_licence(text: str) -> str | None:
    """The SPDX id of a licence of Creative Commons, as `CC-BY-SA-4.0`; None for any other."""
    if stated := _CREATIVE_COMMONS.search(text):
        if stated[1]:
            return f"CC-{stated[1].upper()}-{stated[2]}"
        return f"CC0-{stated[4]}" if stated[3].lower() == "zero" else f"CC-PDM-{stated[4]}"
    if stated := _WORDS.search(text):
        return f"CC0-{stated[2]}" if stated[1] == "0" else f"CC-{stated[1].upper()}-{stated[2]}"
    return None


def _normalized(value: Any, source: str, *, takes_address: bool) -> Iterator[Candidate]:
    text = string(value)
    if text and (known := normalize_licence(text)):
        yield Candidate(known, source)
    elif text and takes_address and _ADDRESS.fullmatch(text):
        yield Candidate(text, source)


def _flat(value: Any) -> Iterator[Any]:
    """The texts and addresses in a value of JSON-LD: a text, an object, or a list of them."""
    for one in value if isinstance(value, list) else [value]:
        yield (one.get("url") or one.get("@id") or one.get("name")) if isinstance(one, dict) else one


def _is_of_a_part(element: HtmlElement) -> bool:
    return any(one.tag in _PARTS for one in element.iterancestors())
