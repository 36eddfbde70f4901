"""The data files of the tables: Parquet, written whole, named by their content, read by columns."""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.arrow import file_schema
from warraq.transforms import storage
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError


class DumpPages(NamedTuple):
    """The number of rows in a file that come from one dump."""

    dump: str
    pages: int


class DataFile(NamedTuple):
    """A Parquet file of one table, staged or published."""

    table: str
    path: str  # inside the table's folder
    partition: list[str]  # values of the table's partition columns, in order
    rows: int
    size: int  # bytes
    dumps: list[DumpPages]


def encode(table: str, rows: Iterable[pa.Table], run_id: str) -> tuple[memoryview, int]:
    """The bytes of a Parquet file of `table`, and its number of rows. Each table of `rows` becomes one row group."""
    content, count = io.BytesIO(), 0
    schema = file_schema(table)
    schema = schema.with_metadata({**schema.metadata, b"warraq.run_id": run_id.encode()})
    with pq.ParquetWriter(content, schema, compression="zstd", write_page_checksum=True) as writer:
        for group in rows:
            writer.write_table(group.replace_schema_metadata(schema.metadata), row_group_size=max(1, group.num_rows))
            count += group.num_rows
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
    try:
        source = pa.BufferReader(storage.read(path)) if storage.is_remote(path) else pa.OSFile(path)
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            groups = [i for i in range(file.num_row_groups) if is_wanted(file.metadata.row_group(i))]
            known = [name for name in columns if name in file.schema_arrow.names]
            return file.read_row_groups(groups, known, use_threads=False)  # workers share the cores already
    except FileNotFoundError as error:
        raise DamagedDatasetError(f"{path} is missing; {CURE}") from error
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise DamagedDatasetError(f"{path} is broken ({first_line(error)}); {CURE}") from error


def first_line(error: Exception) -> str:
    """The first line of an exception's message, at most 200 characters of it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
