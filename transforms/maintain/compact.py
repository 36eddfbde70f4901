"""`maintain compact`: many small files become few large ones, with the same rows in the same order.

Days of `articles` are compacted when they are closed: no more of their pages are expected. The other tables are never
closed; some of their files are merged when there are several of them.

    articles/date=2026-01-05/topic=sport/   part-3f….parquet, part-81….parquet   →   compact-c2….parquet
"""

import argparse
import collections
import datetime as dt
import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from warraq.schemas.arrow import ORDER, PARTITIONS, SCHEMA_VERSION, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import index
from warraq.transforms.dataset.data_files import DataFile, file_version, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError
from warraq.transforms.dataset.loads import REWRITES
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.maintain.merge import cut, row_bytes, row_count, sorted_rows
from warraq.transforms.maintain.operation import Operation, carry_out, rewrites

TARGET: Final = 128 << 20  # bytes of a file
_OPEN_DAYS: Final = 2
_NAME: Final = "compact"  # files of this name are compacted
_ROW_GROUP_BYTES: Final = 16 << 20  # of values, before they are compressed; see docs/choices.md
_AT_ONCE: Final = 64 << 20  # bytes of rows that are sorted at once
_SPLIT: Final = 1 / 8
_TIMES: Final = 4  # a file is merged with smaller ones once it is at most so many times as large as all of them
_TIES: Final = ("load_id", "run_id")  # order rows that differ in nothing of ORDER


class Rule(NamedTuple):
    """The rule of a table: which files of a partition are merged, and how."""

    least: int  # files; fewer are left alone
    cheap: float = 0  # share of the target; files up to it are always merged
    is_dated: bool = False  # partitioned by day; only closed days are touched
    row_group: int = _ROW_GROUP_BYTES  # size of a row group, as `measure` gives it
    measure: Callable[[pa.Table], np.ndarray] = row_bytes
    # Partition → function that gives other partitions of its rows. They go there once they are _SPLIT of the target.
    splits: Mapping[str, Callable[[pa.Table], Iterable[tuple[str, pa.Table]]]] = {}


RULES: Final[Mapping[str, Rule]] = {
    "articles": Rule(1, 1 / 8, is_dated=True),
    "rejected": Rule(8),
    "signatures": Rule(2, 1 / 128, row_group=index.ROW_GROUP, measure=row_count, splits={index.ARRIVAL: index.parts}),
    "forgotten": Rule(8),
    "runs": Rule(8),
}


class Settings(NamedTuple):
    """The settings of one compaction, for all tables."""

    before: dt.date  # days before it are closed
    target: int = TARGET  # bytes of a file
    is_whole: bool = False  # partitions are made anew as one, whatever it costs
    only_older: bool = False  # of these only those with a file of an older schema; none is split for it


class Compacted(NamedTuple):
    """The files of one table that were merged, and what they became."""

    table: str
    before: int  # files
    after: int
    bytes: int  # after
    damaged: Sequence[str] = ()  # a sentence for each partition that was left alone, because a file is damaged

    def words(self) -> str:
        """The change in words: a file that had its partition alone was sorted and written anew."""
        if self.before == self.after:
            return f"{self.after:,} file{'s' * (self.after != 1)} of {self.table} written anew"
        return f"{self.before:,} files of {self.table} are {self.after:,} now"


class Group(NamedTuple):
    """Files of one partition that become one, or as few as the target allows; or are split into other partitions."""

    table: str
    files: Sequence[DataFile]
    is_split: bool = False

    @property
    def partition(self) -> tuple[str, ...]:
        """The values of the partition columns."""
        return tuple(self.files[0].partition)

    @property
    def paths(self) -> list[str]:
        """The paths of the files inside the dataset."""
        return [f"{self.table}/{file.path}" for file in self.files]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class _LoadOf(Mapping[tuple[str, str], str]):
    """The load of each run and dump, read when the first file of schema 1 needs it."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @functools.cached_property
    def _known(self) -> dict[tuple[str, str], str]:
        return self._dataset.load_of()

    def __getitem__(self, key: tuple[str, str]) -> str:
        return self._known[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def compact(dataset: Dataset, settings: Settings) -> Iterator[Compacted]:
    """Merges the files of closed days, and those of the other tables. Yields what was done to each table.

    Rows stay the same. Files of schema 1 get the columns of this version. A partition whose file is damaged is left
    alone. Each publication takes whole partitions, up to about the target; a kill costs one of them at most. Memory is
    bounded by the target and four times 64 MB, plus 200 bytes for each row of the largest partition.

    Raises:
      DatasetError: other processes change the dataset all the time.
    """
    is_older = functools.cache(functools.partial(_is_older, dataset))  # each file is opened once
    for table in RULES:
        batches: list[_Batch] = []

        def left(table: str = table) -> list[Group]:
            found = groups(table, dataset.data_files(table), settings)
            return [group for group in found if not settings.only_older or any(map(is_older, group.paths))]

        while batch := carry_out(dataset, _NAME, functools.partial(_plan, dataset, settings, left, batches)):
            batches.append(batch)
        yield Compacted(
            table,
            sum(batch.before for batch in batches),
            sum(batch.after for batch in batches),
            sum(batch.bytes for batch in batches),
            [line for batch in batches for line in batch.damaged],
        )


def groups(table: str, files: Iterable[DataFile], settings: Settings) -> list[Group]:
    """The groups of files that are merged, in order of their partitions."""
    rule = RULES[table]
    partitions = collections.defaultdict(list)
    for file in files:
        if not rule.is_dated or file.partition[0] < settings.before.isoformat():
            partitions[tuple(file.partition)].append(file)
    found = [group for _, mine in sorted(partitions.items()) for group in _groups(table, mine, settings)]
    return sorted(found, key=lambda group: not group.is_split)  # rows that are split may be merged then


def _groups(table: str, files: Sequence[DataFile], settings: Settings) -> list[Group]:
    """The groups among the files of one partition."""
    rule = RULES[table]
    is_split = any(value in rule.splits for value in files[0].partition)
    is_due = settings.is_whole and not settings.only_older
    if is_split and (is_due or sum(file.size for file in files) >= _SPLIT * settings.target):
        parts = collections.defaultdict(list)
        for file, filled in zip(files, itertools.accumulate(file.size for file in files), strict=True):
            parts[filled // _AT_ONCE].append(file)
        return [Group(table, part, is_split=True) for part in parts.values()]
    chosen = _chosen(files, rule, settings)
    return [Group(table, chosen)] if chosen else []


def _chosen(files: Sequence[DataFile], rule: Rule, settings: Settings) -> list[DataFile]:
    """The files of one partition that are merged; none if it is not worth it.

    A file goes with the smaller ones unless it is more than _TIMES as large as they are together. So a byte is written
    again only when its file grows by a quarter or more, and few files of different sizes stay. Files larger than half
    the target stay as they are.
    """
    by_size = sorted(files, key=lambda file: (file.size, file.path))
    if settings.is_whole:
        found = by_size
    else:
        small = [file for file in by_size if file.size <= settings.target // 2]
        smaller = [0, *itertools.accumulate(file.size for file in small)]
        cheap = rule.cheap * settings.target
        ends = [n for n, file in enumerate(small, 1) if file.size <= max(cheap, _TIMES * smaller[n - 1])]
        found = small[: max(ends, default=0)]
    is_done = len(found) == 1 and is_compacted(found[0]) and not settings.only_older
    least = 1 if settings.is_whole else rule.least
    return [] if is_done or len(found) < least else found


def _is_older(dataset: Dataset, path: str) -> bool:
    """True for a file of an older schema, and for a damaged one, which the merge will tell."""
    try:
        return file_version(storage.join(dataset.root, path)) < SCHEMA_VERSION
    except DamagedDatasetError:
        return True


def is_compacted(file: DataFile) -> bool:
    """True for a file that a compaction wrote."""
    return file.path.rpartition("/")[2].startswith(f"{_NAME}-")


class _Batch(NamedTuple):
    """Partitions that are compacted in one publication."""

    partitions: frozenset[tuple[str, ...]]
    before: int  # files
    after: int
    bytes: int
    damaged: Sequence[str]


def _plan(
    dataset: Dataset,
    settings: Settings,
    left: Callable[[], Sequence[Group]],
    batches: Sequence[_Batch],
    operation: Operation,
) -> tuple[Publication | None, _Batch | None]:
    """Stages the next partitions of those that are left, up to the target. Returns None twice if there is none.

    Each partition is in one batch only, unless its files are split, so there is a last one.
    """
    done = frozenset[tuple[str, ...]]().union(*(batch.partitions for batch in batches))
    found = [group for group in left() if group.partition not in done]
    filled = itertools.accumulate((group.size for group in found), initial=0)
    taken = [group for group, size in zip(found, filled, strict=False) if size < settings.target]
    if not taken:
        return None, None
    load_of = _LoadOf(dataset)
    added: list[DataFile] = []
    removed: list[DataFile] = []
    damaged: list[str] = []
    for group in taken:
        written = _merge(dataset, operation, group, settings.target, load_of)
        if isinstance(written, str):
            damaged.append(written)
        else:
            added += written
            removed += group.files
    # A file can become itself: the first of several, if no new row comes before its last one.
    same = {file.path for file in added} & {file.path for file in removed}
    added, removed = ([file for file in files if file.path not in same] for files in (added, removed))
    # Files that are split are gone then, unless one is damaged. There may be more of them than are taken.
    partitions = frozenset(group.partition for group in taken if damaged or not group.is_split)
    batch = _Batch(partitions, len(removed), len(added), sum(file.size for file in added), damaged)
    number = operation.rewrites
    change = Publication(operation.id, added, removed, {REWRITES: number + 1}, {REWRITES: number}, is_data=False)
    return change if added or removed else None, batch


def _merge(dataset: Dataset, operation: Operation, group: Group, target: int, load_of: _LoadOf) -> list[DataFile] | str:
    """Stages the rows of a group. Returns the new files; a sentence if a file of the group is damaged."""
    try:
        return [
            dataset.write_staged(operation.staging, file, itertools.chain([rows], row_groups), target=target)
            for file, row_groups in _pieces(dataset, group, load_of)
            for rows in row_groups  # of which the file takes as many as it has room for
        ]
    except DamagedDatasetError as error:
        if rewrites(dataset) != operation.rewrites:  # another process has moved the file away
            raise
        return str(error)


def _pieces(dataset: Dataset, group: Group, load_of: _LoadOf) -> Iterator[tuple[DataFile, Iterator[pa.Table]]]:
    """The beginning of each new file, to be completed, and the row groups of it and of those that follow it."""
    rule = RULES[group.table]
    readers = [functools.partial(_read, dataset, file, load_of) for file in group.files]
    if group.is_split:
        [split] = [rule.splits[value] for value in group.partition if value in rule.splits]
        [column] = PARTITIONS[group.table]
        for part, rows in split(pa.concat_tables([rows for read in readers for rows in read(None)])):
            file = DataFile(group.table, f"{column}={part}/{_NAME}", [part], 0, 0, [])
            yield file, cut([rows], rule.row_group, rule.measure)
    else:
        folder, slash, _ = group.files[0].path.rpartition("/")
        file = group.files[0]._replace(path=f"{folder}{slash}{_NAME}", dumps=[])
        yield file, cut(sorted_rows(readers, _order(group), _AT_ONCE), rule.row_group, rule.measure)


def _order(group: Group) -> Sequence[str]:
    """The columns by which rows are sorted."""
    if group.table == "signatures":
        return index.order(*group.partition)
    order, columns = ORDER[group.table], TABLES[group.table].names
    return [*order, *(name for name in _TIES if name in columns and name not in order)]


def _read(dataset: Dataset, file: DataFile, load_of: _LoadOf, groups: Collection[int] | None) -> Iterator[pa.Table]:
    """The row groups of a file with these numbers; if all are read, their rows are counted."""
    count = 0
    for rows in read_rows(file.table, dataset.path(file), load_of, groups=groups):
        count += rows.num_rows
        yield rows
    if groups is None and file.rows not in (None, count):
        path = dataset.path(file)
        raise DamagedDatasetError(f"{path} has {count:,} rows, where the log says {file.rows:,}; {CURE}")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: not a day such as 2026-01-31") from None


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d{1,6})(MB|GB)", text, re.IGNORECASE)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: not a size such as 128MB or 1GB")
    return int(match[1]) << (20 if match[2].upper() == "MB" else 30)


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: not a number of days")
    return int(text)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the operation."""
    parser.add_argument(
        "--open_days",
        type=_count,
        default=_OPEN_DAYS,
        metavar="N",
        help=f"leave today and so many days before alone, by UTC (default: {_OPEN_DAYS})",
    )
    parser.add_argument("--before", type=_day, metavar="DAY", help="compact the days before this one instead")
    parser.add_argument(
        "--target_size", type=_size, default=TARGET, metavar="SIZE", help="size of a file (default: 128MB)"
    )
    parser.add_argument("--whole", action="store_true", help="sort each partition anew, files that are large, too")


def run(dataset: Dataset, options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Carries out the operation as its flags say; returns the exit code."""
    today = dt.datetime.now(dt.timezone.utc).date()
    before = options.before or today - dt.timedelta(options.open_days)
    damaged = 0
    for done in compact(dataset, Settings(before, options.target_size, options.whole)):
        if done.before:
            tell(f"compact: {done.words()} ({done.bytes / 1e6:,.1f} MB)")
        for line in done.damaged:
            tell(f"{line}; its partition was not compacted")
        damaged += len(done.damaged)
    return 1 if damaged else 0
