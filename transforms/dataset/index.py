"""The index of `articles`, the table `signatures`: a row for each article, in parts for each kind of search.

    part=arrival      the rows of one run as they came, for both kinds
    part=digest-0f    rows whose text digest begins so, sorted by it, without signatures: for exact copies
    part=2025-06      the originals of one month, sorted by day, with their signatures: for near copies

A run adds one small file to `arrival`; a compaction turns those into files of the other parts. Files have row groups of
4,096 rows, whose statistics say which of them a search must read.
"""

import bisect
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warraq.schemas.arrow import ORDER, file_schema
from warraq.transforms.dataset import delta_log, loads
from warraq.transforms.dataset.data_files import DataFile, read_table
from warraq.transforms.dataset.dataset import Dataset

ARRIVAL: Final = "arrival"
DIGEST: Final = "digest-"
ROW_GROUP: Final = 4096  # rows: 1 MB of signatures, or 160 kB without
_SCHEMA: Final = file_schema("signatures").remove_metadata()
ARRIVAL_FILE: Final = DataFile("signatures", f"part={ARRIVAL}/part", [ARRIVAL], 0, 0, [])  # to be completed
_ARRIVAL_ROWS: Final = 100_000
_PREFIX: Final = 2  # hexadecimal digits of a part: 256 parts, which have 40 kB each at 256,000 articles


def signatures(path: str) -> pa.Table:
    """The rows of the index for a file of `articles`, sorted as `arrival` has them.

    A near copy has no signature: its original stands for it.

    Raises:
      DamagedDatasetError: the file is missing or broken.
    """
    table = read_table(path, ["text_digest", "article_id", "load_id", "sketch", "duplicate_of"])
    day = path.rpartition("/date=")[2].partition("/")[0]
    columns = {
        "text_digest": table["text_digest"],
        "article_id": table["article_id"],
        "date": pa.repeat(pa.scalar(dt.date.fromisoformat(day), pa.date32()), len(table)),
        "load_id": table["load_id"] if "load_id" in table.column_names else pa.nulls(len(table), pa.string()),
        "sketch": pc.if_else(pc.is_null(table["duplicate_of"]), table["sketch"], None),
    }
    return _sorted(pa.table(columns).cast(_SCHEMA), ARRIVAL)


def arrivals(paths: Iterable[str]) -> Iterator[pa.Table]:
    """The rows of the index for files of `articles`, in tables of about 100,000 rows: 30 MB."""
    waiting: list[pa.Table] = []
    for path in paths:
        waiting.append(signatures(path))
        if sum(map(len, waiting)) >= _ARRIVAL_ROWS:
            yield _joined(waiting)
            waiting = []
    if any(map(len, waiting)):
        yield _joined(waiting)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    return _sorted(pa.concat_tables(tables), ARRIVAL)


def row_groups(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows in pieces that become row groups."""
    yield from (rows.slice(start, ROW_GROUP) for start in range(0, len(rows), ROW_GROUP))


def stage_arrivals(dataset: Dataset, staging: str, paths: Iterable[str], run_id: str = "") -> list[DataFile]:
    """Stages the rows of the index for files of `articles`."""
    return [dataset.write_staged(staging, ARRIVAL_FILE, row_groups(rows), run_id) for rows in arrivals(paths)]


def arrivals_count(dataset: Dataset) -> int:
    """The version of loads.ARRIVALS whose articles the index has all."""
    table = dataset.open("signatures")
    return delta_log.transactions(table, [loads.ARRIVALS]).get(loads.ARRIVALS, 0)


class Holder(NamedTuple):
    """An article of the dataset, found by its text. The earliest has precedence."""

    date: dt.date
    article_id: str


def find_texts(dataset: Dataset, digests: Collection[str], ignored_loads: Collection[str]) -> dict[str, Holder]:
    """The articles of the dataset with these text digests, whose loads are not ignored. Reads the parts of the digests.

    Raises:
      DamagedDatasetError: a file of the index is missing, perhaps because a compaction has just moved it, or broken.
    """
    wanted = sorted(digests)
    prefixes = {f"{DIGEST}{digest[:_PREFIX]}" for digest in wanted} | {ARRIVAL}

    def is_wanted(group: pq.RowGroupMetaData) -> bool:
        columns = [group.column(i) for i in range(group.num_columns)]
        [found] = [column.statistics for column in columns if column.path_in_schema == "text_digest"]
        if not (found and found.has_min_max):
            return True
        return bisect.bisect_left(wanted, found.min) < bisect.bisect_right(wanted, found.max)

    holders: dict[str, Holder] = {}
    for path in dataset.files("signatures") if wanted else []:
        if path.rpartition("/part=")[2].partition("/")[0] in prefixes:
            rows = read_table(path, ["text_digest", "article_id", "date", "load_id"], is_wanted)
            for row in rows.filter(pc.is_in(rows["text_digest"], pa.array(wanted, pa.string()))).to_pylist():
                if row["load_id"] not in ignored_loads:
                    holder = Holder(row["date"], row["article_id"])
                    holders[row["text_digest"]] = min(holder, holders.get(row["text_digest"], holder))
    return holders


def parts(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The name of each part of a compacted index of `rows`, and its rows, sorted."""
    prefixes = pc.utf8_slice_codeunits(rows["text_digest"], 0, _PREFIX)
    without = rows.set_column(rows.column_names.index("sketch"), "sketch", pa.nulls(len(rows), pa.binary()))
    for prefix in sorted(pc.unique(prefixes).to_pylist()):
        name = f"{DIGEST}{prefix}"
        yield name, _sorted(without.filter(pc.equal(prefixes, prefix)).cast(_SCHEMA), name)
    originals = rows.filter(rows["sketch"].is_valid())
    months = pc.strftime(originals["date"], "%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        yield month, _sorted(originals.filter(pc.equal(months, month)), month)


def order(part: str) -> tuple[str, ...]:
    """The columns by which the rows of a part are sorted. Rows that are equal in them are equal."""
    first = () if part == ARRIVAL or part.startswith(DIGEST) else ("date",)
    return (*dict.fromkeys([*first, *ORDER["signatures"]]), "load_id")


def _sorted(rows: pa.Table, part: str) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in order(part)])
