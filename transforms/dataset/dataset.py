"""The dataset on disk: three Delta tables in one folder, opened, checked and extended.

    OUTPUT/articles/date=…/topic=…/*.parquet   OUTPUT/rejected/stage=…/*.parquet   OUTPUT/runs/*.parquet

A run stages its files under `OUTPUT/_staging/RUN_ID`, writes down what it is about to publish, moves the files into
place and commits each table once. Every step can be repeated, so a run that was killed while publishing is finished by
the next one, and a run that was killed before leaves nothing behind.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from warraq.schemas.arrow import PARTITIONS, SCHEMA_VERSION, TABLES, file_schema
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log

STAGING: Final = "_staging"
MANIFEST: Final = "publish.json"
_PUBLISHING: Final = f".publishing{storage.LOCK}"
_OLD_PROBE: Final = ".writable"  # versions before 0.2 left it in the dataset when they were killed
_ATTEMPTS: Final = 5  # at a commit that others get in the way of
_NEWEST: Final = 5  # commits of each table that are compared with the other tables
_PATIENCE: Final = 60.0  # seconds to wait for another process that publishes the same run
_VERSION_KEY: Final = "warraq.schema_version"
_RUN_KEY: Final = "warraq.run_id"  # in the metadata of a commit
_LONGEST_NAME: Final = 255  # bytes of a data file's path inside its table; ours have at most 150
_LONGEST_PATH: Final = 4096 - 400  # bytes: what Linux takes, less what lies below the dataset's folder

_COLUMNS: Final = {name.lower() for schema in TABLES.values() for name in schema.names}
_UNFIT: Final = {  # in the path of a dataset, because delta-rs can't open it
    r"[\x00-\x1f\x7f]": "a control character",
    r"\\": "a backslash",
    r"%[0-9A-Fa-f]{2}": "a percent sign before two hexadecimal digits",
    r"[\ud800-\udfff]": "bytes that are not UTF-8",
}
_UNFIT_REMOTE: Final = {  # in the address of a bucket, because Beam takes it for a pattern or it means something else
    r"[*?\[\]{}]": "one of * ? [ ] { }",
    r"[%#\\]": "one of % # \\",
    r"[\x00-\x1f\x7f\ud800-\udfff]": "a control character or bytes that are not UTF-8",
    r"://.*//|/\.\.?(/|$)": "an empty, . or .. folder",
}
CURE: Final = "restore it from a copy, or ingest the dumps into a new --output folder"


class DatasetError(Exception):
    """The output folder can't be used; the message says why and what to do."""


class DamagedDatasetError(DatasetError):
    """A part of the dataset is missing or broken; the message names it and says what to do."""


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


class Dataset:
    """The dataset in the folder (or bucket prefix) `root`. Nothing is opened before it is asked for."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or "/" if root else ""

    def check(self) -> None:
        """Returns if a run may write here.

        Raises:
          DatasetError: the folder holds something else, is damaged, newer than this program, or can't be written.
        """
        _check_no_column(self.root)
        self.check_whole()
        try:
            if self._foreign() and not self.open("runs"):
                raise DatasetError(f"{self.root}: not empty and not a Warraq dataset; name another --output folder")
            storage.check_writable(storage.join(self.root, STAGING))
        except OSError as error:
            raise DatasetError(f"{self.root}: can't write there ({error.strerror or error})") from error

    def check_name(self) -> None:
        """Returns if a dataset can have this path or address.

        Raises:
          DatasetError: it can't.
        """
        _check_name(self.root)

    def check_whole(self) -> None:
        """Returns if the tables can be read, are known to this program, and agree with each other.

        Compares the newest entries of the logs only; `verify` reads everything.

        Raises:
          DatasetError: the folder can't be a dataset's or be read, or was written by a newer program.
          DamagedDatasetError: a table has lost its log or the end of it.
        """
        _check_name(self.root)
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
          DatasetError: the storage doesn't answer, or refuses.
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

    def files(self, name: str) -> list[str]:
        """The files that make up a table now, as full paths, sorted."""
        return [storage.join(self.root, name, path) for path in delta_log.files(self.open(name))]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small unpartitioned table such as `runs`.

        Raises:
          DamagedDatasetError: a file of it is missing or broken.
        """
        return [row for path in self.files(name) for row in read_table(path, TABLES[name].names).to_pylist()]

    def has_run(self, run_id: str) -> bool:
        """True once that run has been committed."""
        return delta_log.has_run(self.open("runs"), run_id)

    def staging(self, run_id: str) -> str:
        """The folder of a run's files before they are published."""
        return storage.join(self.root, STAGING, run_id)

    def staged(self, run_id: str, file: DataFile) -> str:
        """The path of a file that a run has staged."""
        return storage.join(self.staging(run_id), file.table, file.path)

    def leave(self, run_id: str, name: str, content: bytes) -> None:
        """Writes a note under a run's staging, for another process of the run."""
        with storage.create(storage.join(self.staging(run_id), name)) as stream:
            stream.write(content)

    def left(self, run_id: str, name: str) -> bytes | None:
        """A note that a run has left; None if there is none."""
        path = storage.join(self.staging(run_id), name)
        return storage.read(path) if storage.exists(path) else None

    def lock(self, run_id: str, patience: float = 0.0) -> AbstractContextManager[bool]:
        """Holds a run's name while the block runs; False if a living process has it. It dies with its process.

        Args:
          run_id: of the run.
          patience: seconds to wait for another holder. One that only clears up after a dead run is soon done.
        """
        return storage.lock(self.staging(run_id) + storage.LOCK, patience)

    def staged_runs(self) -> list[str]:
        """The runs that have files, or hold a lock, under staging."""
        return sorted({name.partition(".")[0] for name in storage.entries(storage.join(self.root, STAGING))})

    def publishing(self) -> list[str]:
        """The runs that are publishing, or were killed while they did."""
        return [run_id for run_id in self.staged_runs() if storage.exists(self._manifest(run_id))]

    def recover_dead_runs(self) -> list[str]:
        """Clears up after all dead runs, as `recover` does; returns what there is to tell the user, in sentences.

        A live run holds its lock, and is left alone. Buckets know no locks: there, nobody else's run is touched.

        Raises:
          DamagedDatasetError: see `recover`.
        """
        told: list[str] = []
        for run_id in [] if storage.is_remote(self.root) else self.staged_runs():
            with self.lock(run_id) as dead:
                if dead:
                    told += self._clear_up_unless_publishing(run_id)
        return told

    def recover(self, run_id: str) -> bool:
        """Clears up after a dead run, of which nothing stays staged; True if the run is committed then.

        A run that died while publishing is finished. If files of it are lost and nothing of it has been committed, all
        of it is removed.

        Raises:
          DamagedDatasetError: files of it are lost and a part of it has been committed; everything is left as it is.
          DatasetError: another process has been publishing it for a minute.
        """
        with self._publishing(run_id, _PATIENCE) as ours:
            self._insist(ours, run_id)
            self._clear_up(run_id)
        return self.has_run(run_id)

    def stage(self, run_id: str, file: DataFile, rows: Iterable[pa.Table]) -> DataFile:
        """Writes one file under staging, whole or not at all; each table of `rows` becomes a row group.

        Returns it with its numbers of rows and bytes. Its name gets a digest of its content, which names the run: so no
        name in the dataset ever stands for two contents, and damage shows.
        """
        content, count = _encode(file.table, rows, run_id)
        staged = file._replace(path=f"{file.path}-{digest(content)}.parquet", rows=count, size=len(content))
        with storage.create(self.staged(run_id, staged)) as stream:
            stream.write(content)
        return staged

    def publish(self, run_id: str, files: Sequence[DataFile]) -> None:
        """Moves a run's staged files into place and commits them; afterwards the run counts as done.

        May be killed at any point and repeated, see `recover`. A run that has been committed already, or a publication
        that has begun already, is not begun again with other files.

        Raises:
          DatasetError: a staged file is gone, because another process has taken this run for dead and cleared it; or
            another process has been publishing it for a minute.
        """
        with self._publishing(run_id, _PATIENCE) as ours:
            self._insist(ours, run_id)
            self._resume(run_id)
            if not self.has_run(run_id):
                manifest = storage.join(self.staging(run_id), MANIFEST)
                with storage.create(manifest) as stream:
                    stream.write(json.dumps([file._asdict() for file in files]).encode())
                try:
                    self._finish(run_id, files)
                except storage.LostFileError as error:
                    storage.delete(manifest)
                    raise DatasetError(f"{error} is gone: another process has cleared this run; try again") from error
            self.discard(run_id)

    def discard(self, run_id: str) -> None:
        """Removes whatever a run has staged."""
        storage.remove(self.staging(run_id))

    def _foreign(self) -> list[str]:
        """What lies in the folder and is not ours."""
        known = {STAGING, _OLD_PROBE, *TABLES}
        names = storage.entries(self.root)
        return [name for name in names if name not in known and not name.startswith(storage.UNFINISHED)]

    def _lost_log(self, tables: Mapping[str, DeltaTable | None]) -> str | None:
        """A table that holds files but has no log."""
        for name, table in tables.items():
            if table is None and set(storage.entries(storage.join(self.root, name))) - {delta_log.FOLDER}:
                # A run moves its files into a new table before it makes the log. It ends before it is seen here, or is.
                publishing = self.publishing()
                if not publishing and self.open(name) is None:
                    return f"{name}/ holds files, but its log {name}/{delta_log.FOLDER} is empty or gone"
        return None

    def _lost_entry(self, tables: Mapping[str, DeltaTable | None]) -> str | None:
        """A run that one table has and another denies: each run commits to all tables, and to `runs` last."""
        newest = {name: delta_log.newest_runs(table, _NEWEST) for name, table in tables.items()}
        due = [(name, run_id) for name in TABLES for run_id in (newest["runs"] if name != "runs" else [])]
        due += [("runs", run_id) for name in TABLES if name != "runs" for run_id in newest[name]]
        lost = [(name, run_id) for name, run_id in due if not delta_log.has_run(tables[name], run_id)]
        publishing = self.publishing() if lost else []
        for name, run_id in lost:
            # Who was publishing when the tables were opened, either still is or has committed by now.
            if run_id not in publishing and not delta_log.has_run(self.open(name), run_id):
                return f"the log {name}/{delta_log.FOLDER} has lost the entry of run {run_id}, which another table has"
        return None

    def _manifest(self, run_id: str) -> str:
        return storage.join(self.staging(run_id), MANIFEST)

    def _publishing(self, run_id: str, patience: float) -> AbstractContextManager[bool]:
        """Holds the right to publish or clear a run while the block runs.

        The run's own lock is its launcher's, which may be killed while a worker of it publishes on.
        """
        return storage.lock(self.staging(run_id) + _PUBLISHING, patience)

    def _insist(self, ours: bool, run_id: str) -> None:
        if not ours:
            raise DatasetError(f"{self.root}: another process is publishing run {run_id}; wait for it, then try again")

    def _clear_up_unless_publishing(self, run_id: str) -> list[str]:
        with self._publishing(run_id, 0) as ours:
            return self._clear_up(run_id) if ours else []

    def _clear_up(self, run_id: str) -> list[str]:
        """As `recover`, for who holds the locks; returns what there is to tell."""
        told = self._resume(run_id)
        self.discard(run_id)
        return told

    def _resume(self, run_id: str) -> list[str]:
        """Finishes a publication that has begun, or removes it; returns what there is to tell."""
        if not storage.exists(self._manifest(run_id)):
            return []
        files: list[DataFile] = []
        try:
            files = _parse_manifest(storage.read(self._manifest(run_id)))
            self._finish(run_id, files)
        except ValueError:
            fault = f"{self._manifest(run_id)} is broken"
        except storage.LostFileError as error:
            fault = f"{error} is missing or has another size"
        else:
            return [f"finished the publication of run {run_id}, which was killed"]
        if self.has_run(run_id):
            return []
        if any(delta_log.has_run(self.open(name), run_id) for name in TABLES):
            raise DamagedDatasetError(f"{self.root}: run {run_id} is committed in part, but {fault}; {CURE}")
        self._withdraw(files)
        self.discard(run_id)
        return [f"run {run_id} was killed, and {fault}: nothing of it was committed; ingest its dumps again"]

    def _finish(self, run_id: str, files: Sequence[DataFile]) -> None:
        """Publishes the files of each table that doesn't have the run yet."""
        left = [name for name in TABLES if not delta_log.has_run(self.open(name), run_id)]
        waiting = {f"{file.table}/{file.path}": file.size for file in files if file.table in left}
        storage.move(self.staging(run_id), waiting, self.root)
        # `runs` is last: it says that the run is done
        alone = [self._commit(name, [file for file in files if file.table == name], run_id) for name in left]
        if len(left) < len(TABLES) or not all(alone):
            self._withdraw(files)

    def _withdraw(self, files: Sequence[DataFile]) -> None:
        """Removes those of the files that are in place but in no log: another process has published others."""
        for name in TABLES:
            paths = [file.path for file in files if file.table == name]
            logged = set(delta_log.files(self.open(name)) if paths else [])
            for path in paths:
                if path not in logged:
                    storage.delete(storage.join(self.root, name, path))

    def _commit(self, name: str, files: Sequence[DataFile], run_id: str) -> bool:
        """Adds a run's files to a table, once, however often it is called; False if another process was first.

        A run without files is committed, too: so each table has every run, and a lost entry of a log shows.
        """
        for attempts_left in reversed(range(_ATTEMPTS)):
            table = self.open(name) or self._create(name)
            if delta_log.has_run(table, run_id):
                return False
            try:
                table.create_write_transaction(
                    [_add_action(file) for file in files],
                    mode="append",
                    schema=TABLES[name],
                    partition_by=list(PARTITIONS[name]),
                    commit_properties=CommitProperties(
                        app_transactions=[Transaction(run_id, 1)],
                        custom_metadata={delta_log.RUN_KEY: run_id, delta_log.FILES_KEY: str(len(files))},
                    ),
                )
            except CommitFailedError:  # two runs made the table at once: the other's metadata came in between
                if not attempts_left:
                    raise
            else:
                return True
        return False

    def _location(self, name: str) -> str:
        """What delta-rs finds a table by: it would take a relative path such as `a:b` for an address."""
        path = storage.join(self.root, name)
        return path if storage.is_remote(path) else str(Path(path).absolute())

    def _create(self, name: str) -> DeltaTable:
        return DeltaTable.create(
            self._location(name),
            schema=TABLES[name],
            mode="ignore",  # another run may have made it meanwhile
            partition_by=list(PARTITIONS[name]),
            configuration={_VERSION_KEY: str(SCHEMA_VERSION)},
            raise_if_key_not_exists=False,
        )


def read_table(path: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of one file of the dataset; columns that an older file lacks are left out.

    Raises:
      DamagedDatasetError: the file is missing or broken.
      OSError: the storage doesn't answer, or refuses.
    """
    try:
        source = pa.BufferReader(storage.read(path)) if storage.is_remote(path) else pa.OSFile(path)
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            return file.read([name for name in columns if name in file.schema_arrow.names])
    except FileNotFoundError as error:
        raise DamagedDatasetError(f"{path} is missing; {CURE}") from error
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise DamagedDatasetError(f"{path} is broken ({first_line(error)}); {CURE}") from error


def first_line(error: Exception) -> str:
    """The first line of what an exception says, at most 200 characters of it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def digest(content: bytes | memoryview) -> str:
    """What the name of a file says of its content: 40 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=20).hexdigest()


def _encode(name: str, rows: Iterable[pa.Table], run_id: str) -> tuple[memoryview, int]:
    """The bytes of a Parquet file, a row group for each table of `rows`, and its number of rows."""
    content, count = io.BytesIO(), 0
    schema = file_schema(name)
    schema = schema.with_metadata({**schema.metadata, b"warraq.run_id": run_id.encode()})
    with pq.ParquetWriter(content, schema, compression="zstd", write_page_checksum=True) as writer:
        for table in rows:
            writer.write_table(table.replace_schema_metadata(schema.metadata), row_group_size=max(1, table.num_rows))
            count += table.num_rows
    return content.getbuffer(), count


def _parse_manifest(content: bytes) -> list[DataFile]:
    """The files that a manifest names, all of which lie inside their table's folder.

    Raises:
      ValueError: it is no manifest.
    """
    try:
        files = [DataFile(**entry) for entry in json.loads(content)]
        sound = all(
            file.table in TABLES
            and {"", ".", ".."}.isdisjoint(file.path.split("/"))
            and len(file.path.encode()) < _LONGEST_NAME
            and len(file.partition) == len(PARTITIONS[file.table])
            and isinstance(file.size, int)
            for file in files
        )
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(content) from error
    if not sound:
        raise ValueError(content)
    return files


def _check_name(root: str) -> None:
    """Returns if a dataset can have this path.

    Raises:
      DatasetError: it can't.
    """
    if not root:
        raise DatasetError("--output is empty; name a folder")
    remote = storage.is_remote(root)
    path = root if remote else os.path.realpath(root)
    for pattern, named in (_UNFIT_REMOTE if remote else _UNFIT).items():
        if re.search(pattern, path):
            raise DatasetError(f"{path!r}: the path has {named}, which can't be in a dataset's; name another folder")
    if remote and not storage.is_reached(root):
        raise DatasetError(f"{root}: nothing here reaches such an address; install the extra for it, or name a folder")
    if not remote and len(os.fsencode(path)) > _LONGEST_PATH:
        raise DatasetError(f"{path[:60]}…: longer than {_LONGEST_PATH} bytes; name a folder with a shorter path")


def _check_no_column(root: str) -> None:
    """Returns if no folder in the path looks like a partition of our tables.

    Raises:
      DatasetError: one does: readers would take its value for that of every row.
    """
    path = root if storage.is_remote(root) else f"{Path(root).absolute()}/{os.path.realpath(root)}"
    for folder in path.split("/"):
        column, equals, _ = folder.partition("=")
        if equals and column.lower() in _COLUMNS:
            raise DatasetError(
                f"{root}: DuckDB and others would read the folder {folder!r} as the column {column} of every row; "
                "name another --output folder"
            )


def _add_action(file: DataFile) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=dict(zip(PARTITIONS[file.table], file.partition, strict=True)),
        modification_time=0,  # nothing reads it, and a clock would make equal runs differ
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )
