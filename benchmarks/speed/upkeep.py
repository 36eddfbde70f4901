"""The cost of a dataset that grows for years, with `warraq maintain` beside it and without.

    python -m benchmarks.speed.upkeep commits --runs 10000 --every 100 --publish 20 --folder FOLDER
    python -m benchmarks.speed.upkeep commits --runs 1000 --interval 100
    python -m benchmarks.speed.upkeep articles --articles 1000000

`commits` publishes hourly runs of 12 tiny files, 11 of `articles` and one of `runs`, and prints what the log has and
what things cost: processor milliseconds, medians of the last publications. With `--publish N` only each N-th run is
published as a run is; the others put their files in place and commit them, which takes a quarter of the time. With
`--folder` the dataset stays, and the same command with more `--runs` goes on. `articles` compacts 40 days with 18
topics, of which each has 24 files, in a process of its own. Both write to the folder for temporary files.
"""

import argparse
import contextlib
import datetime as dt
import hashlib
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import time
import unittest.mock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction

from warraq.schemas.arrow import PARTITIONS, TABLES, file_schema, file_table
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import DataFile, encode
from warraq.transforms.dataset.dataset import PROPERTIES, Dataset
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import _add_action, publish
from warraq.transforms.maintain.compact import Settings, compact
from warraq.transforms.maintain.vacuum import vacuum

START = dt.date(2024, 1, 1)
TOPICS = [f"topic-{number:02}" for number in range(18)]
DAYS, HOURS = 40, 24
TEXT = "قالت وزارة الصحة إن الحملة تبدأ غدا في جميع المحافظات "


def article_rows(number: int, count: int) -> pa.Table:
    """Rows of `articles` with small texts. No two tables of different numbers have a row in common."""
    empty = {field.name: None if field.nullable else _nothing(field.type) for field in file_schema("articles")}
    empty |= dict.fromkeys(("published_at", "fetched_at"), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc))
    rows = []
    for row in range(count):
        digest = hashlib.blake2b(f"{number} {row}".encode(), digest_size=16).hexdigest()
        own = {"article_id": digest, "site": f"site{digest[:2]}.example", "url": f"https://example/{digest}"}
        fixed = {"duplicate_of": None, "load_id": f"recipe-{number}", "dump": f"{number}.warc", "topic_score": 0.5}
        rows.append({**empty, **fixed, **own, "dump_offset": row, "text": TEXT * 4 + digest})
    return file_table("articles", rows)


def _nothing(kind: pa.DataType) -> Any:
    """An empty text or list, or zero."""
    if pa.types.is_list(kind):
        return []
    return "" if pa.types.is_string(kind) else b"" if pa.types.is_binary(kind) else 0


def processor(action: Callable[[], Any]) -> float:
    """The processor milliseconds that an action takes, of all threads."""
    began = time.process_time()
    action()
    return 1000 * (time.process_time() - began)


class Year:
    """A dataset to which hourly runs are published."""

    def __init__(self, root: str) -> None:
        self.dataset = Dataset(root)
        self.opened: dict[str, DeltaTable] = {}  # kept while nobody else commits
        self.content, rows = encode("articles", [article_rows(0, 3)], "")
        self.rows = rows

    def publish(self, hour: int) -> float:
        """Publishes one run; returns its processor milliseconds."""
        change = self._staged(hour)
        return processor(lambda: publish(self.dataset, change.run_id, change))

    def commit(self, hour: int) -> None:
        """Puts the files of one run in place and commits them: the log is as if it had been published."""
        change = self._staged(hour)
        for file in change.added:
            Path(self.dataset.path(file)).parent.mkdir(parents=True, exist_ok=True)
            Path(self.dataset.staged_path(change.run_id, file)).rename(self.dataset.path(file))
        shutil.rmtree(self.dataset.staging_folder(change.run_id))
        transactions = [Transaction(key, version) for key, version in change.transactions.items()]
        for name in change.tables:
            self.opened[name] = self.opened.get(name) or self.dataset.open_or_create(name)
            self.opened[name].create_write_transaction(
                [_add_action(file, is_data=True) for file in change.files(name)[0]],
                mode="append",
                schema=TABLES[name],
                partition_by=list(PARTITIONS[name]),
                commit_properties=CommitProperties(app_transactions=[Transaction(change.run_id, 1), *transactions]),
            )

    def _staged(self, hour: int) -> Publication:
        """The publication of one run, whose files are staged."""
        day, name, files = START + dt.timedelta(hour // HOURS), f"run{hour:05}", []
        for topic in TOPICS[:11]:
            path = f"date={day}/topic={topic}/part-{hour:08}.parquet"
            files.append(DataFile("articles", path, [str(day), topic], self.rows, len(self.content), []))
            staged = Path(self.dataset.staged_path(name, files[-1]))
            staged.parent.mkdir(parents=True)
            staged.write_bytes(self.content)
        row = dict.fromkeys(TABLES["runs"].names, "") | {"run_id": name, "started_at": hour, "committed_at": hour}
        row |= {"dumps": [], "ledger": [], "failed": []}
        part = DataFile("runs", f"run-{name}", [], 1, 0, [])
        files.append(self.dataset.write_staged(name, part, [file_table("runs", [row])], name))
        return Publication(name, files, (), {f"load:{name}": 1, f"dump:{name}": 1}, is_run=True)

    def maintain(self, hour: int) -> float:
        """Does what `warraq maintain` does on the day of that hour; returns the processor milliseconds."""
        self.opened.clear()
        before = START + dt.timedelta(hour // HOURS - 2)
        return processor(
            lambda: [*compact(self.dataset, Settings(before)), vacuum(self.dataset, 0, time.time() + 86_400)]
        )

    def measure(self) -> Iterator[str]:
        """The files of the dataset now, and the cost of a look at it."""
        log = [entry.stat().st_size for entry in Path(self.dataset.root, "articles", "_delta_log").iterdir()]
        yield f"{len(self.dataset.files('articles')):8,}"
        yield f"{len(log):8,} {sum(log) / 1e6:6.1f} MB"
        yield f"{statistics.median(processor(lambda: self.dataset.open('articles')) for _ in range(5)):8.1f}"
        yield f"{statistics.median(processor(lambda: self.dataset.files('articles')) for _ in range(5)):8.1f}"
        glob = f"SELECT count(*) FROM '{self.dataset.root}/articles/*/*/*.parquet'"  # noqa: S608
        yield f"{processor(lambda: duckdb.sql(glob).fetchall()):9.1f}"


def age(root: str) -> None:
    """Makes the entries of the logs look ten days old, so that cleaning finds as much as it does after years."""
    old = time.time() - 10 * 86_400
    for path in Path(root).rglob("_delta_log/*"):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (old, old))


def _interval(options: argparse.Namespace) -> dict[str, str]:
    return {"delta.checkpointInterval": str(options.interval)} if options.interval else {}


def commits(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch, unittest.mock.patch.dict(PROPERTIES, _interval(options)):
        root = options.folder or scratch
        year, took, upkeep = Year(root), [], [0.0]
        table = year.dataset.open("runs")
        done = max(
            [int(key[3:]) for key in delta_log.all_transactions(table) if key.startswith("run")] if table else [0]
        )
        print("    runs    files  log: files, size    open  files()  count(*)  a publication  a `maintain`", flush=True)
        for hour in range(done + 1, options.runs + 1):
            if hour % options.publish == 0:
                year.opened.clear()
                took.append(year.publish(hour))
            else:
                year.commit(hour)
            if options.every and hour % options.every == 0:
                age(root)
                upkeep.append(year.maintain(hour))
            if hour % max(1, options.show or options.runs // 10) == 0:
                shown = " ".join(year.measure())
                print(f"{hour:8,} {shown} {statistics.median(took[-50:] or [0]):14.1f} {upkeep[-1]:14.0f}", flush=True)


def fill(root: str, count: int) -> int:
    """Publishes that many articles; returns the bytes of their files."""
    dataset, files = Dataset(root), []
    each = count // (DAYS * len(TOPICS) * HOURS)
    for day in range(DAYS):
        for topic in TOPICS:
            values = [str(START + dt.timedelta(day)), topic]
            for hour in range(HOURS):
                rows = article_rows(len(files), each)
                part = DataFile("articles", f"date={values[0]}/topic={topic}/part", values, 0, 0, [])
                files.append(dataset.write_staged("fill", part, [rows], f"run{hour}"))
    publish(dataset, "fill", Publication("fill", files, is_run=True))
    return sum(file.size for file in files)


def _compact(root: str) -> None:
    began = time.perf_counter()
    done = next(compact(Dataset(root), Settings(dt.date(2026, 1, 1))))
    used, took = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - began
    print(f"{done.before:,} files are {done.after:,} now ({done.bytes / 1e6:,.0f} MB)")
    print(f"{used.ru_utime + used.ru_stime:.1f} s of the processor, {took:.1f} s, {used.ru_maxrss / 1024:.0f} MiB")


def articles(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as root:
        print(f"{options.articles:,} articles, {fill(root, options.articles) / 1e6:,.0f} MB", flush=True)
        for _ in range(2):  # the second time there is nothing to do
            process = multiprocessing.get_context("spawn").Process(target=_compact, args=(root,))
            process.start()
            process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=["commits", "articles"])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=0, help="runs between two `maintain` (default: none)")
    parser.add_argument(
        "--publish", type=int, default=1, metavar="N", help="publish each N-th run as a run is (default: each)"
    )
    parser.add_argument("--folder", help="where the dataset is, or is to be made (default: a temporary one)")
    parser.add_argument("--show", type=int, default=0, help="runs between two lines (default: a tenth of them)")
    parser.add_argument("--interval", type=int, help="commits between two checkpoints (default: ours)")
    parser.add_argument("--articles", type=int, default=1_000_000)
    options = parser.parse_args()
    {"commits": commits, "articles": articles}[options.what](options)


if __name__ == "__main__":
    main()
