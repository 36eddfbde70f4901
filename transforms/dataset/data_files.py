"""The data files of the tables: Parquet, written whole, named by their content, read by columns."""

import contextlib
import hashlib
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.arrow import file_schema
from warraq.transforms import storage
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError

_VERSION_KEY: Final = b"warraq.schema_version"
_RUN_KEY: Final = b"warraq.run_id"  # in the metadata of a file that one run has written
_OF_THE_STORE: Final = (
    "Generic "  # begins what delta-rs says of a bucket that fails; of a broken file it says otherwise
)


class DumpPages(NamedTuple):
    """The number of rows in a file that come from one dump."""

    dump: str
    pages: int
    undated: int = 0  # articles among them whose page states no date


class DataFile(NamedTuple):
    """A Parquet file of one table, staged or published."""

    table: str
    path: str  # inside the table's folder
    partition: list[str]  # values of the table's partition columns, in order
    rows: int
    size: int  # bytes
    dumps: list[DumpPages]


def encode(table: str, rows: Iterable[pa.Table], run_id: str, target: int | None = None) -> tuple[memoryview, int]:
    """The bytes of a Parquet file of `table`, and its number of rows. Each table of `rows` becomes one row group.

    Args:
      table: the table.
      rows: the rows. Those for which there is no room are not taken from it.
      run_id: the run that the file is of; if empty, it names none.
      target: bytes. The file ends when another row group as large as its largest would pass them. Without a target it
        has all rows, and no page index.
    """
    content, count, largest = io.BytesIO(), 0, 0
    schema = file_schema(table)
    schema = schema.with_metadata({**schema.metadata, **({_RUN_KEY: run_id.encode()} if run_id else {})})
    layout = {"compression": "zstd", "write_page_checksum": True, "write_page_index": target is not None}
    with pq.ParquetWriter(content, schema, **layout) as writer:
        for group in rows:
            start = content.tell()
            writer.write_table(group.replace_schema_metadata(schema.metadata), row_group_size=max(1, group.num_rows))
            count += group.num_rows
            largest = max(largest, content.tell() - start)
            if target is not None and content.tell() + largest > target:
                break
    return content.getbuffer(), count


def digest(content: bytes | memoryview) -> str:
    """The digest of a file's content that its name ends in: 40 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=20).hexdigest()


def read_table(
    path: str, columns: Sequence[str], is_wanted: Callable[[pq.RowGroupMetaData], bool] = lambda _: True
) -> pa.Table:
    """Some columns of one data file. Columns that an older file does not have are left out.

    Args:
      path: the file.
      columns: the names of the columns.
      is_wanted: tells from the statistics of a row group if it is read.

    Raises:
      DamagedDatasetError: the file is missing or broken.
      OSError: the storage does not answer, or rejects access.
    """
    with _opened(path) as file:
        groups = [i for i in range(file.num_row_groups) if is_wanted(file.metadata.row_group(i))]
        known = [name for name in columns if name in file.schema_arrow.names]
        return file.read_row_groups(groups, known, use_threads=False)  # workers share the cores already


def file_version(path: str) -> int:
    """The schema version of one data file, from its footer.

    Raises:
      DamagedDatasetError: the file is missing or broken.
      OSError: the storage does not answer, or rejects access.
    """
    with _opened(path) as file:
        return int((file.schema_arrow.metadata or {}).get(_VERSION_KEY, b"1"))


def read_rows(
    table: str,
    path: str,
    load_of: Mapping[tuple[str, str], str],
    columns: Collection[str] = (),
    groups: Collection[int] | None = None,
) -> Iterator[pa.Table]:
    """Row groups of one data file of `table`, with these columns of it (default: all), in order of the schema.

    Columns, and fields in them, that an older file does not have are null, but for `load_id`.

    Args:
      table: the table.
      path: the file.
      load_of: run and dump → load, for files of schema 1.
      columns: the columns.
      groups: the numbers of the row groups (default: all).

    Raises:
      DamagedDatasetError: the file is missing or broken.
      OSError: the disk or the bucket fails.
    """
    wanted = [field for field in file_schema(table) if not columns or field.name in columns]
    names = {field.name for field in wanted}
    with _opened(path) as file:
        known = file.schema_arrow
        run_id = (known.metadata or {}).get(_RUN_KEY, b"").decode()
        lacks_load = "load_id" in names and "load_id" not in known.names
        read = names | ({"dump"} if lacks_load else set())
        for number in range(file.num_row_groups) if groups is None else sorted(groups):
            rows = file.read_row_group(number, [name for name in known.names if name in read], use_threads=False)
            if lacks_load:
                loads = [load_of.get((run_id, dump)) for dump in rows["dump"].to_pylist()]
                rows = rows.append_column("load_id", pa.array(loads, pa.string()))
            found = set(rows.column_names)
            arrays = [
                rows[field.name].cast(field.type) if field.name in found else pa.nulls(rows.num_rows, field.type)
                for field in wanted
            ]
            yield pa.table(arrays, schema=pa.schema(wanted))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    """One data file, open. Damage that shows in the block raises DamagedDatasetError."""
    try:
        with storage.open_ranges(path) as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
            yield file
    except FileNotFoundError as error:
        raise DamagedDatasetError(f"{path} is missing; {CURE}") from error
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and (error.errno or str(error).startswith(_OF_THE_STORE)):
            raise
        raise DamagedDatasetError(f"{path} is broken ({first_line(error)}); {CURE}") from error


def first_line(error: Exception) -> str:
    """The first line of an exception's message, at most 200 characters of it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
