"""The plan of an ingestion: the dumps that are read, the loads that they replace, and the dumps that are left out."""

import collections
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from warraq.transforms.dataset import loads
from warraq.transforms.dataset.chains import Holdings, Load, read_holdings, whole_chains
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.read.dump import Dump, Earlier
from warraq.transforms.read.growth import begins_with, can_grow, sort_out

MOST_FAILURES: Final = 3  # of a load; then it is left out until --retry_failed
_FEW_FILES: Final = 100  # of the table `runs`: 0.1 s. `maintain` leaves one


class NamedCopy(NamedTuple):
    """A dump that is not read, because another one has the same bytes."""

    dump: Dump
    of: str  # the name of the other
    is_new: bool  # True if the other is read now; False if the dataset has it


class Plan(NamedTuple):
    """Each dump of the input stands in `new`, `held`, `other_rules` or `given_up`, or is a copy of one in `new`."""

    new: list[Dump]  # to read; of a dump that grew (`Dump.after`) only what follows its former end
    replaced: Mapping[str, Collection[str]]  # name of a new dump → loads that go out when it comes in
    held: list[Dump]  # in, under these rules
    other_rules: list[Dump]  # in, under other rules, and left alone
    given_up: list[Dump]  # failed too often
    orphaned: list[Dump]  # those of `held` with pages that are refused as copies of articles that are gone
    again: list[Dump]  # those of `new` that are in, or begin with a dump that is in, under other rules; its rows stay
    copies: list[NamedCopy]  # under names that the dataset does not have yet
    bringing: Mapping[str, int]  # versions of transactions that another run changes if it reads the same files
    standing: Mapping[str, int]  # versions of the dumps' transactions: no other run may bring one, under any rules
    rows_out: int  # the version of loads.ROWS_OUT that the plan was made on
    offsets: Mapping[str, int] = {}  # of partitions, as by `offsets.committed`, that the plan was made on
    covered: Collection[Dump] = ()  # segments whose messages are in from another landing folder

    def without(self, names: Collection[str]) -> "Plan":
        """The plan if the new dumps of these names are left out. The files with the same bytes are, too."""
        new = [dump for dump in self.new if dump.path not in names]
        left = {key for dump in new for key in _bringing_keys(dump)}
        return self._replace(
            new=new,
            replaced={name: gone for name, gone in self.replaced.items() if name not in names},
            again=[dump for dump in self.again if dump.path not in names],
            copies=[copy for copy in self.copies if not (copy.is_new and copy.of in names)],
            bringing={key: version for key, version in self.bringing.items() if key in left},
            standing={key: version for key, version in self.standing.items() if key in _dump_keys(new)},
        )


def plan(  # noqa: PLR0913  (the flags that decide)
    dataset: Dataset,
    dumps: Sequence[Dump],
    recipes: Sequence[str],
    *,
    only_new: bool = False,
    replace: bool = False,
    retry_failed: bool = False,
    by_name: bool = False,
) -> Plan:
    """Decides what is done with each dump.

    Costs the log of one table, whatever the dataset holds, if all dumps are in or given up. Else, and to replace, some
    columns of the table `runs`, too; they tell the dumps that grew. In a table of few files they are read always, for
    the names of copies.

    Args:
      dataset: the dataset.
      dumps: the input.
      recipes: the recipe of these rules, then its forms in earlier versions.
      only_new: a dump that was read under other rules is left alone.
      replace: a dump that was read under other rules, in part or whole, is read anew, and its old rows go out. So is
        one with pages that are refused as copies of articles that are gone.
      retry_failed: dumps that failed too often are tried again.
      by_name: of the dumps that can grow, only those whose name the dataset knows are taken for dumps that grew. Then
        other input costs the log only, and the names of copies are not told.
    """
    recipe = recipes[0]
    keys = {loads.ROWS_OUT}
    for dump in dumps:
        keys |= {loads.dump_key(dump.fingerprint), loads.failures_key(loads.load_id(recipe, dump.fingerprint))}
        found = [loads.load_id(each, dump.fingerprint) for each in recipes]
        keys |= {*map(loads.load_key, found), *map(loads.orphaned_key, found)}
        keys |= {loads.path_key(dump.path)} if can_grow(dump) else set()
    versions = dataset.transactions(sorted(keys))
    made = Plan([], {}, [], [], [], [], [], [], {}, {}, versions.get(loads.ROWS_OUT, 0))
    orphaned = {
        load
        for dump in dumps
        for load in (loads.load_id(each, dump.fingerprint) for each in recipes)
        if versions.get(loads.orphaned_key(load)) == loads.IN
    }
    for dump in dumps:
        failures = versions.get(loads.failures_key(loads.load_id(recipe, dump.fingerprint)), 0)
        is_in = versions.get(loads.dump_key(dump.fingerprint)) == loads.IN
        if any(versions.get(loads.load_key(loads.load_id(each, dump.fingerprint))) == loads.IN for each in recipes):
            made.held.append(dump)
            if any(loads.load_id(each, dump.fingerprint) in orphaned for each in recipes):
                made.orphaned.append(dump)
        elif is_in and only_new:
            made.other_rules.append(dump)
        elif failures >= MOST_FAILURES and not retry_failed:
            made.given_up.append(dump)
        else:
            made.new.append(dump)
    if by_name and not replace:
        is_known = any(loads.path_key(dump.path) in versions for dump in made.new if can_grow(dump))
        holdings = read_holdings(dataset) if is_known else Holdings([], {})
    elif made.new or replace or len(dataset.files("runs")) <= _FEW_FILES:
        holdings = read_holdings(dataset)
    else:
        return made
    anew: Collection[str] = ()
    if replace:
        made, anew = _made_anew(made, holdings.loads, frozenset(recipes), orphaned)
    made = _sorted(made, holdings, frozenset(recipes), only_new, replace, anew)
    standing = {key: versions.get(key, loads.OUT) for key in sorted(_dump_keys(made.new))}
    return made._replace(
        copies=[*made.copies, *_renamed([*made.held, *made.other_rules], holdings.names)],
        bringing=_bringing(made.new, holdings.loads, versions),
        standing=standing,
    )


def _made_anew(
    made: Plan, held: Sequence[Load], recipes: Collection[str], orphaned: Collection[str]
) -> tuple[Plan, frozenset[str]]:
    """The plan in which dumps that are in are new again if rows of theirs are not as these rules would make them.

    Returns their loads, too: also those under these rules go out.
    """
    other = {load.load_id for load in held if load.recipe not in recipes} | {*orphaned}
    chains = whole_chains(held, other)
    fingerprints = {load.fingerprint for load in held if load.load_id in chains}
    anew = [dump for dump in made.held if dump.fingerprint in fingerprints]
    names = {dump.fingerprint for dump in anew}
    gone = whole_chains(held, {load.load_id for load in held if load.fingerprint in names})
    kept = [dump for dump in made.held if dump.fingerprint not in names]
    return made._replace(new=[*made.new, *anew], held=kept, orphaned=[]), gone


def _sorted(  # noqa: PLR0913, PLR0917  (the parts of a plan)
    made: Plan,
    holdings: Holdings,
    recipes: Collection[str],
    only_new: bool,
    replace: bool,
    anew: Collection[str],
) -> Plan:
    """The plan with the new dumps that grew, that are copies of each other, and that replace others."""
    mine: list[Earlier] = []
    others: list[Earlier] = []
    for load in holdings.loads:
        is_mine = (only_new or load.recipe in recipes) and load.load_id not in anew
        (mine if is_mine else others).append(_earlier(load))
    to_read, known, copies = sort_out(made.new, mine, _begins_with)
    below, same, _ = sort_out(to_read, others, _begins_with)
    in_others = {dump.path: {dump.after.load_id} for dump in below if dump.after}
    in_others |= {dump.path: {load.load_id for load in others if load.fingerprint == dump.fingerprint} for dump in same}
    replaced = {}
    if replace:
        gone = whole_chains(holdings.loads, [load for each in in_others.values() for load in each])
        for number, dump in enumerate(to_read):
            if dump.after and (dump.after.load_id in gone or dump.path in in_others):
                to_read[number] = dump._replace(after=None)
                in_others.setdefault(dump.path, set()).add(dump.after.load_id)
        replaced = {name: whole_chains(holdings.loads, each) for name, each in in_others.items()}
    return made._replace(
        new=to_read,
        replaced=replaced,
        held=[*made.held, *known],  # another run has brought them since the log was read
        again=[] if replace else [dump for dump in to_read if dump.path in in_others],
        copies=[
            NamedCopy(dump, of.path, is_new=True)
            for dump, of in copies
            if dump.path not in holdings.names.get(of.fingerprint, ())
        ],
    )


def _begins_with(dump: Dump, earlier: Earlier) -> bool:
    """As `growth.begins_with`; False for a file that is gone, which the reader will tell."""
    try:
        return begins_with(dump, earlier)
    except (FileNotFoundError, PermissionError):
        return False


def _earlier(load: Load) -> Earlier:
    return Earlier(load.dump, load.size, load.format, load.fingerprint, load.beginning, load.load_id, load.after)


def _renamed(dumps: Iterable[Dump], names: Mapping[str, Sequence[str]]) -> list[NamedCopy]:
    """Those of the dumps that the dataset has under other names only."""
    known = [(dump, sorted(names.get(dump.fingerprint, ()))) for dump in dumps]
    return [NamedCopy(dump, found[0], is_new=False) for dump, found in known if found and dump.path not in found]


def _bringing(dumps: Iterable[Dump], held: Sequence[Load], versions: Mapping[str, int]) -> dict[str, int]:
    """The transactions that change if another run reads a file of these, or continues the same load."""
    continuing = collections.Counter(loads.continued_key(load.after_load) for load in held if load.after_load)
    found = {key for dump in dumps for key in _bringing_keys(dump)}
    return {key: continuing[key] or versions.get(key, 0) for key in sorted(found)}


def _dump_keys(dumps: Iterable[Dump]) -> set[str]:
    return {loads.dump_key(dump.fingerprint) for dump in dumps}


def _bringing_keys(dump: Dump) -> list[str]:
    keys = [loads.path_key(dump.path)] if can_grow(dump) else []
    return [*keys, loads.continued_key(dump.after.load_id)] if dump.after else keys
