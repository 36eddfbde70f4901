"""What the guard of ExtractArticles costs, beside Beam's own subprocess and no guard at all.

    python benchmarks/guard.py

Every way gets elements of 4 kB or 300 kB in one Beam pipeline and gives back their first 4 kB, as an article is a small
part of its page. The cost of an element is what many elements take longer than few: starting a pipeline and its
processes is not in it. Medians of three interleaved rounds, on FnApiRunner, wall-clock time. Then what a page costs
that hangs, crashes or eats memory, under the default rules: until its verdict, and until the page after it is done.
"""

import importlib
import itertools
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from transforms.extract import ExtractRules
from transforms.extract.guard import Guard
from transforms.step import Rejection

FEW = 100  # elements
MANY = {4_000: 20_000, 300_000: 2_000}  # bytes of an element → elements, enough for seconds of work
ROUNDS = 3
RULES = ExtractRules()
ARABIC = "خبر "


def markup(size: int) -> str:
    """Arabic text of `size` bytes in UTF-8."""
    return ARABIC * (size // len(ARABIC.encode()))


def beginning(text: str) -> str:
    return text[:2000]


class CallFn(beam.DoFn):
    """Calls the trivial function."""

    def process(self, text: str) -> Iterator[str]:
        yield beginning(text)


class GuardedFn(beam.DoFn):
    """Calls it under our guard, kept as ExtractArticles keeps it."""

    def setup(self) -> None:
        self._guard: Guard[str, str] = Guard(beginning, RULES.timeout, RULES.memory_mb)

    def process(self, text: str) -> Iterator[str]:
        self._guard.get_ready()
        yield self._guard(text)

    def teardown(self) -> None:
        self._guard.close()


WAYS: dict[str, Callable[[], Any]] = {
    "ParDo, no guard": lambda: beam.ParDo(CallFn()),
    "Guard": lambda: beam.ParDo(GuardedFn()),
    "Beam, use_subprocess": lambda: beam.ParDo(CallFn()).with_exception_handling(
        use_subprocess=True, timeout=RULES.timeout
    ),
}


def seconds(way: Callable[[], Any], size: int, count: int) -> float:
    """Wall-clock seconds of a pipeline of `count` elements."""
    began = time.perf_counter()
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    _ = pipeline | beam.Create([size] * count, reshuffle=False) | "Make" >> beam.Map(markup) | "Call" >> way()
    pipeline.run().wait_until_finish()
    return time.perf_counter() - began


def milliseconds(size: int) -> dict[str, float]:
    """Milliseconds an element, by way."""
    spent: dict[tuple[str, int], list[float]] = {case: [] for case in itertools.product(WAYS, (FEW, MANY[size]))}
    for _, (name, count) in itertools.product(range(ROUNDS), spent):
        spent[name, count].append(seconds(WAYS[name], size, count))
    medians = {case: statistics.median(times) for case, times in spent.items()}
    more = MANY[size] - FEW
    return {name: 1000 * (medians[name, MANY[size]] - medians[name, FEW]) / more for name in WAYS}


def misbehave(how: str) -> str:
    """What hostile markup may make of a parser, one way after the other."""
    if how == "endless loop":
        while True:
            pass
    if how == "segmentation fault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "memory bomb":
        return "".join(["x" * 2**24 for _ in itertools.count()])
    return how


def fate(guard: Guard[str, str], how: str) -> tuple[str, float, float]:
    """The verdict on a page, seconds until it, and until the next page is done."""
    began = time.perf_counter()
    try:
        verdict = guard(how)
    except Rejection as rejection:
        verdict = f"{rejection.reason}: {rejection.detail}"
    judged = time.perf_counter()
    guard("a sound page")
    return verdict, judged - began, time.perf_counter() - began


def main() -> None:
    costs = {size: milliseconds(size) for size in MANY}
    print(f"{'ms an element':24}" + "".join(f"{size // 1000:6} kB    over" for size in MANY))
    for name in WAYS:
        cells = (f"{cost[name]:9.3f}{cost[name] - cost['ParDo, no guard']:8.3f}" for cost in costs.values())
        print(f"{name:24}{''.join(cells)}")
    guard = Guard(misbehave, RULES.timeout, RULES.memory_mb)
    guard.get_ready()
    print(f"\n{'seconds':24}until verdict  until the next page is done  verdict")
    for how in ("sound page", "endless loop", "segmentation fault", "memory bomb"):
        verdict, judged, recovered = fate(guard, how)
        print(f"{how:24}{judged:13.3f}{recovered:29.3f}  {verdict}", flush=True)
    guard.close()


if __name__ == "__main__":
    # Under its own name: what the guarded process is to call, it must be able to import.
    importlib.import_module(Path(__file__).stem).main()
