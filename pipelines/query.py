"""`warraq query`: SQL over the dataset with DuckDB, as statements or at a prompt.

The views read the files that the Delta log names, so they are right even while a run is publishing.
"""

import argparse
import atexit
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

import duckdb

from warraq.pipelines.answers import ENDINGS, FORMATS, FormError, deliver, form_of
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
from warraq.pipelines.macros import MACROS
from warraq.pipelines.prompt import command, parts, prompt
from warraq.pipelines.views import VIEWS, Views, reading
from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError
from warraq.transforms.file_names import is_utf8, shown_name
from warraq.transforms.maintain.damage import byte_faults

_SQL: Final = re.compile(r"\s*(SELECT|FROM|WITH|DESCRIBE|SUMMARIZE|SHOW)\s", re.IGNORECASE)


def query_parser() -> Parser:
    """The parser of `warraq query`."""
    views = "\n".join(f"  {name:<16}{text}" for name, text in VIEWS.items())
    macros = textwrap.indent(textwrap.fill(", ".join(macro.name for macro in MACROS if macro.is_table), 78), "  ")
    parser = Parser(
        prog="warraq query",
        usage="warraq query DIR [SQL] [flags]",
        description=f"Answers SQL over a dataset with DuckDB. Without SQL it opens a prompt.\n\nViews:\n{views}\n\n"
        f"Macros, which docs/reference.md describes:\n{macros}",
        epilog='Examples:\n  warraq query dataset "SELECT topic, count(*) FROM articles GROUP BY topic"\n'
        "  warraq query dataset \"FROM named_with('القاهرة', kind := 'person')\" --to names.xlsx",
    )
    add_dataset(parser)
    parser.add_argument("sql", nargs="?", metavar="SQL", help="one or more statements (default: a prompt, or stdin)")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="table, csv, json (one object a line), parquet or xlsx (default: the ending of the file, else table)",
    )
    endings = ", ".join(ENDINGS)
    parser.add_argument("--to", metavar="FILE", help=f"write the last answer to a file, by its ending: {endings}")
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
    try:
        form = form_of(options.format, options.to)
    except FormError as error:
        return print_line(str(error), WRONG_USAGE)
    if options.verify and options.sql is not None:
        return print_line("--verify takes no SQL; use a second command for it", WRONG_USAGE)
    dataset = Dataset(options.dataset)
    code = _run(dataset, options, form)
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


def _run(dataset: Dataset, options: argparse.Namespace, form: str) -> int:
    try:
        return _verify(dataset) if options.verify else _answer(dataset, options, form)
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except BrokenPipeError:  # the reader closed the output
        raise
    except (DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    except duckdb.Error as error:
        return print_line(_mistake(error), WRONG_USAGE)


def _answer(dataset: Dataset, options: argparse.Namespace, form: str) -> int:
    views = Views(dataset)
    if options.sql is None and sys.stdin.isatty():
        return prompt(views, form) if options.to is None else print_line("--to FILE needs SQL", WRONG_USAGE)
    try:
        sql = options.sql or sys.stdin.read()
    except UnicodeError:
        sql = None
    if sql is None or not is_utf8(sql):
        return print_line("the statement is not UTF-8", WRONG_USAGE)
    answered = False
    try:
        for part in parts(sql):
            if part.startswith("."):
                if not command(views, part):
                    return WRONG_USAGE
            else:
                with reading(dataset):
                    answered |= answer(views, part, form, options.to)
    except OSError as error:
        where = shown_name(options.to) if options.to else "the answer"
        return print_line(f"{where}: can't be written ({error.strerror or error})", FAILED)
    if options.to and not answered:
        return print_line(f"{shown_name(options.to)}: not written, as no statement has an answer", WRONG_USAGE)
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


def answer(views: Views, sql: str, form: str, target: str | None = None) -> bool:
    """Prints the answer of each statement of `sql`, or writes it to the file `target`, which keeps the last one.

    Returns False if no statement has an answer.
    """
    answered = False

    def handle(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> None:
        nonlocal answered
        answered = True
        deliver(connection, relation, form, target)

    views.run(sql, handle)
    return answered


def _mistake(error: duckdb.Error) -> str:
    """DuckDB's message for a wrong statement in one line, with its hints ("Did you mean …"), without the statement."""
    words = str(error).strip().partition("\n\nLINE ")[0]
    return "; ".join(line.strip() for line in words.splitlines() if line.strip())
