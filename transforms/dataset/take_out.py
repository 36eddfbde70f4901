"""Rows are taken out of the dataset: their files are written anew without them, and pointers to them lead elsewhere.

Refusals that were taken back by a load that goes stand again.

A near copy points to its original by `duplicate_of`. If the original goes, the copy points to the article that takes
its place; if there is none, the earliest of its copies becomes the original of those that are similar to it.
"""

import collections
import datetime as dt
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from warraq.schemas.arrow import file_table
from warraq.schemas.labels import COPY_REASONS, READ_STAGE
from warraq.transforms import storage
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.chains import Load, read_holdings, with_continuations
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, OvertakenError
from warraq.transforms.dataset.index import ARRIVAL_FILE
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.relation import relation
from warraq.transforms.sketch import is_current

PLACE: Final = ("load_id", "dump", "dump_offset")  # of a row: unique in a dataset
NAMES: Final = ("article_id", "url", "canonical_url", "site", "text_digest", *PLACE)  # all that is told of an article
_POINTING: Final = {"articles": {"duplicate_of"}, "rejected": {"reason", "detail"}}  # lead from a copy to its original
_AT_ONCE: Final = 8  # files of which a few columns are read
_REFUSED: Final = ("dump", "load_id", "detail")  # of a page that is rejected as a copy
_ORDER: Final = ("published_at", "fetched_at", "url", "dump_offset", "dump")  # of copies, after their day


class Condition(NamedTuple):
    """The rows that go: those to which any of these sets applies."""

    loads: Collection[str] = frozenset()  # rows of both tables
    article_ids: Collection[str] = frozenset()  # articles, and pages that were rejected as copies of them
    urls: Collection[str] = frozenset()  # rows of both tables; of articles the canonical URL counts too
    rejected_urls: Collection[str] = frozenset()  # rejected pages only
    places: Collection[tuple[str, int]] = frozenset()  # load and offset of pages that the reader rejected

    @property
    def is_only_places(self) -> bool:
        """True if no row goes but those at `places`."""
        return not (self.loads or self.article_ids or self.urls or self.rejected_urls)

    def may_be_in(self, file: DataFile) -> bool:
        """False if no row of the file can go."""
        return not self.is_only_places or file.partition == [READ_STAGE]

    def columns(self, table: str) -> set[str]:
        """The columns of `articles` or `rejected` that `mask` needs."""
        asked: dict[str, list[Collection[Any]]] = {"load_id": [self.loads], "url": [self.urls]}
        if table == "articles":
            asked |= {"canonical_url": [self.urls], "article_id": [self.article_ids]}
        else:
            asked |= {"reason": [self.article_ids], "detail": [self.article_ids], "dump_offset": [self.places]}
            asked |= {"load_id": [self.loads, self.places], "url": [self.urls, self.rejected_urls]}
        return {name for name, sets in asked.items() if any(sets)}

    def mask(self, table: str, rows: pa.Table) -> pa.ChunkedArray:
        """True for each row of `articles` or `rejected` that goes."""
        parts = [pa.chunked_array([pa.repeat(pa.scalar(value=False), len(rows))])]
        parts += [_among(rows["load_id"], self.loads)] if self.loads else []
        parts += [_among(rows["url"], self.urls)] if self.urls else []
        if table == "articles":
            parts += [_among(rows["canonical_url"], self.urls)] if self.urls else []
            parts += [_among(rows["article_id"], self.article_ids)] if self.article_ids else []
        else:
            parts += [_among(_originals_of(table, rows), self.article_ids)] if self.article_ids else []
            parts += [_among(rows["url"], self.rejected_urls)] if self.rejected_urls else []
            parts += [_at(rows, self.places)] if self.places else []
        return functools.reduce(pc.or_, parts)


class TakenOut(NamedTuple):
    """Files that take the place of others, and the rows that are not in them any more."""

    added: list[DataFile]
    removed: list[DataFile]
    articles: list[dict[str, Any]]  # NAMES of each article that went
    rejected: list[dict[str, Any]]  # `url` and PLACE of each rejected page that went
    orphans: dict[str, int]  # dump → pages that stay rejected as copies of an article that went
    taken_back: list[dict[str, Any]]  # the rows at the places of the condition, without their address
    loads: frozenset[str]  # those that went: of the condition, and all that continue them
    transactions: dict[str, int]
    seen: dict[str, int]

    def publication(self, run_id: str) -> Publication:
        """The change that takes the rows out."""
        return Publication(run_id, self.added, self.removed, self.transactions, self.seen)


class _Pointer(NamedTuple):
    """The columns of a copy that lead to its original."""

    duplicate_of: str
    copy_kind: str | None
    copy_share: float | None


class _Change(NamedTuple):
    """All that happens to rows that stay or go."""

    goes: Condition
    originals: Mapping[str, _Pointer | None]  # article → its new original
    heirs: Mapping[str, str]  # article that goes → the one that takes its place


def take_out(
    dataset: Dataset,
    staging: str,
    goes: Condition,
    heirs: Mapping[str, str] | None = None,
    *,
    missing: Collection[str] = frozenset(),
) -> TakenOut:
    """Writes to staging what the files of the dataset become when rows go. The rows of loads go from `runs` too.

    Loads that continue one that goes, go with it. A refusal that such a load had taken back stands again, without its
    address, if the load that it is of stays.

    Reads two to four columns of every file, and the whole of those that change, one row group at a time; for places
    alone only the files of pages that the reader rejected. Holds in memory the names of the rows that go, their copies,
    and of all copies in the dataset the id of the original.

    Args:
      dataset: the dataset.
      staging: the name under which the new files are staged.
      goes: the rows that go.
      heirs: article that goes → the article that takes its place, which may have the same id.
      missing: articles that are not there, or must not be originals; their copies get another original too.

    Raises:
      OvertakenError: files were replaced while they were read.
    """
    keys = (loads.REWRITES, loads.ROWS_OUT)
    seen = {key: dataset.transactions([key]).get(key, 0) for key in keys}
    try:
        return _take_out(dataset, staging, goes, heirs or {}, missing, seen)
    except DamagedDatasetError as error:
        if seen[loads.REWRITES] == dataset.transactions([loads.REWRITES]).get(loads.REWRITES, 0):
            raise
        raise OvertakenError("another process has replaced files meanwhile", [loads.REWRITES]) from error


def _take_out(  # noqa: PLR0913, PLR0917  (as `take_out`)
    dataset: Dataset,
    staging: str,
    goes: Condition,
    heirs: Mapping[str, str],
    missing: Collection[str],
    seen: Mapping[str, int],
) -> TakenOut:
    held = read_holdings(dataset).loads
    goes = goes._replace(loads=with_continuations(held, goes.loads))
    load_of = {(load.run_id, load.dump): load.load_id for load in held}
    files = {
        name: [file for file in dataset.data_files(name) if missing or goes.may_be_in(file)]
        for name in ("articles", "rejected")
    }
    surveyed = {name: _survey(dataset, found, goes, load_of) for name, found in files.items()}
    rows = {
        name: [*_rows(dataset, found, goes, load_of, NAMES if name == "articles" else ("url", *PLACE))]
        for name, found in surveyed.items()
    }
    ids = frozenset({row["article_id"] for _, row in rows["articles"]} | {*missing})
    copies = [*_pointing(dataset, surveyed["articles"], ids, goes, load_of)]
    orphans = [*_refused(dataset, surveyed["rejected"], ids, goes, load_of)]
    change = _Change(goes, _originals(copies, heirs), heirs)
    moving = {copy.article_id for copy in copies if change.originals[copy.article_id] != copy.pointer}
    touched = {file for found in rows.values() for file, _ in found}
    touched |= {copy.path for copy in copies if copy.article_id in moving}
    touched |= {path for path, row in orphans if heirs.get(row["detail"], row["detail"]) != row["detail"]}
    removed = [file for found in files.values() for file in found if (file.table, file.path) in touched]
    written = (_rewrite(dataset, staging, file, change, load_of) for file in removed)
    added = [file for file in written if file is not None]
    taken_back = [
        {**row, "stage": READ_STAGE, "url": ""}
        for file in files["rejected"] * bool(goes.places)
        for group in read_rows(file.table, dataset.path(file), load_of)
        if file.partition == [READ_STAGE]
        for row in group.filter(_at(group, goes.places)).to_pylist()
    ]
    index = _index(dataset, staging, ids, [copy for copy in copies if change.originals[copy.article_id] is None])
    runs = _without_loads(dataset, staging, frozenset(goes.loads))
    counts = _continuations(held, goes.loads)
    # Refusals of the reader have no copies in other runs, so no run that began before must look again.
    moved = {key: version + 1 for key, version in seen.items() if key == loads.REWRITES or not goes.is_only_places}
    left = [row for _, row in orphans if row["detail"] not in heirs]
    lost = collections.Counter(row["dump"] for row in left)
    marks = _orphaned(dataset, goes.loads, {row["load_id"] for row in left})
    return TakenOut(
        [*added, *index.added, *runs.added],
        [*removed, *index.removed, *runs.removed],
        [row for _, row in rows["articles"]],
        [row for _, row in rows["rejected"]],
        dict(sorted(lost.items())),
        taken_back,
        frozenset(goes.loads),
        {**runs.transactions, **{key: after for key, (_, after) in counts.items()}, **moved, **marks},
        {**seen, **{key: before for key, (before, _) in counts.items()}},
    )


def _continuations(held: Iterable[Load], gone: Collection[str]) -> dict[str, tuple[int, int]]:
    """The transaction of each load that goes, or is continued by one: its version before and after."""
    before = collections.Counter(load.after_load for load in held if load.after_load)
    going = collections.Counter(load.after_load for load in held if load.after_load and load.load_id in gone)
    return {loads.continued_key(load): (before[load], before[load] - going[load]) for load in sorted({*gone, *going})}


def _orphaned(dataset: Dataset, gone: Collection[str], left: Collection[str]) -> dict[str, int]:
    """The transactions that mark loads with pages whose original is gone; loads that go are marked no more."""
    keys = [loads.orphaned_key(load) for load in sorted(gone)]
    marked = [key for key, version in dataset.transactions(keys).items() if version == loads.IN]
    return {**dict.fromkeys(marked, loads.OUT), **{loads.orphaned_key(load): loads.IN for load in sorted(left)}}


def _at(rows: pa.Table, places: Collection[tuple[str, int]]) -> pa.ChunkedArray:
    """True for each row at one of these places."""
    likely = _among(rows["load_id"], {load for load, _ in places})
    if not pc.any(likely).as_py():
        return likely
    found = zip(rows["load_id"].to_pylist(), rows["dump_offset"].to_pylist(), strict=True)
    return pa.chunked_array([pa.array([place in places for place in found], pa.bool_())])


def _among(column: pa.ChunkedArray, found: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=_values(frozenset(found)))


@functools.lru_cache(maxsize=8)
def _values(found: frozenset[str]) -> pa.Array:
    """Kept, because the same set is asked of each row group, and may be all articles of a site."""
    return pa.array(found, pa.string())


def _originals_of(table: str, rows: pa.Table) -> pa.ChunkedArray:
    """The original of each row that is a copy; null for the others."""
    if table == "articles":
        return rows["duplicate_of"]
    return pc.if_else(_among(rows["reason"], COPY_REASONS), rows["detail"], None)


_Key = tuple[str, str]  # table and path of a file
_Loads = Mapping[tuple[str, str], str]


class _Surveyed(NamedTuple):
    """A file by the few columns that tell if it has to be read for more."""

    file: DataFile
    is_hit: bool  # a row of it goes
    originals: pa.ChunkedArray  # of those of its rows that are copies


def _survey(dataset: Dataset, files: Iterable[DataFile], goes: Condition, load_of: _Loads) -> list[_Surveyed]:
    """Several files at once, because most of the time is spent on waiting for the disk or the bucket."""

    def look(file: DataFile) -> _Surveyed:
        columns, is_hit, originals = goes.columns(file.table) | _POINTING[file.table], False, []
        for group in read_rows(file.table, dataset.path(file), load_of, columns):
            is_hit = is_hit or bool(pc.any(goes.mask(file.table, group)).as_py())
            originals += _originals_of(file.table, group).drop_null().chunks
        return _Surveyed(file, is_hit, pa.chunked_array(originals, pa.string()))

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        return [*pool.map(look, files)]
    finally:
        pool.shutdown(cancel_futures=True)


def _pointing_files(surveyed: Iterable[_Surveyed], ids: Collection[str]) -> Iterator[DataFile]:
    """The files with a row that points to one of `ids`."""
    return (each.file for each in surveyed if pc.any(_among(each.originals, ids)).as_py())


def _rows(
    dataset: Dataset, surveyed: Iterable[_Surveyed], goes: Condition, load_of: _Loads, columns: Collection[str]
) -> Iterator[tuple[_Key, dict[str, Any]]]:
    """Each row that goes, with its file."""
    for file in (each.file for each in surveyed if each.is_hit):
        for group in read_rows(file.table, dataset.path(file), load_of, goes.columns(file.table) | {*columns}):
            found = group.filter(goes.mask(file.table, group)).select(columns).to_pylist()
            yield from (((file.table, file.path), row) for row in found)


class _Copy(NamedTuple):
    """An article that stays and whose original goes. The order of copies is that of these fields."""

    date: str
    is_timeless: bool
    order: tuple[str, ...]
    article_id: str
    pointer: _Pointer
    text_digest: str
    load_id: str
    sketch: bytes
    path: _Key


def _pointing(
    dataset: Dataset, surveyed: Iterable[_Surveyed], ids: Collection[str], goes: Condition, load_of: _Loads
) -> Iterator[_Copy]:
    """The articles that stay and point to one of `ids`."""
    for file in _pointing_files(surveyed, ids):
        columns = {*NAMES, *_ORDER, *_Pointer._fields, "sketch"}
        for group in read_rows(file.table, dataset.path(file), load_of, columns):
            stays = pc.invert(goes.mask(file.table, group))
            for row in group.filter(pc.and_(stays, _among(group["duplicate_of"], ids))).to_pylist():
                order = tuple(f"{row[name]:020}" if name == "dump_offset" else str(row[name] or "") for name in _ORDER)
                yield _Copy(
                    file.partition[0],
                    row["published_at"] is None,
                    order,
                    row["article_id"],
                    _Pointer(*(row.get(name) for name in _Pointer._fields)),
                    row["text_digest"],
                    row["load_id"],
                    row["sketch"],
                    (file.table, file.path),
                )


def _refused(
    dataset: Dataset, surveyed: Iterable[_Surveyed], ids: Collection[str], goes: Condition, load_of: _Loads
) -> Iterator[tuple[_Key, dict[str, Any]]]:
    """The pages that stay rejected as copies of one of `ids`, each with its file."""
    for file in _pointing_files(surveyed, ids):
        for group in read_rows(file.table, dataset.path(file), load_of, {"url", "reason", "detail", *PLACE}):
            points = _among(_originals_of(file.table, group), ids)
            stays = pc.invert(goes.mask(file.table, group))
            found = group.filter(pc.and_(stays, points)).select(_REFUSED).to_pylist()
            yield from (((file.table, file.path), row) for row in found)


def _originals(copies: Iterable[_Copy], heirs: Mapping[str, str]) -> dict[str, _Pointer | None]:
    """The new original of each copy; None for a copy that is an original now."""
    families = collections.defaultdict(list)
    for copy in sorted(copies):
        families[copy.pointer.duplicate_of].append(copy)
    originals: dict[str, _Pointer | None] = {}
    for original, family in families.items():
        if original in heirs:
            heir = heirs[original]  # may be one of the copies: then it is an original now
            originals |= {
                copy.article_id: copy.pointer._replace(duplicate_of=heir) if copy.article_id != heir else None
                for copy in family
            }
        else:
            originals |= _elect(family)
    return originals


def _elect(family: Iterable[_Copy]) -> dict[str, _Pointer | None]:
    """The earliest copy becomes an original, and so does each that is related to no original before it."""
    elected: list[_Copy] = []
    found: dict[str, _Pointer | None] = {}
    for copy in family:
        found[copy.article_id] = next(filter(None, (_related(one, copy) for one in elected)), None)
        if found[copy.article_id] is None:
            elected.append(copy)
    return found


def _related(earlier: _Copy, copy: _Copy) -> _Pointer | None:
    if not (
        is_current(earlier.sketch) and is_current(copy.sketch)
    ):  # of an older version: both were copies of one text
        return _Pointer(earlier.article_id, copy.pointer.copy_kind, copy.pointer.copy_share)
    days = abs(dt.date.fromisoformat(copy.date) - dt.date.fromisoformat(earlier.date)).days
    found = relation(earlier.sketch, copy.sketch, days)
    return _Pointer(earlier.article_id, *found) if found else None


def _rewrite(dataset: Dataset, staging: str, file: DataFile, change: _Change, load_of: _Loads) -> DataFile | None:
    """Stages a file without the rows that go, and with the new pointers of the others; None if no row stays."""

    def groups() -> Iterator[pa.Table]:
        for group in read_rows(file.table, dataset.path(file), load_of):
            rows = group.filter(pc.invert(change.goes.mask(file.table, group)))
            if file.table == "articles":
                for place, column in enumerate(_Pointer._fields):
                    targets = {key: new and new[place] for key, new in change.originals.items()}
                    rows = _pointed(rows, column, "article_id", targets)
            else:
                rows = _pointed(rows, "detail", "detail", change.heirs)
            if rows.num_rows:
                yield rows

    folder = "/".join(file.path.split("/")[:-1])
    new = dataset.write_staged(staging, file._replace(path=f"{folder}/part"), groups())
    if new.rows:
        return new
    storage.delete(dataset.staged_path(staging, new))
    return None


def _pointed(rows: pa.Table, column: str, key: str, targets: Mapping[str, str | float | None]) -> pa.Table:
    """The rows with `column` changed to the target of `key`, where there is one."""
    keys = rows[key].to_pylist()
    if column not in rows.column_names or not any(each in targets for each in keys):
        return rows
    new = [targets.get(each, old) for each, old in zip(keys, rows[column].to_pylist(), strict=True)]
    return rows.set_column(
        rows.column_names.index(column), rows.schema.field(column), pa.array(new, rows.schema.field(column).type)
    )


class _Index(NamedTuple):
    added: list[DataFile]
    removed: list[DataFile]


def _index(dataset: Dataset, staging: str, ids: Collection[str], originals: Sequence[_Copy]) -> _Index:
    """Stages the files of the index without the articles that go. Copies that are originals now are added to it."""
    found = _Index([], [])
    for file in dataset.data_files("signatures") if ids else []:
        groups = [*read_rows("signatures", dataset.path(file), {})]
        kept = [group.filter(pc.invert(_among(group["article_id"], ids))) for group in groups]
        if sum(map(len, kept)) < sum(map(len, groups)):
            found.removed.append(file)
            if any(map(len, kept)):
                folder = file.path.rpartition("/")[0]
                found.added.append(dataset.write_staged(staging, file._replace(path=f"{folder}/part"), kept))
    if originals:
        rows = [
            {**copy._asdict(), "date": dt.date.fromisoformat(copy.date)}
            for copy in sorted(originals, key=lambda copy: copy.text_digest)
        ]
        found.added.append(dataset.write_staged(staging, ARRIVAL_FILE, [file_table("signatures", rows)]))
    return found


class _Runs(NamedTuple):
    added: list[DataFile]
    removed: list[DataFile]
    transactions: dict[str, int]


def _without_loads(dataset: Dataset, staging: str, gone: frozenset[str]) -> _Runs:
    """Stages the files of `runs` without these loads: their dumps, and the lines of the ledger on them.

    A run of which nothing is left goes, so that it can be made again. Refusals that they had taken back from loads that
    stay are staged again.
    """
    change = _Runs([], [], {loads.load_key(load): loads.OUT for load in gone})
    left: set[str] = set()  # dumps that another load holds
    fingerprints = {loads.fingerprint_of(load) for load in gone}
    restored: list[dict[str, Any]] = []
    for file in dataset.data_files("runs") if gone else []:
        rows = [row for group in read_rows("runs", dataset.path(file), {}) for row in group.to_pylist()]
        kept, is_changed = [], False
        for row in rows:
            load = {dump["dump"]: loads.load_id(row["recipe"], dump["fingerprint"]) for dump in row["dumps"]}
            out = {dump for dump, each in load.items() if each in gone}
            dumps = [dump for dump in row["dumps"] if dump["dump"] not in out]
            left |= {dump["fingerprint"] for dump in dumps}
            taken_back = row["taken_back"] or []
            restored += [each for each in taken_back if each["by"] in out and each["load_id"] not in gone]
            lists = {
                "dumps": dumps,
                "ledger": [line for line in row["ledger"] if line["dump"] not in out],
                "beginnings": [each for each in row["beginnings"] or [] if each["dump"] not in out],
                "copies": [each for each in row["copies"] or [] if each["fingerprint"] not in fingerprints],
                "taken_back": [each for each in taken_back if each["by"] not in out],
            }
            is_changed |= bool(out) or len(lists["copies"]) < len(row["copies"] or [])
            if dumps or not out:
                kept.append({**row, **lists})
            else:
                change.transactions[row["run_id"]] = loads.OUT
        if is_changed:
            change.removed.append(file)
        if is_changed and kept:
            part = file._replace(path="part")
            change.added.append(dataset.write_staged(staging, part, [file_table("runs", kept)]))
    if restored:
        restored.sort(key=lambda each: (each["dump"], each["dump_offset"]))
        rows = [{**each, "url": ""} for each in restored]
        part = DataFile("rejected", f"stage={READ_STAGE}/part", [READ_STAGE], len(rows), 0, [])
        change.added.append(dataset.write_staged(staging, part, [file_table("rejected", rows)]))
    orphaned = {loads.fingerprint_of(load) for load in gone} - left
    change.transactions.update({loads.dump_key(dump): loads.OUT for dump in orphaned})
    return change
