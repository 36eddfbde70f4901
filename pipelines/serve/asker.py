"""Questions to the dataset as of now, from several threads at once, with a record of the SQL that ran."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import duckdb

from warraq.pipelines.macros import add_macros
from warraq.pipelines.search import Search
from warraq.pipelines.views import MENTIONS, WRONG_STATEMENT, Views, reading
from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.dataset import Dataset

MOST_HELD: Final = 200_000  # articles, or refused pages, in memory
MOST_TEXTS: Final = 50_000  # articles that are held with their texts
_ATTEMPTS: Final = 5  # at a statement whose files are moved away
# The views that are held.
_HELD: Final = {
    "days": "FROM days",
    "loads": "FROM loads",
    "ledger": "FROM ledger",
    "runs": "SELECT run_id, options, committed_at FROM runs",
    "reasons": "FROM reasons",
    "forgotten": "FROM forgotten",
    "articles": "SELECT * EXCLUDE (sketch) FROM articles",
    "rejected": "FROM rejected",
}
_WITHOUT_TEXTS: Final = "SELECT * EXCLUDE (text, sketch) FROM articles"
# Made of the articles that are held: the view `entities` with the columns that pages ask for.
_ENTITIES: Final = """
    CREATE TABLE entities AS SELECT DISTINCT article_id, site, date, topic, entity.name AS name, entity.kind AS kind
    FROM (SELECT article_id, site, date, topic, unnest(entities) AS entity FROM articles)"""
_BOUNDED: Final = ("articles", "rejected", "forgotten")

Row: TypeAlias = dict[str, Any]
Version: TypeAlias = tuple[str, ...]
T = TypeVar("T")


class Asked(NamedTuple):
    """A question that ran: its title (a key of `texts`) and its SQL, exactly as DuckDB got it, or its command."""

    title: str
    sql: str
    is_command: bool = False


class Lake:
    """A dataset that threads ask at once, always in its newest version.

    A dataset is many small files, and opening them takes most of the time of a question. So the tables are held in
    memory, up to MOST_HELD rows and MOST_TEXTS texts, and read anew after each commit. A statement that needs more
    reads the files: each thread has a DuckDB of its own for that, so none waits for another.

    Raises:
      DatasetError: there is no dataset, or it is newer than this program.
      DamagedDatasetError: a log has lost entries, or a file is missing.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._here = threading.local()
        self._one_reads = threading.Lock()
        self._held: tuple[Version, duckdb.DuckDBPyConnection] | None = None
        with reading(dataset):
            self._while_files_move(lambda: self._memory(self.version()))

    def ask(self, sql: str) -> list[Row]:
        """The answer of one statement, as rows with the names of its columns.

        Raises:
          duckdb.Error: the statement is wrong.
          DamagedDatasetError: a file is missing or broken.
        """
        with reading(self.dataset):
            return self._while_files_move(lambda: self._ask(sql))

    def search(self) -> Search:
        """This thread's search; it brings the index beside the dataset up to date when it is asked."""
        if not hasattr(self._here, "search"):
            self._here.search = Search(self.dataset)
        search: Search = self._here.search
        return search

    def version(self) -> Version:
        """The newest entry of each log: it changes with every commit."""
        folders = (storage.join(self.dataset.root, name, delta_log.FOLDER) for name in TABLES)
        return tuple(max(_entries(folder), default="") for folder in folders)

    def _ask(self, sql: str) -> list[Row]:
        version = self.version()
        try:
            return _rows(self._memory(version), sql)
        except (duckdb.BinderException, duckdb.CatalogException):  # it needs more than is held; else the files tell
            return _rows(self._views(version).connection, sql)

    def _memory(self, version: Version) -> duckdb.DuckDBPyConnection:
        """A cursor on what is held of a version; one thread reads it, the others wait."""
        with self._one_reads:
            if self._held is None or self._held[0] != version:
                self._held = version, _hold(self._views(version).connection)
            return self._held[1].cursor()

    def _views(self, version: Version) -> Views:
        """This thread's views of a version."""
        if getattr(self._here, "version", None) != version:
            self._here.views, self._here.version = Views(self.dataset), version
        views: Views = self._here.views
        return views

    def _while_files_move(self, act: Callable[[], T], attempts: int = _ATTEMPTS) -> T:
        try:
            return act()
        except WRONG_STATEMENT:
            raise
        except duckdb.Error:  # a commit may have replaced the files meanwhile
            if attempts == 1 or self.version() == getattr(self._here, "version", None):
                raise
            return self._while_files_move(act, attempts - 1)


class Asker:
    """The questions of one page: it asks the lake, and remembers what it asked."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.asked: list[Asked] = []

    def __call__(self, title: str, sql: str) -> list[Row]:
        """The rows; `title` names the question where the page shows its SQL."""
        self.asked.append(Asked(title, sql))
        return self.lake.ask(sql)

    def one(self, title: str, sql: str) -> Row | None:
        """The first row, or None."""
        return next(iter(self(title, sql)), None)


def _hold(files: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database in memory with the tables of _HELD that are small enough."""
    memory = duckdb.connect(config={"autoinstall_known_extensions": False})
    # Batches are as small as files. Threads that insert them in order hold a block for each: 3.8 GB of 32,516 articles.
    memory.execute("SET threads = 1")
    for name, sql in _HELD.items():
        size = len(files.table(name)) if name in _BOUNDED else 0
        if size > MOST_HELD:
            continue
        held = _WITHOUT_TEXTS if name == "articles" and size > MOST_TEXTS else sql
        rows = files.sql(held).to_arrow_table()  # read by name in the next line
        memory.register("rows", rows)
        memory.execute(f"CREATE TABLE {name} AS FROM rows")
        memory.unregister("rows")
        if name == "articles":
            memory.execute(_ENTITIES)
            memory.execute(f"CREATE VIEW mentions AS {MENTIONS}")
    add_macros(memory)
    memory.execute("RESET threads")
    return memory


def _entries(folder: str) -> Iterator[str]:
    return (name for name in storage.entries(folder) if name.endswith(".json"))


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column for column, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
