"""The commit of a run: its ledger is reconciled with the rows in its files, then everything is published at once."""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from warraq.schemas import arrow
from warraq.schemas.labels import COPY_REASONS
from warraq.schemas.records import Rejected
from warraq.transforms import ledger
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.chains import read_holdings, with_former
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, OvertakenError
from warraq.transforms.dataset.index import arrivals_count, stage_arrivals
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import discard, publish, settle
from warraq.transforms.dataset.take_out import Condition, take_out
from warraq.transforms.ledger import Entry
from warraq.transforms.write.late_copies import Settled, reject_late_copies
from warraq.transforms.write.run import Run
from warraq.transforms.write.set_aside import SetAside, SetAsideError, find_faults, leave_report

_PLACED: Final = ("article_id", "duplicate_of", "load_id", "dump", "dump_offset")
_REFUSED: Final = ("dump", "dump_offset", "reason", "detail")
_PATIENCE: Final = 60.0  # seconds, for another process that records the same failures
_ATTEMPTS: Final = 20  # at a commit, while others replace files or bring articles
OVERTAKEN: Final = "overtaken"  # the note for the launcher


def run_row(run: Run, entries: Mapping[Entry, int], committed_at: dt.datetime) -> dict[str, Any]:
    """The row of `runs`, without refusals that it takes back."""
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
        "beginnings": list(run.beginnings),
        "copies": list(run.copies),
        "taken_back": [],
    }


def commit(
    run: Run,
    files: Sequence[DataFile],
    counts: Sequence[tuple[Entry, int]],
    taken_back: Sequence[tuple[str, Rejected]] = (),
) -> dict[str, Any] | None:
    """Reconciles the ledger and publishes the files. Returns the row of `runs`; None if the run was committed before.

    Args:
      run: the run.
      files: its staged files.
      counts: the pages that were counted on the way.
      taken_back: dump that grew, and the refusal of an earlier load that it makes good. Its row goes, if there is one.

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
    try:
        return _publish(dataset, run, Settled([*files], entries), taken_back)
    except OvertakenError as error:
        dataset.write_note(run.staging, OVERTAKEN, str(error).encode())
        raise


def record_failures(run: Run, faults: Sequence[SetAside]) -> None:
    """Commits a row of `runs` for dumps that were set aside, and counts the failures of each.

    The offsets of the run are moved in the same commit. Else they would stay before these messages, and another landing
    folder would bring them, and those behind them, once more.

    Args:
      run: the run that was to read them, with others or alone.
      faults: the dumps, and why.

    Raises:
      OvertakenError: another folder has brought these messages meanwhile. Nothing is committed.
    """
    dataset = Dataset(run.output)
    keys = {fault.dump: loads.failures_key(run.load_ids[fault.dump]) for fault in faults}
    counted = dataset.transactions([*keys.values()])
    counts = {key: counted.get(key, 0) + 1 for key in keys.values()}
    marks = {loads.failed_dump_key(loads.fingerprint_of(run.load_ids[fault.dump])): 1 for fault in faults}
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
    run = dataclasses.replace(run, beginnings=[], copies=[])
    row = {**run_row(run, {}, dt.datetime.now(dt.timezone.utc)), "failed": failed}
    with dataset.lock(run.staging, _PATIENCE):
        file = _stage_row(dataset, run, row)
        before = {key: offset for key, (offset, _) in run.offsets.items()}
        after = {key: offset for key, (_, offset) in run.offsets.items()}
        publish(dataset, run.staging, Publication(run_id, [file], (), counts | marks | after, before, is_run=True))


def _stage_row(dataset: Dataset, run: Run, row: Mapping[str, Any]) -> DataFile:
    file = DataFile("runs", f"run-{run.run_id}", [], 1, 0, [])
    return dataset.write_staged(run.staging, file, [arrow.file_table("runs", [row])], run.run_id)


def _publish(
    dataset: Dataset, run: Run, settled: Settled, taken_back: Sequence[tuple[str, Rejected]]
) -> dict[str, Any]:
    """Publishes the run. Returns the row of `runs`.

    Files that a compaction replaces meanwhile, and articles that other runs bring, cost a new look at them, not a new
    run.
    """
    now = dt.datetime.now(dt.timezone.utc)
    looked = run.arrivals
    for attempts_left in reversed(range(_ATTEMPTS)):
        rewrites = dataset.transactions([loads.REWRITES])
        arrivals = arrivals_count(dataset)
        try:
            if arrivals != looked:
                settled, looked = reject_late_copies(dataset, run, *settled), arrivals
            return _attempt(dataset, run, settled, taken_back, arrivals, now)
        except DamagedDatasetError:
            if not attempts_left or rewrites == dataset.transactions([loads.REWRITES]):
                raise
        except OvertakenError as error:
            if not attempts_left or not {loads.REWRITES, loads.ARRIVALS}.issuperset(error.keys):
                raise
            settle(dataset)  # in a bucket, another process may have brought its articles, but not yet their index
    raise AssertionError  # the last attempt returns or raises


def _attempt(  # noqa: PLR0913, PLR0917  (the parts of a commit)
    dataset: Dataset,
    run: Run,
    settled: Settled,
    taken_back: Sequence[tuple[str, Rejected]],
    arrivals: int,
    now: dt.datetime,
) -> dict[str, Any]:
    """Publishes the run. Rows of loads that it replaces, and refusals that it takes back, go in that commit."""
    articles = [dataset.staged_path(run.staging, one) for one in sorted(settled.files) if one.table == "articles"]
    files = [*settled.files, *stage_arrivals(dataset, run.staging, articles, run.run_id)]
    change = Publication(run.run_id, (), (), _brought(run), _seen(run), is_run=True)
    if articles:
        counted = {loads.ARRIVALS: arrivals + 1}, {loads.ARRIVALS: arrivals}
        change = change._replace(transactions={**change.transactions, **counted[0]}, seen={**change.seen, **counted[1]})
    row = run_row(run, settled.entries, now)
    if run.replaced or taken_back:
        places = _places(dataset, run, taken_back)
        goes = Condition(loads=frozenset(run.replaced), places=frozenset(places))
        heirs = _heirs(dataset, run, files) if run.replaced else {}
        out = take_out(dataset, run.staging, goes, heirs)
        row["taken_back"] = [{**row, "by": places[row["load_id"], row["dump_offset"]]} for row in out.taken_back]
        files += out.added
        change = change._replace(
            removed=out.removed,
            transactions={**out.transactions, **change.transactions},
            seen={**out.seen, **change.seen},
        )
    publish(dataset, run.staging, change._replace(added=sorted([*files, _stage_row(dataset, run, row)])))
    return row


def _brought(run: Run) -> dict[str, int]:
    """The transactions that the run commits."""
    brought = {loads.load_key(load): loads.IN for load in run.load_ids.values()}
    brought |= {loads.dump_key(dump["fingerprint"]): loads.IN for dump in run.dumps}
    brought |= {key: version + 1 for key, version in run.bringing.items()}
    return brought | {key: after for key, (_, after) in run.offsets.items()}


def _seen(run: Run) -> dict[str, int]:
    """The transactions that must have the versions of the plan."""
    reached = {key: before for key, (before, _) in run.offsets.items()}
    reached |= {loads.load_key(load): loads.IN for load in run.load_ids.values() if load in run.replaced}
    return {loads.ROWS_OUT: run.rows_out, **run.bringing, **run.standing, **reached}


def _places(dataset: Dataset, run: Run, taken_back: Sequence[tuple[str, Rejected]]) -> dict[tuple[str, int], str]:
    """Load and offset of each refusal that may be taken back, and the dump that makes it good.

    The earlier load of a dump that grew may itself continue others: the row is of one of them.
    """
    if not taken_back:
        return {}
    held = read_holdings(dataset).loads
    after = {beginning["dump"]: beginning["after_load"] for beginning in run.beginnings if beginning["after_load"]}
    chains = {dump: sorted(with_former(held, [load])) for dump, load in after.items()}
    return {(load, row.source.dump_offset): dump for dump, row in taken_back for load in chains[dump]}


def _heirs(dataset: Dataset, run: Run, files: Sequence[DataFile]) -> dict[str, str]:
    """Article of a replaced load → the original that a pointer to it must lead to now.

    That is the new article of the same place, or the original of which this one is a copy or was refused as a copy.
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
        for row in _staged_rows(dataset, run, files, "articles", _PLACED)
    }
    refused = {
        (row["dump"], row["dump_offset"]): row["detail"]
        for row in _staged_rows(dataset, run, files, "rejected", _REFUSED)
        if row["reason"] in COPY_REASONS
    }
    new = {**refused, **new}
    return {article: new[place] for place, article in old.items() if place in new}


def _staged_rows(
    dataset: Dataset, run: Run, files: Sequence[DataFile], table: str, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Some columns of the rows that the run has staged for a table."""
    for file in files:
        if file.table == table:
            for group in read_rows(table, dataset.staged_path(run.staging, file), {}, columns):
                yield from group.to_pylist()
