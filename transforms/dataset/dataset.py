"""The dataset on disk: three Delta tables in one folder, opened, checked and read.

    OUTPUT/articles/date=…/topic=…/*.parquet   OUTPUT/rejected/stage=…/*.parquet   OUTPUT/runs/*.parquet

A run first writes its files under `OUTPUT/_staging/RUN_ID`. Then publish.py moves them into place and commits them.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from warraq.schemas.arrow import PARTITIONS, SCHEMA_VERSION, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import data_files, delta_log
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError
from warraq.transforms.dataset.paths import check_no_column, check_path

STAGING: Final = "_staging"
MANIFEST: Final = "publish.json"  # lists the files of a publication that has begun
_OLD_PROBE: Final = ".writable"  # versions before 0.2 left it in the dataset when they were killed
_NEWEST: Final = 5  # commits of each table that are compared with the other tables
_VERSION_KEY: Final = "warraq.schema_version"


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
            version = int(table.metadata().configuration.get(_VERSION_KEY) or 0) if table else 0
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
            return DeltaTable(self._location(name))
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
            configuration={_VERSION_KEY: str(SCHEMA_VERSION)},
            raise_if_key_not_exists=False,
        )

    def files(self, name: str) -> list[str]:
        """The full paths of a table's current files, sorted."""
        return [storage.join(self.root, name, path) for path in delta_log.files(self.open(name))]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small unpartitioned table such as `runs`.

        Raises:
          DamagedDatasetError: a file of the table is missing or broken.
        """
        return [row for path in self.files(name) for row in data_files.read_table(path, TABLES[name].names).to_pylist()]

    def has_run(self, run_id: str) -> bool:
        """True once that run has been committed."""
        return delta_log.has_run(self.open("runs"), run_id)

    def lock(self, run_id: str, patience: float = 0.0) -> AbstractContextManager[bool]:
        """Holds the lock of a run while the block runs; False if a living process holds it.

        The lock ends with the process that holds it.

        Args:
          run_id: the run.
          patience: seconds to wait for another holder. A holder that only clears up after a dead run is soon done.
        """
        return storage.lock(self.staging_folder(run_id) + storage.LOCK, patience)

    def staging_folder(self, run_id: str) -> str:
        """The folder of a run's files before they are published."""
        return storage.join(self.root, STAGING, run_id)

    def staged_path(self, run_id: str, file: DataFile) -> str:
        """The path of a file that a run has staged."""
        return storage.join(self.staging_folder(run_id), file.table, file.path)

    def manifest_path(self, run_id: str) -> str:
        """The path of a run's list of files to publish. The list exists while the run is publishing."""
        return storage.join(self.staging_folder(run_id), MANIFEST)

    def write_staged(self, run_id: str, file: DataFile, rows: Iterable[pa.Table]) -> DataFile:
        """Writes one file under staging, whole or not at all. Each table of `rows` becomes one row group.

        Returns the file with its numbers of rows and bytes. Its name gets a digest of its content, and the content
        names the run. So no name in the dataset ever has two contents, and damage shows.
        """
        content, count = data_files.encode(file.table, rows, run_id)
        path = f"{file.path}-{data_files.digest(content)}.parquet"
        staged = file._replace(path=path, rows=count, size=len(content))
        with storage.create(self.staged_path(run_id, staged)) as stream:
            stream.write(content)
        return staged

    def write_note(self, run_id: str, name: str, content: bytes) -> None:
        """Writes a note under a run's staging folder, for another process of the run."""
        with storage.create(storage.join(self.staging_folder(run_id), name)) as stream:
            stream.write(content)

    def read_note(self, run_id: str, name: str) -> bytes | None:
        """The note of that name under a run's staging folder; None if there is none."""
        path = storage.join(self.staging_folder(run_id), name)
        return storage.read(path) if storage.exists(path) else None

    def staged_runs(self) -> list[str]:
        """The runs that have files, or hold a lock, under staging."""
        return sorted({name.partition(".")[0] for name in storage.entries(storage.join(self.root, STAGING))})

    def publishing(self) -> list[str]:
        """The runs that are publishing, or were killed while they did."""
        return [run_id for run_id in self.staged_runs() if storage.exists(self.manifest_path(run_id))]

    def _location(self, name: str) -> str:
        """The table's path for delta-rs, which would read a relative path such as `a:b` as an address."""
        path = storage.join(self.root, name)
        return path if storage.is_remote(path) else str(Path(path).absolute())

    def _foreign_names(self) -> list[str]:
        """The names in the folder that are not ours."""
        known = {STAGING, _OLD_PROBE, *TABLES}
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

        Each run commits to all tables, and to `runs` last.
        """
        newest = {name: delta_log.newest_runs(table, _NEWEST) for name, table in tables.items()}
        due = [(name, run_id) for name in TABLES for run_id in (newest["runs"] if name != "runs" else [])]
        due += [("runs", run_id) for name in TABLES if name != "runs" for run_id in newest[name]]
        lost = [(name, run_id) for name, run_id in due if not delta_log.has_run(tables[name], run_id)]
        publishing = self.publishing() if lost else []
        for name, run_id in lost:
            # A run that was publishing when the tables were opened is still publishing, or has committed since.
            if run_id not in publishing and not delta_log.has_run(self.open(name), run_id):
                return f"the log {name}/{delta_log.FOLDER} has lost the entry of run {run_id}, which another table has"
        return None
