"""A soak: pages arrive for an hour while the stream that reads them is killed every few minutes.

    python -m tests.attack.soak [--minutes 60] [--every 30s] [--kill_every 180]

Each second one page is renamed into a folder; one in ten holds nothing Arabic. The stream is killed with SIGKILL, it
and all that it has started, at a moment drawn by lot around each `--kill_every` seconds, and started again at once. At
the end the dataset must have the rows, the refusals and the ledger of one batch run over the same pages. Prints what
was done, and how old pages were when they were committed. Exits with 1 if something differs.
"""

import argparse
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.speed.stream import put
from tests.support.paths import ROOT
from tests.support.processes import wait_until
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

FOREIGN = 10  # one page of so many holds nothing Arabic
SAME = {
    "articles": "SELECT * FROM articles ORDER BY article_id, dump, dump_offset",
    "rejected": "SELECT * EXCLUDE (run_id) FROM rejected ORDER BY ALL",
    "ledger": "SELECT dump, door, stage, reason, sum(pages) FROM ledger GROUP BY ALL HAVING sum(pages) > 0 ORDER BY ALL",
}
COMMITTED = "SELECT dump, epoch(committed_at) FROM loads"


class Stream:
    """The command, its lines in a file, and what it held at most."""

    def __init__(self, folder, every):
        self._command = [sys.executable, "-m", "warraq", "stream", f"{folder}/in", "--output", f"{folder}/out"]
        self._command += ["--every", every, "--workers", "1"]
        self._log = folder / "stream.log"
        self.peak = 0  # bytes

    def start(self):
        with self._log.open("ab") as log:
            self._job = subprocess.Popen(self._command, cwd=ROOT, stderr=log, start_new_session=True)

    def kill(self):
        self._look()
        assert self._job.poll() is None, f"the stream ended by itself; see {self._log}"
        os.killpg(self._job.pid, signal.SIGKILL)
        self._job.wait()

    def end(self):
        self._look()
        self._job.send_signal(signal.SIGTERM)
        return self._job.wait()

    def cycles(self):
        return self._log.read_text().count("warraq: cycle ")

    def _look(self):
        with contextlib.suppress(OSError):
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{self._job.pid}/status").read_text().splitlines())
            self.peak = max(self.peak, int(lines["VmHWM"].split()[0]) << 10)


def feed(folder, seconds, landed):
    """Lets one page arrive each second."""
    began = time.time()
    for number in range(seconds):
        time.sleep(max(0.0, began + number - time.time()))
        if number % FOREIGN == 0:
            unfinished = folder / f"{number:06}.html.part"
            unfinished.write_text(f"<html><body><p>Page {number} has nothing to read.</p></body></html>")
            unfinished.rename(unfinished.with_suffix(""))
        else:
            put(folder, number)
        landed[str(folder / f"{number:06}.html")] = time.time()


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def attack(folder, options):
    """Feeds, kills, and waits until all is read. Returns the stream, the kills and the ages at the commit."""
    lot, landed, seconds = random.Random(options.seed), {}, options.minutes * 60
    stream, kills = Stream(folder, options.every), 0
    feeder = threading.Thread(target=feed, args=(folder / "in", seconds, landed))
    feeder.start()
    stream.start()
    while feeder.is_alive():
        feeder.join(options.kill_every * lot.uniform(0.7, 1.3))
        if feeder.is_alive():
            stream.kill()
            kills += 1
            stream.start()
    wait_until(lambda: len(ask(folder / "out", COMMITTED)) >= seconds)
    assert stream.end() == 0
    ages = sorted(committed - landed[dump] for dump, committed in ask(folder / "out", COMMITTED))
    return stream, kills, ages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--every", default="30s")
    parser.add_argument("--kill_every", type=float, default=180, help="seconds, more or less")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        stream, kills, ages = attack(folder, options)
        batch = [sys.executable, "-m", "warraq", "ingest", f"{folder}/in", "--output", f"{folder}/batch", "--quiet"]
        subprocess.run(batch, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        rows = {what: (ask(folder / "out", sql), ask(folder / "batch", sql)) for what, sql in SAME.items()}
        p95 = ages[int(0.95 * (len(ages) - 1))]
        print(f"{len(ages):,} pages in {options.minutes} minutes, {stream.cycles():,} cycles, {kills} kills")
        print(f"age at the commit: p50 {statistics.median(ages):.1f} s, p95 {p95:.1f} s, most {ages[-1]:.1f} s")
        print(f"peak memory {stream.peak / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
        faults = [what for what, (streamed, of_batch) in rows.items() if streamed != of_batch]
        for what, (streamed, of_batch) in rows.items():
            print(f"{what}: {len(streamed):,} rows, of the batch {len(of_batch):,}, {'NOT ' * (what in faults)}equal")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
