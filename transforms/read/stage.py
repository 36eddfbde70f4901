"""Reads crawl dumps of any format, recognised by content: one Page for each crawled HTML response or ready text.

Web archives, plain or with records that are packed one by one, plain JSON lines and Parquet are read in ranges of
bytes by many workers at once; the other formats are read whole by one worker each. Refusals by the reader are rows with
the stage "read". Trouble with the storage is no page's fault: it is raised, and the runner tries again.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.core import RestrictionProvider

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.formats import SPLITTABLE, read_range
from warraq.transforms.read.places import Stretch, check_stretches
from warraq.transforms.read.rules import STAGE, ReadRules
from warraq.transforms.step import KEPT, REJECTED, Meter, Outputs, Refusal, StageTransform, tagged

PROGRESS: Final = "progress"
CHECKED: Final = "checked"
_STRETCHES: Final = "stretches"

_Places: TypeAlias = beam.pvalue.TaggedOutput[Literal["stretches"], tuple[str, Stretch]]  # of a dump
Part = tuple[Dump, int, int]  # a dump and a range of its bytes, half-open


def parts(dump: Dump, rules: ReadRules) -> Iterator[Part]:
    """The ranges in which a dump is read. That of one that can't be split is its first byte alone."""
    whole = OffsetRange(0, max(1, dump.size) if dump.format in SPLITTABLE else 1)
    for part in whole.split(rules.split_bytes, rules.split_bytes // 2):
        yield dump, part.start, part.stop


class _ReadFn(beam.DoFn, RestrictionProvider):
    """Part → (Page, Rejected). A runner may split what is left of a part; claims are offsets of records or members."""

    def __init__(self, rules: ReadRules) -> None:
        self._rules = rules
        self._meter = Meter(STAGE)

    def initial_restriction(self, part: Part) -> OffsetRange:
        return OffsetRange(*part[1:])

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, part: Part, restriction: OffsetRange) -> int:
        return restriction.size() if part[0].format in SPLITTABLE else part[0].size

    def process(
        self,
        part: Part,
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008  (Beam's way to ask for it)
    ) -> Iterator[Page | Refusal | beam.pvalue.TaggedOutput[Literal["progress"], int] | _Places]:
        dump, restriction = part[0], tracker.current_restriction()
        is_splittable = dump.format in SPLITTABLE
        position = claimed = restriction.start
        first = last = -1
        is_granted = True

        def claim(offset: int) -> bool:
            nonlocal claimed, is_granted
            is_granted = tracker.try_claim(offset)
            claimed = offset if is_granted else claimed
            return is_granted

        start = time.perf_counter_ns()
        for item in read_range(dump, restriction.start, restriction.stop, self._rules, claim):
            self._meter.took(time.perf_counter_ns() - start)
            self._meter.came()
            first, last = item.source.dump_offset if first < 0 else first, item.source.dump_offset
            self._meter.left(item)
            yield tagged(item)
            # What is unpacked as a whole has offsets that may lie beyond the file's size.
            reached = claimed if is_splittable else min(item.source.dump_offset, dump.size)
            if reached > position:
                yield beam.pvalue.TaggedOutput(PROGRESS, reached - position)
                position = reached
            start = time.perf_counter_ns()  # what the next stages do with the item is not the reader's time
        stop = tracker.current_restriction().stop
        if is_granted:
            tracker.try_claim(stop)  # all that the range holds has been read
        if first >= 0:
            yield beam.pvalue.TaggedOutput(_STRETCHES, (dump.path, Stretch(first, last)))
        yield beam.pvalue.TaggedOutput(PROGRESS, max(0, (stop if is_splittable else dump.size) - position))


@dataclasses.dataclass
class ReadPages(StageTransform):
    """PBegin → (Page, Rejected): every page record of `dumps`, each through exactly one door.

    A third output, PROGRESS, gives the bytes of the dumps that have been read since it last spoke. A fourth, CHECKED,
    stays empty and ends when all places are known to differ: what commits must wait for it.

    Raises LedgerError on a worker, which fails the run, if two records have one place.
    """

    dumps: Sequence[Dump]
    rules: ReadRules = dataclasses.field(default_factory=ReadRules)

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> Outputs:
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
