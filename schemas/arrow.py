"""The three tables on disk: Arrow schemas, partition columns, and the rows that records become.

The schemas only grow. `SCHEMA_VERSION` is written into every file and table; older files stay readable.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from warraq.schemas.records import Article, Rejected

# 2: loads. 3: name_source, page_kind, extraction_source and extraction_score.
# 4: opt_out, license, the role beside a person, kinds and shares of copies, and sketches by which cut texts are found.
# A dataset of an older version is upgraded by the first run that writes to it.
SCHEMA_VERSION: Final = 4

_METADATA: Final = {b"warraq.schema_version": str(SCHEMA_VERSION).encode()}
_TIME: Final = pa.timestamp("us", tz="UTC")

ENTITY: Final = pa.struct(
    [
        ("text", pa.string()),
        ("kind", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("name", pa.string()),
        ("score", pa.float32()),
        ("name_source", pa.string()),  # null in files of schema 1 and 2
        ("role", pa.string()),  # this and the rest null in files of schema 1 to 3, and where nothing was seen
        ("role_start", pa.int32()),
        ("role_end", pa.int32()),
    ]
)
TOPIC: Final = pa.struct([("code", pa.string()), ("score", pa.float32())])
DUMP: Final = pa.struct(
    [("dump", pa.string()), ("format", pa.string()), ("size", pa.int64()), ("fingerprint", pa.string())]
)
BEGINNING: Final = pa.struct(  # of one of the dumps: what tells its later states, if the file grows
    [
        ("dump", pa.string()),
        ("beginning", pa.string()),  # see transforms/read/discover.py
        ("after", pa.string()),  # fingerprint of the dump that it continues: only what follows was read
        ("after_load", pa.string()),  # the load of that dump
    ]
)
COPY: Final = pa.struct([("dump", pa.string()), ("fingerprint", pa.string())])
# A row of `rejected` that went, without its address: the record was cut then, and is whole now.
TAKEN_BACK: Final = pa.struct(
    [
        ("by", pa.string()),  # the dump of this run that has the whole record
        ("load_id", pa.string()),  # this and the rest as in the row
        ("run_id", pa.string()),
        ("dump", pa.string()),
        ("dump_offset", pa.int64()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("bytes", pa.int64()),
        ("fetched_at", _TIME),
    ]
)
FAILURE: Final = pa.struct(
    [
        ("dump", pa.string()),
        ("load_id", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("failures", pa.int32()),  # of this load until then, this one included
    ]
)
LEDGER_ENTRY: Final = pa.struct(
    [
        ("dump", pa.string()),
        ("door", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("pages", pa.int64()),
    ]
)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


ARTICLES: Final = pa.schema(
    [
        _required("article_id", pa.string()),
        _required("url", pa.string()),
        _required("canonical_url", pa.string()),
        _required("site", pa.string()),
        pa.field("site_name", pa.string()),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("section", pa.string()),
        pa.field("image_url", pa.string()),
        _required("authors", pa.list_(pa.string())),
        _required("tags", pa.list_(pa.string())),
        _required("text", pa.string()),
        _required("words", pa.int32()),
        pa.field("published_at", _TIME),
        _required("date", pa.date32()),
        _required("date_source", pa.string()),
        _required("fetched_at", _TIME),
        _required("language", pa.string()),
        _required("language_score", pa.float32()),
        pa.field("credit", pa.string()),
        _required("entities", pa.list_(ENTITY)),
        _required("topic", pa.string()),
        _required("topic_score", pa.float32()),
        _required("topics", pa.list_(TOPIC)),
        pa.field("duplicate_of", pa.string()),
        pa.field("copy_kind", pa.string()),  # this and the next are null in files of schema 1 to 3
        pa.field("copy_share", pa.float32()),
        _required("dump", pa.string()),
        _required("dump_offset", pa.int64()),
        pa.field("charset", pa.string()),
        pa.field("charset_source", pa.string()),
        _required("warraq_version", pa.string()),
        _required("tagger", pa.string()),
        _required("classifier", pa.string()),
        # What later runs need to find copies of this article without reading its text.
        _required("text_digest", pa.string()),
        _required("sketch", pa.binary()),
        pa.field("load_id", pa.string()),  # see transforms/dataset/loads.py; null in files of schema 1
        # Null in files of schema 1 to 3.
        pa.field("opt_out", pa.list_(pa.string())),  # null if there is no signal
        pa.field("license", pa.string()),
        # The rest is null in files of schema 1 and 2.
        pa.field("page_kind", pa.string()),
        pa.field("extraction_source", pa.string()),
        pa.field("extraction_score", pa.float32()),  # null for texts without markup, too
    ],
    metadata=_METADATA,
)
REJECTED: Final = pa.schema(
    [
        _required("url", pa.string()),
        _required("dump", pa.string()),
        _required("dump_offset", pa.int64()),
        _required("stage", pa.string()),
        _required("reason", pa.string()),
        _required("detail", pa.string()),
        _required("bytes", pa.int64()),
        pa.field("fetched_at", _TIME),
        _required("run_id", pa.string()),
        pa.field("load_id", pa.string()),  # null in files of schema 1
        # The rest is of copies only, and null in files of schema 1 to 3.
        pa.field("site", pa.string()),
        pa.field("title", pa.string()),
        pa.field("published_at", _TIME),
        pa.field("date", pa.date32()),
        pa.field("copy_kind", pa.string()),
        pa.field("copy_share", pa.float32()),
    ],
    metadata=_METADATA,
)
RUNS: Final = pa.schema(
    [
        _required("run_id", pa.string()),
        _required("recipe", pa.string()),  # digest of options and version: with the dump, it decides the rows
        _required("options", pa.string()),  # the same, as JSON
        _required("warraq_version", pa.string()),
        _required("runner", pa.string()),
        _required("started_at", _TIME),
        _required("committed_at", _TIME),
        _required("dumps", pa.list_(DUMP)),
        _required("ledger", pa.list_(LEDGER_ENTRY)),
        # The rest is null in files of schema 1.
        pa.field("failed", pa.list_(FAILURE)),  # dumps that were left out
        pa.field("beginnings", pa.list_(BEGINNING)),  # one for each of `dumps`
        pa.field("copies", pa.list_(COPY)),  # files that were not read: a dump of the dataset has the same bytes
        pa.field("taken_back", pa.list_(TAKEN_BACK)),  # refusals of earlier loads that this run has made good
    ],
    metadata=_METADATA,
)

FORGOTTEN: Final = pa.schema(  # no text and no address: an address is known again by its digest
    [
        _required("operation_id", pa.string()),
        _required("forgotten_at", _TIME),
        _required("table", pa.string()),  # of the row that was taken out; empty for a rule, which has no row
        pa.field("article_id", pa.string()),
        pa.field("text_digest", pa.string()),
        _required("url_digests", pa.list_(pa.string())),
        pa.field("site", pa.string()),  # only of a rule: the whole site is kept out
        pa.field("load_id", pa.string()),
        pa.field("dump", pa.string()),
        pa.field("dump_offset", pa.int64()),
    ],
    metadata=_METADATA,
)
# The index of `articles`, by which later runs find copies. Its folders say how the rows in them are sorted.
SIGNATURES: Final = pa.schema(
    [
        _required("text_digest", pa.string()),
        _required("article_id", pa.string()),
        _required("date", pa.date32()),
        pa.field("load_id", pa.string()),
        _required("part", pa.string()),
        pa.field("sketch", pa.binary()),  # null for a near copy, and where rows are found by digest
    ],
    metadata=_METADATA,
)

TABLES: Final[Mapping[str, pa.Schema]] = {
    "articles": ARTICLES,
    "rejected": REJECTED,
    "signatures": SIGNATURES,
    "forgotten": FORGOTTEN,
    "runs": RUNS,
}
RUN_TABLES: Final = ("articles", "rejected", "runs")  # each run commits to all of them
PARTITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "articles": ("date", "topic"),
    "rejected": ("stage",),
    "signatures": ("part",),
    "forgotten": (),
    "runs": (),
}
# Rows of a data file are sorted by these columns, nulls last.
ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "articles": ("site", "published_at", "article_id", "dump", "dump_offset"),
    "rejected": ("dump", "dump_offset", "url", "reason", "detail"),
    "signatures": ("text_digest", "article_id", "date"),  # by month `date` is the first
    "forgotten": ("forgotten_at", "operation_id", "table", "dump", "dump_offset", "article_id", "site"),
    "runs": ("committed_at", "run_id"),
}


def article_row(article: Article, version: str, load_id: str | None = None) -> dict[str, Any]:
    """One row of `articles`; `version` is Warraq's own."""
    fields = {**article.source._asdict(), **article._asdict()}
    fields["entities"] = [entity._asdict() for entity in article.entities]
    fields["topics"] = [topic._asdict() for topic in article.topics]
    fields |= {"warraq_version": version, "load_id": load_id, "opt_out": article.opt_out or None}
    return {name: fields[name] for name in ARTICLES.names}


def rejected_row(rejected: Rejected, run_id: str, load_id: str | None = None) -> dict[str, Any]:
    """One row of `rejected`."""
    fields = {**rejected.source._asdict(), **rejected._asdict(), "run_id": run_id, "load_id": load_id}
    return {name: fields[name] for name in REJECTED.names}


def file_schema(table: str) -> pa.Schema:
    """The columns that a file of `table` has: all but the partition columns, which live in the path."""
    schema = TABLES[table]
    return pa.schema([field for field in schema if field.name not in PARTITIONS[table]], metadata=schema.metadata)


def file_table(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The rows as a file of `table` holds them."""
    return pa.Table.from_pylist(list(rows), schema=file_schema(table))
