"""The columns of an export: how each is computed from the views, its type, and what it is.

In the dataset `date` and `topic` are partitions, so that they lie in paths. In an export every column is in the files.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from warraq.schemas.arrow import ARTICLES


class Column(NamedTuple):
    """One column of an export."""

    name: str
    sql: str  # over the tables `article`, `refused` and `family`; see pipelines/export.py
    type: pa.DataType
    meaning: str


# What the columns of the table `articles` are, for the card and for Croissant.
_MEANINGS: Final = {
    "article_id": "digest of canonical address and text",
    "url": "address of the page",
    "canonical_url": "address that the page states for itself",
    "site": "registered domain",
    "site_name": "name of the site, as stated",
    "title": "title",
    "description": "summary, as stated",
    "section": "section, as stated",
    "image_url": "address of the main picture, as stated",
    "authors": "names of the authors",
    "tags": "keywords, as stated",
    "text": "main text; paragraphs are separated by line feeds",
    "words": "number of words of the text",
    "published_at": "time of publication, UTC; null if only the day is known",
    "date": "day of publication as the reader saw it",
    "date_source": "where the date was found; `fetched`: the page states none",
    "fetched_at": "time of the crawl, UTC",
    "language": "language of the text, ISO 639-1",
    "language_score": "certainty of the language, 0 to 1",
    "credit": "news agency that the page credits",
    "entities": "mentions of people, places and organisations; offsets are code points of the text, half-open",
    "topic": "top-level concept of the IPTC Media Topics, or `other`",
    "topic_score": "certainty of the topic, 0 to 1",
    "topics": "all topics with their scores",
    "duplicate_of": "article_id of the earliest near copy; null for an original",
    "copy_kind": "kind of the copy; null for an original",
    "copy_share": "share of the text that the copy has in common with its original, 0 to 1",
    "dump": "crawl dump that has the page",
    "dump_offset": "place of the page in the dump",
    "charset": "charset of the page",
    "charset_source": "where the charset was found",
    "opt_out": "signals by which page or site reserves its use for machine learning",
    "license": "licence that the page states",
    "warraq_version": "version of the program",
    "tagger": "model for entities",
    "classifier": "model for topics",
    "text_digest": "digest of the normalized text: equal for exact copies",
    "sketch": "MinHash signature of the text",
    "load_id": "the dump and the rules that made the row",
    "page_kind": "kind of the page",
    "extraction_source": "part of the page that the text was taken from",
    "extraction_score": "certainty that the text is whole and clean, 0 to 1",
}
_COPIES: Final = Column(
    "copies", "coalesce(refused.copies, 0)", pa.int64(), "pages that were left out because they have the same text"
)
_CLUSTER_SIZE: Final = Column(
    "cluster_size",
    "1 + coalesce(family.copies, 0)",
    pa.int64(),
    "pages with the same or almost the same text, this one included",
)
_SHA256: Final = Column("text_sha256", "sha256(article.text)", pa.string(), "SHA-256 of the text in UTF-8")


def _column(name: str) -> Column:
    return Column(name, f'article."{name}"', ARTICLES.field(name).type, _MEANINGS.get(name, ""))


def _columns(*names: str) -> tuple[Column, ...]:
    return tuple(map(_column, names))


ALL_COLUMNS: Final = (*_columns(*ARTICLES.names), _COPIES, _CLUSTER_SIZE)
TEXT_COLUMNS: Final = _columns("article_id", "text")
PLACES: Final = ("article_id", "url", "canonical_url", "site", "date", "fetched_at", "dump", "dump_offset", "load_id")
URL_COLUMNS: Final = (*_columns(*PLACES, "text_digest"), _SHA256)

# The columns of FineWeb-2 by their names, types and order, so that both load as one dataset.
_DAY: Final = "'%Y-%m-%dT%H:%M:%SZ'"
_CRAWL: Final = r"regexp_extract(article.dump, 'CC-MAIN-\d{4}-\d{2}')"
_FILE: Final = r"regexp_extract(article.dump, '[^/]*$')"
_ISO_639_3: Final = {"ar": "arb"}
_LANGUAGE: Final = "CASE article.language {} ELSE article.language END".format(
    " ".join(f"WHEN '{short}' THEN '{long}'" for short, long in _ISO_639_3.items())
)
FINEWEB2_COLUMNS: Final = (
    _column("text"),
    Column("id", "article.article_id", pa.string(), "digest of canonical address and text"),
    Column(
        "dump",
        f"coalesce(nullif({_CRAWL}, ''), {_FILE})",
        pa.string(),
        "Common Crawl snapshot, or the dump's file name",
    ),
    _column("url"),
    Column("date", f"strftime(article.fetched_at, {_DAY})", pa.string(), "time of the crawl"),
    Column("file_path", "article.dump", pa.string(), "path of the dump"),
    Column("language", _LANGUAGE, pa.string(), "language, ISO 639-3"),
    Column("language_score", "article.language_score", pa.float64(), "certainty of the language, 0 to 1"),
    Column("language_script", "'Arab'", pa.string(), "script, ISO 15924"),
    Column("minhash_cluster_size", _CLUSTER_SIZE.sql, pa.int64(), _CLUSTER_SIZE.meaning),
    Column(
        "top_langs",
        f"""'{{"' || {_LANGUAGE} || '_Arab_score": ' || article.language_score::DOUBLE::VARCHAR || '}}'""",
        pa.string(),
        "languages with their scores, as JSON; only the one that was found",
    ),
)


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of an export with these columns. Every column may be null, as other writers have it."""
    return pa.schema([pa.field(column.name, column.type) for column in columns])
