"""`maintain undo`: a run is taken out of the dataset, as if its dumps had never been read."""

import argparse
from collections.abc import Callable
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


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the operation."""
    parser.add_argument("run", metavar="RUN", help="the run_id, as the view `runs` has it")


def run(dataset: Dataset, options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Carries out the operation as its flags say; returns the exit code."""
    done = undo(dataset, options.run)
    if not done.dumps:
        tell(f"undo: run {options.run} only says which dumps failed; nothing of it can be taken out")
        return 1
    tell(f"undo: {done.articles:,} articles and {done.rejected:,} rejected pages of {', '.join(done.dumps)} taken out")
    for dump, pages in done.orphans.items():
        tell(f"undo: {pages:,} pages of {dump} stay rejected as copies of these; ingest it with --replace to have them")
    return 0
