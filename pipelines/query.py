"""`warraq query`: SQL over the dataset with DuckDB, as statements or at a prompt.

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

from warraq.pipelines.cli import (
    DONE,
    FAILED,
    WRONG_USAGE,
    Parser,
    add_dataset,
    configure_file_systems,
    counted,
    parse_with_dataset,
    print_line,
)
from warraq.pipelines.terminal import visible
from warraq.pipelines.views import VIEWS, Views, first_line, reading
from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError
from warraq.transforms.file_names import is_utf8, shown_name
from warraq.transforms.maintain.damage import byte_faults

_SQL: Final = re.compile(r"\s*(SELECT|FROM|WITH|DESCRIBE|SUMMARIZE|SHOW)\s", re.IGNORECASE)
FORMATS: Final = ("table", "csv", "json", "parquet")


def query_parser() -> Parser:
    """The parser of `warraq query`."""
    views = "\n".join(f"  {name:<16}{text}" for name, text in VIEWS.items())
    parser = Parser(
        prog="warraq query",
        usage="warraq query DIR [SQL] [flags]",
        description=f"Answers SQL over a dataset with DuckDB. Without SQL it opens a prompt.\n\nViews:\n{views}",
        epilog='Example:\n  warraq query dataset "SELECT topic, count(*) FROM articles GROUP BY topic"',
    )
    add_dataset(parser)
    parser.add_argument("sql", nargs="?", metavar="SQL", help="one or more statements (default: a prompt, or stdin)")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        metavar="FORMAT",
        help="table, csv, json (one object a line) or parquet (default: table)",
    )
    parser.add_argument("--to", metavar="FILE", help="write the last answer to a file instead of printing it")
    parser.add_argument("--verify", action="store_true", help="read every byte of the dataset and list damaged files")
    return parser


def connect(dataset: Dataset) -> duckdb.DuckDBPyConnection:
    """A connection with all views; it reads the dataset as of now and can't change it.

    Raises:
      DatasetError: there is no dataset, or it is newer than this program.
      DamagedDatasetError: a log has lost entries.
    """
    return Views(dataset).connection


def main(arguments: Sequence[str]) -> int:
    """`warraq query`; returns the exit code."""
    parser = query_parser()
    options = parse_with_dataset(parser, arguments, "sql")
    if options.sql is None and _SQL.match(options.dataset):
        parser.error('name the dataset first: warraq query DIR "SELECT …"')
    if storage.is_remote(options.dataset):
        configure_file_systems()
    if options.format == "parquet" and not options.to:
        return print_line("--format parquet needs --to FILE", WRONG_USAGE)
    if options.verify and options.sql is not None:
        return print_line("--verify takes no SQL; use a second command for it", WRONG_USAGE)
    dataset = Dataset(options.dataset)
    code = _run(dataset, options)
    if storage.is_remote(dataset.root):
        atexit.register(_end_at_once, code)
    return code


def _end_at_once(code: int) -> None:
    """Ends the process without Python's own shutdown.

    After a statement such as `LIMIT 1`, Arrow may still read ahead in a bucket. Its threads read through Python, and a
    shutdown makes them crash or wait for ever (pyarrow 25, duckdb 2.0).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or int(bool(getattr(sys.stdout, "failure", ""))))


def _run(dataset: Dataset, options: argparse.Namespace) -> int:
    try:
        return _verify(dataset) if options.verify else _answer(dataset, options)
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except BrokenPipeError:  # the reader closed the output
        raise
    except (DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    except duckdb.Error as error:
        return print_line(_mistake(error), WRONG_USAGE)


def _answer(dataset: Dataset, options: argparse.Namespace) -> int:
    views = Views(dataset)
    if options.sql is None and sys.stdin.isatty():
        return prompt(views)
    try:
        sql = options.sql or sys.stdin.read()
    except UnicodeError:
        sql = None
    if sql is None or not is_utf8(sql):
        return print_line("the statement is not UTF-8", WRONG_USAGE)
    try:
        with reading(dataset):
            answer(views, sql, options.format, options.to)
    except OSError as error:
        where = shown_name(options.to) if options.to else "the answer"
        return print_line(f"{where}: can't be written ({error.strerror or error})", FAILED)
    return DONE


def _verify(dataset: Dataset) -> int:
    """Prints one line for each fault of the dataset, or one line if there is none; returns the exit code."""
    dataset.check_name()
    if not any(storage.entries(storage.join(dataset.root, name)) for name in TABLES):
        raise DatasetError(f"{dataset.root}: no dataset there")
    found = 0
    for found, fault in enumerate(byte_faults(dataset), 1):  # noqa: B007  (the count is printed at the end)
        print(" ".join(fault.text.split()))
    return (
        print_line(f"{dataset.root}: {counted(found, 'fault')}; {CURE}", FAILED)
        if found
        else print_line(f"{dataset.root}: no damage")
    )


def answer(views: Views, sql: str, form: str = "table", target: str | None = None) -> None:
    """Prints the answer of each statement of `sql`, or writes it to the file `target`, which keeps the last one."""
    views.run(sql, lambda connection, relation: _deliver(connection, relation, form, target))


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
            raise OSError(first_line(error)) from error
        return
    with tempfile.TemporaryDirectory() as folder:  # DuckDB would reopen /dev/stdout and truncate its file
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


def prompt(views: Views) -> int:
    """Reads statements that end with a semicolon, until exit or Ctrl-D."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415  (line editing and history, where the platform has them)
    print(f"Views: {', '.join(VIEWS)}. End a statement with a semicolon; exit or Ctrl-D leaves.", file=sys.stderr)
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
        if statement.strip().rstrip(";").lower() in ("exit", "quit", ".exit", ".quit"):
            return DONE
        if statement.rstrip().endswith(";"):
            try:
                answer(views, statement)
            except duckdb.Error as error:
                print_line(_mistake(error))
            statement = ""


def _mistake(error: duckdb.Error) -> str:
    """DuckDB's message for a wrong statement, with its proposal ("Did you mean …") and without the statement."""
    words = str(error).strip().partition("\n\nLINE ")[0]
    return "; ".join(line.strip() for line in words.splitlines() if line.strip())
