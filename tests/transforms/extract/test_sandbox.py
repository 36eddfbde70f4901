import contextlib
import datetime as dt
import functools
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from warraq.schemas.records import Document
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import PageError, Sandbox
from warraq.transforms.extract.stage import _SandboxedFn
from warraq.transforms.step import Rejection


def misbehave(how: str) -> str:
    """Does to its process what a page may do. Runs in the sandbox, which imports this module."""
    match how:
        case "hang":
            while True:
                pass
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "memory":
            return str(len([bytes(2**20) for _ in range(10**6)]))
        case "exit":
            os._exit(3)
        case "print":
            print("what a library prints must not run into the answers")
            os.write(1, b"nor what C code writes")
        case "refuse":
            raise Rejection("no_main_text", "a rule said no")
        case "raise":
            raise ValueError("a bug")
    return how.upper()


@pytest.fixture(scope="module")
def guard():
    guarded = Sandbox(misbehave, timeout=1.0, memory_mb=300)
    yield guarded
    guarded.close()


def verdict(guarded, argument):
    with pytest.raises(Rejection) as refused:
        guarded(argument)
    return refused.value.reason, refused.value.detail


@pytest.mark.parametrize(
    ("how", "reason", "detail"),
    [
        ("hang", "parse_timeout", "more than 1 s of processor time"),
        ("segfault", "parse_crash", "SIGSEGV"),
        ("memory", "parse_crash", "more than 300 MiB of memory"),
        ("exit", "parse_crash", "exit 3"),
        ("refuse", "no_main_text", "a rule said no"),
    ],
)
def test_each_kind_of_failure_is_one_verdict_and_the_next_call_works(guard, how, reason, detail):
    assert verdict(guard, how) == (reason, detail)
    assert guard("ok") == "OK"


def test_a_page_s_time_is_over_however_late_the_answer_is_asked_for(guard):
    guard.submit("hang")
    guard._process.wait(timeout=60)
    with pytest.raises(Rejection, match="parse_timeout"):
        guard.result()()


def test_an_exception_comes_back_with_its_class_message_and_place(guard):
    with pytest.raises(PageError, match=r"ValueError: a bug \(test_sandbox\.py:\d+\)"):
        guard("raise")


def test_what_the_process_prints_does_not_disturb_its_answers(guard):
    assert guard("print") == "PRINT"


def test_large_arguments_pass(guard):
    text = "خبر " * 1_000_000
    assert guard(text) == text


def test_a_death_between_two_pages_is_no_page_s_fault(guard):
    guard._process.kill()
    guard._process.wait()
    assert guard("ok") == "OK"


def test_a_death_before_the_first_page_is_no_page_s_fault():
    guarded = Sandbox(misbehave, timeout=1.0, memory_mb=300)
    guarded._process.kill()
    assert guarded("ok") == "OK"
    guarded.close()


def test_a_process_that_cannot_start_is_no_page_s_fault(monkeypatch):
    here_only = types.ModuleType("here_only")
    exec("def lost(argument): return argument", here_only.__dict__)
    monkeypatch.setitem(sys.modules, "here_only", here_only)  # pickles by name; the other process has no such module
    with pytest.raises(RuntimeError, match=r"(?s)does not start.*here_only"):
        Sandbox(here_only.lost, timeout=1.0, memory_mb=100).get_ready()


@pytest.mark.parametrize("busy", [False, True])
def test_the_process_ends_with_its_worker(busy):
    """Also while it is in C code that no other thread interrupts, with most of its time left."""
    worker = (
        f"import re, sys, time; sys.path[:] = {sys.path!r}\n"
        "from warraq.transforms.extract.sandbox import Sandbox; guard = Sandbox(re.compile('(a*)*b').match, 600.0, 300)\n"
        f"guard.get_ready(); guard.submit('a' * {40 * busy})\n"
        "print(guard._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        guarded = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 60
    while is_running(guarded) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(guarded)


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text("ascii").split()[2] != "Z"


SECONDS = 0.25  # of processor time in the tests below; 5 s by the clock


def befall(argument: tuple[Path, list[str]]) -> str:
    """Ends or delays the process in another way on each call; `folder` counts the calls."""
    folder, fates = argument
    calls = len(list(folder.iterdir()))
    (folder / str(calls)).touch()
    match fates[calls] if calls < len(fates) else fates[-1]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(600)
        case "doze":
            time.sleep(0.5)
        case "burn":
            while True:
                pass
        case "200 MiB":
            return str(len(bytes(200 * 2**20)))
        case "break":
            os.kill(os.getpid(), signal.SIGSEGV)
    return f"call {calls + 1}"


@pytest.fixture(scope="module")
def victim():
    guarded = Sandbox(befall, timeout=SECONDS, memory_mb=400)
    yield guarded
    guarded.close()


@pytest.mark.parametrize("fate", ["kill", "terminate", "stop", "sleep"])
def test_what_may_be_the_machines_fault_is_tried_again(victim, tmp_path, fate):
    assert victim((tmp_path, [fate, "well"])) == "call 2"
    (tmp_path / "next").mkdir()
    assert victim((tmp_path / "next", ["well"])) == "call 1"


@pytest.mark.parametrize(
    ("fates", "words"),
    [
        (["kill"], r"ended from outside twice \(SIGKILL\)"),
        (["sleep", "terminate"], r"ended from outside twice \(SIGTERM\)"),
        (["stop"], "got next to no processor time in 5 s, twice"),
    ],
)
def test_what_the_machine_does_twice_is_no_row(victim, tmp_path, fates, words):
    victim.submit((tmp_path, fates))
    with pytest.raises(RuntimeError, match=words):
        victim.result()
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / "next").mkdir()
    assert victim((tmp_path / "next", ["well"])) == "call 1"


@pytest.mark.parametrize(
    ("fates", "expected", "calls"),
    [
        (["sleep"], ("parse_timeout", "idle for more than 5 s, twice"), 2),
        (["burn"], ("parse_timeout", "more than 0.25 s of processor time"), 1),
        (["break"], ("parse_crash", "SIGSEGV"), 1),
        (["kill", "burn"], ("parse_timeout", "more than 0.25 s of processor time"), 2),
        (["kill", "200 MiB"], ("parse_crash", "more than 100 MiB of memory"), 2),
    ],
)
def test_what_the_page_does_is_its_row(victim, tmp_path, fates, expected, calls):
    assert verdict(victim, (tmp_path, fates)) == expected
    assert len(list(tmp_path.iterdir())) == calls


def test_a_stop_of_both_processes_is_no_time_that_a_page_took(tmp_path):
    worker = (
        f"import sys; sys.path[:] = {[str(ROOT), *sys.path]!r}\n"
        "from pathlib import Path; from tests.transforms.extract.test_sandbox import SECONDS, befall\n"
        "from warraq.transforms.extract.sandbox import Sandbox; guard = Sandbox(befall, SECONDS, 400); guard.get_ready()\n"
        f"guard.submit((Path({str(tmp_path)!r}), ['doze']))\n"
        "print(guard._process.pid, flush=True); print(guard.result()()); guard.close()"
    )
    with subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE, text=True) as process:
        both = process.pid, int(process.stdout.readline())
        for pid in both:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(7)  # longer than the 5 s that an answer may take
        for pid in both:
            os.kill(pid, signal.SIGCONT)
        assert process.stdout.read() == "call 1\n"


def test_a_stopped_process_that_reads_nothing_ends_no_run(victim, tmp_path):
    victim.get_ready()
    os.kill(victim._process.pid, signal.SIGSTOP)
    assert victim((tmp_path, ["well", *"x" * 1_000_000])) == "call 1"


def test_only_pages_are_refused_for_what_the_process_does(tmp_path):
    guarded = _SandboxedFn(functools.partial(_befall_page, folder=tmp_path), ExtractRules(timeout=SECONDS))
    guarded.setup()
    guarded.start_bundle()
    assert [*guarded.process(page("kill"))] == []
    with pytest.raises(RuntimeError, match="ended from outside twice"):
        [*guarded.finish_bundle()]
    guarded.teardown()


def _befall_page(document: Document, folder: Path) -> str:
    return befall((folder, [document.markup]))


def test_the_process_is_the_first_that_the_kernel_ends_when_memory_runs_out(guard):
    guard.get_ready()
    assert Path(f"/proc/{guard._process.pid}/oom_score_adj").read_text() == "1000\n"


def page(markup: str) -> Document:
    fetched_at = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    return Document("https://a.example/n/1", markup, False, "utf-8", "given", None, fetched_at, "d", 0, len(markup))


SENTENCE = "قالت وزارة الصحة اليوم إن الحملة بدأت في جميع المدن، وإنها ستستمر شهرا كاملا. "
PROSE = f"<p>{SENTENCE * 5}</p>"


@pytest.fixture(scope="module")
def extractor():
    guarded = Sandbox(functools.partial(extract, rules=ExtractRules()), timeout=10.0, memory_mb=1024)
    yield guarded
    guarded.close()


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<div>" * 200_000 + PROSE, id="200,000 nested blocks"),
        pytest.param(
            f"<article>{PROSE}<table>" + "<tr><td colspan=1000000000>a<td rowspan=99999999>b" * 1000, id="colspans"
        ),
        pytest.param(f"<article>{PROSE}" + "&lt;&amp;&#1575;" * 200_000, id="entities"),
        pytest.param(f"<article>{PROSE}<p class='{'x' * 2_000_000}'>a</p>", id="megabytes in one attribute"),
        pytest.param("<script type='application/ld+json'>" + "[" * 100_000 + "</script>" + PROSE, id="nested JSON"),
        pytest.param("<html \0" * 1000, id="NUL"),
        pytest.param("", id="nothing"),
    ],
)
def test_hostile_pages_cost_one_row_and_no_more(extractor, markup):
    began = time.monotonic()
    with contextlib.suppress(Rejection):  # anything else fails the test
        assert SENTENCE.strip() in extractor(page(markup)).text
    assert time.monotonic() - began < 12
    assert extractor(page(f"<h1>عنوان الخبر</h1><article>{PROSE}{PROSE}</article>")).text.startswith("قالت وزارة")
