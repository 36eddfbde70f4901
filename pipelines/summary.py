"""The summary after a run: its ledger, and the dataset's articles by topic and by day.

The ledger comes from the row of the run in `runs`, the articles from the log of their table. No other file is opened,
so the cost grows with the log only.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from warraq.pipelines.row_counts import ROWS, row_counts
from warraq.schemas.arrow import TABLES
from warraq.schemas.labels import ERROR_REASON, TOPICS
from warraq.transforms import ledger
from warraq.transforms.dataset.data_files import read_table
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError

_MOST_DAYS: Final = 10
_ARABIC: Final = {topic.slug: topic.arabic for topic in TOPICS}
_OWN_FILE: Final = re.compile(r"/run-(.+)-[0-9a-f]{40}\.parquet$")  # of one run, until `runs` is compacted
_ATTEMPTS: Final = 5  # at files that are moved away


class Count(NamedTuple):
    """A line of the ledger, over all dumps of some runs."""

    door: str
    stage: str
    reason: str
    pages: int


class Totals(NamedTuple):
    """The articles that a dataset has."""

    by_topic: Sequence[tuple[str, int]]  # most first
    by_day: Sequence[tuple[dt.date, int]]  # newest first


class DumpsOf(NamedTuple):
    """The fates of the dumps that a command was given. The names are those of the column `dump`."""

    read: Sequence[str] = ()
    already_in: Sequence[str] = ()
    set_aside: Sequence[tuple[str, str]] = ()  # dump and reason
    failed: Sequence[tuple[str, str]] = ()  # dump and reason
    copies: Sequence[tuple[str, str]] = ()  # not read, and the dump with the same bytes
    skipped: Sequence[tuple[str, str]] = ()  # file that is no dump, or input without a file, and reason
    again: Sequence[str] = ()  # read; in before under other rules, and those rows stay
    orphaned: Sequence[str] = ()  # in; pages of it were refused as copies of articles that are gone


def run_rows(dataset: Dataset, runs: Iterable[str], attempts: int = _ATTEMPTS) -> list[dict[str, Any]]:
    """The rows of `runs` of these runs, sorted by `run_id`.

    Opens the files that are named for these runs. Those that hold many runs are opened only for what is not found so.
    If files are moved away because the table is rewritten, the newest ones are read: at most `attempts` times in all.

    Raises:
      DatasetError: the dataset can't be read.
      DamagedDatasetError: a file is missing or broken.
    """
    wanted, files = frozenset(runs), dataset.files("runs")
    try:
        return _run_rows(files, wanted)
    except DamagedDatasetError:
        if attempts == 1 or files == dataset.files("runs"):
            raise
        return run_rows(dataset, wanted, attempts - 1)


def _run_rows(files: Iterable[str], runs: frozenset[str]) -> list[dict[str, Any]]:
    owners = {path: match[1] if (match := _OWN_FILE.search(path)) else None for path in files}
    own = [path for path, owner in owners.items() if owner in runs]
    shared = [path for path, owner in owners.items() if owner is None]
    rows: dict[str, dict[str, Any]] = {}
    for path in [*own, *shared]:
        if len(rows) == len(runs):
            break
        if path in own or not runs.isdisjoint(read_table(path, ["run_id"]).column("run_id").to_pylist()):
            found = read_table(path, TABLES["runs"].names)
            wanted = found.filter(pc.field("run_id").isin(sorted(runs)))
            rows |= {row["run_id"]: row for row in wanted.to_pylist()}
    return [rows[run_id] for run_id in sorted(rows)]


def ledger_of(dataset: Dataset, runs: Iterable[str]) -> list[Count]:
    """The ledger of these runs, sorted by stage and reason.

    Raises:
      DatasetError: the dataset can't be read.
    """
    pages: dict[tuple[str, str, str], int] = {}
    for row in run_rows(dataset, runs):
        for line in row["ledger"]:
            kind = line["stage"], line["reason"], line["door"]
            pages[kind] = pages.get(kind, 0) + line["pages"]
    return [Count(door, stage, reason, pages[stage, reason, door]) for stage, reason, door in sorted(pages)]


def totals_of(dataset: Dataset) -> Totals:
    """The articles of a dataset by topic and by day, from the log alone.

    Raises:
      DatasetError: the dataset can't be read.
      DamagedDatasetError: the log of a table is lost, or its last entries are.
    """
    dataset.check_whole()
    counts = row_counts(dataset, "articles", dataset.open("articles"))
    by_topic, by_day = (_sums(counts, column) for column in ("topic", "date"))
    return Totals(sorted(by_topic.items(), key=lambda line: (-line[1], line[0])), sorted(by_day.items(), reverse=True))


def as_text(lines: Sequence[Count], totals: Totals) -> Iterator[str]:
    """The summary for people, line by line."""
    for door, title in ((ledger.READ, "pages read"), (ledger.ARTICLE, "articles"), (ledger.REJECTED, "rejected")):
        yield f"{title:<44}{pages_by(lines, door):>9,}"
        if door == ledger.ARTICLE:
            yield f"  {'whose page states no date':<42}{undated(lines):>9,}"
        if door == ledger.REJECTED:
            yield from (f"  {line.stage:<13}{line.reason:<29}{line.pages:>9,}" for line in lines if line.door == door)
    yield ""
    if not totals.by_topic:
        yield "no articles in the dataset"
        return
    yield "articles in the dataset, by topic"
    for topic, articles in totals.by_topic:
        yield f"  {topic:<42}{articles:>9,}  {_ARABIC.get(topic, '')}".rstrip()
    yield ""
    days = totals.by_day
    yield "by day" + (f" (the last {_MOST_DAYS} of {len(days)})" if len(days) > _MOST_DAYS else "")
    yield from (f"  {day.isoformat():<42}{articles:>9,}" for day, articles in days[:_MOST_DAYS])


def as_json(status: str, runs: Sequence[str], dumps: DumpsOf, lines: Sequence[Count], totals: Totals) -> dict[str, Any]:
    """The summary for programs: an object that `json.dumps` takes. All days are in it, and no clock.

    Args:
      status: the outcome in one word.
      runs: the runs that committed the dumps, now or before.
      dumps: what became of the dumps.
      lines: the ledger of these runs.
      totals: the articles that the dataset has now.
    """
    rejected: dict[str, dict[str, int]] = {}
    for line in lines:
        if line.door == ledger.REJECTED:
            rejected.setdefault(line.stage, {})[line.reason] = line.pages
    return {
        "status": status,
        "run_ids": sorted(runs),
        "dumps": {
            "read": sorted(dumps.read),
            "already_in": sorted(dumps.already_in),
            "set_aside": [{"dump": dump, "reason": reason} for dump, reason in sorted(dumps.set_aside)],
            "failed": [{"dump": dump, "reason": reason} for dump, reason in sorted(dumps.failed)],
            "copies": [{"dump": dump, "of": of} for dump, of in sorted(dumps.copies)],
            "again": sorted(dumps.again),
            "orphaned": sorted(dumps.orphaned),
            "skipped": [{"file": file, "reason": reason} for file, reason in sorted(dumps.skipped)],
        },
        "pages": pages_by(lines, ledger.READ),
        "articles": pages_by(lines, ledger.ARTICLE),
        "articles_without_date": undated(lines),
        "rejected": rejected,
        "dataset": {
            "articles": sum(articles for _, articles in totals.by_topic),
            "by_topic": dict(totals.by_topic),
            "by_day": {day.isoformat(): articles for day, articles in totals.by_day},
        },
    }


def errors(dataset: Dataset, runs: Sequence[str]) -> int:
    """The number of pages of these runs that broke the code."""
    return sum(line.pages for line in ledger_of(dataset, runs) if line.reason == ERROR_REASON)


def _sums(counts: pa.Table, column: str) -> dict[Any, int]:
    sums = counts.group_by(column).aggregate([(ROWS, "sum")])
    return dict(zip(sums.column(column).to_pylist(), sums.column(f"{ROWS}_sum").to_pylist(), strict=True))


def undated(lines: Iterable[Count]) -> int:
    """The number of articles that have the day of fetching as their date."""
    return sum(line.pages for line in lines if line.door == ledger.ARTICLE and line.reason == ledger.NO_DATE)


def pages_by(lines: Iterable[Count], door: str) -> int:
    """The number of pages that were read, became articles or were rejected, as `door` says."""
    return sum(line.pages for line in lines if line.door == door)
