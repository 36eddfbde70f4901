"""The dataset on disk: three Delta tables in one folder, opened, checked and read.

    OUTPUT/articles/date=…/topic=…/*.parquet   OUTPUT/rejected/stage=…/*.parquet   OUTPUT/runs/*.parquet

A run first writes its files under `OUTPUT/_staging/NAME`. Then publish.py moves them into place and commits them. Files
that a commit removes are moved to `OUTPUT/_replaced`, below which they keep their path.
"""

import contextlib
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from warraq.schemas.arrow import PARTITIONS, RUN_TABLES, SCHEMA_VERSION, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import data_files, delta_log, loads
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError
from warraq.transforms.dataset.open_tables import open_table
from warraq.transforms.dataset.paths import check_no_column, check_path

STAGING: Final = "_staging"
REPLACED: Final = "_replaced"
SEARCH: Final = "_search"  # the index of searches, a cache
MANIFEST: Final = "publish.json"  # lists the files of a publication that has begun
_RUN_ID: Final = re.compile(r"[0-9a-f]{32}")  # the name under which a run stages its files, and nothing else does
DIED: Final = ".died"  # the folder of notes on runs that died
UPKEEP: Final = "maintain-"  # begins the names of what maintenance stages
_OLD_PROBE: Final = ".writable"  # versions before 0.2 left it in the dataset when they were killed
_TURN_SECONDS: Final = 1.0  # between two looks at the others
_NEWEST: Final = 5  # commits of each table that are compared with the other tables
_VERSION_KEY: Final = "warraq.schema_version"
PROPERTIES: Final = {
    _VERSION_KEY: str(SCHEMA_VERSION),
    "delta.checkpointInterval": "20",  # commits; each that is in no checkpoint costs every opening half a millisecond
    "delta.logRetentionDuration": "interval 7 days",  # of entries that a checkpoint holds, too
    "delta.setTransactionRetentionDuration": "interval 30 days",  # of transactions with a time: those of maintenance
    # The change data feed would keep the text of articles that were taken down. Deletion vectors hide rows, which stay
    # readable in the file, and delta-rs can't write them.
    "delta.enableChangeDataFeed": "false",
    "delta.enableDeletionVectors": "false",
}


def schema_version(table: DeltaTable) -> int:
    """The schema version of a table; 0 if it is not of ours."""
    return int(table.metadata().configuration.get(_VERSION_KEY) or 0)


class Dataset:
    """The dataset in the folder (or bucket prefix) `root`. A table is opened when a method needs it."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or "/" if root else ""

    def check(self) -> None:
        """Returns if a run may write here.

        Raises:
          DatasetError: the folder holds something else, is damaged, newer than this program, or can't be written.
        """
        check_no_column(self.root)
        self.check_whole()
        try:
            if self._foreign_names() and not self.open("runs"):
                raise DatasetError(f"{self.root}: not empty and not a Warraq dataset; name another --output folder")
            storage.check_writable(storage.join(self.root, STAGING))
        except OSError as error:
            raise DatasetError(f"{self.root}: can't write there ({error.strerror or error})") from error

    def check_name(self) -> None:
        """Returns if a dataset can have this path or address.

        Raises:
          DatasetError: see `check_path`.
        """
        check_path(self.root)

    def check_whole(self) -> None:
        """Returns if the tables can be read, are known to this program, and agree with each other.

        Compares only the newest entries of the logs; `verify` reads everything.

        Raises:
          DatasetError: the path can't be a dataset's, can't be read, or a newer program wrote the tables.
          DamagedDatasetError: the log of a table is lost, or its last entries are.
        """
        check_path(self.root)
        tables = {name: self.open(name) for name in TABLES}
        for table in tables.values():
            version = schema_version(table) if table else 0
            if version > SCHEMA_VERSION:
                raise DatasetError(
                    f"{self.root}: written by a newer Warraq (schema {version}; this one knows {SCHEMA_VERSION}); "
                    "upgrade: pip install --upgrade warraq"
                )
        try:
            fault = self._lost_log(tables) or self._lost_entry(tables)
        except OSError as error:
            raise DatasetError(f"{self.root}: can't be read ({error.strerror or error})") from error
        if fault:
            raise DamagedDatasetError(f"{self.root}: {fault}; {CURE}")

    def open(self, name: str) -> DeltaTable | None:
        """The newest version of a table; None before the first commit to it.

        Raises:
          DatasetError: the storage does not answer, or rejects access.
          DamagedDatasetError: an entry of the table's log is missing or broken.
        """
        try:
            return open_table(self._location(name))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            if not storage.is_remote(self.root) and (fault := next(delta_log.faults(self.root, name), None)):
                raise DamagedDatasetError(f"{self.root}: {fault}; {CURE}") from error
            raise DatasetError(f"{self.root}: can't be opened ({str(error).splitlines()[0][:200]})") from error

    def open_or_create(self, name: str) -> DeltaTable:
        """As `open`; makes an empty table before the first commit."""
        return self.open(name) or DeltaTable.create(
            self._location(name),
            schema=TABLES[name],
            mode="ignore",  # another run may have made the table in the meantime
            partition_by=list(PARTITIONS[name]),
            configuration=PROPERTIES,
            raise_if_key_not_exists=False,
        )

    def files(self, name: str) -> list[str]:
        """The full paths of a table's current files, sorted."""
        return [storage.join(self.root, name, path) for path in delta_log.files(self.open(name))]

    def path(self, file: DataFile) -> str:
        """The full path of a file of the dataset."""
        return storage.join(self.root, file.table, file.path)

    def data_files(self, name: str) -> list[DataFile]:
        """A table's current files, by path, without the dumps of their rows."""
        return delta_log.data_files(name, self.open(name))

    def rows(self, name: str, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """All rows of a small unpartitioned table such as `runs`, with these columns (default: all).

        If files are moved away because the table is rewritten meanwhile, it is read anew.

        Raises:
          DamagedDatasetError: a file of the table is missing or broken.
        """
        wanted, files = columns or TABLES[name].names, self.files(name)
        try:
            return [row for path in files for row in data_files.read_table(path, wanted).to_pylist()]
        except DamagedDatasetError:
            if self.files(name) == files:
                raise
        return self.rows(name, columns)  # files were replaced, and moved away, since the log was read

    def load_of(self) -> dict[tuple[str, str], str]:
        """The load of each run and dump. Reads the table `runs`."""
        return {
            (run["run_id"], dump["dump"]): loads.load_id(run["recipe"], dump["fingerprint"])
            for run in self.rows("runs", ["run_id", "recipe", "dumps"])
            for dump in run["dumps"]
        }

    def transactions(self, keys: Sequence[str]) -> dict[str, int]:
        """The versions of those of these transactions that the dataset has; see loads.py."""
        return delta_log.transactions(self.open("articles"), keys)

    def has_run(self, run_id: str) -> bool:
        """True once that run has been committed, unless it has been taken out again."""
        return delta_log.has_run(self.open("runs"), run_id)

    def lock(self, staging: str, patience: float = 0.0) -> AbstractContextManager[bool]:
        """Holds the lock of a run while the block runs; False if a living process holds it.

        The lock ends with the process that holds it.

        Args:
          staging: the name under which the run stages its files.
          patience: seconds to wait for another holder. A holder that only clears up after a dead run is soon done.
        """
        return storage.lock(self.staging_folder(staging) + storage.LOCK, patience)

    @contextlib.contextmanager
    def turn(self, waiting: Callable[[], object]) -> Iterator[None]:
        """Holds the turn while the block runs. Before, it waits until no other process ingests here or has the turn.

        A process that does not ask for its turn is not held up. A bucket has no locks, so nothing is waited for there.

        Args:
          waiting: called once if there is something to wait for.
        """
        path = storage.join(self.root, STAGING, f".turn{storage.LOCK}")
        told = False
        with contextlib.ExitStack() as stack:
            while not stack.enter_context(storage.lock(path)) or self._others():
                stack.pop_all().close()  # the turn is given back: two that wait must not wait for each other
                told = told or bool(waiting()) or True
                time.sleep(_TURN_SECONDS)
            yield

    def _others(self) -> list[str]:
        """The runs under staging whose lock a living process holds."""
        living = []
        for staging in [name for name in self.staged() if not name.startswith(UPKEEP)]:
            with self.lock(staging) as dead:
                if dead:
                    self.mark_death(staging)
                else:
                    living.append(staging)
        return living

    def publishing_lock(self) -> str:
        """The path of the lock that a process holds while it publishes."""
        return storage.join(self.root, STAGING, f".publishing{storage.LOCK}")

    def staging_name(self, run_id: str) -> str:
        """The name under which a run stages its files: its id.

        A bucket has no locks. There each attempt has a name of its own, so no job removes the files of another.
        """
        return f"{run_id}-{uuid.uuid4().hex}" if storage.is_remote(self.root) else run_id

    def staging_folder(self, staging: str) -> str:
        """The folder of a run's files before they are published."""
        return storage.join(self.root, STAGING, staging)

    def staged_path(self, staging: str, file: DataFile) -> str:
        """The path of a file that a run has staged."""
        return storage.join(self.staging_folder(staging), file.table, file.path)

    def manifest_path(self, staging: str) -> str:
        """The path of the manifest of a publication. It exists while the publication is carried out."""
        return storage.join(self.staging_folder(staging), MANIFEST)

    def write_staged(
        self, staging: str, file: DataFile, rows: Iterable[pa.Table], run_id: str = "", target: int | None = None
    ) -> DataFile:
        """Writes one file under staging, whole or not at all. Each table of `rows` becomes one row group.

        Returns the file with its numbers of rows and bytes. Its name gets a digest of its content, and the content
        names the run, if there is one. So no name in the dataset ever has two contents, and damage shows. With a
        `target` in bytes, rows for which there is no room are left in `rows`.
        """
        content, count = data_files.encode(file.table, rows, run_id, target)
        path = f"{file.path}-{data_files.digest(content)}.parquet"
        staged = file._replace(path=path, rows=count, size=len(content))
        with storage.create(self.staged_path(staging, staged)) as stream:
            stream.write(content)
        return staged

    def write_note(self, staging: str, name: str, content: bytes) -> None:
        """Writes a note under a run's staging folder, for another process of the run."""
        with storage.create(storage.join(self.staging_folder(staging), name)) as stream:
            stream.write(content)

    def read_note(self, staging: str, name: str) -> bytes | None:
        """The note of that name under a run's staging folder; None if there is none."""
        path = storage.join(self.staging_folder(staging), name)
        return storage.read(path) if storage.exists(path) else None

    def mark_death(self, staging: str) -> None:
        """Notes that a run died, for the next one of that name. If it died in its commit, no dump is to blame."""
        is_run = _RUN_ID.fullmatch(staging) is not None
        if is_run and not storage.exists(self.manifest_path(staging)) and not self.has_run(staging):
            with storage.create(self._death_mark(staging)) as stream:
                stream.write(b"")

    def has_died(self, staging: str) -> bool:
        """True if a run of that name died, and none has ended well since. Of a bucket, False."""
        return not storage.is_remote(self.root) and storage.exists(self._death_mark(staging))

    def forget_death(self, staging: str) -> None:
        """Removes the note."""
        if self.has_died(staging):
            storage.delete(self._death_mark(staging))
            storage.remove_empty_folders(storage.join(self.root, STAGING, DIED))

    def _death_mark(self, staging: str) -> str:
        return storage.join(self.root, STAGING, DIED, staging)

    def staged(self) -> list[str]:
        """The names under which files are staged, or a lock is held."""
        names = {name.partition(".")[0] for name in storage.entries(storage.join(self.root, STAGING))}
        return sorted(names - {""})  # "": the lock of publishing

    def publishing(self) -> list[str]:
        """The names under `_staging` of publications that are being carried out, or were killed meanwhile."""
        return [name for name in self.staged() if storage.exists(self.manifest_path(name))]

    def _location(self, name: str) -> str:
        """The table's path for delta-rs, which would read a relative path such as `a:b` as an address."""
        path = storage.join(self.root, name)
        return path if storage.is_remote(path) else str(Path(path).absolute())

    def _foreign_names(self) -> list[str]:
        """The names in the folder that are not ours."""
        known = {STAGING, REPLACED, SEARCH, _OLD_PROBE, *TABLES}
        names = storage.entries(self.root)
        return [name for name in names if name not in known and not name.startswith(storage.UNFINISHED)]

    def _lost_log(self, tables: Mapping[str, DeltaTable | None]) -> str | None:
        """A sentence about a table that holds files but has no log; None if there is no such table."""
        for name, table in tables.items():
            if table is None and set(storage.entries(storage.join(self.root, name))) - {delta_log.FOLDER}:
                # A run moves its files into a new table before it makes the log. If it does so now, it still shows as
                # publishing, or the log exists when the table is opened again.
                publishing = self.publishing()
                if not publishing and self.open(name) is None:
                    return f"{name}/ holds files, but its log {name}/{delta_log.FOLDER} is empty or gone"
        return None

    def _lost_entry(self, tables: Mapping[str, DeltaTable | None]) -> str | None:
        """A sentence about a run that one table has and another lacks; None if there is no such run.

        Each run commits to all RUN_TABLES, and to `runs` last.
        """
        newest = {name: delta_log.newest_runs(tables[name], _NEWEST) for name in RUN_TABLES}
        due = [(name, run_id) for name in RUN_TABLES for run_id in (newest["runs"] if name != "runs" else [])]
        due += [("runs", run_id) for name in RUN_TABLES if name != "runs" for run_id in newest[name]]
        lost = [(name, run_id) for name, run_id in due if not delta_log.knows_run(tables[name], run_id)]
        publishing = self.publishing() if lost else []
        for name, run_id in lost:
            # A run that was publishing when the tables were opened is still publishing, or has committed since.
            is_publishing = any(staging.startswith(run_id) for staging in publishing)
            if not is_publishing and not delta_log.knows_run(self.open(name), run_id):
                return f"the log {name}/{delta_log.FOLDER} has lost the entry of run {run_id}, which another table has"
        return None
