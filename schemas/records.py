"""The records that flow: Page → Document → Article, and Rejected for whatever leaves early.

All are immutable NamedTuples. Times are aware `datetime`s in UTC. What may be missing is `Optional`: Beam takes
`X | None` for any Python object, and pickles it.
"""

import datetime as dt
from typing import Final, NamedTuple, Optional, TypeAlias

Sketch: TypeAlias = bytes  # see transforms/sketch.py


class Source(NamedTuple):
    """The origin of a page. The reader makes it, and every record carries it on."""

    url: str
    fetched_at: Optional[dt.datetime]  # None only in a rejection by the reader, of a record that states no time
    dump: str
    dump_offset: int  # byte offset of the record; ordinal number in formats without offsets
    bytes: int  # length of the page's content

    def fetch_time(self) -> dt.datetime:
        """`fetched_at` of a page that the reader kept, which always has one."""
        assert self.fetched_at is not None
        return self.fetched_at


class Stated(NamedTuple):
    """The facts about an article that its record states in a feed, beside its title: values as written, best first."""

    published: list[str] = []  # noqa: RUF012  (as in `Article`) dates of publication
    dated: list[str] = []  # noqa: RUF012  dates of fields such as `date`: mostly of publication
    modified: list[str] = []  # noqa: RUF012  dates of a later change
    authors: list[str] = []  # noqa: RUF012
    tags: list[str] = []  # noqa: RUF012
    section: Optional[str] = None
    site_name: Optional[str] = None
    description: Optional[str] = None
    image_url: Optional[str] = None


NOTHING_STATED: Final = Stated()


class Page(NamedTuple):
    """One crawled response as it lies in the dump: bytes, and what the dump says about them."""

    source: Source
    content: bytes  # the body, transfer and content encodings removed
    is_text: bool  # plain text (WET, .txt, JSON lines with `text`), not markup
    charset: Optional[str]  # as stated by HTTP or known from the format; a claim, not a fact
    title: Optional[str]  # only where the dump itself states one (JSON lines)
    stated: Stated = NOTHING_STATED  # the same for other facts
    opt_out: list[str] = []  # noqa: RUF012  of labels.OPT_OUTS: signals in the headers of the response


class Document(NamedTuple):
    """A page whose bytes have become text."""

    source: Source
    markup: str  # HTML, or plain text if `is_text`
    is_text: bool
    charset: str
    charset_source: str  # bom, http, meta, given or detected; in brackets the claims that the bytes refuted
    title: Optional[str]
    stated: Stated = NOTHING_STATED
    opt_out: list[str] = []  # noqa: RUF012  as in Page


class Entity(NamedTuple):
    """One mention. `start` and `end` are code points into Article.text, half-open."""

    text: str  # as written in the article
    kind: str  # one of labels.ENTITY_KINDS
    start: int
    end: int
    name: str  # canonical form: "لروسيا" and "روسيا" share one
    score: float  # 0..1, finite; not comparable between backends
    name_source: str = ""  # one of labels.NAME_SOURCES; empty until the names of the article are resolved
    role: Optional[str] = None  # of a person: the office, title or nationality beside this mention, as written
    role_start: Optional[int] = None  # its offsets, as `start` and `end`
    role_end: Optional[int] = None


class TopicScore(NamedTuple):
    """A topic's medtop code with the classifier's confidence."""

    code: str
    score: float  # 0..1


class Article(NamedTuple):
    """An extracted article. Stages fill it in order; a field is final once its stage is done."""

    source: Source
    canonical_url: str
    site: str  # registered domain by the Public Suffix List; the host where there is none
    title: Optional[str]
    text: str  # paragraphs separated by "\n"; final after CleanText
    published_at: Optional[dt.datetime]  # None if only the day is known
    date: dt.date  # day of publication as the reader saw it
    date_source: str  # one of labels.DATE_SOURCES
    site_name: Optional[str] = None
    description: Optional[str] = None
    section: Optional[str] = None
    image_url: Optional[str] = None
    authors: list[str] = []  # noqa: RUF012  (never changed in place; NamedTuple defaults are shared on purpose)
    tags: list[str] = []  # noqa: RUF012
    credit: Optional[str] = None  # the agency that the page credits
    words: int = 0
    language: str = ""
    language_score: float = 0.0
    article_id: str = ""  # 128-bit hex digest of canonical URL and text digest
    text_digest: str = ""  # 128-bit hex digest of the folded text: equal for exact copies
    sketch: Sketch = b""  # of the text, for finding near copies
    duplicate_of: Optional[str] = None  # article_id of the original of which this is a near copy
    copy_kind: Optional[str] = None  # one of labels.COPY_KINDS
    copy_share: Optional[float] = None  # of the words of the shorter of the two texts, 0..1: those that both have
    entities: list[Entity] = []  # noqa: RUF012
    tagger: str = ""
    topic: str = ""  # slug, one of labels.TOPIC_SLUGS
    topic_score: float = 0.0
    topics: list[TopicScore] = []  # noqa: RUF012
    classifier: str = ""
    charset: str = ""  # as in Document
    charset_source: str = ""  # as in Document
    opt_out: list[str] = []  # noqa: RUF012  of labels.OPT_OUTS, in their order
    license: Optional[str] = None  # SPDX id of a Creative Commons licence, or the address of another
    page_kind: str = ""  # one of labels.PAGE_KINDS
    extraction_source: str = ""  # one of labels.EXTRACTION_SOURCES
    extraction_score: Optional[float] = None  # 0..1, the chance that the text is right; None for texts without markup


class Rejected(NamedTuple):
    """A page that left early: why, and where in which dump it can be found again."""

    source: Source
    stage: str  # one of labels.STAGES
    reason: str  # one of labels.REASONS[stage], or labels.ERROR_REASON
    detail: str  # evidence in a few words; of a copy the article_id of the original
    site: Optional[str] = None  # this and the rest only of a copy
    title: Optional[str] = None
    published_at: Optional[dt.datetime] = None
    date: Optional[dt.date] = None
    copy_kind: Optional[str] = None
    copy_share: Optional[float] = None
