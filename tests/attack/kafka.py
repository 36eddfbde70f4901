"""Kills a stream that reads a real Kafka broker at named steps and at random; the dataset must be that of a batch.

    python -m tests.attack.kafka [--messages 20000] [--kills 30] [--seed 1]

Messages come with copies of earlier ones, in disorder, over three partitions; some can't be read. A part of them is
sent before each step. There the process dies by SIGKILL, which is launcher, lander and worker in one; then worker
processes of a cycle with two of them are killed. A segment that can't be read, a disk that is full twice, a broker that
is killed, two streams at once, and kills at random moments follow. At the end each partition's offset, the ledger and
the articles must be those of all that was sent. Prints what was done; exits with 1 if something differs.
"""

import argparse
import contextlib
import dataclasses
import errno
import functools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.speed.stream import page
from deploy.flink.cluster import ClusterError
from deploy.kafka.broker import Broker, BrokerProcess
from tests.attack.kills import Process, in_a_process
from tests.support.processes import is_running, wait_until, workers
from warraq.pipelines import ingest as planning
from warraq.pipelines import stream as streaming
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.landing import Landing
from warraq.pipelines.query import connect
from warraq.transforms import ledger, storage
from warraq.transforms.dataset import publish
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.land import segments
from warraq.transforms.land.kafka import KafkaLander
from warraq.transforms.read import stage as reading
from warraq.transforms.read.dump import unreadable

BEFORE, AFTER = "before", "after"
STEPS = {  # the call at which the process dies
    "messages are consumed": (KafkaLander, "_consume", AFTER),
    "a segment is written and has no name yet": (os, "fsync", BEFORE),
    "a segment has its name": (segments, "write_segment", AFTER),
    "the run is planned": (planning, "plan", AFTER),
    "pages are read": (reading, "read_range", AFTER),
    "a file is staged": (Dataset, "write_staged", AFTER),
    "the ledger balances": (ledger, "reconcile", AFTER),
    "the manifest is written": (publish, "_carry_out", BEFORE),
    "files are in place": (storage, "move", AFTER),
    "one table is committed": (publish, "_commit", AFTER),
    "all is committed": (publish, "_carry_out", AFTER),
    "segments are to be removed": (Landing, "done", BEFORE),
}
PARTITIONS = 3
MOST = 60  # messages before a step; the rest comes while the process is killed at random
COPIES = 0.3  # of the messages are copies of others
TORN = 0.01  # can't be read
FULL = 2  # calls that find the disk full
TOPIC = "attacked"
PATIENCE = 300  # seconds without any progress
READ = "SELECT coalesce(sum(pages), 0) FROM ledger WHERE door = 'read'"
SAME = {
    "articles": "SELECT article_id, url, title, text, topic FROM articles ORDER BY ALL",
    "ledger": "SELECT door, stage, reason, sum(pages) FROM ledger GROUP BY ALL HAVING sum(pages) > 0 ORDER BY ALL",
}


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_at(step):
    """The first such call is the last of this process."""
    owner, name, moment = STEPS[step]
    real = getattr(owner, name)

    @functools.wraps(real)
    def call(*arguments, **named):
        if moment == AFTER:
            real(*arguments, **named)
        die()

    setattr(owner, name, call)
    works_here()


def works_here():
    """The flow works in this process. After a run that died its worker would be a process of its own."""
    real = planning.run_job

    def run_job(options, dataset, run, dumps, engine):
        return real(options, dataset, run, dumps, dataclasses.replace(engine, apart=False))

    planning.run_job = run_job


def can_not_read(path):
    """The file at `path` can't be read, as if the disk had a fault there."""
    real = reading.read_range

    def read(dump, *arguments):
        if dump.path == path:
            raise RuntimeError(f"{unreadable(dump)}torn")
        return real(dump, *arguments)

    reading.read_range = read


def finds_the_disk_full():
    """Some segments and some staged files don't get their room."""
    for owner, name in ((os, "fsync"), (Dataset, "write_staged")):
        setattr(owner, name, refused_at_first(getattr(owner, name)))


def refused_at_first(real):
    left = [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) for _ in range(FULL)]

    def call(*arguments):
        if left:
            raise left.pop()
        return real(*arguments)

    return call


def has_two_workers():
    """Each cycle is spread over two processes, however small it is."""
    streaming._BYTES_A_WORKER = 1


def stream(servers, output, flags, prepare, *arguments):
    """Runs the command in this process, after `prepare`. Returns the exit code."""
    if prepare:
        prepare(*arguments)
    source = [f"kafka://{servers}/{TOPIC}", "--output", str(output), "--every", "0.3s"]
    return streaming.main([*source, "--workers", "2", "--tagger", "gazetteer", *flags])


def send(servers, values):
    from confluent_kafka import Producer  # noqa: PLC0415  (its threads must not be in the parent, which forks)

    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "compression.type": "zstd"})
    for value in values:
        while True:
            try:
                producer.produce(TOPIC, value)
                break
            except BufferError:
                producer.poll(0.1)
    return producer.flush(60)


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def reached(output):
    """The sum of the offsets that are committed."""
    return sum(Dataset(str(output)).transactions([f"kafka:{TOPIC}:{number}" for number in range(PARTITIONS)]).values())


def state(output):
    """The pages that are committed, and the sum of the offsets; zeros if nothing is."""
    if not (output / "runs" / "_delta_log").exists():
        return 0, 0
    return ask(output, READ)[0][0], reached(output)


def values(count, rng):
    """JSON lines: pages, copies of pages that were sent before or come later, and some that are torn."""
    originals = [
        json.dumps({"url": f"https://akhbar.example/{number}", "html": page(number)}, ensure_ascii=False).encode()
        for number in range(round(count * (1 - COPIES)))
    ]
    originals = [line[: len(line) // 2] if rng.random() < TORN else line for line in originals]
    found = originals + rng.choices(originals, k=count - len(originals))
    rng.shuffle(found)
    return found


class Attack:
    """A broker, a dataset, and what has been sent."""

    def __init__(self, work, messages, rng, servers):
        self.work, self.output, self.rng = work, work / "out", rng
        self.left, self.sent = values(messages, rng), []
        self.part = min(MOST, messages // (len(STEPS) + 6))
        self.broker, self.jobs = None, []
        if not servers:
            (work / "broker").mkdir()
            self.broker = BrokerProcess(work / "broker")
            self.broker.start()
        self.address = Broker(servers) if servers else self.broker.address
        self.done = Counter()

    def send(self, count=None):
        """Sends the next part of the messages."""
        count = count or self.part
        part, self.left = self.left[:count], self.left[count:]
        self.sent += part
        assert in_a_process(send, self.address.servers, part).result == 0

    def start(self, *prepare, flags=(), landing="landing"):
        flags = ("--landing", str(self.work / landing), *flags)
        self.jobs.append(Process(stream, self.address.servers, self.output, flags, *(prepare or (None,))))
        return self.jobs[-1]

    def state(self):
        """The pages and the messages that are committed. They are equal at every moment, but for a segment left out."""
        return in_a_process(state, self.output).result

    def wait_for(self, count, *jobs):
        """Returns once so many messages are committed."""
        began = time.monotonic(), self.state()
        while (found := self.state())[0] < count:
            for job in jobs:
                assert os.waitpid(job.number, os.WNOHANG) == (0, 0), f"a stream ended by itself: {job.words()}"
            began = began if found == began[1] else (time.monotonic(), found)
            assert time.monotonic() < began[0] + PATIENCE, f"nothing comes in: {[job.words() for job in jobs]}"
            time.sleep(1)
        assert found[0] == count, f"{found[0]} pages of {count} messages"

    def end(self, *jobs):
        """Ends streams by a signal."""
        for job in jobs:
            os.kill(job.number, signal.SIGTERM)
        for job in jobs:
            ended = job.end()
            assert ended.result == 0, f"{ended.code}, {ended.result}: {ended.words[-2000:]}"

    def kill(self, job):
        os.kill(job.number, signal.SIGKILL)
        assert job.end().code == -signal.SIGKILL

    def steps(self):
        """The process dies at each step, and the next one goes on."""
        for step in STEPS:
            self.send()
            flags = ("--landed", "remove") if step == "segments are to be removed" else ()
            job = self.start(dies_at, step, flags=flags)
            with contextlib.suppress(AssertionError):  # what it says is told below
                wait_until(lambda job=job: not is_running(job.number), PATIENCE)
            assert not is_running(job.number), f"it goes on: {step}: {job.words()}"
            ended = job.end()
            assert ended.code == -signal.SIGKILL, f"{step}: {ended.code}: {ended.words[-2000:]}"
            pages, messages = self.state()
            assert pages in (0, messages) or step == "one table is committed", (step, pages, messages)
            print(f"killed: {step}; {pages} of {len(self.sent)} messages are committed", flush=True)
            self.done["steps"] += 1

    def killed_workers(self, count):
        """A worker process dies in the middle of a cycle; the stream goes on."""
        for _ in range(count):
            self.send()
            job = self.start(has_two_workers)
            wait_until(lambda job=job: workers(job.number))
            os.kill(self.rng.choice(sorted(workers(job.number))), signal.SIGKILL)
            self.wait_for(len(self.sent), job)
            self.end(job)
            self.done["workers killed"] += 1

    def poison(self):
        """A segment can't be read at three starts. The others flow; once it can be read, it comes in."""
        self.send()
        self.start(dies_at, "a segment has its name").end()
        landed = sorted(self.work.glob(f"landing/{TOPIC}/*/*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
        bad = landed[-1]
        count = len(bad.read_bytes().splitlines())
        for _ in range(3):
            self.send(3)
            job = self.start(can_not_read, str(bad))
            self.wait_for(len(self.sent) - count, job)
            self.end(job)
        job = self.start(flags=("--retry_failed",))
        self.wait_for(len(self.sent), job)
        self.end(job)
        self.done["segments that could not be read"] += 1

    def full_disk(self):
        self.send()
        job = self.start(finds_the_disk_full)
        self.wait_for(len(self.sent), job)
        self.end(job)
        self.done["calls that found the disk full"] += 2 * FULL

    def restarted_broker(self):
        job = self.start()
        self.send()
        self.broker.kill()
        self.broker.start()
        self.send()
        self.wait_for(len(self.sent), job)
        self.end(job)
        self.done["brokers killed"] += 1

    def two_streams(self):
        jobs = [self.start(landing=name) for name in ("landing", "other")]
        for _ in range(3):
            self.send(max(1, self.part // 3))
            time.sleep(1)
        self.wait_for(len(self.sent), *jobs)
        self.end(*jobs)
        self.done["two streams at once"] += 1

    def random_kills(self, count):
        size = max(1, len(self.left) // max(1, count))
        for number in range(count):
            self.send(len(self.left) if number == count - 1 else size)
            job = self.start()
            time.sleep(self.rng.uniform(0.5, 8))
            self.kill(job)
            self.done["kills at random moments"] += 1

    def run(self, kills):
        try:
            in_a_process(create, self.address)
            self.steps()
            self.poison()
            self.full_disk()
            self.two_streams()
            if kills:
                self.killed_workers(1 + kills // 10)
                self.restarted_broker()
                self.random_kills(kills)
            job = self.start()
            self.send(len(self.left) or 1)
            self.wait_for(len(self.sent), job)
            self.end(job)
        finally:
            for job in self.jobs:
                if is_running(job.number):
                    os.kill(job.number, signal.SIGKILL)
            if self.broker:
                self.broker.kill()

    def differences(self):
        """The parts of the dataset that are not those of a batch over all that was sent."""
        (self.work / "all.jsonl").write_bytes(b"\n".join(self.sent) + b"\n")
        in_a_process(batch, self.work)
        pages, messages = self.state()
        assert pages == messages == len(self.sent), (pages, messages, len(self.sent))
        return [name for name, sql in SAME.items() if not in_a_process(is_same, self.work, sql).result]


def create(address):
    address.create(TOPIC, PARTITIONS)


def batch(work):
    return ingest([f"{work}/all.jsonl", "--output", f"{work}/batch", "--quiet", "--tagger", "gazetteer"])


def is_same(work, sql):
    return ask(work / "out", sql) == ask(work / "batch", sql)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=30, help="at random moments; 0: no workers and no broker either")
    parser.add_argument("--servers", help="a broker that runs (default: one is started); only with --kills 0")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kafka-"))).resolve()
        try:
            attack = Attack(work, options.messages, random.Random(options.seed), options.servers)
        except ClusterError as error:
            print(f"no Kafka broker on this machine: {error}")
            return 1
        attack.run(options.kills)
        faults = attack.differences()
    for what, count in attack.done.items():
        print(f"{what}: {count}")
    print(f"{len(attack.sent):,} messages, {len(set(attack.sent)):,} distinct, in {time.monotonic() - began:.0f} s")
    print(f"NOT those of a batch: {', '.join(faults)}" if faults else "articles and ledger are those of a batch")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
