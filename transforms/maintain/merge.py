"""Rows of many files in one order, cut into row groups. Memory is bounded in bytes, whatever the files have.

Order and cut depend on the rows alone: not on the files that they come from, nor on the order of these.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Gives the row groups of one file: those with these numbers, or all.
Reader = Callable[[Collection[int] | None], Iterable[pa.Table]]

_VALUE_BYTES: Final = 8  # of a value of fixed width, and of the reference to any other
_PLACE: Final = ("__file", "__group", "__row", "__bytes")  # columns beside the sort keys


def sorted_rows(readers: Sequence[Reader], order: Sequence[str], most: int) -> Iterator[pa.Table]:
    """The rows of all files, sorted by the columns `order`, nulls last, in tables of about `most` bytes.

    Files that together have fewer bytes are read once. Otherwise all are read once for their keys (about 200 bytes a
    row, which stay in memory), and each again for every table of which it has rows. The largest tables in memory are
    three of `most` bytes and one row group of a file.
    """
    held: list[pa.Table] = []
    size = 0
    for reader in readers:
        for group in reader(None):
            held.append(group)
            size += group.nbytes
            if size > most:
                held.clear()
                yield from _sorted_in_parts(readers, order, most)
                return
    if held:
        yield _sort(pa.concat_tables(held), order)


def cut(tables: Iterable[pa.Table], least: int) -> Iterator[pa.Table]:
    """The same rows in the same order, as row groups. Each ends with the row by which it has `least` bytes."""
    waiting: list[pa.Table] = []
    filled = 0
    for table in tables:
        ends = np.cumsum(row_bytes(table))
        start = before = 0  # of the row group, in this table: its first row, and the bytes before it
        while (last := int(np.searchsorted(ends, before + least - filled))) < table.num_rows:
            yield pa.concat_tables([*waiting, table.slice(start, last + 1 - start)]).combine_chunks()
            waiting, filled, start, before = [], 0, last + 1, int(ends[last])
        if start < table.num_rows:
            waiting.append(table.slice(start))
            filled += int(ends[-1]) - before
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def row_bytes(table: pa.Table) -> np.ndarray:
    """The bytes of each row: of its values, not of the form in which they lie in memory."""
    sizes = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        sizes += _value_bytes(column.combine_chunks())
    return sizes


def _value_bytes(values: pa.Array) -> np.ndarray:
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _VALUE_BYTES + _numbers(pc.binary_length(values))
    if pa.types.is_list(kind):
        lengths = _numbers(pc.list_value_length(values))
        ends = np.cumsum(lengths)
        sums = np.concatenate([[0], np.cumsum(_value_bytes(values.flatten()))])
        return _VALUE_BYTES + sums[ends] - sums[ends - lengths]
    if pa.types.is_struct(kind):
        return np.sum([_value_bytes(field) for field in values.flatten()], axis=0)
    return np.full(len(values), _VALUE_BYTES)


def _numbers(values: pa.Array) -> np.ndarray:
    return pc.fill_null(values, 0).to_numpy(zero_copy_only=False).astype(np.int64)


def _sort(table: pa.Table, order: Sequence[str]) -> pa.Table:
    return table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in order]))  # nulls last


def _sorted_in_parts(readers: Sequence[Reader], order: Sequence[str], most: int) -> Iterator[pa.Table]:
    keys = [
        _with_places(group, order, file, number)
        for file, reader in enumerate(readers)
        for number, group in enumerate(reader(None))
    ]
    places = _sort(pa.concat_tables(keys), order).select(_PLACE)
    keys.clear()
    files, groups, rows, sizes = (column.to_numpy() for column in places.columns)
    part = np.cumsum(sizes) // most
    for start, end in _runs(part):
        yield _gather(readers, files[start:end], groups[start:end], rows[start:end])


def _with_places(rows: pa.Table, order: Sequence[str], file: int, group: int) -> pa.Table:
    """The keys of a row group, and where each row lies."""
    count = rows.num_rows
    columns = (np.full(count, file), np.full(count, group), np.arange(count), row_bytes(rows))
    keys = rows.select(order)
    return pa.table([*keys.columns, *map(pa.array, columns)], names=[*keys.column_names, *_PLACE])


def _gather(readers: Sequence[Reader], files: np.ndarray, groups: np.ndarray, rows: np.ndarray) -> pa.Table:
    """The rows at these places, in this order. Each row group that has some of them is read once."""
    by_place = np.lexsort((rows, groups, files))
    found: list[pa.Table] = []
    for start, end in _runs(files[by_place]):
        mine = by_place[start:end]
        wanted = np.unique(groups[mine])
        for number, group in zip(wanted, readers[files[mine[0]]](wanted.tolist()), strict=True):
            found.append(group.take(pa.array(rows[mine[groups[mine] == number]])))
    return pa.concat_tables(found).combine_chunks().take(pa.array(np.argsort(by_place)))


def _runs(values: np.ndarray) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of equal values."""
    borders = np.flatnonzero(np.diff(values)) + 1
    return zip([0, *borders.tolist()], [*borders.tolist(), len(values)], strict=True) if len(values) else iter(())
