"""The rules for copies, and the verdicts: one of the copies is the original, exact copies go, near copies are linked.

Copies are found by a `SignatureRow` for each article, not by its text. The preferred article is the original, then the
earliest publication, the earliest fetch, the address. So the result does not depend on workers or on the order of the
input. Articles that the dataset holds come before all new ones. Exact copies may be years apart, near copies no more
days than the horizon.

There are no chains: each near copy is itself related to the original that it points to, and an original points to
nothing. An article that is related to copies only, and not to their original, is an original.
"""

import bisect
import collections
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from warraq.schemas.labels import COPY
from warraq.schemas.records import Article
from warraq.transforms.relation import MIN_SIMILARITY, relation
from warraq.transforms.sketch import is_current, normalized_words, number_key, sketch

MODES: Final = ("mark", "drop", "off")
EXACT: Final = "duplicate"
NEAR: Final = "near_duplicate"
FORGOTTEN: Final = "forgotten"
SITE_OPTED_OUT: Final = "site_opted_out"

EARLIEST: Final = "earliest"
LONGEST: Final = "longest"
AUTHOR: Final = "author"
_PREFERENCES: Final = (EARLIEST, LONGEST, AUTHOR)

_MAX_ORIGINALS: Final = 100  # compared with one article for one anchor; more share boilerplate


@dataclasses.dataclass(frozen=True)
class DuplicateRules:
    """The definition of a near copy, and what is done with it."""

    near: str = dataclasses.field(default="mark", metadata={"help": "near copies: mark, drop or off", "choices": MODES})
    min_similarity: float = dataclasses.field(
        default=MIN_SIMILARITY,
        metadata={"help": "least similarity of near copies, 0..1: by shared text, lead, title and days between them"},
    )
    horizon_days: int = dataclasses.field(
        default=30, metadata={"help": "most days between the dates of near copies; 0 for any number"}
    )
    prefer: str = dataclasses.field(
        default=EARLIEST,
        metadata={
            "help": "which of several new copies is the original: earliest, longest, author (one that names authors), "
            "or sites in order, joined by commas; then the earliest"
        },
    )

    def __post_init__(self) -> None:
        if self.near not in MODES:
            raise ValueError(f"near_duplicates must be one of {', '.join(MODES)}, not {self.near!r}")
        if not 0 <= self.min_similarity <= 1:
            raise ValueError(f"deduplicate_min_similarity must be from 0 to 1, not {self.min_similarity}")
        if self.horizon_days < 0:
            raise ValueError(f"deduplicate_horizon_days must be 0 or more, not {self.horizon_days}")
        if self.prefer not in _PREFERENCES and not all("." in site.strip() for site in self.prefer.split(",")):
            names = ", ".join(_PREFERENCES)
            raise ValueError(f"prefer must be one of {names}, or sites joined by commas, not {self.prefer!r}")

    def rank(self, article: Article) -> int:
        """The place of an article among its copies as far as `prefer` decides it; smaller is better."""
        if self.prefer == EARLIEST:
            return 0
        if self.prefer == LONGEST:
            return -len(article.text)
        if self.prefer == AUTHOR:
            return 0 if article.authors else 1
        sites = [site.strip() for site in self.prefer.split(",")]
        return sites.index(article.site) if article.site in sites else len(sites)


class Precedence(NamedTuple):
    """The order of copies; the smallest one belongs to the original."""

    is_new: bool  # articles that the dataset holds come first
    rank: int  # as the rules prefer
    day: str
    is_timeless: bool  # an article of which only the day is known follows those with a time
    time: str = ""
    fetched_at: str = ""
    address: str = ""  # URL; the article id for articles that the dataset holds
    dump_offset: int = 0
    dump: str = ""


class SignatureRow(NamedTuple):
    """The part of an article that is compared with others."""

    precedence: Precedence
    record_id: str  # dump and offset; empty for articles that the dataset holds
    article_id: str
    text_digest: str
    sketch: bytes  # empty where a row is compared by its digest alone, and the digest where by its sketch


class Verdict(NamedTuple):
    """The finding that an article is a copy of `original`."""

    reason: str  # EXACT or NEAR
    precedence: Precedence  # of the original
    original: str  # its article_id
    kind: str = COPY  # one of labels.COPY_KINDS
    share: float = 1.0
    original_record: str = ""  # its record id


class Link(NamedTuple):
    """The finding that the article of a record id is a copy."""

    copy: str
    verdict: Verdict


def identify(article: Article) -> Article:
    """Sets `text_digest`, `sketch` and `article_id`."""
    words = normalized_words(article.text)
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()
    identity = f"{article.canonical_url}\n{digest}".encode()
    article_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return article._replace(
        article_id=article_id, text_digest=digest, sketch=sketch(article.title, words, article.canonical_url)
    )


def record_id(article: Article) -> str:
    """Dump and offset of the article, unique in a run."""
    return f"{article.source.dump}\n{article.source.dump_offset}"


def signature_row(article: Article, rules: DuplicateRules | None = None) -> SignatureRow:
    """The signature row of an identified article."""
    source, time = article.source, article.published_at
    precedence = Precedence(
        is_new=True,
        rank=rules.rank(article) if rules else 0,
        day=article.date.isoformat(),
        is_timeless=time is None,
        time=time.isoformat() if time else "",
        fetched_at=source.fetch_time().isoformat(),
        address=source.url,
        dump_offset=source.dump_offset,
        dump=source.dump,
    )
    return SignatureRow(precedence, record_id(article), article.article_id, article.text_digest, article.sketch)


def judge_exact(copies: Iterable[SignatureRow]) -> tuple[SignatureRow, list[tuple[str, Verdict]]]:
    """The earliest of rows with equal text, and a verdict by record id on each other one that is new."""
    first, *later = sorted(copies)
    verdict = Verdict(EXACT, first.precedence, first.article_id)
    return first, [(copy.record_id, verdict) for copy in later if copy.record_id]


def judge_near(bucket: Iterable[SignatureRow], rules: DuplicateRules) -> Iterator[tuple[str, Verdict]]:
    """A verdict by record id on each new row of one anchor that is related to an original within the horizon.

    Rows that the dataset holds are originals. A new row is one, for this anchor, if it is related to no original before
    it. An anchor of more than 100 originals is boilerplate or a template: there a row is compared with those that have
    the same numbers, and with at most 100 of them. So the cost of a template that is filled in often is linear.
    """
    rows = sorted(bucket)
    if len(rows) < 2 or not rows[-1].record_id:  # most buckets
        return
    held = _Originals(row for row in rows if not row.record_id and is_current(row.sketch))
    new = _Originals()
    horizon = rules.horizon_days or dt.date.max.toordinal()
    for row in rows[bisect.bisect_left(rows, True, key=lambda row: row.precedence.is_new) :]:
        for original in (*held.near(row, horizon), *new.near(row, horizon)):
            days = abs(_day(row) - _day(original))
            if found := relation(original.sketch, row.sketch, days, rules.min_similarity):
                place = (original.precedence, original.article_id)
                yield row.record_id, Verdict(NEAR, *place, found.kind, found.share, original.record_id)
                break
        else:
            new.add(row)


class _Originals:
    """The originals of one anchor, in order."""

    def __init__(self, rows: Iterable[SignatureRow] = ()) -> None:
        self._rows: list[SignatureRow] = []
        self._alike: dict[bytes, list[SignatureRow]] | None = None  # by their numbers, once there are many
        for row in rows:
            self.add(row)

    def add(self, row: SignatureRow) -> None:
        self._rows.append(row)
        if self._alike is not None:
            self._alike[number_key(row.sketch)].append(row)

    def near(self, row: SignatureRow, horizon: int) -> list[SignatureRow]:
        """The originals, at most 100, with which a row is compared."""
        if len(self._rows) <= _MAX_ORIGINALS:
            return [one for one in self._rows if abs(_day(one) - _day(row)) <= horizon]
        if self._alike is None:
            self._alike = collections.defaultdict(list)
            for one in self._rows:
                self._alike[number_key(one.sketch)].append(one)
        alike = self._alike.get(number_key(row.sketch), [])
        return [one for one in alike[: 2 * _MAX_ORIGINALS] if abs(_day(one) - _day(row)) <= horizon][:_MAX_ORIGINALS]


def _day(row: SignatureRow) -> int:
    return dt.date.fromisoformat(row.precedence.day).toordinal()


def without_chains(record_id: str, links: Iterable[Link]) -> Iterator[Link]:
    """The links that stand, of those in which one article is the original or the copy.

    If it is the copy in one of them, those in which it is the original fall. The others come with their originals, too,
    and stand or fall there.
    """
    found = sorted(set(links))
    if not any(link.copy == record_id for link in found):
        yield from found


def deciding(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides: exact before near, then the earliest original. None without verdicts."""
    return min(verdicts, key=lambda verdict: (verdict.reason != EXACT, verdict.precedence), default=None)


def resolve(article: Article, verdicts: Iterable[Verdict]) -> tuple[Article, Verdict | None]:
    """The article with `duplicate_of` set, and the verdict that decides."""
    verdict = deciding(verdicts)
    if verdict is None:
        return article, None
    copy = article._replace(duplicate_of=verdict.original, copy_kind=verdict.kind, copy_share=verdict.share)
    return copy, verdict
