"""The records that flow: Page → Document → Article, and Rejected for whatever leaves early.

All are immutable NamedTuples with a deterministic coder. Times are aware `datetime`s in UTC.
"""

import datetime as dt
from typing import Any, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.coders.coders import FastCoder
from apache_beam.typehints.schemas import LogicalType, NoArgumentLogicalType

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)

Sketch: TypeAlias = bytes  # a MinHash signature


@LogicalType.register_logical_type
class UtcMicros(NoArgumentLogicalType[dt.datetime, int]):
    """Encodes an aware datetime as microseconds since 1970 (Beam alone would pickle it)."""

    @classmethod
    def urn(cls) -> str:
        return "warraq:logical_type:utc_micros:v1"

    @classmethod
    def representation_type(cls) -> type[int]:
        return int

    @classmethod
    def language_type(cls) -> type[dt.datetime]:
        return dt.datetime

    def to_representation_type(self, value: dt.datetime) -> int:
        return (value - _EPOCH) // dt.timedelta(microseconds=1)

    def to_language_type(self, value: int) -> dt.datetime:
        return _EPOCH + dt.timedelta(microseconds=value)


class Page(NamedTuple):
    """One crawled response as it lies in the dump: bytes, and what the dump says about them."""

    url: str
    content: bytes  # the body, transfer and content encodings removed
    is_text: bool  # plain text (WET, .txt, JSON lines with `text`), not markup
    charset: str | None  # as stated by HTTP or known from the format; a claim, not a fact
    title: str | None  # only where the dump itself states one (JSON lines)
    fetched_at: dt.datetime
    dump: str
    dump_offset: int  # byte offset of the record; ordinal number in formats without offsets


class Document(NamedTuple):
    """A page whose bytes have become text."""

    url: str
    markup: str  # HTML, or plain text if `is_text`
    is_text: bool
    charset: str
    charset_source: str  # bom, http, meta, given or detected; in brackets the claims that the bytes refuted
    title: str | None
    fetched_at: dt.datetime
    dump: str
    dump_offset: int
    bytes: int  # length of the page's content


class Entity(NamedTuple):
    """One mention. `start` and `end` are code points into Article.text, half-open."""

    text: str  # as written in the article
    kind: str  # one of labels.ENTITY_KINDS
    start: int
    end: int
    name: str  # canonical form: "لروسيا" and "روسيا" share one
    score: float  # 0..1, finite; not comparable between backends


class TopicScore(NamedTuple):
    """A topic's medtop code with the classifier's confidence."""

    code: str
    score: float  # 0..1


class Article(NamedTuple):
    """An extracted article. Stages fill it in order; a field is final once its stage is done."""

    url: str
    canonical_url: str
    site: str  # registered domain by the Public Suffix List; the host where there is none
    title: str | None
    text: str  # paragraphs separated by "\n"; final after CleanText
    published_at: dt.datetime | None  # None if only the day is known
    date: dt.date  # day of publication as the reader saw it
    date_source: str  # one of labels.DATE_SOURCES
    fetched_at: dt.datetime
    dump: str
    dump_offset: int
    bytes: int
    site_name: str | None = None
    description: str | None = None
    section: str | None = None
    image_url: str | None = None
    authors: list[str] = []  # noqa: RUF012  (never changed in place; NamedTuple defaults are shared on purpose)
    tags: list[str] = []  # noqa: RUF012
    credit: str | None = None  # the agency that the page credits
    words: int = 0
    language: str = ""
    language_score: float = 0.0
    article_id: str = ""  # 128-bit hex digest of canonical URL and text digest
    text_digest: str = ""  # 128-bit hex digest of the folded text: equal for exact copies
    sketch: Sketch = b""  # of the text, for finding near copies
    duplicate_of: str | None = None  # article_id of the earliest near copy
    entities: list[Entity] = []  # noqa: RUF012
    tagger: str = ""
    topic: str = ""  # slug, one of labels.TOPIC_SLUGS
    topic_score: float = 0.0
    topics: list[TopicScore] = []  # noqa: RUF012
    classifier: str = ""
    charset: str = ""  # as in Document
    charset_source: str = ""  # as in Document


class Rejected(NamedTuple):
    """A page that left early: why, and where in which dump it can be found again."""

    url: str
    dump: str
    dump_offset: int
    stage: str  # one of labels.STAGES
    reason: str  # one of labels.REASONS[stage], or labels.ERROR_REASON
    detail: str  # evidence in a few words
    bytes: int  # length of the page's content
    fetched_at: dt.datetime | None


class RecordCoder(FastCoder):
    """Encodes a record by its fields, as RowCoder does, and travels to workers as the record's class.

    RowCoder itself travels as a schema, and a worker that has not imported this module yet knows no `UtcMicros`.
    """

    def __init__(self, record: type) -> None:
        self._record = record
        self._row = beam.coders.RowCoder.from_type_hint(record, beam.coders.registry)

    @classmethod
    def from_type_hint(cls, record: type, _registry: Any) -> "RecordCoder":
        return cls(record)

    def _create_impl(self) -> Any:
        return self._row.get_impl()

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type:
        return self._record

    def __reduce__(self) -> tuple[type, tuple[type]]:
        return RecordCoder, (self._record,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordCoder) and self._record is other._record

    def __hash__(self) -> int:
        return hash(self._record)


def register(*records: type) -> None:
    """Makes Beam encode the records, and those nested in them, by their fields."""
    for record in records:
        beam.coders.registry.register_coder(record, RecordCoder)


register(Page, Document, Entity, TopicScore, Article, Rejected)
