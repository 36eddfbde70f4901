"""The rules for copies, and the verdicts: the earliest copy is the original, exact copies go, near copies are linked.

Copies are found by a `SignatureRow` for each article, not by its text. The earliest publication wins, then the earliest
fetch, then the address. So the result does not depend on workers or on the order of the input. Articles that the
dataset holds are earlier than all new ones.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from warraq.schemas.records import Article
from warraq.transforms.dataset.data_files import read_table
from warraq.transforms.minhash import NUM_PERM, normalized_words, signature, similarities, values

MODES: Final = ("mark", "drop", "off")
EXACT: Final = "duplicate"
NEAR: Final = "near_duplicate"

_MAX_REPRESENTATIVES: Final = 100  # distinct texts compared within one band; a larger bucket is boilerplate


@dataclasses.dataclass(frozen=True)
class DuplicateRules:
    """The definition of a near copy, and what is done with it."""

    near: str = dataclasses.field(default="mark", metadata={"help": "near copies: mark, drop or off", "choices": MODES})
    min_similarity: float = dataclasses.field(
        default=0.7, metadata={"help": "least Jaccard similarity of 5-word n-grams that makes a near copy, 0..1"}
    )

    def __post_init__(self) -> None:
        if self.near not in MODES:
            raise ValueError(f"near_duplicates must be one of {', '.join(MODES)}, not {self.near!r}")
        if not 0 <= self.min_similarity <= 1:
            raise ValueError(f"deduplicate_min_similarity must be from 0 to 1, not {self.min_similarity}")


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
    signature: bytes


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


def read_signature_rows(path: str) -> list[SignatureRow]:
    """The signature rows of one file of `articles`, which precede those of all new articles."""
    table = read_table(path, ["article_id", "text_digest", "sketch"])
    day = next((folder for folder in path.split("/") if folder.startswith("date=")), "")
    return [
        SignatureRow(
            Precedence(is_new=False, day=day, is_timeless=False, address=row["article_id"]),
            "",
            row["article_id"],
            row["text_digest"],
            row["sketch"],
        )
        for row in table.to_pylist()
    ]


def judge_exact(copies: Iterable[SignatureRow]) -> tuple[SignatureRow, list[tuple[str, Verdict]]]:
    """The earliest of rows with equal text, and a verdict by record id on each other one that is new."""
    first, *later = sorted(copies)
    verdict = Verdict(EXACT, first.precedence, first.article_id)
    return first, [(copy.record_id, verdict) for copy in later if copy.record_id]


def judge_near(bucket: Iterable[SignatureRow], min_similarity: float) -> Iterator[tuple[str, Verdict]]:
    """A verdict by record id on each new row of one band that is similar to an earlier representative.

    A row is a representative if it is not similar to one before it. Each row is compared with at most 100
    representatives, in one operation. Pages that fill in one template often share a band without being similar; to
    compare their pairs one by one took 22 times as long.
    """
    rows = sorted(bucket)
    if len(rows) < 2:  # most buckets
        return
    representatives: list[SignatureRow] = []
    signatures = np.empty((min(_MAX_REPRESENTATIVES, len(rows)), NUM_PERM), dtype="<u2")  # of the representatives
    for row in rows:
        similar = similarities(signatures[: len(representatives)], row.signature) >= min_similarity
        first = int(similar.argmax()) if representatives else 0  # argmax gives the first of equal values
        if representatives and similar[first]:
            if row.record_id:
                original = representatives[first]
                yield row.record_id, Verdict(NEAR, original.precedence, original.article_id)
        elif len(representatives) < _MAX_REPRESENTATIVES:
            signatures[len(representatives)] = values(row.signature)
            representatives.append(row)


def deciding(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides: exact before near, then the earliest original. None without verdicts."""
    return min(verdicts, key=lambda verdict: (verdict.reason != EXACT, verdict.precedence), default=None)


def resolve(article: Article, verdicts: Iterable[Verdict]) -> tuple[Article, Verdict | None]:
    """The article with `duplicate_of` set, and the verdict that decides."""
    verdict = deciding(verdicts)
    return (article._replace(duplicate_of=verdict.original) if verdict else article), verdict
