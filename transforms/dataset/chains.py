"""Chains of loads: a dump that grew is read on from its former end, so its load continues an earlier one.

Each record of such a dump is in one load only. So what happens to a load happens to those that continue it, too.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.loads import load_id

_COLUMNS = ("run_id", "recipe", "dumps", "beginnings", "copies")


class Load(NamedTuple):
    """A load that the dataset holds, as its run describes it. The fields have the names of the columns of `runs`."""

    run_id: str
    load_id: str
    recipe: str
    dump: str
    format: str
    size: int
    fingerprint: str
    beginning: str = ""  # "" in runs of older versions
    after: str = ""
    after_load: str = ""


class Holdings(NamedTuple):
    """All loads of a dataset, and the names under which it knows their dumps."""

    loads: list[Load]
    names: dict[str, list[str]]  # by fingerprint


def read_holdings(dataset: Dataset) -> Holdings:
    """The loads that a dataset holds. Reads some columns of the whole table `runs`; `maintain` keeps it in few files.

    Raises:
      DamagedDatasetError: a file of the table is missing or broken.
    """
    found = Holdings([], {})
    for run in dataset.rows("runs", _COLUMNS):
        beginnings = {each["dump"]: each for each in run.get("beginnings") or ()}
        for dump in run["dumps"]:
            more = {name: value for name, value in beginnings.get(dump["dump"], {}).items() if value is not None}
            key = load_id(run["recipe"], dump["fingerprint"])
            found.loads.append(Load(run["run_id"], key, run["recipe"], **{**dump, **more}))
        for dump in [*run["dumps"], *(run.get("copies") or ())]:
            found.names.setdefault(dump["fingerprint"], []).append(dump["dump"])
    return found


def with_continuations(held: Iterable[Load], loads: Collection[str]) -> frozenset[str]:
    """These loads and all that continue them."""
    return _reached(((load.after_load, load.load_id) for load in held), loads)


def with_former(held: Iterable[Load], loads: Collection[str]) -> frozenset[str]:
    """These loads and all that they continue."""
    return _reached(((load.load_id, load.after_load) for load in held if load.after_load), loads)


def whole_chains(held: Sequence[Load], loads: Collection[str]) -> frozenset[str]:
    """The chains in which these loads stand, whole."""
    return with_continuations(held, with_former(held, loads))


def _reached(links: Iterable[tuple[str, str]], loads: Collection[str]) -> frozenset[str]:
    """These loads and all to which links lead from them."""
    targets: dict[str, list[str]] = {}
    for start, end in links:
        targets.setdefault(start, []).append(end)
    found, waiting = set(loads), list(loads)
    while waiting:
        more = [end for end in targets.get(waiting.pop(), ()) if end not in found]
        found.update(more)
        waiting += more
    return frozenset(found)
