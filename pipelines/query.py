"""DuckDB over the dataset: the views, statements, or a prompt.

The views read the files that the Delta log names, so they are right even while a run is publishing.
"""

import argparse
import atexit
import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from warraq.pipelines.cli import DONE, FAILED, WRONG_USAGE, Parser, counted, dataset_folder, reach_buckets, say
from warraq.pipelines.terminal import visible
from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.schemas.labels import TOPICS
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log, verify
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError
from warraq.transforms.file_names import is_utf8, shown_name

# In a path, DuckDB takes these for a pattern, a partition, the home folder or an address.
_NOT_PLAIN: Final = re.compile(r"[*?\[=~:]")
# What DuckDB raises if the question is wrong; all else can come from a file that it can't read.
_WRONG_QUESTION: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.NotImplementedException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)

FORMATS: Final = ("table", "csv", "json", "parquet")

VIEWS: Final = {
    "articles": "one row an article",
    "mentions": "one row a mention of an entity, with its article's id, site, date, topic and title",
    "entities": "one row an entity of an article: how often it is named (count), and where first (first_offset)",
    "topics": "one row a topic of an article, with English and Arabic names",
    "rejected": "one row a refused page",
    "runs": "one row an ingestion",
    "ledger": "one row a line of a run's ledger",
}
_DERIVED: Final = {
    "mentions": """
        SELECT article_id, site, date, topic, title, entity.*
        FROM (SELECT article_id, site, date, topic, title, unnest(entities) AS entity FROM articles)""",
    "entities": """
        SELECT article_id, site, date, topic, title, name, kind, count(*) AS count, min(start) AS first_offset
        FROM mentions GROUP BY ALL""",
    "topics": """
        SELECT article_id, site, date, title, slug AS topic, code, english, arabic, assigned.score
        FROM (SELECT article_id, site, date, title, unnest(topics) AS assigned FROM articles)
        JOIN topic_names ON code = assigned.code""",
    "ledger": """
        SELECT run_id, committed_at, line.*
        FROM (SELECT run_id, committed_at, unnest(ledger) AS line FROM runs)""",
}


def query_parser() -> Parser:
    """The parser of `warraq query`."""
    views = "\n".join(f"  {name:<10}{text}" for name, text in VIEWS.items())
    parser = Parser(
        prog="warraq query",
        description=f"Answers SQL over a dataset with DuckDB. Without SQL it opens a prompt.\n\nViews:\n{views}",
        epilog='Example:\n  warraq query --output dataset "SELECT topic, count(*) FROM articles GROUP BY topic"',
    )
    parser.add_argument(
        "sql", nargs="?", metavar="SQL", help="statements, each answered; none: a prompt, or statements from stdin"
    )
    parser.add_argument(
        "--output", required=True, type=dataset_folder, metavar="DIR", help="the dataset, as given to warraq ingest"
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="of the answer (json: an object a line)")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="look at every byte of the dataset instead; say what is damaged, a line each",
    )
    parser.add_argument("--to", metavar="FILE", help="write the (last) answer there instead of printing it")
    return parser


def connect(dataset: Dataset) -> duckdb.DuckDBPyConnection:
    """A connection with all views; it reads the dataset as of now and can't change it.

    Raises:
      DatasetError: there is no dataset, or it is newer than this program.
      DamagedDatasetError: a log has lost entries, or a file is missing or broken.
    """
    dataset.check_whole()
    if not dataset.open("runs"):
        raise DatasetError(f"{dataset.root}: no dataset there; make one: warraq ingest INPUT… --output {dataset.root}")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})  # no download behind the user's back
    connection.register("topic_names", pa.Table.from_pylist([topic._asdict() for topic in TOPICS]))
    for name in TABLES:
        with reading(dataset):
            connection.execute(f"CREATE VIEW {name} AS {_scan(connection, dataset, name)}")
    for name, sql in _DERIVED.items():
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    return connection


@contextlib.contextmanager
def reading(dataset: Dataset) -> Iterator[None]:
    """Raises a DamagedDatasetError for a failure of DuckDB in the block, unless the question was wrong."""
    try:
        yield
    except _WRONG_QUESTION:
        raise
    except duckdb.Error as error:
        look = f"if the dataset is damaged, this says where: warraq query --verify --output {dataset.root}"
        raise DamagedDatasetError(f"{_first_line(error)}; {look}") from error


def _scan(connection: duckdb.DuckDBPyConnection, dataset: Dataset, name: str) -> str:
    """The SELECT that reads one table."""
    columns = ", ".join(f'"{column}"' for column in TABLES[name].names)
    table = dataset.open(name)
    files = dataset.files(name)
    if not table or not files:
        connection.register(f"no_{name}", TABLES[name].empty_table())
        return f"SELECT {columns} FROM no_{name}"
    if storage.is_remote(dataset.root):  # DuckDB alone would need an extension, which it would have to download
        connection.register(f"remote_{name}", table.to_pyarrow_dataset())
        return f"SELECT {columns} FROM remote_{name}"
    if _NOT_PLAIN.search(dataset.root):
        connection.register(f"local_{name}", _arrow_dataset(dataset, name))
        return f"SELECT {columns} FROM local_{name}"
    quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return f"SELECT {columns} FROM read_parquet([{quoted}], hive_partitioning = true, union_by_name = true)"


def _arrow_dataset(dataset: Dataset, name: str) -> ds.Dataset:
    """A local table whose files Arrow opens, and whose partition values come from the log, not from the path."""
    schema, form, disk = TABLES[name], ds.ParquetFileFormat(), LocalFileSystem()
    fragments = []
    for entry in delta_log.file_entries(dataset.open(name)):
        here = ds.scalar(True)
        for column in PARTITIONS[name]:
            here &= ds.field(column) == pa.scalar(entry["partition"][column]).cast(schema.field(column).type)
        path = str(Path(dataset.root, name, entry["path"]).absolute())  # Arrow takes `~` for the home folder
        fragments.append(form.make_fragment(path, disk, partition_expression=here))
    return ds.FileSystemDataset(fragments, schema, form, disk)


def main(arguments: Sequence[str]) -> int:
    """`warraq query`; returns the exit code."""
    options = query_parser().parse_args(arguments)
    if storage.is_remote(options.output):
        reach_buckets()
    if options.format == "parquet" and not options.to:
        return say("--format parquet needs --to FILE", WRONG_USAGE)
    if options.verify and options.sql is not None:
        return say("--verify takes no SQL; ask in a command of its own", WRONG_USAGE)
    dataset = Dataset(options.output)
    code = _run(dataset, options)
    if storage.is_remote(dataset.root):
        atexit.register(_end_at_once, code)
    return code


def _end_at_once(code: int) -> None:
    """Ends the process without what Python does at the end of one.

    Arrow may still be reading ahead in a bucket for a question such as `LIMIT 1`. It reads through Python, whose end
    makes its threads crash or wait for ever (pyarrow 25, duckdb 2.0).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or int(bool(getattr(sys.stdout, "failure", ""))))


def _run(dataset: Dataset, options: argparse.Namespace) -> int:
    try:
        return _verify(dataset) if options.verify else _answer(dataset, options)
    except DamagedDatasetError as error:
        return say(str(error), FAILED)
    except BrokenPipeError:  # whoever reads the answer has seen enough
        raise
    except (DatasetError, OSError) as error:
        return say(str(error), WRONG_USAGE)
    except duckdb.Error as error:
        return say(_mistake(error), WRONG_USAGE)


def _answer(dataset: Dataset, options: argparse.Namespace) -> int:
    connection = connect(dataset)
    if options.sql is None and sys.stdin.isatty():
        return prompt(connection)
    try:
        sql = options.sql or sys.stdin.read()
    except UnicodeError:
        return say("the statement is not UTF-8", WRONG_USAGE)
    try:
        with reading(dataset):
            answer(connection, sql, options.format, options.to)
    except OSError as error:
        where = shown_name(options.to) if options.to else "the answer"
        return say(f"{where}: can't be written ({error.strerror or error})", FAILED)
    return DONE


def _verify(dataset: Dataset) -> int:
    """Prints a line for each fault of the dataset, or that there is none; returns the exit code."""
    dataset.check_name()
    if not any(storage.entries(storage.join(dataset.root, name)) for name in TABLES):
        raise DatasetError(f"{dataset.root}: no dataset there")
    found = 0
    for found, fault in enumerate(verify.faults(dataset), 1):  # noqa: B007  (counted, to be told in the end)
        print(" ".join(fault.split()))
    return say(f"{dataset.root}: {counted(found, 'fault')}; {CURE}", FAILED) if found else say(f"{dataset.root}: sound")


def answer(connection: duckdb.DuckDBPyConnection, sql: str, form: str = "table", target: str | None = None) -> None:
    """Prints the answer of each statement of `sql`, or writes it to the file `target`, which keeps the last one."""
    for statement in connection.extract_statements(sql):
        relation = connection.sql(statement)
        if relation is not None and duckdb.ExpectedResultType.QUERY_RESULT in statement.expected_result_type:
            _deliver(connection, relation, form, target)


def _deliver(
    connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, form: str, target: str | None
) -> None:
    if form == "table":
        with _stdout_to(target):
            relation.show(max_rows=100, max_width=160)
        return
    if target and is_utf8(target):
        path = str(Path(target).absolute())  # DuckDB takes `~` for the home folder, and `a://` for an address
        try:
            _write(connection, relation, form, path)
        except duckdb.IOException as error:
            if path not in str(error):  # a file of the dataset
                raise
            raise OSError(_first_line(error)) from error
        return
    with tempfile.TemporaryDirectory() as folder:  # DuckDB would open /dev/stdout anew, and truncate what it leads to
        written = Path(folder, "answer")
        _write(connection, relation, form, str(written))
        sys.stdout.flush()
        if target:  # DuckDB takes no name that is not UTF-8
            shutil.copyfile(written, target)
        elif sys.stdout.isatty():
            with written.open(encoding="utf-8", errors="backslashreplace") as text:
                sys.stdout.writelines(map(visible, text))
        else:
            with written.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)


def _write(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, form: str, path: str) -> None:
    if form == "csv":
        relation.write_csv(path)
    elif form == "parquet":
        relation.write_parquet(path)
    else:
        connection.execute("COPY (FROM relation) TO $path (FORMAT json)", {"path": path})


@contextlib.contextmanager
def _stdout_to(target: str | None) -> Iterator[None]:
    if target is None:
        yield
        return
    with Path(target).open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield


def prompt(connection: duckdb.DuckDBPyConnection) -> int:
    """Reads statements that end with a semicolon until Ctrl-D."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415  (line editing and history, where the platform has them)
    print(f"Views: {', '.join(VIEWS)}. End a statement with a semicolon; Ctrl-D leaves.", file=sys.stderr)
    statement = ""
    while True:
        try:
            statement += input("warraq> " if not statement else "   ...> ") + "\n"
        except EOFError:
            print(file=sys.stderr)
            return DONE
        except KeyboardInterrupt:
            print(file=sys.stderr)
            statement = ""
            continue
        if statement.rstrip().endswith(";"):
            try:
                answer(connection, statement)
            except duckdb.Error as error:
                say(_mistake(error))
            statement = ""


def _mistake(error: duckdb.Error) -> str:
    """The mistake in a question and DuckDB's proposal ("Did you mean …"), without the statement."""
    words = str(error).strip().partition("\n\nLINE ")[0]
    return "; ".join(line.strip() for line in words.splitlines() if line.strip())


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
