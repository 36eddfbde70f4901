"""Datasets as `ingest` makes them, but from articles and rejections that a test names: no pipeline runs."""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from warraq.schemas import arrow
from warraq.schemas.records import Article, Rejected, Source
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.index import arrivals_count
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish
from warraq.transforms.ledger import is_written, read_entry, rejected_entry
from warraq.transforms.write.commit import commit
from warraq.transforms.write.run import Run
from warraq.transforms.write.tables import ARTICLES, REJECTED, data_file

NOON = dt.datetime(2025, 6, 1, 12, tzinfo=dt.timezone.utc)


def article(dump: str, offset: int, name: str = "", *, day: int = 1, **fields: Any) -> Article:
    """An article with the id `name` (default: made of dump and offset) of a day in May 2025."""
    name = name or f"{dump}-{offset}"
    source = Source(f"https://s.example/{dump}/{offset}", NOON, dump, offset, 100)
    date = dt.date(2025, 5, day)
    made = Article(source, source.url, "s.example", None, f"text of {name}", None, date, "url", topic="sport")
    return made._replace(**{"article_id": name, "text_digest": name, "sketch": b"\0" * 256, **fields})


def refusal(dump: str, offset: int, reason: str = "not_arabic", stage: str = "language") -> Rejected:
    """A rejected page."""
    return Rejected(Source(f"https://s.example/{dump}/{offset}", NOON, dump, offset, 100), stage, reason, "")


def load(dataset: Dataset, run_id: str, pages: Sequence[Article | Rejected], **fields: Any) -> None:
    """Commits a run of these pages. The fingerprint of each dump is its name. `fields` are of the Run."""
    dumps = sorted({page.source.dump for page in pages})
    described = [{"dump": dump, "format": "warc", "size": 1, "fingerprint": dump} for dump in dumps]
    run = Run(dataset.root, run_id, run_id, "recipe", "{}", "1", "local", NOON, described, False, 1.0)
    run = dataclasses.replace(run, **{"arrivals": arrivals_count(dataset), **fields})  # it has looked for copies
    kept = [page for page in pages if isinstance(page, Article) or is_written(page.reason, run.all_rejected)]
    groups: dict[tuple[Any, str], list[Any]] = {}
    for page in kept:
        spec = ARTICLES if isinstance(page, Article) else REJECTED
        groups.setdefault((spec, spec.partition(page)), []).append(page)
    files = [
        dataset.write_staged(
            run.staging,
            data_file(spec.table, partition, group),
            [arrow.file_table(spec.table, [spec.row(page, run) for page in sorted(group, key=spec.order)])],
            run.run_id,
        )
        for (spec, partition), group in groups.items()
    ]
    counts = Counter(read_entry(page) for page in pages)
    counts.update(rejected_entry(page) for page in pages if isinstance(page, Rejected))
    with dataset.lock(run.staging):
        commit(run, files, sorted(counts.items()))


def change(dataset: Dataset, operation: str, file: DataFile, rows: pa.Table, *, keep: bool = False) -> None:
    """Publishes `rows` in place of a file, or beside it with `keep`, as no operation of ours would."""
    new = dataset.write_staged(operation, file._replace(path=f"{file.path.rpartition('/')[0]}/part"), [rows])
    publish(dataset, operation, Publication(operation, [new], [] if keep else [file]))


def edit(
    dataset: Dataset, operation: str, table: str, edited: Callable[[list[dict]], list[dict]], **more: bool
) -> None:
    """As `change`, for the first file of a table and a function of its rows."""
    file = dataset.data_files(table)[0]
    rows = [row for group in read_rows(table, dataset.path(file), {}) for row in group.to_pylist()]
    change(dataset, operation, file, arrow.file_table(table, edited(rows)), **more)
