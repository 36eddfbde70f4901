"""The unbounded job on a real Flink cluster: its task manager is killed, then a newer version goes on from a savepoint.

    python -m tests.attack.flink_windows

Dumps arrive one after the other. After the first commit and a checkpoint behind it the task manager dies by SIGKILL in
the middle of the next window, and Flink restores the job on another one. Then the job is stopped with a savepoint, and
a copy of this checkout with another version number and another rule is started from it. At the end each page must be in
the ledger once, and the rows be those of a batch. Takes about ten minutes. Prints what happened; exits with 1 if
something differs. Needs what `deploy/flink/cluster.py` needs.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from deploy.flink import cluster as flink
from tests.support.paths import ROOT, SAMPLES
from tests.support.processes import PATIENCE, listening, wait_until
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

DUMPS = [SAMPLES / "dumps" / name for name in ("legacy.warc", "feed.jsonl", "texts.jsonl.gz", "crawl.wet.gz")]
WINDOW = 15  # seconds
RULES = ("--tagger", "gazetteer")
NEWER = ("--quality_min_words", "41")  # a rule of the newer version
VERSION = '__version__ = "0.1.0"'
PLACES = "SELECT dump, dump_offset, count(*) FROM articles GROUP BY ALL HAVING count(*) > 1"
SAME = {
    "articles": "SELECT dump, dump_offset, title, topic, text FROM articles ORDER BY ALL",
    "ledger": "SELECT dump, door, sum(pages) FROM ledger GROUP BY ALL HAVING sum(pages) > 0 ORDER BY ALL",
}
flink.SETTINGS["heartbeat.timeout"] = "25000"  # a busy machine misses a shorter one


def say(began, words):
    print(f"{time.monotonic() - began:6.0f} s  {words}", flush=True)


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def loads(output):
    return ask(output, "SELECT count(*) FROM loads")[0][0] if (output / "runs" / "_delta_log").exists() else 0


def listens(process, port):
    return any(address.endswith(f":{port:04X}") for address in listening(process))


def newer_version(folder):
    """A copy of this checkout with another version number."""
    copy = folder / "newer"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".*", "benchmarks", "tests", "docs"))
    package = copy / "warraq" / "__init__.py"
    text = package.read_text()
    assert VERSION in text
    package.write_text(text.replace(VERSION, '__version__ = "0.1.1"'))
    return copy


class Attack:
    """A cluster, a folder where dumps arrive, and the job."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster, self.began = folder, cluster, time.monotonic()
        self.source, self.output = folder / "in", folder / "out"
        self.source.mkdir()
        self.log = folder / "stream.log"

    def arrive(self, dump):
        shutil.copy(dump, self.source / f"{dump.name}.part")
        (self.source / f"{dump.name}.part").rename(self.source / dump.name)

    def start(self, tree, *flags):
        """Starts the command of the version in `tree`. Returns the process and the job's id."""
        before = {job["id"] for job in self.cluster.ask("/jobs")["jobs"]}
        command = [sys.executable, "-m", "warraq", "stream", self.source, "--output", self.output]
        command += ["--windows", f"{WINDOW}s", *RULES, *flags, *self.cluster.flags(parallelism=1)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*map(str, command)], cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, stderr=log
            )
        found = []

        def is_running():
            found[:] = [each["id"] for each in self.cluster.ask("/jobs")["jobs"] if each["id"] not in before]
            return found or process.poll() is not None

        wait_until(is_running)
        assert process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        return process, found[0]

    def checkpoints(self, job):
        return self.cluster.ask(f"/jobs/{job}/checkpoints")["counts"]

    def wait_for(self, count, process):
        wait_until(lambda: loads(self.output) >= count or process.poll() is not None)
        assert process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        say(self.began, f"{count} of {len(DUMPS)} dumps are committed")

    def kill_the_task_manager(self, job, process):
        """After a checkpoint, and while a window waits."""
        done = self.checkpoints(job)["completed"]
        wait_until(lambda: self.checkpoints(job)["completed"] > done)
        self.arrive(DUMPS[1])
        time.sleep(WINDOW / 2)
        place = self.cluster.ask(f"/jobs/{job}")["vertices"][-1]["id"]
        [task] = self.cluster.ask(f"/jobs/{job}/vertices/{place}/taskmanagers")["taskmanagers"]
        managers = {name: each for name, each in self.cluster.processes.items() if name.startswith("task-manager")}
        port = int(task["taskmanager-id"].rpartition(":")[2].partition("-")[0])
        [name] = [name for name, each in managers.items() if listens(each.pid, port)]
        self.cluster.kill(name)
        say(self.began, f"{name} is killed after {done + 1} checkpoints")
        self.wait_for(2, process)
        counts = self.checkpoints(job)
        say(self.began, f"the job was restored {counts['restored']} times")
        return counts["restored"]

    def stop_with_savepoint(self, job, process):
        """Returns the path of the savepoint; Flink's words if there is none."""
        body = json.dumps({"target-directory": f"file://{self.folder}/savepoints", "cancel-job": True}).encode()
        request = urllib.request.Request(
            f"{self.cluster.rest}/jobs/{job}/savepoints", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            number = json.load(answer)["request-id"]
        path = f"/jobs/{job}/savepoints/{number}"
        wait_until(lambda: self.cluster.ask(path)["status"]["id"] == "COMPLETED")
        process.send_signal(signal.SIGTERM)  # the job is gone; the command learns it from the job server, or now
        process.wait(timeout=PATIENCE)
        found = self.cluster.ask(path)["operation"]
        assert "location" in found, found
        say(self.began, "stopped with a savepoint")
        return found["location"]

    def upgrade(self, tree, savepoint):
        """The newer version, from the savepoint; anew, if Flink does not take it. Workers have the newer version, too."""
        for name in [name for name in self.cluster.processes if name.startswith("task-manager")]:
            self.cluster.kill(name)
        self.cluster.environment = {"PYTHONPATH": str(tree)}
        for _ in range(2):
            self.cluster.start_task_manager()
        wait_until(lambda: self.cluster.ask("/overview")["slots-available"] >= 2)
        self.arrive(DUMPS[2])
        process, job = self.start(tree, "--new", *NEWER, f"--savepoint_path={savepoint}")
        say(self.began, "the newer version is started from the savepoint")
        wait_until(lambda: loads(self.output) >= 3 or self.state(job) in {"FAILED", "CANCELED"})
        if self.state(job) == "RUNNING":
            say(self.began, f"Flink has restored {self.checkpoints(job)['restored']} state(s)")
            return process
        error = self.cluster.ask(f"/jobs/{job}/exceptions")["root-exception"].splitlines()
        say(self.began, f"Flink does not take the savepoint: {error[0]} … {error[-1][:300]}")
        process.wait(timeout=PATIENCE)
        return self.start(tree, "--new", *NEWER)[0]

    def state(self, job):
        return self.cluster.ask(f"/jobs/{job}")["state"]

    def run(self):
        process, job = self.start(ROOT)
        self.arrive(DUMPS[0])
        self.wait_for(1, process)
        restored = self.kill_the_task_manager(job, process)
        savepoint = self.stop_with_savepoint(job, process)
        process = self.upgrade(newer_version(self.folder), savepoint)
        self.wait_for(3, process)
        self.arrive(DUMPS[3])
        self.wait_for(4, process)
        time.sleep(2 * WINDOW)  # another window, which must add nothing
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)
        return restored

    def differences(self):
        """The tables that are not those of one batch after the other, in the order in which the dumps arrived."""
        for number, dump in enumerate(DUMPS):
            rules = NEWER if number >= 2 else ()
            command = [str(self.source / dump.name), "--output", str(self.folder / "batch"), "--quiet", *RULES, *rules]
            with contextlib.redirect_stdout(io.StringIO()):
                assert ingest(command) == 0, dump
        faults = [name for name, sql in SAME.items() if ask(self.output, sql) != ask(self.folder / "batch", sql)]
        for name in faults:
            mine, others = (set(ask(output, SAME[name])) for output in (self.output, self.folder / "batch"))
            print(f"{name}: only here {sorted(mine - others)}; only of the batch {sorted(others - mine)}"[:3000])
        versions = ask(self.output, "SELECT warraq_version, count(*) FROM runs GROUP BY ALL ORDER BY ALL")
        say(self.began, f"runs of each version: {dict(versions)}")
        return faults + ["places"] * bool(ask(self.output, PLACES))


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="flink-windows-") as name:
        folder = Path(name)
        (folder / "cluster").mkdir()
        with flink.flink_cluster(folder / "cluster", task_managers=2, slots=1) as cluster:
            attack = Attack(folder, cluster)
            restored = attack.run()
        faults = attack.differences()
        print(f"NOT those of a batch: {', '.join(faults)}" if faults else "rows and ledger are those of a batch")
    return int(bool(faults) or not restored)


if __name__ == "__main__":
    sys.exit(main())
