"""Reads crawl dumps of any format, recognised by content: one Page for each crawled HTML response or ready text.

Web archives, plain or with records that are packed one by one, plain JSON lines and Parquet are read in ranges of
bytes by many workers at once; the other formats are read whole by one worker each. Refusals by the reader are rows with
the stage "read". Trouble with the storage is no page's fault: it is raised, and the runner tries again.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final, Literal, TypeAlias

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.core import RestrictionProvider

from schemas.records import Page, Rejected
from transforms.file_names import os_name, shown_name
from transforms.read.archive import read_archive, read_archive_range
from transforms.read.dump import Claim, Dump, InputError, Item, check_unchanged, claim_all, open_dump, sound_item
from transforms.read.find import Found, Skipped, find_dumps, fingerprint
from transforms.read.jsonl import read_json_lines, read_json_lines_range
from transforms.read.loose import read_loose
from transforms.read.packing import unpack, with_damage
from transforms.read.parquet import read_parquet_range
from transforms.read.places import Stretch, check_growth, check_stretches, settle_places
from transforms.read.rules import STAGE, ReadRules
from transforms.read.tar import read_tar
from transforms.read.zipped import read_zip
from transforms.step import KEPT, REJECTED, Doors, Refusal, counter

__all__ = [
    "CHECKED", "FORMATS", "PROGRESS", "Dump", "Found", "InputError", "ReadPages", "ReadRules", "Skipped",
    "find_dumps", "fingerprint", "open_page", "parts", "read_range",
]  # fmt: skip

PROGRESS: Final = "progress"
CHECKED: Final = "checked"
_STRETCHES: Final = "stretches"
_LOOK_BACK: Final = 64 * 1024  # bytes before a place; more than most members have records
# Formats of which any range of bytes can be read, and kinds that are read from the beginning, unpacked.
_SPLITTABLE: Final[dict[str, Callable[[BinaryIO, int, int | None, Dump, ReadRules, Claim], Iterator[Item]]]] = {
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
    *_SPLITTABLE,
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
    if dump.format in _SPLITTABLE:
        yield from _SPLITTABLE[dump.format](stream, start, stop, dump, rules, claim)
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
        return offset in (None, item.dump_offset) and url in (None, item.url)

    is_inside = offset is not None and 0 < offset < dump.size and dump.format in _SPLITTABLE
    starts = [offset, max(0, offset - _LOOK_BACK)] if offset and is_inside else []
    for start, stop in [*((start, (offset or 0) + 1) for start in starts), (0, None)]:
        for item in read_range(dump, start, stop, rules):
            if is_wanted(item):
                return item
    wanted = " and ".join(
        [f"at offset {offset}"] * (offset is not None) + [f"with the address {url}"] * (url is not None)
    )
    raise InputError(f"{shown_name(path)}: no page {wanted or 'in it'}; give an offset from the dump_offset column")


_Places: TypeAlias = beam.pvalue.TaggedOutput[Literal["stretches"], tuple[str, Stretch]]  # of a dump
Part = tuple[Dump, int, int]  # a dump and a range of its bytes, half-open


def parts(dump: Dump, rules: ReadRules) -> Iterator[Part]:
    """The ranges in which a dump is read. That of one that can't be split is its first byte alone."""
    whole = OffsetRange(0, max(1, dump.size) if dump.format in _SPLITTABLE else 1)
    for part in whole.split(rules.split_bytes, rules.split_bytes // 2):
        yield dump, part.start, part.stop


class _ReadFn(beam.DoFn, RestrictionProvider):
    """Part → (Page, Rejected). A runner may split what is left of a part; claims are offsets of records or members."""

    def __init__(self, rules: ReadRules) -> None:
        self._rules = rules

    def initial_restriction(self, part: Part) -> OffsetRange:
        return OffsetRange(*part[1:])

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, part: Part, restriction: OffsetRange) -> int:
        return restriction.size() if part[0].format in _SPLITTABLE else part[0].size

    def process(
        self,
        part: Part,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008  (Beam's way to ask for it)
    ) -> Iterator[Page | Refusal | beam.pvalue.TaggedOutput[Literal["progress"], int] | _Places]:
        dump, restriction = part[0], tracker.current_restriction()
        is_splittable = dump.format in _SPLITTABLE
        position = claimed = restriction.start
        first = last = -1
        is_granted = True

        def claim(offset: int) -> bool:
            nonlocal claimed, is_granted
            is_granted = tracker.try_claim(offset)
            claimed = offset if is_granted else claimed
            return is_granted

        for item in read_range(dump, restriction.start, restriction.stop, self._rules, claim):
            self._count("pages_in")
            first, last = item.dump_offset if first < 0 else first, item.dump_offset
            if isinstance(item, Rejected):
                self._count(f"pages_rejected_{item.reason}")
                yield beam.pvalue.TaggedOutput(REJECTED, item)
            else:
                self._count("pages_out")
                yield item
            # What is unpacked as a whole has offsets that may lie beyond the file's size.
            reached = claimed if is_splittable else min(item.dump_offset, dump.size)
            if reached > position:
                yield beam.pvalue.TaggedOutput(PROGRESS, reached - position)
                position = reached
        stop = tracker.current_restriction().stop
        if is_granted:
            tracker.try_claim(stop)  # all that the range holds has been read
        if first >= 0:
            yield beam.pvalue.TaggedOutput(_STRETCHES, (dump.path, Stretch(first, last)))
        yield beam.pvalue.TaggedOutput(PROGRESS, max(0, (stop if is_splittable else dump.size) - position))

    def _count(self, name: str) -> None:
        counter(STAGE, name).inc()


@dataclasses.dataclass
class ReadPages(beam.PTransform):
    """PBegin → (Page, Rejected): every page record of `dumps`, each through exactly one door.

    A third output, PROGRESS, gives the bytes of the dumps that have been read since it last spoke. A fourth, CHECKED,
    stays empty and ends when all places are known to differ: what commits must wait for it.

    Raises LedgerError on a worker, which fails the run, if two records have one place.
    """

    dumps: Sequence[Dump]
    rules: ReadRules = dataclasses.field(default_factory=ReadRules)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> Doors:
        dumps = begin | "ListDumps" >> beam.Create(list(self.dumps))
        ranges = dumps | "ListRanges" >> beam.FlatMap(parts, self.rules)
        # Not every runner moves the ranges that it has split off to other workers: Flink reads them where the dump was.
        spread = ranges | "SpreadRanges" >> beam.Reshuffle()
        read = spread | "ReadRanges" >> beam.ParDo(_ReadFn(self.rules)).with_outputs(
            REJECTED, PROGRESS, _STRETCHES, main=KEPT
        )
        stretches = read[_STRETCHES] | "GroupStretches" >> beam.GroupByKey()
        checked = stretches | "CheckPlaces" >> beam.FlatMapTuple(check_stretches).with_output_types(Rejected)
        return {KEPT: read[KEPT], REJECTED: read[REJECTED], PROGRESS: read[PROGRESS], CHECKED: checked}
