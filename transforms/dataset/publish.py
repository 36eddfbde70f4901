"""The publication of a change: its files are moved into place and committed, together and once.

The change is written down in a manifest first. Then the new files are moved into place, each table is committed to, and
the files that were removed are moved out of the sight of plain reads. Every step can be repeated. So the next command
finishes a publication that was killed, and nothing remains of a run that was killed before.
"""

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log, loads, publication
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import REPLACED, Dataset
from warraq.transforms.dataset.errors import CURE, DamagedDatasetError, DatasetError, OvertakenError
from warraq.transforms.dataset.open_tables import STANDSTILL, tables_kept_open
from warraq.transforms.dataset.publication import CLAIM, Publication

_PATIENCE: Final = 600.0  # seconds to wait for another process that publishes
_ATTEMPTS: Final = 100  # at a commit: each failure means that another process has committed meanwhile


class Cleared(NamedTuple):
    """The end that a dead run was given."""

    words: str  # for the user
    run_id: str = ""  # of the run, if it is committed now and was not before


@tables_kept_open()  # it asks each of them several times
def publish(dataset: Dataset, staging: str, change: Publication) -> None:
    """Carries out a change, whose new files are staged under `staging`. Afterwards nothing of it is staged.

    The process may be killed at any moment; then `recover` finishes the work. Nothing happens if the change has been
    made before. In a folder, one process publishes at a time.

    Raises:
      OvertakenError: another process has committed one of its loads, or has changed what it was planned on. Nothing of
        it remains but the staged files.
      DatasetError: a staged file is gone, because another process took this run for dead and cleared its files; or
        another process has been publishing for ten minutes.
    """
    with _publishing(dataset, _PATIENCE) as ours:
        _insist(dataset, ours)
        _finish_others(dataset, staging)
        if not _is_done(dataset, change):
            _check(dataset.open(CLAIM), change)  # before anything is moved
            with storage.create(dataset.manifest_path(staging)) as stream:
                stream.write(change.to_json())
            try:
                _carry_out(dataset, staging, change)
            except storage.LostFileError as error:
                storage.delete(dataset.manifest_path(staging))
                raise DatasetError(f"{error} is gone: another process has cleared this run; try again") from error
            except OvertakenError:
                storage.delete(dataset.manifest_path(staging))
                raise
        discard(dataset, staging)


def recover(dataset: Dataset, staging: str, run_id: str) -> bool:
    """Clears up after a dead run, of which nothing stays staged. Returns True if the run is committed then.

    A publication that had begun is finished. If files of it are lost and no table has committed it, or another process
    has committed its dumps, all of it is removed.

    Raises:
      DamagedDatasetError: files of the run are lost and one table has committed it; everything stays as it is.
      DatasetError: another process has been publishing for ten minutes.
    """
    with _publishing(dataset, _PATIENCE) as ours:
        _insist(dataset, ours)
        _clear_up(dataset, staging)
    return dataset.has_run(run_id)


def has_dead_runs(dataset: Dataset) -> bool:
    """True if a run has died here and nothing has cleared up after it yet. Of a bucket, which has no locks, False."""
    found = False
    for staging in [] if storage.is_remote(dataset.root) else dataset.staged():
        with dataset.lock(staging) as dead:
            if dead:
                dataset.mark_death(staging)  # the lock, perhaps its only trace, goes now
                found = True
    return found


def recover_dead_runs(dataset: Dataset) -> list[Cleared]:
    """Clears up after all dead runs, as `recover` does. Returns what was done, but for files that were only staged.

    A living run holds its lock and is left alone; while any process publishes, all are. A bucket has no locks: there,
    publications that have begun are finished, which their own processes notice, and files that are only staged stay.

    Raises:
      DamagedDatasetError: see `recover`.
    """
    cleared: list[Cleared] = []
    if storage.is_remote(dataset.root):
        return [each for staging in dataset.publishing() for each in _resume(dataset, staging)]
    for staging in dataset.staged():
        with dataset.lock(staging) as dead:
            if dead:
                with _publishing(dataset, 0) as ours:
                    dataset.mark_death(staging)
                    cleared += _clear_up(dataset, staging) if ours else []
    if storage.exists(dataset.publishing_lock()):  # perhaps of a process that could not remove it
        with _publishing(dataset, 0):
            pass  # it goes with the lock
    return cleared


def settle(dataset: Dataset) -> None:
    """Returns once every publication that has begun is finished: each is in all tables or in none.

    Raises:
      DamagedDatasetError: see `recover`.
      DatasetError: another process has been publishing for ten minutes.
    """
    with _publishing(dataset, _PATIENCE) as ours:
        _insist(dataset, ours)
        for staging in dataset.publishing():  # in a folder they are dead; in a bucket both processes finish them
            _resume(dataset, staging)


def discard(dataset: Dataset, staging: str) -> None:
    """Removes all that is staged under that name."""
    storage.remove(dataset.staging_folder(staging))


def _publishing(dataset: Dataset, patience: float) -> AbstractContextManager[bool]:
    """Holds the right to publish in this dataset while the block runs; False if another process has it.

    The launcher holds the lock of its run. It may be killed while a worker goes on publishing, under this lock.
    """
    return storage.lock(dataset.publishing_lock(), patience)


def _insist(dataset: Dataset, ours: bool) -> None:
    if not ours:
        raise DatasetError(f"{dataset.root}: another process has been publishing for ten minutes; try again later")


def _finish_others(dataset: Dataset, staging: str) -> None:
    """Finishes the publications that had begun before: in a folder, who holds the lock knows that they are dead."""
    for other in [] if storage.is_remote(dataset.root) else dataset.publishing():
        if other != staging:
            _resume(dataset, other)
    _resume(dataset, staging)


def _clear_up(dataset: Dataset, staging: str) -> list[Cleared]:
    """As `recover`, for a caller that holds the locks."""
    cleared = _resume(dataset, staging)
    discard(dataset, staging)
    return cleared


def _resume(dataset: Dataset, staging: str) -> list[Cleared]:
    """Finishes a publication that has begun, or removes it."""
    manifest = dataset.manifest_path(staging)
    try:
        content = storage.read(manifest) if storage.exists(manifest) else None
    except FileNotFoundError:  # in a bucket: its own process has just finished it
        content = None
    if content is None:
        return []
    change, was_done = Publication(staging, ()), False
    try:
        change = publication.from_json(content, staging)
        was_done = _is_done(dataset, change)
        _carry_out(dataset, staging, change)
    except ValueError:
        fault = f"{manifest} is broken"
    except storage.LostFileError as error:
        fault = f"{error} is missing or has another size"
    except OvertakenError as error:
        discard(dataset, staging)
        return [Cleared(f"run {change.run_id} was cut short, and {error}: nothing of it was committed")]
    else:
        discard(dataset, staging)
        if was_done:
            return [Cleared(f"cleared up after run {change.run_id}, which was committed before it was cut short")]
        run_id = change.run_id if change.is_run else ""
        return [Cleared(f"finished the publication of run {change.run_id}, which was cut short", run_id)]
    if dataset.has_run(change.run_id):
        return []
    if any(delta_log.has_run(dataset.open(name), change.run_id) for name in TABLES):
        raise DamagedDatasetError(f"{dataset.root}: run {change.run_id} is committed in part, but {fault}; {CURE}")
    _withdraw(dataset, change.added)
    discard(dataset, staging)
    words = f"run {change.run_id} was cut short, and {fault}: nothing of it was committed; ingest its dumps again"
    return [Cleared(words)]


def _is_done(dataset: Dataset, change: Publication) -> bool:
    return all(delta_log.has_run(dataset.open(name), change.run_id) for name in change.tables)


def _check(table: DeltaTable | None, change: Publication) -> None:
    """Returns if the change can be made to this version of the first table, or has been made to it.

    Raises:
      OvertakenError: it can't be made any more.
    """
    if delta_log.has_run(table, change.run_id):
        return
    versions = delta_log.transactions(table, [*change.claims, *change.seen])
    if taken := [key for key in change.claims if versions.get(key)]:
        raise OvertakenError("another run has committed some of its dumps", taken)
    if moved := [key for key, version in change.seen.items() if versions.get(key, 0) != version]:
        if any(map(loads.is_bringing_key, moved)):
            raise OvertakenError("another run has committed a dump that is the same file", moved)
        if moved == [loads.ARRIVALS]:
            raise OvertakenError("another run has brought articles meanwhile", moved)
        raise OvertakenError("another process has taken out or replaced rows meanwhile", moved)


def _carry_out(dataset: Dataset, staging: str, change: Publication) -> None:
    """Adds and removes the files of each table that does not have the change yet."""
    left = [name for name in change.tables if not delta_log.has_run(dataset.open(name), change.run_id)]
    waiting = {f"{file.table}/{file.path}": file.size for file in change.added if file.table in left}
    storage.move(dataset.staging_folder(staging), waiting, dataset.root)
    # The table `runs` is the last: its entry says that a run is done.
    try:
        alone = [_commit(dataset, name, change) for name in left]
    except OvertakenError:
        _move_back(dataset, staging, change.added)
        raise
    if len(left) < len(change.tables) or not all(alone):
        _withdraw(dataset, change.added)
    _hide(dataset, change.removed)


def _withdraw(dataset: Dataset, files: Sequence[DataFile]) -> None:
    """Removes those of the files that are in place but in no log: another process has published others."""
    for path in _unlogged(dataset, files):
        storage.delete(storage.join(dataset.root, path))


def _move_back(dataset: Dataset, staging: str, files: Sequence[DataFile]) -> None:
    """Stages those of the files again that are in place but in no log: the change may be planned anew."""
    sizes = {f"{file.table}/{file.path}": file.size for file in files}
    back = {path: sizes[path] for path in _unlogged(dataset, files)}
    storage.move(dataset.root, back, dataset.staging_folder(staging), lost_ok=True)


def _hide(dataset: Dataset, files: Sequence[DataFile]) -> None:
    """Moves files that the log no longer names out of the sight of plain reads, to the folder REPLACED."""
    sizes = {f"{file.table}/{file.path}": file.size for file in files}
    if sizes:
        gone = {path: sizes[path] for path in _unlogged(dataset, files)}
        storage.move(dataset.root, gone, storage.join(dataset.root, REPLACED), lost_ok=True)


def _unlogged(dataset: Dataset, files: Sequence[DataFile]) -> list[str]:
    """The paths, below the dataset, of those files that the log of their table does not name."""
    paths: list[str] = []
    for name in TABLES:
        mine = [file.path for file in files if file.table == name]
        logged = set(delta_log.files(dataset.open(name)) if mine else [])
        paths += [f"{name}/{path}" for path in mine if path not in logged]
    return paths


def _commit(dataset: Dataset, name: str, change: Publication) -> bool:
    """Commits the change to one table, once, however often it is called. Returns False if another process was first.

    Raises:
      OvertakenError: see `publish`. Only the first table says so: who has committed there commits to the others too.
    """
    added, removed = change.files(name)
    # The id of an operation may expire: it only tells who finishes a killed one that it is done.
    last_updated = None if change.is_run else int(time.time() * 1000)
    properties = CommitProperties(
        app_transactions=[
            Transaction(change.run_id, 1, last_updated),
            *(Transaction(key, version) for key, version in sorted(change.transactions.items())),
        ],
        custom_metadata={
            delta_log.FILES_KEY: str(len(added)),
            **({delta_log.RUN_KEY: change.run_id} if change.is_run else {}),
        },
        max_commit_retries=0,  # else delta-rs would commit on a version of the table that was not checked
    )
    actions: list[AddAction | RemoveAction] = [_add_action(file, change.is_data) for file in added]
    actions += [_remove_action(file, change.is_data) for file in removed]
    for attempts_left in reversed(range(_ATTEMPTS)):
        with STANDSTILL:
            table = dataset.open_or_create(name)
            if delta_log.has_run(table, change.run_id):
                return False
            if name == CLAIM:
                _check(table, change)
            try:
                table.create_write_transaction(
                    actions,
                    mode="append",
                    schema=TABLES[name],
                    partition_by=list(PARTITIONS[name]),
                    commit_properties=properties,
                )
            except CommitFailedError:  # another process has committed since the table was opened
                if not attempts_left:
                    raise
            else:
                return True
    return False


def _add_action(file: DataFile, is_data: bool) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=_partition_values(file),
        modification_time=0,  # no reader needs the time, and with it equal runs would differ
        data_change=is_data,
        stats=json.dumps({"numRecords": file.rows}),
    )


def _remove_action(file: DataFile, is_data: bool) -> RemoveAction:
    return RemoveAction(
        path=file.path,
        data_change=is_data,
        deletion_timestamp=0,
        size=file.size,
        partition_values=_partition_values(file),
    )


def _partition_values(file: DataFile) -> dict[str, str | None]:
    return dict(zip(PARTITIONS[file.table], file.partition, strict=True))
