"""Deduplicate: exact copies are gone, near copies point to their original.

Each article is compared by its small `SignatureRow`, which is shuffled by text digest and by MinHash band. The verdicts
then meet the articles again by record id.
"""

import dataclasses
import functools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Optional

import apache_beam as beam

from warraq.schemas.coders import register
from warraq.schemas.records import Article, Rejected
from warraq.transforms.deduplicate.deduplicate import (
    EXACT,
    DuplicateRules,
    Precedence,
    SignatureRow,
    Verdict,
    identify,
    judge_exact,
    judge_near,
    read_signature_rows,
    record_id,
    resolve,
    signature_row,
)
from warraq.transforms.minhash import band_keys
from warraq.transforms.rejection import attempt, reject
from warraq.transforms.step import KEPT, REJECTED, Meter, Outputs, Refusal, StageTransform, route, tagged

STAGE: Final = "deduplicate"


class Judged(NamedTuple):
    """An article, or a verdict on it. `Deduplicate` groups them by record id."""

    article: Optional[Article] = None
    verdict: Optional[Verdict] = None


register(Precedence, SignatureRow, Verdict, Judged)


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

    def process(self, group: tuple[str, Iterable[SignatureRow]]) -> Iterator[Any]:
        first, verdicts = judge_exact(group[1])
        yield beam.pvalue.TaggedOutput(self.SURVIVORS, first)
        yield from ((copy, Judged(verdict=verdict)) for copy, verdict in verdicts)


class _SettleFn(beam.DoFn):
    """Joins articles with the verdicts on them. Each article leaves by exactly one output."""

    def __init__(self, drop_near: bool) -> None:
        self._drop_near = drop_near
        self._meter = Meter(STAGE)

    def process(self, judged: tuple[str, Iterable[Judged]]) -> Iterator[Article | Refusal]:
        found = [*judged[1]]
        verdicts = [one.verdict for one in found if one.verdict]
        for article in (one.article for one in found if one.article):
            resolved, verdict = resolve(article, verdicts)
            is_rejected = verdict and (verdict.reason == EXACT or self._drop_near)
            outcome = reject(article, STAGE, verdict.reason, verdict.original) if verdict and is_rejected else resolved
            self._meter.left(outcome)
            yield tagged(outcome)


@dataclasses.dataclass
class Deduplicate(StageTransform):
    """Article → (Article, Rejected). Shuffles each text once, and about 17 signature rows for each article.

    `known` gives the signature rows of the articles that the dataset holds.
    """

    rules: DuplicateRules = dataclasses.field(default_factory=DuplicateRules)
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
        """Record id → Judged, for each article that is a copy."""
        rows = identified | "Refer" >> beam.Map(signature_row).with_output_types(SignatureRow)
        if self.known is not None:
            known = identified.pipeline | "ReadKnown" >> self.known
            rows = (rows, known) | "JoinKnown" >> beam.Flatten()
        judged = (
            rows
            | "KeyByDigest" >> beam.Map(_by_digest).with_output_types(tuple[str, SignatureRow])
            | "GroupByDigest" >> beam.GroupByKey()
            | "JudgeExact"
            >> beam.ParDo(_JudgeExactFn())
            .with_output_types(tuple[str, Judged], **{_JudgeExactFn.SURVIVORS: SignatureRow})
            .with_outputs(_JudgeExactFn.SURVIVORS, main="verdicts")
        )
        verdicts = [judged["verdicts"]]
        if self.rules.near != "off":
            verdicts.append(
                judged[_JudgeExactFn.SURVIVORS]
                | "KeyByBand" >> beam.FlatMap(_by_band).with_output_types(tuple[bytes, SignatureRow])
                | "GroupByBand" >> beam.GroupByKey()
                | "JudgeNear"
                >> beam.FlatMap(_judge_band, self.rules.min_similarity).with_output_types(tuple[str, Judged])
            )
        return verdicts | "JoinVerdicts" >> beam.Flatten()


@dataclasses.dataclass
class ReadKnown(beam.PTransform):
    """→ SignatureRow of every article in `files`, the dataset's own. Reads three columns, not the texts."""

    files: Sequence[str]

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        return (
            start
            | "Files" >> beam.Create(list(self.files)).with_output_types(str)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadReferences" >> beam.FlatMap(read_signature_rows).with_output_types(SignatureRow)
        )


def _by_digest(row: SignatureRow) -> tuple[str, SignatureRow]:
    return row.text_digest, row


def _by_place(article: Article) -> tuple[str, Judged]:
    return record_id(article), Judged(article)


def _by_band(row: SignatureRow) -> list[tuple[bytes, SignatureRow]]:
    return [(key, row) for key in band_keys(row.signature)]


def _judge_band(group: tuple[bytes, Iterable[SignatureRow]], min_similarity: float) -> Iterator[tuple[str, Judged]]:
    for copy, verdict in judge_near(group[1], min_similarity):
        yield copy, Judged(verdict=verdict)
