"""ExtractArticles: the Beam shell of extraction. The process that extracts imports neither this file nor Beam."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import apache_beam as beam

from warraq.schemas.records import Article, Document
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import Sandbox
from warraq.transforms.rejection import attempt
from warraq.transforms.step import Meter, Moment, Outputs, StageTransform, StepFn, route, tagged

_STAGE: Final = "extract"


class _Spares:
    """The sandboxes that wait in this process for its next run."""

    def __init__(self) -> None:
        self._are_kept = False
        self._waiting: list[Sandbox[Document, Article]] = []

    def take(self, function: Callable[[Document], Article], rules: ExtractRules) -> Sandbox[Document, Article]:
        """A sandbox for this function and these rules, a new one if none waits."""
        for number, sandbox in enumerate(self._waiting):
            if sandbox.serves(function, rules.timeout, rules.memory_mb):
                return self._waiting.pop(number)
        return Sandbox(function, rules.timeout, rules.memory_mb)

    def give_back(self, sandbox: Sandbox[Document, Article]) -> None:
        """Keeps a sandbox, or ends it; always if its last call was not finished."""
        if self._are_kept and sandbox.is_idle:
            self._waiting.append(sandbox)
        else:
            sandbox.close()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps sandboxes from run to run while the block runs: to start one takes a third of a second."""
        self._are_kept = True
        try:
            yield
        finally:
            self._are_kept = False
            while self._waiting:
                self._waiting.pop().close()


_SPARES: Final = _Spares()
sandboxes_kept: Final = _SPARES.kept


class _SandboxedFn(beam.DoFn):
    """As StepFn, for a function that runs in a sandbox. The sandbox ends with the worker, or waits for the next run.

    While the sandbox extracts one page, the worker reads the next.
    """

    def __init__(self, function: Callable[[Document], Article], rules: ExtractRules) -> None:
        self._function = function
        self._meter = Meter(_STAGE)
        self._rules = rules

    def setup(self) -> None:
        self._sandbox = _SPARES.take(self._function, self._rules)

    def start_bundle(self) -> None:
        self._submitted: tuple[Document, Moment] | None = None

    def process(
        self, document: Document, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        self._meter.came()
        yield from self._finish()
        self._sandbox.submit(document)
        self._submitted = (document, Moment(timestamp, window))

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._finish()

    def teardown(self) -> None:
        _SPARES.give_back(self._sandbox)

    def _finish(self) -> Iterator[Any]:
        """The outcome for the page that was submitted last; none if it is done."""
        if self._submitted is not None:
            document, moment = self._submitted
            self._submitted = None
            result = self._sandbox.result()  # its errors are not caught: no page is to blame
            self._meter.took(self._sandbox.took)
            outcome = attempt(document, _STAGE, result)
            self._meter.left(outcome)
            yield moment.place(tagged(outcome))


@dataclass
class ExtractArticles(StageTransform):
    """Document → (Article, Rejected)."""

    rules: ExtractRules = field(default_factory=ExtractRules)

    def expand(self, documents: beam.PCollection) -> Outputs:
        function = functools.partial(extract, rules=self.rules)
        fn = _SandboxedFn(function, self.rules) if self.rules.guard else StepFn(_STAGE, function)
        return route(documents, "Extract", fn, Document, Article)
