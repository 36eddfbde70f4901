"""The plan of an ingestion: the dumps that are read, the loads that they replace, and the dumps that are left out."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from warraq.transforms.dataset import loads
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.read.dump import Dump

MOST_FAILURES: Final = 3  # of a load; then it is left out until --retry_failed


class Plan(NamedTuple):
    """Each dump of the input stands in `new`, `held`, `other_rules` or `given_up`."""

    new: list[Dump]  # to read
    replaced: Sequence[str]  # loads that go out when the new ones come in
    held: list[Dump]  # in, under these rules
    other_rules: list[Dump]  # in, under other rules, and left alone
    given_up: list[Dump]  # failed too often
    again: list[Dump]  # those of `new` that are in, under other rules, whose rows stay
    rows_out: int  # the version of loads.ROWS_OUT that the plan was made on


def plan(  # noqa: PLR0913  (the flags that decide)
    dataset: Dataset,
    dumps: Sequence[Dump],
    recipes: Sequence[str],
    *,
    only_new: bool = False,
    replace: bool = False,
    retry_failed: bool = False,
) -> Plan:
    """Decides what is done with each dump. Costs the log of one table, whatever the dataset holds.

    Args:
      dataset: the dataset.
      dumps: the input.
      recipes: the recipe of these rules, then its forms in earlier versions.
      only_new: a dump that was read under other rules is left alone.
      replace: a dump that was read under other rules is read anew, and its old rows go out.
      retry_failed: dumps that failed too often are tried again.
    """
    recipe = recipes[0]
    keys = {loads.ROWS_OUT}
    for dump in dumps:
        keys |= {loads.dump_key(dump.fingerprint), loads.failures_key(loads.load_id(recipe, dump.fingerprint))}
        keys |= {loads.load_key(loads.load_id(each, dump.fingerprint)) for each in recipes}
    versions = dataset.transactions(sorted(keys))
    made = Plan([], [], [], [], [], [], versions.get(loads.ROWS_OUT, 0))
    for dump in dumps:
        failures = versions.get(loads.failures_key(loads.load_id(recipe, dump.fingerprint)), 0)
        is_in = versions.get(loads.dump_key(dump.fingerprint)) == loads.IN
        if any(versions.get(loads.load_key(loads.load_id(each, dump.fingerprint))) == loads.IN for each in recipes):
            made.held.append(dump)
        elif is_in and only_new:
            made.other_rules.append(dump)
        elif failures >= MOST_FAILURES and not retry_failed:
            made.given_up.append(dump)
        else:
            made.new.append(dump)
            if is_in and not replace:
                made.again.append(dump)
    if replace:
        made = made._replace(replaced=_loads_of(dataset, {dump.fingerprint for dump in made.new}))
    return made


def _loads_of(dataset: Dataset, fingerprints: Collection[str]) -> list[str]:
    """The loads of these dumps that the dataset holds. Reads the table `runs`."""
    held = [
        loads.load_id(run["recipe"], dump["fingerprint"])
        for run in dataset.rows("runs", ["recipe", "dumps"])
        for dump in run["dumps"]
        if dump["fingerprint"] in fingerprints
    ]
    return sorted(set(held))
