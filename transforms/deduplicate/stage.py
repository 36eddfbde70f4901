"""Deduplicate: exact copies are gone, near copies point to their original.

Each article is compared by its small `SignatureRow`, which is shuffled by text digest and by MinHash band. The verdicts
then meet the articles again by record id.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import apache_beam as beam
from apache_beam.metrics import Metrics

from warraq.schemas.coders import register
from warraq.schemas.records import Article
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
from warraq.transforms.deduplicate.minhash import band_keys
from warraq.transforms.step import KEPT, REJECTED, Outputs, Refusal, StepFn, reject

STAGE: Final = "deduplicate"

register(Precedence, SignatureRow, Verdict)


class _IdentifyFn(StepFn[Article, Article]):
    """Counts no `pages_out`: `_SettleFn` counts the articles that leave the stage."""

    def __init__(self) -> None:
        super().__init__(STAGE, identify)

    def _count(self, counter: str) -> None:
        if counter != "pages_out":
            super()._count(counter)


class _JudgeExactFn(beam.DoFn):
    SURVIVORS = "survivors"

    def process(self, group: tuple[str, Iterable[SignatureRow]]) -> Iterator[Any]:
        first, verdicts = judge_exact(group[1])
        yield beam.pvalue.TaggedOutput(self.SURVIVORS, first)
        yield from verdicts


class _SettleFn(beam.DoFn):
    """Joins articles with the verdicts on them; each leaves by exactly one door."""

    def __init__(self, drop_near: bool) -> None:
        self._drop_near = drop_near

    def process(self, joined: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Article | Refusal]:
        for article in joined[1]["articles"]:
            resolved, verdict = resolve(article, joined[1]["verdicts"])
            if verdict and (verdict.reason == EXACT or self._drop_near):
                Metrics.counter(STAGE, f"pages_rejected_{verdict.reason}").inc()
                yield beam.pvalue.TaggedOutput(REJECTED, reject(article, STAGE, verdict.reason, verdict.original))
            else:
                Metrics.counter(STAGE, "pages_out").inc()
                yield resolved


@dataclasses.dataclass
class Deduplicate(beam.PTransform):
    """Article → (Article, Rejected). Shuffles each text once, and about 17 signature rows for each article.

    `known` gives the signature rows of the articles that the dataset holds.
    """

    rules: DuplicateRules = dataclasses.field(default_factory=DuplicateRules)
    known: beam.PTransform | None = None

    def expand(self, articles: beam.PCollection) -> Outputs:
        identified = articles | "Identify" >> beam.ParDo(_IdentifyFn()).with_outputs(REJECTED, main=KEPT)
        verdicts = self._verdicts(identified[KEPT])
        joined = {
            "articles": identified[KEPT] | "KeyByPlace" >> beam.Map(_by_place).with_output_types(tuple[str, Article]),
            "verdicts": verdicts,
        }
        settled = (
            joined
            | "GroupByPlace" >> beam.CoGroupByKey()
            | "Settle" >> beam.ParDo(_SettleFn(self.rules.near == "drop")).with_outputs(REJECTED, main=KEPT)
        )
        rejected = (identified[REJECTED], settled[REJECTED]) | "JoinRejected" >> beam.Flatten()
        return {KEPT: settled[KEPT], REJECTED: rejected}

    def _verdicts(self, identified: beam.PCollection) -> beam.PCollection:
        """Record id → Verdict, for each article that is a copy."""
        rows = identified | "Refer" >> beam.Map(signature_row).with_output_types(SignatureRow)
        if self.known is not None:
            known = identified.pipeline | "ReadKnown" >> self.known
            rows = (rows, known) | "JoinKnown" >> beam.Flatten()
        judged = (
            rows
            | "KeyByDigest" >> beam.Map(_by_digest).with_output_types(tuple[str, SignatureRow])
            | "GroupByDigest" >> beam.GroupByKey()
            | "JudgeExact" >> beam.ParDo(_JudgeExactFn()).with_outputs(_JudgeExactFn.SURVIVORS, main="verdicts")
        )
        verdicts = [judged["verdicts"]]
        if self.rules.near != "off":
            verdicts.append(
                judged[_JudgeExactFn.SURVIVORS]
                | "KeyByBand" >> beam.FlatMap(_by_band).with_output_types(tuple[bytes, SignatureRow])
                | "GroupByBand" >> beam.GroupByKey()
                | "JudgeNear" >> beam.FlatMap(_judge_band, self.rules.min_similarity)
            )
        return verdicts | "JoinVerdicts" >> beam.Flatten().with_output_types(tuple[str, Verdict])


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


def _by_place(article: Article) -> tuple[str, Article]:
    return record_id(article), article


def _by_band(row: SignatureRow) -> list[tuple[bytes, SignatureRow]]:
    return [(key, row) for key in band_keys(row.signature)]


def _judge_band(group: tuple[bytes, Iterable[SignatureRow]], min_similarity: float) -> Iterator[tuple[str, Verdict]]:
    return judge_near(group[1], min_similarity)
