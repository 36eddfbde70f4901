"""`maintain undo`: a run is taken out of the dataset, as if its dumps had never been read."""

from typing import NamedTuple

from warraq.transforms.dataset.chains import read_holdings
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.loads import load_id
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.take_out import Condition, take_out
from warraq.transforms.maintain.operation import Operation, carry_out


class Undone(NamedTuple):
    """The rows that went with a run."""

    dumps: list[str]  # of the run, and those of other runs that continue them
    articles: int
    rejected: int
    orphans: dict[str, int]  # dump → pages that stay rejected as copies of an article that went


def undo(dataset: Dataset, run_id: str) -> Undone:
    """Takes out the rows of a run and its row of `runs`. Its dumps count as new then. Rows it replaced don't come back.

    Of its dumps that grew later, the loads of other runs go, too. If one of its dumps is the continuation of another,
    that one stays as it was before, with its refusals of records that were cut then.

    Raises:
      DatasetError: the dataset has no such run.
    """

    def plan(operation: Operation) -> tuple[Publication, Undone]:
        runs = {run["run_id"]: run for run in dataset.rows("runs", ["run_id", "recipe", "dumps"])}
        if run_id not in runs:
            raise DatasetError(f"{dataset.root}: no run {run_id}; the view `runs` names them")
        dumps = runs[run_id]["dumps"]
        gone = frozenset(load_id(runs[run_id]["recipe"], dump["fingerprint"]) for dump in dumps)
        out = take_out(dataset, operation.staging, Condition(loads=gone))
        names = [load.dump for load in read_holdings(dataset).loads if load.load_id in out.loads]
        done = Undone(sorted(set(names)), len(out.articles), len(out.rejected), out.orphans)
        return out.publication(operation.id), done

    return carry_out(dataset, f"undo {run_id}", plan)
