"""The cost of the cycles of a stream, and how soon pages are in the dataset.

    python -m benchmarks.speed.stream cycles [--cycles 1000]
    python -m benchmarks.speed.stream ingests [--cycles 20]
    python -m benchmarks.speed.stream empty [--files 1000]
    python -m benchmarks.speed.stream freshness [--seconds 120] [--every 5s] [--rate 1] [--workers 1]
    python -m benchmarks.speed.stream burst [--seconds 120] [--every 5s] [--rate 1] [--workers 1]
    python -m benchmarks.speed.stream throughput [--files 10]

`cycles` gives each cycle one new dump of one page, with the default models, and prints processor seconds, of this
process and of its children, and the memory of this process. Beside each cycle a fixed piece of work is measured, too:
other work on the machine makes both slower, so their quotient tells if cycles grow. At the end it compares the last 50
cycles with cycles 51 to 100. `ingests` does the same by one call of `warraq ingest`
after the other in this process. `empty` is about cycles in which nothing new is in a folder of so many files that are
read. `freshness` starts the command and renames so many pages a second into its folder; the time is from there to
`committed_at`, and the first pages wait for the start of the program. `burst` does the same, and then lets 100 times as
many pages a second arrive for half the time; it prints what the stream and its workers hold in memory. `throughput`
compares `warraq ingest` over so many files of 100 pages with a stream that reads two of them in a cycle, and with one
that reads as many messages of a Kafka broker, in processor seconds, starts included. The pages are made of words drawn
by lot.
"""

import argparse
import contextlib
import json
import os
import random
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import Producer
from lxml import html

from deploy.flink.cluster import ClusterError
from deploy.kafka.broker import running_broker
from warraq.pipelines.cycles import Cycle
from warraq.pipelines.ingest import ingest
from warraq.pipelines.options import parse_ingest, parse_stream
from warraq.pipelines.query import connect
from warraq.pipelines.stream import StopSignals, stream
from warraq.transforms.dataset.dataset import Dataset

VERBS = ("أعلن", "أكد", "أوضح", "افتتح", "زار", "ناقش", "أطلق", "راجع", "بدأ", "أنهى", "عرض", "نشر")
NOUNS = ("الوزير", "الحكومة", "البرلمان", "المدرسة", "الشركة", "الجامعة", "المستشفى", "الفريق", "السوق", "البلدية")
ENDS = ("مشروعا جديدا في العاصمة", "خطة للعام المقبل", "نتائج الدراسة أمس", "برنامجا مع الشركاء", "إجراءات على الطريق")
ROUND = 50  # cycles whose median is printed
BURST = 100  # times the usual rate
FIXED = 400  # pages that the fixed piece of work reads


def page(number: int) -> str:
    """An article of about 1,500 letters that is no copy of another one."""
    lot = random.Random(number)  # noqa: S311  (no secret)
    lines = [
        f"{lot.choice(VERBS)} {lot.choice(NOUNS)} {lot.choice(NOUNS)} {lot.choice(ENDS)} رقم {lot.randrange(9999)}"
        for _ in range(28)
    ]
    title, *rest = lines
    paragraphs = "".join(f"<p>{'، و'.join(rest[start : start + 3])}.</p>" for start in range(0, len(rest), 3))
    return f"<html><title>{title}</title><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"


def put(folder: Path, number: int) -> None:
    """Lets a page arrive, whole."""
    unfinished = folder / f"{number:06}.html.part"
    unfinished.write_text(page(number), encoding="utf-8")
    unfinished.rename(unfinished.with_suffix(""))


def processor() -> float:
    """Processor seconds of this process and of its children, living ones and those that have ended."""
    times = os.times()
    spent = times.user + times.system + times.children_user + times.children_system
    for path in Path("/proc/self/task").glob("*/children"):
        for child in path.read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def fixed_work() -> float:
    """Processor seconds that this process needs, at this moment, for a fixed piece of work: parsing, and words."""
    began = time.process_time()
    for number in range(FIXED):
        words: Counter[str] = Counter()
        for element in html.fromstring(page(number)).iter("p"):
            words.update(re.findall(r"\w+", element.text_content()))
    return time.process_time() - began


def memory() -> float:
    """MB that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def run(folder: Path, report: object, stop: StopSignals, *flags: str) -> None:
    """Runs a stream over `folder/in` in this process."""
    arguments = [str(folder / "in"), "--output", str(folder / "out"), "--workers", "1", *flags]
    stream(parse_stream(arguments), stop, print, report)


def cycles(folder: Path, count: int) -> None:
    """Prints what cycles with one small dump cost, as their number grows."""
    costs: list[float] = []  # processor seconds
    works: list[float] = []  # of the fixed work, after each cycle
    stop, began = StopSignals(), processor()

    def report(cycle: Cycle) -> None:
        nonlocal began
        if cycle.arrived:
            costs.append(processor() - began)
            works.append(fixed_work())
            if len(costs) % ROUND == 0:
                last, work = costs[-ROUND:], statistics.median(works[-ROUND:])
                cost = f"{statistics.median(last):.2f} s, most {max(last):.2f}; fixed work {1000 * work:.0f} ms"
                print(f"cycles {len(costs) - ROUND + 1:>5}–{len(costs):<5} {cost}; {memory():.0f} MB", flush=True)
            if len(costs) == count:
                stop.defer()
            put(folder / "in", len(costs))
            began = processor()

    put(folder / "in", 0)
    run(folder, report, stop, "--every", "0.2s")
    if count > 2 * ROUND:
        in_work = [cost / work for cost, work in zip(costs, works, strict=True)]
        for name, each in (("processor seconds", costs), ("in units of the fixed work", in_work)):
            ratio = statistics.median(each[-ROUND:]) / statistics.median(each[ROUND : 2 * ROUND])
            print(f"last {ROUND} cycles, to cycles {ROUND + 1} to {2 * ROUND}: {ratio:.2f}, {name}")


def ingests(folder: Path, count: int) -> None:
    """Prints what ingestions of one small dump cost that keep nothing in memory but the models."""
    costs = []
    for number in range(count):
        put(folder / "in", number)
        began = processor()
        arguments = [str(folder / "in" / f"{number:06}.html"), "--output", str(folder / "out")]
        ingest(parse_ingest([*arguments, "--workers", "1", "--quiet"]), print)
        costs.append(processor() - began)
    print(f"{count} ingestions: {statistics.median(costs):.2f} s, most {max(costs):.2f}; {memory():.0f} MB")


def empty(folder: Path, files: int, count: int) -> None:
    """Prints what cycles without a new file cost in a folder of so many files."""
    for number in range(files):
        (folder / "in" / f"{number}.txt").write_text(f"not Arabic {number}")
    began = []
    run(
        folder,
        lambda _: began.append(processor()),
        StopSignals(),
        "--every",
        "0.2s",
        "--max_files",
        str(files),
        "--cycles",
        str(count),
    )
    print(f"{count - 1} cycles with nothing new, {files:,} files: {(processor() - began[-1]) / (count - 1):.4f} s each")


def memory_of(process: int) -> float:
    """MB that a process and all that it has started hold now."""
    with contextlib.suppress(OSError):  # it may have just ended
        held = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        return held + sum(memory_of(int(child)) for path in tasks for child in path.read_text().split())
    return 0.0


class Command:
    """The command `warraq stream` over `folder/in`, and the pages that were put there."""

    def __init__(self, folder: Path, every: str, workers: int) -> None:
        self._folder = folder
        command = [sys.executable, "-m", "warraq", "stream", str(folder / "in"), "--output", str(folder / "out")]
        command += ["--every", every, "--workers", str(workers)]
        self._job = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.landed: dict[str, float] = {}  # seconds since 1970, by the name of the file
        self.held: list[float] = []  # MB of the command and all that it has started, at a look each second

    def feed(self, seconds: int, rate: int) -> None:
        """Lets so many pages a second arrive."""
        began = time.time()
        for number in range(seconds * rate):
            time.sleep(max(0.0, began + number / rate - time.time()))
            put(self._folder / "in", len(self.landed))
            self.landed[str(self._folder / "in" / f"{len(self.landed):06}.html")] = time.time()
            if number % rate == 0:
                self.held.append(memory_of(self._job.pid))

    def committed(self) -> list[tuple[str, float]]:
        """The files that are in the dataset, and when they were committed, in seconds since 1970."""
        if not (self._folder / "out" / "runs" / "_delta_log").exists():
            return []
        sql = "SELECT dump, epoch(committed_at) FROM loads"
        return connect(Dataset(str(self._folder / "out"))).execute(sql).fetchall()

    def finish(self) -> list[float]:
        """Returns once all pages are committed: their ages then, in seconds, sorted."""
        while len(rows := self.committed()) < len(self.landed):
            if self._job.poll() is not None:
                sys.exit("the stream has ended before all pages were committed")
            self.held.append(memory_of(self._job.pid))
            time.sleep(1)
        self._job.send_signal(signal.SIGTERM)
        self._job.wait()
        return sorted(committed - self.landed[dump] for dump, committed in rows)


def freshness(folder: Path, seconds: int, every: str, rate: int, workers: int) -> None:
    """Prints how long after its arrival a page was committed."""
    command = Command(folder, every, workers)
    command.feed(seconds, rate)
    fed, left = time.time(), len(command.landed) - len(command.committed())
    ages = command.finish()
    p50, p95, last = (ages[int(share * (len(ages) - 1))] for share in (0.5, 0.95, 1))
    print(f"--every {every}: {len(ages)} pages, {rate} a second; p50 {p50:.1f} s, p95 {p95:.1f} s, most {last:.1f} s")
    last = max(committed for _, committed in command.committed())
    done = len(ages) / (last - min(command.landed.values()))
    most = max(command.held)
    print(f"at the end of the feed {left} pages waited, the last for {last - fed:.0f} s; {most:.0f} MB at most")
    print(f"{done:.1f} pages a second from the first page to the last commit")


def burst(folder: Path, seconds: int, every: str, rate: int, workers: int) -> None:
    """Prints what a stream holds at a usual rate, and while it works off a burst of 100 times that rate."""
    command = Command(folder, every, workers)
    command.feed(seconds, rate)
    usual, before = max(command.held), len(command.committed())
    command.feed(seconds // 2, BURST * rate)
    fed, left = time.time(), len(command.landed) - len(command.committed())
    looks = len(command.held)
    command.finish()
    held = command.held[looks:]
    halves = (max(half) for half in (held[: len(held) // 2], held[len(held) // 2 :]))
    print(f"{rate} pages a second for {seconds} s, {before} committed: {usual:.0f} MB at most")
    words = f"{left} pages waited at the end, and were in {time.time() - fed:.0f} s later"
    print(f"{BURST * rate} pages a second for {seconds // 2} s: {words}")
    print("at most {:.0f} MB in the first half of that time, {:.0f} MB in the second".format(*halves))


def throughput(folder: Path, files: int) -> None:
    """Prints what pages cost in one run, and in cycles of 200 pages: files of them, and messages of Kafka."""
    for number in range(files):
        lines = [_line(one) for one in range(100 * number, 100 * number + 100)]
        (folder / "in" / f"{number:04}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    cost(folder, "ingest", files, [str(folder / "in"), "--quiet"])
    cycle = ["--every", "0.5s", "--cycles", str(-(-files // 2))]
    cost(folder, "stream", files, [str(folder / "in"), "--max_files", "2", *cycle])
    with contextlib.ExitStack() as stack:
        (folder / "broker").mkdir()
        try:
            broker = stack.enter_context(running_broker(folder / "broker"))
        except ClusterError as error:
            print(f"no Kafka broker here: {error}")
            return
        broker.create("pages")
        values = [_line(one).encode() for one in range(100 * files)]
        producer = Producer({"bootstrap.servers": broker.servers})
        for value in values:
            producer.produce("pages", value)
        producer.flush()
        size = 200 * sum(map(len, values)) // len(values)
        address = f"kafka://{broker.servers}/pages"
        cost(folder, "stream", files, [address, "--max_bytes", str(size), *cycle[:2], "--cycles", str(files)], "kafka")


def _line(number: int) -> str:
    return json.dumps({"url": f"https://akhbar.example/{number}", "html": page(number)}, ensure_ascii=False)


def cost(folder: Path, command: str, files: int, flags: Sequence[str], name: str = "") -> None:
    """Prints the processor seconds of a command, its start included."""
    output = folder / (name or command)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "warraq", command, *flags, "--output", str(output), "--workers", "1"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    kept = connect(Dataset(str(output))).execute("SELECT count(*) FROM articles").fetchall()[0][0]
    cycles = done.stderr.count("warraq: cycle ")
    print(
        f"{output.name}: {100 * files:,} pages, {kept:,} kept, {cycles} cycles, {spent:.1f} s of a processor",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cycles", "ingests", "empty", "freshness", "burst", "throughput"))
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--files", type=int)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--every", default="5s")
    parser.add_argument("--rate", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        if options.what == "cycles":
            cycles(folder, options.cycles)
        elif options.what == "ingests":
            ingests(folder, options.cycles)
        elif options.what == "empty":
            empty(folder, options.files or 1000, options.cycles)
        elif options.what == "throughput":
            throughput(folder, options.files or 10)
        else:
            measure = burst if options.what == "burst" else freshness
            measure(folder, options.seconds, options.every, options.rate, options.workers)
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
