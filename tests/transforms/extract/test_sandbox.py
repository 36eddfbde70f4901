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

from tests.support.misbehaviour import befall, befall_page, misbehave
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, is_running, wait_until
from warraq.schemas.records import Document, Source
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import PageError, Sandbox
from warraq.transforms.extract.stage import _SandboxedFn, sandboxes_kept
from warraq.transforms.step import Rejection


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
    guard._process.wait(timeout=PATIENCE)
    with pytest.raises(Rejection, match="parse_timeout"):
        guard.result()()


def test_an_exception_comes_back_with_its_class_message_and_place(guard):
    with pytest.raises(PageError, match=r"ValueError: a bug \(misbehaviour\.py:\d+\)"):
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
    wait_until(lambda: not is_running(guarded))


SECONDS = 0.25  # of processor time in the tests below; 5 s by the clock
param, slow = pytest.param, pytest.mark.slow  # for tests that wait out these 5 s


@pytest.fixture(scope="module")
def victim():
    guarded = Sandbox(befall, timeout=SECONDS, memory_mb=400)
    yield guarded
    guarded.close()


@pytest.mark.parametrize("fate", ["kill", "terminate", param("stop", marks=slow), param("sleep", marks=slow)])
def test_what_may_be_the_machines_fault_is_tried_again(victim, tmp_path, fate):
    assert victim((tmp_path, [fate, "well"])) == "call 2"
    (tmp_path / "next").mkdir()
    assert victim((tmp_path / "next", ["well"])) == "call 1"


@pytest.mark.parametrize(
    ("fates", "words"),
    [
        (["kill"], r"ended from outside twice \(SIGKILL\)"),
        param(["sleep", "terminate"], r"ended from outside twice \(SIGTERM\)", marks=slow),
        param(["stop"], "got next to no processor time in 5 s, twice", marks=slow),
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
        param(["sleep"], ("parse_timeout", "idle for more than 5 s, twice"), 2, marks=slow),
        (["burn"], ("parse_timeout", "more than 0.25 s of processor time"), 1),
        (["break"], ("parse_crash", "SIGSEGV"), 1),
        (["kill", "burn"], ("parse_timeout", "more than 0.25 s of processor time"), 2),
        (["kill", "200 MiB"], ("parse_crash", "more than 100 MiB of memory"), 2),
    ],
)
def test_what_the_page_does_is_its_row(victim, tmp_path, fates, expected, calls):
    assert verdict(victim, (tmp_path, fates)) == expected
    assert len(list(tmp_path.iterdir())) == calls


@slow
def test_a_stop_of_both_processes_is_no_time_that_a_page_took(tmp_path):
    worker = (
        f"import sys; sys.path[:] = {[str(ROOT), *sys.path]!r}\n"
        "from pathlib import Path; from tests.support.misbehaviour import befall\n"
        f"from warraq.transforms.extract.sandbox import Sandbox; guard = Sandbox(befall, {SECONDS}, 400); guard.get_ready()\n"
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


@slow
def test_a_stopped_process_that_reads_nothing_ends_no_run(victim, tmp_path):
    victim.get_ready()
    os.kill(victim._process.pid, signal.SIGSTOP)
    assert victim((tmp_path, ["well", *"x" * 1_000_000])) == "call 1"


def test_only_pages_are_refused_for_what_the_process_does(tmp_path):
    guarded = _SandboxedFn(functools.partial(befall_page, folder=tmp_path), ExtractRules(timeout=SECONDS))
    guarded.setup()
    guarded.start_bundle()
    assert [*guarded.process(page("kill"))] == []
    with pytest.raises(RuntimeError, match="ended from outside twice"):
        [*guarded.finish_bundle()]
    guarded.teardown()


def test_the_process_is_the_first_that_the_kernel_ends_when_memory_runs_out(guard):
    guard.get_ready()
    assert Path(f"/proc/{guard._process.pid}/oom_score_adj").read_text() == "1000\n"


def page(markup: str) -> Document:
    fetched_at = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    return Document(
        Source("https://a.example/n/1", fetched_at, "d", 0, len(markup)), markup, False, "utf-8", "given", None
    )


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
    assert time.monotonic() - began < PATIENCE / 2  # 10 s of the processor, on a busy machine
    assert extractor(page(f"<h1>عنوان الخبر</h1><article>{PROSE}{PROSE}</article>")).text.startswith("قالت وزارة")


def test_a_sandbox_is_kept_for_the_next_run_of_its_process_if_it_may_be(tmp_path):
    rules = ExtractRules(timeout=SECONDS)
    alike = [_SandboxedFn(functools.partial(befall_page, folder=tmp_path), rules) for _ in range(2)]
    other = _SandboxedFn(functools.partial(befall_page, folder=tmp_path), ExtractRules(timeout=2 * SECONDS))

    def process_of(fn):
        fn.setup()
        fn.teardown()
        return fn._sandbox._process

    with sandboxes_kept():
        first = process_of(alike[0])
        assert process_of(alike[1]) is first
        assert process_of(other) is not first
        assert first.poll() is None
        alike[0].setup()
        alike[0]._sandbox._submitted = b"a page whose run was interrupted"
        alike[0].teardown()
        assert first.poll() is not None
        assert process_of(alike[1]) is not first
    assert process_of(alike[0]).poll() is not None
