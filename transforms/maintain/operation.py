"""An operation of maintenance: planned, staged and published, and planned anew if other processes were faster."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError, OvertakenError
from warraq.transforms.dataset.loads import REWRITES
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish, recover

_ATTEMPTS: Final = 20
_PATIENCE: Final = 600.0  # seconds, for the same operation in another process
Report = TypeVar("Report")


class Operation(NamedTuple):
    """The names of an operation while it is carried out."""

    id: str  # its transaction
    staging: str  # the name under which its files are staged


Plan = Callable[[Operation], tuple[Publication | None, Report]]


def carry_out(dataset: Dataset, name: str, plan: Callable[[Operation], tuple[Publication | None, Report]]) -> Report:
    """Plans a change, publishes it, and returns the report of the plan.

    Args:
      dataset: the dataset.
      name: the operation and what it is about. Two of the same name at once wait for each other.
      plan: stages the new files and gives the publication, or None if there is nothing to do, and a report.

    Raises:
      DatasetError: others changed the dataset again and again, or have been at the same operation for ten minutes.
    """
    for _ in range(_ATTEMPTS):
        number = dataset.transactions([REWRITES]).get(REWRITES, 0)
        operation_id = hashlib.blake2b(json.dumps([name, number]).encode(), digest_size=16).hexdigest()
        operation = Operation(operation_id, dataset.staging_name(operation_id))
        with contextlib.suppress(OvertakenError):
            return _attempt(dataset, operation, plan)
    raise DatasetError(f"{dataset.root}: other processes change it all the time; try again later")


def _attempt(dataset: Dataset, operation: Operation, plan: Plan[Report]) -> Report:
    with dataset.lock(operation.staging, _PATIENCE) as ours:
        if not ours:
            raise DatasetError(f"{dataset.root}: another process has been doing the same for ten minutes; try later")
        try:
            change, report = plan(operation)
            if change is not None:
                publish(dataset, operation.staging, change)
        finally:
            recover(dataset, operation.staging, operation.id)  # finishes what had begun, or removes what is staged
        return report
