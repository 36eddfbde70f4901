r"""A crawl with 1% Arabic pages, the whole pipeline beside datatrove: pages per second and peak memory.

    python -m benchmarks.speed.crawl [--pages 10000] [--beside 2000] [--rounds 2] [--venv FOLDER]
                               [--arabic 1000] [--larger 10]

The dump is one WARC, a gzip member a record: the pages of `pages` that are in other scripts, over and over, and every
hundredth record a page of `pages/ar` or `pages_arabised` with every fifth word changed, so that no two are copies. Each
record has an address of its own. Warraq runs as `warraq ingest --workers 1`; datatrove (newest release, in a virtual
environment of its own) as one task of WarcReader, Trafilatura and ParquetWriter with their defaults, on the first
`--beside` records: its time grows with the records, which `--beside 10000` verifies. Seconds are those of the clock,
with all that starts and ends a run; memory is the largest sum of resident memory of a run's processes, and the largest
of any one. Then what dumps `--larger` times as large take of it: of the crawl, and of one of Arabic pages only.
(data: $WARRAQ_DATA, else ../shared/data beside the checkout)
"""

import argparse
import contextlib
import gzip
import itertools
import json
import random
import re
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import venv
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import DATA

ARABIC_SCRIPT = frozenset({"ar", "ckb", "fa", "ku", "ps", "sd", "ug", "ur"})
WORD = re.compile(r"[ء-ي]{3,}")
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
END = b"\r\n\r\n"
SAMPLE_SECONDS = 0.1
RECIPE = Path(__file__).resolve().parent / "crawl_datatrove.py"
REQUIREMENTS = RECIPE.with_suffix(".txt")


class Body(NamedTuple):
    """A page, compressed once for all of its records."""

    content: bytes
    deflated: bytes
    content_type: str


class Cost(NamedTuple):
    """The cost of a run."""

    seconds: float
    processor: float  # seconds, of all its processes
    tree: float  # MiB of all its processes at once, at most
    largest: float  # MiB of any one process, at most


def raw(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def body(content: bytes, content_type: str = "text/html") -> Body:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    return Body(content, deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH), content_type)


def foreign_pages() -> Iterator[bytes]:
    """The pages of `pages` that are in other scripts than the Arabic."""
    folder = DATA / "pages"
    for row in rows(folder / "labels.jsonl"):
        if row["lang"] not in ARABIC_SCRIPT and not row["file"].startswith("ar/"):
            yield raw(folder / row["file"])


def arabic_pages() -> Iterator[tuple[str, str, str]]:
    """Markup, charset and media type of the pages of `pages/ar` and `pages_arabised`."""
    for path in sorted((DATA / "pages" / "ar").glob("*.html")):
        yield raw(path).decode(errors="replace"), "utf-8", "text/html; charset=utf-8"
    for row in rows(DATA / "pages_arabised" / "truth.jsonl"):
        content = raw(DATA / "pages_arabised" / row["file"])
        yield content.decode(row["charset"], "replace"), row["charset"], row["http_content_type"] or "text/html"


def arabic_bodies() -> Iterator[Body]:
    """Arabic pages without end, no two of them copies: every fifth word is one of another page's."""
    pages = list(arabic_pages())
    words = sorted({word for markup, *_ in pages for word in WORD.findall(markup)})
    for number in itertools.count():
        markup, charset, content_type = pages[number % len(pages)]
        chance = random.Random(number)  # noqa: S311  (the same pages each time)
        markup = WORD.sub(lambda match: chance.choice(words) if chance.random() < 0.2 else match[0], markup)  # noqa: B023
        yield body(markup.encode(charset, "xmlcharrefreplace"), content_type)


def record(page: Body, number: int) -> bytes:
    """One gzip member: what is deflated of the page stands, on whole bytes, between a front and an end of its own."""
    http = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {page.content_type}\r\nContent-Length: {len(page.content)}\r\n\r\n".encode()
    )
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n"
        f"WARC-Target-URI: http://site{number % 997}.example/{number}\r\nWARC-Date: 2026-11-01T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http) + len(page.content)}\r\n\r\n"
    ).encode() + http
    front, back = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.compressobj(6, zlib.DEFLATED, -15)
    start = front.compress(head) + front.flush(zlib.Z_FULL_FLUSH)
    end = back.compress(END) + back.flush()
    check = zlib.crc32(END, zlib.crc32(page.content, zlib.crc32(head)))
    size = len(head) + len(page.content) + len(END)
    return GZIP_HEAD + start + page.deflated + end + struct.pack("<II", check, size)


def write_crawl(target: Path, pages: int, arabic_every: int = 100) -> None:
    """Writes a dump of `pages` records."""
    foreign = itertools.cycle([body(content) for content in foreign_pages()])
    arabic = arabic_bodies()
    with target.open("wb") as file:
        for number in range(pages):
            file.write(record(next(foreign) if number % arabic_every else next(arabic), number))


def tree_memory(root: int) -> list[float]:
    """MiB of resident memory of each process of the tree under `root`."""
    found, tree = [], [root]
    for process in tree:
        folder = Path("/proc", str(process))
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            found.append(int((folder / "statm").read_text().split()[1]) * resource.getpagesize() / 2**20)
            for children in folder.glob("task/*/children"):
                tree += map(int, children.read_text().split())
    return found


def run(command: Sequence[str]) -> Cost:
    """Runs a command to its end, watching its memory."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=RECIPE.parent.parent)
    tree = largest = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal tree, largest
        while not over.wait(SAMPLE_SECONDS):
            memory = tree_memory(job.pid) or [0.0]
            tree, largest = max(tree, sum(memory)), max(largest, *memory)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, words = job.communicate()
    seconds = time.perf_counter() - start
    over.set()
    watcher.join()
    if job.returncode:
        sys.exit(words.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, processor, tree, largest)


def ingest(dump: Path, workers: int = 1, cores: Sequence[int] | None = None) -> Cost:
    """The cost of `warraq ingest` for a dump, into a new dataset, on some cores only (Linux)."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-m", "warraq", "ingest", str(dump), "--output", f"{output}/out", "--quiet"]
        return run([*pinned, *command, "--workers", str(workers)])


def shown(name: str, cost: Cost, pages: int) -> str:
    return (
        f"{name:24}{cost.seconds:8.1f} s {cost.processor:8.1f} s of processors {pages / cost.seconds:8.1f} pages/s "
        f"{cost.tree:6.0f} MiB, largest process {cost.largest:.0f}"
    )


def datatrove(dump: Path, python: Path) -> Cost:
    """The cost of datatrove for a dump."""
    with tempfile.TemporaryDirectory() as output:
        return run([str(python), str(RECIPE), str(dump.parent), dump.name, output])


def datatrove_python(folder: Path) -> Path:
    """The interpreter of a virtual environment with datatrove, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(REQUIREMENTS)], check=True)
    return python


def print_growth(name: str, pages: int, arabic_every: int, times: int) -> None:
    """The cost of a dump, and of one `times` as large."""
    costs = []
    for size in (pages, times * pages):
        with tempfile.TemporaryDirectory() as folder:
            dump = Path(folder, "crawl.warc.gz")
            write_crawl(dump, size, arabic_every)
            costs.append(ingest(dump))
        print(shown(f"{name}, {size}", costs[-1], size), flush=True)
    print(f"memory {costs[1].tree / costs[0].tree:.2f}, largest process {costs[1].largest / costs[0].largest:.2f}")


def main() -> None:
    """Prints a line for each round, the median, and what larger dumps take."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--beside", type=int, default=2_000, help="records that datatrove reads")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--arabic", type=int, default=1_000, help="pages of the dump of Arabic pages only")
    parser.add_argument("--larger", type=int, default=10, help="how many times as large a dump to compare; 0: none")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache" / "warraq" / "datatrove")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    python = datatrove_python(options.venv)
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder, "whole", "crawl.warc.gz"), Path(folder, "part", "crawl.warc.gz")
        for dump, pages in ((whole, options.pages), (part, options.beside)):
            dump.parent.mkdir()
            write_crawl(dump, pages)
        print(f"{options.pages} records, 1% Arabic, {whole.stat().st_size / 2**20:.0f} MiB", flush=True)
        ratios = []
        for _ in range(options.rounds):
            ours, theirs = ingest(whole), datatrove(part, python)
            speeds = options.pages / ours.seconds, options.beside / theirs.seconds
            ratios.append(speeds[0] / speeds[1])
            print(shown("warraq", ours, options.pages))
            print(shown("datatrove", theirs, options.beside))
            print(f"ratio {ratios[-1]:.1f}", flush=True)
        print(f"median ratio {statistics.median(ratios):.1f}", flush=True)
    if options.larger:
        print_growth("1% Arabic", options.pages, 100, options.larger)
        print_growth("all Arabic", options.arabic, 1, options.larger)


if __name__ == "__main__":
    main()
