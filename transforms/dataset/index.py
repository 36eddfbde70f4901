"""The index of `articles`, the table `signatures`: a row for each article, in parts for each kind of search.

    part=arrival      the rows of one run as they came, for both kinds
    part=digest-0f    rows whose text digest begins so, sorted by it, without signatures: for exact copies
    part=2025-06      the originals of one month, sorted by day, with their signatures: for near copies

A run adds one small file to `arrival`; a compaction turns those into files of the other parts. Files have row groups of
4,096 rows, whose statistics say which of them a search must read.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from warraq.schemas.arrow import file_schema
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
    return pa.table(columns).cast(_SCHEMA).sort_by(_order("text_digest"))


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
    return pa.concat_tables(tables).sort_by(_order("text_digest"))


def row_groups(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows in pieces that become row groups."""
    yield from (rows.slice(start, ROW_GROUP) for start in range(0, len(rows), ROW_GROUP))


def stage_arrivals(dataset: Dataset, staging: str, paths: Iterable[str], run_id: str = "") -> list[DataFile]:
    """Stages the rows of the index for files of `articles`."""
    return [dataset.write_staged(staging, ARRIVAL_FILE, row_groups(rows), run_id) for rows in arrivals(paths)]


def parts(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The name of each part of a compacted index of `rows`, and its rows, sorted."""
    prefixes = pc.utf8_slice_codeunits(rows["text_digest"], 0, _PREFIX)
    without = rows.set_column(rows.column_names.index("sketch"), "sketch", pa.nulls(len(rows), pa.binary()))
    for prefix in sorted(pc.unique(prefixes).to_pylist()):
        name = f"{DIGEST}{prefix}"
        yield name, sorted_part(name, without.filter(pc.equal(prefixes, prefix)).cast(_SCHEMA))
    originals = rows.filter(rows["sketch"].is_valid())
    months = pc.strftime(originals["date"], "%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        yield month, sorted_part(month, originals.filter(pc.equal(months, month)))


def sorted_part(name: str, rows: pa.Table) -> pa.Table:
    """The rows as the part of that name has them: by digest, or by day."""
    return rows.sort_by(_order("text_digest" if name.startswith(DIGEST) else "date"))


def _order(first: str) -> list[tuple[str, str]]:
    """The sort keys of a part: `first`, and others so that equal rows give equal files."""
    names = dict.fromkeys([first, "text_digest", "article_id", "date", "load_id"])
    return [(name, "ascending") for name in names]
