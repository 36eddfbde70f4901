"""WriteArticles, WriteRejected, CommitRun: the rows of a run are committed together, or nothing of it remains.

Beam's own file sinks lose nested folders on a local disk, name files by order of arrival and can't be repeated
(apache/beam#29515, #21269). Here each group of rows becomes one staged file, named by a digest of its bytes, and the
last step reconciles the ledger and publishes everything.
"""

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import apache_beam as beam

from warraq.schemas import arrow
from warraq.schemas.coders import register
from warraq.schemas.records import Rejected
from warraq.transforms.dataset.data_files import DataFile, DumpPages
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import OvertakenError
from warraq.transforms.dataset.forgotten import Forgotten, ForgottenOf, by_window
from warraq.transforms.ledger import Entry, is_written
from warraq.transforms.write.commit import commit
from warraq.transforms.write.run import Run
from warraq.transforms.write.set_aside import SetAsideError
from warraq.transforms.write.tables import (
    ARTICLES,
    REJECTED,
    FileKey,
    Size,
    TableSpec,
    add_sizes,
    data_file,
    file_key,
    record_bytes,
    row_groups,
)

register(FileKey, Size, DumpPages, DataFile)

_PARTS: Final = ("files", "counts", "taken_back")  # of a commit, in the order of the arguments of `commit`
_BEGUN: Final = "begun"
RunOf: TypeAlias = Callable[[Any], Run | None]  # of a window; None once it has ended


class _StageFn(beam.DoFn):
    """One group of records → one staged file."""

    def __init__(self, spec: TableSpec, run: Run) -> None:
        self._spec, self._run = spec, run

    def process(self, group: tuple[FileKey, Iterable[Any]]) -> Iterator[DataFile]:
        yield _stage(self._spec, self._run, group[0].partition, group[1])


class _StageWindowFn(beam.DoFn):
    """The records of one partition in one window → staged files; none if the run of the window has ended."""

    def __init__(self, spec: TableSpec, run_of: RunOf) -> None:
        self._spec, self._run_of = spec, run_of

    def process(self, group: tuple[str, Iterable[Any]], window: Any = beam.DoFn.WindowParam) -> Iterator[DataFile]:
        partition, records = group[0], [*group[1]]
        if run := self._run_of(window):
            sizes = {partition: add_sizes(Size(1, record_bytes(record)) for record in records)}
            files: dict[FileKey, list[Any]] = collections.defaultdict(list)
            for record in records:
                files[file_key(partition, record, sizes, self._spec.limits)].append(record)
            for key in sorted(files):
                yield _stage(self._spec, run, partition, files[key])


def _stage(spec: TableSpec, run: Run, partition: str, records: Iterable[Any]) -> DataFile:
    """Stages one file."""
    records = sorted(records, key=spec.order)
    tables = (
        arrow.file_table(spec.table, (spec.row(record, run) for record in piece)) for piece in row_groups(records)
    )
    file = data_file(spec.table, partition, records)
    return Dataset(run.output).write_staged(run.staging, file, tables, run.run_id)


@dataclass
class _WriteRows(beam.PTransform):
    """Record → DataFile, staged. Shuffles whole records once.

    With the runs of windows there are no side inputs (see `CommitRuns`): one worker has all records of a partition.
    """

    spec: TableSpec
    run: Run | RunOf

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        keyed_type, grouped_type = (beam.typehints.Tuple[key, self.spec.record] for key in (str, FileKey))
        keyed = records | "Partition" >> beam.Map(_keyed, self.spec).with_output_types(keyed_type)
        if not isinstance(self.run, Run):
            staging = beam.ParDo(_StageWindowFn(self.spec, self.run)).with_output_types(DataFile)
            return keyed | "GroupRows" >> beam.GroupByKey() | "Stage" >> staging
        sizes = (
            keyed
            | "Weigh" >> beam.Map(_weighed).with_output_types(beam.typehints.Tuple[str, Size])
            | "AddSizes" >> beam.CombinePerKey(add_sizes)
        )
        return (
            keyed
            | "Assign"
            >> beam.Map(_grouped, beam.pvalue.AsDict(sizes), self.spec.limits).with_output_types(grouped_type)
            | "GroupRows" >> beam.GroupByKey()
            | "Stage" >> beam.ParDo(_StageFn(self.spec, self.run)).with_output_types(DataFile)
        )


@dataclass
class WriteArticles(beam.PTransform):
    """Article → DataFile, staged."""

    run: Run | RunOf

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        return articles | "WriteRows" >> _WriteRows(ARTICLES, self.run)


class _WantedFn(beam.DoFn):
    """Rejected → those that are written. Those of pages that were taken down lose address and evidence."""

    def __init__(self, all_rejected: bool, forgotten: ForgottenOf) -> None:
        self._all_rejected, self._forgotten = all_rejected, forgotten

    def process(self, rejected: Rejected, window: Any = beam.DoFn.WindowParam) -> Iterator[Rejected]:
        if is_written(rejected.reason, self._all_rejected):
            forgotten = self._forgotten(window).has_page(rejected.source)
            yield _nameless(rejected) if forgotten else rejected


def _nameless(rejected: Rejected) -> Rejected:
    """The row without what the page says of itself."""
    return Rejected(rejected.source._replace(url=""), rejected.stage, rejected.reason, "")


@dataclass
class WriteRejected(beam.PTransform):
    """{label of a stage: its Rejected} → DataFile, staged. Mass rejections are written only if asked for.

    Rows of pages in `forgotten` do not tell their address.
    """

    run: Run | RunOf
    all_rejected: bool = False
    forgotten: Forgotten | ForgottenOf = dataclasses.field(default_factory=Forgotten)

    def expand(self, rejected: Any) -> beam.PCollection:
        want = beam.ParDo(_WantedFn(self.all_rejected, by_window(self.forgotten))).with_output_types(Rejected)
        wanted = [  # before they are joined: most of a crawl would cross the runner to be dropped here
            output | f"KeepWantedOf{label}" >> want for label, output in rejected.items()
        ]
        return wanted | "JoinRefused" >> beam.Flatten() | "WriteRows" >> _WriteRows(REJECTED, self.run)


class _CommitFn(beam.DoFn):
    """Commits the run once; repeating it changes nothing."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def process(
        self,
        _: None,
        files: Sequence[DataFile],
        counts: Sequence[tuple[Entry, int]],
        taken_back: Sequence[tuple[str, Rejected]] = (),
    ) -> Iterator[dict[str, Any]]:
        row = commit(self._run, files, counts, taken_back)
        if row:
            yield row


@dataclass
class CommitRun(beam.PTransform):
    """(DataFile, (Entry, pages)) → the row of `runs`, once everything is published.

    If a dump grew, a third input has the refusals that are taken back, as `ReadPages` gives them.

    Raises on a worker, which fails the run, as `commit` does: LedgerError or SetAsideError.
    """

    run: Run

    def expand(self, results: Any) -> beam.PCollection:
        return (
            results[0].pipeline
            | "Once" >> beam.Create([None])
            | "Publish" >> beam.ParDo(_CommitFn(self.run), *map(beam.pvalue.AsList, results))
        )


class _CommitWindowFn(beam.DoFn):
    """Commits the run of a window once; repeating it changes nothing.

    Of a run that can't be committed any more there stays a note, and whoever began it reads it: to fail would only make
    the runner try the same again. Any other failure, such as a full disk, is the runner's.
    """

    def __init__(self, run_of: RunOf) -> None:
        self._run_of = run_of

    def process(
        self, parts: tuple[int, Iterable[tuple[str, Any]]], window: Any = beam.DoFn.WindowParam
    ) -> Iterator[dict[str, Any]]:
        found: dict[str, list[Any]] = {name: [] for name in (*_PARTS, _BEGUN)}
        for name, part in parts[1]:
            found[name].append(part)
        if run := self._run_of(window):
            with contextlib.suppress(OvertakenError, SetAsideError):
                if row := commit(run, *(found[name] for name in _PARTS)):
                    yield row


@dataclass
class CommitRuns(beam.PTransform):
    """(DataFile, (Entry, pages), refusals taken back, anything) → rows of `runs`: as CommitRun, window by window.

    The fourth input has an element for each run that has begun: dumps without a page are committed, too.

    Without side inputs: the Flink runner of Beam 2.62 fails at the first checkpoint of a step that has one
    (ClassCastException in `FullWindowedValueCoder.encode`).
    """

    run_of: RunOf

    def expand(self, results: Any) -> beam.PCollection:
        named = [
            output | f"Name_{name}" >> beam.Map(_named, name).with_output_types(tuple[int, tuple[str, Any]])
            for name, output in zip((*_PARTS, _BEGUN), results, strict=True)
        ]
        grouped = named | "JoinParts" >> beam.Flatten() | "GroupByWindow" >> beam.GroupByKey()
        return grouped | "Publish" >> beam.ParDo(_CommitWindowFn(self.run_of))


def _named(part: Any, name: str) -> tuple[int, tuple[str, Any]]:
    return 0, (name, part)


def _keyed(record: Any, spec: TableSpec) -> tuple[str, Any]:
    return spec.partition(record), record


def _weighed(keyed: tuple[str, Any]) -> tuple[str, Size]:
    return keyed[0], Size(1, record_bytes(keyed[1]))


def _grouped(keyed: tuple[str, Any], sizes: Mapping[str, Size], limits: Size) -> tuple[FileKey, Any]:
    partition, record = keyed
    return file_key(partition, record, sizes, limits), record
