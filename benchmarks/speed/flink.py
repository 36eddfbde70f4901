"""One WARC on a Flink cluster of this machine, with 1, 2 and 4 slots, beside the local engine with as many workers.

    python -m benchmarks.speed.flink [--pages 5000] [--arabic_every 10] [--slots 1,2,4]

The dump is written as `crawl.py` does it. A line for each run: seconds from the command to its end, seconds of
processors (the launcher and, on Flink, all of the cluster while the job ran), and both less what a dump of one page
takes (on Flink, the second such job of the cluster). Then, of the step that reads and refines pages, how many ranges of
the dump each slot took, and the largest resident memory of a Python worker and of the process in which one extracts.
On Flink, seconds of processors are a lower bound: extracting processes of earlier jobs, once gone, are missing in them.
(data: $WARRAQ_DATA, else ../shared/data beside the checkout)
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import ROOT
from benchmarks.speed.crawl import DATA, write_crawl
from deploy.flink.cluster import Cluster, flink_cluster

TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """The cost of a run, in seconds."""

    clock: float
    processor: float


def ingest(dump: Path, flags: list[str], cluster: Cluster | None = None) -> Cost:
    """The cost of `warraq ingest` for a dump, into a new dataset."""
    with tempfile.TemporaryDirectory() as output:
        command = [
            sys.executable,
            "-m",
            "warraq",
            "ingest",
            str(dump),
            "--output",
            f"{output}/out",
            "--quiet",
            *flags,
        ]
        clock, processor = time.monotonic(), _processor(cluster)
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        return Cost(time.monotonic() - clock, _processor(cluster) - processor)


def _processor(cluster: Cluster | None) -> float:
    """Seconds of processors that this process's children and the cluster have taken so far."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(sum(map(int, fields[11:15])) for fields in _processes(cluster).values())
    return ours.ru_utime + ours.ru_stime + ticks / TICKS


def _processes(cluster: Cluster | None) -> dict[int, list[str]]:
    """Process id → what /proc/PID/stat says after the name, for each process of the cluster."""
    found = {}
    sessions = {str(process.pid) for process in cluster.processes.values()} if cluster else set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if fields[3] in sessions:
            found[int(path.parent.name)] = fields
    return found


def python_memory(cluster: Cluster) -> tuple[float, float]:
    """Largest resident memory of a worker, and of a process that a worker has started, in MiB."""
    processes = _processes(cluster)
    words = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in processes}
    workers = {pid for pid in processes if "worker.py" in words[pid]}
    guards = {pid for pid, fields in processes.items() if int(fields[1]) in workers}
    return max(map(_peak, workers), default=0.0), max(map(_peak, guards), default=0.0)


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def ranges_by_slot(cluster: Cluster) -> list[int]:
    """The number of ranges of the dump that each slot took, in the newest job."""
    newest = max(cluster.ask("/jobs/overview")["jobs"], key=lambda job: job["start-time"])["jid"]
    for vertex in cluster.ask(f"/jobs/{newest}")["vertices"]:
        if "ReadPages" in vertex["name"] and "RefinePages" in vertex["name"]:
            subtasks = cluster.ask(f"/jobs/{newest}/vertices/{vertex['id']}")["subtasks"]
            return [subtask["metrics"]["read-records"] for subtask in subtasks]
    raise ValueError("no step reads and refines pages")


def shown(name: str, whole: Cost, start: Cost, pages: int) -> str:
    net = Cost(whole.clock - start.clock, whole.processor - start.processor)
    return (
        f"{name:20}{whole.clock:7.1f} s {whole.processor:7.1f} s of processors; without start {net.clock:7.1f} s "
        f"{net.processor:7.1f} s of processors, {1000 * net.processor / pages:.1f} ms a page"
    )


def main() -> None:
    """Prints a line for each number of slots and for the local engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=5_000)
    parser.add_argument("--arabic_every", type=int, default=10)
    parser.add_argument("--slots", default="1,2,4", help="even numbers above 2 are shared by two task managers")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    with tempfile.TemporaryDirectory() as folder:
        one, whole = Path(folder, "one.warc.gz"), Path(folder, "whole.warc.gz")
        write_crawl(one, 1, 1)
        write_crawl(whole, options.pages, options.arabic_every)
        split = ["--read_split_bytes", str(max(65536, whole.stat().st_size // 32))]
        print(f"{options.pages} pages, 1 of {options.arabic_every} Arabic, {whole.stat().st_size / 2**20:.0f} MiB")
        for slots in map(int, options.slots.split(",")):
            local = [*split, f"--workers={slots}"]
            print(shown(f"local, {slots} workers", ingest(whole, local), ingest(one, local), options.pages), flush=True)
            managers = 2 if slots > 2 else 1
            place = Path(folder, f"cluster-{slots}")
            place.mkdir()
            with flink_cluster(place, managers, slots // managers) as cluster:
                flags = [*split, *cluster.flags(parallelism=slots)]
                ingest(one, flags, cluster)  # Java has loaded its classes then
                start = ingest(one, flags, cluster)
                print(shown(f"Flink, {slots} slots", ingest(whole, flags, cluster), start, options.pages))
                worker, guard = python_memory(cluster)
                print(
                    f"  ranges by slot {ranges_by_slot(cluster)}; worker {worker:.0f} MiB, extracting {guard:.0f} MiB"
                )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
