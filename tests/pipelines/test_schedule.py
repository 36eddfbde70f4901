"""The job on a schedule: overlapping starts, nothing new, dumps that fail, rules that change."""

import errno
import functools
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from warraq.pipelines import ingest as command
from warraq.pipelines import job, stream
from warraq.pipelines.errors import WarraqError
from warraq.pipelines.ingest import main
from warraq.pipelines.local.supervisor import Supervisor, WorkerDiedError
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.ledger import Entry
from warraq.transforms.maintain.check import faults
from warraq.transforms.read import discover
from warraq.transforms.read.dump import open_dump
from warraq.transforms.write import commit

DUMPS = ROOT / "samples" / "dumps"
A, B, C = (str(DUMPS / name) for name in ("legacy.warc", "feed.jsonl", "texts.jsonl.gz"))
FAST = ["--workers", "1", "--tagger", "gazetteer"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_progress")]


def ingest(output, *arguments):
    return main([*map(str, arguments), "--output", str(output), *FAST])


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


ARTICLES = "SELECT article_id, dump, dump_offset FROM articles ORDER BY ALL"
REJECTED = "SELECT dump, dump_offset, stage, reason, detail FROM rejected ORDER BY ALL"
LEDGER = "SELECT dump, door, stage, reason, sum(pages) FROM ledger GROUP BY ALL ORDER BY ALL"


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    """The dataset of A, B and C in one run."""
    output = tmp_path_factory.mktemp("one") / "out"
    assert ingest(output, A, B, C) == 0
    return output


def same(one, other):
    return all(ask(one, sql) == ask(other, sql) for sql in (ARTICLES, LEDGER))


def test_a_run_that_is_overtaken_starts_again_with_the_rest(tmp_path, monkeypatch, capsys, one_run):
    """{A, B} and {B, C} at once: the second commits while the first is at work."""
    output = tmp_path / "out"
    real, once = command.run_job, iter([True])

    def meanwhile(*arguments):
        if next(once, False):
            assert ingest(output, B, C) == 0
        return real(*arguments)

    monkeypatch.setattr(command, "run_job", meanwhile)
    assert ingest(output, A, B) == 0
    words = capsys.readouterr().err.splitlines()
    assert words == ["warraq: another run has committed some of its dumps; starting again with what is left"]
    assert same(output, one_run)
    assert ask(output, "SELECT count(*), count(DISTINCT run_id) FROM runs") == [(2, 2)]


@pytest.fixture
def just_before_our_commit(monkeypatch):
    """A function that has the command ingest other dumps, in a process of its own, when our run is about to commit."""
    real, waiting = commit.publish, []

    def publish(*arguments):
        if waiting:
            words = [sys.executable, "-m", "warraq", "ingest", *map(str, waiting.pop()), *FAST]
            subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
        real(*arguments)

    monkeypatch.setattr(commit, "publish", publish)
    return lambda *arguments: waiting.append(arguments)


def test_a_dump_that_two_runs_read_under_different_rules_comes_as_if_one_after_the_other(
    tmp_path, just_before_our_commit, capsys
):
    output, in_turn = tmp_path / "out", tmp_path / "in turn"
    for flags in (["--clean_min_words", "60"], []):
        assert ingest(in_turn, B, *flags) == 0
    just_before_our_commit(B, "--output", output, "--clean_min_words", "60")
    capsys.readouterr()
    assert ingest(output, B) == 0
    words = capsys.readouterr().err
    assert "another run has committed a dump that is the same file; starting again with what is left" in words
    assert same(output, in_turn)
    assert [*faults(Dataset(str(output)))] == []


def test_a_text_that_two_runs_bring_at_once_in_different_dumps_is_one_article(tmp_path, just_before_our_commit, capsys):
    output, in_turn = tmp_path / "out", tmp_path / "in turn"
    lines = (DUMPS / "feed.jsonl").read_bytes().splitlines(keepends=True)
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(b"".join(lines))
    other.write_bytes(b"".join(lines[:-8:-1]))
    for dump in (other, one):
        assert ingest(in_turn, dump) == 0
    just_before_our_commit(other, "--output", output)
    capsys.readouterr()
    assert ingest(output, one) == 0
    assert capsys.readouterr().err == "", "it costs a look, not a new run"
    assert same(output, in_turn)
    assert ask(output, REJECTED) == ask(in_turn, REJECTED)
    assert ask(output, "SELECT count(*) > 1 FROM rejected WHERE reason = 'duplicate'") == [(True,)]
    assert [*faults(Dataset(str(output)))] == []


def test_jobs_with_common_dumps_at_once_add_each_dump_once(tmp_path, one_run):
    output = tmp_path / "out"
    jobs = [
        subprocess.Popen(
            [sys.executable, "-m", "warraq", "ingest", *dumps, "--output", output, *FAST], cwd=ROOT, text=True
        )
        for dumps in ((A, B), (B, C), (A, C))
    ]
    codes = [job.wait(PATIENCE) for job in jobs]
    assert set(codes) <= {0, 4, 6}
    assert ingest(output, A, B, C) in (0, 4)
    assert ask(output, LEDGER) == ask(one_run, LEDGER)


def test_a_job_that_waits_starts_when_the_other_has_ended(tmp_path):
    output = tmp_path / "out"
    dataset = Dataset(str(output))
    said = tmp_path / "said"
    with dataset.lock("another-run") as ours:
        assert ours
        with said.open("w") as stream:
            arguments = [A, "--output", output, *FAST, "--wait"]
            job = subprocess.Popen([sys.executable, "-m", "warraq", "ingest", *arguments], cwd=ROOT, stderr=stream)
        wait_until(lambda: "waiting for it" in said.read_text())
        assert not dataset.files("articles")
    assert job.wait(PATIENCE) == 0
    assert said.read_text().count("warraq: ") == 1
    assert dataset.files("articles")


def test_nothing_is_told_as_done_that_was_done_before(one_run, capsys):
    assert ingest(one_run, A, C) == 4
    assert capsys.readouterr() == ("", f"warraq: nothing new: {one_run} has all of the input (2 dumps)\n")


@pytest.mark.parametrize(
    "flags", [["--rejected", "all"], ["--read_split_bytes", "9999"], ["--extract_memory_mb", "999"]]
)
def test_flags_that_change_no_article_make_no_dump_new(one_run, flags):
    assert ingest(one_run, A, *flags) == 4


def test_a_file_that_may_not_be_read_costs_the_exit_code_only(tmp_path, monkeypatch, capsys):
    """Such as one that another user is still uploading. A pattern that nothing matches yet costs nothing."""
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    denied = folder / "b.jsonl"
    for source, name in ((C, "a.jsonl.gz"), (B, denied.name)):
        shutil.copy(source, folder / name)

    def opened(path):
        if path == str(denied):
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_dump(path)

    monkeypatch.setattr(discover, "open_dump", opened)
    assert ingest(output, folder, tmp_path / "*.warc", "--quiet") == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"warraq: {denied}: skipped, Permission denied; check the path and its permissions",
        "warraq: 1 file not readable; the others are committed",
    ]
    assert ask(output, "SELECT count(*) > 0 FROM articles") == [(True,)]
    monkeypatch.undo()
    assert ingest(output, folder, "--quiet") == 0


def test_a_dump_that_fails_three_times_is_left_out_until_it_is_asked_for(tmp_path, monkeypatch, capsys):
    output = tmp_path / "out"
    with monkeypatch.context() as patched:
        broken = [Entry(B, "rejected", "clean", "error")]
        patched.setattr(commit.ledger, "broken_dumps", lambda ledger, _: [B] if Entry(B, "read") in ledger else [])
        patched.setattr(commit, "find_faults", lambda *_: [commit.SetAside(B, "clean", "ZeroDivisionError", 9, [0])])
        assert broken
        assert ingest(output, A, B) == 3
        for failures in (2, 3):
            assert ingest(output, A, B) == 1
            assert ask(output, "SELECT max(unnest.failures) FROM runs, unnest(failed)") == [(failures,)]
        capsys.readouterr()
        assert ingest(output, A, B) == 3
        assert f"{B}: left out: failed 3 times" in capsys.readouterr().err
    assert ask(output, "SELECT count(*) FROM articles WHERE dump ILIKE '%feed.jsonl'") == [(0,)]
    assert ingest(output, A, B, "--retry_failed") == 0
    assert ask(output, "SELECT count(*) > 0 FROM articles WHERE dump ILIKE '%feed.jsonl'") == [(True,)]


@pytest.fixture
def poisonous(monkeypatch):
    """Worker processes die of dumps whose names begin with "poison"."""
    monkeypatch.setattr(job, "Supervisor", functools.partial(Supervisor, "tests.support.poisoned_worker"))


@pytest.fixture
def poison(tmp_path):
    path = tmp_path / "poison.jsonl"
    path.write_bytes((DUMPS / "feed.jsonl").read_bytes()[:-2])
    return path


def ingest_by_two(output, *arguments):
    return main([*map(str, arguments), "--output", str(output), *FAST, "--workers", "2"])


@pytest.mark.usefixtures("poisonous")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # Beam's, of a worker that is gone
def test_a_dump_of_which_a_worker_dies_does_not_hold_the_others(tmp_path, poison, capsys, one_run):
    output = tmp_path / "out"
    died = "warraq: a worker process died of SIGSEGV; nothing was committed"
    assert ingest_by_two(output, A, poison, B, C) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"{died}; trying its 4 dumps in two halves",
        f"{died}; trying its 2 dumps in two halves",
        f"warraq: {poison}: set aside: it can't be read (a worker process died of SIGSEGV)",
        "warraq: 1 dump set aside; the others are committed",
    ]
    assert ask(output, ARTICLES) == ask(one_run, ARTICLES)
    assert ask(output, "SELECT unnest.failures FROM runs, unnest(failed)") == [(1,)]
    assert ingest_by_two(output, A, poison) == 1
    assert capsys.readouterr().err.splitlines() == [died], "alone, it may be the machine: it counts for no dump"
    assert [*faults(Dataset(str(output)))] == []


DEADLY = """
import sys
from tests.support.poisoned_worker import poison
from warraq.pipelines.__main__ import main
poison()
sys.exit(main())
"""


def die(*arguments):
    """Runs a command that has its single worker inside, and dies with it."""
    assert subprocess.run([sys.executable, "-c", DEADLY, *map(str, arguments)], cwd=ROOT).returncode == -signal.SIGSEGV


@pytest.mark.usefixtures("poisonous")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("between", ["nothing", "another run", "waiting"])
def test_a_dump_of_which_a_run_with_one_worker_died_does_not_hold_the_others_again(
    tmp_path, poison, capsys, one_run, between
):
    output = tmp_path / "out"
    die("ingest", A, poison, B, C, "--output", output, *FAST)
    if between == "another run":  # it clears up after the dead one
        other = tmp_path / "other.jsonl"
        other.write_text('{"text": "short"}')
        assert ingest(output, other) == 0
    flags = ["--wait"] if between == "waiting" else []
    assert ingest(output, A, poison, B, C, *flags) == 3
    assert not (output / "_staging").exists()
    assert f"{poison}: set aside: it can't be read (a worker process died of SIGSEGV)" in capsys.readouterr().err
    assert ask(output, ARTICLES) == ask(one_run, ARTICLES)
    assert ask(output, "SELECT unnest.failures FROM runs, unnest(failed)") == [(1,)]


@pytest.mark.usefixtures("poisonous")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_file_of_which_a_stream_died_does_not_hold_the_next_one(tmp_path, poison, capsys, one_run):
    output, folder = tmp_path / "out", tmp_path / "in"
    folder.mkdir()
    flags = (str(folder), "--output", str(output), *FAST, "--every", "0.2s", "--cycles", "3")
    shutil.copy(poison, folder)
    die("stream", *flags)
    for dump in (A, B, C):
        shutil.copy(dump, folder)
    assert stream.main(flags) == 0
    assert "poison.jsonl: set aside" in capsys.readouterr().err
    assert [row[0] for row in ask(output, ARTICLES)] == [row[0] for row in ask(one_run, ARTICLES)]


@pytest.mark.parametrize(
    ("deadly", "code", "tried"),
    [
        ("c", 3, ["abcde", "ab", "cde", "c", "de"]),
        ("ce", 3, ["abcde", "ab", "cde", "c", "de", "d", "e"]),
        ("ab", 3, ["abcde", "ab", "a", "b", "cde"]),
        ("abcde", 1, ["abcde", "ab", "a", "b", "cde", "c", "de", "d", "e"]),  # none is blamed
    ],
)
def test_dumps_of_which_workers_die_are_found_by_halves(tmp_path, monkeypatch, deadly, code, tried):
    attempts = []

    def attempt(_options, _dataset, _run, dumps, _engine):
        attempts.append("".join(Path(dump.path).stem for dump in dumps))
        if {*attempts[-1]} & {*deadly}:
            raise WarraqError("a worker process died; nothing was committed") from WorkerDiedError("it died")
        return []

    monkeypatch.setattr(command, "_attempt", attempt)
    paths = [tmp_path / f"{name}.jsonl" for name in "abcde"]
    for path in paths:
        path.write_text(f'{{"text": "{path}"}}')
    output = tmp_path / "out"
    assert ingest(output, *paths) == code
    assert attempts == tried
    blamed = ask(output, "SELECT unnest(failed).reason FROM runs") if code == 3 else []
    assert blamed == [("it died",)] * (len(deadly) if code == 3 else 0)


def test_better_rules_replace_old_rows(tmp_path, capsys, one_run):
    output, anew = tmp_path / "out", tmp_path / "anew"
    assert ingest(output, A, B, C, "--clean_min_words", "60") == 0
    old = ask(output, ARTICLES)
    capsys.readouterr()
    assert ingest(output, A, B, C, "--replace") == 0
    assert capsys.readouterr().err == ""
    assert old != ask(output, ARTICLES)
    assert same(output, one_run)
    assert ask(output, "SELECT count(*) FROM runs") == [(1,)]
    assert ingest(output, A, B, C, "--replace") == 4
    # and without the flag the old rows stay
    assert ingest(anew, A, "--clean_min_words", "60") == 0
    capsys.readouterr()
    assert ingest(anew, A, "--new") == 4
    assert "1 dump left alone: in the dataset, made under other rules; --replace" in capsys.readouterr().err
    assert ingest(anew, A) == 0
    assert f"{A}: in the dataset already, made under other rules, whose rows stay" in capsys.readouterr().err
