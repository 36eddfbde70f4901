"""The number of rows of a table by partition, as its log has them: no data file is opened."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from warraq.schemas.arrow import PARTITIONS, TABLES, file_schema
from warraq.transforms import storage
from warraq.transforms.dataset import data_files
from warraq.transforms.dataset.dataset import Dataset

ROWS: Final = "rows"


def row_counts(dataset: Dataset, name: str, table: DeltaTable | None) -> pa.Table:
    """The partition columns and the number of `rows` of each partition of `table`, sorted.

    The cost is one pass over the entries of the log. A file whose entry has no number, as other programs may write it,
    is opened.

    Raises:
      DamagedDatasetError: such a file is missing or broken.
    """
    columns = PARTITIONS[name]
    empty = no_counts(name)
    entries = pa.table(table.get_add_actions()) if table else None
    if not entries:
        return empty
    rows = entries.column("num_records")
    if rows.null_count:
        first = file_schema(name).names[:1]
        counted = [
            data_files.read_table(storage.join(dataset.root, name, path), first).num_rows if known is None else known
            for path, known in zip(entries.column("path").to_pylist(), rows.to_pylist(), strict=True)
        ]
        rows = pa.chunked_array([pa.array(counted, pa.int64())])
    values = [pc.struct_field(entries.column("partition"), column) for column in columns]
    files = pa.table([*values, rows], names=[*columns, ROWS])
    counts = files.group_by(list(columns)).aggregate([(ROWS, "sum")]).rename_columns([*columns, ROWS])
    return (
        counts.select([*columns, ROWS])
        .sort_by([(column, "ascending") for column in (*columns, ROWS)])
        .cast(empty.schema)
    )


def no_counts(name: str) -> pa.Table:
    """As `row_counts` of a table without rows."""
    return pa.schema([*(TABLES[name].field(column) for column in PARTITIONS[name]), (ROWS, pa.int64())]).empty_table()
