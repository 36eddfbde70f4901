"""The place of a record, (dump, dump_offset): no other record of any dump has it.

Verdicts on copies meet their articles by place, and `explain` finds a page by it. A reader therefore gives strictly
growing places, and the stretches between the first and the last place of its ranges don't overlap. Both are checked in
every run, for the cost of one comparison a record and one pair of numbers a range.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from warraq.schemas.coders import register
from warraq.schemas.records import Rejected
from warraq.transforms.ledger import LedgerError
from warraq.transforms.read.dump import Item, moved


class Stretch(NamedTuple):
    """The places that one range of a dump gave, both ends included."""

    first: int
    last: int


register(Stretch)


def settle_places(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a dump that is read as a whole, at growing places: one that is taken gives way to the next."""
    last = -1
    for item in items:
        last = max(item.source.dump_offset, last + 1)
        yield item if item.source.dump_offset == last else moved(item, last)


def check_growth(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a range.

    Raises:
      LedgerError: their places don't grow.
    """
    last = -1
    for item in items:
        if item.source.dump_offset <= last:
            raise LedgerError(f"{item.source.dump}: a record at {item.source.dump_offset} comes after one at {last}")
        last = item.source.dump_offset
        yield item


def check_stretches(dump: str, stretches: Iterable[Stretch]) -> Iterator[Rejected]:
    """Nothing, if the ranges of a dump gave places of their own. The type lets it join the reader's refusals.

    Raises:
      LedgerError: two ranges gave places in the same stretch.
    """
    last = -1
    for stretch in sorted(stretches):
        if stretch.first <= last:
            raise LedgerError(f"{dump}: two ranges gave records at {stretch.first} to {last}")
        last = stretch.last
    yield from ()
