"""The cost of questions to a dataset of many small files: processor seconds and wall seconds, beside Polars.

    python -m benchmarks.speed.questions [--files 15000] [--rows 67] [--folder FOLDER]     (beside: pip install polars)

Each commit brings 15 files, as an hourly job does. Every question is asked by a process of its own, three times in
turn, and the starts of Python and of the libraries count; medians. The dataset in FOLDER is made once and used again.
Without Polars its columns stay empty.
"""

import argparse
import datetime as dt
import hashlib
import importlib.util
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from warraq.schemas.arrow import PARTITIONS, TABLES, file_table
from warraq.schemas.labels import TOPICS
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish

ROUNDS = 3
FILES_A_RUN = 15
RUNS_A_DAY = 24
FIRST_DAY = dt.date(2025, 1, 1)
EPOCH = dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc)

OURS = "import sys; from warraq.pipelines import query; sys.exit(query.main([{root!r}, {sql!r}, '--format', 'csv']))"
OPEN = "from warraq.transforms.dataset.dataset import Dataset; data = Dataset({root!r}); "
CONNECT = OPEN + "from warraq.pipelines.query import connect; connect(data)"
TOTALS = (
    OPEN + "from warraq.pipelines.row_counts import row_counts; row_counts(data, 'articles', data.open('articles'))"
)
POLARS = "import polars as pl, datetime as dt; print(pl.scan_delta({root!r} + '/articles'){call}.collect())"

# Name → our SQL (or our code), and the same in Polars.
QUESTIONS = {
    "count(*)": ("SELECT count(*) FROM articles", ".select(pl.len())"),
    "articles by topic": ("SELECT topic, count(*) FROM articles GROUP BY topic", ".group_by('topic').len()"),
    "words of one day": (
        "SELECT sum(words) FROM articles WHERE date = '2025-01-10'",
        ".filter(pl.col('date') == dt.date(2025, 1, 10)).select(pl.col('words').sum())",
    ),
    "articles by site": ("SELECT site, count(*) FROM articles GROUP BY site", ".group_by('site').len()"),
    "five rows": ("FROM articles LIMIT 5", ".limit(5)"),
    "connect": (CONNECT, None),
    "totals of the summary": (TOTALS, ".group_by('date', 'topic').len()"),
}


def value(field: pa.Field, number: int) -> Any:
    """Something for a column."""
    if pa.types.is_string(field.type):
        return f"{field.name} {number}" if field.name != "site" else f"site{number % 40}.example"
    if pa.types.is_list(field.type):
        return []
    if pa.types.is_timestamp(field.type):
        return EPOCH
    return b"0" * 128 if pa.types.is_binary(field.type) else number


def rows_of(table: str, count: int, seed: int) -> pa.Table:
    fields = [field for field in TABLES[table] if field.name not in PARTITIONS[table]]
    return file_table(table, [{field.name: value(field, seed + n) for field in fields} for n in range(count)])


def make(root: str, files: int, rows: int) -> None:
    """A dataset with so many files of `articles`, of so many rows each."""
    dataset = Dataset(root)
    slugs = [topic.slug for topic in TOPICS]
    for number in range(-(-files // FILES_A_RUN)):
        run_id = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
        day = str(FIRST_DAY + dt.timedelta(number // RUNS_A_DAY))
        staged = []
        for slug in list(itertools.islice(itertools.cycle(slugs), number, number + FILES_A_RUN)):
            file = DataFile("articles", f"date={day}/topic={slug}/part", [day, slug], rows, 0, [])
            staged.append(dataset.write_staged(run_id, file, [rows_of("articles", rows, number * rows)]))
        run = {field.name: value(field, number) for field in TABLES["runs"]} | {"run_id": run_id}
        row = file_table("runs", [run])
        staged.append(dataset.write_staged(run_id, DataFile("runs", f"run-{run_id}", [], 1, 0, []), [row]))
        publish(dataset, run_id, Publication(run_id, staged, is_run=True))


def cost(code: str) -> tuple[float, float]:
    """Processor seconds and wall seconds of a process that runs the code."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - began


def compare(root: str, questions: Mapping[str, tuple[str, str | None]]) -> None:
    """Prints what each question costs here and in Polars."""
    has_polars = importlib.util.find_spec("polars") is not None
    print(f"{len(Dataset(root).files('articles')):,} files; load {os.getloadavg()[0]:.1f}")
    print(f"{'':32}{'CPU s':>8}{'Polars':>8}{'ratio':>7}{'wall s':>9}{'Polars':>8}{'ratio':>7}")
    for name, (ours, theirs) in questions.items():
        code = (ours if "import" in ours else OURS).format(root=root, sql=ours)
        other = POLARS.format(root=root, call=theirs) if theirs and has_polars else None
        rounds = [(cost(code), cost(other) if other else None) for _ in range(ROUNDS)]
        cells = ""
        for kind in (0, 1):
            mine = statistics.median(one[kind] for one, _ in rounds)
            beside = [two[kind] for _, two in rounds if two]
            pair = f"{statistics.median(beside):8.2f}{mine / statistics.median(beside):7.2f}" if beside else f"{'':15}"
            cells += f"{mine:{9 if kind else 8}.2f}{pair}"
        print(f"{name:32}{cells}", flush=True)


def command(
    description: str | None, sizes: Mapping[str, int], make: Callable[..., None], show: Callable[[str], None]
) -> None:
    """Makes a dataset of the sizes that the command line gives, where there is none, and shows what questions cost."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default: {default}")
    parser.add_argument("--folder", help="where the dataset is, or is to be made (default: a temporary one)")
    options = vars(parser.parse_args())
    folder = options.pop("folder")
    with tempfile.TemporaryDirectory() as scratch:
        root = folder or str(Path(scratch, "dataset"))
        if not Path(root).exists():
            make(root, **options)
        show(root)


if __name__ == "__main__":
    command(__doc__, {"files": 15_000, "rows": 67}, make, lambda root: compare(root, QUESTIONS))
