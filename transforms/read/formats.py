"""The formats of dumps: the reader of each, and the one door to read a range of a dump or a single page.

Adding a format: its reader in a file of its own, its first bytes in sniff.py, and a line in a table here.
"""

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from warraq.schemas.records import Page, Rejected
from warraq.transforms.errors import LedgerError
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.read.archives.records import read_archive, read_archive_range
from warraq.transforms.read.compression.detect import decompressed, with_damage
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import (
    Claim,
    Dump,
    DumpError,
    Earlier,
    InputError,
    Item,
    TakeBack,
    check_unchanged,
    claim_all,
    encodable,
    forget_row,
    open_dump,
    unreadable,
)
from warraq.transforms.read.files.single import read_single_file
from warraq.transforms.read.files.tar import read_tar
from warraq.transforms.read.files.zip import read_zip
from warraq.transforms.read.growth import first_bytes, not_given
from warraq.transforms.read.places import check_growth, settle_places
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.jsonl import read_json_lines, read_json_lines_range
from warraq.transforms.read.tables.parquet import read_parquet_range
from warraq.transforms.rejection import describe
from warraq.transforms.storage import is_remote

_LOOK_BACK: Final = 64 * 1024  # bytes; more than most members have records, each of which has a place of its own
# Formats that are read in ranges of bytes.
SPLITTABLE: Final[dict[str, Callable[[BinaryIO, int, int | None, Dump, ReadRules, Claim], Iterator[Item]]]] = {
    "warc": read_archive_range,
    "warc.gz": read_archive_range,
    "warc.zst": read_archive_range,
    "arc": read_archive_range,
    "arc.gz": read_archive_range,
    "arc.zst": read_archive_range,
    "jsonl": read_json_lines_range,
    "parquet": read_parquet_range,
}
# Kinds that are read from the beginning, decompressed.
_WHOLE: Final[dict[str, Callable[[BinaryIO, Dump, ReadRules], Iterator[Item]]]] = {
    "warc": read_archive,
    "arc": read_archive,
    "jsonl": read_json_lines,
    "tar": read_tar,
    "zip": read_zip,
    "html": read_single_file,
    "text": read_single_file,
}
FORMATS: Final = frozenset({
    *SPLITTABLE,
    *(f"{kind}.{compression}.solid" for kind in ("warc", "arc") for compression in ("gz", "zst")),
    *(f"{kind}.{compression}" for kind in ("jsonl", "tar", "html", "text") for compression in ("gz", "zst")),
    "tar", "zip", "html", "text",
})  # fmt: skip


def seam_of(dump: Dump) -> int:
    """The offset at which reading begins: 0, or the former size of a dump that grew, if its format is read in ranges.

    The range that holds it also reads the records before it that had no sound end then.
    """
    return dump.after.size if dump.after and dump.format in SPLITTABLE else 0


def bytes_to_read(dump: Dump) -> int:
    """The bytes of a dump that are read, to show progress."""
    return dump.size - seam_of(dump)


def read_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    dump: Dump,
    start: int,
    stop: int | None,
    rules: ReadRules,
    claim: Claim = claim_all,
    take_back: TakeBack = forget_row,
) -> Iterator[Item]:
    """The pages and rejections of the records that start in [start, stop) of a dump, at growing places.

    All can be encoded. A format that can't be split is read whole by the range that begins at 0.

    Of a dump that grew (`Dump.after`), no record is given that its earlier loads gave. A record that was cut at the
    former end is given as it is now; `take_back` is called with the row by which it was rejected then. A format that
    can't be split is read twice up to the former end, where its states are compared.

    Raises:
      DumpError: the dump has vanished, can't be read, has changed since it was found, or breaks our code. Then discard
        the items that were read before.
      InputError: a rule does not fit the dump, or its bucket does not answer.
      LedgerError: two records have one place.
    """
    try:
        with open_dump(dump.path) as stream:
            check_unchanged(stream, dump)
            try:
                if dump.after:
                    items = _new_items(stream, dump, dump.after, start, stop, rules, claim, take_back)
                else:
                    items = _items(stream, dump, start, stop, rules, claim)
                yield from check_growth(encodable(item, dump) for item in items)
            except Exception:
                check_unchanged(stream, dump)  # the likely cause
                raise
            check_unchanged(stream, dump)
    except (InputError, LedgerError, MemoryError):
        raise
    except OSError as error:
        if is_remote(dump.path):
            raise InputError(f"{shown_name(dump.path)}: {error.strerror or error}") from error
        raise DumpError(f"{unreadable(dump)}{error.strerror or error}") from error
    except Exception as error:
        raise DumpError(f"{unreadable(dump)}{describe(error)}") from error


def _items(  # noqa: PLR0913, PLR0917  (as `read_range`)
    stream: BinaryIO, dump: Dump, start: int, stop: int | None, rules: ReadRules, claim: Claim
) -> Iterator[Item]:
    if dump.format in SPLITTABLE:
        yield from SPLITTABLE[dump.format](stream, start, stop, dump, rules, claim)
    elif start == 0 and claim(0):
        content = decompressed(stream, dump.packing)
        yield from settle_places(with_damage(_WHOLE[dump.kind](content, dump, rules), content, dump))


def _new_items(  # noqa: PLR0913, PLR0917  (as `read_range`)
    stream: BinaryIO,
    dump: Dump,
    earlier: Earlier,
    start: int,
    stop: int | None,
    rules: ReadRules,
    claim: Claim,
    take_back: TakeBack,
) -> Iterator[Item]:
    """As `_items`, without what the earlier loads of a dump that grew gave."""
    seam = seam_of(dump)
    if start <= seam and (stop is None or seam < stop):
        if not claim(seam):
            return
        begin = _before_seam(stream, dump, seam, rules)
        new = _items(stream, dump, begin, seam or None, rules, claim_all)
        former = dump._replace(path=earlier.path, size=earlier.size, after=None)
        with open_dump(dump.path) as again:
            old = _items(first_bytes(again, earlier.size), former, begin, None, rules, claim_all)
            yield from not_given(new, (encodable(item, former) for item in old), take_back)
    if seam and (stop is None or seam < stop):
        yield from _items(stream, dump, max(start, seam), stop, rules, lambda offset: offset == seam or claim(offset))


def _before_seam(stream: BinaryIO, dump: Dump, seam: int, rules: ReadRules) -> int:
    """An offset at which a record starts, some records before the `seam`: all before it are the same as ever.

    Two records at least: the end of the last but one is judged by the beginning of the last.
    """
    starts: list[int] = []

    def note(offset: int) -> bool:
        starts.append(offset)
        return True

    look_back = _LOOK_BACK
    while look_back < seam:
        starts.clear()
        for _ in _items(stream, dump, seam - look_back, seam, rules, note):
            pass
        if len(starts) > 2:
            return starts[0]
        look_back *= 8
    return 0


def open_page(
    path: str, offset: int | None = None, url: str | None = None, rules: ReadRules | None = None
) -> Page | Rejected:
    """The first page or rejection in the dump at `path` with this `offset` and `url`; None accepts any.

    `path` may be written as by `stored_name` or `shown_name`. With an offset in a format that is read in ranges, only
    that place is read, then a stretch before it: a record that shares its member with others has a place after the
    member's offset. Else the dump is read up to the page.

    Raises:
      InputError: the dump can't be read, or has no such page.
    """
    rules = rules or ReadRules()
    dump = find_dumps([os_name(path) if os.path.lexists(os_name(path)) else path]).dumps[0]

    def is_wanted(item: Page | Rejected) -> bool:
        return offset in (None, item.source.dump_offset) and url in (None, item.source.url)

    ranges: list[tuple[int, int | None]] = [(0, None)]
    if offset is not None and 0 < offset < dump.size and dump.format in SPLITTABLE:
        ranges = [(offset, offset + 1), (max(0, offset - _LOOK_BACK), offset + 1), *ranges]
    for start, stop in ranges:
        for item in read_range(dump, start, stop, rules):
            if is_wanted(item):
                return item
    wanted = [] if offset is None else [f"at offset {offset}"]
    wanted += [] if url is None else [f"with the address {url}"]
    raise InputError(
        f"{shown_name(path)}: no page {' and '.join(wanted) or 'in it'}; use an offset from the column dump_offset"
    )
