"""A publication: one change of the dataset, and the manifest that describes it while it is carried out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from warraq.schemas.arrow import PARTITIONS, RUN_TABLES, TABLES
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.data_files import DataFile

CLAIM: Final = "articles"  # the table that every publication commits to, and first: who commits there has won
_LONGEST_NAME: Final = 255  # bytes of a data file's path inside its table; ours have at most 150


class Publication(NamedTuple):
    """Files that come and files that go, in any tables, committed together and once."""

    run_id: str  # of the run, or of the operation of `warraq maintain`
    added: Sequence[DataFile]
    removed: Sequence[DataFile] = ()
    transactions: Mapping[str, int] = {}  # besides the one of `run_id`
    seen: Mapping[str, int] = {}  # transactions that must still have this version
    is_data: bool = True  # False if only the order of rows, or their cut into files, changes
    is_run: bool = False  # a run commits to all RUN_TABLES, with files or without: a lost entry of a log shows

    @property
    def tables(self) -> list[str]:
        """The tables that it commits to, in order; the claim comes first.

        A run that goes leaves every table that it came to: else one would take it for committed when it comes again.
        """
        changed = {file.table for file in [*self.added, *self.removed]}
        of_runs = self.is_run or loads.OUT in self.transactions.values()
        return [name for name in TABLES if name == CLAIM or name in changed or (of_runs and name in RUN_TABLES)]

    @property
    def claims(self) -> list[str]:
        """The transactions of the loads that it brings. None of them may be in before, unless it is made anew."""
        brought = [key for key, version in self.transactions.items() if loads.is_load_key(key) and version == loads.IN]
        return [key for key in brought if key not in self.seen]

    def files(self, table: str) -> tuple[list[DataFile], list[DataFile]]:
        """The files that it adds to a table, and those that it removes."""
        added, removed = ([file for file in files if file.table == table] for files in (self.added, self.removed))
        return added, removed

    def to_json(self) -> bytes:
        """The manifest."""
        added, removed = ([file._asdict() for file in files] for files in (self.added, self.removed))
        return json.dumps({**self._asdict(), "added": added, "removed": removed}).encode()


def from_json(content: bytes, run_id: str) -> Publication:
    """The publication of a manifest. Each path is inside the folder of its table.

    Args:
      content: the manifest.
      run_id: the run of a manifest of schema 1, which is the bare list of its files.

    Raises:
      ValueError: the content is no manifest.
    """
    try:
        stated: Any = json.loads(content)
        if isinstance(stated, list):
            stated = {"run_id": run_id, "added": stated, "is_run": True}
        added, removed = ([DataFile(**file) for file in stated.pop(name, ())] for name in ("added", "removed"))
        publication = Publication(added=added, removed=removed, **stated)
        versions = {**publication.transactions, **publication.seen}
        valid = (
            all(map(_is_valid, [*added, *removed]))
            and isinstance(publication.run_id, str)
            and all(isinstance(version, int) for version in versions.values())
        )
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(content) from error
    if not valid:
        raise ValueError(content)
    return publication


def _is_valid(file: DataFile) -> bool:
    return (
        file.table in TABLES
        and {"", ".", ".."}.isdisjoint(file.path.split("/"))
        and len(file.path.encode()) < _LONGEST_NAME
        and len(file.partition) == len(PARTITIONS[file.table])
        and isinstance(file.size, int)
    )
