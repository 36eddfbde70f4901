"""Holds floors under the figures of extraction: exits with 1 if one has fallen below its floor.

    python -m benchmarks.accuracy.gate [--raise] [--lower] [--every N]

Measures the pages in samples/dumps, whose articles were written for this project, and the real pages under $WARRAQ_DATA
if they are there: mean F1 of the text, shares of right titles and days, the share of pages without regret (see
extraction.py), of articles that are kept and of other pages that are refused. Every eighth page by default; the floors
in floors.json are of those. `--raise` writes floors that have risen; only with `--lower` are others written, too.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.accuracy.extraction import (
    Case,
    Extractor,
    arabised,
    english,
    extracted,
    extracted_and_cleaned,
    f1,
    guides,
    plain_scores,
    regrets,
)
from benchmarks.accuracy.page_kinds import OTHER_KINDS, of_kind, verdict
from benchmarks.data import DATA, ROOT
from warraq.schemas.records import Page
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

FLOORS: Final = Path(__file__).with_name("floors.json")
SLACK: Final = 0.0005  # figures are rounded to three digits
EVERY: Final = 8

Figures = dict[str, float]


def samples() -> Iterator[Case]:
    """The pages with markup in samples/dumps that become articles."""
    lines = (ROOT / "samples" / "expected.jsonl").read_text("utf-8").splitlines()
    rows = {(row["dump"], row["url"]): row for row in map(json.loads, lines) if row["door"] == "article"}
    for dump in find_dumps([str(ROOT / "samples" / "dumps")]).dumps:
        for page in read_range(dump, 0, None, ReadRules()):
            if not isinstance(page, Page) or page.is_text:
                continue
            if row := rows.get((Path(dump.path).name, page.source.url)):
                markup = decode(page, DecodeRules()).markup
                days = [row["date"]] if row["date_source"] != "fetched" else None
                yield Case(row["url"], row["url"], markup, row["text"], [row["title"]], None, days)


def measure(every: int) -> dict[str, Figures]:
    """The figures by source."""
    figures = {"samples": _figures(list(samples()), extracted_and_cleaned)}
    if DATA.is_dir():
        for name, source in {"arabised": arabised, "aeb_en": english, "wcxb": guides}.items():
            figures[name] = _figures(list(source())[::every], extracted)
        for kind in OTHER_KINDS:
            figures[kind] = {"refused": _rounded([bool(verdict(page)) for page in list(of_kind(kind))[:: every // 2]])}
    return figures


def _figures(cases: list[Case], extractor: Extractor) -> Figures:
    found = [extractor(case) for case in cases]
    pairs = list(zip(cases, found, strict=True))
    scores = [f1(result.text, case.text) for case, result in pairs]
    figures = {
        "text": _rounded(scores),
        "kept": _rounded([bool(result.text) for result in found]),
        "without regret": round(1 - regrets(scores, plain_scores(cases)) / len(cases), 3),
    }
    if titles := [result.title in case.titles for case, result in pairs if case.titles]:
        figures["titles"] = _rounded(titles)
    if days := [result.day in case.days for case, result in pairs if case.days]:
        figures["days"] = _rounded(days)
    return figures


def _rounded(values: list[float] | list[bool]) -> float:
    return round(statistics.mean(map(float, values)), 3)


def main(arguments_given: list[str] | None = None) -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--raise", action="store_true", dest="to_raise", help="write the floors that have risen")
    arguments.add_argument("--lower", action="store_true", help="with --raise: write those that have fallen, too")
    arguments.add_argument("--every", type=int, default=EVERY, help="measure each N-th real page (floors: 8)")
    options = arguments.parse_args(arguments_given)
    floors: dict[str, Figures] = json.loads(FLOORS.read_text("utf-8")) if FLOORS.exists() else {}
    fallen = 0
    for source, figures in measure(options.every).items():
        for name, value in figures.items():
            floor = floors.get(source, {}).get(name)
            is_below = floor is not None and value < floor - SLACK
            fallen += is_below
            print(f"{source:10} {name:15} {value:6.3f} {'floor ' + format(floor, '.3f') if floor is not None else ''}"
                  f"{'  FALLEN' if is_below else ''}")  # fmt: skip
            if floor is None or value > floor or (is_below and options.lower):
                floors.setdefault(source, {})[name] = value
    if not DATA.is_dir():
        print(f"real pages were not measured: no data in {DATA} (set WARRAQ_DATA)")
    if options.to_raise and options.every == EVERY:
        FLOORS.write_text(json.dumps(floors, indent=1) + "\n", "utf-8")
    return 1 if fallen and not options.lower else 0


if __name__ == "__main__":
    sys.exit(main())
