"""The cures of `warraq maintain DIR check --repair`. Each can be killed at any moment and repeated."""

import collections
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa
from deltalake.exceptions import DeltaError

from warraq.schemas.arrow import TABLES, file_table
from warraq.transforms import storage
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.copy_rows import PAGE, copies_file, copy_row
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import PROPERTIES, REPLACED, Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.index import stage_arrivals
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import recover_dead_runs
from warraq.transforms.dataset.take_out import Condition, take_out
from warraq.transforms.dataset.upgrade import add_columns, upgrade_tables
from warraq.transforms.maintain.damage import read
from warraq.transforms.maintain.fault import Fault, Row
from warraq.transforms.maintain.operation import Operation, carry_out

_Loads = Mapping[tuple[str, str], str]
_PATIENCE: Final = 600.0  # seconds to wait for another process that publishes
_TWIN_COLUMNS: Final = ("url", "published_at", "fetched_at", "dump", "dump_offset", "load_id")


def repair(dataset: Dataset, found: Sequence[Fault]) -> Iterator[str]:
    """Mends those of the faults that have a cure. Gives one sentence for each repair.

    What another process has changed since is left alone; the next check tells it if it is still a fault.

    Raises:
      DatasetError: the dataset can't be read, or other processes change it all the time.
    """
    by_kind: dict[str, list[Fault]] = collections.defaultdict(list)
    for fault in found:
        by_kind[fault.kind].append(fault)
    if by_kind["publication"] or by_kind["staging"]:
        cleared = recover_dead_runs(dataset)
        yield from [each.words for each in cleared] or ["removed what killed runs had left"]
    if by_kind["table"]:
        yield from _mend_tables(dataset, {fault.table for fault in by_kind["table"]})
    if moves := [*by_kind["moved"], *by_kind["unlogged"]]:
        yield from _move(dataset, moves)
    if twins := by_kind["id"]:
        yield from _drop_twins(dataset, twins)
    if pointers := by_kind["pointer"]:
        yield from _mend_pointers(dataset, pointers)
    if by_kind["index"]:
        _make_index(dataset)
        yield "made the index of copies anew"


def _mend_tables(dataset: Dataset, names: Collection[str]) -> Iterator[str]:
    try:
        upgrade_tables(dataset)
        for name in sorted(names):
            if table := dataset.open(name):
                add_columns(name, table)
                table.alter.set_table_properties(dict(PROPERTIES), raise_if_not_exists=False)
                yield f"upgraded the table {name}"
    except DeltaError as error:
        yield f"a table can't be upgraded now ({str(error).splitlines()[0]})"


def _move(dataset: Dataset, found: Iterable[Fault]) -> Iterator[str]:
    """Moves files that no log names to the folder REPLACED, and files that are missing or damaged back from there."""
    with storage.lock(dataset.publishing_lock(), _PATIENCE) as ours:
        if not ours:
            raise DatasetError(f"{dataset.root}: another process has been publishing for ten minutes; try again later")
        if dataset.publishing():  # its files are in place before a log names them
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


class _Twin(NamedTuple):
    """A row of an article that stands more than once. The order is that of `Deduplicate`: the first is kept."""

    is_stray: bool  # of no run
    day: str
    is_timeless: bool
    published_at: str
    fetched_at: str
    url: str
    dump_offset: int
    dump: str
    row: Row
    load_id: str | None
    fetch_time: dt.datetime

    @property
    def place(self) -> tuple[str | None, str, int]:
        """The page."""
        return self.load_id, self.dump, self.dump_offset

    def page(self) -> dict[str, Any]:
        """The columns PAGE."""
        return {name: getattr(self, name) for name in PAGE} | {"fetched_at": self.fetch_time}


class _Sorted(NamedTuple):
    """The rows of one article."""

    kept: _Twin
    again: list[_Twin]  # rows of no run, or of a page that has one already; they go
    copies: list[_Twin]  # rows of other pages, which become rejected copies


def _drop_twins(dataset: Dataset, found: Sequence[Fault]) -> Iterator[str]:
    """Keeps one row of each article. Another page that gave the same article is rejected then, so no page is lost."""

    def plan(operation: Operation) -> tuple[Publication | None, list[str]]:
        rewrites = dataset.transactions([loads.REWRITES]).get(loads.REWRITES, 0)
        load_of = dataset.load_of()
        run_of = {load: run_id for (run_id, _), load in load_of.items()}
        files = {file.path: file for file in dataset.data_files("articles")}
        known = [fault for fault in found if all(row.path in files for row in fault.rows)]
        if not known:
            return None, ["the files with rows that stand twice have been replaced meanwhile"]
        told: list[str] = []
        drops: dict[str, set[int]] = collections.defaultdict(set)
        refused: list[dict[str, Any]] = []
        for fault in known:
            kept, again, copies = _sort_out(_twins(dataset, fault.rows, load_of, run_of))
            for twin in [*again, *copies]:
                drops[twin.row.path].add(twin.row.number)
            refused += [copy_row(twin.page(), fault.article_id, run_of[twin.load_id or ""]) for twin in copies]
            told.append(f"kept the earliest row of article {fault.article_id}, in {kept.row.table}/{kept.row.path}")
        removed = [files[path] for path in sorted(drops)]
        added = [_without(dataset, operation, file, drops[file.path], load_of) for file in removed]
        if refused:
            refused.sort(key=lambda row: (row["dump"], row["dump_offset"], row["url"]))
            part = copies_file(len(refused))
            added.append(dataset.write_staged(operation.staging, part, [file_table("rejected", refused)]))
        new = [file for file in added if file.rows]
        counter = ({loads.REWRITES: rewrites + 1}, {loads.REWRITES: rewrites})
        return Publication(operation.id, new, removed, *counter), told

    yield from carry_out(dataset, f"keep one row of {sorted(fault.article_id for fault in found)}", plan)


def _twins(dataset: Dataset, rows: Iterable[Row], load_of: _Loads, run_of: Collection[str]) -> Iterator[_Twin]:
    """The rows of one article, without their texts."""
    numbers: dict[tuple[str, str], set[int]] = collections.defaultdict(set)
    for row in rows:
        numbers[row.table, row.path].add(row.number)
    for (table, path), wanted in numbers.items():
        day = path.split("/")[0]
        groups = read_rows(table, storage.join(dataset.root, table, path), load_of, _TWIN_COLUMNS)
        found = (row for group in groups for row in group.to_pylist())
        for number, row in enumerate(found):
            if number in wanted:
                time = row["published_at"]
                yield _Twin(
                    row["load_id"] not in run_of,
                    day,
                    time is None,
                    time.isoformat() if time else "",
                    row["fetched_at"].isoformat(),
                    row["url"],
                    row["dump_offset"],
                    row["dump"],
                    Row(table, path, number),
                    row["load_id"],
                    row["fetched_at"],
                )


def _sort_out(twins: Iterable[_Twin]) -> _Sorted:
    kept, *others = sorted(twins)
    found = _Sorted(kept, [], [])
    places = {kept.place}
    for twin in others:
        (found.again if twin.is_stray or twin.place in places else found.copies).append(twin)
        places.add(twin.place)
    return found


def _without(
    dataset: Dataset,
    operation: Operation,
    file: DataFile,
    gone: Collection[int],
    load_of: _Loads,
) -> DataFile:
    """Stages the file without some of its rows. It may have none then."""

    def groups() -> Iterator[pa.Table]:
        start = 0
        for group in read_rows(file.table, dataset.path(file), load_of):
            kept = group.filter(pa.array([start + number not in gone for number in range(group.num_rows)]))
            start += group.num_rows
            if kept.num_rows:
                yield kept

    folder = file.path.rpartition("/")[0]
    return dataset.write_staged(operation.staging, file._replace(path=f"{folder}/part"), groups())


def _mend_pointers(dataset: Dataset, found: Sequence[Fault]) -> Iterator[str]:
    """The copies of articles that are not there, and those in a circle, get a new original from their midst."""
    missing = frozenset(fault.original for fault in found)

    def plan(operation: Operation) -> tuple[Publication, list[str]]:
        change = take_out(dataset, operation.staging, Condition(), missing=missing).publication(operation.id)
        return change, [f"the copies of {original} have a new original" for original in sorted(missing)]

    yield from carry_out(dataset, f"elect the originals of the copies of {sorted(missing)}", plan)


def _make_index(dataset: Dataset) -> None:
    """Makes the index anew from the articles.

    Raises:
      DatasetError: other processes change the dataset all the time.
    """

    def plan(operation: Operation) -> tuple[Publication, None]:
        added = stage_arrivals(dataset, operation.staging, dataset.files("articles"))
        return _replacing(operation, added, dataset.data_files("signatures")), None

    carry_out(dataset, "make the index", plan)


def _replacing(operation: Operation, added: list[DataFile], removed: list[DataFile]) -> Publication:
    """The publication of new files of the index in place of others. A file may become itself."""
    same = {file.path for file in added} & {file.path for file in removed}
    added, removed = ([file for file in files if file.path not in same] for files in (added, removed))
    number = operation.rewrites
    return Publication(
        operation.id, added, removed, {loads.REWRITES: number + 1}, {loads.REWRITES: number}, is_data=False
    )
