"""The cost of the sandbox of ExtractArticles, beside Beam's own subprocess and no guard at all.

    python -m benchmarks.speed.guard [--skip_overhead]

Every way gets elements of 4 kB or 300 kB in one Beam pipeline and gives back their first 4 kB, as an article is a small
part of its page. The cost of an element is what many elements take longer than few: starting a pipeline and its
processes is not in it. Medians of three interleaved rounds, on FnApiRunner, wall-clock time. Then what a page costs
that hangs, crashes or eats memory, under the default rules: until its verdict, and until the page after it is done.
Then the same for hostile markup, extracted. Last, pages a second that two guarded processes extract beside one, on the
Arabic pages of $WARRAQ_DATA, turn by turn; where others use the cores, that says how much of them was left.
"""

import argparse
import collections
import contextlib
import datetime as dt
import functools
import importlib
import itertools
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from benchmarks.accuracy.extraction import DATA, arabic, arabised
from warraq.schemas.records import Article, Document, Source
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import Sandbox
from warraq.transforms.step import Rejection

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
        self._guard: Sandbox[str, str] = Sandbox(beginning, RULES.timeout, RULES.memory_mb)

    def process(self, text: str) -> Iterator[str]:
        self._guard.get_ready()
        yield self._guard(text)

    def teardown(self) -> None:
        self._guard.close()


WAYS: dict[str, Callable[[], Any]] = {
    "ParDo, no guard": lambda: beam.ParDo(CallFn()),
    "Sandbox": lambda: beam.ParDo(GuardedFn()),
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
    """The harm that hostile markup can do to a parser, one way after the other."""
    if how == "endless loop":
        while True:
            pass
    if how == "segmentation fault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "memory bomb":
        return "".join(["x" * 2**24 for _ in itertools.count()])
    return how


def fate(guard: Sandbox[str, str], how: str) -> tuple[str, float, float]:
    """The verdict on a page, seconds until it, and until the next page is done."""
    began = time.perf_counter()
    try:
        verdict = guard(how)
    except Rejection as rejection:
        verdict = f"{rejection.reason}: {rejection.detail}"
    judged = time.perf_counter()
    guard("a sound page")
    return verdict, judged - began, time.perf_counter() - began


PROSE = "<p>" + "قالت وزارة الصحة اليوم إن الحملة بدأت في جميع المدن، وإنها ستستمر شهرا كاملا. " * 5 + "</p>"
HOSTILE: dict[str, Callable[[], str]] = {
    "a sound page": lambda: f"<h1>الحملة</h1><article>{PROSE * 3}</article>",
    "200,000 nested blocks": lambda: "<div>" * 200_000 + PROSE,
    "200,000 nested inline tags": lambda: f"<article>{PROSE}" + "<b><i>" * 100_000 + "نص",
    "200,000 siblings": lambda: f"<article>{PROSE}" + "<p>سطر قصير<br>" * 200_000,
    "100,000 links": lambda: f"<article>{PROSE}" + "<li><a href=/n/1>عنوان خبر آخر من أخبار اليوم</a>" * 100_000,
    "huge colspans": lambda: f"<article>{PROSE}<table>" + "<tr><td colspan=99999999 rowspan=9999999>خلية" * 2_000,
    "1,000,000 entities": lambda: f"<article>{PROSE}" + "&lt;&amp;&#1575;&nbsp;" * 250_000,
    "an entity that nests": lambda: "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>" + "&b;" * 200_000,
    "8 MB in one attribute": lambda: f"<article>{PROSE}<p class='{'author-name ' * 700_000}'>نص</p>",
    "8 MB in one text": lambda: f"<article>{PROSE}<p>{'كلمة ' * 900_000}</p>",
    "8 MB of one word": lambda: f"<article>{PROSE}<p>{'ك' * 4_000_000}</p>",
    "100,000 dates": lambda: f"<h1>الحملة</h1>{PROSE}" + "<span>12 مايو 2024</span>" * 100_000,
    "nested JSON": lambda: "<script type='application/ld+json'>" + "[" * 1_000_000 + "</script>" + PROSE,
}


def page(markup: str, url: str = "https://a.example/n/1") -> Document:
    source = Source(url, dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc), "d", 0, len(markup))
    return Document(source, markup, False, "utf-8", "given", None)


def show_hostile() -> None:
    """The cost and the outcome of each hostile page."""
    guard = Sandbox(functools.partial(extract, rules=RULES), RULES.timeout, RULES.memory_mb)
    guard.get_ready()
    print(f"\n{'markup':28}seconds  until the next page is done  verdict")
    for name, make in HOSTILE.items():
        hostile = page(make())
        began = time.perf_counter()
        try:
            verdict = f"an article of {len(guard(hostile).text):,} characters"
        except Rejection as rejection:
            verdict = f"{rejection.reason}: {rejection.detail[:60]}"
        judged = time.perf_counter()
        guard(page(HOSTILE["a sound page"]()))
        print(f"{name:28}{judged - began:7.2f}{time.perf_counter() - began:29.2f}  {verdict}", flush=True)
    guard.close()


def pages_a_second(guards: list[Sandbox[Document, Article]], pages: list[Document]) -> float:
    """Each guard is given the next page when its turn comes; all extract at the same time."""
    began = time.perf_counter()
    waiting: collections.deque[Sandbox[Document, Article]] = collections.deque()
    for number, document in enumerate(pages):
        if len(waiting) == len(guards):
            answered(waiting.popleft())
        guards[number % len(guards)].submit(document)
        waiting.append(guards[number % len(guards)])
    for guard in waiting:
        answered(guard)
    return len(pages) / (time.perf_counter() - began)


def answered(guard: Sandbox[Document, Article]) -> None:
    with contextlib.suppress(Rejection):
        guard.result()()


def show_throughput() -> None:
    if not DATA.is_dir():
        print(f"\nno throughput: no data in {DATA} (set WARRAQ_DATA)")
        return
    pages = [page(case.markup, case.url) for case in [*arabic(), *arabised()]]
    extracting = functools.partial(extract, rules=RULES)
    guards = [Sandbox(extracting, RULES.timeout, RULES.memory_mb) for _ in range(2)]
    pages_a_second(guards, pages[:4])
    rounds = [(pages_a_second(guards[:1], pages), pages_a_second(guards, pages)) for _ in range(ROUNDS)]
    for guard in guards:
        guard.close()
    one, two = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    load = os.getloadavg()[0]
    print(f"\npages a second: {one:.0f} in one process, {two:.0f} in two: {two / one:.2f} times; load {load:.1f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--skip_overhead", action="store_true", help="leave out the comparison with Beam's own")
    if not arguments.parse_args().skip_overhead:
        show_overhead()
    show_fates()
    show_hostile()
    show_throughput()


def show_overhead() -> None:
    costs = {size: milliseconds(size) for size in MANY}
    print(f"{'ms an element':24}" + "".join(f"{size // 1000:6} kB    over" for size in MANY))
    for name in WAYS:
        cells = (f"{cost[name]:9.3f}{cost[name] - cost['ParDo, no guard']:8.3f}" for cost in costs.values())
        print(f"{name:24}{''.join(cells)}")


def show_fates() -> None:
    guard = Sandbox(misbehave, RULES.timeout, RULES.memory_mb)
    guard.get_ready()
    print(f"\n{'seconds':24}until verdict  until the next page is done  verdict")
    for how in ("sound page", "endless loop", "segmentation fault", "memory bomb"):
        verdict, judged, recovered = fate(guard, how)
        print(f"{how:24}{judged:13.3f}{recovered:29.3f}  {verdict}", flush=True)
    guard.close()


if __name__ == "__main__":
    # Under its own name: what the guarded process is to call, it must be able to import.
    importlib.import_module(Path(__file__).stem).main()
