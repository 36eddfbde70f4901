"""Times all from a decoded page to clean Arabic text beside datatrove's Trafilatura stage, which gives text alone.

    python -m benchmarks.speed.article_speed [--rounds N] [--datatrove VENV]

On the Arabic pages of $WARRAQ_DATA (`pages/ar`, `pages_arabised`), already decoded. Each page goes through all ways in
turn, so that whatever else the machine does falls on all of them; a page's cost is the least of its rounds, in CPU time
of all processes that a way has (its clocks, as clock_getcpuclockid gives them: Linux only).

ours: `extract` (text, metadata and date), `clean`, `keep_arabic`, by themselves and under the guard as in a run.
datatrove: its newest release in a virtual environment that this script makes (needs a package index once), with the
release of trafilatura that it asks for; the stage as `run` runs it, in its sandbox process, with its defaults but two
favours: trafilatura is imported before, and a page may take 10 s, not 1, so that a busy machine costs it no page.
trafilatura: our release, its `extract` as datatrove calls it, no process in between.
"""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trafilatura

from benchmarks.accuracy.extraction import DATA, FETCHED_AT, Case, arabic, arabised
from warraq.schemas.records import Article, Document, Source
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import Guard
from warraq.transforms.language.language import LanguageRules, keep_arabic
from warraq.transforms.step import Rejection

RULES: Final = ExtractRules()
REQUIREMENTS: Final = ("datatrove[processing]", "lxml_html_clean")  # the second is missing from the first
# Runs in datatrove's environment. A generator is resumed when its last document has been dealt with.
PEER: Final = """
import json, multiprocessing, sys, time
import trafilatura
from datatrove.data import Document
from datatrove.pipeline.extractors import Trafilatura
def spent():
    children = [child.pid for child in multiprocessing.active_children()]
    return time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in children)
def documents():
    for number, line in enumerate(sys.stdin):
        document = Document(text=json.loads(line), id=str(number))
        began = spent()
        yield document
        print(spent() - began, flush=True)
for _ in Trafilatura(timeout=10).run(documents()):
    pass
"""


def document(case: Case) -> Document:
    return Document(Source(case.url, FETCHED_AT, "b", 0, len(case.markup)), case.markup, False, "utf-8", "given", None)


def to_article(case: Case) -> Article | None:
    """All that becomes of a page until its text is clean and known to be Arabic."""
    try:
        return keep_arabic(clean(extract(document(case), RULES), CleanRules()), LanguageRules())
    except Rejection:
        return None


def trafilatura_alone(case: Case) -> str | None:
    return trafilatura.extract(case.markup, favor_precision=True, include_comments=False, deduplicate=True)


def make_environment(folder: Path) -> Path:
    """The interpreter of an environment with the newest datatrove."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return python


class Peer:
    """datatrove's stage in its own environment; a call gives the seconds that a page took there."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __call__(self, case: Case) -> float:
        print(json.dumps(case.markup), file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def timed(function: Callable[[Case], object], process: int | None = None) -> Callable[[Case], float]:
    """Seconds of CPU time that a call takes, here and in `process`."""

    def spent() -> float:
        there = time.clock_gettime((~process << 3) | 2) if process else 0.0  # clock_getcpuclockid(process)
        return time.process_time() + there

    def seconds(case: Case) -> float:
        began = spent()
        function(case)
        return spent() - began

    return seconds


def race(cases: list[Case], ways: dict[str, Callable[[Case], float]], rounds: int) -> dict[str, list[float]]:
    """Least seconds of each page, by way."""
    for way in ways.values():
        way(cases[0])  # imports, and the start of processes
    rows = [[{name: way(case) for name, way in ways.items()} for _ in range(rounds)] for case in cases]
    return {name: [min(times[name] for times in row) for row in rows] for name in ways}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5, help="times that each page is read")
    arguments.add_argument(
        "--datatrove",
        type=Path,
        default=Path(tempfile.gettempdir()) / "warraq-datatrove",
        help="folder of its environment, made if it isn't there",
    )
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    cases = [*arabic(), *arabised()]
    peer = Peer(make_environment(options.datatrove))
    guard: Guard[Case, Article | None] = Guard(to_article, RULES.timeout, RULES.memory_mb)
    ways = {
        "ours": timed(to_article),
        "ours, guarded": timed(guard, guard._process.pid),  # noqa: SLF001
        "datatrove's stage": peer,
        "trafilatura.extract": timed(trafilatura_alone),
    }
    seconds = race(cases, ways, options.rounds)
    peer.close()
    guard.close()
    print(f"{len(cases)} pages, ms a page      mean  median    p90   ours takes")
    ours = statistics.mean(seconds["ours"])
    for name, times in seconds.items():
        mean, median, high = statistics.mean(times), statistics.median(times), statistics.quantiles(times, n=10)[-1]
        print(f"{name:24}{1000 * mean:10.1f}{1000 * median:8.1f}{1000 * high:7.1f}   1/{mean / ours:.2f}")


if __name__ == "__main__":
    importlib.import_module(Path(__file__).stem).main()  # so that the guarded process can import what it is to call
