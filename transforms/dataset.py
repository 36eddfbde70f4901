"""The dataset on disk: three Delta tables in one folder, opened, checked and extended.

    OUTPUT/articles/date=…/topic=…/*.parquet   OUTPUT/rejected/stage=…/*.parquet   OUTPUT/runs/*.parquet

A run stages its files under `OUTPUT/_staging/RUN_ID`, writes down what it is about to publish, moves the files into
place and commits each table once. Every step can be repeated, so a run that was killed while publishing is finished by
the next one, and a run that was killed before leaves nothing behind.
"""

import io
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from schemas.arrow import PARTITIONS, SCHEMA_VERSION, TABLES
from schemas.coders import register
from transforms import storage

STAGING: Final = "_staging"
_LOCK: Final = ".lock"
_MANIFEST: Final = "publish.json"
_ATTEMPTS: Final = 5  # at a commit that others get in the way of
_VERSION_KEY: Final = "warraq.schema_version"


class DatasetError(Exception):
    """The output folder can't be used; the message says why and what to do."""


class DumpPages(NamedTuple):
    """How many rows of a file come from a dump."""

    dump: str
    pages: int


class DataFile(NamedTuple):
    """A Parquet file of one table, staged or published."""

    table: str
    path: str  # inside the table's folder
    partition: list[str]  # values of the table's partition columns, in order
    rows: int
    size: int  # bytes
    dumps: list[DumpPages]


register(DumpPages, DataFile)


class Dataset:
    """The dataset in the folder (or bucket prefix) `root`. Nothing is opened before it is asked for."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or "/"

    def check(self) -> None:
        """Returns if a run may write here.

        Raises:
          DatasetError: the folder holds something else, is newer than this program, or can't be written.
        """
        if not self.open("runs") and set(storage.entries(self.root)) - {STAGING, *TABLES}:
            raise DatasetError(f"{self.root}: not empty and not a Warraq dataset; name another --output folder")
        self.check_version()
        try:
            storage.check_writable(self.root)
        except OSError as error:
            raise DatasetError(f"{self.root}: can't write there ({error.strerror or error})") from error

    def check_version(self) -> None:
        """Returns if this program knows the dataset's schema.

        Raises:
          DatasetError: the dataset was written by a newer program.
        """
        for name in TABLES:
            table = self.open(name)
            version = int(table.metadata().configuration.get(_VERSION_KEY) or 0) if table else 0
            if version > SCHEMA_VERSION:
                raise DatasetError(
                    f"{self.root}: written by a newer Warraq (schema {version}; this one knows {SCHEMA_VERSION}); "
                    "upgrade: pip install --upgrade warraq"
                )

    def open(self, name: str) -> DeltaTable | None:
        """The newest version of a table; None before the first commit to it.

        Raises:
          DatasetError: the storage doesn't answer, or refuses.
        """
        try:
            return DeltaTable(storage.join(self.root, name))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise DatasetError(f"{self.root}: can't be opened ({str(error).splitlines()[0][:200]})") from error

    def files(self, name: str) -> list[str]:
        """The files that make up a table now, as full paths, sorted."""
        table = self.open(name)
        paths = pa.table(table.get_add_actions()).column("path").to_pylist() if table else []
        return sorted(storage.join(self.root, name, path) for path in paths)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small unpartitioned table such as `runs`."""
        return [row for path in self.files(name) for row in read_table(path, TABLES[name].names).to_pylist()]

    def has_run(self, run_id: str) -> bool:
        """Whether that run has been committed."""
        runs = self.open("runs")
        return runs is not None and runs.transaction_version(run_id) is not None

    def staging(self, run_id: str) -> str:
        """Where a run puts its files before they are published."""
        return storage.join(self.root, STAGING, run_id)

    def staged(self, run_id: str, file: DataFile) -> str:
        """Where a run has staged a file."""
        return storage.join(self.staging(run_id), file.table, file.path)

    def leave(self, run_id: str, name: str, content: bytes) -> None:
        """Writes a note under a run's staging, for another process of the run."""
        with storage.create(storage.join(self.staging(run_id), name)) as stream:
            stream.write(content)

    def left(self, run_id: str, name: str) -> bytes | None:
        """A note that a run has left; None if there is none."""
        path = storage.join(self.staging(run_id), name)
        return storage.read(path) if storage.exists(path) else None

    def recover_dead_runs(self) -> list[str]:
        """Clears up after all dead runs, as `recover` does; returns those whose publication has been finished.

        A live run holds its lock, and is left alone. Buckets know no locks: there, nobody else's run is touched.
        """
        if storage.is_remote(self.root):
            return []
        runs = {name.removesuffix(_LOCK) for name in storage.entries(storage.join(self.root, STAGING))}
        finished = []
        for run_id in sorted(runs):
            with self.lock(run_id) as free:
                if free and self.recover(run_id):
                    finished.append(run_id)
        return finished

    def lock(self, run_id: str) -> AbstractContextManager[bool]:
        """Holds a run's name while the block runs; False if a living process has it. It dies with its process."""
        return storage.lock(self.staging(run_id) + _LOCK)

    def stage(self, run_id: str, file: DataFile, rows: pa.Table) -> DataFile:
        """Writes one file under staging, whole or not at all; returns it with its numbers of rows and bytes."""
        content = io.BytesIO()
        pq.write_table(rows, content, compression="zstd")
        with storage.create(self.staged(run_id, file)) as stream:
            stream.write(content.getbuffer())
        return file._replace(rows=rows.num_rows, size=content.tell())

    def publish(self, run_id: str, files: Sequence[DataFile]) -> None:
        """Moves a run's staged files into place and commits them; afterwards the run counts as done.

        May be killed at any point and repeated, see `recover`.
        """
        manifest = storage.join(self.staging(run_id), _MANIFEST)
        with storage.create(manifest) as stream:
            stream.write(json.dumps([file._asdict() for file in files]).encode())
        storage.move(self.staging(run_id), [f"{file.table}/{file.path}" for file in files], self.root)
        for name in TABLES:  # `runs` is last: it says that the run is done
            self._commit(name, [file for file in files if file.table == name], run_id)
        self.discard(run_id)

    def recover(self, run_id: str) -> bool:
        """Clears up after a dead run; True if it died while publishing, and its publication has been finished."""
        manifest = storage.join(self.staging(run_id), _MANIFEST)
        publishing = storage.exists(manifest)
        if publishing:
            self.publish(run_id, [DataFile(**entry) for entry in json.loads(storage.read(manifest))])
        self.discard(run_id)
        return publishing

    def discard(self, run_id: str) -> None:
        """Removes whatever a run has staged."""
        storage.remove(self.staging(run_id))

    def _commit(self, name: str, files: Sequence[DataFile], run_id: str) -> None:
        """Adds a run's files to a table, once, however often it is called."""
        for attempts_left in reversed(range(_ATTEMPTS)):
            table = self.open(name) or self._create(name)
            if not files or table.transaction_version(run_id) is not None:
                return
            try:
                table.create_write_transaction(
                    [_add_action(file) for file in files],
                    mode="append",
                    schema=TABLES[name],
                    partition_by=list(PARTITIONS[name]),
                    commit_properties=CommitProperties(app_transactions=[Transaction(run_id, 1)]),
                )
            except CommitFailedError:  # two runs made the table at once: the other's metadata came in between
                if not attempts_left:
                    raise

    def _create(self, name: str) -> DeltaTable:
        return DeltaTable.create(
            storage.join(self.root, name),
            schema=TABLES[name],
            mode="ignore",  # another run may have made it meanwhile
            partition_by=list(PARTITIONS[name]),
            configuration={_VERSION_KEY: str(SCHEMA_VERSION)},
            raise_if_key_not_exists=False,
        )


def read_table(path: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of one file of the dataset; columns that an older file lacks are left out."""
    source = pa.BufferReader(storage.read(path)) if storage.is_remote(path) else path
    with pq.ParquetFile(source) as file:
        return file.read([name for name in columns if name in file.schema_arrow.names])


def _add_action(file: DataFile) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=dict(zip(PARTITIONS[file.table], file.partition, strict=True)),
        modification_time=0,  # nothing reads it, and a clock would make equal runs differ
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )
