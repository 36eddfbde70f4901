"""`warraq maintain DIR check`: everything that the tables, the files, the rows and the ledger say must agree.

One pass reads every file to its end, one at a time. At its end the rows are compared, in at most 256 MB of memory and a
temporary file on disk.
"""

import argparse
from collections.abc import Callable, Iterator
from typing import Final

from warraq.schemas.arrow import TABLES
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.maintain import damage, repair, snapshot
from warraq.transforms.maintain.fault import LOGS, Fault
from warraq.transforms.maintain.row_checks import COLUMNS, row_checks
from warraq.transforms.maintain.snapshot import Snapshot

_ROUNDS: Final = 3  # of repair; the first may only finish what was killed, so that the rows can be compared


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the operation."""
    parser.add_argument("--repair", action="store_true", help="mend the faults that have a cure, then check again")


def run(dataset: Dataset, options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Tells each fault in one line, and each repair. Returns 0 if the dataset has no fault at the end, else 1.

    May be killed at any moment and run again. Other processes may ingest meanwhile; their new rows are not checked.

    Raises:
      DatasetError: there is no dataset, it is newer than this program, or the storage does not answer.
    """
    dataset.check_name()
    if not any(storage.entries(storage.join(dataset.root, name)) for name in TABLES):
        raise DatasetError(f"{dataset.root}: no dataset there")
    rounds_left = _ROUNDS if options.repair else 0
    while True:
        found: list[Fault] = []
        for fault in faults(dataset):
            tell(str(fault))
            found.append(fault)
        if not rounds_left or not any(fault.is_curable for fault in found):
            break
        if any(fault.kind in LOGS for fault in found):
            tell("nothing is repaired while a log is damaged: files that it has lost would be moved away")
            break
        rounds_left -= 1
        for line in repair.repair(dataset, found):
            tell(line)
        tell("checking again")
    faulty = f"{len(found):,} fault{'s' if len(found) > 1 else ''}"
    tell(f"{dataset.root}: {faulty if found else 'no fault'}")
    return int(bool(found))


def faults(dataset: Dataset) -> Iterator[Fault]:
    """All faults of the dataset, in a fixed order: logs, tables, files, transactions, ledger, rows.

    Rows are not compared while a publication is unfinished, and the rest is not checked while a log is broken.

    Raises:
      DatasetError: the dataset is newer than this program, or the storage does not answer.
    """
    broken = False
    for fault in damage.log_faults(dataset):
        broken = True
        yield fault
    if broken:
        return
    yield from damage.lost_entries(dataset)
    found = snapshot.take(dataset)
    yield from _unfinished(dataset, found)
    yield from damage.table_faults(found)
    with row_checks() as checks:
        for name in TABLES:
            for file in found.files[name]:
                file_fault, content = damage.examine(dataset, file, COLUMNS.get(name, ()))
                if name in COLUMNS:
                    checks.add(file, content)
                if file_fault:
                    yield file_fault
            yield from damage.unlogged(found, name)
        if not found.publications:
            yield from checks.faults(found.tables)


def _unfinished(dataset: Dataset, found: Snapshot) -> Iterator[Fault]:
    """The files that killed runs have left under staging."""
    for staging in found.publications:
        text = f"{dataset.manifest_path(staging)}: a publication was killed; rows are not compared until it is finished"
        yield Fault("publication", text)
    for staging in found.leftovers:
        yield Fault("staging", f"{dataset.staging_folder(staging)} is left of a killed run")
