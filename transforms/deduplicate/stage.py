"""Deduplicate: exact copies are gone, near copies point to their original.

Copies are found by small `Reference`s (not the text), which are shuffled by digest and by MinHash band; verdicts then
meet the articles again by their place in the dump. The earliest copy wins, by publication and then by content, so the
result does not depend on workers or on the order of the input. What the dataset holds is earlier than anything new.
"""

import dataclasses
import functools
import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Optional

import apache_beam as beam
import numpy as np

from warraq.schemas.coders import register
from warraq.schemas.records import Article, Rejected
from warraq.transforms.dataset.dataset import read_table
from warraq.transforms.rejection import attempt, reject
from warraq.transforms.step import KEPT, REJECTED, Meter, Outputs, Refusal, StageTransform, route, tagged

STAGE: Final = "deduplicate"
MODES: Final = ("mark", "drop", "off")

_HASHES = 128  # estimates of Jaccard have a standard error of sqrt(J(1-J)/128) <= 0.044
_BANDS = 16
_ROWS = 5  # Jaccard 0.7 meets in a band with probability 1 - (1 - 0.7**5)**16 = 0.95, 0.8 with 0.998
_SHINGLE = 5  # words; as FineWeb and ArabicWeb24 use
_MAX_LEADERS = 100  # distinct texts compared within one band; a bucket of more is boilerplate


@dataclasses.dataclass(frozen=True)
class DuplicateRules:
    """What counts as a copy, and what is done with near ones."""

    near: str = dataclasses.field(default="mark", metadata={"help": "near copies: mark, drop or off", "choices": MODES})
    min_similarity: float = dataclasses.field(
        default=0.7, metadata={"help": "least Jaccard similarity of 5-word shingles that makes a near copy, 0..1"}
    )


class Reference(NamedTuple):
    """What is compared in place of an article."""

    order: str  # earlier copies sort first
    place: str  # dump and offset; empty for what the dataset holds already
    article_id: str
    text_digest: str
    sketch: bytes


class Verdict(NamedTuple):
    """Says that the article at a place is a copy of `original`."""

    reason: str  # duplicate or near_duplicate
    order: str  # of the original
    original: str  # its article_id


register(Reference, Verdict)

# Spellings that Arabic newsrooms vary freely: marks and tatweel go; hamza carriers, final ya and ta marbuta fold.
_FOLD: Final = {
    **dict.fromkeys([*range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, *range(0x6D6, 0x6EE), 0x640]),
    **str.maketrans("أإآٱىئةؤ", "اااايي\u0647و"),
    **{start + digit: str(digit) for start in (0x660, 0x6F0) for digit in range(10)},
}
_WORD = re.compile(r"\w+")


def fold(text: str) -> list[str]:
    """The words of `text` as copies are compared: without marks, case, punctuation or spelling variants."""
    return _WORD.findall(text.translate(_FOLD).casefold())


@functools.lru_cache(maxsize=1 << 15)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def _constants(salt: str, count: int) -> np.ndarray:
    digests = (hashlib.blake2b(f"{salt}{i}".encode(), digest_size=8).digest() for i in range(count))
    return np.frombuffer(b"".join(digests), dtype="<u8") | np.uint64(1)  # odd multipliers lose no bits


_POSITIONS: Final = _constants("position", _SHINGLE)
_MULTIPLIERS: Final = _constants("multiplier", _HASHES)
_OFFSETS: Final = _constants("offset", _HASHES)


def sketch(words: Sequence[str]) -> bytes:
    """The MinHash signature of the 5-word shingles: 128 little-endian 16-bit values, 256 bytes.

    The share of equal values estimates the Jaccard similarity of the shingle sets (Broder 1997). Stable across machines
    and Python versions. Costs 128 multiplications a word.
    """
    hashes = np.array([_word_hash(word) for word in words] or [0], dtype=np.uint64)
    if len(hashes) < _SHINGLE:
        hashes = np.resize(hashes, _SHINGLE)
    shingles = sum(hashes[i : len(hashes) - _SHINGLE + 1 + i] * _POSITIONS[i] for i in range(_SHINGLE))
    shingles = np.unique(shingles ^ (shingles >> np.uint64(29)))
    lowest = np.empty(_HASHES, dtype=np.uint64)
    for i in range(_HASHES):  # row by row: a whole 128 x words matrix would leave the processor's cache
        lowest[i] = (shingles * _MULTIPLIERS[i] + _OFFSETS[i]).min() >> np.uint64(16)
    return lowest.astype("<u2").tobytes()


def similarity(left: bytes, right: bytes) -> float:
    """Estimated Jaccard similarity of two sketches, 0..1."""
    return float(similarities(np.frombuffer(left, dtype="<u2")[np.newaxis], right)[0])


def similarities(sketches: np.ndarray, other: bytes) -> np.ndarray:
    """Estimated Jaccard similarity of each sketch, a row of 16-bit values, to another one, 0..1."""
    equal = sketches == np.frombuffer(other, dtype="<u2")
    return np.count_nonzero(equal, axis=1) / _HASHES


def band_keys(signature: bytes) -> list[bytes]:
    """Cuts a sketch into bands; two texts are compared if any band is equal.

    Source: Leskovec et al., Mining of Massive Datasets, ch. 3.
    """
    width = 2 * _ROWS
    return [bytes([band]) + signature[band * width : (band + 1) * width] for band in range(_BANDS)]


def identify(article: Article) -> Article:
    """Sets `text_digest`, `sketch` and `article_id`."""
    words = fold(article.text)
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()
    identity = f"{article.canonical_url}\n{digest}".encode()
    article_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return article._replace(article_id=article_id, text_digest=digest, sketch=sketch(words))


def place(article: Article) -> str:
    """Where the article lies, unique in a run."""
    return f"{article.source.dump}\n{article.source.dump_offset}"


def refer(article: Article) -> Reference:
    """The reference of an identified article: earliest publication first, then earliest fetch, then address."""
    hour = article.published_at.isoformat() if article.published_at else "~"  # a day alone comes after its hours
    order = "\n".join(
        [
            article.date.isoformat(),
            hour,
            article.source.fetch_time().isoformat(),
            article.source.url,
            f"{article.source.dump_offset:020d}",
        ]
    )
    return Reference(
        f"{order}\n{article.source.dump}", place(article), article.article_id, article.text_digest, article.sketch
    )


def read_references(path: str) -> list[Reference]:
    """The references of one file of `articles`. They sort before all that is new, by day."""
    table = read_table(path, ["article_id", "text_digest", "sketch"])
    day = next((folder for folder in path.split("/") if folder.startswith("date=")), "")
    return [Reference(f" {day} {row['article_id']}", "", **row) for row in table.to_pylist()]


def judge_exact(copies: Iterable[Reference]) -> tuple[Reference, list[tuple[str, Verdict]]]:
    """The earliest of references with equal text, and a verdict on each other one that is not in the dataset."""
    first, *later = sorted(copies)
    verdict = Verdict("duplicate", first.order, first.article_id)
    return first, [(copy.place, verdict) for copy in later if copy.place]


def judge_near(bucket: Iterable[Reference], min_similarity: float) -> Iterator[tuple[str, Verdict]]:
    """A verdict on each reference of one band that is like an earlier one which is itself not a copy there.

    Compares each reference with at most `_MAX_LEADERS` others, all at once: of pages that fill in one template, most
    meet in some band without being alike, and one by one took 22 times as long.
    """
    references = sorted(bucket)
    if len(references) < 2:  # most buckets
        return
    leaders: list[Reference] = []
    sketches = np.empty((min(_MAX_LEADERS, len(references)), _HASHES), dtype="<u2")  # of the leaders
    for reference in references:
        alike = similarities(sketches[: len(leaders)], reference.sketch) >= min_similarity
        first = int(alike.argmax()) if leaders else 0  # of equals argmax takes the first
        if leaders and alike[first]:
            if reference.place:
                yield reference.place, Verdict("near_duplicate", leaders[first].order, leaders[first].article_id)
        elif len(leaders) < _MAX_LEADERS:
            sketches[len(leaders)] = np.frombuffer(reference.sketch, dtype="<u2")
            leaders.append(reference)


def settle(article: Article, verdicts: Iterable[Verdict]) -> tuple[Article, Verdict | None]:
    """The article with `duplicate_of` set, and the verdict that decides: exact before near, earliest original first."""
    verdict = min(verdicts, default=None)  # "duplicate" sorts before "near_duplicate"
    return (article._replace(duplicate_of=verdict.original) if verdict else article), verdict


class Judged(NamedTuple):
    """An article, or a verdict on it: what `Deduplicate` brings together by the article's place."""

    article: Optional[Article] = None
    verdict: Optional[Verdict] = None


register(Judged)


class _IdentifyFn(beam.DoFn):
    """As StepFn, but an article that it keeps has not left the stage: `_SettleFn` counts it there."""

    def __init__(self) -> None:
        self._meter = Meter(STAGE)

    def process(self, article: Article) -> Iterator[Article | Refusal]:
        self._meter.came()
        start = time.perf_counter_ns()
        outcome = attempt(article, STAGE, functools.partial(identify, article))
        self._meter.took(time.perf_counter_ns() - start)
        if isinstance(outcome, Rejected):
            self._meter.left(outcome)
        yield tagged(outcome)


class _JudgeExactFn(beam.DoFn):
    SURVIVORS = "survivors"

    def process(self, group: tuple[str, Iterable[Reference]]) -> Iterator[Any]:
        first, verdicts = judge_exact(group[1])
        yield beam.pvalue.TaggedOutput(self.SURVIVORS, first)
        yield from ((place, Judged(verdict=verdict)) for place, verdict in verdicts)


class _SettleFn(beam.DoFn):
    """Joins articles with the verdicts on them; each leaves by exactly one door."""

    def __init__(self, drop_near: bool) -> None:
        self._drop_near = drop_near
        self._meter = Meter(STAGE)

    def process(self, judged: tuple[str, Iterable[Judged]]) -> Iterator[Article | Refusal]:
        found = [*judged[1]]
        verdicts = [one.verdict for one in found if one.verdict]
        for article in (one.article for one in found if one.article):
            settled, verdict = settle(article, verdicts)
            is_rejected = verdict and (verdict.reason == "duplicate" or self._drop_near)
            outcome = reject(article, STAGE, verdict.reason, verdict.original) if verdict and is_rejected else settled
            self._meter.left(outcome)
            yield tagged(outcome)


@dataclasses.dataclass
class Deduplicate(StageTransform):
    """Article → (Article, Rejected). Shuffles each text once, and about 16 references an article.

    `known` gives the references of what the dataset holds already.
    """

    rules: DuplicateRules = DuplicateRules()
    known: beam.PTransform | None = None

    def expand(self, articles: beam.PCollection) -> Outputs:
        identified = route(articles, "Identify", _IdentifyFn(), Article, Article)
        keyed = identified[KEPT] | "KeyByPlace" >> beam.Map(_by_place).with_output_types(tuple[str, Judged])
        # Not CoGroupByKey, which would send whole articles as pickles: its values have no type.
        judged = (keyed, self._verdicts(identified[KEPT])) | "JoinJudged" >> beam.Flatten()
        grouped = judged | "GroupByPlace" >> beam.GroupByKey()
        settle = _SettleFn(self.rules.near == "drop")
        settled = route(grouped, "Settle", settle, tuple[str, Iterable[Judged]], Article)
        rejected = (identified[REJECTED], settled[REJECTED]) | "JoinRejected" >> beam.Flatten()
        return {KEPT: settled[KEPT], REJECTED: rejected}

    def _verdicts(self, identified: beam.PCollection) -> beam.PCollection:
        """Place → Verdict, for each article that is a copy."""
        references = identified | "Refer" >> beam.Map(refer).with_output_types(Reference)
        if self.known is not None:
            known = identified.pipeline | "ReadKnown" >> self.known
            references = (references, known) | "JoinKnown" >> beam.Flatten()
        judged = (
            references
            | "KeyByDigest" >> beam.Map(_by_digest).with_output_types(tuple[str, Reference])
            | "GroupByDigest" >> beam.GroupByKey()
            | "JudgeExact"
            >> beam.ParDo(_JudgeExactFn())
            .with_output_types(tuple[str, Judged], **{_JudgeExactFn.SURVIVORS: Reference})
            .with_outputs(_JudgeExactFn.SURVIVORS, main="verdicts")
        )
        verdicts = [judged["verdicts"]]
        if self.rules.near != "off":
            verdicts.append(
                judged[_JudgeExactFn.SURVIVORS]
                | "KeyByBand" >> beam.FlatMap(_by_band).with_output_types(tuple[bytes, Reference])
                | "GroupByBand" >> beam.GroupByKey()
                | "JudgeNear"
                >> beam.FlatMap(_judge_band, self.rules.min_similarity).with_output_types(tuple[str, Judged])
            )
        return verdicts | "JoinVerdicts" >> beam.Flatten()


@dataclasses.dataclass
class ReadKnown(beam.PTransform):
    """→ Reference of every article in `files`, the dataset's own. Reads three columns, not the texts."""

    files: Sequence[str]

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        return (
            start
            | "Files" >> beam.Create(list(self.files)).with_output_types(str)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadReferences" >> beam.FlatMap(read_references).with_output_types(Reference)
        )


def _by_digest(reference: Reference) -> tuple[str, Reference]:
    return reference.text_digest, reference


def _by_place(article: Article) -> tuple[str, Judged]:
    return place(article), Judged(article)


def _by_band(reference: Reference) -> list[tuple[bytes, Reference]]:
    return [(key, reference) for key in band_keys(reference.sketch)]


def _judge_band(group: tuple[bytes, Iterable[Reference]], min_similarity: float) -> Iterator[tuple[str, Judged]]:
    for place, verdict in judge_near(group[1], min_similarity):
        yield place, Judged(verdict=verdict)
