"""The local engine on one machine: what a second worker brings, and what a dump ten times as large takes of memory.

    python benchmarks/local_engine.py [--crawl 10000] [--arabic 1000] [--rounds 2] [--skip_memory]

Two dumps, as `crawl.py` makes them: a crawl with 1% Arabic pages, and one of Arabic pages only, no two of them copies.
Each is one WARC, ingested whole by `warraq ingest` with 1 and with 2 workers; then one ten times as large with 2.
Ratios of seconds are given whole, and without what a run of one page takes (start-up). Memory is resident, in MiB: the
largest sum over a run's processes, and the largest process.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from crawl import DATA, ingest, shown, write_crawl


def dump(folder: str, pages: int, arabic_every: int) -> Path:
    path = Path(folder, f"{pages}-{arabic_every}.warc.gz")
    write_crawl(path, pages, arabic_every)
    return path


def measure(pages: int, arabic_every: int, rounds: int, larger: bool) -> None:
    """Prints a line for each run of a dump."""
    with tempfile.TemporaryDirectory() as folder:
        whole, one = dump(folder, pages, arabic_every), dump(folder, 1, 1)
        for _ in range(rounds):
            start = {workers: ingest(one, workers).seconds for workers in (1, 2)}
            costs = {workers: ingest(whole, workers) for workers in (1, 2)}
            for workers, cost in costs.items():
                print(shown(f"{pages} pages, {workers} workers", cost, pages), flush=True)
            ratio = costs[1].seconds / costs[2].seconds
            started = (costs[1].seconds - start[1]) / (costs[2].seconds - start[2])
            print(f"ratio {ratio:.2f}, without start-up {started:.2f}", flush=True)
        if larger:
            cost = ingest(dump(folder, 10 * pages, arabic_every), 2)
            print(shown(f"{10 * pages} pages, 2 workers", cost, 10 * pages))
            print(f"memory {cost.tree / costs[2].tree:.2f} of that for {pages} pages")


def main() -> None:
    """Measures both dumps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crawl", type=int, default=10_000, help="pages of the crawl")
    parser.add_argument("--arabic", type=int, default=1_000, help="pages of the Arabic dump")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--skip_memory", action="store_true")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    for name, pages, arabic_every in (("1% Arabic", options.crawl, 100), ("all Arabic", options.arabic, 1)):
        print(name)
        measure(pages, arabic_every, options.rounds, not options.skip_memory)


if __name__ == "__main__":
    main()
