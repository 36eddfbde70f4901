"""The views over a dataset in DuckDB, made from the logs of its tables: no data file is opened for that."""

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable
from pyarrow.fs import LocalFileSystem

from warraq.pipelines.macros import add_macros
from warraq.pipelines.row_counts import ROWS, no_counts, row_counts
from warraq.pipelines.search_sql import add_search, query_mistake
from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.schemas.labels import TOPICS
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.entities.places import listed_places

# DuckDB's exceptions for a wrong statement. Any other can be caused by a file that it can't read.
WRONG_STATEMENT: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.NotImplementedException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)
# Characters in a path that DuckDB reads as a pattern, a partition, the home folder or an address.
_NOT_PLAIN: Final = re.compile(r"[*?\[=~:]")
# Before 2.0.1, DuckDB takes a schema or partitions, but not both. Then Arrow reads the files.
_TAKES_SCHEMA: Final = tuple(map(int, re.findall(r"\d+", duckdb.__version__)[:3])) >= (2, 0, 1)
_QUESTION: Final = re.compile(r"\s*(SELECT|FROM|WITH)\b", re.IGNORECASE)  # none about the views, such as SHOW TABLES
_ATTEMPTS: Final = 5  # at a statement whose files are moved away
_ROWS_OF: Final = "rows_of_"
_BATCH_ROWS: Final = 1 << 16
_EACH: Final = "each"  # the first column of a table by its log; DuckDB reads the first one to count rows

DOUBTFUL: Final = 0.5  # extraction_score

VIEWS: Final = {
    "articles": "one row for each article",
    "mentions": "one row for each mention of an entity in an article",
    "entities": "one row for each entity of an article: count, first_offset, name_sources, roles",
    "topics": "one row for each topic of an article, named in English and Arabic",
    "places": "one row for each known place, by the name it has in `entities`: country, latitude, longitude",
    "copies": "one row for each copy, exact or near: kind, share and original, which is never a copy",
    "latest_articles": "one row for each canonical_url: the text that was fetched last (fetched_at)",
    "unique_articles": "the latest_articles that are no copy of another address (duplicate_of, copy_kind)",
    "doubtful": "one row for each article whose text may be wrong, with the command that explains it",
    "days": "one row for each date and topic: articles (from the log, opens no file)",
    "rejected": "one row for each rejected page",
    "forgotten": "one row for each row that was taken down, without its text and address",
    "runs": "one row for each ingestion",
    "loads": "one row for each dump of a run; its load_id leads to its articles",
    "ledger": "one row for each line of the ledger of a run",
    "reasons": "one row for each reason of rejection, with its meaning and what to do about it",
}
_TABLES: Final = [name for name in TABLES if name in VIEWS]
MENTIONS: Final = """
        SELECT article_id, site, date, topic, title, entity.*
        FROM (SELECT article_id, site, date, topic, title, unnest(entities) AS entity FROM articles)"""
_DERIVED: Final = {
    "mentions": MENTIONS,
    "entities": """
        SELECT article_id, site, date, topic, title, name, kind, count(*) AS count, min(start) AS first_offset,
            list_sort(list(DISTINCT name_source) FILTER (WHERE name_source IS NOT NULL)) AS name_sources,
            list_sort(list(DISTINCT role) FILTER (WHERE role IS NOT NULL)) AS roles
        FROM mentions GROUP BY ALL""",
    "topics": """
        SELECT article_id, site, date, title, slug AS topic, code, english, arabic, assigned.score
        FROM (SELECT article_id, site, date, title, unnest(topics) AS assigned FROM articles)
        JOIN topic_names ON code = assigned.code""",
    "places": "SELECT name, country, latitude, longitude FROM known_places",
    # An exact copy points to the article with its text, which may be a near copy itself: its original is the original.
    # MATERIALIZED, here and in macros: else each file is opened once for each place that reads `articles`.
    "copies": """
        WITH kept AS MATERIALIZED (
            SELECT article_id, duplicate_of, copy_kind, copy_share, url, site, title, published_at, date, dump,
                dump_offset
            FROM articles
        ),
        found AS (
            SELECT 'near' AS found, copy_kind AS kind, copy_share AS share, url, site, title, published_at, date,
                duplicate_of AS twin, dump, dump_offset
            FROM kept WHERE duplicate_of IS NOT NULL
            UNION ALL
            SELECT CASE reason WHEN 'duplicate' THEN 'exact' ELSE 'near' END, coalesce(copy_kind, 'copy'), copy_share,
                url, site, title, published_at, date, detail, dump, dump_offset
            FROM rejected WHERE stage = 'deduplicate' AND reason IN ('duplicate', 'near_duplicate')
        )
        SELECT found.* EXCLUDE (twin, dump, dump_offset), original.article_id AS original,
            original.url AS original_url, original.site AS original_site, original.date AS original_date,
            found.dump, found.dump_offset
        FROM found
        LEFT JOIN (SELECT article_id, duplicate_of FROM kept) AS twin ON twin.article_id = found.twin
        LEFT JOIN (SELECT article_id, url, site, date FROM kept) AS original
            ON original.article_id = coalesce(twin.duplicate_of, twin.article_id)""",
    "latest_articles": """
        FROM articles
        QUALIFY row_number() OVER (PARTITION BY canonical_url ORDER BY fetched_at DESC, article_id) = 1""",
    "unique_articles": """
        FROM latest_articles WHERE duplicate_of IS NULL OR copy_kind = 'version'""",
    "doubtful": f"""
        SELECT article_id, site, date, topic, title, url, words, page_kind, extraction_source, extraction_score,
            'warraq explain ''' || replace(dump || '@' || dump_offset, '''', '''\\''''') || '''' AS explain
        FROM articles WHERE extraction_score < {DOUBTFUL}""",
    "loads": """
        SELECT run_id, recipe || '-' || load.fingerprint AS load_id, load.dump, load.size, committed_at
        FROM (SELECT run_id, recipe, committed_at, unnest(dumps) AS load FROM runs)""",
    "ledger": """
        SELECT run_id, committed_at, line.*
        FROM (SELECT run_id, committed_at, unnest(ledger) AS line FROM runs)
        UNION ALL
        SELECT run_id, committed_at, row.dump, door.name, door.stage, door.reason, -1
        FROM (SELECT run_id, committed_at, unnest(taken_back) AS row FROM runs),
            unnest([{name: 'read', stage: '', reason: ''},
                    {name: 'rejected', stage: row.stage, reason: row.reason}]) AS doors(door)""",
}

T = TypeVar("T")
Source: TypeAlias = Callable[[duckdb.DuckDBPyConnection, str], str]
Deliver: TypeAlias = Callable[[duckdb.DuckDBPyConnection, duckdb.DuckDBPyRelation], object]


class Views:
    """All views of a dataset, each as of one version of its table.

    Two connections have the same views. One reads the data files, and has the macros. The other has only what the logs
    have, which is enough for counts by partition.

    Raises:
      DatasetError: there is no dataset, or it is newer than this program.
      DamagedDatasetError: a log has lost entries.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._files: dict[str, list[str]] = {}
        self._on_files: duckdb.DuckDBPyConnection | None = None
        self._on_logs: duckdb.DuckDBPyConnection | None = None
        self._is_stale = True  # views were made from older versions than those that are open
        self._only_asked = True  # no statement can have changed a view
        self._open()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection that reads the data files.

        Raises:
          DamagedDatasetError: a file is missing.
        """
        with reading(self._dataset):
            return self._while_files_move(self._reader)

    def run(self, sql: str, deliver: Deliver) -> None:
        """Runs statements, and hands the answer of each that has one to `deliver`, with its connection.

        A SELECT that needs no more than the logs have opens no data file. If files vanish because the dataset is
        rewritten meanwhile, the views are made anew and the statement runs again; then `deliver` may be called again,
        too. So an answer is of one version of each table.

        Raises:
          duckdb.Error: a statement is wrong, or a file can't be read.
        """
        for statement in duckdb.extract_statements(sql):
            self._only_asked &= statement.type == duckdb.StatementType.SELECT
            asks = self._only_asked and _QUESTION.match(statement.query)
            if not (asks and self._run_on_logs(statement, deliver)):
                self._run_on_files(statement, deliver)

    def _run_on_logs(self, statement: duckdb.Statement, deliver: Deliver) -> bool:
        """Returns False if the statement needs more than the logs have."""
        if self._on_logs is None:
            self._on_logs = _connect(with_macros=False)  # which take 0.1 s
            self._make(self._on_logs, self._logged)
        try:
            _run(self._on_logs, statement, deliver)
        except duckdb.Error:  # most often, from _Logged; if the statement is wrong, the other connection tells
            return False
        return True

    def _run_on_files(self, statement: duckdb.Statement, deliver: Deliver) -> None:
        self._while_files_move(lambda: _run(self._reader(), statement, deliver))

    def _while_files_move(self, act: Callable[[], T], attempts: int = _ATTEMPTS) -> T:
        """Calls `act`, and again on the newest versions if a file is gone because the dataset has been rewritten."""
        try:
            return act()
        except WRONG_STATEMENT:
            raise
        except duckdb.Error as error:
            if mistake := query_mistake(error):
                raise duckdb.BinderException(mistake) from error
            if attempts == 1 or not self._open():
                raise
            return self._while_files_move(act, attempts - 1)

    def _reader(self) -> duckdb.DuckDBPyConnection:
        """The connection that reads the data files, with views of the versions that were opened last."""
        if self._on_files is None:
            self._on_files = _connect(with_macros=True)
            add_search(self._on_files, self._dataset)
        if self._is_stale:
            self._make(self._on_files, self._scan)
            self._is_stale = False
        return self._on_files

    def _open(self) -> bool:
        """Opens the newest version of each table. Returns True if files of the version before have been replaced."""
        self._dataset.check_whole()
        before = self._files
        self._tables = {name: self._dataset.open(name) for name in _TABLES}
        if not self._tables["runs"]:
            root = self._dataset.root
            raise DatasetError(f"{root}: no dataset there; make one: warraq ingest INPUT… --output {root}")
        self._files = {name: delta_log.files(table) for name, table in self._tables.items()}
        self._counts = {name: row_counts(self._dataset, name, table) for name, table in self._tables.items()}
        self._is_stale, self._on_logs = True, None
        return any(not {*files} <= {*self._files[name]} for name, files in before.items())

    def _make(self, connection: duckdb.DuckDBPyConnection, source: Source) -> None:
        """Makes the views of the tables; `source` gives the FROM clause of one."""
        for name in _TABLES:
            _make_table_view(connection, name, source(connection, name))
        _make_days(connection, self._counts["articles"])

    def _logged(self, connection: duckdb.DuckDBPyConnection, name: str) -> str:
        return _register(connection, name, _Logged(name, self._counts[name]))

    def _scan(self, connection: duckdb.DuckDBPyConnection, name: str) -> str:
        """The data files of a table. Columns that an older file does not have are NULL."""
        root, table, files = self._dataset.root, self._tables[name], self._files[name]
        if not table or not files:
            return _register(connection, name, TABLES[name].empty_table())
        if storage.is_remote(root):  # DuckDB alone would need an extension, which it would have to download
            return _register(connection, name, table.to_pyarrow_dataset(schema=TABLES[name]))
        if _NOT_PLAIN.search(root) or not _TAKES_SCHEMA:
            return _register(connection, name, arrow_dataset(self._dataset, name, table))
        return _read_parquet([storage.join(root, name, path) for path in files], _types(connection, name), name)


@contextlib.contextmanager
def reading(dataset: Dataset) -> Iterator[None]:
    """Turns an error of DuckDB in the block into a DamagedDatasetError, except for a wrong statement."""
    try:
        yield
    except WRONG_STATEMENT:
        raise
    except duckdb.Error as error:
        look = f"if the dataset is damaged, this command lists the files: warraq query {dataset.root} --verify"
        raise DamagedDatasetError(f"{first_line(error)}; {look}") from error


def first_line(error: duckdb.Error) -> str:
    """The first line of DuckDB's message."""
    return str(error).strip().splitlines()[0]


def arrow_dataset(dataset: Dataset, name: str, table: DeltaTable | None) -> ds.Dataset:
    """A local table opened by Arrow, with partition values from the log instead of the path."""
    schema, form, disk = TABLES[name], ds.ParquetFileFormat(), LocalFileSystem()
    fragments = []
    for entry in delta_log.file_entries(table):
        here = ds.scalar(True)
        for column in PARTITIONS[name]:
            here &= ds.field(column) == pa.scalar(entry["partition"][column]).cast(schema.field(column).type)
        path = str(Path(dataset.root, name, entry["path"]).absolute())  # Arrow takes `~` for the home folder
        fragments.append(form.make_fragment(path, disk, partition_expression=here))
    return ds.FileSystemDataset(fragments, schema, form, disk)


class _NotLoggedError(Exception):
    """The log does not have a column; the message names the columns that were asked for."""


class _Logged(ds.Dataset):
    """The rows of a table as its log has them: as many as there are, with the partition columns.

    DuckDB asks a dataset for the columns that a statement needs. Others than those of the partitions are refused, so
    there is no wrong answer.
    """

    def __init__(self, name: str, counts: pa.Table) -> None:
        self._counts, self._partitions = counts, PARTITIONS[name]
        self._fields = [pa.field(_EACH, pa.null()), *TABLES[name]]

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table, after one more."""
        return pa.schema(self._fields)

    def scanner(
        self,
        columns: Sequence[str] | None = None,
        filter: ds.Expression | None = None,  # noqa: A002  (the name that DuckDB gives it)
        **settings: Any,
    ) -> ds.Scanner:
        """The rows with these columns.

        Raises:
          _NotLoggedError: the log does not have one of them. No columns stands for all.
          pa.ArrowInvalid: the log does not have a column of the filter.
        """
        if columns is None or not {*columns} <= {_EACH, *self._partitions}:
            raise _NotLoggedError(f"{columns}")
        schema = pa.schema([field for field in self._fields if field.name in columns])
        counts = self._counts if filter is None else self._counts.filter(filter)
        return ds.Scanner.from_batches(_repeated(counts, schema), schema=schema, columns=columns, **settings)


def _repeated(counts: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """As many rows as `counts` tells, with the columns of `schema`. A batch has rows of many partitions."""
    ends = np.cumsum(counts.column(ROWS).to_numpy())
    values = {name: counts.column(name).combine_chunks() for name in schema.names if name != _EACH}
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, _BATCH_ROWS):
        places = np.searchsorted(ends, np.arange(start, min(start + _BATCH_ROWS, total)), side="right")
        arrays = [values[name].take(places) if name in values else pa.nulls(len(places)) for name in schema.names]
        yield pa.record_batch(arrays, schema=schema)


def _connect(*, with_macros: bool) -> duckdb.DuckDBPyConnection:
    """A database in memory with all views, in which the tables have no rows yet."""
    # No download without the user's knowledge.
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")  # a day of a time is the same on every machine
    connection.register("known_places", _known_places())
    connection.register("topic_names", pa.Table.from_pylist([topic._asdict() for topic in TOPICS]))
    for name, schema in TABLES.items():
        _make_table_view(connection, name, _register(connection, name, schema.empty_table()))
    for name, sql in _DERIVED.items():  # now, because each of these looks at all files that a table view names
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    _make_days(connection, no_counts("articles"))
    if with_macros:
        add_macros(connection)
    for name in _TABLES:
        connection.unregister(f"{_ROWS_OF}{name}")
    return connection


def _make_days(connection: duckdb.DuckDBPyConnection, counts: pa.Table) -> None:
    source = _register(connection, "counts", counts.rename_columns({ROWS: "articles"}))
    connection.execute(f"CREATE OR REPLACE TABLE days AS FROM {source}")
    connection.unregister(source)


@functools.lru_cache(maxsize=1)
def _known_places() -> pa.Table:
    return pa.Table.from_pylist([place._asdict() for place in listed_places()])


def _make_table_view(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    # With the table before each column: DuckDB refuses it beside a macro's parameter of the same name.
    columns = ", ".join(f'source."{column}"' for column in TABLES[name].names)
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {source} AS source")


def _register(connection: duckdb.DuckDBPyConnection, name: str, rows: Any) -> str:
    """Gives rows of Python to DuckDB; returns the name that it has for them."""
    connection.register(f"{_ROWS_OF}{name}", rows)
    return f"{_ROWS_OF}{name}"


def _types(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """The type that DuckDB has for each column of a table."""
    source = _register(connection, name, TABLES[name].empty_table())
    described = connection.execute(f"DESCRIBE {source}").fetchall()
    connection.unregister(source)
    return {column: kind for column, kind, *_ in described}


def _read_parquet(files: Iterable[str], types: Mapping[str, str], name: str) -> str:
    """The call that reads files of a table.

    As all columns are named, DuckDB opens no file before it must. It looks only whether each exists.
    """
    partitions = ", ".join(f"{column}: {types[column]}" for column in PARTITIONS[name])
    hive = f"hive_partitioning = true, hive_types = {{{partitions}}}" if partitions else "hive_partitioning = false"
    schema = ", ".join(
        f"{_text(column)}: {{name: {_text(column)}, type: {_text(kind)}, default_value: NULL}}"
        for column, kind in types.items()
        if column not in PARTITIONS[name]
    )
    return f"read_parquet([{', '.join(map(_text, files))}], {hive}, schema = MAP {{{schema}}})"


def _text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def _run(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, deliver: Deliver) -> None:
    try:
        relation = connection.sql(statement)
        if relation is not None and duckdb.ExpectedResultType.QUERY_RESULT in statement.expected_result_type:
            deliver(connection, relation)
    except (duckdb.InterruptException, RuntimeError) as error:  # Ctrl-C is the one or the other, by version
        if isinstance(error, duckdb.InterruptException) or "interrupted" in str(error).lower():
            raise KeyboardInterrupt from error
        raise
