"""The ledger: every page that was read left by exactly one door, and the books prove it, dump by dump.

Pages are counted where they are read; refusals where they are refused; articles from the files that hold them. Three
counts of different origin, so a page that is lost or doubled on the way shows.
"""

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from warraq.schemas.coders import register
from warraq.schemas.labels import ERROR_REASON, STAGES
from warraq.schemas.records import Page, Rejected
from warraq.transforms.errors import LedgerError

READ: Final = "read"
ARTICLE: Final = "article"
REJECTED: Final = "rejected"
ENOUGH_PAGES: Final = 20  # of a dump, for a share of them to tell a faulty dump (or program) from a faulty page


class Line(NamedTuple):
    """One line of the ledger; its amount is a number of pages."""

    dump: str
    door: str  # read, article or rejected
    stage: str = ""
    reason: str = ""


register(Line)

Ledger = Mapping[Line, int]


def read_line(record: Page | Rejected) -> Line:
    """Where a record coming out of `ReadPages` is counted, whichever door it takes there."""
    return Line(record.source.dump, READ)


def rejected_line(rejected: Rejected) -> Line:
    """Where a refusal is counted."""
    return Line(rejected.source.dump, REJECTED, rejected.stage, rejected.reason)


def total(lines: Iterable[tuple[Line, int]]) -> dict[Line, int]:
    """The sum of all amounts for each line, in order."""
    ledger: dict[Line, int] = {}
    for line, pages in lines:
        ledger[line] = ledger.get(line, 0) + pages
    return dict(sorted(ledger.items()))


def audit(ledger: Ledger) -> None:
    """Returns if each dump balances.

    Raises:
      LedgerError: the dumps that do not balance, and by how many pages.
    """
    balance: dict[str, int] = {}
    for line, pages in ledger.items():
        balance[line.dump] = balance.get(line.dump, 0) + (pages if line.door == READ else -pages)
    wrong = [f"{dump}: {abs(left)} {'lost' if left > 0 else 'too many'}" for dump, left in balance.items() if left]
    if wrong:
        raise LedgerError(f"the ledger does not balance: {', '.join(wrong)}")


def broken_dumps(ledger: Ledger, max_error_share: float) -> list[str]:
    """The dumps of which too many pages broke the code, sorted.

    Pages are judged stage by stage: those with the reason `error` against those that came to the stage. (Against all
    pages read, an extraction that always fails would not show in a crawl of which 1% is Arabic.) A dump is too broken
    if a larger share than `max_error_share` of at least 20 pages broke in one stage. Dumps that bring fewer pages to
    the stage (an HTML file is a dump of one page) are judged together, and those with a broken page are given.
    """
    arriving = collections.Counter({line.dump: pages for line, pages in ledger.items() if line.door == READ})
    found: set[str] = set()
    for stage in STAGES:
        refused = {line: pages for line, pages in ledger.items() if line.stage == stage}
        broken = collections.Counter({line.dump: n for line, n in refused.items() if line.reason == ERROR_REASON})
        small = [dump for dump, pages in arriving.items() if pages < ENOUGH_PAGES]
        for group in [small, *([dump] for dump, pages in arriving.items() if pages >= ENOUGH_PAGES)]:
            came, fell = (sum(counts[dump] for dump in group) for counts in (arriving, broken))
            if came >= ENOUGH_PAGES and fell > max_error_share * came:
                found.update(dump for dump in group if broken[dump])
        for line, pages in refused.items():
            arriving[line.dump] -= pages
    return sorted(found)


def pages_by_door(ledger: Ledger, door: str) -> int:
    """How many pages of all dumps left by (or came in through) `door`."""
    return sum(pages for line, pages in ledger.items() if line.door == door)


def add_pages(amounts: Iterable[int]) -> int:
    """The sum. Beam knows its type, and that of the built-in `sum` not."""
    return sum(amounts)


class _CountFn(beam.DoFn):
    """Sums within a bundle, so that a line for each dump crosses the runner, and not one for each page."""

    def __init__(self, line_of: Callable[[Any], Line]) -> None:
        self._line_of = line_of

    def start_bundle(self) -> None:
        self._counts: collections.Counter[Line] = collections.Counter()

    def process(self, record: Page | Rejected) -> None:
        self._counts[self._line_of(record)] += 1

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for line, pages in sorted(self._counts.items()):
            yield GlobalWindows.windowed_value((line, pages))


@dataclass
class CountPages(beam.PTransform):
    """{"read": Page, "refused": Rejected by the reader, label of a stage: its Rejected…} → (Line, pages).

    The steps are named after the stages, so a new stage renames none of the others and a running job can be updated.
    """

    def expand(self, outputs: Any) -> beam.PCollection:
        read = {"CountRead": outputs["read"], "CountRefused": outputs["refused"]}
        rejected = {f"CountRejectedBy{label}": output for label, output in outputs.items() if label != "read"}
        lines = [
            output | label >> beam.ParDo(_CountFn(line_of)).with_output_types(tuple[Line, int])
            for line_of, counted in ((read_line, read), (rejected_line, rejected))
            for label, output in counted.items()
        ]
        return lines | "JoinLines" >> beam.Flatten() | "SumLines" >> beam.CombinePerKey(add_pages)
