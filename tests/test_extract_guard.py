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

from schemas.records import Document
from transforms.extract import ExtractRules, extract
from transforms.extract.guard import Guard, PageError
from transforms.step import Rejection


def misbehave(how: str) -> str:
    """What a page may do to the process that reads it. Runs in the guarded process, which imports this module."""
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
    guarded = Guard(misbehave, timeout=1.0, memory_mb=300)
    yield guarded
    guarded.close()


def verdict(guarded, argument):
    with pytest.raises(Rejection) as refused:
        guarded(argument)
    return refused.value.reason, refused.value.detail


@pytest.mark.parametrize(
    ("how", "reason", "detail"),
    [
        ("hang", "parse_timeout", "more than 1 s"),
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
    guard.ask("hang")
    guard._process.wait(timeout=60)
    with pytest.raises(Rejection, match="parse_timeout"):
        guard.answer()


def test_an_exception_comes_back_with_its_class_message_and_place(guard):
    with pytest.raises(PageError, match=r"ValueError: a bug \(test_extract_guard\.py:\d+\)"):
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


def test_a_process_that_cannot_start_is_no_page_s_fault(monkeypatch):
    here_only = types.ModuleType("here_only")
    exec("def lost(argument): return argument", here_only.__dict__)
    monkeypatch.setitem(sys.modules, "here_only", here_only)  # pickles by name; the other process has no such module
    with pytest.raises(RuntimeError, match=r"(?s)does not start.*here_only"):
        Guard(here_only.lost, timeout=1.0, memory_mb=100).get_ready()


def test_the_process_ends_with_its_worker():
    worker = (
        f"import sys, time; sys.path[:] = {sys.path!r}\n"
        "from transforms.extract.guard import Guard; guard = Guard(str.upper, 1.0, 300); guard.get_ready()\n"
        "print(guard._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        guarded = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 5
    while is_running(guarded) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(guarded)


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text("ascii").split()[2] != "Z"


def page(markup: str) -> Document:
    fetched_at = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
    return Document("https://a.example/n/1", markup, False, "utf-8", "given", None, fetched_at, "d", 0, len(markup))


SENTENCE = "قالت وزارة الصحة اليوم إن الحملة بدأت في جميع المدن، وإنها ستستمر شهرا كاملا. "
PROSE = f"<p>{SENTENCE * 5}</p>"


@pytest.fixture(scope="module")
def extractor():
    guarded = Guard(functools.partial(extract, rules=ExtractRules()), timeout=10.0, memory_mb=1024)
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
