"""Kills runs at the calls that change files, lets these calls fail, runs jobs at once, and checks what is left.

`python -m tests.attack.kills --attempts 500` runs an ingest again and again. Each time another call (write, rename,
mkdir, …) below the working folder is the last one, or is refused as by a full disk; now and then the run that cleans
up is killed too. After each attempt the dataset must be the one before or the one after the run, and the same command
must then give the dataset of an undisturbed run, with nothing left over. Prints what was tried; exits with 1 and the
first faults if something did not hold. Needs a C compiler.
"""

import argparse
import collections
import ctypes
import itertools
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from tests.attack.faults import FAULTS, build
from tests.support.paths import ROOT, SAMPLES
from warraq.pipelines.cli import BUSY, DONE, NOTHING_NEW

DUMPS = SAMPLES / "dumps"
TURNS = 8  # of maintenance beside other jobs
UNHARMED = tempfile.gettempdir()  # no call there is attacked


class Scenario(NamedTuple):
    """Dumps that the dataset holds, and dumps that the attacked run adds."""

    name: str
    before: tuple[str, ...]
    added: tuple[str, ...]


SCENARIOS = (
    Scenario("a new dataset", (), ("crawl.wet.gz", "feed.jsonl")),
    Scenario("more dumps", ("legacy.warc",), ("crawl.wet.gz", "texts.jsonl.gz")),
)


class Outcome(NamedTuple):
    """The end of a process: its exit code (negative for a signal), its words, and the result of its function."""

    code: int
    words: str
    result: object


class Process:
    """A function called in a fork of this process, which has imported all and started nothing."""

    def __init__(self, function, *arguments):
        self._said = tempfile.TemporaryFile("w+", dir=UNHARMED)  # noqa: SIM115  (closed by `end`)
        self._given = tempfile.TemporaryFile(dir=UNHARMED)  # noqa: SIM115
        self.number = os.fork()
        if not self.number:
            self._call(function, arguments)

    def _call(self, function, arguments):
        code = 70
        try:
            os.dup2(self._said.fileno(), 1)
            os.dup2(self._said.fileno(), 2)
            pickle.dump(function(*arguments), self._given)
            self._given.flush()
            code = 0
        except BaseException:  # noqa: BLE001  (the parent shows it as a fault)
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            sys.stdout.flush()
            os._exit(code)

    def words(self):
        """The end of what it has said until now."""
        return os.pread(self._said.fileno(), 1 << 20, 0).decode(errors="replace")[-2000:]

    def end(self):
        """Waits for it."""
        _, status = os.waitpid(self.number, 0)
        with self._said, self._given:
            self._said.seek(0)
            self._given.seek(0)
            code = os.waitstatus_to_exitcode(status)
            return Outcome(code, self._said.read(), pickle.load(self._given) if code == 0 else None)


def in_a_process(function, *arguments):
    """Calls a function in a process of its own, and waits for it."""
    return Process(function, *arguments).end()


def ingest(output, dumps, at=0, fault=None):
    """Runs the command with a fault at the call number `at` that changes files. Returns exit code and calls."""
    from warraq.pipelines import ingest as command  # noqa: PLC0415  (imported by the parent when the library is loaded)

    library = ctypes.CDLL(None)  # preloaded
    error, stays = FAULTS.get(fault, (0, False))
    library.faults_arm(os.environ["WARRAQ_ATTACKED"].encode(), ctypes.c_long(at), error, int(stays))
    paths = [str(DUMPS / name) for name in dumps]
    code = command.main([*paths, "--output", str(output), "--workers", "1", "--quiet", "--tagger", "gazetteer"])
    return code, library.faults_calls()


def maintain(output):
    """Compacts all days again and again, while others write. Returns exit code and turns, as `ingest` does."""
    from warraq.pipelines import maintain as command  # noqa: PLC0415

    code = DONE
    for _ in range(TURNS):
        if (output / "runs" / "_delta_log").exists():
            code = command.main([str(output), "compact", "--before", "2100-01-01"])
            code = code or command.main([str(output), "vacuum"])
        time.sleep(1)
    return code, TURNS


def check(output):
    """The faults that `warraq maintain check` finds."""
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.maintain.check import faults  # noqa: PLC0415

    return [str(fault) for fault in faults(Dataset(str(output)))]


def look(output):
    """All that the dataset holds, as the log says, and whether the plain glob says the same; None if there is none."""
    import duckdb  # noqa: PLC0415  (in a fork only: it starts threads)

    from warraq.pipelines.query import connect  # noqa: PLC0415
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.dataset.errors import DatasetError  # noqa: PLC0415

    try:
        connection = connect(Dataset(str(output)))
    except DatasetError as error:
        if "no dataset there" in str(error):
            return None, True
        raise
    rows = tuple(
        tuple(connection.execute(sql).fetchall())
        for sql in (
            "SELECT article_id, dump, dump_offset, duplicate_of FROM articles ORDER BY ALL",
            "SELECT dump, dump_offset, stage, reason FROM rejected ORDER BY ALL",
            "SELECT run_id, dump, door, stage, reason, pages FROM ledger ORDER BY ALL",
        )
    )
    pattern = f"{output}/articles/*/*/*.parquet"
    globbed = duckdb.sql(f"SELECT article_id FROM read_parquet('{pattern}') ORDER BY ALL") if rows[0] else None
    return rows, not rows[0] or globbed.fetchall() == [(row[0],) for row in sorted(rows[0])]


def leftovers(work):
    """Files that no run is to leave behind."""
    staged = [*work.glob("out/_staging/**/*"), *work.glob("out/.*"), *work.glob("tmp/warraq-*")]
    return sorted(str(path.relative_to(work)) for path in staged if path.is_file())


class Attack:
    """One scenario in a working folder, attacked again and again."""

    def __init__(self, scenario, work, rng):
        self.scenario, self.work, self.rng = scenario, work, rng
        self.output, self.start = work / "out", work / "start"
        os.environ["TMPDIR"] = tempfile.tempdir = str(work / "tmp")
        (work / "tmp").mkdir(parents=True)
        if scenario.before:
            assert in_a_process(ingest, self.start, scenario.before).result[0] == 0
        self.before = self._renewed()
        began = time.monotonic()
        done = in_a_process(ingest, self.output, scenario.added)
        self.seconds = time.monotonic() - began
        assert (done.code, done.result[0]) == (0, 0), done
        self.calls = done.result[1]
        self.after = self._look()
        assert self.before != self.after

    def _renewed(self):
        shutil.rmtree(self.output, ignore_errors=True)
        if self.start.exists():
            shutil.copytree(self.start, self.output)
        return self._look()

    def _look(self):
        seen = in_a_process(look, self.output)
        assert seen.code == 0, f"the dataset can't be read: {seen.words[-500:]}"
        return seen.result[0]

    def attempt(self, at, fault):
        """The promises that did not hold when call number `at` was attacked; empty if all did."""
        self._renewed()
        faults = []
        attacked = in_a_process(ingest, self.output, self.scenario.added, at, fault)
        try:
            state = self._look()
        except AssertionError as error:
            return [str(error)]
        if not self._is_whole(state):
            faults.append("a table is neither the old nor the new one")
        if fault != "killed":
            faults += self._wrong_words(attacked, state)
        elif self.rng.random() < 0.3:  # the one that clears up dies, too
            in_a_process(ingest, self.output, self.scenario.added, self.rng.randint(1, self.calls), "killed")
        return faults + self._made_good()

    def together(self, jobs):
        """The promises that did not hold when several jobs ran the same command at once, one of them killed or none."""
        self._renewed()
        running = [Process(ingest, self.output, self.scenario.added) for _ in range(jobs)]
        if self.rng.random() < 0.7:
            time.sleep(self.rng.random() * self.seconds * jobs)
            os.kill(running[0].number, signal.SIGKILL)
        faults = []
        for ended in [job.end() for job in running]:
            is_refused = "another job is ingesting the same dumps" in ended.words
            is_done = ended.result is not None and ended.result[0] in (DONE, NOTHING_NEW)
            if ended.code != -signal.SIGKILL and not is_done and not is_refused:
                faults.append(f"one of {jobs} jobs at once ended by {ended.code}: {ended.words[-500:]}")
        return faults + self._made_good()

    def overlapping(self, jobs):
        """The promises that did not hold when jobs with common dumps ran at once, beside maintenance, some killed."""
        self._renewed()
        dumps = self.scenario.added
        chosen = [self.rng.sample(dumps, self.rng.randint(1, len(dumps))) for _ in range(jobs)]
        running = [Process(ingest, self.output, each) for each in chosen]
        running.append(Process(maintain, self.output))
        if self.rng.random() < 0.7:
            time.sleep(self.rng.random() * self.seconds * jobs)
            os.kill(self.rng.choice(running).number, signal.SIGKILL)
        ended = [job.end() for job in running]
        wrong = [each for each in ended if each.code != -signal.SIGKILL and not _is_expected(each)]
        faults = [f"one of {jobs} jobs with common dumps ended by {each.code}: {each.words[-500:]}" for each in wrong]
        again = in_a_process(ingest, self.output, dumps)
        if again.result is None or again.result[0] not in (DONE, NOTHING_NEW):
            return [*faults, f"the dumps can't be ingested afterwards: {again.code} {again.words[-500:]}"]
        in_a_process(maintain, self.output)
        checked = in_a_process(check, self.output)
        if checked.result != []:
            faults.append(f"check finds faults: {checked.result} {checked.words[-300:]}")
        seen = in_a_process(look, self.output)
        if seen.result is None or _summed(seen.result[0]) != _summed(self.after):
            faults.append("the rows and counts are not those of one undisturbed run")
        elif not seen.result[1]:
            faults.append("the plain glob is not what the log says")
        return faults

    def _made_good(self):
        """The promises that do not hold after the same command has run once more, undisturbed."""
        faults = []
        again = in_a_process(ingest, self.output, self.scenario.added)
        if again.result is None or again.result[0] not in (DONE, NOTHING_NEW):
            faults.append(f"the same command fails afterwards: {again.code} {again.words[-500:]}")
            return faults
        seen = in_a_process(look, self.output)
        if seen.result is None or seen.result[0] != self.after:
            faults.append("the same command afterwards does not give the dataset of an undisturbed run")
        elif not seen.result[1]:
            faults.append("the plain glob is not what the log says")
        if left := leftovers(self.work):
            faults.append(f"left over: {', '.join(left[:3])}")
        return faults

    def _is_whole(self, state):
        """True if each table is the old or the new one. `runs`, which is committed last, says that a run is done."""
        nothing = ((), (), ())
        tables = zip(state or nothing, self.before or nothing, self.after, strict=True)
        return all(table in (before, after) for table, before, after in tables)

    def _wrong_words(self, attacked, state):
        """The faults in the words that told of a failed call."""
        if attacked.result is None:
            return [f"ended by {attacked.code}: {attacked.words[-500:]}"]
        code, words = attacked.result[0], [line for line in attacked.words.splitlines() if line.startswith("warraq:")]
        faults = []
        if "Traceback" in attacked.words:
            faults.append(f"a traceback: {attacked.words[-500:]}")
        if code == 0 and state != self.after:
            faults.append("exit code 0, and not committed")
        if code != 0 and not words:
            faults.append(f"exit code {code} without a word: {attacked.words[-300:]}")
        if code != 0 and "nothing was committed" in attacked.words and state != self.before:
            faults.append("said to have committed nothing, and has")
        return faults


def _is_expected(ended):
    """True for a job that did its work, found it done, or left it to another."""
    return ended.result is not None and ended.result[0] in (DONE, NOTHING_NEW, BUSY)


def _summed(state):
    """The places of the articles and of the rejected pages, and the ledger over all runs: however runs were cut."""
    articles, rejected, ledger = state
    pages = collections.Counter()
    for _, *entry, count in ledger:
        pages[tuple(entry)] += count
    return sorted(row[1:3] for row in articles), sorted(rejected), +pages


def attacks(calls, attempts, rng):
    """Pairs of call and fault; half of them kills. Every call is killed once before any is killed twice."""
    numbers = range(1, calls + 1)
    kills = [(at, "killed") for at in rng.sample(numbers, calls)]
    failures = [(at, fault) for at in numbers for fault in FAULTS if fault != "killed"]
    rng.shuffle(failures)
    pairs = zip(itertools.cycle(kills), itertools.cycle(failures), strict=True)
    return itertools.islice(itertools.chain.from_iterable(pairs), attempts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--attempts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if "WARRAQ_ATTACKED" in os.environ:
        return attack(Path(os.environ["WARRAQ_ATTACKED"]), options.attempts, random.Random(options.seed))
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        work = Path(folder, "work").resolve()
        environment = {"LD_PRELOAD": str(build(Path(folder))), "WARRAQ_ATTACKED": str(work)}
        command = [sys.executable, "-m", "tests.attack.kills", *sys.argv[1:]]
        return subprocess.run(command, env={**os.environ, **environment}, cwd=ROOT).returncode


def attack(work, attempts, rng):
    """Attacks all scenarios in turn; prints the figures."""
    import logging  # noqa: PLC0415

    import warraq.pipelines.ingest  # noqa: PLC0415  (once, for all forks)
    import warraq.pipelines.maintain  # noqa: PLC0415
    import warraq.pipelines.query  # noqa: F401, PLC0415

    logging.disable(logging.CRITICAL)
    began, tried, failed = time.monotonic(), collections.Counter(), 0
    for number, scenario in enumerate(SCENARIOS):
        target = Attack(scenario, work / str(number), rng)
        print(f"{scenario.name}: {target.calls} calls change files", flush=True)
        for at, fault in attacks(target.calls, attempts // len(SCENARIOS), rng):
            tried[fault] += 1
            for words in target.attempt(at, fault):
                failed += 1
                print(f"{scenario.name}, {fault} at call {at}: {words}", flush=True)
            if tried.total() % 50 == 0:
                print(f"{tried.total()} attempts, {failed} did not hold", flush=True)
        for jobs in [2, 4, 8] * (attempts // 50):
            for kind, crowd in (("jobs at once", target.together), ("with common dumps", target.overlapping)):
                tried[f"{jobs} {kind}"] += 1
                for words in crowd(jobs):
                    failed += 1
                    print(f"{scenario.name}, {words}", flush=True)
    for kind, times in sorted(tried.items()):
        print(f"{kind:<24}{times:>7,}")
    print(f"{sum(tried.values()):,} attempts in {time.monotonic() - began:.0f} s, {failed} did not hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
