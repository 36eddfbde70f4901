"""Exact copies that are found at the commit only: their originals came with another run, while this one was at work.

`Deduplicate` looks in the index when a run begins. Of two runs at once that bring the same text, the one that commits
later looks again, and its article becomes a rejected copy, as if it had begun after the other.
"""

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from warraq.schemas.arrow import file_table
from warraq.schemas.labels import UNDATED
from warraq.transforms.dataset.copy_rows import DUPLICATE, PAGE, STAGE, copies_file, copy_row
from warraq.transforms.dataset.data_files import DataFile, DumpPages, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.index import Holder, find_texts
from warraq.transforms.ledger import ARTICLE, NO_DATE, REJECTED, Entry
from warraq.transforms.write.run import Run

_COLUMNS: Final = (*PAGE, "article_id", "text_digest", "date_source")


class Settled(NamedTuple):
    """The staged files of a run, and its ledger, once copies that came late are rejected."""

    files: list[DataFile]
    entries: Mapping[Entry, int]


def reject_late_copies(dataset: Dataset, run: Run, files: Sequence[DataFile], entries: Mapping[Entry, int]) -> Settled:
    """Rejects the articles whose text the dataset has. Near copies of them, and other pages, point to the dataset's.

    Stages new files for those that change, and leaves the old ones staged. Reads some columns of the staged articles,
    and the parts of the index with their digests.

    Raises:
      DamagedDatasetError: a file of the index is missing or broken.
    """
    articles = [file for file in files if file.table == "articles"]
    found = [(file, row) for file in articles for row in _rows(dataset, run, file)]
    ignored = {*run.replaced, *run.load_ids.values()}
    holders = find_texts(dataset, {row["text_digest"] for _, row in found}, ignored)
    late = [(file, row) for file, row in found if row["text_digest"] in holders]
    if not late:
        return Settled([*files], entries)
    originals = {row["article_id"]: holders[row["text_digest"]] for _, row in late}
    heirs = _heirs(dataset, originals)
    gone: dict[str, list[Mapping[str, Any]]] = collections.defaultdict(list)
    for file, row in late:
        gone[file.path].append(row)
    settled = [
        new
        for file in files
        for new in (
            _without(dataset, run, file, gone[file.path], heirs)
            if file.table == "articles"
            else _pointed(dataset, run, file, heirs)
        )
    ]
    copies = [copy_row(row, originals[row["article_id"]].article_id, run.run_id) for _, row in late]
    copies.sort(key=lambda row: (row["dump"], row["dump_offset"]))
    pages = collections.Counter(row["dump"] for row in copies)
    part = copies_file(len(copies))._replace(dumps=[DumpPages(dump, count) for dump, count in sorted(pages.items())])
    settled.append(dataset.write_staged(run.staging, part, [file_table("rejected", copies)], run.run_id))
    return Settled(settled, _moved(entries, [row for _, row in late]))


def _rows(dataset: Dataset, run: Run, file: DataFile) -> Iterator[dict[str, Any]]:
    for group in read_rows("articles", dataset.staged_path(run.staging, file), {}, _COLUMNS):
        yield from group.to_pylist()


def _heirs(dataset: Dataset, originals: Mapping[str, Holder]) -> dict[str, str]:
    """Rejected article → the article to which its near copies point now: the dataset's, or the original of that."""
    days = {holder.date.isoformat() for holder in originals.values()}
    of: dict[str, str] = {}
    for file in dataset.data_files("articles"):
        if file.partition[0] in days:
            for group in read_rows("articles", dataset.path(file), {}, ("article_id", "duplicate_of")):
                copies = group.filter(group["duplicate_of"].is_valid()).to_pylist()
                of |= {row["article_id"]: row["duplicate_of"] for row in copies}
    return {copy: of.get(holder.article_id, holder.article_id) for copy, holder in originals.items()}


def _without(
    dataset: Dataset, run: Run, file: DataFile, gone: Sequence[Mapping[str, Any]], heirs: Mapping[str, str]
) -> Iterator[DataFile]:
    """The file of articles without those that go, and with the new pointers of the others; none if no row stays."""
    groups = [*read_rows("articles", dataset.staged_path(run.staging, file), {})]
    ids = pa.array([row["article_id"] for row in gone], pa.string())
    kept = [
        _led(group.filter(pc.invert(pc.is_in(group["article_id"], ids))), "duplicate_of", heirs) for group in groups
    ]
    if groups == kept:
        yield file
    elif any(map(len, kept)):
        lost = collections.Counter(row["dump"] for row in gone)
        undated = collections.Counter(row["dump"] for row in gone if row["date_source"] == UNDATED)
        dumps = [
            DumpPages(part.dump, part.pages - lost[part.dump], part.undated - undated[part.dump]) for part in file.dumps
        ]
        yield _staged(dataset, run, file._replace(dumps=[part for part in dumps if part.pages]), kept)


def _pointed(dataset: Dataset, run: Run, file: DataFile, heirs: Mapping[str, str]) -> Iterator[DataFile]:
    """The file of refusals, in which pages that are copies of a rejected article are copies of its heir."""
    if file.table != "rejected" or file.partition != [STAGE]:
        yield file
        return
    groups = [*read_rows("rejected", dataset.staged_path(run.staging, file), {})]
    kept = [_led(group, "detail", heirs) for group in groups]
    yield file if groups == kept else _staged(dataset, run, file, kept)


def _led(rows: pa.Table, column: str, heirs: Mapping[str, str]) -> pa.Table:
    """The rows with the pointers in `column` led to the heirs."""
    old = rows[column].to_pylist()
    if not any(each in heirs for each in old):
        return rows
    new = pa.array([heirs.get(each, each) for each in old], pa.string())
    return rows.set_column(rows.column_names.index(column), rows.schema.field(column), new)


def _staged(dataset: Dataset, run: Run, file: DataFile, groups: Sequence[pa.Table]) -> DataFile:
    folder = file.path.rpartition("/")[0]
    return dataset.write_staged(
        run.staging, file._replace(path=f"{folder}/part"), [group for group in groups if len(group)], run.run_id
    )


def _moved(entries: Mapping[Entry, int], late: Sequence[Mapping[str, Any]]) -> dict[Entry, int]:
    """The ledger, with these pages as rejected copies and not as articles."""
    pages = collections.Counter(entries)
    for row in late:
        pages[Entry(row["dump"], ARTICLE, reason=NO_DATE if row["date_source"] == UNDATED else "")] -= 1
        pages[Entry(row["dump"], REJECTED, STAGE, DUPLICATE)] += 1
    return dict(sorted((entry, count) for entry, count in pages.items() if count))
