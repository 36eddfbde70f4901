"""The upgrade of a dataset that an older version wrote: columns and transactions that its tables lack.

No data file is changed. Files of schema 1 lack the column `load_id`, which is filled in when a file is rewritten, and
those of older schemas lack columns and fields of `entities`, which stay null.
"""

from typing import Final

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.schema import ArrayType, DataType, StructType

from warraq.schemas.arrow import RUN_TABLES, SCHEMA_VERSION, TABLES
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.dataset import PROPERTIES, Dataset, schema_version
from warraq.transforms.dataset.index import stage_arrivals
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish

_INDEX: Final = "index-of-schema-1"
_PATIENCE: Final = 600.0  # seconds, for another process that makes the index
_RUN_COLUMNS: Final = ("recipe", "dumps")


def upgrade_tables(dataset: Dataset) -> int | None:
    """Gives the tables the columns, properties and transactions of this version. Returns the version before, if older.

    Afterwards an older program refuses to write to the dataset. Every step can be repeated after a kill, and other
    processes may do the same meanwhile.

    Raises:
      DatasetError: the dataset can't be read.
      deltalake.exceptions.DeltaError: it can't be written, or others commit to it at the same moment.
    """
    tables = {name: dataset.open(name) for name in TABLES}
    older = {name: table for name, table in tables.items() if table and schema_version(table) < SCHEMA_VERSION}
    if not older:
        return None
    before = min(map(schema_version, older.values()))
    if tables["signatures"] is None:
        _make_index(dataset)
    keys = _load_keys(dataset)
    for name, table in older.items():
        add_columns(name, table)
        if name in RUN_TABLES:
            table.create_write_transaction(
                [],
                mode="append",
                schema=TABLES[name],
                commit_properties=CommitProperties(app_transactions=[Transaction(key, loads.IN) for key in keys]),
            )
        table.alter.set_table_properties(dict(PROPERTIES), raise_if_not_exists=False)
    return before


def _make_index(dataset: Dataset) -> None:
    """Makes the index of the articles that the dataset holds. Reads some columns of each file."""
    with dataset.lock(_INDEX, _PATIENCE):
        if dataset.open("signatures") is None:
            files = stage_arrivals(dataset, _INDEX, dataset.files("articles"))
            publish(dataset, _INDEX, Publication(_INDEX, files))


def _load_keys(dataset: Dataset) -> list[str]:
    """The transactions of the loads that the dataset holds, and of their dumps."""
    keys: set[str] = set()
    for run in dataset.rows("runs", _RUN_COLUMNS):
        for dump in run["dumps"]:
            keys |= {
                loads.load_key(loads.load_id(run["recipe"], dump["fingerprint"])),
                loads.dump_key(dump["fingerprint"]),
            }
    return sorted(keys)


def missing_columns(name: str, table: DeltaTable) -> list[Field]:
    """The columns that the table's log does not know yet, or of which it does not know all fields."""
    known = {field.name: _fields(field.type) for field in table.schema().fields}
    fields: list[Field] = Schema.from_arrow(TABLES[name]).fields
    return [field for field in fields if field.name not in known or not _fields(field.type) <= known[field.name]]


def _fields(kind: DataType) -> frozenset[str]:
    """The names of the fields of a list of structs; none for any other type."""
    inner = kind.element_type if isinstance(kind, ArrayType) else kind
    return frozenset(field.name for field in inner.fields) if isinstance(inner, StructType) else frozenset()


def add_columns(name: str, table: DeltaTable) -> None:
    """Adds the columns and the fields in them that the table's log does not know yet. All of them may be null."""
    if missing := missing_columns(name, table):
        table.alter.add_columns(missing)
