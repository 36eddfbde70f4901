"""The one place where a page's failure becomes a row.

A stage is a pure function of one record. It returns a new record or raises `Rejection`; `StepFn` routes. Functions
under `StepFn` do no I/O, so whatever else they raise is the page's fault and costs that page one row with the reason
`error`. So does a record that can't be encoded: Beam would find that out later, outside of `StepFn`, and end the run.
What lies outside a page (storage, brokers, model files) must not be touched under `StepFn`: it is not caught, and the
runner retries it.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils.windowed_value import WindowedValue

import warraq.schemas.coders  # noqa: F401  (Beam learns how records travel)
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Article, Document, Page, Rejected
from warraq.schemas.sound import sound
from warraq.transforms.rejection import Rejection, attempt, describe, reject

__all__ = [
    "KEPT",
    "REJECTED",
    "BatchStepFn",
    "Moment",
    "Outputs",
    "Refusal",
    "Rejection",
    "StepFn",
    "counter",
    "describe",
    "reject",
    "route",
]

KEPT: Final = "kept"
REJECTED: Final = "rejected"
_BATCH: Final = 32  # articles
counter: Final = functools.cache(Metrics.counter)  # made once: that costs more than to count
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


class StepFn(beam.DoFn, Generic[In, Out]):
    """Applies one pure function; each record leaves by exactly one door, KEPT or REJECTED."""

    def __init__(self, stage: str, function: Callable[[In], Out]) -> None:
        self._stage = stage
        self._function: Callable[[In], Out] = function

    def process(self, record: In) -> Iterator[Out | Refusal]:
        self._count("pages_in")
        yield self._outcome(record, functools.partial(self._function, record))

    def _outcome(self, record: In, call: Callable[[], Out]) -> Out | Refusal:
        """What the call for a record gives, or the row that its failure leaves."""
        result = attempt(record, self._stage, call)
        if isinstance(result, Rejected):
            self._count(f"pages_rejected_{result.reason}")
            return beam.pvalue.TaggedOutput(REJECTED, result)
        self._count("pages_out")
        return result

    def _count(self, name: str) -> None:
        counter(self._stage, name).inc()


class Moment(NamedTuple):
    """The time and window in which a record came, for an outcome that is given later."""

    time: Any
    window: Any

    def place(self, outcome: Any) -> Any:
        """The outcome, which may be tagged, in this time and window."""
        if isinstance(outcome, beam.pvalue.TaggedOutput):
            return beam.pvalue.TaggedOutput(outcome.tag, self.place(outcome.value))
        return WindowedValue(outcome, self.time, (self.window,))


class BatchStepFn(beam.DoFn):
    """As StepFn, for a function of many articles at once, such as a model, which `make` gives once for each worker.

    Articles keep their own time and window (BatchElements would give all the time at which their window ends). A batch
    that breaks is done again article by article, so that only the one at fault costs a row.
    """

    def __init__(self, stage: str, make: Callable[[], Callable[[list[Article]], list[Article]]]) -> None:
        self._stage = stage
        self._make = make

    def setup(self) -> None:  # not caught: a missing model is no page's fault
        self._function = self._make()

    def start_bundle(self) -> None:
        self._waiting: list[tuple[Article, Moment]] = []

    def process(
        self, article: Article, time: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        counter(self._stage, "pages_in").inc()
        self._waiting.append((article, Moment(time, window)))
        if len(self._waiting) >= _BATCH:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._flush()

    def _flush(self) -> Iterator[Any]:
        waiting, self._waiting = self._waiting, []
        results = self._apply([article for article, _ in waiting])
        for (_, moment), result in zip(waiting, results, strict=True):
            is_kept = isinstance(result, Article)
            counter(self._stage, "pages_out" if is_kept else f"pages_rejected_{ERROR_REASON}").inc()
            yield moment.place(result if is_kept else beam.pvalue.TaggedOutput(REJECTED, result))

    def _apply(self, articles: list[Article]) -> list[Article | Rejected]:
        try:
            return [sound(article) for article in self._function(articles)]
        except MemoryError:  # as in `attempt`
            raise
        except Exception as error:  # noqa: BLE001  (as in `attempt`)
            if len(articles) == 1:
                return [reject(articles[0], self._stage, ERROR_REASON, describe(error))]
            return [result for article in articles for result in self._apply([article])]
