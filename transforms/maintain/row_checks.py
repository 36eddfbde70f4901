"""The rows of a dataset compared with its ledger and its transactions, and with each other.

The few columns that this needs are gathered in a database of DuckDB in a temporary folder, of which DuckDB holds a part
in memory.
"""

import collections
import contextlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from warraq.schemas.arrow import RUN_TABLES, TABLES
from warraq.schemas.labels import MASS_REASONS
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.copy_rows import DUPLICATE
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import schema_version
from warraq.transforms.dataset.index import ARRIVAL, DIGEST
from warraq.transforms.dataset.publication import CLAIM
from warraq.transforms.maintain.damage import Content
from warraq.transforms.maintain.fault import Fault, Row

# The columns that are gathered of each table.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "articles": ("article_id", "text_digest", "duplicate_of", "load_id", "dump", "dump_offset"),
    "rejected": ("reason", "load_id", "run_id", "dump", "dump_offset"),
    "signatures": ("text_digest", "article_id", "sketch"),
    "forgotten": ("table", "load_id", "dump", "dump_offset"),
    "runs": ("run_id", "recipe", "committed_at", "dumps", "ledger", "taken_back"),
}
_MEMORY: Final = "256MB"
_BATCH_ROWS: Final = 50_000  # of small files, added at once
_FIRST_LOADS: Final = 2  # the schema version from which on loads have transactions
_FEW: Final = 3  # files that a sentence names
_RUN_KEY: Final = delta_log.RUN_KEY.encode()

_ROW: Final = pa.schema(
    [
        ("number", pa.int32()),  # of the file
        ("position", pa.int32()),  # number of the row in the file
        ("door", pa.string()),  # the table
        ("article_id", pa.string()),
        ("text_digest", pa.string()),
        ("duplicate_of", pa.string()),
        ("reason", pa.string()),
        ("load_id", pa.string()),
        ("run_id", pa.string()),
        ("dump", pa.string()),
        ("dump_offset", pa.int64()),
    ]
)
_RUN: Final = pa.schema([("run", pa.int64()), *(TABLES["runs"].field(name) for name in COLUMNS["runs"])])
# The hash in `rows` and `signatures` is of the id and the text: so the index needs a few bytes for each article.
_START: Final = """
    CREATE TABLE rows (number INTEGER, position INTEGER, door VARCHAR, id VARCHAR, hash UBIGINT, original VARCHAR,
        reason VARCHAR, source INTEGER, place BIGINT);
    CREATE TABLE signatures (hash UBIGINT, exact BOOLEAN, near BOOLEAN);
    CREATE TABLE sources (source INTEGER, load_id VARCHAR, run_id VARCHAR, dump VARCHAR);
    CREATE TABLE runs (run BIGINT, run_id VARCHAR, committed_at TIMESTAMPTZ);
    CREATE TABLE dumps (run BIGINT, load_id VARCHAR, fingerprint VARCHAR, dump VARCHAR);
    CREATE TABLE ledger (run BIGINT, dump VARCHAR, door VARCHAR, reason VARCHAR, pages BIGINT);
    CREATE TABLE gone (door VARCHAR, load_id VARCHAR, dump VARCHAR, place BIGINT);
    CREATE TABLE transactions (name VARCHAR, key VARCHAR, version BIGINT);
"""
_ADD_ROWS: Final = """
    INSERT INTO sources
    SELECT (SELECT count(*) FROM sources) + row_number() OVER (), *
    FROM (SELECT DISTINCT load_id, run_id, dump FROM batch EXCEPT SELECT load_id, run_id, dump FROM sources);
    INSERT INTO rows
    SELECT number, position, door, article_id, hash(article_id, text_digest), duplicate_of, reason, source, dump_offset
    FROM batch JOIN sources ON batch.dump = sources.dump
        AND batch.load_id IS NOT DISTINCT FROM sources.load_id AND batch.run_id IS NOT DISTINCT FROM sources.run_id;
"""
_ADD_RUNS: Final = """
    INSERT INTO runs SELECT run, run_id, committed_at FROM batch;
    INSERT INTO dumps
    SELECT run, recipe || '-' || one.fingerprint, one.fingerprint, one.dump
    FROM (SELECT run, recipe, unnest(dumps) AS one FROM batch);
    INSERT INTO gone
    SELECT 'rejected', one.load_id, one.dump, one.dump_offset FROM (SELECT unnest(taken_back) AS one FROM batch);
    INSERT INTO ledger
    SELECT run, one.dump, CASE one.door WHEN 'article' THEN 'articles' ELSE one.door END, one.reason, one.pages
    FROM (SELECT run, unnest(ledger) AS one FROM batch) WHERE one.door <> 'read';
"""
# `origins` has the load of each source: files of schema 1 name their run only. `held` has the loads that are in, by
# their transactions (see loads.py), each with the last run that brought it.
_RELATE: Final = """
    CREATE TABLE origins AS
    SELECT source, dense_rank() OVER (ORDER BY load_id, dump) AS origin, load_id, dump
    FROM (
        SELECT source, coalesce(sources.load_id, known.load_id) AS load_id, dump
        FROM sources LEFT JOIN (
            SELECT run_id, dump, max(load_id) AS load_id FROM dumps JOIN runs USING (run) GROUP BY ALL
        ) AS known USING (run_id, dump)
    );
    CREATE TABLE held AS
    SELECT load_id, dump, arg_max(run, (committed_at, run)) AS run
    FROM dumps JOIN runs USING (run)
    WHERE $all_in OR load_id IN (SELECT substr(key, 6) FROM transactions WHERE name = 'articles' AND version = 1)
    GROUP BY ALL;
"""
_LOADS_UNKNOWN: Final = """
    SELECT DISTINCT run_id, load_id, dump
    FROM dumps JOIN runs USING (run)
    WHERE 'load:' || load_id NOT IN (SELECT key FROM transactions WHERE name = ?)
    ORDER BY ALL
"""
_RUNS_UNKNOWN: Final = """
    SELECT DISTINCT run_id FROM runs WHERE run_id NOT IN (SELECT key FROM transactions WHERE name = ?) ORDER BY ALL
"""
_DUMPS_UNKNOWN: Final = """
    SELECT DISTINCT load_id, dump
    FROM held JOIN dumps USING (run, load_id, dump)
    WHERE 'dump:' || fingerprint NOT IN (SELECT key FROM transactions WHERE name = 'articles' AND version = 1)
    ORDER BY ALL
"""
_LOADS_OF_NO_RUN: Final = """
    SELECT substr(key, 6) AS load_id
    FROM transactions
    WHERE name = 'articles' AND version = 1 AND starts_with(key, 'load:') AND load_id NOT IN (SELECT load_id FROM dumps)
    ORDER BY ALL
"""
_ADD_SIGNATURES: Final = """
    INSERT INTO signatures SELECT hash(article_id, text_digest), ?, ? AND sketch IS NOT NULL FROM batch;
"""
# Rows that were taken out on request, or because the record was cut when it was read first. Those that have come again
# since, when their dump was loaded again, are not gone.
_GONE: Final = """
    SELECT door, load_id, dump, count(DISTINCT place)
    FROM gone
    WHERE NOT EXISTS (
        SELECT 1 FROM rows JOIN origins USING (source)
        WHERE rows.place = gone.place AND origins.dump = gone.dump AND origins.load_id = gone.load_id
    )
    GROUP BY ALL
"""
# Articles that the index lacks, and others that it has: for exact copies, then for near ones.
_UNINDEXED: Final = """
    WITH articles AS (SELECT hash, original FROM rows WHERE door = 'articles')
    SELECT
        (SELECT count(DISTINCT hash) FROM articles WHERE hash NOT IN (SELECT hash FROM signatures WHERE exact)),
        (SELECT count(DISTINCT hash) FROM articles
            WHERE original IS NULL AND hash NOT IN (SELECT hash FROM signatures WHERE near)),
        (SELECT count(DISTINCT hash) FROM signatures WHERE exact AND hash NOT IN (SELECT hash FROM articles)),
        (SELECT count(DISTINCT hash) FROM signatures WHERE near AND hash NOT IN (SELECT hash FROM articles))
"""
_COUNTS: Final = """
    SELECT load_id, dump, run_id, door, reason, sum(due)::BIGINT, sum(found)::BIGINT
    FROM (
        SELECT held.load_id, held.dump, door, reason, pages AS due, 0 AS found
        FROM held JOIN ledger ON held.run = ledger.run AND held.dump = ledger.dump
        UNION ALL
        SELECT load_id, dump, door, coalesce(reason, ''), 0, count(*) FROM rows JOIN origins USING (source) GROUP BY ALL
    ) LEFT JOIN held USING (load_id, dump) LEFT JOIN runs USING (run)
    GROUP BY ALL ORDER BY ALL NULLS LAST
"""
# First the ids and places that stand twice, then their rows: a list for each id would not fit into memory.
_TWICE: Final = """
    SELECT id, list({'number': number, 'position': position} ORDER BY number, position)
    FROM rows
    WHERE id IN (SELECT id FROM rows WHERE door = 'articles' GROUP BY id HAVING count(*) > 1)
    GROUP BY id ORDER BY id
"""
# Rows with one id are told as such.
_SAME_PLACE: Final = """
    SELECT any_value(load_id), any_value(dump), place,
        list({'number': number, 'position': position} ORDER BY number, position)
    FROM rows JOIN origins USING (source) JOIN (
        SELECT origin, place
        FROM rows JOIN origins USING (source)
        WHERE load_id IS NOT NULL
        GROUP BY origin, place HAVING count(*) > 1
    ) USING (origin, place)
    GROUP BY origin, place HAVING NOT (count(id) = count(*) AND count(DISTINCT id) = 1)
    ORDER BY ALL
"""
_DANGLING: Final = """
    SELECT DISTINCT id, original
    FROM rows
    WHERE original IS NOT NULL AND original NOT IN (SELECT id FROM rows WHERE id IS NOT NULL)
    ORDER BY ALL
"""


_INDEX_FAULTS: Final = (
    "lacks the text of {} articles",
    "lacks the signature of {} articles",
    "has the text of {} articles that are not in the dataset",
    "has the signature of {} articles that are not in the dataset",
)
_LINKS: Final = "CREATE TABLE links AS SELECT DISTINCT id, original FROM rows WHERE original IS NOT NULL"


class Count(NamedTuple):
    """The rows of one load in one table, with one reason if they are rejections."""

    table: str
    reason: str
    due: int  # as the ledger says
    found: int


class CountFault(NamedTuple):
    """A number of rows that is not the ledger's."""

    table: str
    text: str  # the end of a sentence
    missing: int  # rows; negative if there are too many


def judge_counts(counts: Iterable[Count], gone: Mapping[str, int]) -> list[CountFault]:
    """The faults in the numbers of rows of one load.

    Mass rejections have all their rows or none. An article that was found to be the copy of another one later, by a
    repair, has become a rejected row more.

    Args:
      counts: for each reason, and with an empty reason for articles.
      gone: table → rows that were taken out, with any reason.
    """
    by_table: dict[str, list[Count]] = {"articles": [], "rejected": []}
    for count in counts:
        by_table[count.table].append(count)
    missing = sum(count.due - count.found for count in by_table["articles"]) - gone.get("articles", 0)
    copies = sum(max(0, count.found - count.due) for count in by_table["rejected"] if count.reason == DUPLICATE)
    if missing == copies:
        missing = 0
    else:
        copies = 0
    faults: list[CountFault] = []
    if missing:
        due, found = (sum(getattr(count, name) for count in by_table["articles"]) for name in ("due", "found"))
        faults.append(CountFault("articles", _said(found, due, "", gone.get("articles", 0)), missing))
    wrong = [
        count._replace(due=count.due + (copies if count.reason == DUPLICATE else 0)) for count in by_table["rejected"]
    ]
    unwritten = sum(count.due for count in wrong if count.reason in MASS_REASONS and not count.found)
    wrong = [count for count in wrong if count.found or count.reason not in MASS_REASONS]
    out = gone.get("rejected", 0)
    if out and all(count.found <= count.due for count in wrong):
        left = sum(count.due - count.found for count in wrong)
        if not left <= out <= left + unwritten:
            due, found = sum(count.due for count in wrong), sum(count.found for count in wrong)
            faults.append(CountFault("rejected", _said(found, due, "", out), left - out))
        return faults
    return faults + [
        CountFault("rejected", _said(count.found, count.due, count.reason, 0), count.due - count.found)
        for count in wrong
        if count.found != count.due
    ]


def _said(found: int, due: int, reason: str, gone: int) -> str:
    rows = f"{found:,} rows" + (f" with the reason {reason}" if reason else "")
    return f"{rows}, where the ledger says {due:,}" + (f" and {gone:,} were taken out" if gone else "")


@contextlib.contextmanager
def row_checks() -> Iterator["RowChecks"]:
    """A `RowChecks` whose database lives as long as the block."""
    settings: dict[str, Any] = {"memory_limit": _MEMORY, "preserve_insertion_order": "false"}
    with (
        tempfile.TemporaryDirectory(prefix="warraq-check-") as folder,
        duckdb.connect(f"{folder}/rows.duckdb", config=settings) as database,
    ):
        yield RowChecks(database)


class RowChecks:
    """Gathers the rows of a dataset, file by file; then tells their faults."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        self._database.execute(_START)
        self._files: list[DataFile] = []
        self._runs = 0
        self._waiting: list[pa.Table] = []
        self._lost: collections.Counter[str] = collections.Counter()  # rows of each table that can't be read
        self._unknown: set[str] = set()  # tables of which no log says how many rows are lost

    def add(self, file: DataFile, content: Content) -> None:
        """Gathers the rows of one file. Those of a file that can't be read are counted as lost."""
        if content.columns is None:
            self._lost[file.table] += file.rows or 0
            self._unknown |= {file.table} if file.rows is None else set()
        elif file.table == "runs":
            numbers = pa.array(range(self._runs, self._runs + content.columns.num_rows), pa.int64())
            self._runs += content.columns.num_rows
            self._insert(_ADD_RUNS, _filled(content.columns, _RUN, {"run": numbers}))
        elif file.table == "forgotten":
            self._insert("INSERT INTO gone SELECT * FROM batch WHERE load_id IS NOT NULL", content.columns)
        elif file.table == "signatures":
            part = file.partition[0]
            is_exact = part == ARRIVAL or part.startswith(DIGEST)
            self._insert(_ADD_SIGNATURES, content.columns, is_exact, not part.startswith(DIGEST))
        else:
            rows = content.columns.num_rows
            given: dict[str, Any] = {
                "number": pa.repeat(pa.scalar(len(self._files), pa.int32()), rows),
                "position": pa.array(range(rows), pa.int32()),
                "door": pa.repeat(file.table, rows),
            }
            if "run_id" not in content.columns.column_names and _RUN_KEY in content.metadata:
                given["run_id"] = pa.repeat(content.metadata[_RUN_KEY].decode(), rows)
            self._files.append(file)
            self._waiting.append(_filled(content.columns, _ROW, given))
            if sum(table.num_rows for table in self._waiting) >= _BATCH_ROWS:
                self._flush()

    def faults(self, tables: Mapping[str, DeltaTable | None]) -> Iterator[Fault]:
        """The faults of the rows that were gathered. To be called once, with the tables whose files were added."""
        self._flush()
        with_loads = [name for name, table in tables.items() if table and schema_version(table) >= _FIRST_LOADS]
        for name in RUN_TABLES:
            table = tables[name] if name in with_loads else None
            known = delta_log.all_transactions(table) if table else {}
            batch = pa.table({"key": [*known], "version": pa.array(known.values(), pa.int64())})
            self._insert(f"INSERT INTO transactions SELECT '{name}', key, version FROM batch", batch)  # noqa: S608
        self._database.execute(_RELATE.replace("$all_in", str(CLAIM not in with_loads)))
        yield from self._transaction_faults([name for name in RUN_TABLES if name in with_loads])
        yield from self._count_faults()
        yield from self._twins()
        yield from self._same_places()
        if not self._has_lost("articles"):
            yield from self._pointer_faults()
            yield from self._index_faults()

    def _insert(self, sql: str, batch: pa.Table, *values: object) -> None:
        self._database.register("batch", batch)
        self._database.execute(sql, values or None)
        self._database.unregister("batch")

    def _flush(self) -> None:
        if self._waiting:
            self._insert(_ADD_ROWS, pa.concat_tables(self._waiting))
            self._waiting = []

    def _has_lost(self, table: str) -> bool:
        return bool(self._lost[table]) or table in self._unknown

    def _fetch(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        cursor = self._database.execute(sql, values)
        while found := cursor.fetchmany(10_000):
            yield from found

    def _transaction_faults(self, names: Sequence[str]) -> Iterator[Fault]:
        """Loads and runs without their transactions, and the other way round."""
        for name in names:
            for run_id, load, dump in self._fetch(_LOADS_UNKNOWN, name):
                text = f"the log of {name} does not know load {load} ({dump}), which run {run_id} brought"
                yield Fault("transaction", text)
            for (run_id,) in self._fetch(_RUNS_UNKNOWN, name):
                yield Fault("transaction", f"the log of {name} does not know run {run_id}")
        if CLAIM in names:
            for load, dump in self._fetch(_DUMPS_UNKNOWN):
                yield Fault("transaction", f"the log of {CLAIM} has load {load}, but not its dump {dump}")
        if not self._has_lost("runs"):
            for (load,) in self._fetch(_LOADS_OF_NO_RUN):
                yield Fault("transaction", f"the log of {CLAIM} has load {load}, which no row of runs names")

    def _count_faults(self) -> Iterator[Fault]:
        """Loads with other numbers of rows than the ledger says. Files that are lost explain as many missing rows."""
        gone = {tuple(key): rows for *key, rows in self._fetch(_GONE)}
        found: list[tuple[Fault, str, int]] = []
        counted = self._fetch(_COUNTS)
        for (load, dump, run_id), lines in itertools.groupby(counted, lambda line: line[:3]):
            counts = [Count(*line[3:]) for line in lines]
            out = {table: gone.get((table, load, dump), 0) for table in ("articles", "rejected")}
            if run_id is not None:
                for fault in judge_counts(counts, out):
                    text = f"{fault.table} of load {load} ({dump}, run {run_id}): {fault.text}"
                    found.append((Fault("count", text), fault.table, fault.missing))
            elif not self._has_lost("runs"):
                for table in ("articles", "rejected"):
                    if rows := sum(count.found for count in counts if count.table == table):
                        whose = f"load {load} ({dump})" if load else dump
                        text = f"{table}: {rows:,} rows of {whose} belong to no run whose load is in"
                        found.append((Fault("count", text), table, -rows))
        for table in ("articles", "rejected"):
            missing = [lost for _, name, lost in found if name == table]
            is_explained = table in self._unknown or sum(missing) == self._lost[table]
            if all(lost > 0 for lost in missing) and is_explained:
                continue
            yield from (fault for fault, name, _ in found if name == table)

    def _twins(self) -> Iterator[Fault]:
        for article_id, rows in self._fetch(_TWICE):
            text = f"article {article_id} stands {len(rows)} times: {self._where(rows)}"
            yield Fault("id", text, article_id=article_id, rows=self._rows(rows))

    def _same_places(self) -> Iterator[Fault]:
        for load, dump, offset, rows in self._fetch(_SAME_PLACE):
            text = f"{len(rows)} rows of load {load} are of one page, {dump}@{offset}: {self._where(rows)}"
            yield Fault("place", text)

    def _pointer_faults(self) -> Iterator[Fault]:
        """Pointers that lead to no article, or back to where they began."""
        for article_id, original in self._fetch(_DANGLING):
            text = f"article {article_id} is a copy of {original}, which is no article"
            yield Fault("pointer", text, article_id=article_id, original=original)
        self._database.execute(_LINKS)
        while True:
            self._keep_circles()
            first = self._database.execute("SELECT id, original FROM links ORDER BY ALL LIMIT 1").fetchone()
            if not first:
                return
            article_id, original = first
            text = f"article {article_id} is a copy of {original}, which leads back to it"
            yield Fault("pointer", text, article_id=article_id, original=original)
            self._database.execute("DELETE FROM links WHERE original = ?", [original])

    def _index_faults(self) -> Iterator[Fault]:
        """Articles whose copies later runs would not find, and others that are not there."""
        for counts in [] if self._has_lost("signatures") else self._fetch(_UNINDEXED):
            for text, number in zip(_INDEX_FAULTS, counts, strict=True):
                if number:
                    yield Fault("index", f"the index of copies {text.format(f'{number:,}')}")

    def _keep_circles(self) -> None:
        """Deletes links that are in no circle: those that lead out of all of them, or that none leads to."""
        for side, other in (("original", "id"), ("id", "original")):
            deleted = 1
            while deleted:
                sql = f"DELETE FROM links WHERE {side} NOT IN (SELECT {other} FROM links)"  # noqa: S608
                (deleted,) = self._database.execute(sql).fetchone() or (0,)

    def _rows(self, rows: Iterable[Mapping[str, int]]) -> list[Row]:
        files = [(self._files[row["number"]], row["position"]) for row in rows]
        return [Row(file.table, file.path, at) for file, at in files]

    def _where(self, rows: Sequence[Mapping[str, int]]) -> str:
        """The files of some rows, in words."""
        names = list(dict.fromkeys(f"{row.table}/{row.path}" for row in self._rows(rows)))
        return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more files" if len(names) > _FEW else "")


def _filled(table: pa.Table, schema: pa.Schema, given: Mapping[str, Any]) -> pa.Table:
    """The table with the columns of a schema: given ones, its own, and null."""
    columns = [
        given[field.name]
        if field.name in given
        else table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=pa.schema([pa.field(field.name, field.type) for field in schema]))
