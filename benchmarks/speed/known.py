"""The cost of finding copies among what the dataset holds, as it grows: from files of `articles`, and from its index.

    python -m benchmarks.speed.known [--articles 10000 100000 1000000] [--new 20] [--rounds 3] [--layouts parts …]

The dataset is synthetic: 100 articles a file, 18 files a day, random digests and signatures, no text. In each layout
`Deduplicate` gets the same new articles, of one day in the middle, on the local engine with one worker. Seconds are the
processor's, of this process: the median of the rounds, less that without known articles, which is the first line.
Bytes are those that a search reads; rows are those that it sends into the shuffle. A search beside it counts both.
"""

import argparse
import datetime as dt
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions

from warraq.pipelines.local.launch import local_runner
from warraq.schemas.arrow import file_schema
from warraq.schemas.records import Article, Source
from warraq.transforms.dataset.index import ARRIVAL, ROW_GROUP, parts
from warraq.transforms.deduplicate.deduplicate import DuplicateRules, identify
from warraq.transforms.deduplicate.known import Search, find
from warraq.transforms.deduplicate.stage import Deduplicate, ReadKnown
from warraq.transforms.deduplicate.wanted import joined, wanted
from warraq.transforms.sketch import ANCHORS, VERSION

FILE_ARTICLES, DAY_FILES = 100, 18
FIRST_DAY = dt.date(2024, 1, 1)
LAYOUTS = ("articles", "arrivals", "parts")


def batches(articles: int) -> Iterator[pa.Table]:
    """Rows of the index, a table for each file of `articles`."""
    numbers = np.random.default_rng(1)
    for number in range(articles // FILE_ARTICLES):
        ids = [numbers.bytes(16).hex() for _ in range(2 * FILE_ARTICLES)]
        day = FIRST_DAY + dt.timedelta(days=number // DAY_FILES)
        columns = {
            "text_digest": ids[::2],
            "article_id": ids[1::2],
            "date": [day] * FILE_ARTICLES,
            "load_id": ["0" * 65] * FILE_ARTICLES,
            "sketch": [synthetic_sketch(numbers) for _ in range(FILE_ARTICLES)],
        }
        yield pa.table(columns, schema=file_schema("signatures")).sort_by("text_digest")


def synthetic_sketch(numbers: np.random.Generator) -> bytes:
    """A current sketch of a title of 8 words and a text of 250, of random bytes."""
    return bytes([VERSION, 8]) + numbers.bytes(7 + 4 * ANCHORS + 2 * (8 + 250))


def write(path: Path, table: pa.Table) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=ROW_GROUP, compression="zstd", write_page_checksum=True)
    return str(path)


def write_layout(root: Path, layout: str, articles: int) -> list[str]:
    """The files of one layout. Files of `articles` have only the columns that are read."""
    if layout == "parts":
        rows = pa.concat_tables(batches(articles))
        return [write(root / "signatures" / f"part={name}" / "all.parquet", part) for name, part in parts(rows)]
    paths = []
    for number, table in enumerate(batches(articles)):
        folder = root / "signatures" / f"part={ARRIVAL}"
        if layout == "articles":
            folder = root / "articles" / f"date={table['date'][0]}" / f"topic={number % DAY_FILES}"
            table = table.drop(["date", "load_id"])  # noqa: PLW2901  (as the files are)
        paths.append(write(folder / f"{number:06}.parquet", table))
    return paths


def new_articles(count: int, day: dt.date) -> list[Article]:
    """Articles that are no copies."""
    fetched = dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc)
    return [
        Article(
            source=Source(f"https://new.example/{number}", fetched, "dump", number, 100),
            canonical_url=f"https://new.example/{number}",
            site="new.example",
            title=None,
            text=" ".join(f"كلمة{number * 1000 + word}" for word in range(200)),
            published_at=None,
            date=day,
            date_source="url",
        )
        for number in range(count)
    ]


def seconds(articles: Sequence[Article], files: Sequence[str], rounds: int) -> float:
    """The median of the processor's seconds for one run of the stage."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        options = PipelineOptions(["--direct_num_workers=1"])
        pipeline = beam.Pipeline(runner=local_runner(options, 1, 1, is_apart=False), options=options)
        made = pipeline | beam.Create(articles).with_output_types(Article)
        made | Deduplicate(known=ReadKnown(files) if files else None)
        pipeline.run().wait_until_finish()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def searched(articles: Sequence[Article], files: Sequence[str]) -> tuple[int, int]:
    """The bytes that a search reads, as the kernel counts them, and the rows that it finds."""
    identified = map(identify, articles)
    keys = joined(wanted(each.text_digest, each.sketch, each.date.toordinal()) for each in identified)
    before = bytes_read()
    found = [*find(files, Search(keys, DuplicateRules().horizon_days))]
    return bytes_read() - before, sum(len(each.exact) + len(each.near) for each in found)


def bytes_read() -> int:
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--new", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layouts", nargs="+", default=LAYOUTS, choices=LAYOUTS)
    options = parser.parse_args()
    seconds(new_articles(1, FIRST_DAY), [], 1)  # imports and caches
    floor = seconds(new_articles(options.new, FIRST_DAY), [], options.rounds)
    print(f"{options.new} new articles, none known: {floor:.2f} s", flush=True)
    for count, layout in itertools.product(options.articles, options.layouts):
        middle = FIRST_DAY + dt.timedelta(days=count // FILE_ARTICLES // DAY_FILES // 2)
        new = new_articles(options.new, middle)
        with tempfile.TemporaryDirectory() as folder:
            files = write_layout(Path(folder), layout, count)
            size, rows = searched(new, files)
            more = seconds(new, files, options.rounds) - floor
        print(f"{count:>9,} known, {layout:8} {len(files):>6,} files: {more:6.2f} s more", end="")
        print(f", {size / 1e6:7.1f} MB read, {rows:>5} rows shuffled", flush=True)


if __name__ == "__main__":
    main()
