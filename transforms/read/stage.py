"""ReadPages: the Beam shell of the readers. Dumps of any format become pages, one for each HTML response or text.

Many workers at once read ranges of bytes of web archives (uncompressed, or compressed by record), of uncompressed JSON
lines and of Parquet. One worker reads a dump of another format whole. A rejection by a reader is a row with the stage
"read". An error of the storage is not caught: the runner tries again.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.core import RestrictionProvider

from warraq.schemas.coders import register
from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.dump import Dump, Earlier
from warraq.transforms.read.formats import SPLITTABLE, read_range, seam_of
from warraq.transforms.read.places import Stretch, check_stretches
from warraq.transforms.read.rules import STAGE, ReadRules
from warraq.transforms.step import KEPT, REJECTED, Meter, Outputs, Refusal, StageTransform, tagged

PROGRESS: Final = "progress"
CHECKED: Final = "checked"
TAKEN_BACK: Final = "taken_back"
_STRETCHES: Final = "stretches"

_Places: TypeAlias = beam.pvalue.TaggedOutput[Literal["stretches"], tuple[str, Stretch]]  # of a dump
_TakenBack: TypeAlias = beam.pvalue.TaggedOutput[Literal["taken_back"], tuple[str, Rejected]]  # the dump that grew
Part = tuple[Dump, int, int]  # a dump and a range of its bytes, half-open

register(Dump, Earlier, Stretch)


def parts(dump: Dump, rules: ReadRules) -> Iterator[Part]:
    """The ranges in which a dump is read, of one that grew those from its former end on.

    A dump that can't be split has one range, its first byte.
    """
    whole = OffsetRange(seam_of(dump), max(1, dump.size) if dump.format in SPLITTABLE else 1)
    for part in whole.split(rules.split_bytes, rules.split_bytes // 2):
        yield dump, part.start, part.stop


class _ListRangesFn(beam.DoFn):
    """Nothing → Part. Holds the dumps itself, not in `Create`: a graph can then be run again over other ones."""

    def __init__(self, dumps: Sequence[Dump], rules: ReadRules) -> None:
        self._dumps = dumps
        self._rules = rules

    def process(self, _: bytes) -> Iterator[Part]:
        for dump in self._dumps:
            yield from parts(dump, self._rules)


class _ReadFn(beam.DoFn, RestrictionProvider):
    """Part → (Page, Rejected, rows to take back). A runner may split the rest of a part.

    Claims are offsets of records or members; the first of a dump that grew is its former end.
    """

    def __init__(self, rules: ReadRules, shows_progress: bool = False) -> None:
        self._rules = rules
        self._shows_progress = shows_progress
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
        tracker: Any = beam.DoFn.RestrictionParam(),  # noqa: B008  (Beam's form)
    ) -> Iterator[Page | Refusal | beam.pvalue.TaggedOutput[Literal["progress"], int] | _Places | _TakenBack]:
        dump, restriction = part[0], tracker.current_restriction()
        is_splittable = dump.format in SPLITTABLE
        position = claimed = restriction.start
        first = last = -1
        is_granted = True
        taken_back: list[Rejected] = []

        def claim(offset: int) -> bool:
            nonlocal claimed, is_granted
            is_granted = tracker.try_claim(offset)
            claimed = offset if is_granted else claimed
            return is_granted

        start = time.perf_counter_ns()
        for item in read_range(dump, restriction.start, restriction.stop, self._rules, claim, taken_back.append):
            self._meter.took(time.perf_counter_ns() - start)
            self._meter.came()
            first, last = item.source.dump_offset if first < 0 else first, item.source.dump_offset
            self._meter.left(item)
            yield tagged(item)
            # Offsets in decompressed content may be larger than the file.
            reached = claimed if is_splittable else min(item.source.dump_offset, dump.size)
            if reached > position:
                yield from self._progress(reached - position)
                position = reached
            start = time.perf_counter_ns()  # the time of the next stages with the item doesn't count
        stop = tracker.current_restriction().stop
        if is_granted:
            tracker.try_claim(stop)  # tells the runner that the whole range has been read
        yield from (beam.pvalue.TaggedOutput(TAKEN_BACK, (dump.path, row)) for row in taken_back)
        if first >= 0:
            yield beam.pvalue.TaggedOutput(_STRETCHES, (dump.path, Stretch(first, last)))
        yield from self._progress(max(0, (stop if is_splittable else dump.size) - position))

    def _progress(self, size: int) -> Iterator[beam.pvalue.TaggedOutput[Literal["progress"], int]]:
        """Counts bytes that have been read; they are elements only for a launcher that shows its progress."""
        self._meter.count("bytes_read", size)
        if self._shows_progress:
            yield beam.pvalue.TaggedOutput(PROGRESS, size)


@dataclasses.dataclass
class ReadPages(StageTransform):
    """PBegin → (Page, Rejected): every page record of `dumps`, each in exactly one output.

    A third output, CHECKED, is empty and ends when all places are known to differ; the commit must wait for it. If one
    of the dumps grew, TAKEN_BACK gives its name with each row of `rejected` that its earlier loads have written, and
    that is true no longer: the record was cut at the end of the file, and is in another output as it is now. With
    `shows_progress`, PROGRESS gives numbers of bytes of the dumps, each as soon as it has been read; on clusters the
    counter `bytes_read` says the same.

    Two records in one place raise LedgerError on a worker, which fails the run.
    """

    dumps: Sequence[Dump]
    rules: ReadRules = dataclasses.field(default_factory=ReadRules)
    shows_progress: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.pvalue.PBegin) -> Outputs:
        ranges = begin | beam.Impulse() | "ListRanges" >> beam.ParDo(_ListRangesFn(self.dumps, self.rules))
        return self.read(ranges, [TAKEN_BACK] * any(dump.after for dump in self.dumps))

    def read(self, ranges: beam.PCollection, more: Sequence[str]) -> Outputs:
        """The pages of these ranges, and the outputs that are asked for besides."""
        # Flink would read all ranges of a dump on one worker.
        spread = ranges | "SpreadRanges" >> beam.Reshuffle()
        others = [*more, *[PROGRESS] * self.shows_progress]
        reading = beam.ParDo(_ReadFn(self.rules, self.shows_progress))
        read = spread | "ReadRanges" >> reading.with_outputs(REJECTED, _STRETCHES, *others, main=KEPT)
        stretches = read[_STRETCHES] | "GroupStretches" >> beam.GroupByKey()
        checked = stretches | "CheckPlaces" >> beam.FlatMapTuple(check_stretches).with_output_types(Rejected)
        return {CHECKED: checked, **{output: read[output] for output in (KEPT, REJECTED, *others)}}


@dataclasses.dataclass
class ReadArrivingPages(ReadPages):
    """Dump → (Page, Rejected): as ReadPages, window by window, with the output TAKEN_BACK."""

    dumps: Sequence[Dump] = ()

    def expand(self, dumps: beam.PCollection) -> Outputs:
        ranges = dumps | "ListRanges" >> beam.FlatMap(parts, self.rules).with_output_types(Part)
        return self.read(ranges, [TAKEN_BACK])
