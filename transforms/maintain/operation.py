"""An operation of maintenance: planned, staged and published, and planned anew if other processes were faster."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from warraq.transforms.dataset.dataset import UPKEEP, Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError, OvertakenError
from warraq.transforms.dataset.loads import REWRITES
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish, recover, settle

_ATTEMPTS: Final = 20
_PATIENCE: Final = 600.0  # seconds, for the same operation in another process
Report = TypeVar("Report")


class Operation(NamedTuple):
    """An attempt at an operation."""

    id: str  # its transaction
    staging: str  # the name under which its files are staged
    rewrites: int  # the version of loads.REWRITES that it is planned on


Plan = Callable[[Operation], tuple[Publication | None, Report]]


def carry_out(dataset: Dataset, name: str, plan: Callable[[Operation], tuple[Publication | None, Report]]) -> Report:
    """Plans a change, publishes it, and returns the report of the plan.

    Args:
      dataset: the dataset.
      name: the operation and what it is about. Two of the same name at once wait for each other.
      plan: stages the new files and gives the publication, or None if there is nothing to do, and a report. All tables
        that it reads are those of one moment, or the publication is not carried out.

    Raises:
      DatasetError: others changed the dataset again and again, or have been at the same operation for ten minutes.
    """
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(OvertakenError):
            return _attempt(dataset, name, plan)
    raise DatasetError(f"{dataset.root}: other processes change it all the time; try again later")


def rewrites(dataset: Dataset) -> int:
    """The number of publications that have replaced files."""
    return dataset.transactions([REWRITES]).get(REWRITES, 0)


def _attempt(dataset: Dataset, name: str, plan: Plan[Report]) -> Report:
    staging = dataset.staging_name(UPKEEP + _digest(name))
    with dataset.lock(staging, _PATIENCE) as ours:
        if not ours:
            raise DatasetError(f"{dataset.root}: another process has been doing the same for ten minutes; try later")
        number = rewrites(dataset)
        settle(dataset)  # the other tables have now what `number` says, or it is not the newest any more
        operation = Operation(_digest(name, number), staging, number)
        try:
            change, report = plan(operation)
            if change is not None:
                publish(dataset, operation.staging, change)
        except DamagedDatasetError as error:
            if rewrites(dataset) != number:  # another process has moved the files away that were read
                raise OvertakenError("another process has replaced files meanwhile", [REWRITES]) from error
            raise
        finally:
            recover(dataset, operation.staging, operation.id)  # finishes what had begun, or removes what is staged
        return report


def _digest(*parts: str | int) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
