"""The commit of a run: its ledger is reconciled with the rows in its files, then everything is published at once."""

import dataclasses
import datetime as dt
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from warraq.schemas import arrow
from warraq.transforms import ledger
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import OvertakenError
from warraq.transforms.dataset.index import stage_arrivals
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import discard, publish
from warraq.transforms.dataset.take_out import Condition, take_out
from warraq.transforms.ledger import Entry
from warraq.transforms.write.set_aside import SetAside, SetAsideError, find_faults, leave_report

_PLACED: Final = ("article_id", "duplicate_of", "load_id", "dump", "dump_offset")
_PATIENCE: Final = 60.0  # seconds, for another process that records the same failures
_ATTEMPTS: Final = 20  # at a commit with rows that go, while others replace files
OVERTAKEN: Final = "overtaken"  # the note for the launcher


@dataclass(frozen=True)
class Run:
    """One ingestion, as `runs` describes it. Equal dumps and options give an equal `run_id`."""

    output: str
    run_id: str
    staging: str  # the name under which its files are staged
    recipe: str
    options: str  # JSON
    version: str
    runner: str
    started_at: dt.datetime
    dumps: Sequence[Mapping[str, Any]]  # rows of arrow.DUMP
    all_rejected: bool  # rows for mass rejections too
    max_error_share: float
    rows_out: int = 0  # the version of loads.ROWS_OUT when the run began
    replaced: Sequence[str] = ()  # loads that go out when this run comes in

    @functools.cached_property
    def load_ids(self) -> Mapping[str, str]:
        """The load of each dump, by its path."""
        return {dump["dump"]: loads.load_id(self.recipe, dump["fingerprint"]) for dump in self.dumps}


def run_row(run: Run, entries: Mapping[Entry, int], committed_at: dt.datetime) -> dict[str, Any]:
    """The row of `runs`."""
    return {
        "run_id": run.run_id,
        "recipe": run.recipe,
        "options": run.options,
        "warraq_version": run.version,
        "runner": run.runner,
        "started_at": run.started_at,
        "committed_at": committed_at,
        "dumps": list(run.dumps),
        "ledger": [{**entry._asdict(), "pages": pages} for entry, pages in entries.items()],
        "failed": [],
    }


def commit(run: Run, files: Sequence[DataFile], counts: Sequence[tuple[Entry, int]]) -> dict[str, Any] | None:
    """Reconciles the ledger and publishes the files. Returns the row of `runs`; None if the run was committed before.

    Raises:
      LedgerError: the ledger does not balance.
      SetAsideError: too many pages of a dump broke the code. A report on them is left for the launcher.
      OvertakenError: another run has committed some of the dumps, or rows have been taken out since this run began. A
        note is left for the launcher, which starts again.
    """
    dataset = Dataset(run.output)
    if dataset.has_run(run.run_id):
        discard(dataset, run.staging)
        return None
    entries = ledger.reconcile(files, counts, run.all_rejected)
    if broken := ledger.broken_dumps(entries, run.max_error_share):
        leave_report(dataset, run.staging, find_faults(dataset, run.staging, files, broken))
        raise SetAsideError(f"too many pages broke the code in {', '.join(broken)}")
    row = run_row(run, entries, dt.datetime.now(dt.timezone.utc))
    file = DataFile("runs", f"run-{run.run_id}", [], 1, 0, [])
    file = dataset.write_staged(run.staging, file, [arrow.file_table("runs", [row])], run.run_id)
    articles = [dataset.staged_path(run.staging, one) for one in sorted(files) if one.table == "articles"]
    index = stage_arrivals(dataset, run.staging, articles, run.run_id)
    try:
        _publish(dataset, run, [*files, *index, file])
    except OvertakenError as error:
        dataset.write_note(run.staging, OVERTAKEN, str(error).encode())
        raise
    return row


def record_failures(run: Run, faults: Sequence[SetAside]) -> None:
    """Commits a row of `runs` for dumps that were set aside, and counts the failures of each.

    Args:
      run: the run that was to read them, with others or alone.
      faults: the dumps, and why.
    """
    dataset = Dataset(run.output)
    keys = {fault.dump: loads.failures_key(run.load_ids[fault.dump]) for fault in faults}
    before = dataset.transactions([*keys.values()])
    counts = {key: before.get(key, 0) + 1 for key in keys.values()}
    failed = [
        {
            "dump": fault.dump,
            "load_id": run.load_ids[fault.dump],
            "stage": fault.stage,
            "reason": fault.error,
            "failures": counts[keys[fault.dump]],
        }
        for fault in faults
    ]
    run_id = hashlib.blake2b(json.dumps(sorted(counts.items())).encode(), digest_size=16).hexdigest()
    run = dataclasses.replace(run, run_id=run_id, staging=dataset.staging_name(run_id), dumps=[])
    row = {**run_row(run, {}, dt.datetime.now(dt.timezone.utc)), "failed": failed}
    file = DataFile("runs", f"run-{run_id}", [], 1, 0, [])
    with dataset.lock(run.staging, _PATIENCE):
        file = dataset.write_staged(run.staging, file, [arrow.file_table("runs", [row])], run_id)
        publish(dataset, run.staging, Publication(run_id, [file], (), counts, is_run=True))


def _publish(dataset: Dataset, run: Run, files: Sequence[DataFile]) -> None:
    """Publishes the run; if it replaces loads, their rows go out in the same commit.

    Files that a compaction replaces meanwhile cost a new look at them, not a new run.
    """
    brought = {loads.load_key(load): loads.IN for load in run.load_ids.values()}
    brought |= {loads.dump_key(dump["fingerprint"]): loads.IN for dump in run.dumps}
    change = Publication(run.run_id, sorted(files), (), brought, {loads.ROWS_OUT: run.rows_out}, is_run=True)
    if not run.replaced:
        publish(dataset, run.staging, change)
        return
    heirs = _heirs(dataset, run, files)
    for attempts_left in reversed(range(_ATTEMPTS)):
        out = take_out(dataset, run.staging, Condition(loads=frozenset(run.replaced)), heirs)
        both = change._replace(
            added=sorted([*change.added, *out.added]),
            removed=out.removed,
            transactions={**out.transactions, **change.transactions},
            seen={**out.seen, **change.seen},
        )
        try:
            publish(dataset, run.staging, both)
        except OvertakenError as error:
            if not attempts_left or set(error.keys) != {loads.REWRITES}:
                raise
        else:
            return


def _heirs(dataset: Dataset, run: Run, files: Sequence[DataFile]) -> dict[str, str]:
    """Article of a replaced load → the original that a pointer to it must lead to now.

    That is the new article of the same place, or the original of which this one is a copy.
    """
    replaced, load_of = frozenset(run.replaced), dataset.load_of()
    old = {
        (row["dump"], row["dump_offset"]): row["article_id"]
        for file in dataset.data_files("articles")
        for group in read_rows("articles", dataset.path(file), load_of, _PLACED)
        for row in group.to_pylist()
        if row["load_id"] in replaced
    }
    new = {
        (row["dump"], row["dump_offset"]): row["duplicate_of"] or row["article_id"]
        for file in files
        if file.table == "articles"
        for group in read_rows("articles", dataset.staged_path(run.staging, file), {}, _PLACED)
        for row in group.to_pylist()
    }
    return {article: new[place] for place, article in old.items() if place in new}
