"""Metadata hints: the topics that the page names itself, in its section, its tags and the folders of its address."""

import re
import urllib.parse
from collections.abc import Mapping
from typing import Final, NamedTuple

from warraq.schemas.labels import TOPICS
from warraq.schemas.records import Article
from warraq.transforms.arabic import normalize_term
from warraq.transforms.topics.terms import read_lists, words

COLUMN_OF_SLUG: Final = {topic.slug: column for column, topic in enumerate(TOPICS)}

# Log odds. Chosen so that a right section decides the topic of a short text, and a wrong section does not change that
# of a clear text; both are measured by benchmarks/accuracy/topics.py.
_SECTION_WEIGHT: Final = 3.0
_FOLDER_WEIGHT: Final = 3.0
TAG_WEIGHT: Final = 1.0
_MOST_TAGS: Final = 30
_MOST_NAME_WORDS: Final = 3  # a longer name of a section or folder is a sentence or the title of the page


class Hint(NamedTuple):
    """One statement of the page that names topics."""

    evidence: str  # its kind and its words
    columns: frozenset[int]  # topics, as positions in TOPICS
    weight: float  # added to the logit of each of these topics


def metadata_hints(article: Article, sections: Mapping[str, frozenset[int]]) -> list[Hint]:
    """The hints of section, address and tags. `sections` has the topics by `section_key`."""
    found = [
        *(("section", part, _SECTION_WEIGHT) for part in re.split(r"[>»/|،,]", article.section or "")),
        *(("address", folder, _FOLDER_WEIGHT) for folder in folders(article.canonical_url or article.source.url)),
        *(("tag", tag, TAG_WEIGHT) for tag in article.tags[:_MOST_TAGS]),
    ]
    return [
        Hint(f"{kind}: {name.strip()}", columns, weight)
        for kind, name, weight in found
        if (columns := _topics_of(name, sections, by_word=kind != "tag"))
    ]


def folders(url: str) -> list[str]:
    """The parts of an address that may name a section: subdomains and folders, without the page's own name.

    "https://sport.example.com/ar/كرة-القدم/123/title" → sport, ar, كرة-القدم. Numbers, dates and long slugs are left
    out.
    """
    host, _, path = url.partition("://")[2].partition("/")
    segments = urllib.parse.unquote(re.split(r"[?#]", path)[0]).split("/")[:-1]
    return [part for part in host.split(".")[:-2] + segments if 1 <= len(words(part)) <= _MOST_NAME_WORDS]


def section_key(name: str) -> str:
    """The normalized name of a section: "الرياضة", "رياضة" and "/رياضه/" have one key."""
    return " ".join(normalize_term(word) for word in words(name))


def read_sections() -> dict[str, frozenset[int]]:
    """The topics by `section_key`, from models/topics.sections.txt."""
    sections: dict[str, frozenset[int]] = {}
    for slug, _, names in read_lists("topics.sections.txt"):
        for key in map(section_key, names):
            sections[key] = sections.get(key, frozenset()) | {COLUMN_OF_SLUG[slug]}
    return sections


def _topics_of(name: str, sections: Mapping[str, frozenset[int]], *, by_word: bool) -> frozenset[int]:
    """The topics of a name in the table; with `by_word`, of the single words of a short name that is not there."""
    key = section_key(name)
    if key in sections or not by_word or len(key.split()) > _MOST_NAME_WORDS:
        return sections.get(key, frozenset())
    return frozenset().union(*(sections.get(word, frozenset()) for word in key.split() if len(word) > 3))
