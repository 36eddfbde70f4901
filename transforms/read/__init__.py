"""Reads crawl dumps of any format, recognised by content: one Page for each crawled HTML response or ready text.

A WARC, plain or with one gzip member a record, is read in ranges of bytes by many workers at once; the other formats
are read whole by one worker each. Refusals by the reader are rows with the stage "read". Trouble with the storage is
no page's fault: it is raised, and the runner tries again.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final, Literal

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.metrics import Metrics
from apache_beam.transforms.core import RestrictionProvider

from schemas.records import Page, Rejected
from transforms.read.dump import Dump, open_dump
from transforms.read.find import Found, InputError, Skipped, find_dumps, fingerprint
from transforms.read.jsonl import read_json_lines
from transforms.read.loose import read_loose
from transforms.read.rules import STAGE, ReadRules
from transforms.read.warc import Claim, claim_all, read_solid, read_warc_range
from transforms.read.zipped import read_zip
from transforms.step import KEPT, REJECTED, Doors, Refusal

__all__ = [
    "FORMATS", "PROGRESS", "Dump", "Found", "InputError", "ReadPages", "ReadRules", "Skipped",
    "find_dumps", "fingerprint", "open_page", "read_range",
]  # fmt: skip

PROGRESS: Final = "progress"
_SPLITTABLE: Final = frozenset({"warc", "warc.gz"})
_WHOLE: Final[dict[str, Callable[[BinaryIO, Dump, ReadRules], Iterator[Page | Rejected]]]] = {
    "warc.gz.solid": read_solid,
    "html": read_loose,
    "html.gz": read_loose,
    "text": read_loose,
    "text.gz": read_loose,
    "zip": read_zip,
    "jsonl": read_json_lines,
    "jsonl.gz": read_json_lines,
}
FORMATS: Final = _SPLITTABLE | _WHOLE.keys()


def read_range(
    dump: Dump, start: int, stop: int | None, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Page | Rejected]:
    """The pages and refusals of the records that start in [start, stop) of a dump.

    Formats that can't be split have one range, which begins at 0: others are empty.
    """
    with open_dump(dump.path) as stream:
        if dump.format in _SPLITTABLE:
            yield from read_warc_range(stream, start, stop, dump, rules, claim)
        elif start == 0 and claim(0):
            yield from _WHOLE[dump.format](stream, dump, rules)


def open_page(
    path: str, offset: int | None = None, url: str | None = None, rules: ReadRules | None = None
) -> Page | Rejected:
    """The first page or refusal in the dump at `path` that lies at `offset` and has the address `url`, where stated.

    With an offset in a WARC only that place is read; else the dump is read up to the page.

    Raises:
      InputError: the dump can't be read, or holds no such page.
    """
    rules = rules or ReadRules()
    dump = find_dumps([path]).dumps[0]

    def is_wanted(item: Page | Rejected) -> bool:
        return offset in (None, item.dump_offset) and url in (None, item.url)

    ranges = [(offset, offset + 1)] if offset and dump.format in _SPLITTABLE else []
    for start, stop in [*ranges, (0, None)]:
        for item in read_range(dump, start, stop, rules):
            if is_wanted(item):
                return item
    wanted = " and ".join(
        [f"at offset {offset}"] * (offset is not None) + [f"with the address {url}"] * (url is not None)
    )
    raise InputError(f"{path}: no page {wanted or 'in it'}; give an offset from the dump_offset column")


class _ReadFn(beam.DoFn, RestrictionProvider):
    """Dump → (Page, Rejected). Restrictions are ranges of bytes; claims are offsets of records or gzip members."""

    def __init__(self, rules: ReadRules) -> None:
        self._rules = rules

    def initial_restriction(self, dump: Dump) -> OffsetRange:
        return OffsetRange(0, max(1, dump.size))

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def split(self, dump: Dump, restriction: OffsetRange) -> Iterator[OffsetRange]:
        size = self._rules.split_bytes if dump.format in _SPLITTABLE else restriction.size()
        yield from restriction.split(size, size // 2)

    def restriction_size(self, _dump: Dump, restriction: OffsetRange) -> int:
        return restriction.size()

    def process(
        self,
        dump: Dump,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008  (Beam's way to ask for it)
    ) -> Iterator[Page | Refusal | beam.pvalue.TaggedOutput[Literal["progress"], int]]:
        restriction = tracker.current_restriction()
        position, is_granted = restriction.start, True

        def claim(offset: int) -> bool:
            nonlocal is_granted
            is_granted = tracker.try_claim(offset)
            return is_granted

        for item in read_range(dump, restriction.start, restriction.stop, self._rules, claim):
            self._count("pages_in")
            if isinstance(item, Rejected):
                self._count(f"pages_rejected_{item.reason}")
                yield beam.pvalue.TaggedOutput(REJECTED, item)
            else:
                self._count("pages_out")
                yield item
            reached = min(item.dump_offset, restriction.stop)  # offsets inside gzip may lie beyond the file's size
            if reached > position:
                yield beam.pvalue.TaggedOutput(PROGRESS, reached - position)
                position = reached
        stop = tracker.current_restriction().stop
        if is_granted:
            tracker.try_claim(stop)  # all that the range holds has been read
        yield beam.pvalue.TaggedOutput(PROGRESS, max(0, stop - position))

    def _count(self, counter: str) -> None:
        Metrics.counter(STAGE, counter).inc()


@dataclasses.dataclass
class ReadPages(beam.PTransform):
    """PBegin → (Page, Rejected): every page record of `dumps`, each through exactly one door.

    A third output, PROGRESS, gives the bytes of the dumps that have been read since it last spoke.
    """

    dumps: Sequence[Dump]
    rules: ReadRules = dataclasses.field(default_factory=ReadRules)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> Doors:
        dumps = begin | "ListDumps" >> beam.Create(list(self.dumps))
        return dumps | "ReadRanges" >> beam.ParDo(_ReadFn(self.rules)).with_outputs(REJECTED, PROGRESS, main=KEPT)
