"""The table specs: how each kind of record is partitioned, sorted and written, and into which data files it is cut.

Rows are grouped by partition and by a shard of their record id, sorted, and written as one data file for each group.
So the files depend on the records only, in whatever order they come.
"""

import collections
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from warraq.schemas import arrow
from warraq.schemas.labels import UNDATED
from warraq.schemas.records import Article, Rejected
from warraq.transforms.dataset.data_files import DataFile, DumpPages
from warraq.transforms.write.run import Run

_FILE_BYTES: Final = 64 << 20  # 5,000 ordinary articles have 58 MB
_ROW_GROUP_BYTES: Final = 16 << 20  # converted to Arrow at once, by this program and by each reader of the file
_VALUE_BYTES: Final = 56  # of any Python value, and of the reference to it


class Size(NamedTuple):
    """The number and the bytes of some records."""

    rows: int
    bytes: int  # as estimated by `record_bytes`


class FileKey(NamedTuple):
    """The key of the rows of one data file: one partition, and one shard of it."""

    partition: str  # values joined by "/"
    shard: int


@dataclass(frozen=True)
class TableSpec:
    """The rules by which one kind of record is written to its table."""

    table: str
    record: type
    limits: Size  # of a file
    partition: Callable[[Any], str]  # values of the partition columns, joined by "/"
    order: Callable[[Any], tuple[Any, ...]]  # inside a file
    row: Callable[[Any, Run], dict[str, Any]]


def article_partition(article: Article) -> str:
    """Day and topic."""
    return f"{article.date.isoformat()}/{article.topic}"


def article_order(article: Article) -> tuple[Any, ...]:
    """By site, then time, then id. An article of which only the day is known follows those with a time."""
    return _order("articles", {**article.source._asdict(), **article._asdict()})


def article_row(article: Article, run: Run) -> dict[str, Any]:
    """The row of `articles`."""
    return arrow.article_row(article, run.version, run.load_ids.get(article.source.dump))


def rejected_partition(rejected: Rejected) -> str:
    """The stage that rejected the page."""
    return rejected.stage


def rejected_order(rejected: Rejected) -> tuple[Any, ...]:
    """By dump and offset; the other fields only break ties."""
    return _order("rejected", {**rejected.source._asdict(), **rejected._asdict()})


def _order(table: str, fields: Mapping[str, Any]) -> tuple[Any, ...]:
    """A key that sorts rows of a table as `arrow.ORDER` says."""
    return tuple((fields[name] is None, fields[name]) for name in arrow.ORDER[table])


def rejected_row(rejected: Rejected, run: Run) -> dict[str, Any]:
    """The row of `rejected`."""
    return arrow.rejected_row(rejected, run.run_id, run.load_ids.get(rejected.source.dump))


# One worker holds all rows of a file at once, so a file of articles, which are larger, has fewer rows.
ARTICLES: Final = TableSpec(
    "articles", Article, Size(5_000, _FILE_BYTES), article_partition, article_order, article_row
)
REJECTED: Final = TableSpec(
    "rejected", Rejected, Size(20_000, _FILE_BYTES), rejected_partition, rejected_order, rejected_row
)


def record_bytes(value: Any) -> int:
    """The estimated bytes of memory of a record or of a value in it: equal on every machine and runner."""
    if isinstance(value, str):
        return _VALUE_BYTES + 2 * len(value)
    if isinstance(value, (list, tuple)):
        return _VALUE_BYTES + sum(map(record_bytes, value))
    return _VALUE_BYTES


def add_sizes(sizes: Iterable[Size]) -> Size:
    """The sum of the sizes."""
    rows = size = 0
    for one in sizes:
        rows, size = rows + one[0], size + one[1]
    return Size(rows, size)


def file_key(partition: str, record: Article | Rejected, sizes: Mapping[str, Size], limits: Size) -> FileKey:
    """The key of the file for a record: the partition has so many shards that none is much larger than `limits`."""
    size = sizes[partition]
    shards = max(-(-size.rows // limits.rows), -(-size.bytes // limits.bytes))
    record_id = f"{record.source.dump}\n{record.source.dump_offset}".encode()
    return FileKey(partition, int.from_bytes(hashlib.blake2b(record_id, digest_size=8).digest(), "big") % shards)


def row_groups(records: Iterable[Any], most: int = _ROW_GROUP_BYTES) -> Iterator[list[Any]]:
    """The records in order, in groups of about `most` bytes each."""
    group: list[Any] = []
    size = 0
    for record in records:
        group.append(record)
        size += record_bytes(record)
        if size >= most:
            yield group
            group, size = [], 0
    if group:
        yield group


def data_file(table: str, partition: str, records: Iterable[Article | Rejected]) -> DataFile:
    """The file that will hold `records`. `Dataset.write_staged` completes its path by a digest of its content."""
    values = partition.split("/")
    folders = [f"{column}={value}" for column, value in zip(arrow.PARTITIONS[table], values, strict=True)]
    pages: collections.Counter[str] = collections.Counter()
    undated: collections.Counter[str] = collections.Counter()
    for record in records:
        pages[record.source.dump] += 1
        undated[record.source.dump] += isinstance(record, Article) and record.date_source == UNDATED
    dumps = [DumpPages(dump, count, undated[dump]) for dump, count in sorted(pages.items())]
    return DataFile(table, "/".join([*folders, "part"]), values, sum(pages.values()), 0, dumps)
