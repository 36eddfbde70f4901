"""WriteArticles, WriteRejected, CommitRun: committed rows, or no trace.

Beam's own file sinks lose nested folders on a local disk, name files by order of arrival and can't be repeated
(apache/beam#29515, #21269). Here rows are grouped by partition and by a shard of their own place, sorted, and staged as
one file a group, named by a digest of its bytes; the last step audits the ledger and publishes everything.
"""

import collections
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam

from warraq.schemas import arrow
from warraq.schemas.coders import register
from warraq.schemas.labels import MASS_REASONS
from warraq.schemas.records import Article, Rejected
from warraq.transforms import ledger
from warraq.transforms.dataset.dataset import DataFile, Dataset, DumpPages
from warraq.transforms.ledger import LedgerError, Line
from warraq.transforms.write.set_aside import SetAsideError, find_faults, leave_report


@dataclass(frozen=True)
class Run:
    """One ingestion, as `runs` describes it. Equal dumps and options give an equal `run_id`."""

    output: str
    run_id: str
    recipe: str
    options: str  # JSON
    version: str
    runner: str
    started_at: dt.datetime
    dumps: Sequence[Mapping[str, Any]]  # rows of arrow.DUMP
    all_rejected: bool  # rows for mass refusals too
    max_error_share: float


class Size(NamedTuple):
    """How much there is of some records."""

    rows: int
    bytes: int  # as `weight` estimates them


@dataclass(frozen=True)
class Layout:
    """How one kind of record lies in its table."""

    table: str
    record: type
    limits: Size  # of a file
    partition: Callable[[Any], str]  # values of the partition columns, joined by "/"
    order: Callable[[Any], tuple[Any, ...]]  # inside a file
    row: Callable[[Any, Run], dict[str, Any]]


def article_partition(article: Article) -> str:
    """Day and topic."""
    return f"{article.date.isoformat()}/{article.topic}"


def article_order(article: Article) -> tuple[Any, ...]:
    """By site, then time (a day alone comes last), then id."""
    time = article.published_at.isoformat() if article.published_at else "~"
    return article.site, time, article.article_id


def article_row(article: Article, run: Run) -> dict[str, Any]:
    """The row of `articles`."""
    return arrow.article_row(article, run.version)


def rejected_partition(rejected: Rejected) -> str:
    """The stage that refused."""
    return rejected.stage


def rejected_order(rejected: Rejected) -> tuple[Any, ...]:
    """By place in the dumps; the rest only breaks ties."""
    return rejected.source.dump, rejected.source.dump_offset, rejected.source.url, rejected.reason, rejected.detail


def rejected_row(rejected: Rejected, run: Run) -> dict[str, Any]:
    """The row of `rejected`."""
    return arrow.rejected_row(rejected, run.run_id)


_FILE_BYTES: Final = 64 << 20  # 5,000 ordinary articles have 58 MB
_ROW_GROUP_BYTES: Final = 16 << 20  # what becomes Arrow at once, here and in who reads the file
_VALUE_BYTES: Final = 56  # of any value in Python, and its place in what holds it

# A file's rows travel and are held at once, so a file of articles has fewer of them.
ARTICLES: Final = Layout("articles", Article, Size(5_000, _FILE_BYTES), article_partition, article_order, article_row)
REJECTED: Final = Layout(
    "rejected", Rejected, Size(20_000, _FILE_BYTES), rejected_partition, rejected_order, rejected_row
)


class Group(NamedTuple):
    """What is written as one file: rows of one partition, and of one shard of it."""

    partition: str  # values joined by "/"
    shard: int


register(Group, Size, DumpPages, DataFile)


def weight(value: Any) -> int:
    """About the bytes of memory that a record, or a value in it, takes: the same on every machine and runner."""
    if isinstance(value, str):
        return _VALUE_BYTES + 2 * len(value)
    if isinstance(value, (list, tuple)):
        return _VALUE_BYTES + sum(map(weight, value))
    return _VALUE_BYTES


def add_sizes(sizes: Iterable[Size]) -> Size:
    """The size of all together."""
    rows = size = 0
    for one in sizes:
        rows, size = rows + one[0], size + one[1]
    return Size(rows, size)


def assign(partition: str, record: Article | Rejected, sizes: Mapping[str, Size], limits: Size) -> Group:
    """The group of a record: enough shards that none has many more rows or bytes than `limits`."""
    size = sizes[partition]
    shards = max(-(-size.rows // limits.rows), -(-size.bytes // limits.bytes))
    place = f"{record.source.dump}\n{record.source.dump_offset}".encode()
    return Group(partition, int.from_bytes(hashlib.blake2b(place, digest_size=8).digest(), "big") % shards)


def row_groups(records: Iterable[Any], most: int = _ROW_GROUP_BYTES) -> Iterator[list[Any]]:
    """The records in pieces of about `most` bytes each, in order."""
    piece: list[Any] = []
    size = 0
    for record in records:
        piece.append(record)
        size += weight(record)
        if size >= most:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def file_of(table: str, partition: str, records: Iterable[Article | Rejected]) -> DataFile:
    """Describes the file that will hold `records`; `Dataset.stage` completes its name by a digest of its bytes."""
    values = partition.split("/")
    folders = [f"{column}={value}" for column, value in zip(arrow.PARTITIONS[table], values, strict=True)]
    pages = collections.Counter(record.source.dump for record in records)
    dumps = [DumpPages(dump, count) for dump, count in sorted(pages.items())]
    return DataFile(table, "/".join([*folders, "part"]), values, sum(pages.values()), 0, dumps)


def is_written(reason: str, all_rejected: bool) -> bool:
    """Whether a refusal gets a row: the mass refusals of a crawl only when asked for."""
    return all_rejected or reason not in MASS_REASONS


def close_books(files: Iterable[DataFile], counts: Iterable[tuple[Line, int]], run: Run) -> dict[Line, int]:
    """The audited ledger of a run: counted lines, and articles as the files hold them.

    Raises:
      LedgerError: pages were lost or doubled, or refusals are missing a row.
    """
    written: collections.Counter[tuple[str, str]] = collections.Counter()
    for file in files:
        for part in file.dumps:
            written[file.table, part.dump] += part.pages
    articles = [(Line(dump, ledger.ARTICLE), pages) for (table, dump), pages in written.items() if table == "articles"]
    books = ledger.total([*counts, *articles])
    ledger.audit(books)
    due: collections.Counter[str] = collections.Counter()
    for line, pages in books.items():
        if line.door == ledger.REJECTED and is_written(line.reason, run.all_rejected):
            due[line.dump] += pages
    for dump, pages in due.items():
        if written["rejected", dump] != pages:
            found = written["rejected", dump]
            raise LedgerError(f"{dump}: {pages} pages were refused, {found} rows say so")
    return books


def run_row(run: Run, books: Mapping[Line, int], committed_at: dt.datetime) -> dict[str, Any]:
    """The row of `runs`."""
    return {
        "run_id": run.run_id,
        "recipe": run.recipe,
        "options": run.options,
        "warraq_version": run.version,
        "runner": run.runner,
        "started_at": run.started_at,
        "committed_at": committed_at,
        "dumps": list(run.dumps),
        "ledger": [{**line._asdict(), "pages": pages} for line, pages in books.items()],
    }


class _StageFn(beam.DoFn):
    """One group of records → one staged file."""

    def __init__(self, layout: Layout, run: Run) -> None:
        self._layout, self._run = layout, run

    def process(self, group: tuple[Group, Iterable[Any]]) -> Iterator[DataFile]:
        layout, run = self._layout, self._run
        records = sorted(group[1], key=layout.order)
        tables = (
            arrow.file_table(layout.table, (layout.row(record, run) for record in piece))
            for piece in row_groups(records)
        )
        file = file_of(layout.table, group[0].partition, records)
        yield Dataset(run.output).stage(run.run_id, file, tables)


@dataclass
class _WriteRows(beam.PTransform):
    """Record → DataFile, staged. Shuffles whole records once."""

    layout: Layout
    run: Run

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        keyed_type, grouped_type = (beam.typehints.Tuple[key, self.layout.record] for key in (str, Group))
        keyed = records | "Partition" >> beam.Map(_keyed, self.layout).with_output_types(keyed_type)
        sizes = (
            keyed
            | "Weigh" >> beam.Map(_weighed).with_output_types(beam.typehints.Tuple[str, Size])
            | "AddSizes" >> beam.CombinePerKey(add_sizes)
        )
        return (
            keyed
            | "Assign"
            >> beam.Map(_grouped, beam.pvalue.AsDict(sizes), self.layout.limits).with_output_types(grouped_type)
            | "GroupRows" >> beam.GroupByKey()
            | "Stage" >> beam.ParDo(_StageFn(self.layout, self.run)).with_output_types(DataFile)
        )


@dataclass
class WriteArticles(beam.PTransform):
    """Article → DataFile, staged."""

    run: Run

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        return articles | "WriteRows" >> _WriteRows(ARTICLES, self.run)


@dataclass
class WriteRejected(beam.PTransform):
    """{label of a stage: its Rejected} → DataFile, staged; mass refusals of a crawl only if the run asks for all."""

    run: Run

    def expand(self, rejected: Any) -> beam.PCollection:
        wanted = [  # before they are joined: most of a crawl would cross the runner to be dropped here
            output | f"KeepWantedOf{label}" >> beam.Filter(_wanted, self.run.all_rejected).with_output_types(Rejected)
            for label, output in rejected.items()
        ]
        return wanted | "JoinRefused" >> beam.Flatten() | "WriteRows" >> _WriteRows(REJECTED, self.run)


class _CommitFn(beam.DoFn):
    """Audits and publishes once; repeating it changes nothing."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def process(
        self, _: None, files: Sequence[DataFile], counts: Sequence[tuple[Line, int]]
    ) -> Iterator[dict[str, Any]]:
        dataset = Dataset(self._run.output)
        if dataset.has_run(self._run.run_id):
            dataset.discard(self._run.run_id)
            return
        books = close_books(files, counts, self._run)
        if broken := ledger.broken_dumps(books, self._run.max_error_share):
            leave_report(dataset, self._run.run_id, find_faults(dataset, self._run.run_id, files, broken))
            raise SetAsideError(f"too many pages broke the code in {', '.join(broken)}")
        row = run_row(self._run, books, dt.datetime.now(dt.timezone.utc))
        file = DataFile("runs", f"run-{self._run.run_id}", [], 1, 0, [])
        file = dataset.stage(self._run.run_id, file, [arrow.file_table("runs", [row])])
        dataset.publish(self._run.run_id, sorted([*files, file]))
        yield row


@dataclass
class CommitRun(beam.PTransform):
    """(DataFile, (Line, pages)) → the row of `runs`, once everything is published.

    Raises on a worker, which fails the run: LedgerError if the books do not balance, SetAsideError if too many pages of
    a dump broke the code (see set_aside.py).
    """

    run: Run

    def expand(self, results: Any) -> beam.PCollection:
        files, counts = results
        return (
            files.pipeline
            | "Once" >> beam.Create([None])
            | "Publish" >> beam.ParDo(_CommitFn(self.run), beam.pvalue.AsList(files), beam.pvalue.AsList(counts))
        )


def _keyed(record: Any, layout: Layout) -> tuple[str, Any]:
    return layout.partition(record), record


def _weighed(keyed: tuple[str, Any]) -> tuple[str, Size]:
    return keyed[0], Size(1, weight(keyed[1]))


def _grouped(keyed: tuple[str, Any], sizes: Mapping[str, Size], limits: Size) -> tuple[Group, Any]:
    partition, record = keyed
    return assign(partition, record, sizes, limits), record


def _wanted(rejected: Rejected, all_rejected: bool) -> bool:
    return is_written(rejected.reason, all_rejected)
