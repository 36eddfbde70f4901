"""Graphs that are described once and run again and again, each time with other values.

Beam takes more processor time to describe the graph of an ingestion than to run it over a small dump. What differs from
run to run (the dumps, the run, the files of the index) is inside DoFns, which travel as pickles. Here a pickle has only
a reference to such a value, and the worker takes the newest value of that name when it unpickles the DoFn. So the
worker must be inside this process: one worker, one run at a time.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.options.pipeline_options_context import scoped_pipeline_options
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.runner import PipelineResult

from warraq.pipelines.local.runner import BoundedRunner

Value = TypeVar("Value")
_NEWEST: Final[dict[str, Any]] = {}


class Graphs:
    """The graphs that this process has described, by what decides their form."""

    def __init__(self) -> None:
        self._described: dict[Any, beam_runner_api_pb2.Pipeline] = {}

    def run(
        self,
        form: Any,
        values: Mapping[str, Any],
        transform: Callable[..., beam.PTransform],
        runner: BoundedRunner,
        options: PipelineOptions,
    ) -> PipelineResult:
        """Runs a transform on these values; returns when it is done.

        Args:
          form: hashable. A graph of an equal form is used again, so equal forms must differ in the values only.
          values: the arguments of `transform` by name: lists, named tuples and dataclasses.
          transform: makes the transform of the values. It may look at them only as far as `form` tells of them.
          runner: a new runner with one worker.
          options: those of the runner.
        """
        _NEWEST.update(values)
        if form not in self._described:
            pipeline = beam.Pipeline(runner=runner, options=options)
            pipeline | transform(**{name: referring(name, value) for name, value in values.items()})
            environment = runner._default_environment  # noqa: SLF001  (as the runner itself does)
            self._described[form] = pipeline.to_runner_api(default_environment=environment)
        graph = beam_runner_api_pb2.Pipeline()
        graph.CopyFrom(self._described[form])  # the runner changes it
        with scoped_pipeline_options(options):
            return runner.run_via_runner_api(graph, options)


def referring(name: str, value: Value) -> Value:
    """An equal value that is pickled as a reference to the newest value of that name."""
    kind: Any = type(value)
    own = type(kind.__name__, (kind,), {"__reduce_ex__": lambda _self, _protocol: (_newest, (name,))})
    if dataclasses.is_dataclass(value):
        return own(**{field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    return own(*value) if isinstance(value, tuple) else own(value)


def _newest(name: str) -> Any:
    return _NEWEST[name]
