"""The damage in a dataset: every entry of its logs and every byte of its files is checked."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import digest, first_line
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError

_BY_CONTENT: Final = re.compile(r"-([0-9a-f]{40})\.parquet$")  # a file name with the digest of the content


def faults(dataset: Dataset) -> Iterator[str]:
    """A sentence for each fault of the dataset. Holds one file in memory at a time.

    A file has no fault if it exists, has the size in the log and the digest in its name, can be read to the end with
    correct page checksums, and has the number of rows in the log.

    Raises:
      DatasetError: there is no dataset, or the storage does not answer.
    """
    broken = False
    for name in TABLES:
        for fault in [] if storage.is_remote(dataset.root) else delta_log.faults(dataset.root, name):
            broken = True
            yield fault
    if broken:  # the tables can't be opened, or would be opened without their newest entries
        return
    try:
        dataset.check_whole()
    except DamagedDatasetError as error:
        yield str(error)
    for name in TABLES:
        logged = delta_log.file_entries(dataset.open(name))
        for entry in logged:
            broken_by = _file_fault(storage.join(dataset.root, name, entry["path"]), entry)
            if broken_by:
                yield f"{name}/{entry['path']} {broken_by}"
        yield from _unlogged(dataset, name, {entry["path"] for entry in logged})


def _file_fault(path: str, entry: dict[str, Any]) -> str | None:
    """The fault of a file with this entry in the log; None if it has none."""
    size = storage.size(path)
    if size is None:
        return "is missing"
    if size != entry["size_bytes"]:
        return f"has {size:,} bytes, where the log says {entry['size_bytes']:,}"
    try:
        content = storage.read(path)
        named = _BY_CONTENT.search(path)
        if named and digest(content) != named[1]:
            return "has other bytes than it was written with"
        with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
            rows = sum(batch.num_rows for batch in file.iter_batches(1024))
    except (OSError, pa.ArrowException) as error:
        return f"can't be read ({first_line(error)})"
    expected = entry["num_records"]
    return f"has {rows:,} rows, where the log says {expected:,}" if expected not in (None, rows) else None


def _unlogged(dataset: Dataset, name: str, logged: set[str]) -> Iterator[str]:
    """A sentence for each file in a table's folders that the log does not name. Plain reads of the folders read it too.

    Files of a run that is publishing, or was killed while it did, are no fault.
    """
    for path in storage.files(storage.join(dataset.root, name), ".parquet"):
        if path not in logged and not path.startswith(delta_log.FOLDER) and not dataset.publishing():
            yield f"{name}/{path} is not in the log; plain reads of the folder take its rows for the dataset's"
