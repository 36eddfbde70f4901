"""Reads Parquet files: one page a row, HTML or text.

Workers read different row groups, a few rows at a time, and only the columns that are used.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.records import Page, Rejected
from warraq.transforms.file_names import shown_name
from warraq.transforms.read.dump import Claim, Dump, InputError, claim_all, raise_if_outside, refuse
from warraq.transforms.read.limits import MAX_ROWS, ROWS_AT_ONCE
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.columns import page_of
from warraq.transforms.read.tables.names import CONTENT, Names, name_key, names_of, use_of

_BUFFER: Final = 1024 * 1024
_FIRST_BATCHES: Final = 5  # of rows that show what the columns hold

# Errors of pyarrow for files that are false, cut or encrypted.
_DAMAGE: Final = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError, NotImplementedError)


def read_parquet_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    stream: BinaryIO, start: int, stop: int | None, dump: Dump, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Page | Rejected]:
    """One page or rejection for each row of the row groups whose place is in [start, stop).

    The offset of a page is the number of its row in the file, from 0. `claim` is called with the place of each row
    group, in order, before the group is read; reading ends when it returns False. A file that can't be read is one
    rejection, in the range that begins at 0. The part of a row group that can't be read is one rejection.

    Raises:
      InputError: the file has no column that the user states.
    """
    try:
        file = pq.ParquetFile(stream, buffer_size=_BUFFER, coerce_int96_timestamp_unit="us")
        groups, schema = _groups(file.metadata, dump.size), file.schema_arrow
    except _DAMAGE as error:
        raise_if_outside(error)
        if start == 0 and claim(0):
            yield refuse(dump, 0, "corrupt_record", str(error), size=dump.size)
        return
    names = names_of(rules)
    columns = _columns(schema, names, dump.path)
    if not columns:
        if start == 0 and claim(0):
            detail = f"no column of html or text, name one with --read_fields; it has {', '.join(schema.names)}"
            yield refuse(dump, 0, "not_html", detail, size=dump.size)
        return
    claimed = -1
    for group in groups:
        if start <= group.offset and (stop is None or group.offset < stop):
            if group.offset != claimed and not claim(group.offset):
                return
            claimed = group.offset
            yield from _read_group(file, group, columns, names, dump, rules)


def first_rows(stream: BinaryIO) -> list[Mapping[str, Any]]:
    """Some of the first rows of a file, with all columns; none if it can't be read."""
    try:
        batches = pq.ParquetFile(stream).iter_batches(ROWS_AT_ONCE, use_threads=False)
        return [row for batch in itertools.islice(batches, _FIRST_BATCHES) for row in batch.to_pylist()]
    except _DAMAGE as error:
        raise_if_outside(error)
        return []


class _Group(NamedTuple):
    """A row group and its place."""

    offset: int
    number: int
    first_row: int
    rows: int


def _groups(metadata: pq.FileMetaData, size: int) -> list[_Group]:
    """The row groups, in order. The place of a group is the share of the file that the groups before it take.

    The metadata of column chunks has true offsets, but they are not read: if they are damaged, as in one of some
    thousand mutated files, pyarrow 25.0 ends the process instead of raising an error.
    """
    stated = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    before = [0, *itertools.accumulate(max(0, group.total_byte_size) for group in stated)]
    rows = [min(max(0, group.num_rows), MAX_ROWS) for group in stated]
    first_rows = [0, *itertools.accumulate(rows)]
    return [
        _Group(size * before[number] // max(1, before[-1] + 1), number, first_rows[number], rows[number])
        for number in range(len(stated))
    ]


def _columns(schema: pa.Schema, names: Names, path: str) -> list[str]:
    """The paths of the columns that are used; empty if none of them has content."""
    taken = {column: use for column in _leaves(schema, names) if (use := use_of(column, names))}
    have = {column.lower() for column in taken}
    for field, column in names.stated.items():
        if column.lower() not in have:
            has = ", ".join(schema.names)
            raise InputError(
                f"{shown_name(path)}: no column {column!r} for {field}; correct --read_fields, it has {has}"
            )
    return list(taken) if any(use.field in CONTENT for use in taken.values()) else []


def _leaves(fields: Iterable[pa.Field], names: Names, above: str = "") -> Iterator[str]:
    """The paths of all columns that aren't structs, of structs with a use, and of those in `names.parents`."""
    for field in fields:
        path = above + field.name
        is_struct = pa.types.is_struct(field.type)
        if is_struct and name_key(path) in names.parents:
            yield from _leaves(field.type, names, path + ".")
        if not is_struct or use_of(path, names):
            yield path


def _read_group(  # noqa: PLR0913, PLR0917
    file: pq.ParquetFile, group: _Group, columns: list[str], names: Names, dump: Dump, rules: ReadRules
) -> Iterator[Page | Rejected]:
    count = 0
    problem = "fewer rows than stated"
    for row in _rows(file, group, columns):
        if isinstance(row, str):
            problem = row
        else:
            yield page_of(row, names, group.first_row + count, 0, dump, rules)
            count += 1
    if count < group.rows:
        detail = f"{group.rows - count} rows of row group {group.number}: {problem}"
        yield refuse(dump, group.first_row + count, "corrupt_record", detail)


def _rows(file: pq.ParquetFile, group: _Group, columns: list[str]) -> Iterator[dict[str, Any] | str]:
    """The rows that can be read, then, if some can't be read, the error as a string."""
    try:
        for batch in file.iter_batches(ROWS_AT_ONCE, [group.number], columns, use_threads=False):
            values = [_in_micros(column) for column in batch.columns]
            for cells in zip(*values, strict=True):
                yield {name: _value(cell) for name, cell in zip(batch.schema.names, cells, strict=True)}
    except _DAMAGE as error:
        raise_if_outside(error)
        yield str(error)


def _in_micros(column: pa.Array) -> pa.Array:
    """The column; timestamps in microseconds, as in a datetime, in UTC."""
    return column.cast(pa.timestamp("us"), safe=False) if pa.types.is_timestamp(column.type) else column


def _value(cell: pa.Scalar) -> Any:
    """The value of a cell; bytes for a string that is not UTF-8; None if Python has no such value."""
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return cell.as_buffer().to_pybytes() if hasattr(cell, "as_buffer") else None
    except (ValueError, OverflowError, pa.ArrowException):
        return None
