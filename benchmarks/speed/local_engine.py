"""The local engine on one machine: what a second worker brings, and what a dump ten times as large takes of memory.

    python -m benchmarks.speed.local_engine [--crawl 10000] [--arabic 1000] [--rounds 2] [--skip_memory]

Two dumps, as `crawl.py` makes them: a crawl with 1% Arabic pages, and one of Arabic pages only, no two of them copies.
Each is one WARC, ingested whole by `warraq ingest` with one worker on one core, one worker on two cores and two workers
on two cores; then one ten times as large with 2. (A worker is not one process: what extracts beside it works at the
same time where a core is free.) Ratios of seconds are given whole, and without what a run of one page takes (start-up).
Memory is resident, in MiB: the largest sum over a run's processes, and the largest process. Linux.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.speed.crawl import DATA, ingest, shown, write_crawl

CORES = sorted(os.sched_getaffinity(0))
WAYS = {  # workers, cores
    "1 worker on 1 core": (1, CORES[:1]),
    "1 worker on 2 cores": (1, CORES[:2]),
    "2 workers on 2 cores": (2, CORES[:2]),
}


def dump(folder: str, pages: int, arabic_every: int) -> Path:
    path = Path(folder, f"{pages}-{arabic_every}.warc.gz")
    write_crawl(path, pages, arabic_every)
    return path


def measure(pages: int, arabic_every: int, rounds: int, larger: bool) -> None:
    """Prints a line for each run of a dump."""
    with tempfile.TemporaryDirectory() as folder:
        whole, one = dump(folder, pages, arabic_every), dump(folder, 1, 1)
        for _ in range(rounds):
            start = {way: ingest(one, workers, cores).seconds for way, (workers, cores) in WAYS.items()}
            costs = {way: ingest(whole, workers, cores) for way, (workers, cores) in WAYS.items()}
            for way, cost in costs.items():
                print(shown(way, cost, pages), flush=True)
            *single, both = WAYS
            for way in single:
                ratio = costs[way].seconds / costs[both].seconds
                started = (costs[way].seconds - start[way]) / (costs[both].seconds - start[both])
                print(f"{both} against {way}: {ratio:.2f}, without start-up {started:.2f}", flush=True)
        if larger:
            cost = ingest(dump(folder, 10 * pages, arabic_every), 2)
            print(shown(f"{10 * pages} pages, 2 workers", cost, 10 * pages))
            print(f"memory {cost.tree / costs[both].tree:.2f} of that for {pages} pages")


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
