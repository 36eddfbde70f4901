"""The damage in a dataset: every entry of its logs and every byte of its files is checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.arrow import PARTITIONS, SCHEMA_VERSION, TABLES, file_schema
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import DataFile, digest, first_line
from warraq.transforms.dataset.dataset import REPLACED, Dataset, schema_version
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError
from warraq.transforms.dataset.upgrade import missing_columns
from warraq.transforms.maintain import snapshot
from warraq.transforms.maintain.fault import Fault
from warraq.transforms.maintain.snapshot import Snapshot

_BY_CONTENT: Final = re.compile(r"-([0-9a-f]{40})\.parquet$")  # a file name with the digest of the content
# They would keep rows that were taken out: the change data feed in files of its own, deletion vectors in the old ones.
_MUST_BE_OFF: Final = ("delta.enableChangeDataFeed", "delta.enableDeletionVectors")
_BATCH_ROWS: Final = 1024


class Content(NamedTuple):
    """The result of reading a file to its end."""

    fault: str | None
    columns: pa.Table | None = None  # those asked for; None if the file can't be read
    metadata: Mapping[bytes, bytes] = MappingProxyType({})  # of its schema


def byte_faults(dataset: Dataset) -> Iterator[Fault]:
    """The faults of the logs and of the bytes; what the rows say is not compared. Holds one file in memory at a time.

    A file has no fault if it exists, has the size in the log and the digest in its name, can be read to the end with
    correct page checksums, and has the number of rows in the log.

    Raises:
      DatasetError: there is no dataset, it is newer than this program, or the storage does not answer.
    """
    broken = False
    for fault in log_faults(dataset):
        broken = True
        yield fault
    if broken:  # the tables can't be opened, or would be opened without their newest entries
        return
    yield from lost_entries(dataset)
    found = snapshot.take(dataset)
    for name in TABLES:
        for file in found.files[name]:
            file_fault, _ = examine(dataset, file, ())
            if file_fault:
                yield file_fault
        yield from unlogged(found, name)


def log_faults(dataset: Dataset) -> Iterator[Fault]:
    """The faults of the logs in a folder. With any of them, the tables can't be opened as they were."""
    for name in TABLES:
        for text in [] if storage.is_remote(dataset.root) else delta_log.faults(dataset.root, name):
            yield Fault("log", text, name)


def lost_entries(dataset: Dataset) -> Iterator[Fault]:
    """A fault if the log of a table is lost, or one of its newest entries."""
    try:
        dataset.check_whole()
    except DamagedDatasetError as error:
        yield Fault("log", str(error).removesuffix(f"; {CURE}"))


def table_faults(found: Snapshot) -> Iterator[Fault]:
    """The tables of an older version, the columns that they lack, and properties that must be off."""
    for name, table in found.tables.items():
        if table is None:
            continue
        if (version := schema_version(table)) < SCHEMA_VERSION:
            yield Fault("table", f"{name} has schema {version}; this version has {SCHEMA_VERSION}", name)
            continue
        for column in missing_columns(name, table):
            yield Fault("table", f"{name} lacks the column {column.name}", name)
        settings = table.metadata().configuration
        for key in _MUST_BE_OFF:
            if str(settings.get(key)).lower() == "true":
                yield Fault("table", f"{name} has {key} on, which keeps rows that were taken out", name)


def unlogged(found: Snapshot, name: str) -> Iterator[Fault]:
    """The files in a table's folder that the log does not name. Files of a killed publication are no fault."""
    logged = {file.path for file in found.files[name]}
    for path in [] if found.publications else found.present[name]:
        if path not in logged:
            text = f"{name}/{path} is not in the log; plain reads of the folder take its rows for the dataset's"
            yield Fault("unlogged", text, name, path)


def examine(dataset: Dataset, file: DataFile, columns: Sequence[str]) -> tuple[Fault | None, Content]:
    """The fault of a file that the log names, and its content with some of its columns. Holds the file in memory.

    A file that another process has replaced since is read from the folder REPLACED, and may be gone from there too.
    """
    path = storage.join(dataset.root, file.table, file.path)
    content = read(path, file, columns)
    if not content.fault:
        content = content._replace(fault=_wrong_folder(file))
    if not content.fault:
        return None, content
    aside = read(storage.join(dataset.root, REPLACED, file.table, file.path), file, columns)
    if content.columns is None and file.path not in delta_log.files(dataset.open(file.table)):
        return None, aside
    is_moved = not aside.fault and _BY_CONTENT.search(file.path)
    kind = "moved" if is_moved else "file"
    return Fault(kind, f"{file.table}/{file.path} {content.fault}", file.table, file.path), content


def read(path: str, file: DataFile, columns: Sequence[str]) -> Content:
    """The content of the file at `path`, which should be `file`, with some of its columns. Reads every page of it."""
    size = storage.size(path)
    if size is None:
        return Content("is missing")
    if size != file.size:
        return Content(f"has {size:,} bytes, where the log says {file.size:,}")
    try:
        content = storage.read(path)
        named = _BY_CONTENT.search(path)
        if named and digest(content) != named[1]:
            return Content("has other bytes than it was written with")
        with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as source:
            schema = source.schema_arrow
            kept = [name for name in columns if name in schema.names]
            batches = [batch.select(kept) for batch in source.iter_batches(_BATCH_ROWS)]
            rows = source.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        return Content(f"can't be read ({first_line(error)})")
    lost = [field.name for field in file_schema(file.table) if not field.nullable and field.name not in schema.names]
    if lost:
        return Content(f"lacks the column {lost[0]}")
    fault = None if file.rows in (None, rows) else f"has {rows:,} rows, where the log says {file.rows:,}"
    table = pa.Table.from_batches(batches, pa.schema([schema.field(name) for name in kept]))
    return Content(fault, table, schema.metadata or {})


def _wrong_folder(file: DataFile) -> str | None:
    """A part of a sentence, if plain readers take another partition from the path than the log states."""
    folders = [f"{column}={value}" for column, value in zip(PARTITIONS[file.table], file.partition, strict=True)]
    here = file.path.split("/")[:-1]
    return None if here == folders else f"lies in another folder than {'/'.join(folders) or 'the table'}"
