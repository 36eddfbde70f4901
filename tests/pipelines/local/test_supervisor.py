"""Worker processes of the local engine: they start from where they should, are heard by nobody else, missed, and ended."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from tests.support.paths import ROOT
from tests.support.processes import (
    PATIENCE,
    descendants,
    guards,
    is_running,
    listening,
    wait_for_work,
    wait_until,
    workers,
)
from warraq.pipelines.local.launch import local_runner
from warraq.pipelines.local.supervisor import Supervisor, WorkerDiedError
from warraq.pipelines.query import connect
from warraq.transforms import child
from warraq.transforms.dataset.dataset import Dataset

DUMPS = ROOT / "samples" / "dumps"
NEWS = str(DUMPS / "news.warc.gz")


def run(transform, supervisor=None, flags=()):
    """A pipeline of one step on two workers, as `warraq ingest` runs its own."""
    options = PipelineOptions([*flags, "--direct_num_workers=2"])
    with (supervisor or Supervisor()).watching():
        runner = local_runner(options, 2, 1000, is_apart=True)
        with beam.Pipeline(runner=runner, options=options) as pipeline:
            result = pipeline | beam.Create(range(10)) | beam.Reshuffle() | transform
            assert_that(result, equal_to([number + 1 for number in range(10)]))


def successor(number):
    return number + 1


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Makes a module of workers, and returns a supervisor that starts them."""

    def make(main, start_limit=120):
        (tmp_path / "broken_worker.py").write_text(f"import os, sys, time\ndef main():\n    {main}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return Supervisor("broken_worker", start_limit)

    return make


@pytest.mark.parametrize(
    ("main", "start_limit", "words"),
    [
        ("sys.exit(1)", 120, "ended with exit code 1"),
        ("sys.exit('words\\nand reasons')", 120, "ended with exit code 1: and reasons"),
        ("os._exit(0)", 120, "ended with exit code 0"),
        ("import nothing_like_it", 120, "ended with exit code 1: ModuleNotFoundError"),
        ("os.kill(os.getpid(), 9)", 120, "died: killed, or out of memory"),
        ("os.abort()", 120, "died of SIGABRT"),
        ("time.sleep(600)", 2, "has not connected within 2 s"),
    ],
)
def test_a_worker_that_does_not_start_ends_the_run_in_one_line(broken, main, start_limit, words):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP)
    with pytest.raises(WorkerDiedError, match=f"^a worker process .*{words}[^\n]*$"):
        run(beam.Map(successor), broken(main, start_limit))
    wait_until(lambda: not any("broken_worker" in command(pid) for pid in descendants(os.getpid()) if is_running(pid)))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP)) == before


def command(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def test_a_worker_that_does_not_import_ends_the_run(broken):
    supervisor = broken("pass\nnonsense")
    with pytest.raises(WorkerDiedError, match=r"exit code 1: NameError: name 'nonsense'"):
        run(beam.Map(successor), supervisor)


def leave(_number):
    os._exit(7)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # Beam's, whose connection broke
def test_a_worker_that_dies_at_work_ends_the_run():
    with pytest.raises(WorkerDiedError, match=r"^a worker process ended with exit code 7"):
        run(beam.Map(leave))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["short", "long" * 30, "with blanks & 100%", "مجلد"])
def test_the_socket_may_lie_in_any_folder(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    run(beam.Map(successor))
    assert [*(tmp_path / name).iterdir()] == []


def listen(number, before):
    """Counts what its launcher listens on that it did not before; only the Unix socket is expected."""
    sockets = [socket for socket in listening(os.getppid()) if socket not in before]
    return number + len(sockets) + sum(not path.endswith("/s") for path in sockets)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--direct_running_mode=multi_processing"], ["--direct_embed_docker_python"]])
def test_workers_are_heard_on_one_unix_socket_whatever_beams_flags(flags, caplog):
    run(beam.Map(listen, listening(os.getpid())), flags=flags)
    assert "direct_running_mode" not in caplog.text  # Beam's advice about workers that it would start itself


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_kills_the_workers(broken, sent):
    before = signal.signal(sent, signal.default_int_handler)  # `nohup` has SIGHUP ignored, and an ignored one stays so
    supervisor = broken("time.sleep(600)")
    with pytest.raises(KeyboardInterrupt), supervisor.watching():
        worker = supervisor.start()
        os.kill(os.getpid(), sent)
        time.sleep(60)  # the signal interrupts it
    assert worker.process.wait(timeout=PATIENCE) == -signal.SIGKILL
    worker.kill()
    assert signal.signal(sent, before) is signal.default_int_handler


def test_an_ignored_signal_interrupts_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Supervisor().watching():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_child_imports_from_where_we_do_and_not_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "colorsys.py").write_text("raise SystemExit('the current folder')")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "errand.py").write_text("import colorsys, os\ndef main():\n    print(colorsys.__file__)")
    monkeypatch.syspath_prepend(str(tmp_path / "ours"))
    monkeypatch.chdir(tmp_path)
    sys.path.insert(0, "")
    monkeypatch.setenv("PYTHONPATH", f":{ROOT}")
    errand = child.start("errand", "main", stdout=subprocess.PIPE)
    said, _ = errand.process.communicate(timeout=PATIENCE)
    errand.kill()
    sys.path.remove("")
    assert errand.process.returncode == 0
    assert Path(said.decode().strip()).parent == Path(os.__file__).parent


# Whole runs.


@pytest.fixture
def start(tmp_path):
    """Starts `warraq ingest` over a dump with two workers; its temporary files lie below `tmp_path`."""
    jobs = []

    def make(*arguments, dump=DUMPS, **options):
        (tmp_path / "temporary").mkdir(exist_ok=True)
        words = [str(dump), "--output", str(tmp_path / "out"), "--workers", "2", *map(str, arguments)]
        environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), **options.pop("env", {})}
        job = subprocess.Popen(
            [sys.executable, "-m", "warraq", "ingest", *words],
            **{"cwd": ROOT, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
            | options,
        )
        jobs.append(job)
        return job

    yield make
    for job in jobs:
        job.kill()
        job.wait()
        if job.stderr:
            job.stderr.close()


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A dump that takes some seconds: its pages are there many times over."""
    path = tmp_path_factory.mktemp("long") / "news.warc.gz"
    path.write_bytes(Path(NEWS).read_bytes() * 12)
    return path


def articles(output):
    return connect(Dataset(str(output))).execute("SELECT count(*) FROM articles").fetchall()


@pytest.mark.slow
def test_a_run_listens_only_where_no_other_user_can_go(start):
    job = start("--quiet")
    seen = set()
    while job.poll() is None:
        sockets = listening(job.pid)
        assert all(path.startswith("/") for path in sockets), sockets
        for path in sockets - seen:
            folder = Path(path.replace("self", str(job.pid))).parent
            with contextlib.suppress(FileNotFoundError):  # the run is over
                assert stat.S_IMODE(folder.resolve().stat().st_mode) == 0o700
                seen.add(path)
    assert job.returncode == 0
    assert len(seen) == 1


@pytest.mark.slow
def test_nothing_outlives_a_launcher_that_is_killed(start, tmp_path, long):
    job = start("--quiet", dump=long)
    wait_for_work(job)
    processes = descendants(job.pid)
    assert len(processes) >= 4
    job.kill()
    wait_until(lambda: not any(map(is_running, processes)))
    assert len([*(tmp_path / "temporary").iterdir()]) == 1
    again = start("--quiet", dump=NEWS)
    _, words = again.communicate(timeout=PATIENCE)
    assert (again.returncode, words) == (0, "")
    assert [*(tmp_path / "temporary").iterdir()] == []


@pytest.mark.slow
@pytest.mark.parametrize("whom", [workers, guards])
def test_a_killed_process_costs_the_run_or_nothing(start, tmp_path, long, whom):
    job = start("--quiet", dump=long)
    wait_for_work(job)
    os.kill(min(whom(job.pid)), signal.SIGKILL)
    _, words = job.communicate(timeout=PATIENCE)
    if whom is guards:  # its page is tried again
        assert (job.returncode, words) == (0, "")
        return
    said = "a worker process died: killed, or out of memory (fewer --workers need less)"
    assert (job.returncode, words) == (1, f"warraq: {said}; nothing was committed\n")
    assert not [*(tmp_path / "out").rglob("*.parquet")]
    assert [*(tmp_path / "temporary").iterdir()] == []


@pytest.mark.slow
@pytest.mark.parametrize("sent", [[signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT, signal.SIGINT]])
def test_every_end_is_one_line_and_leaves_nothing(start, tmp_path, long, sent):
    job = start("--quiet", dump=long, start_new_session=True)
    wait_for_work(job)
    processes = descendants(job.pid)
    for one in sent:
        os.killpg(job.pid, one) if one == signal.SIGINT else job.send_signal(one)
        time.sleep(0.2)
    _, words = job.communicate(timeout=PATIENCE)
    assert job.returncode in {1, -sent[-1]}  # the last may come when only Python's own end is left
    assert words.startswith("warraq: interrupted")
    assert words.count("\n") == 1
    wait_until(lambda: not any(map(is_running, processes)))
    again = start("--quiet", dump=NEWS)
    assert again.communicate(timeout=PATIENCE) == (None, "")
    assert [*(tmp_path / "temporary").iterdir()] == []


@pytest.mark.slow
def test_a_clock_that_jumps_changes_nothing(start, tmp_path):
    """Every process's clock goes back an hour and forth again, whenever it is asked."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(
        "import itertools, time\n"
        "right, back = time.time, itertools.cycle((0, 3600))\n"
        "time.time = lambda: right() - next(back)\n"
    )
    job = start("--quiet", dump=NEWS, env={"PYTHONPATH": f"{tmp_path / 'clock'}"})
    _, words = job.communicate(timeout=PATIENCE)
    assert (job.returncode, words) == (0, "")
    expected = start("--quiet", "--output", tmp_path / "expected", dump=NEWS)
    assert expected.communicate(timeout=PATIENCE) == (None, "")
    assert articles(tmp_path / "out") == articles(tmp_path / "expected")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Every top-level name that launcher, workers and guarded processes import."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"log = os.open({str(folder / 'log')!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "def heard(event, arguments):\n"
        "    if event == 'import':\n"
        "        os.write(log, arguments[0].partition('.')[0].encode() + b'\\n')\n"
        "sys.addaudithook(heard)\n"
    )
    words = ["ingest", NEWS, "--output", str(folder / "out"), "--workers", "2", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-m", "warraq", *words], cwd=ROOT, env=environment, check=True)
    found = set((folder / "log").read_text().split())
    assert {"calendar", "lxml", "numpy", "apache_beam", "warraq", "pickle", "trafilatura"} < found
    return found | {"encodings", "linecache", "runpy", "sitecustomize", "usercustomize", "typing", "subprocess"}


OURS = {"warraq"}


@pytest.fixture
def mirror(tmp_path, names):
    """A crawl mirror with Python files of all these names. Each tells of itself when it runs."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in names:
        tell = f"open({str(tmp_path / 'ran')!r}, 'a').write({name + ' '!r})\n"
        (folder / f"{name}.py").write_text(f"{tell}raise ImportError({name!r})")
        if name in OURS:
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(tell)
            (folder / name / "worker.py").write_text(f"{tell}import time; time.sleep(1000)")
    (folder / "news.warc.gz").write_bytes(Path(NEWS).read_bytes())
    return folder


@pytest.fixture
def commands(tmp_path):
    """The folder of `python` and `warraq`, as pip makes them, for this checkout."""
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    begin = "import re, sys\nfrom warraq.pipelines.__main__ import main\nsys.exit(main())\n"
    (folder / "bin" / "warraq").write_text(f"#!{sys.executable}\n{begin}")
    (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / ".installed").touch()
    for path in (folder / "bin").iterdir():
        path.chmod(0o755)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["warraq", "python -m warraq", "run_local.sh"])
def test_no_file_of_the_current_folder_is_ever_imported(mirror, commands, tmp_path, launcher):
    words = ["news.warc.gz", "--output", "out", "--workers", "2", "--quiet"]
    if launcher == "warraq":
        command = [commands / "bin" / "warraq", "ingest", *words]
    elif launcher == "run_local.sh":
        command = [ROOT / "run_local.sh", *words]
    else:
        for path in [*(mirror / name for name in OURS)]:  # with its own package of this name, Python runs that
            path.rename(path.with_name(f"{path.name}_"))
            path.with_suffix(".py").unlink()
        if sys.version_info < (3, 11):
            pytest.skip("Python itself imports `runpy` from the current folder")
        command = [sys.executable, "-m", "warraq", "ingest", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WARRAQ_VENV": str(commands)}
    done = subprocess.run(command, cwd=mirror, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    assert done.returncode == 0, done.stderr
    assert articles(mirror / "out") != [(0,)]
