"""The stream: what arrives is in the dataset soon, once, as a batch over the same dumps would have it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from warraq.pipelines import ingest as command
from warraq.pipelines import stream as module
from warraq.pipelines.cycles import Cycle, as_text
from warraq.pipelines.errors import AllSetAsideError, WarraqError
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.options import parse_stream
from warraq.pipelines.query import connect
from warraq.pipelines.stream import StopSignals, main, stream
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError

DUMPS = ROOT / "samples" / "dumps"
A, B, C = (DUMPS / name for name in ("legacy.warc", "feed.jsonl", "texts.jsonl.gz"))
FAST = ["--workers", "1", "--tagger", "gazetteer"]
QUICKLY = [*FAST, "--every", "0.2s"]
ARTICLES = "SELECT * FROM articles ORDER BY article_id, dump, dump_offset"
REJECTED = "SELECT * EXCLUDE (run_id) FROM rejected ORDER BY ALL"
LEDGER = "SELECT dump, door, stage, reason, sum(pages) FROM ledger GROUP BY ALL HAVING sum(pages) > 0 ORDER BY ALL"


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def assert_same(output, other):
    for sql in (ARTICLES, REJECTED, LEDGER):
        assert ask(output, sql) == ask(other, sql)


def arrive(folder, *paths):
    folder.mkdir(exist_ok=True)
    for path in paths:
        shutil.copy(path, folder / f"{path.name}.part")
        (folder / f"{path.name}.part").rename(folder / path.name)


class Fed:
    """A stream in this process that is fed after its cycles, and stops when all has been read."""

    def __init__(self, folder, output, *flags):
        self.options = parse_stream([str(folder), "--output", str(output), *QUICKLY, *flags])
        self.stop = StopSignals()
        self.cycles, self.words = [], []

    def run(self, *feeds):
        """`feeds` are called one after the other, each when a cycle has read what there was."""
        left = list(feeds)

        def report(cycle):
            self.cycles.append(cycle)
            if cycle.arrived and not cycle.waiting:
                if left:
                    left.pop(0)()
                else:
                    self.stop.defer()

        def tell(line):
            if not line.startswith("waiting for files in "):
                self.words.append(line)

        stream(self.options, self.stop, tell, report)
        return self


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """A folder with three dumps, and the dataset that one run makes of it."""
    folder = tmp_path_factory.mktemp("batch")
    arrive(folder / "in", A, B, C)
    assert ingest([str(folder / "in"), "--output", str(folder / "out"), "--quiet", *FAST]) == 0
    return folder


@pytest.fixture
def place(batch):
    """The folder of `batch` in which dumps arrive anew, so that they have the same names; and a new dataset."""
    folder, output = batch / "in", batch / "streamed"
    for path in (folder, output):
        shutil.rmtree(path, ignore_errors=True)
    folder.mkdir()
    return folder, output


def start(folder, output, *flags):
    arguments = [sys.executable, "-m", "warraq", "stream", str(folder), "--output", str(output), *QUICKLY, *flags]
    return subprocess.Popen(arguments, cwd=ROOT, text=True, stderr=subprocess.PIPE)


def wait_for_a_run(job, output):
    """Returns while a cycle is at work: it has staged something."""
    staged = lambda: [name for name in Dataset(str(output)).staged() if not name.startswith("probe")]  # noqa: E731
    wait_until(lambda: staged() or job.poll() is not None)
    assert job.poll() is None


def end(job):
    """Ends a stream. Returns its exit code and the lines that it printed."""
    job.send_signal(signal.SIGTERM)
    words = job.communicate(timeout=PATIENCE)[1]
    return job.returncode, words.splitlines()


def has_read(output, dumps):
    """True once so many dumps have been committed."""
    return Path(output, "runs", "_delta_log").exists() and ask(output, "SELECT count(*) FROM loads") == [(dumps,)]


@pytest.mark.slow
def test_a_stream_that_is_fed_while_it_runs_gives_the_rows_of_one_batch(batch, place):
    folder, output = place
    arrive(folder, A)
    fed = Fed(folder, output).run(lambda: arrive(folder, B), lambda: arrive(folder, C))
    assert [cycle.arrived for cycle in fed.cycles if cycle.arrived] == [1, 1, 1]
    assert fed.words == []
    assert_same(output, batch / "out")
    [[articles, rejected]] = ask(output, "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM rejected)")
    assert sum(cycle.kept for cycle in fed.cycles) == articles
    assert all(cycle.pages == cycle.kept + cycle.refused for cycle in fed.cycles)
    assert rejected <= sum(cycle.refused for cycle in fed.cycles)


@pytest.mark.slow
def test_a_file_that_grew_is_read_from_its_former_end(batch, place):
    folder, output = place
    lines = B.read_bytes().splitlines(keepends=True)
    (folder / B.name).write_bytes(b"".join(lines[:3]))
    arrive(folder, A, C)
    fed = Fed(folder, output).run(lambda: (folder / B.name).write_bytes(b"".join(lines)))
    assert fed.words == ["1 dump grew: only what is new there is read"]
    assert fed.cycles[-1].pages == len(lines) - 3
    rows = "SELECT * EXCLUDE (load_id) FROM articles ORDER BY article_id, dump, dump_offset"
    assert ask(output, rows) == ask(batch / "out", rows)


@pytest.mark.slow
def test_a_burst_is_worked_off_in_bounded_cycles_without_a_pause(place):
    folder, output = place
    lines = C.parent.joinpath("feed.jsonl").read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines[:5]):
        (folder / f"{number}.jsonl").write_bytes(line)
    fed = Fed(folder, output, "--every", "3s", "--max_files", "2").run()
    assert [(cycle.arrived, cycle.waiting) for cycle in fed.cycles] == [(2, 3), (2, 1), (1, 0)]
    assert ask(output, "SELECT sum(pages) FROM ledger WHERE door = 'read'") == [(5,)]
    assert ask(output, "SELECT len(dumps) FROM runs ORDER BY 1") == [(1,), (2,), (2,)]


@pytest.mark.slow
def test_a_file_that_is_still_written_is_not_read(place):
    folder, output = place
    arrive(folder, A)
    shutil.copy(B, folder / f"{B.name}.tmp")
    options = parse_stream([str(folder), "--output", str(output), *QUICKLY, "--cycles", "3"])
    growing, stop, cycles = folder / "growing.html", StopSignals(), []
    wait = stop.wait

    def write_and_wait(_seconds):
        with growing.open("ab") as file:
            file.write(b"<p>more</p>")
        wait(0.12)

    stop.wait = write_and_wait
    stream(options, stop, print, cycles.append)
    assert [(cycle.arrived, cycle.waiting) for cycle in cycles] == [(1, 1), (0, 1), (0, 1)]
    assert ask(output, "SELECT DISTINCT dump FROM ledger") == [(str(folder / A.name),)]


@pytest.mark.slow
def test_poison_is_set_aside_and_the_rest_flows(place, monkeypatch):
    folder, output = place
    arrive(folder, A, B)
    real = command.run_job

    def poisoned(options, dataset, run, dumps, engine):
        if any(dump.path.endswith(B.name) for dump in dumps):
            raise RuntimeError(f"{command.unreadable(next(d for d in dumps if d.path.endswith(B.name)))}torn")
        return real(options, dataset, run, dumps, engine)

    monkeypatch.setattr(command, "run_job", poisoned)
    fed = Fed(folder, output).run(lambda: arrive(folder, C))
    assert fed.words == [f"{folder / B.name}: set aside: it can't be read (torn)"]
    assert [(cycle.arrived, cycle.set_aside) for cycle in fed.cycles if cycle.arrived] == [(2, 1), (1, 0)]
    assert ask(output, "SELECT DISTINCT dump FROM loads ORDER BY 1") == [
        (str(folder / A.name),),
        (str(folder / C.name),),
    ]


def test_a_cycle_in_which_all_that_is_new_is_set_aside_counts_that(tmp_path, monkeypatch):
    arrive(tmp_path / "in", A, B)

    def refuse(*_):
        raise AllSetAsideError({str(tmp_path / "in" / B.name)})  # the other one is in

    monkeypatch.setattr(module, "ingest", refuse)
    [cycle] = Fed(tmp_path / "in", tmp_path / "out").run().cycles
    assert (cycle.arrived, cycle.set_aside, cycle.pages) == (1, 1, 0)


@pytest.mark.slow
def test_a_cycle_that_fails_is_tried_again_with_what_has_arrived_since(batch, place, monkeypatch):
    folder, output = place
    arrive(folder, A, B)
    real, failures = command.run_job, [DatasetError("No space left on device")] * 2

    def full(*arguments):
        if failures:
            arrive(folder, C)
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(command, "run_job", full)
    fed = Fed(folder, output).run()
    assert fed.words == [
        f"No space left on device; nothing was committed; trying again in {pause} s" for pause in ("0", "1")
    ]
    assert_same(output, batch / "out")


def test_a_stream_ends_after_five_failures_in_a_row(tmp_path, monkeypatch):
    arrive(tmp_path / "in", A)
    tried = []

    def fail(*_):
        tried.append(1)
        raise WarraqError("the bucket is gone")

    monkeypatch.setattr(module, "ingest", fail)
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.01)
    fed = Fed(tmp_path / "in", tmp_path / "out")
    with pytest.raises(WarraqError, match="the bucket is gone") as raised:
        fed.run()
    assert raised.value.code == 1
    assert len(tried) == 5
    assert len(fed.words) == 4


def test_another_job_that_has_the_same_files_is_no_failure(tmp_path, monkeypatch):
    arrive(tmp_path / "in", A)
    answers = iter([WarraqError("busy", 6)] * 9)

    def wait(*_):
        raise next(answers)

    monkeypatch.setattr(module, "ingest", wait)
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.01)
    fed = Fed(tmp_path / "in", tmp_path / "out", "--cycles", "9")
    fed.run()
    assert len(fed.words) == 9


@pytest.mark.slow
def test_upkeep_is_done_in_the_loop(place, monkeypatch):
    folder, output = place
    arrive(folder, A)
    kept = []
    monkeypatch.setattr(module, "keep_up", lambda dataset, _tell: kept.append(dataset.root))
    Fed(folder, output, "--maintain_every", "2").run(lambda: arrive(folder, B), lambda: arrive(folder, C))
    assert kept == [str(output)]


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_and_doubles_nothing(batch, place):
    folder, output = place
    arrive(folder, A, B)
    job = start(folder, output)
    wait_for_a_run(job, output)
    job.kill()
    job.communicate()
    arrive(folder, C)
    job = start(folder, output)
    wait_until(lambda: has_read(output, 3))
    assert end(job)[0] == 0
    assert_same(output, batch / "out")


@pytest.mark.slow
def test_a_stream_that_is_started_again_tells_what_is_new(place, capsys):
    folder, output = place
    arrive(folder, A)
    command = [str(folder), "--output", str(output), *QUICKLY, "--cycles"]
    assert main([*command, "1"]) == 0
    capsys.readouterr()
    assert main([*command, "2"]) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"warraq: nothing new: {output} has all of the input (1 dump)",
    ]
    arrive(folder, B)
    assert main([*command, "1"]) == 0
    assert "cycle 1: 1 file arrived, 0 waiting; " in capsys.readouterr().err


@pytest.mark.slow
def test_two_streams_at_once_double_nothing(batch, place):
    folder, output = place
    jobs = [start(folder, output, "--max_files", str(most)) for most in (1, 2)]
    arrive(folder, A, B)
    wait_until(lambda: has_read(output, 2))
    arrive(folder, C)
    wait_until(lambda: has_read(output, 3))
    assert [end(job)[0] for job in jobs] == [0, 0]
    assert_same(output, batch / "out")


@pytest.mark.slow
def test_a_signal_lets_the_cycle_finish(batch, place):
    folder, output = place
    arrive(folder, A, B, C)
    job = start(folder, output)
    wait_for_a_run(job, output)
    code, words = end(job)
    assert code == 0
    began, cycle, ended = words
    assert began.startswith(f"warraq: waiting for files in {folder}; a cycle every ")
    assert cycle.startswith("warraq: cycle 1: 3 files arrived, 0 waiting; ")
    assert ended == "warraq: stopped; all that was read is committed"
    assert_same(output, batch / "out")


@pytest.mark.slow
def test_a_second_signal_leaves_at_once_and_commits_nothing(place):
    folder, output = place
    arrive(folder, A, B, C)
    job = start(folder, output)
    wait_for_a_run(job, output)
    job.send_signal(signal.SIGINT)
    code, words = end(job)
    assert code == 1
    # The second line: between two steps of the cycle, where there is nothing to clear up.
    left = ("nothing was committed", "what is not committed is read at the next start")
    assert words[1:] in [[f"warraq: interrupted; {state}"] for state in left]
    assert ask(output, "SELECT count(*) FROM articles") == [(0,)] if Path(output, "articles").exists() else True


@pytest.mark.slow
def test_a_signal_ends_a_stream_that_waits(tmp_path):
    (tmp_path / "in").mkdir()
    job = start(tmp_path / "in", tmp_path / "out", "--every", "1h", "--log_format", "json")
    wait_until((tmp_path / "out").exists)
    code, words = end(job)
    assert (code, json.loads(words[-1])) == (0, {"message": "stopped; all that was read is committed"})


def test_a_last_cycle_that_fails_is_told_by_the_exit_code(tmp_path, monkeypatch, capsys):
    def fail(*_arguments):
        raise WarraqError("the bucket is gone")

    monkeypatch.setattr("warraq.pipelines.stream.ingest", fail)
    arrive(tmp_path / "in", A)
    flags = [*QUICKLY, "--cycles", "2", "--every", "0.1s"]
    assert main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), *flags]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "warraq: the bucket is gone"


def test_a_source_that_is_missing_is_wrong_usage(tmp_path, capsys):
    assert main([str(tmp_path / "missing"), "--output", str(tmp_path / "out"), *QUICKLY]) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_an_output_that_is_no_dataset_is_wrong_usage(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main([str(tmp_path), "--output", str(tmp_path), *QUICKLY]) == 2
    assert "not a Warraq dataset" in capsys.readouterr().err


@pytest.mark.parametrize("part", [".", "articles"])
def test_a_source_in_the_dataset_is_wrong_usage(tmp_path, capsys, part):
    (tmp_path / "out" / "articles").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert main([str(tmp_path / "link" / part), "--output", str(tmp_path / "out"), *QUICKLY]) == 2
    assert "lies in the dataset; name the folder where dumps arrive" in capsys.readouterr().err


def test_an_empty_folder_is_waited_for(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), *QUICKLY, "--cycles", "2"]) == 0
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warraq: waiting for files in {tmp_path}/in; a cycle every ")


def test_a_file_that_is_no_dump_is_told_once_and_has_not_arrived(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.bin").write_bytes(os.urandom(500))
    flags = [*QUICKLY, "--cycles", "2", "--log_format", "json"]
    assert main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), *flags]) == 0
    _, told = map(json.loads, capsys.readouterr().err.splitlines())
    assert told["message"].startswith(f"{tmp_path}/in/a.bin: skipped, unknown format")


def test_a_cycle_is_one_line():
    cycle = Cycle(1200, 3, 1, 60, 41, 19, 0, 6.2)
    assert as_text(cycle) == "cycle 1,200: 3 files arrived, 1 waiting; 60 pages: 41 kept, 19 refused; lag 7 s"
    assert ", 1 waiting, 1 file set aside;" in as_text(cycle._replace(set_aside=1))


@pytest.mark.parametrize(("text", "seconds"), [("5", 5), ("30s", 30), ("0.5s", 0.5), ("2m", 120), ("1h", 3600)])
def test_times_have_units(text, seconds):
    assert parse_stream(["in", "--output", "out", "--every", text]).every == seconds


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--every", "0"], "0: must be a time such as 5s, 30s or 2m"),
        (["--every", "soon"], "soon: must be a time"),
        (["--max_bytes", "12KB"], "12KB: must be a size such as 256MB or 1GB"),
        (["--max_files", "0"], "0: must be a whole number, 1 or more"),
        (["--cycles", "-1"], "-1: must be a whole number, 0 or more"),
        (["--replace"], "unknown flag --replace"),
    ],
)
def test_a_wrong_flag_is_one_line(flags, words, capsys):
    with pytest.raises(SystemExit) as left:
        parse_stream(["in", "--output", "out", *flags])
    assert left.value.code == 2
    assert words in capsys.readouterr().err
