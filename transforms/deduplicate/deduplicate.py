"""The rules for copies, and the verdicts: the earliest copy is the original, exact copies go, near copies are linked.

Copies are found by a `SignatureRow` for each article, not by its text. The earliest publication wins, then the earliest
fetch, then the address. So the result does not depend on workers or on the order of the input. Articles that the
dataset holds are earlier than all new ones. Exact copies may be years apart, near copies no more days than the horizon.
"""

import bisect
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from warraq.schemas.records import Article
from warraq.transforms.minhash import NUM_PERM, normalized_words, signature, similarities, values

MODES: Final = ("mark", "drop", "off")
EXACT: Final = "duplicate"
NEAR: Final = "near_duplicate"
FORGOTTEN: Final = "forgotten"

_MAX_ORIGINALS: Final = 100  # compared with one article within one band; a larger bucket is boilerplate


@dataclasses.dataclass(frozen=True)
class DuplicateRules:
    """The definition of a near copy, and what is done with it."""

    near: str = dataclasses.field(default="mark", metadata={"help": "near copies: mark, drop or off", "choices": MODES})
    min_similarity: float = dataclasses.field(
        default=0.7, metadata={"help": "least Jaccard similarity of 5-word n-grams that makes a near copy, 0..1"}
    )
    horizon_days: int = dataclasses.field(
        default=30, metadata={"help": "most days between the dates of near copies; 0 for any number"}
    )

    def __post_init__(self) -> None:
        if self.near not in MODES:
            raise ValueError(f"near_duplicates must be one of {', '.join(MODES)}, not {self.near!r}")
        if not 0 <= self.min_similarity <= 1:
            raise ValueError(f"deduplicate_min_similarity must be from 0 to 1, not {self.min_similarity}")
        if self.horizon_days < 0:
            raise ValueError(f"deduplicate_horizon_days must be 0 or more, not {self.horizon_days}")


class Precedence(NamedTuple):
    """The order of copies; the smallest one belongs to the original."""

    is_new: bool  # articles that the dataset holds come first
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
    signature: bytes  # empty where a row is compared by its digest alone, and the digest where by its signature


class Verdict(NamedTuple):
    """The finding that an article is a copy of `original`."""

    reason: str  # EXACT or NEAR
    precedence: Precedence  # of the original
    original: str  # its article_id


def identify(article: Article) -> Article:
    """Sets `text_digest`, `sketch` (the signature) and `article_id`."""
    words = normalized_words(article.text)
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()
    identity = f"{article.canonical_url}\n{digest}".encode()
    article_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return article._replace(article_id=article_id, text_digest=digest, sketch=signature(words))


def record_id(article: Article) -> str:
    """Dump and offset of the article, unique in a run."""
    return f"{article.source.dump}\n{article.source.dump_offset}"


def signature_row(article: Article) -> SignatureRow:
    """The signature row of an identified article."""
    source, time = article.source, article.published_at
    precedence = Precedence(
        is_new=True,
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


def judge_near(
    bucket: Iterable[SignatureRow], min_similarity: float, horizon_days: int = 0
) -> Iterator[tuple[str, Verdict]]:
    """A verdict by record id on each new row of one band that is similar to an original within the horizon.

    Rows that the dataset holds are originals. A new row is one if it is not similar to an original before it. Each new
    row is compared with at most 100 originals of the dataset and 100 new ones, in one operation. Pages that fill in one
    template often share a band without being similar; to compare their pairs one by one took 22 times as long.
    """
    rows = sorted(bucket)
    if len(rows) < 2 or not rows[-1].record_id:  # most buckets
        return
    horizon = horizon_days or dt.date.max.toordinal()
    signatures = np.empty((len(rows), NUM_PERM), dtype="<u2")  # of the originals
    originals: list[SignatureRow] = []
    days: list[int] = []  # of the originals
    held = sum(not row.record_id for row in rows)
    for row in rows:
        day = dt.date.fromisoformat(row.precedence.day).toordinal()
        if row.record_id:
            first = bisect.bisect_left(days, day - horizon, 0, held)
            last = bisect.bisect_right(days, day + horizon, first, held)
            newest = bisect.bisect_left(days, day - horizon, held)
            compared = [*range(first, min(last, first + _MAX_ORIGINALS)), *range(newest, len(originals))]
            similar = similarities(signatures[compared], row.signature) >= min_similarity
            if similar.any():
                original = originals[compared[int(similar.argmax())]]  # argmax gives the first of equal values
                yield row.record_id, Verdict(NEAR, original.precedence, original.article_id)
                continue
            if len(originals) - newest >= _MAX_ORIGINALS:
                continue
        signatures[len(originals)] = values(row.signature)
        originals.append(row)
        days.append(day)


def deciding(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides: exact before near, then the earliest original. None without verdicts."""
    return min(verdicts, key=lambda verdict: (verdict.reason != EXACT, verdict.precedence), default=None)


def resolve(article: Article, verdicts: Iterable[Verdict]) -> tuple[Article, Verdict | None]:
    """The article with `duplicate_of` set, and the verdict that decides."""
    verdict = deciding(verdicts)
    return (article._replace(duplicate_of=verdict.original) if verdict else article), verdict
