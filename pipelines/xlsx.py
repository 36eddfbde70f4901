"""Answers as Excel files, by XlsxWriter (the extra `xlsx`). A text stays a text, even if it begins with = or http."""

import datetime as dt
import math
import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import xlsxwriter

MOST_ROWS: Final = 1_048_575  # of a sheet, below the names of the columns
MOST_COLUMNS: Final = 16_384
MOST_CHARACTERS: Final = 32_767  # of a cell
_EXACT: Final = 1 << 53  # Excel's numbers are floats
_FIRST_YEAR: Final = 1901  # Excel's calendar begins in 1900, with a 29 February that did not exist
_MORE: Final = "…"


def write_xlsx(relation: duckdb.DuckDBPyRelation, path: str) -> int:
    """Writes an answer without nested columns to one sheet, below the names of the columns.

    Times are UTC. A text that is too long for a cell ends in "…". Returns the number of such texts.

    Raises:
      OSError: the file can't be written, or the answer has more rows or columns than a sheet. There is no file then.
    """
    if len(relation.columns) > MOST_COLUMNS:
        raise OSError(f"a sheet has at most {MOST_COLUMNS:,} columns; use .csv or .parquet")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "answer.xlsx")
        book = xlsxwriter.Workbook(str(written), {"constant_memory": True, "tmpdir": folder})
        sheet = _Sheet(book)
        sheet.write(0, relation.columns)
        try:
            for number, row in enumerate(_rows(relation), 1):
                if number > MOST_ROWS:
                    raise OSError(f"a sheet has at most {MOST_ROWS:,} rows; use .csv or .parquet, or LIMIT")
                sheet.write(number, row)
        finally:
            book.close()
        shutil.copyfile(written, path)
    return sheet.cut


def _rows(relation: duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer, read by batches."""
    for batch in pa.RecordBatchReader.from_stream(relation):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


class _Sheet:
    """The only sheet of a book."""

    def __init__(self, book: Any) -> None:
        self.cut = 0  # texts that were too long
        self._sheet = book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def write(self, number: int, row: Any) -> None:
        """Writes row `number`; rows must come in order."""
        for column, value in enumerate(row):
            if value is not None:
                self._write_cell(number, column, value)

    def _write_cell(self, row: int, column: int, value: Any) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, (int, float, Decimal)) and math.isfinite(value) and -_EXACT <= value <= _EXACT:
            self._sheet.write_number(row, column, value)
        elif isinstance(value, dt.datetime) and value.year >= _FIRST_YEAR:
            utc = value.astimezone(dt.timezone.utc).replace(tzinfo=None) if value.tzinfo else value
            self._sheet.write_datetime(row, column, utc, self._time)
        elif isinstance(value, dt.date) and value.year >= _FIRST_YEAR:
            self._sheet.write_datetime(row, column, value, self._day)
        else:
            text = str(value)
            if len(text) > MOST_CHARACTERS:
                self.cut += 1
                text = text[: MOST_CHARACTERS - len(_MORE)] + _MORE
            self._sheet.write_string(row, column, text)
