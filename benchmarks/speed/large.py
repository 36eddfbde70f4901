"""The cost of a small run in a large dataset, beside that in an empty one.

    python -m benchmarks.speed.large [--files 10000] [--rows 100] [--pages 20] [--rounds 3] [--folder FOLDER]

The dataset is as `warraq maintain` leaves it: so many files of articles, 15 to a run, an index in parts by
digest and month, and one file of runs. Its texts are small and equal; digests and signatures are random. Each
round has one new dump of pages of a day in the middle, which `warraq ingest` reads with one worker and the default
models into the large dataset and into an empty one, in turn. Printed are processor seconds of the whole command: the
medians, and their ratio. The dataset in FOLDER is made once and used again.
"""

import argparse
import datetime as dt
import io
import itertools
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pyarrow as pa

from benchmarks.speed.known import DAY_FILES, FIRST_DAY, batches
from benchmarks.speed.stream import page
from benchmarks.speed.upkeep import article_rows
from warraq.schemas.arrow import TABLES, file_table
from warraq.schemas.labels import TOPICS
from warraq.transforms.dataset import index, loads
from warraq.transforms.dataset.data_files import DataFile, encode
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish

FILES_A_RUN = 15
NAME = "fill"


def make(root: str, files: int, rows: int) -> None:
    """A dataset with so many files of so many articles."""
    dataset, staged = Dataset(root), []
    content, _ = encode("articles", [article_rows(0, rows)], "")
    slugs = itertools.cycle(topic.slug for topic in TOPICS)
    for number, slug in zip(range(files), slugs, strict=False):
        day = str(FIRST_DAY + dt.timedelta(number // DAY_FILES))
        path = f"date={day}/topic={slug}/compact-{number:08}.parquet"
        staged.append(DataFile("articles", path, [day, slug], rows, len(content), []))
        target = Path(dataset.staged_path(NAME, staged[-1]))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for part, table in index.parts(pa.concat_tables(batches(files * rows))):
        file = DataFile("signatures", f"part={part}/compact", [part], 0, 0, [])
        staged.append(dataset.write_staged(NAME, file, index.row_groups(table)))
    names = [f"run{number:05}" for number in range(files // FILES_A_RUN)]
    empty = dict.fromkeys(TABLES["runs"].names, "") | {"started_at": 0, "committed_at": 0}
    empty |= {name: [] for name in ("ledger", "failed", "beginnings", "copies", "taken_back")}
    runs = []
    for name in names:
        dump = {"dump": f"/srv/{name}.warc.gz", "format": "warc", "size": 1, "fingerprint": name}
        runs.append({**empty, "run_id": name, "recipe": "recipe", "dumps": [dump]})
    part = DataFile("runs", "compact", [], len(runs), 0, [])
    staged.append(dataset.write_staged(NAME, part, [file_table("runs", runs)]))
    keys = [key for name in names for key in (loads.load_key(loads.load_id("recipe", name)), loads.dump_key(name))]
    publish(dataset, NAME, Publication(NAME, staged, (), dict.fromkeys(keys, loads.IN), is_run=True))
    for name in TABLES:
        if table := dataset.open(name):
            table.create_checkpoint()


def write_dump(path: Path, first: int, pages: int) -> None:
    """A TAR of pages."""
    with tarfile.open(path, "w") as archive:
        for number in range(first, first + pages):
            content = page(number).encode()
            member = tarfile.TarInfo(f"{number}.html")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def cost(dump: Path, root: str, fetched: str) -> float:
    """Processor seconds of an ingestion, with all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    flags = ["--output", root, "--workers", "1", "--quiet", "--read_fetched_at", fetched]
    command = [sys.executable, "-m", "warraq", "ingest", str(dump), *flags]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100, help="of a file")
    parser.add_argument("--pages", type=int, default=20, help="of the dump")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the dataset is, or is to be made (default: a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.folder or str(Path(scratch, "dataset"))
        if not Path(root).exists():
            make(root, options.files, options.rows)
        held = len(Dataset(root).files("articles"))
        fetched = f"{FIRST_DAY + dt.timedelta(held // DAY_FILES // 2)}T06:00:00Z"
        large, empty = [], []
        for number in range(options.rounds):
            dump = Path(scratch, f"{number}.tar")
            write_dump(dump, held * 1_000 + number * options.pages, options.pages)
            large.append(cost(dump, root, fetched))
            empty.append(cost(dump, str(Path(scratch, f"empty{number}")), fetched))
        pair = statistics.median(large), statistics.median(empty)
        print(f"{held:,} files: {pair[0]:.2f} s; an empty dataset: {pair[1]:.2f} s; {pair[0] / pair[1]:.2f} times")


if __name__ == "__main__":
    main()
