"""`maintain vacuum`: files that a compaction or a take-down replaced are removed, and old entries of the logs.

A publication moves the files that it replaces to `_replaced/`. There they wait for the kept period, in case that
somebody wants them back. Beside them the log's own vacuum would find nothing.
"""

import argparse
import re
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.dataset import DIED, REPLACED, STAGING, Dataset

_DAY: Final = 86_400.0  # seconds
_UNITS: Final = {"h": 3_600.0, "d": _DAY}
_KEEP: Final = "7d"


class Vacuumed(NamedTuple):
    """The counts of what was removed."""

    replaced: int  # files
    bytes: int  # of them
    log_files: int
    staged: int  # remains of dead runs in a bucket


def vacuum(dataset: Dataset, keep: float, now: float) -> Vacuumed:
    """Removes what nothing needs any more. Afterwards each log has a checkpoint of its newest version.

    Files in the folders of the tables stay, even those that no log names; `maintain check` tells them. Entries of a log
    go when they are a week old and a checkpoint holds what they say; the table's property says how old.

    Args:
      dataset: the dataset.
      keep: seconds that replaced files are kept, counted from their replacement.
      now: seconds since 1970.
    """
    replaced = storage.join(dataset.root, REPLACED)
    old = [path for path, changed in storage.change_times(replaced).items() if changed < now - keep]
    size = sum(storage.size(storage.join(replaced, path)) or 0 for path in old)
    storage.delete_all(replaced, old)
    with storage.lock(dataset.publishing_lock()) as ours:  # else a publication could be moving files into them
        if ours:
            storage.remove_empty_folders(replaced)
    notes = storage.join(dataset.root, STAGING, DIED)  # on dead runs that were never repeated
    storage.delete_all(notes, [path for path, changed in storage.change_times(notes).items() if changed < now - keep])
    logs = sum(_clean_log(dataset, name) for name in TABLES)
    return Vacuumed(len(old), size, logs, _remove_abandoned(dataset, now))


def _clean_log(dataset: Dataset, name: str) -> int:
    """Makes a checkpoint and removes old entries of a table's log. Returns their number."""
    table = dataset.open(name)
    if table is None:
        return 0
    if delta_log.checkpoint_version(dataset.root, name) != table.version():
        table.create_checkpoint()
        table = dataset.open_or_create(name)  # only a table that is opened anew knows the checkpoint
    folder = storage.join(dataset.root, name, delta_log.FOLDER)
    before = set(storage.entries(folder))
    table.cleanup_metadata()
    return len(before - set(storage.entries(folder)))


def _remove_abandoned(dataset: Dataset, now: float) -> int:
    """Removes what was staged in a bucket, is not being published, and has not changed for a day. Returns its number.

    In a folder, locks tell dead runs from living ones, and the next command clears up after them.
    """
    removed = 0
    for staging in dataset.staged() if storage.is_remote(dataset.root) else []:
        times = storage.change_times(dataset.staging_folder(staging)).values()
        if times and max(times) < now - _DAY and not storage.exists(dataset.manifest_path(staging)):
            storage.remove(dataset.staging_folder(staging))
            removed += 1
    return removed


def period(text: str) -> float:
    """The seconds of a period such as 12h or 7d.

    Raises:
      argparse.ArgumentTypeError: it is none.
    """
    match = re.fullmatch(r"(\d{1,6})([hd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r}: not a period such as 12h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the operation."""
    parser.add_argument(
        "--keep",
        type=period,
        default=period(_KEEP),
        metavar="PERIOD",
        help=f"keep replaced files for so long: 12h, 7d (default: {_KEEP})",
    )


def run(dataset: Dataset, options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Carries out the operation as its flags say; returns the exit code."""
    done = vacuum(dataset, options.keep, time.time())
    if done.replaced:
        tell(f"vacuum: {done.replaced:,} replaced files removed ({done.bytes / 1e6:,.1f} MB)")
    if done.log_files:
        tell(f"vacuum: {done.log_files:,} old files of the logs removed")
    if done.staged:
        tell(f"vacuum: what {done.staged:,} dead runs had staged removed")
    return 0
