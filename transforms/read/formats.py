"""The formats of dumps: which reader reads each, whole or in ranges of bytes, and how one page is found again."""

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from warraq.schemas.records import Page, Rejected
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.read.archives.records import read_archive, read_archive_range
from warraq.transforms.read.compression.packing import unpack, with_damage
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Claim, Dump, InputError, Item, check_unchanged, claim_all, open_dump, sound_item
from warraq.transforms.read.files.single import read_loose
from warraq.transforms.read.files.tar import read_tar
from warraq.transforms.read.files.zip import read_zip
from warraq.transforms.read.places import check_growth, settle_places
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.jsonl import read_json_lines, read_json_lines_range
from warraq.transforms.read.tables.parquet import read_parquet_range

_LOOK_BACK: Final = 64 * 1024  # bytes before a place; more than most members have records
# Formats of which any range of bytes can be read, and kinds that are read from the beginning, unpacked.
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
_WHOLE: Final[dict[str, Callable[[BinaryIO, Dump, ReadRules], Iterator[Item]]]] = {
    "warc": read_archive,
    "arc": read_archive,
    "jsonl": read_json_lines,
    "tar": read_tar,
    "zip": read_zip,
    "html": read_loose,
    "text": read_loose,
}
FORMATS: Final = frozenset({
    *SPLITTABLE,
    *(f"{kind}.{packing}.solid" for kind in ("warc", "arc") for packing in ("gz", "zst")),
    *(f"{kind}.{packing}" for kind in ("jsonl", "tar", "html", "text") for packing in ("gz", "zst")),
    "tar", "zip", "html", "text",
})  # fmt: skip


def read_range(dump: Dump, start: int, stop: int | None, rules: ReadRules, claim: Claim = claim_all) -> Iterator[Item]:
    """The pages and refusals of the records that start in [start, stop) of a dump, at growing places.

    All can be encoded.

    Formats that can't be split are read whole by the range that begins at 0: others are empty.

    Raises:
      InputError: the dump has vanished, can't be read, or is not what it was when it was found. What was given before
        is then void.
      LedgerError: two records have one place; the reader is wrong, no page.
    """
    try:
        with open_dump(dump.path) as stream:
            check_unchanged(stream, dump)
            try:
                items = _items(stream, dump, start, stop, rules, claim)
                yield from check_growth(sound_item(item, dump) for item in items)
            except Exception:
                check_unchanged(stream, dump)  # the likely cause
                raise
            check_unchanged(stream, dump)
    except OSError as error:
        raise InputError(f"{shown_name(dump.path)}: {error.strerror or error}") from error


def _items(  # noqa: PLR0913, PLR0917  (as `read_range`)
    stream: BinaryIO, dump: Dump, start: int, stop: int | None, rules: ReadRules, claim: Claim
) -> Iterator[Item]:
    if dump.format in SPLITTABLE:
        yield from SPLITTABLE[dump.format](stream, start, stop, dump, rules, claim)
    elif start == 0 and claim(0):
        unpacked = unpack(stream, dump.packing)
        yield from settle_places(with_damage(_WHOLE[dump.kind](unpacked, dump, rules), unpacked, dump))


def open_page(
    path: str, offset: int | None = None, url: str | None = None, rules: ReadRules | None = None
) -> Page | Rejected:
    """The first page or refusal in the dump at `path` that lies at `offset` and has the address `url`, where stated.

    A path that `stored_name` or `shown_name` has written leads to that file, if there is one. With an offset in a WARC
    only that place is read, and what lies shortly before it: a record that shares its packed member with others has a
    place behind the member's offset. Else the dump is read up to the page.

    Raises:
      InputError: the dump can't be read, or holds no such page.
    """
    rules = rules or ReadRules()
    dump = find_dumps([os_name(path) if os.path.lexists(os_name(path)) else path]).dumps[0]

    def is_wanted(item: Page | Rejected) -> bool:
        return offset in (None, item.source.dump_offset) and url in (None, item.source.url)

    is_inside = offset is not None and 0 < offset < dump.size and dump.format in SPLITTABLE
    starts = [offset, max(0, offset - _LOOK_BACK)] if offset and is_inside else []
    for start, stop in [*((start, (offset or 0) + 1) for start in starts), (0, None)]:
        for item in read_range(dump, start, stop, rules):
            if is_wanted(item):
                return item
    wanted = " and ".join(
        [f"at offset {offset}"] * (offset is not None) + [f"with the address {url}"] * (url is not None)
    )
    raise InputError(f"{shown_name(path)}: no page {wanted or 'in it'}; give an offset from the dump_offset column")
