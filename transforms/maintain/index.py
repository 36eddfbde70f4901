"""`maintain index`: the index by which runs find copies is merged; `check` compares it with the articles.

A run adds a file to the part `arrival`. Its rows are moved to the parts that are sorted for a search.
"""

import argparse
import collections
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.index import ARRIVAL, parts, row_groups, sorted_part, stage_arrivals
from warraq.transforms.dataset.loads import REWRITES
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.maintain.operation import Operation, carry_out

_FEW: Final = 8  # files of `arrival` that are left alone: a run reads them as quickly
_AT_ONCE: Final = 64 << 20  # bytes of files of `arrival` that are merged at once
_LARGE: Final = 16 << 20  # bytes of a file of another part that is left as it is
_NAME: Final = "compact"


def merge_index(dataset: Dataset) -> int:
    """Moves the rows of `arrival` to the sorted parts. Returns the number of files that they came from.

    Writes the parts anew that get rows, but for files larger than 16 MB. Holds 64 MB of files in memory at once.

    Raises:
      DatasetError: other processes change the dataset all the time.
    """
    merged = 0
    while files := carry_out(dataset, "index", lambda operation: _plan(dataset, operation)):
        merged += files
    return merged


def _plan(dataset: Dataset, operation: Operation) -> tuple[Publication | None, int]:
    """Stages the parts that get the rows of some files of `arrival`; their number is the report."""
    by_part: dict[str, list[DataFile]] = collections.defaultdict(list)
    for file in dataset.data_files("signatures"):
        by_part[file.partition[0]].append(file)
    waiting = by_part[ARRIVAL]
    if len(waiting) <= _FEW:
        return None, 0
    sizes = itertools.accumulate((file.size for file in waiting), initial=0)
    taken = [file for file, before in zip(waiting, sizes, strict=False) if before < _AT_ONCE]
    added: list[DataFile] = []
    removed = [*taken]
    for name, rows in parts(_rows(dataset, taken)):
        small = [file for file in by_part[name] if file.size <= _LARGE]
        both = sorted_part(name, pa.concat_tables([rows, _rows(dataset, small)]) if small else rows)
        file = DataFile("signatures", f"part={name}/{_NAME}", [name], 0, 0, [])
        added.append(dataset.write_staged(operation.staging, file, row_groups(both)))
        removed += small
    return _replacing(operation, added, removed), len(taken)


def index_faults(dataset: Dataset, files: Mapping[str, Sequence[DataFile]]) -> Iterator[str]:
    """A sentence for each way in which the index differs from the articles.

    Holds the ids and digests of all articles in memory.

    Args:
      dataset: the dataset.
      files: the files of `articles` and of `signatures`, as of one moment.

    Raises:
      DamagedDatasetError: one of the files is missing or broken.
    """
    articles = dict[tuple[str, str], bool]()  # id and text digest → True for an original
    for file in files["articles"]:
        for rows in read_rows("articles", dataset.path(file), {}, ("article_id", "text_digest", "duplicate_of")):
            for row in rows.to_pylist():
                articles[row["article_id"], row["text_digest"]] = row["duplicate_of"] is None
    exact: set[tuple[str, str]] = set()
    near: set[tuple[str, str]] = set()
    for file in files["signatures"]:
        part = file.partition[0]
        for rows in read_rows("signatures", dataset.path(file), {}, ("article_id", "text_digest", "sketch")):
            found = [(row["article_id"], row["text_digest"], row["sketch"]) for row in rows.to_pylist()]
            if part == ARRIVAL or part.startswith("digest-"):
                exact |= {(article_id, digest) for article_id, digest, _ in found}
            if not part.startswith("digest-"):
                near |= {(article_id, digest) for article_id, digest, sketch in found if sketch is not None}
    originals = {key for key, is_original in articles.items() if is_original}
    for words, number in (
        ("lacks the text of", len(articles.keys() - exact)),
        ("lacks the signature of", len(originals - near)),
        ("has the text of", len(exact - articles.keys())),
        ("has the signature of", len(near - articles.keys())),
    ):
        if number:
            other = "that the dataset does not hold" if words.startswith("has") else "that the dataset holds"
            yield f"the index of copies {words} {number:,} articles {other}"


def make_index(dataset: Dataset) -> None:
    """Makes the index anew from the articles.

    Raises:
      DatasetError: other processes change the dataset all the time.
    """

    def plan(operation: Operation) -> tuple[Publication, None]:
        added = stage_arrivals(dataset, operation.staging, dataset.files("articles"))
        return _replacing(operation, added, dataset.data_files("signatures")), None

    carry_out(dataset, "make the index", plan)


def _replacing(operation: Operation, added: list[DataFile], removed: list[DataFile]) -> Publication:
    """The publication of new files of the index in place of others. A file may become itself."""
    same = {file.path for file in added} & {file.path for file in removed}
    added, removed = ([file for file in files if file.path not in same] for files in (added, removed))
    number = operation.rewrites
    return Publication(operation.id, added, removed, {REWRITES: number + 1}, {REWRITES: number}, is_data=False)


def _rows(dataset: Dataset, files: list[DataFile]) -> pa.Table:
    groups = [rows for file in files for rows in read_rows("signatures", dataset.path(file), {})]
    return pa.concat_tables(groups)


def add_flags(_parser: argparse.ArgumentParser) -> None:
    """Adds no flag."""


def run(dataset: Dataset, _options: Any, tell: Callable[[str], object]) -> int:
    """Carries out the operation; returns the exit code."""
    if files := merge_index(dataset):
        tell(f"index: {files:,} files merged")
    return 0
