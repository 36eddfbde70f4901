"""The job as a user meets it: wrong input, interruptions, full disks, dead workers."""

import contextlib
import errno
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_for_work, workers
from warraq.pipelines.explain import main as explain
from warraq.pipelines.ingest import main
from warraq.pipelines.query import connect
from warraq.transforms.clean.clean import clean
from warraq.transforms.dataset import publish
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.ledger import Entry, audit

DUMPS = ROOT / "samples" / "dumps"
NEWS = str(DUMPS / "news.warc.gz")

pytestmark = pytest.mark.slow


def command(*arguments):
    return [sys.executable, "-m", "warraq", "ingest", *map(str, arguments)]


def ingest(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=ROOT, **options)


def texts(output):
    return connect(Dataset(str(output))).execute("SELECT article_id FROM articles ORDER BY ALL").fetchall()


def leftovers(output):
    return sorted(Path(output).glob("_staging/**"))


@pytest.fixture(scope="module")
def undisturbed_run(tmp_path_factory):
    """The texts of a run, and the seconds that it took."""
    output, began = tmp_path_factory.mktemp("undisturbed") / "out", time.monotonic()
    assert ingest(NEWS, "--output", output, "--quiet").returncode == 0
    return texts(output), time.monotonic() - began


@pytest.fixture
def undisturbed(undisturbed_run):
    return undisturbed_run[0]


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    (tmp_path / "folder").mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.docx").write_text("x")
    (tmp_path / "file").write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing.warc", "--output", "out"], "no such file"),
        (["*.nothing", "--output", "out"], "nothing matches"),
        (["empty.warc.gz", "--output", "out"], "empty"),
        (["photo.jpg", "--output", "out"], "unknown format"),
        (["folder", "--output", "out"], "no dump in it"),
        ([NEWS, "--output", "theirs"], "not a Warraq dataset"),
        ([NEWS, "--output", "file"], "can't write there"),
        ([NEWS, "--output", "out", "--wokers", "2"], "did you mean --workers?"),
        ([NEWS], "--output"),
    ],
)
def test_bad_input_costs_one_line_before_work_starts(bad, arguments, complaint):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, cwd=bad)
    assert done.returncode == (5 if complaint in ("nothing matches", "no dump in it") else 2)  # 5: no file yet
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not Path(bad, "out", "articles").exists()


def test_progress_and_ledger_are_told(tmp_path):
    done = ingest(NEWS, "--output", tmp_path / "out", "--workers", "1")
    assert done.returncode == 0
    assert "100%  done" in done.stderr.splitlines()[-1]
    assert "38 pages" in done.stderr.splitlines()[-1]
    assert done.stdout.splitlines()[0].split() == ["pages", "read", "38"]


def test_an_interrupted_run_leaves_nothing_and_can_be_repeated(tmp_path, undisturbed):
    job = subprocess.Popen(
        command(DUMPS, "--output", tmp_path / "out", "--workers", "2"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_work(job)
    os.killpg(job.pid, signal.SIGINT)
    _, words = job.communicate(timeout=PATIENCE)
    assert job.returncode == 1
    assert "interrupted; nothing was committed" in words
    assert "Traceback" not in words
    assert leftovers(tmp_path / "out") == []
    assert ingest(NEWS, "--output", tmp_path / "out", "--quiet").returncode == 0
    assert texts(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("share", [0.5, 0.75, 0.95])
def test_a_killed_run_is_made_good_by_the_next(tmp_path, undisturbed_run, share):
    """The moments are those of any machine; tests/attack kills at each call."""
    undisturbed, seconds = undisturbed_run
    job = subprocess.Popen(command(NEWS, "--output", tmp_path / "out", "--quiet"), cwd=ROOT, start_new_session=True)
    time.sleep(share * seconds)
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    assert ingest(NEWS, "--output", tmp_path / "out", "--quiet").returncode in (0, 4)  # 4: it was killed at its end
    assert texts(tmp_path / "out") == undisturbed
    assert leftovers(tmp_path / "out") == []
    plain = f"SELECT count(*) FROM read_parquet('{tmp_path}/out/articles/*/*/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(plain).fetchall() == [(len(undisturbed),)]


@pytest.mark.parametrize(
    ("dumps", "ending", "code"), [(NEWS, signal.SIGKILL, 1), (DUMPS, signal.SIGTERM, 1), (DUMPS, signal.SIGKILL, 0)]
)
def test_a_dead_worker_ends_the_run_and_several_dumps_are_tried_again(tmp_path, dumps, ending, code):
    """A worker that was told to end, as when a service is stopped, says nothing against its dumps."""
    output = tmp_path / "out"
    job = subprocess.Popen(
        command(dumps, "--output", output, "--workers", "2", "--quiet"), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    wait_for_work(job)
    os.kill(min(workers(job.pid)), ending)
    _, words = job.communicate(timeout=PATIENCE)
    assert job.returncode == code, words
    assert "a worker process died" in words
    assert ("in two halves" in words) == (code == 0)
    assert leftovers(output) == []


def test_two_identical_jobs_at_once_add_the_rows_once(tmp_path, undisturbed):
    jobs = [
        subprocess.Popen(
            command(NEWS, "--output", tmp_path / "out", "--quiet"), cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    words = [job.communicate(timeout=PATIENCE)[1] for job in jobs]
    assert texts(tmp_path / "out") == undisturbed
    said = {0: "", 4: "", 6: "another job is ingesting the same dumps"}
    assert all(said[job.returncode] in each for each, job in zip(words, jobs, strict=True))
    assert 0 in {job.returncode for job in jobs}


@contextlib.contextmanager
def mounted(disk, size):
    """A file system of that size at a path, while the block runs."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here: not root, or no tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_commits_nothing(tmp_path):
    disk = tmp_path / "disk"
    with mounted(disk, "64k"):
        done = ingest(NEWS, "--output", disk / "out", "--quiet")
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert done.stderr.count("\n") == 1
        assert not list(Path(disk, "out").rglob("*.parquet"))


def test_a_disk_that_is_full_when_the_run_publishes_is_told_with_what_to_do(tmp_path, undisturbed, monkeypatch, capsys):
    disk = tmp_path / "disk"
    arguments = [NEWS, "--output", str(disk / "out"), "--workers", "1", "--quiet"]
    real = publish._commit

    def fill(*publication):
        with contextlib.suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
            while True:
                filler.write(b"0" * 1000)
        return real(*publication)

    with mounted(disk, "8m"):
        with monkeypatch.context() as patched:
            patched.setattr(publish, "_commit", fill)
            assert main(arguments) == 1
        [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warraq: ")]
        assert "No space left on device" in line
        assert line.endswith("; the run failed while publishing; repair the cause, then the same command finishes it")
        (disk / "filler").unlink()
        assert main(arguments) == 0
        assert "finished the publication" in capsys.readouterr().err
        assert texts(disk / "out") == undisturbed


def break_pages(monkeypatch, *endings):
    """Has the stage clean raise on the pages whose addresses end like this."""

    def breaking(article, rules):
        if article.source.url.endswith(endings):
            raise ZeroDivisionError("a bug of ours")
        return clean(article, rules)

    for module in ("transforms.clean.clean", "transforms.clean.stage", "pipelines.config"):
        monkeypatch.setattr(f"warraq.{module}.clean", breaking)


@pytest.mark.parametrize(
    ("flags", "code"), [([], 0), (["--strict"], 1)]
)  # committed all the same: the others are right
def test_a_page_that_breaks_the_code_costs_one_row(tmp_path, monkeypatch, capsys, flags, code):
    break_pages(monkeypatch, "/40285")
    assert main([NEWS, "--output", str(tmp_path / "out"), "--workers", "1", "--quiet", *flags]) == code
    assert ("--strict: 1 page rejected" in capsys.readouterr().err) == (code == 1)
    assert len(texts(tmp_path / "out")) == 35
    [row] = (
        connect(Dataset(str(tmp_path / "out")))
        .execute("SELECT stage, reason, detail FROM rejected WHERE reason = 'error'")
        .fetchall()
    )
    assert row[:2] == ("clean", "error")
    assert row[2].startswith("ZeroDivisionError: a bug of ours (test_ingest.py:")


def test_a_dump_of_which_too_many_pages_break_is_set_aside_and_the_others_are_committed(tmp_path, monkeypatch, capsys):
    others = [str(DUMPS / name) for name in ("legacy.warc", "feed.jsonl")]
    assert main([*others, "--output", str(tmp_path / "others"), "--workers", "1", "--quiet"]) == 0
    output = str(tmp_path / "out")
    with monkeypatch.context() as patched:
        break_pages(patched, "/40285", "/40322", "/40359", "/40396")
        capsys.readouterr()
        assert main([NEWS, *others, "--output", output, "--workers", "1", "--quiet"]) == 3
        words = capsys.readouterr().err.splitlines()
        assert len(words) == 2
        assert words[0].startswith(
            f"warraq: {NEWS}: set aside: 4 of its pages broke the stage clean (ZeroDivisionError: a bug of ours ("
        )
        assert words[0].count(f"{NEWS}@") == 3
        assert words[1] == "warraq: 1 dump set aside; the others are committed"
        place = words[0].partition("warraq explain ")[2].split()[0]
        assert explain([place]) == 0
        shown = capsys.readouterr()
        assert shown.out.splitlines()[-1].startswith("rejected by clean: error (the page broke our code): ZeroDivision")
        assert shown.err == ""
    assert texts(output) == texts(tmp_path / "others")
    assert leftovers(output) == []
    # it is not held to be done, and now one of its articles is a copy of what the others brought
    assert main([NEWS, *others, "--output", output, "--workers", "1", "--quiet"]) == 0
    assert connect(Dataset(output)).execute("SELECT count(*) FROM articles WHERE dump = $1", [NEWS]).fetchone() == (35,)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "a\u202eb", "it's", "a@12", "%41", os.fsdecode(b"caf\xe9")])
def test_what_is_told_of_a_dump_set_aside_finds_its_pages(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(Path(NEWS).read_bytes())
    break_pages(monkeypatch, "/40285", "/40322", "/40359", "/40396")
    assert main([name, "--output", str(tmp_path / "out"), "--workers", "1", "--quiet"]) == 1
    words = capsys.readouterr().err.splitlines()[0]
    command, _, also = words.partition("warraq explain ")[2].rpartition(" (also ")
    for place in [command, *also.removesuffix(")").split(", ")]:
        assert explain(shlex.split(place)) == 0
        shown = capsys.readouterr()
        assert shown.out.splitlines()[-1].startswith("rejected by clean: error")


def test_if_every_dump_is_set_aside_nothing_is_committed(tmp_path, monkeypatch, capsys):
    break_pages(monkeypatch, "/40285")
    strictly = ("--max_error_share", "0")
    assert main([NEWS, "--output", str(tmp_path / "out"), "--workers", "1", "--quiet", *strictly]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "warraq: all dumps were set aside; nothing was committed"
    assert not list(Path(tmp_path, "out", "articles").rglob("*.parquet"))


def test_a_run_that_fails_while_publishing_is_finished_by_the_same_command(tmp_path, undisturbed, monkeypatch, capsys):
    arguments = [NEWS, "--output", str(tmp_path / "out"), "--workers", "1", "--quiet"]

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_commit", fail)
        assert main(arguments) == 1
    words = capsys.readouterr().err
    assert "No space left on device" in words
    assert "the same command finishes it" in words
    assert words.count("\n") == 1
    assert main(arguments) == 0
    assert "finished the publication" in capsys.readouterr().err
    assert texts(tmp_path / "out") == undisturbed


def test_an_unbalanced_ledger_commits_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("warraq.transforms.ledger.reconcile", lambda *_: audit({Entry("a", "read"): 1}))
    assert main([NEWS, "--output", str(tmp_path / "out"), "--workers", "1", "--quiet"]) == 1
    words = capsys.readouterr().err
    assert "the ledger does not balance: a: 1 lost" in words
    assert "nothing was committed" in words
    assert not list(Path(tmp_path, "out").rglob("*.parquet"))
