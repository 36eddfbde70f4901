"""The publication of a run: its staged files are moved into place and committed, together and once.

The files are listed in a manifest first, then moved, then committed to each table, to `runs` last. Every step can be
repeated. So the next run finishes the publication of a run that was killed in it, and nothing remains of a run that was
killed before.
"""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from deltalake import CommitProperties, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError

_PUBLISHING: Final = f".publishing{storage.LOCK}"
_PATIENCE: Final = 60.0  # seconds to wait for another process that publishes the same run
_ATTEMPTS: Final = 5  # at a commit that collides with those of others
_LONGEST_NAME: Final = 255  # bytes of a data file's path inside its table; ours have at most 150


def publish(dataset: Dataset, run_id: str, files: Sequence[DataFile]) -> None:
    """Moves a run's staged files into place and commits them. Afterwards the run counts as done.

    The process may be killed at any moment; then `recover` finishes the work. Nothing is published a second time if the
    run has been committed before, or if another publication of it had begun.

    Raises:
      DatasetError: a staged file is gone, because another process took this run for dead and cleared its files; or
        another process has been publishing the run for a minute.
    """
    with _publishing_lock(dataset, run_id, _PATIENCE) as ours:
        _insist(dataset, run_id, ours)
        _resume(dataset, run_id)
        if not dataset.has_run(run_id):
            with storage.create(dataset.manifest_path(run_id)) as stream:
                stream.write(json.dumps([file._asdict() for file in files]).encode())
            try:
                _finish(dataset, run_id, files)
            except storage.LostFileError as error:
                storage.delete(dataset.manifest_path(run_id))
                raise DatasetError(f"{error} is gone: another process has cleared this run; try again") from error
        discard(dataset, run_id)


def recover(dataset: Dataset, run_id: str) -> bool:
    """Clears up after a dead run, of which nothing stays staged. Returns True if the run is committed then.

    A publication that had begun is finished. If files of it are lost and no table has committed it, all of it is
    removed.

    Raises:
      DamagedDatasetError: files of the run are lost and one table has committed it; everything stays as it is.
      DatasetError: another process has been publishing the run for a minute.
    """
    with _publishing_lock(dataset, run_id, _PATIENCE) as ours:
        _insist(dataset, run_id, ours)
        _clear_up(dataset, run_id)
    return dataset.has_run(run_id)


def recover_dead_runs(dataset: Dataset) -> list[str]:
    """Clears up after all dead runs, as `recover` does. Returns sentences for the user about what was done.

    A living run holds its lock and is left alone. Buckets have no locks: there, no other run is touched.

    Raises:
      DamagedDatasetError: see `recover`.
    """
    told: list[str] = []
    for run_id in [] if storage.is_remote(dataset.root) else dataset.staged_runs():
        with dataset.lock(run_id) as dead:
            if dead:
                told += _clear_up_unless_publishing(dataset, run_id)
    return told


def discard(dataset: Dataset, run_id: str) -> None:
    """Removes all that a run has staged."""
    storage.remove(dataset.staging_folder(run_id))


def _publishing_lock(dataset: Dataset, run_id: str, patience: float) -> AbstractContextManager[bool]:
    """Holds the right to publish or clear a run while the block runs.

    The launcher holds the lock of the run itself. It may be killed while a worker goes on publishing.
    """
    return storage.lock(dataset.staging_folder(run_id) + _PUBLISHING, patience)


def _insist(dataset: Dataset, run_id: str, ours: bool) -> None:
    if not ours:
        raise DatasetError(f"{dataset.root}: another process is publishing run {run_id}; wait for it, then try again")


def _clear_up_unless_publishing(dataset: Dataset, run_id: str) -> list[str]:
    with _publishing_lock(dataset, run_id, 0) as ours:
        return _clear_up(dataset, run_id) if ours else []


def _clear_up(dataset: Dataset, run_id: str) -> list[str]:
    """As `recover`, for a caller that holds the locks. Returns sentences for the user."""
    told = _resume(dataset, run_id)
    discard(dataset, run_id)
    return told


def _resume(dataset: Dataset, run_id: str) -> list[str]:
    """Finishes a publication that has begun, or removes it. Returns sentences for the user."""
    manifest = dataset.manifest_path(run_id)
    if not storage.exists(manifest):
        return []
    files: list[DataFile] = []
    try:
        files = _parse_manifest(storage.read(manifest))
        _finish(dataset, run_id, files)
    except ValueError:
        fault = f"{manifest} is broken"
    except storage.LostFileError as error:
        fault = f"{error} is missing or has another size"
    else:
        return [f"finished the publication of run {run_id}, which was killed"]
    if dataset.has_run(run_id):
        return []
    if any(delta_log.has_run(dataset.open(name), run_id) for name in TABLES):
        raise DamagedDatasetError(f"{dataset.root}: run {run_id} is committed in part, but {fault}; {CURE}")
    _withdraw(dataset, files)
    discard(dataset, run_id)
    return [f"run {run_id} was killed, and {fault}: nothing of it was committed; ingest its dumps again"]


def _finish(dataset: Dataset, run_id: str, files: Sequence[DataFile]) -> None:
    """Publishes the files of each table that does not have the run yet."""
    left = [name for name in TABLES if not delta_log.has_run(dataset.open(name), run_id)]
    waiting = {f"{file.table}/{file.path}": file.size for file in files if file.table in left}
    storage.move(dataset.staging_folder(run_id), waiting, dataset.root)
    # The table `runs` is the last of TABLES: its entry says that the run is done.
    alone = [_commit(dataset, name, [file for file in files if file.table == name], run_id) for name in left]
    if len(left) < len(TABLES) or not all(alone):
        _withdraw(dataset, files)


def _withdraw(dataset: Dataset, files: Sequence[DataFile]) -> None:
    """Removes those of the files that are in place but in no log: another process has published others."""
    for name in TABLES:
        paths = [file.path for file in files if file.table == name]
        logged = set(delta_log.files(dataset.open(name)) if paths else [])
        for path in paths:
            if path not in logged:
                storage.delete(storage.join(dataset.root, name, path))


def _commit(dataset: Dataset, name: str, files: Sequence[DataFile], run_id: str) -> bool:
    """Adds a run's files to a table, once, however often it is called. Returns False if another process was first.

    A run without files is committed too. So each table has every run, and a lost entry of a log shows.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        table = dataset.open_or_create(name)
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


def _add_action(file: DataFile) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=dict(zip(PARTITIONS[file.table], file.partition, strict=True)),
        modification_time=0,  # no reader needs the time, and with it equal runs would differ
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )


def _parse_manifest(content: bytes) -> list[DataFile]:
    """The files of a manifest. Each path is inside the folder of its table.

    Raises:
      ValueError: the content is no manifest.
    """
    try:
        files = [DataFile(**entry) for entry in json.loads(content)]
        valid = all(
            file.table in TABLES
            and {"", ".", ".."}.isdisjoint(file.path.split("/"))
            and len(file.path.encode()) < _LONGEST_NAME
            and len(file.partition) == len(PARTITIONS[file.table])
            and isinstance(file.size, int)
            for file in files
        )
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(content) from error
    if not valid:
        raise ValueError(content)
    return files
