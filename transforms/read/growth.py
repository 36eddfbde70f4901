"""Dumps that grew: a file that begins with a dump that the dataset has, and goes on.

Web archives, JSON lines and TAR grow when records, members of gzip or frames of zstd are written behind their end.
Other formats can't: ZIP and Parquet have their directory at the end, and a file of HTML or text is one page. `tar -r`
writes over the zeros at the end, so its files don't begin with the former ones. What can't grow is a new dump.

Every record of a dump that grew is in one load only. The last records of the earlier load may have been cut, so the
reader compares both states of the file around the seam, place by place (`not_given`).
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias, cast

from warraq.schemas.records import Rejected
from warraq.transforms.read.discover import fingerprint_of
from warraq.transforms.read.dump import BUFFER, Dump, Earlier, Item, TakeBack, open_dump

_GROWING: Final = frozenset({"warc", "arc", "jsonl", "tar"})  # kinds
BeginsWith: TypeAlias = Callable[[Dump, Earlier], bool]


class Copy(NamedTuple):
    """A dump with the same bytes as another one of the same input. It is not read."""

    dump: Dump
    of: Dump


class Sorted(NamedTuple):
    """The dumps of an input, each in one of three lists, in order."""

    to_read: list[Dump]  # new ones, and those that grew, with `Dump.after`
    known: list[Dump]  # the dataset has their bytes, perhaps under another name
    copies: list[Copy]


def can_grow(dump: Dump) -> bool:
    """True if a longer file that begins with this one may be the same dump later."""
    return dump.kind in _GROWING


def begins_with(dump: Dump, earlier: Earlier) -> bool:
    """True if the file begins with the bytes of an earlier dump, as far as fingerprints tell. Reads 8 MiB at most.

    Raises:
      OSError: the file can't be read.
    """
    with open_dump(dump.path) as stream:
        return fingerprint_of(stream, earlier.size) == earlier.fingerprint


def sort_out(dumps: Iterable[Dump], earlier: Sequence[Earlier], begins_with: BeginsWith = begins_with) -> Sorted:
    """The dumps of an input by what the dataset has of them; `earlier` are the dumps of its loads.

    A dump grew if it is of the same format as an earlier one, larger, begins with its bytes, and no other dump has
    continued that one; of several the largest counts. Files are read only for candidates with an equal `beginning`, or
    of the same path if the dataset is too old to have it. So each dump costs a look into a table.
    """
    held = {load.fingerprint for load in earlier}
    continued = {load.after for load in earlier}
    free: dict[str, list[Earlier]] = {}  # by beginning, or by path
    for load in sorted(earlier, key=_rank, reverse=True):
        free.setdefault(load.beginning or load.path, []).append(load)
    to_read: dict[str, Dump] = {}
    known: list[Dump] = []
    copies: list[Copy] = []
    for dump in dumps:
        if dump.fingerprint in held:
            known.append(dump)
        elif dump.fingerprint in to_read:
            copies.append(Copy(dump, to_read[dump.fingerprint]))
        else:
            beginnings = {dump.beginning[:end] for end in range(1, len(dump.beginning) + 1)}
            likely = [load for key in {*beginnings, dump.path} for load in free.get(key, ()) if _may_begin(dump, load)]
            likely.sort(key=_rank, reverse=True)
            candidates = (load for load in likely if load.fingerprint not in continued)
            after = next((load for load in candidates if begins_with(dump, load)), None)
            continued |= {after.fingerprint} if after else set()
            to_read[dump.fingerprint] = dump._replace(after=after)
    return Sorted(list(to_read.values()), known, copies)


def _rank(load: Earlier) -> tuple[int, str, str]:
    return load.size, load.path, load.load_id


def _may_begin(dump: Dump, load: Earlier) -> bool:
    """True if `dump` may begin with the dump of `load`, without a look into the file."""
    if not can_grow(dump) or dump.format != load.format or load.size >= dump.size:
        return False
    return dump.beginning.startswith(load.beginning) if load.beginning else dump.path == load.path


def not_given(new: Iterable[Item], old: Iterable[Item], take_back: TakeBack) -> Iterator[Item]:
    """The items of `new` that are not in `old`, another state of the same records; both are at growing places.

    A page that was given is given for ever, whatever is at its place now. A rejection is taken back if its row would be
    another one today: the record was cut then.
    """
    olds = iter(old)
    former = next(olds, None)
    for item in new:
        while former and former.source.dump_offset < item.source.dump_offset:
            _take_back_rejection(former, take_back)
            former = next(olds, None)
        if former is None or former.source.dump_offset > item.source.dump_offset:
            yield item
            continue
        if isinstance(former, Rejected) and not _is_same(former, item):
            take_back(former)
            yield item
        former = next(olds, None)
    while former:
        _take_back_rejection(former, take_back)
        former = next(olds, None)


def _take_back_rejection(item: Item, take_back: TakeBack) -> None:
    if isinstance(item, Rejected):
        take_back(item)


def _is_same(former: Rejected, item: Item) -> bool:
    """True if the rows are equal but for the name of the dump: the file may have been moved."""
    return former._replace(source=former.source._replace(dump=item.source.dump)) == item


def first_bytes(stream: BinaryIO, size: int) -> BinaryIO:
    """The first `size` bytes of an open file, as a file that ends there."""
    return cast("BinaryIO", io.BufferedReader(_FirstBytes(stream, size), BUFFER))


class _FirstBytes(io.RawIOBase):
    def __init__(self, stream: BinaryIO, size: int) -> None:
        super().__init__()
        self._stream, self._size, self._at = stream, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:  # any writable buffer; Python 3.10 has no type for it
        view = memoryview(buffer)
        self._stream.seek(self._at)
        piece = self._stream.read(min(len(view), max(0, self._size - self._at)))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
