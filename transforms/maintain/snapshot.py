"""A snapshot of a dataset: its tables and its folders at one moment, in which nothing is half published."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from deltalake import DeltaTable

from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError

_PATIENCE: Final = 600.0  # seconds to wait for another process that publishes
_LOOKS: Final = 10  # at a bucket that changes meanwhile


class Snapshot(NamedTuple):
    """The dataset at one moment."""

    tables: Mapping[str, DeltaTable | None]
    files: Mapping[str, list[DataFile]]  # of each table, as the log says, by path
    present: Mapping[str, list[str]]  # Parquet files in each table's folder, by path inside it
    publications: list[str]  # that were killed; in a bucket, one may still be carried out
    leftovers: list[str]  # of other killed runs, under staging

    @property
    def versions(self) -> list[int]:
        """The version of each table; -1 if there is no table."""
        return [table.version() if table else -1 for table in self.tables.values()]


def take(dataset: Dataset) -> Snapshot:
    """The dataset as of now. In a folder, nothing is published meanwhile.

    A bucket has no locks. There, the dataset is looked at again until it has not changed between two looks, at most ten
    times, a second apart.

    Raises:
      DatasetError: a table can't be opened, or another process has been publishing for ten minutes.
    """
    with _standing_still(dataset):
        found = _look(dataset)
        for _ in range(_LOOKS if storage.is_remote(dataset.root) else 0):
            last, found = found, _look(dataset)
            if found.versions == last.versions and found.present == last.present and not found.publications:
                break
            time.sleep(1)
    return found


@contextlib.contextmanager
def _standing_still(dataset: Dataset) -> Iterator[None]:
    """Holds the right to publish, so that nobody else publishes. A disk that can't be written needs no lock."""
    with contextlib.ExitStack() as stack:
        ours = True
        with contextlib.suppress(OSError):
            ours = stack.enter_context(storage.lock(dataset.publishing_lock(), _PATIENCE))
        if not ours:
            raise DatasetError(f"{dataset.root}: another process has been publishing for ten minutes; try again later")
        yield


def _look(dataset: Dataset) -> Snapshot:
    publications = dataset.publishing()
    others = [] if storage.is_remote(dataset.root) else [each for each in dataset.staged() if each not in publications]
    tables = {name: dataset.open(name) for name in TABLES}
    return Snapshot(
        tables,
        {name: delta_log.data_files(name, table) for name, table in tables.items()},
        {name: _present(dataset, name) for name in TABLES},
        publications,
        [staging for staging in others if _is_dead(dataset, staging)],
    )


def _present(dataset: Dataset, name: str) -> list[str]:
    paths = storage.files(storage.join(dataset.root, name), ".parquet")
    return [path for path in paths if not path.startswith(delta_log.FOLDER)]


def _is_dead(dataset: Dataset, staging: str) -> bool:
    """True if no living process holds the lock of what is staged there."""
    with contextlib.suppress(OSError), dataset.lock(staging) as dead:
        return dead and storage.exists(dataset.staging_folder(staging))
    return False
