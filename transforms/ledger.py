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

from schemas.coders import register
from schemas.labels import ERROR_REASON
from schemas.records import Page, Rejected

READ: Final = "read"
ARTICLE: Final = "article"
REJECTED: Final = "rejected"


class Line(NamedTuple):
    """One line of the ledger; its amount is a number of pages."""

    dump: str
    door: str  # read, article or rejected
    stage: str = ""
    reason: str = ""


register(Line)

Ledger = Mapping[Line, int]


class LedgerError(Exception):
    """The books do not balance, or too many pages broke the code; nothing may be committed."""


def read_line(record: Page | Rejected) -> Line:
    """Where a record coming out of `ReadPages` is counted, whichever door it takes there."""
    return Line(record.dump, READ)


def rejected_line(rejected: Rejected) -> Line:
    """Where a refusal is counted."""
    return Line(rejected.dump, REJECTED, rejected.stage, rejected.reason)


def total(lines: Iterable[tuple[Line, int]]) -> dict[Line, int]:
    """The sum of all amounts for each line, in order."""
    ledger: dict[Line, int] = {}
    for line, pages in lines:
        ledger[line] = ledger.get(line, 0) + pages
    return dict(sorted(ledger.items()))


def audit(ledger: Ledger, max_error_share: float) -> None:
    """Returns if each dump balances and few enough pages broke.

    Raises:
      LedgerError: what does not balance, or the share of `error` pages is above `max_error_share`.
    """
    balance: dict[str, int] = {}
    for line, pages in ledger.items():
        balance[line.dump] = balance.get(line.dump, 0) + (pages if line.door == READ else -pages)
    wrong = [f"{dump}: {abs(left)} {'lost' if left > 0 else 'too many'}" for dump, left in balance.items() if left]
    if wrong:
        raise LedgerError(f"the ledger does not balance: {', '.join(wrong)}")
    read = pages_by_door(ledger, READ)
    broken = sum(pages for line, pages in ledger.items() if line.reason == ERROR_REASON)
    if read and broken / read > max_error_share:
        raise LedgerError(
            f"{broken} of {read} pages were rejected as `error`, more than --max_error_share {max_error_share}"
        )


def pages_by_door(ledger: Ledger, door: str) -> int:
    """How many pages of all dumps left by (or came in through) `door`."""
    return sum(pages for line, pages in ledger.items() if line.door == door)


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
    """(Page as read, Rejected as read, Rejected of each stage…) → (Line, pages)."""

    def expand(self, doors: Any) -> beam.PCollection:
        pages, unread, *refused = doors
        counted = [(pages, read_line), (unread, read_line), *((door, rejected_line) for door in (unread, *refused))]
        lines = [
            door | f"Count{number}" >> beam.ParDo(_CountFn(line)).with_output_types(tuple[Line, int])
            for number, (door, line) in enumerate(counted)
        ]
        return lines | "JoinLines" >> beam.Flatten() | "SumLines" >> beam.CombinePerKey(sum)
