"""The Beam side of a stage: DoFns that turn a page's failure into a row, typed outputs, and metrics.

A stage is a pure function of one record. It returns a new record or raises `Rejection`, and `StepFn` sends the result
to the right output. Functions under `StepFn` do no I/O, so any other exception is the page's fault: it costs that
page one row with the reason `error`. A record that can't be encoded costs one too; Beam would notice it later,
outside of `StepFn`, and end the run. Storage, brokers and model files must not be used under `StepFn`: their errors
are not caught, and the runner tries again.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils.windowed_value import WindowedValue

import warraq.schemas.coders  # noqa: F401  (Beam learns how records travel)
from warraq.schemas.encodable import make_encodable
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Article, Document, Page, Rejected
from warraq.transforms.rejection import Rejection, attempt, describe, reject

__all__ = [
    "KEPT",
    "REJECTED",
    "BatchStepFn",
    "Meter",
    "Moment",
    "Outputs",
    "Refusal",
    "Rejection",
    "StageTransform",
    "StepFn",
    "describe",
    "reject",
    "route",
    "tagged",
]

KEPT: Final = "kept"
REJECTED: Final = "rejected"
_BATCH: Final = 32  # articles
counter: Final = functools.cache(Metrics.counter)  # made once: that costs more than to count
distribution: Final = functools.cache(Metrics.distribution)
Refusal: TypeAlias = beam.pvalue.TaggedOutput[Literal["rejected"], Rejected]
Outputs: TypeAlias = Any  # what a stage's `expand` gives: PCollections by name, KEPT and REJECTED


def route(records: beam.PCollection, label: str, fn: beam.DoFn, before: type, after: type) -> Outputs:
    """The outputs of a DoFn that keeps or rejects each record: KEPT holds `after`, REJECTED holds Rejected.

    All three are typed, so a flow in the wrong order fails when it is built, and records travel in our coder.

    Raises:
      TypeCheckError: `records` holds another type than `before`.
    """
    step = beam.ParDo(fn).with_input_types(before).with_output_types(after, rejected=Rejected)
    return records | label >> step.with_outputs(REJECTED, main=KEPT)


In = TypeVar("In", Page, Document, Article)
Out = TypeVar("Out", Page, Document, Article)


class StageTransform(beam.PTransform):
    """The PTransform of a stage, a dataclass. Runners that show display data show its rules and backend."""

    def display_data(self) -> dict[str, Any]:
        given = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.repr}
        rules = given.pop("rules", None)
        shown = {**given, **(dataclasses.asdict(rules) if rules else {})}
        return {name: value for name, value in shown.items() if isinstance(value, (str, int, float))}


class Meter:
    """The metrics of one stage, in its namespace. Every runner shows them; `warraq ingest --timings` prints them.

    Counters `pages_in`, `pages_out` and `pages_rejected_REASON`; distributions `step_usec`, the microseconds that a
    record takes (Beam's distributions hold whole numbers, and most steps take less than a millisecond), and `size`,
    the bytes of a page or the characters of a document or article that leaves.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def count(self, name: str, number: int = 1) -> None:
        """Adds to a counter."""
        counter(self._stage, name).inc(number)

    def came(self) -> None:
        """A record came to the stage."""
        self.count("pages_in")

    def took(self, nanoseconds: int) -> None:
        """A record took so much work."""
        distribution(self._stage, "step_usec").update(nanoseconds // 1000)

    def left(self, outcome: Page | Document | Article | Rejected) -> None:
        """A record left the stage, in whatever form."""
        if isinstance(outcome, Rejected):
            self.count(f"pages_rejected_{outcome.reason}")
        else:
            self.count("pages_out")
            distribution(self._stage, "size").update(size_of(outcome))


def size_of(record: Page | Document | Article) -> int:
    """The bytes of a page, or the characters of a document or article."""
    if isinstance(record, Article):
        return len(record.text)
    return len(record.content if isinstance(record, Page) else record.markup)


def tagged(outcome: Out | Rejected) -> Out | Refusal:
    """The outcome as a DoFn yields it: a rejection goes to the output REJECTED."""
    return beam.pvalue.TaggedOutput(REJECTED, outcome) if isinstance(outcome, Rejected) else outcome


class StepFn(beam.DoFn, Generic[In, Out]):
    """Applies one pure function. Each record goes to exactly one output, KEPT or REJECTED."""

    def __init__(self, stage: str, function: Callable[[In], Out]) -> None:
        self._stage = stage
        self._meter = Meter(stage)
        self._function: Callable[[In], Out] = function

    def process(self, record: In) -> Iterator[Out | Refusal]:
        self._meter.came()
        start = time.perf_counter_ns()
        outcome = attempt(record, self._stage, functools.partial(self._function, record))
        self._meter.took(time.perf_counter_ns() - start)
        self._meter.left(outcome)
        yield tagged(outcome)


class Moment(NamedTuple):
    """The timestamp and window in which a record came, for an outcome that is given later."""

    timestamp: Any
    window: Any

    def place(self, outcome: Any) -> Any:
        """The outcome, which may be tagged, in this time and window."""
        if isinstance(outcome, beam.pvalue.TaggedOutput):
            return beam.pvalue.TaggedOutput(outcome.tag, self.place(outcome.value))
        return WindowedValue(outcome, self.timestamp, (self.window,))


class BatchStepFn(beam.DoFn):
    """As StepFn, for a function of many articles at once, such as a model, which `make` gives once for each worker.

    Articles keep their own time and window (BatchElements would give all the time at which their window ends). A batch
    that breaks is done again article by article, so that only the one at fault costs a row.
    """

    def __init__(self, stage: str, make: Callable[[], Callable[[list[Article]], list[Article]]]) -> None:
        self._stage = stage
        self._meter = Meter(stage)
        self._make = make

    def setup(self) -> None:  # not caught: a missing model is no page's fault
        self._function = self._make()

    def start_bundle(self) -> None:
        self._waiting: list[tuple[Article, Moment]] = []

    def process(
        self, article: Article, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        self._meter.came()
        self._waiting.append((article, Moment(timestamp, window)))
        if len(self._waiting) >= _BATCH:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._flush()

    def _flush(self) -> Iterator[Any]:
        waiting, self._waiting = self._waiting, []
        start = time.perf_counter_ns()
        results = self._apply([article for article, _ in waiting])
        each = (time.perf_counter_ns() - start) // max(1, len(results))
        for (_, moment), result in zip(waiting, results, strict=True):
            self._meter.took(each)
            self._meter.left(result)
            yield moment.place(tagged(result))

    def _apply(self, articles: list[Article]) -> list[Article | Rejected]:
        try:
            return [make_encodable(article) for article in self._function(articles)]
        except MemoryError:  # as in `attempt`
            raise
        except Exception as error:  # noqa: BLE001  (as in `attempt`)
            if len(articles) == 1:
                return [reject(articles[0], self._stage, ERROR_REASON, describe(error))]
            return [result for article in articles for result in self._apply([article])]
