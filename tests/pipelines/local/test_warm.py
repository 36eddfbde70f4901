"""Graphs that are run again with other values."""

import dataclasses
from typing import NamedTuple

import apache_beam as beam
import pytest
from apache_beam.internal import pickler
from apache_beam.options.pipeline_options import PipelineOptions

from warraq.pipelines.local import warm
from warraq.pipelines.local.launch import local_runner
from warraq.pipelines.local.warm import Graphs, referring

LEFT = []  # what the pipelines of the tests leave: their worker is in this process


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass(frozen=True)
class Job:
    name: str


class _LeaveFn(beam.DoFn):
    def __init__(self, job, numbers):
        self._job, self._numbers = job, numbers

    def process(self, _):
        LEFT.append((self._job.name, *self._numbers))


@dataclasses.dataclass
class _Leave(beam.PTransform):
    job: Job
    numbers: list

    def expand(self, begin):
        return begin | beam.Impulse() | beam.ParDo(_LeaveFn(self.job, self.numbers))


def run(graphs, job, numbers):
    options = PipelineOptions([])
    graphs.run(
        "form", {"job": Job(job), "numbers": numbers}, _Leave, local_runner(options, 1, 0, is_apart=False), options
    )


def test_a_graph_that_is_run_again_has_the_new_values(monkeypatch):
    described = []
    monkeypatch.setattr(warm.beam, "Pipeline", lambda **more: described.append(1) or beam.pipeline.Pipeline(**more))
    LEFT.clear()
    graphs = Graphs()
    run(graphs, "first", [1, 2])
    run(graphs, "second", [3])
    run(graphs, "third", [])
    assert LEFT == [("first", 1, 2), ("second", 3), ("third",)]
    assert len(described) == 1


@pytest.mark.parametrize(("value", "newer"), [([1, 2], [3]), (Point(1, 2), Point(3, 4)), (Job("a"), Job("b"))])
def test_a_value_that_refers_is_equal_and_is_pickled_as_the_newest(value, newer):
    referred = referring("value", value)
    pickled = pickler.dumps(referred)
    warm._NEWEST["value"] = newer
    if dataclasses.is_dataclass(value):
        assert dataclasses.asdict(referred) == dataclasses.asdict(value)
    else:
        assert referred == value
    assert pickler.loads(pickled) == newer
