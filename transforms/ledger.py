"""The ledger proves, dump by dump, that every page that was read became an article or a rejection.

Pages are counted where they are read, rejections where they are made, articles in the files that hold them. The three
counts have different origins, so a page that is lost or doubled on the way shows.
"""

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.utils.windowed_value import WindowedValue

from warraq.schemas.coders import register
from warraq.schemas.labels import ERROR_REASON, MASS_REASONS, STAGES
from warraq.schemas.records import Page, Rejected
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.errors import LedgerError

READ: Final = "read"
ARTICLE: Final = "article"
REJECTED: Final = "rejected"
NO_DATE: Final = "no_date"  # the reason in entries of articles whose page states no date
ENOUGH_PAGES: Final = 20  # of a dump, for a share of them to tell a faulty dump (or program) from a faulty page


class Entry(NamedTuple):
    """One entry of the ledger. Its amount is a number of pages."""

    dump: str
    door: str  # read, article or rejected
    stage: str = ""
    reason: str = ""  # of a rejection; of an article: NO_DATE or nothing


register(Entry)

Ledger = Mapping[Entry, int]


def read_entry(record: Page | Rejected) -> Entry:
    """The entry that counts a record of `ReadPages`, kept or rejected."""
    return Entry(record.source.dump, READ)


def rejected_entry(rejected: Rejected) -> Entry:
    """The entry that counts a rejection."""
    return Entry(rejected.source.dump, REJECTED, rejected.stage, rejected.reason)


def total(entries: Iterable[tuple[Entry, int]]) -> dict[Entry, int]:
    """The sum of all amounts for each entry, in order."""
    ledger: dict[Entry, int] = {}
    for entry, pages in entries:
        ledger[entry] = ledger.get(entry, 0) + pages
    return dict(sorted(ledger.items()))


def audit(ledger: Ledger) -> None:
    """Returns if each dump balances.

    Raises:
      LedgerError: the dumps that do not balance, and by how many pages.
    """
    balance: dict[str, int] = {}
    for entry, pages in ledger.items():
        balance[entry.dump] = balance.get(entry.dump, 0) + (pages if entry.door == READ else -pages)
    wrong = [f"{dump}: {abs(left)} {'lost' if left > 0 else 'too many'}" for dump, left in balance.items() if left]
    if wrong:
        raise LedgerError(f"the ledger does not balance: {', '.join(wrong)}")


def is_written(reason: str, all_rejected: bool) -> bool:
    """True if a rejection gets a row. The mass rejections of a crawl get one only with `all_rejected`."""
    return all_rejected or reason not in MASS_REASONS


def reconcile(files: Iterable[DataFile], counts: Iterable[tuple[Entry, int]], all_rejected: bool) -> dict[Entry, int]:
    """The ledger of a run, checked: the counted entries, and the articles as the files hold them.

    Raises:
      LedgerError: pages were lost or doubled, or rejections have no row.
    """
    written: collections.Counter[tuple[str, str]] = collections.Counter()
    articles: list[tuple[Entry, int]] = []
    for file in files:
        for part in file.dumps:
            written[file.table, part.dump] += part.pages
            if file.table == "articles":
                articles.append((Entry(part.dump, ARTICLE), part.pages - part.undated))
                articles.append((Entry(part.dump, ARTICLE, reason=NO_DATE), part.undated))
    entries = total([*counts, *((entry, pages) for entry, pages in articles if pages)])
    audit(entries)
    due: collections.Counter[str] = collections.Counter()
    for entry, pages in entries.items():
        if entry.door == REJECTED and is_written(entry.reason, all_rejected):
            due[entry.dump] += pages
    for dump, pages in due.items():
        if written["rejected", dump] != pages:
            found = written["rejected", dump]
            raise LedgerError(f"{dump}: {pages} pages were rejected, but the files have {found} rows for them")
    return entries


def broken_dumps(ledger: Ledger, max_error_share: float) -> list[str]:
    """The dumps of which too many pages broke the code, sorted.

    Pages are judged stage by stage: those with the reason `error` against those that came to the stage. (Against all
    pages read, an extraction that always fails would not show in a crawl of which 1% is Arabic.) A dump is too broken
    if a larger share than `max_error_share` of at least 20 pages broke in one stage. Dumps that bring fewer pages to
    the stage (an HTML file is a dump of one page) are judged together, and those with a broken page are given.
    """
    arriving = collections.Counter({entry.dump: pages for entry, pages in ledger.items() if entry.door == READ})
    found: set[str] = set()
    for stage in STAGES:
        refused = {entry: pages for entry, pages in ledger.items() if entry.stage == stage}
        broken = collections.Counter({entry.dump: n for entry, n in refused.items() if entry.reason == ERROR_REASON})
        small = [dump for dump, pages in arriving.items() if pages < ENOUGH_PAGES]
        for group in [small, *([dump] for dump, pages in arriving.items() if pages >= ENOUGH_PAGES)]:
            came, fell = (sum(counts[dump] for dump in group) for counts in (arriving, broken))
            if came >= ENOUGH_PAGES and fell > max_error_share * came:
                found.update(dump for dump in group if broken[dump])
        for entry, pages in refused.items():
            arriving[entry.dump] -= pages
    return sorted(found)


def pages_by_door(ledger: Ledger, door: str) -> int:
    """The number of pages of all dumps that were read, became articles or were rejected, as `door` says."""
    return sum(pages for entry, pages in ledger.items() if entry.door == door)


def add_pages(amounts: Iterable[int]) -> int:
    """The sum. Beam knows its type; it does not know that of the built-in `sum`."""
    return sum(amounts)


class _CountFn(beam.DoFn):
    """Adds up within a bundle, window by window: one element for each dump and reason leaves it, not one a page."""

    def __init__(self, entry_of: Callable[[Any], Entry]) -> None:
        self._entry_of = entry_of

    def start_bundle(self) -> None:
        self._counts: dict[Any, collections.Counter[Entry]] = collections.defaultdict(collections.Counter)

    def process(self, record: Page | Rejected, window: Any = beam.DoFn.WindowParam) -> None:
        self._counts[window][self._entry_of(record)] += 1

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for window, counts in self._counts.items():
            for entry, pages in sorted(counts.items()):
                yield WindowedValue((entry, pages), window.max_timestamp(), (window,))


@dataclass
class CountPages(beam.PTransform):
    """{"read": Page, "rejected": Rejected by the reader, label of a stage: its Rejected…} → (Entry, pages).

    The steps are named after the stages, so a new stage renames none of the others and a running job can be updated.
    """

    def expand(self, outputs: Any) -> beam.PCollection:
        read = {"CountRead": outputs["read"], "CountRefused": outputs["refused"]}
        rejected = {f"CountRejectedBy{label}": output for label, output in outputs.items() if label != "read"}
        entries = [
            output | label >> beam.ParDo(_CountFn(entry_of)).with_output_types(tuple[Entry, int])
            for entry_of, counted in ((read_entry, read), (rejected_entry, rejected))
            for label, output in counted.items()
        ]
        return entries | "JoinEntries" >> beam.Flatten() | "SumEntries" >> beam.CombinePerKey(add_pages)
