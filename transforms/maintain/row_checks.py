"""The rows of a dataset compared with its ledger and its transactions, and with each other.

The few columns that this needs are gathered in a database of DuckDB in a temporary folder, of which DuckDB holds a part
in memory.
"""

import collections
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from warraq.schemas.arrow import RUN_TABLES, TABLES
from warraq.schemas.labels import MASS_REASONS
from warraq.transforms.dataset import delta_log, loads
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import schema_version
from warraq.transforms.dataset.publication import CLAIM
from warraq.transforms.maintain.damage import Content
from warraq.transforms.maintain.fault import Fault, Row

# The columns that are gathered of each table.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "articles": ("article_id", "duplicate_of", "load_id", "dump", "dump_offset"),
    "rejected": ("reason", "load_id", "run_id", "dump", "dump_offset"),
    "runs": ("run_id", "recipe", "committed_at", "dumps", "ledger", "failed"),
}
DUPLICATE: Final = "duplicate"  # the reason of an exact copy
_MEMORY: Final = "256MB"
_BATCH_ROWS: Final = 50_000  # of small files, added at once
_FIRST_LOADS: Final = 2  # the schema version from which on loads have transactions
_FEW: Final = 3  # files that a sentence names
_RUN_KEY: Final = delta_log.RUN_KEY.encode()

_ROW: Final = pa.schema(
    [
        ("number", pa.int32()),  # of the file
        ("at", pa.int32()),  # number of the row in the file
        ("door", pa.string()),  # the table
        ("article_id", pa.string()),
        ("duplicate_of", pa.string()),
        ("reason", pa.string()),
        ("load_id", pa.string()),
        ("run_id", pa.string()),
        ("dump", pa.string()),
        ("dump_offset", pa.int64()),
    ]
)
_RUN: Final = pa.schema([("run", pa.int64()), *(TABLES["runs"].field(name) for name in COLUMNS["runs"])])
_START: Final = """
    CREATE TABLE rows (number INTEGER, at INTEGER, door VARCHAR, id VARCHAR, original VARCHAR, reason VARCHAR,
        source INTEGER, place BIGINT);
    CREATE TABLE sources (source INTEGER, load_id VARCHAR, run_id VARCHAR, dump VARCHAR);
    CREATE TABLE runs (run BIGINT, run_id VARCHAR, committed_at TIMESTAMPTZ);
    CREATE TABLE dumps (run BIGINT, load_id VARCHAR, fingerprint VARCHAR, dump VARCHAR);
    CREATE TABLE ledger (run BIGINT, dump VARCHAR, door VARCHAR, reason VARCHAR, pages BIGINT);
    CREATE TABLE transactions (name VARCHAR, key VARCHAR, version BIGINT);
"""
_ADD_ROWS: Final = """
    INSERT INTO sources
    SELECT (SELECT count(*) FROM sources) + row_number() OVER (), *
    FROM (SELECT DISTINCT load_id, run_id, dump FROM batch EXCEPT SELECT load_id, run_id, dump FROM sources);
    INSERT INTO rows
    SELECT number, at, door, article_id, duplicate_of, reason, source, dump_offset
    FROM batch JOIN sources ON batch.dump = sources.dump
        AND batch.load_id IS NOT DISTINCT FROM sources.load_id AND batch.run_id IS NOT DISTINCT FROM sources.run_id;
"""
# A dump that failed is no part of its run.
_ADD_RUNS: Final = """
    INSERT INTO runs SELECT run, run_id, committed_at FROM batch;
    INSERT INTO dumps
    SELECT run, recipe || '-' || one.fingerprint, one.fingerprint, one.dump
    FROM (SELECT run, recipe, failed, unnest(dumps) AS one FROM batch)
    WHERE NOT list_contains(list_transform(coalesce(failed, []), lambda each: each.dump), one.dump);
    INSERT INTO ledger
    SELECT run, one.dump, CASE one.door WHEN 'article' THEN 'articles' ELSE one.door END, one.reason, one.pages
    FROM (SELECT run, unnest(ledger) AS one FROM batch) WHERE one.door <> 'read';
"""
# `origins` has the load of each source: files of schema 1 name their run only. `held` has the loads that are in, each
# with the last run that brought it.
_RELATE: Final = f"""
    CREATE TABLE origins AS
    SELECT source, dense_rank() OVER (ORDER BY load_id, dump) AS origin, load_id, dump
    FROM (
        SELECT DISTINCT source, coalesce(sources.load_id, dumps.load_id) AS load_id, sources.dump
        FROM sources LEFT JOIN runs USING (run_id) LEFT JOIN dumps ON dumps.run = runs.run AND dumps.dump = sources.dump
        WHERE sources.load_id IS NULL AND (dumps.load_id IS NOT NULL OR runs.run IS NULL)
        UNION ALL SELECT source, load_id, dump FROM sources WHERE load_id IS NOT NULL
    );
    CREATE TABLE held AS
    SELECT load_id, dump, arg_max(run, (committed_at, run)) AS run
    FROM dumps JOIN runs USING (run)
    WHERE $all_in OR 'load:' || load_id IN (SELECT key FROM transactions WHERE name = '{CLAIM}' AND version = {loads.IN})
    GROUP BY ALL;
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
_TWICE: Final = """
    SELECT id, list({'number': number, 'at': at} ORDER BY number, at)
    FROM rows
    WHERE id IN (SELECT id FROM rows WHERE door = 'articles' GROUP BY id HAVING count(*) > 1)
    GROUP BY id ORDER BY id
"""
# Rows with one id are told as such.
_SAME_PLACE: Final = """
    SELECT any_value(load_id), any_value(dump), place, list({'number': number, 'at': at} ORDER BY number, at)
    FROM rows JOIN origins USING (source)
    WHERE load_id IS NOT NULL
    GROUP BY origin, place HAVING count(*) > 1 AND NOT (count(id) = count(*) AND count(DISTINCT id) = 1)
    ORDER BY ALL
"""
_DANGLING: Final = """
    SELECT id, original, number, at
    FROM rows
    WHERE original IS NOT NULL AND original NOT IN (SELECT id FROM rows WHERE id IS NOT NULL)
    ORDER BY ALL
"""


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


def judge_counts(counts: Iterable[Count], forgotten: Mapping[str, int]) -> list[CountFault]:
    """The faults in the numbers of rows of one load.

    Mass rejections have all their rows or none. An article that was found to be the copy of another one later, by a
    repair, has become a rejected row more.

    Args:
      counts: for each reason, and with an empty reason for articles.
      forgotten: table → rows that were taken out on request, with any reason.
    """
    by_table: dict[str, list[Count]] = {"articles": [], "rejected": []}
    for count in counts:
        by_table[count.table].append(count)
    missing = sum(count.due - count.found for count in by_table["articles"]) - forgotten.get("articles", 0)
    copies = sum(max(0, count.found - count.due) for count in by_table["rejected"] if count.reason == DUPLICATE)
    if missing == copies:
        missing = 0
    else:
        copies = 0
    faults: list[CountFault] = []
    if missing:
        due, found = (sum(getattr(count, name) for count in by_table["articles"]) for name in ("due", "found"))
        faults.append(CountFault("articles", _said(found, due, "", forgotten.get("articles", 0)), missing))
    wrong = [
        count._replace(due=count.due + (copies if count.reason == DUPLICATE else 0)) for count in by_table["rejected"]
    ]
    unwritten = sum(count.due for count in wrong if count.reason in MASS_REASONS and not count.found)
    wrong = [count for count in wrong if count.found or count.reason not in MASS_REASONS]
    gone = forgotten.get("rejected", 0)
    if gone and all(count.found <= count.due for count in wrong):
        left = sum(count.due - count.found for count in wrong)
        if not left <= gone <= left + unwritten:
            due, found = sum(count.due for count in wrong), sum(count.found for count in wrong)
            faults.append(CountFault("rejected", _said(found, due, "", gone), left - gone))
        return faults
    return faults + [
        CountFault("rejected", _said(count.found, count.due, count.reason, 0), count.due - count.found)
        for count in wrong
        if count.found != count.due
    ]


def _said(found: int, due: int, reason: str, forgotten: int) -> str:
    rows = f"{found:,} rows" + (f" with the reason {reason}" if reason else "")
    taken = f" and {forgotten:,} were taken out on request" if forgotten else ""
    return f"{rows}, where the ledger says {due:,}{taken}"


class RowChecks:
    """Gathers the rows of a dataset, file by file; then tells their faults. To be closed by `with`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warraq-check-")
        settings: dict[str, Any] = {"memory_limit": _MEMORY, "preserve_insertion_order": "false"}
        self._database = duckdb.connect(f"{self._folder.name}/rows.duckdb", config=settings)
        self._database.execute(_START)
        self._files: list[DataFile] = []
        self._runs = 0
        self._waiting: list[pa.Table] = []
        self._lost: collections.Counter[str] = collections.Counter()  # rows of each table that can't be read
        self._unknown: set[str] = set()  # tables of which no log says how many rows are lost

    def __enter__(self) -> "RowChecks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, file: DataFile, content: Content) -> None:
        """Gathers the rows of one file. Those of a file that can't be read are counted as lost."""
        if content.columns is None:
            self._lost[file.table] += file.rows or 0
            self._unknown |= {file.table} if file.rows is None else set()
        elif file.table == "runs":
            numbers = pa.array(range(self._runs, self._runs + content.columns.num_rows), pa.int64())
            self._runs += content.columns.num_rows
            self._insert(_ADD_RUNS, _filled(content.columns, _RUN, {"run": numbers}))
        else:
            rows = content.columns.num_rows
            given: dict[str, Any] = {
                "number": pa.repeat(pa.scalar(len(self._files), pa.int32()), rows),
                "at": pa.array(range(rows), pa.int32()),
                "door": pa.repeat(file.table, rows),
            }
            if "run_id" not in content.columns.column_names and _RUN_KEY in content.metadata:
                given["run_id"] = pa.repeat(content.metadata[_RUN_KEY].decode(), rows)
            self._files.append(file)
            self._waiting.append(_filled(content.columns, _ROW, given))
            if sum(table.num_rows for table in self._waiting) >= _BATCH_ROWS:
                self._flush()

    def faults(
        self, tables: Mapping[str, DeltaTable | None], forgotten: Mapping[tuple[str, str, str], int]
    ) -> Iterator[Fault]:
        """The faults of the rows that were gathered. To be called once.

        Args:
          tables: the tables whose files were added.
          forgotten: (table, load, dump) → rows that were taken out on request.
        """
        self._flush()
        with_loads = [name for name, table in tables.items() if table and schema_version(table) >= _FIRST_LOADS]
        for name in RUN_TABLES:
            known = delta_log.all_transactions(tables[name]) if name in with_loads else {}
            batch = pa.table({"key": [*known], "version": pa.array(known.values(), pa.int64())})
            self._insert(f"INSERT INTO transactions SELECT '{name}', key, version FROM batch", batch)  # noqa: S608
        self._database.execute(_RELATE.replace("$all_in", str(CLAIM not in with_loads)))
        yield from self._transaction_faults([name for name in RUN_TABLES if name in with_loads])
        yield from self._count_faults(forgotten)
        yield from self._twins()
        yield from self._same_places()
        if not self._has_lost("articles"):
            yield from self._pointer_faults()

    def _insert(self, sql: str, batch: pa.Table) -> None:
        self._database.register("batch", batch)
        self._database.execute(sql)
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
            log = f"the log of {name}"
            for run_id, load, dump in self._fetch(
                "SELECT DISTINCT run_id, load_id, dump FROM dumps JOIN runs USING (run) "
                "WHERE 'load:' || load_id NOT IN (SELECT key FROM transactions WHERE name = ?) ORDER BY ALL",
                name,
            ):
                yield Fault("transaction", f"{log} does not know load {load} ({dump}), which run {run_id} brought")
            for (run_id,) in self._fetch(
                "SELECT DISTINCT run_id FROM runs "
                "WHERE run_id NOT IN (SELECT key FROM transactions WHERE name = ?) ORDER BY ALL",
                name,
            ):
                yield Fault("transaction", f"{log} does not know run {run_id}")
        for load, dump in self._fetch(
            "SELECT DISTINCT load_id, dump FROM held JOIN dumps USING (run, load_id, dump) WHERE 'dump:' || fingerprint "
            "NOT IN (SELECT key FROM transactions WHERE name = ? AND version = ?) ORDER BY ALL",
            CLAIM,
            loads.IN,
        ):
            if CLAIM in names:
                yield Fault("transaction", f"the log of {CLAIM} has load {load}, but not its dump {dump}")
        if not self._has_lost("runs"):
            for (key,) in self._fetch(
                "SELECT key FROM transactions WHERE name = ? AND version = ? AND key LIKE 'load:%' "
                "AND key NOT IN (SELECT 'load:' || load_id FROM dumps) ORDER BY ALL",
                CLAIM,
                loads.IN,
            ):
                load = key.partition(":")[2]
                yield Fault("transaction", f"the log of {CLAIM} has load {load}, which no run in runs brought")

    def _count_faults(self, forgotten: Mapping[tuple[str, str, str], int]) -> Iterator[Fault]:
        """Loads with other numbers of rows than the ledger says. Files that are lost explain as many missing rows."""
        found: list[tuple[Fault, str, int]] = []
        counted = self._fetch(_COUNTS)
        for (load, dump, run_id), lines in itertools.groupby(counted, lambda line: line[:3]):
            counts = [Count(*line[3:]) for line in lines]
            gone = {table: forgotten.get((table, load, dump), 0) for table in ("articles", "rejected")}
            if run_id is not None:
                for fault in judge_counts(counts, gone):
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
            yield Fault("id", text, rows=self._rows(rows))

    def _same_places(self) -> Iterator[Fault]:
        for load, dump, offset, rows in self._fetch(_SAME_PLACE):
            text = f"{len(rows)} rows of load {load} are of one page, {dump}@{offset}: {self._where(rows)}"
            yield Fault("place", text)

    def _pointer_faults(self) -> Iterator[Fault]:
        """Pointers that lead to no article, or back to where they began."""
        for article_id, original, number, at in self._fetch(_DANGLING):
            rows = self._rows([{"number": number, "at": at}])
            yield Fault("pointer", f"article {article_id} is a copy of {original}, which is no article", rows=rows)
        self._database.execute("CREATE TABLE links AS SELECT DISTINCT id, original FROM rows WHERE original IS NOT NULL")
        while True:
            self._keep_circles()
            first = self._database.execute("SELECT min(id) FROM links").fetchone()
            if not first or first[0] is None:
                return
            sql = "FROM rows WHERE id = ? AND original IN (SELECT id FROM links) ORDER BY number, at"
            rows = self._rows([
                {"number": number, "at": at} for number, at in self._fetch(f"SELECT number, at {sql}", first[0])
            ])
            yield Fault("pointer", f"article {first[0]} is a copy of an article that leads back to it", rows=rows)
            self._database.execute("DELETE FROM links WHERE id = ?", first)

    def _keep_circles(self) -> None:
        """Deletes links that are in no circle: those that lead out of all of them, or that none leads to."""
        for side, other in (("original", "id"), ("id", "original")):
            deleted = 1
            while deleted:
                sql = f"DELETE FROM links WHERE {side} NOT IN (SELECT {other} FROM links)"  # noqa: S608
                (deleted,) = self._database.execute(sql).fetchone() or (0,)

    def _rows(self, rows: Iterable[Mapping[str, int]]) -> list[Row]:
        files = [(self._files[row["number"]], row["at"]) for row in rows]
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
