"""The articles that the dataset holds, as far as new articles can be copies of them.

They are read from the index (`index.py`), or from files of `articles` itself where a dataset has none. Of a compacted
index a run opens only the parts of its own digests and months, and reads the row groups that they touch.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warraq.transforms import storage
from warraq.transforms.dataset.data_files import read_table
from warraq.transforms.dataset.errors import DamagedDatasetError
from warraq.transforms.dataset.index import ARRIVAL, DIGEST
from warraq.transforms.deduplicate.deduplicate import Precedence, SignatureRow
from warraq.transforms.deduplicate.wanted import (
    POSITION_BITS,
    Bitmap,
    Wanted,
    days,
    digest_position,
    digest_positions,
)
from warraq.transforms.sketch import anchor_table, are_current

_DIGEST_LENGTH: Final = 32  # hexadecimal digits
_ROWS: Final = 1 << 12  # searched at once: 1 MB of signatures, about the processor's cache
_NO_DIGESTS: Final = pa.schema(
    [("article_id", pa.string()), ("text_digest", pa.string()), ("date", pa.date32())]
).empty_table()
_NO_SKETCHES: Final = pa.schema(
    [("article_id", pa.string()), ("sketch", pa.binary()), ("date", pa.date32())]
).empty_table()
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
REPLACED: Final = "_replaced"  # the folder to which a compaction moves files


class Search:
    """The search for copies of some new articles among those of the dataset."""

    def __init__(self, wanted: Wanted, horizon_days: int) -> None:
        """Takes the keys to look for, and the most days between near copies; 0 for any number."""
        self._digests = Bitmap(wanted.digests)
        self._anchors = Bitmap(wanted.anchors)
        self.is_exact = bool(wanted.digests)
        self.is_near = bool(wanted.anchors)
        self._days = days(wanted.days).astype(np.int64)
        self._horizon = horizon_days or dt.date.max.toordinal()

    def may_hold_digest(self, first: str, last: str) -> bool:
        """True if a digest from `first` to `last` may be looked for."""
        return self.is_exact and self._digests.holds_between(digest_position(first), digest_position(last))

    def may_hold_day(self, first: dt.date, last: dt.date) -> bool:
        """True if near copies are looked for on a day from `first` to `last`."""
        after = np.searchsorted(self._days, first.toordinal() - self._horizon)
        day = self._days[after] if after < len(self._days) else dt.date.max.toordinal() + self._horizon
        return self.is_near and bool(day <= last.toordinal() + self._horizon)

    def digests(self, digits: np.ndarray) -> np.ndarray:
        """The rows whose digest may be looked for; a row has the digest's first digits, as bytes."""
        return np.flatnonzero(self._digests.holds(digest_positions(digits)))

    def near(self, ordinals: np.ndarray) -> np.ndarray:
        """The rows of days within the horizon, as numbers from 0."""
        after = np.searchsorted(self._days, ordinals - self._horizon)
        close = self._days[np.minimum(after, len(self._days) - 1)]
        return np.flatnonzero((close >= ordinals - self._horizon) & (close <= ordinals + self._horizon))

    def anchors(self, anchors: np.ndarray) -> np.ndarray:
        """True for each anchor that may be looked for."""
        return self._anchors.holds(anchors >> np.uint32(32 - POSITION_BITS))


class Found(NamedTuple):
    """Rows that may be copies of new articles, each under the key that it may share with one."""

    exact: list[tuple[str, SignatureRow]]  # by text digest; without signatures
    near: list[tuple[bytes, SignatureRow]]  # by anchor; without digests


def find(paths: Iterable[str], search: Search, ignored_loads: Collection[str] = ()) -> Iterator[Found]:
    """The rows of some files that the search may be for. Holds one file in memory, or several small ones.

    Args:
      paths: files of `signatures` or of `articles`. A compaction may have moved them meanwhile.
      search: the keys of the new articles.
      ignored_loads: the loads whose rows do not count.

    Raises:
      DamagedDatasetError: a file is missing or broken.
    """
    exact, near = [_NO_DIGESTS], [_NO_SKETCHES]
    for path in paths:
        folders = dict(folder.split("=", 1) for folder in path.split("/") if "=" in folder)
        plan = _plan(folders, search)
        if plan.exact or plan.near:
            columns = [*_columns(plan), *(["load_id"] if ignored_loads else [])]
            table = _counted(_dated(_read(path, columns, plan, search), folders), ignored_loads)
        if plan.exact:
            exact.append(table.select(_NO_DIGESTS.column_names))
        if plan.near:
            near.append(_originals(table))
        if sum(map(len, exact)) + sum(map(len, near)) >= _ROWS:
            yield Found(_exact(exact, search), _near(near, search))
            exact, near = [_NO_DIGESTS], [_NO_SKETCHES]
    yield Found(_exact(exact, search), _near(near, search))


class _Plan(NamedTuple):
    """The searches for which a file is read, and the column by which its rows are sorted."""

    exact: bool
    near: bool
    order: str = ""


def _plan(folders: Mapping[str, str], search: Search) -> _Plan:
    part = folders.get("part", "")
    if "date" in folders:  # a file of `articles`
        day = dt.date.fromisoformat(folders["date"])
        return _Plan(search.is_exact, search.may_hold_day(day, day))
    if part == ARRIVAL:
        return _Plan(search.is_exact, search.is_near)
    if part.startswith(DIGEST):
        first = part.removeprefix(DIGEST)
        return _Plan(
            search.may_hold_digest(first.ljust(_DIGEST_LENGTH, "0"), first.ljust(_DIGEST_LENGTH, "f")),
            False,
            "text_digest",
        )
    day = dt.date.fromisoformat(f"{part}-01")
    return _Plan(False, search.may_hold_day(day, day + dt.timedelta(days=30)), "date")


def _columns(plan: _Plan) -> list[str]:
    exact = ["text_digest"] if plan.exact else []
    return ["article_id", "date", *exact, *(["sketch", "duplicate_of"] if plan.near else [])]


def _read(path: str, columns: Sequence[str], plan: _Plan, search: Search) -> pa.Table:
    """The columns of a file that it has, and the row groups that the plan needs."""
    may_hold = search.may_hold_day if plan.order == "date" else search.may_hold_digest

    def is_wanted(group: pq.RowGroupMetaData) -> bool:
        found = [group.column(i) for i in range(group.num_columns if plan.order else 0)]
        ranges = [column.statistics for column in found if column.path_in_schema == plan.order]
        return all(may_hold(each.min, each.max) for each in ranges if each and each.has_min_max)

    try:
        return read_table(path, columns, is_wanted)
    except DamagedDatasetError:
        moved = _moved(path)
        if storage.exists(path) or not storage.exists(moved):
            raise
        return read_table(moved, columns, is_wanted)


def _moved(path: str) -> str:
    """The path to which a compaction moves a file OUTPUT/TABLE/COLUMN=VALUE/…: OUTPUT/_replaced/TABLE/…"""
    folders = path.split("/")
    first = len(folders) - 1
    while "=" in folders[first - 1]:
        first -= 1
    return "/".join([*folders[: first - 1], REPLACED, *folders[first - 1 :]])


def _dated(table: pa.Table, folders: Mapping[str, str]) -> pa.Table:
    """The table with its column `date`, which files of `articles` have in their path."""
    if "date" not in folders:
        return table
    day = pa.scalar(dt.date.fromisoformat(folders["date"]), pa.date32())
    return table.append_column("date", pa.repeat(day, len(table)))


def _counted(table: pa.Table, ignored_loads: Collection[str]) -> pa.Table:
    """The rows of other loads. Those of older files have none and count."""
    if not ignored_loads or "load_id" not in table.column_names:
        return table
    return table.filter(pc.invert(pc.is_in(table["load_id"], pa.array(sorted(ignored_loads), pa.string()))))


def _originals(table: pa.Table) -> pa.Table:
    """The rows that are no near copies themselves: the index has no signature of those."""
    if "duplicate_of" in table.column_names:
        table = table.filter(table["duplicate_of"].is_null())
    table = table.select(_NO_SKETCHES.column_names)
    return table.filter(table["sketch"].is_valid()) if table["sketch"].null_count else table


def _pieces(tables: Sequence[pa.Table]) -> list[pa.RecordBatch]:
    """All rows, in pieces that are neither large nor very small."""
    table = pa.concat_tables(tables, promote_options="permissive")
    return (table.combine_chunks() if len(table) < 2 * _ROWS else table).to_batches(_ROWS)


def _exact(tables: Sequence[pa.Table], search: Search) -> list[tuple[str, SignatureRow]]:
    """The rows with a digest that may be looked for."""
    found = []
    for piece in _pieces(tables):
        rows = piece.take(pa.array(search.digests(_bytes(piece["text_digest"], _DIGEST_LENGTH))))
        for article_id, digest, day in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            found.append((digest, SignatureRow(_precedence(day, article_id), "", article_id, digest, b"")))
    return found


def _near(tables: Sequence[pa.Table], search: Search) -> list[tuple[bytes, SignatureRow]]:
    """The rows with an anchor that may be looked for."""
    found = []
    for piece in _pieces(tables):
        content, starts, sizes = _places(piece["sketch"])
        days = piece["date"].cast(pa.int32()).to_numpy().astype(np.int64) + _EPOCH
        near = search.near(days)
        near = near[are_current(content, starts[near], sizes[near])]
        anchors = anchor_table(content, starts[near])
        hits = search.anchors(anchors)
        for place in np.flatnonzero(hits.any(axis=1)).tolist():
            row = int(near[place])
            article_id, sketch = piece["article_id"][row].as_py(), piece["sketch"][row].as_py()
            known = SignatureRow(_precedence(piece["date"][row].as_py(), article_id), "", article_id, "", sketch)
            found += [(key, known) for key in sorted({each.tobytes() for each in anchors[place][hits[place]]})]
    return found


def _precedence(day: dt.date, article_id: str) -> Precedence:
    return Precedence(is_new=False, rank=0, day=day.isoformat(), is_timeless=False, address=article_id)


def _bytes(values: pa.Array, width: int) -> np.ndarray:
    """The values as a matrix of bytes, a row of `width` bytes for each, not copied. None is null."""
    if not len(values):
        return np.empty((0, width), dtype=np.uint8)
    _, offsets, content = values.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(content, dtype=np.uint8)[ends[0] : ends[-1]].reshape(-1, width)


def _places(values: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes that hold the values, not copied, and where in them each begins and how long it is. None is null."""
    if not len(values):
        return np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    _, offsets, content = values.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[values.offset : values.offset + len(values) + 1].astype(np.intp)
    return np.frombuffer(content, dtype=np.uint8), ends[:-1], np.diff(ends)
