"""ExtractArticles: the Beam shell of extraction. The process that extracts does without it, and without Beam."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import apache_beam as beam

from warraq.schemas.records import Article, Document
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import Guard
from warraq.transforms.rejection import attempt
from warraq.transforms.step import Meter, Moment, Outputs, StageTransform, StepFn, route, tagged

_STAGE: Final = "extract"


class _GuardedFn(beam.DoFn):
    """As StepFn, for a function that runs in a guarded process, started with the worker and ended with it.

    While that process extracts one page, the worker goes on to find the next.
    """

    def __init__(self, function: Callable[[Document], Article], rules: ExtractRules) -> None:
        self._function = function
        self._rules = rules
        self._meter = Meter(_STAGE)

    def setup(self) -> None:
        self._guard = Guard(self._function, self._rules.timeout, self._rules.memory_mb)

    def start_bundle(self) -> None:
        self._asked: tuple[Document, Moment] | None = None

    def process(
        self, document: Document, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        self._meter.came()
        yield from self._answer()
        self._guard.ask(document)
        self._asked = (document, Moment(timestamp, window))

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._answer()

    def teardown(self) -> None:
        self._guard.close()

    def _answer(self) -> Iterator[Any]:
        """The outcome for the page last asked for."""
        if self._asked is not None:
            document, moment = self._asked
            self._asked = None
            answer = self._guard.wait()  # not caught: what it raises is no page's fault
            outcome = attempt(document, _STAGE, answer)
            self._meter.left(outcome)
            yield moment.place(tagged(outcome))


@dataclass
class ExtractArticles(StageTransform):
    """Document → (Article, Rejected)."""

    rules: ExtractRules = field(default_factory=ExtractRules)

    def expand(self, documents: beam.PCollection[Document]) -> Outputs:
        function = functools.partial(extract, rules=self.rules)
        fn = _GuardedFn(function, self.rules) if self.rules.guard else StepFn(_STAGE, function)
        return route(documents, "Extract", fn, Document, Article)
