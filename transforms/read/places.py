"""The place of a record, (dump, dump_offset). Each place belongs to one record only.

Deduplication joins verdicts and articles by place, and `explain` finds a page by it. So a reader gives strictly growing
places, and the stretches from the first to the last place of its ranges don't overlap. Every run checks both, at the
cost of one comparison a record and one pair of numbers a range.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from warraq.schemas.records import Rejected
from warraq.transforms.errors import LedgerError
from warraq.transforms.read.dump import Item, moved


class Stretch(NamedTuple):
    """The first and the last place of a range of a dump."""

    first: int
    last: int


def settle_places(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a dump that is read as a whole, at growing places: each at its own place or the next free one."""
    last = -1
    for item in items:
        last = max(item.source.dump_offset, last + 1)
        yield item if item.source.dump_offset == last else moved(item, last)


def check_growth(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a range, unchanged.

    Raises:
      LedgerError: a place is not greater than the one before it.
    """
    last = -1
    for item in items:
        if item.source.dump_offset <= last:
            raise LedgerError(f"{item.source.dump}: a record at {item.source.dump_offset} comes after one at {last}")
        last = item.source.dump_offset
        yield item


def check_stretches(dump: str, stretches: Iterable[Stretch]) -> Iterator[Rejected]:
    """Nothing if the ranges of a dump don't overlap. The type lets the result join the reader's rejections.

    Raises:
      LedgerError: two ranges gave places in the same stretch.
    """
    last = -1
    for stretch in sorted(stretches):
        if stretch.first <= last:
            raise LedgerError(f"{dump}: two ranges gave records at {stretch.first} to {last}")
        last = stretch.last
    yield from ()
