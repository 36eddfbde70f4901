"""Answers of `warraq query`: a table on the terminal, or a file whose ending says its format."""

import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import duckdb

from warraq.pipelines.cli import counted, print_line
from warraq.pipelines.terminal import visible
from warraq.pipelines.views import first_line
from warraq.transforms.file_names import is_utf8, shown_name

TABLE: Final = "table"
XLSX: Final = "xlsx"
FORMATS: Final = (TABLE, "csv", "json", "parquet", XLSX)
ENDINGS: Final = {
    ".txt": TABLE,
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".xlsx": XLSX,
}
ONLY_IN_FILES: Final = ("parquet", XLSX)
_BOM: Final = b"\xef\xbb\xbf"  # without it, Excel takes a CSV file for one of the computer's old charset
_NESTED: Final = ("list", "struct", "map", "array", "union")
_MOST_ROWS: Final = 100  # of a table
_WIDTH: Final = 160  # of a table that no terminal shows
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LRM: Final = "\u200e"


class FormError(ValueError):
    """The format of an answer can't be told, or its library is missing. The message is one line with the remedy."""


def form_of(stated: str | None, target: str | None) -> str:
    """The format of an answer that goes to the file `target`, or to standard output.

    Raises:
      FormError: the ending of the file tells no format, or another one than `stated`, or the format needs a file.
    """
    if target is None:
        if stated in ONLY_IN_FILES:
            raise FormError(f"--format {stated} needs --to FILE")
        return stated or TABLE
    ending = Path(target).suffix.lower()
    told = ENDINGS.get(ending)
    if stated is None and told is None:
        what = f"the ending {shown_name(ending)} tells no format" if ending else "no ending tells the format"
        raise FormError(f"--to {shown_name(target)}: {what}; use {', '.join(ENDINGS)}, or add --format")
    if stated and told and stated != told:
        raise FormError(f"--to {shown_name(target)}: its ending says {told}, --format {stated}; change one of them")
    form = stated or told or TABLE
    if form == XLSX:
        _check_xlsx()
    return form


def _check_xlsx() -> None:
    try:
        import xlsxwriter  # noqa: F401, PLC0415  (an extra)
    except ImportError as error:
        raise FormError(".xlsx needs the extra xlsx: pip install 'warraq[xlsx]', or use .csv") from error


def deliver(
    connection: duckdb.DuckDBPyConnection,
    relation: duckdb.DuckDBPyRelation,
    form: str = TABLE,
    target: str | None = None,
) -> None:
    """Prints an answer, or writes it to the file `target`.

    Raises:
      OSError: the file can't be written, or Excel's format can't hold the answer.
      duckdb.Error: the answer can't be read.
    """
    if form == TABLE:
        _show(relation, target)
    elif form == XLSX:
        from warraq.pipelines.xlsx import write_xlsx  # noqa: PLC0415  (an extra)

        if cut := write_xlsx(_flat(relation), str(target)):
            print_line(
                f"{shown_name(target or '')}: {counted(cut, 'text')} cut, as a cell of Excel holds 32,767 characters"
            )
    elif form == "csv" and target:
        _through_scratch(connection, relation, form, lambda written: _copy(written, target, _BOM))
    elif target and is_utf8(target):
        path = str(Path(target).absolute())  # DuckDB takes `~` for the home folder, and `a://` for an address
        try:
            _write(connection, relation, form, path)
        except duckdb.IOException as error:
            if path not in str(error):  # a file of the dataset
                raise
            raise OSError(first_line(error)) from error
    elif target:  # DuckDB takes no name that is not UTF-8
        _through_scratch(connection, relation, form, lambda written: _copy(written, target))
    else:  # DuckDB would reopen /dev/stdout and truncate its file
        _through_scratch(connection, relation, form, _print_file)


def _through_scratch(
    connection: duckdb.DuckDBPyConnection,
    relation: duckdb.DuckDBPyRelation,
    form: str,
    use: Callable[[Path], None],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "answer")
        _write(connection, relation, form, str(written))
        use(written)


def _write(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, form: str, path: str) -> None:
    if form == "csv":
        _flat(relation).write_csv(path)
    elif form == "parquet":
        relation.write_parquet(path)
    else:
        connection.execute("COPY (FROM relation) TO $path (FORMAT json)", {"path": path})


def _flat(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The answer with lists and structs as JSON, for formats whose cells hold one value."""
    nested = [kind.id in _NESTED for kind in relation.types]
    if not any(nested):
        return relation
    names = [name.replace('"', '""') for name in relation.columns]
    cells = (
        f'to_json("{name}")::VARCHAR AS "{name}"' if is_nested else f'"{name}"'
        for name, is_nested in zip(names, nested, strict=True)
    )
    return relation.project(", ".join(cells))


def _copy(written: Path, target: str, beginning: bytes = b"") -> None:
    with written.open("rb") as source, Path(target).open("wb") as file:
        file.write(beginning)
        shutil.copyfileobj(source, file)


def _print_file(written: Path) -> None:
    sys.stdout.flush()
    if sys.stdout.isatty():
        with written.open(encoding="utf-8", errors="backslashreplace") as text:
            sys.stdout.writelines(map(visible, text))
    else:
        with written.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def _show(relation: duckdb.DuckDBPyRelation, target: str | None) -> None:
    if target is None and sys.stdout.isatty():
        with tempfile.TemporaryFile("w+", encoding="utf-8") as box:
            with contextlib.redirect_stdout(box):
                relation.show(max_rows=_MOST_ROWS, max_width=max(_WIDTH // 4, shutil.get_terminal_size().columns))
            box.seek(0)
            sys.stdout.writelines(map(for_terminal, box))
        return
    with _stdout_to(target):
        relation.show(max_rows=_MOST_ROWS, max_width=_WIDTH)


def for_terminal(line: str) -> str:
    """A line of a table whose columns stay in their order on a terminal that turns right-to-left text around.

    Such a terminal takes an Arabic cell, the border after it and a number in the next cell for one run of text, and
    turns all of it around. A left-to-right mark before each border ends the run. The mark has no width.
    """
    return line.replace("│", f"{_LRM}│") if _RIGHT_TO_LEFT.search(line) else line


@contextlib.contextmanager
def _stdout_to(target: str | None) -> Iterator[None]:
    if target is None:
        yield
        return
    with Path(target).open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield
