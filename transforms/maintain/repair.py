"""The cures of `warraq maintain DIR check --repair`. Each can be killed at any moment and repeated."""

import collections
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError

from warraq.schemas.arrow import TABLES, file_schema, file_table
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log, loads
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import PROPERTIES, REPLACED, Dataset
from warraq.transforms.dataset.errors import DatasetError, OvertakenError
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import discard, publish, recover_dead_runs
from warraq.transforms.dataset.upgrade import upgrade_tables
from warraq.transforms.maintain.damage import read
from warraq.transforms.maintain.fault import Fault, Row
from warraq.transforms.maintain.row_checks import DUPLICATE

_STAGE: Final = "deduplicate"
_PATIENCE: Final = 600.0  # seconds to wait for another process that publishes
# The columns that decide which of two rows of one article is the earlier, and those of a rejected row.
_TWIN_COLUMNS: Final = ("article_id", "url", "published_at", "fetched_at", "dump", "dump_offset", "load_id")


class Twin(NamedTuple):
    """One of the rows of an article that stands more than once, in the order of `Deduplicate`: the first is kept."""

    day: str
    is_timeless: bool
    published_at: str
    fetched_at: str
    url: str
    dump_offset: int
    dump: str
    load_id: str
    row: Row
    run_id: str  # the run of the file, or of its load


class Edit(NamedTuple):
    """The change of one file."""

    drops: frozenset[int]  # numbers of rows that go
    empties: frozenset[int]  # numbers of rows whose `duplicate_of` becomes null


def repair(dataset: Dataset, found: Sequence[Fault]) -> Iterator[str]:
    """Mends those of the faults that have a cure. Gives one sentence for each repair.

    What another process has changed since is left alone; the next check tells it if it is still a fault.

    Raises:
      DatasetError: the dataset can't be read, or another process has been publishing for ten minutes.
    """
    kinds = {fault.kind for fault in found}
    if kinds & {"publication", "staging"}:
        yield from recover_dead_runs(dataset) or ["removed what killed runs had left"]
    if "table" in kinds:
        yield from _mend_tables(dataset, {fault.table for fault in found if fault.kind == "table"})
    moves = [fault for fault in found if fault.kind in ("moved", "unlogged")]
    if moves:
        yield from _move(dataset, moves)
    rows = [fault for fault in found if fault.kind in ("id", "pointer")]
    if rows:
        yield from _mend_rows(dataset, rows)


def _mend_tables(dataset: Dataset, names: Iterable[str]) -> Iterator[str]:
    try:
        upgrade_tables(dataset)
        for name in sorted(names):
            if table := dataset.open(name):
                table.alter.set_table_properties(dict(PROPERTIES), raise_if_not_exists=False)
                yield f"upgraded {name}"
    except DeltaError as error:
        yield f"a table can't be upgraded now ({str(error).splitlines()[0]})"


def _move(dataset: Dataset, found: Iterable[Fault]) -> Iterator[str]:
    """Moves files that no log names to the folder REPLACED, and files that are missing or damaged back from there."""
    with storage.lock(dataset.publishing_lock(), _PATIENCE) as ours:
        if not ours:
            raise DatasetError(f"{dataset.root}: another process has been publishing for ten minutes; try again later")
        if dataset.publishing():  # of a bucket, or killed a moment ago: its files are in place before a log names them
            return
        aside = storage.join(dataset.root, REPLACED)
        logged = {name: {file.path: file for file in dataset.data_files(name)} for name in TABLES}
        for fault in found:
            path = f"{fault.table}/{fault.path}"
            file = logged[fault.table].get(fault.path)
            size = storage.size(storage.join(dataset.root, path))
            if fault.kind == "unlogged" and not file and size is not None:
                storage.move(dataset.root, {path: size}, aside)
                yield f"moved {path} to {REPLACED}"
            elif fault.kind == "moved" and file and not read(storage.join(aside, path), file, ()).fault:
                storage.move(aside, {path: file.size}, dataset.root)
                yield f"moved {path} back from {REPLACED}"


def _mend_rows(dataset: Dataset, found: Sequence[Fault]) -> Iterator[str]:
    """Rewrites the files with rows that go or whose pointer is emptied, all in one publication."""
    rewrites = dataset.transactions([loads.REWRITES]).get(loads.REWRITES, 0)
    files = {(name, file.path): file for name in TABLES for file in dataset.data_files(name)}
    found = [fault for fault in found if all(row[:2] in files for row in fault.rows)]
    load_ids = _load_ids(dataset)
    told: list[str] = []
    drops: set[Row] = set()
    refused: list[dict[str, Any]] = []
    for fault in found:
        if fault.kind == "id":
            kept, *others = sorted(_twins(dataset, fault.rows, load_ids))
            doubles, copies = _sorted_out(kept, others)
            drops |= {twin.row for twin in [*doubles, *copies]}
            refused += [_refusal(dataset, twin) for twin in copies]
            told.append(f"{fault.text}: kept the row {kept.row.number} of {kept.row.table}/{kept.row.path}")
    empties = {row for fault in found if fault.kind == "pointer" for row in fault.rows} - drops
    told += [f"{fault.text}: emptied its duplicate_of" for fault in found if fault.kind == "pointer"]
    edits = _by_file(drops, empties)
    if not edits:
        return
    planned = [[*key, sorted(edit.drops), sorted(edit.empties)] for key, edit in sorted(edits.items())]
    run_id = "repair-" + hashlib.blake2b(json.dumps([rewrites, planned]).encode(), digest_size=16).hexdigest()
    staging = dataset.staging_name(run_id)
    with dataset.lock(staging) as free:
        if not free:
            yield "another process makes the same repair"
            return
        try:
            added = [_rewritten(dataset, staging, files[key], edit, load_ids) for key, edit in sorted(edits.items())]
            if refused:
                refused.sort(key=lambda row: (row["dump"], row["dump_offset"], row["url"], row["reason"], row["detail"]))
                place = DataFile("rejected", f"stage={_STAGE}/part", [_STAGE], len(refused), 0, [])
                added.append(dataset.write_staged(staging, place, [file_table("rejected", refused)]))
            removed = [files[key] for key in sorted(edits)]
            change = Publication(
                run_id,
                [file for file in added if file],
                removed,
                {loads.REWRITES: rewrites + 1},
                {loads.REWRITES: rewrites},
            )
            publish(dataset, staging, change)
        except OvertakenError as error:
            discard(dataset, staging)
            yield f"{error}; no row was mended"
            return
    yield from told


def _sorted_out(kept: Twin, others: Iterable[Twin]) -> tuple[list[Twin], list[Twin]]:
    """The rows of pages that have a row already, and those of other pages, which become rejected rows."""
    doubles: list[Twin] = []
    copies: list[Twin] = []
    places = {_place(kept)}
    for twin in others:
        (doubles if _place(twin) in places else copies).append(twin)
        places.add(_place(twin))
    return doubles, copies


def _place(twin: Twin) -> tuple[str, str, int]:
    return twin.load_id, twin.dump, twin.dump_offset


def _by_file(drops: Iterable[Row], empties: Iterable[Row]) -> dict[tuple[str, str], Edit]:
    edits: dict[tuple[str, str], tuple[set[int], set[int]]] = collections.defaultdict(lambda: (set(), set()))
    for side, rows in enumerate((drops, empties)):
        for row in rows:
            edits[row.table, row.path][side].add(row.number)
    return {key: Edit(frozenset(gone), frozenset(emptied)) for key, (gone, emptied) in edits.items()}
