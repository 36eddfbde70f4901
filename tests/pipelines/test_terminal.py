"""The door to the user's streams: nothing steers a terminal, and no stream that is lost, closed or full breaks a run."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.pipelines.cli import DONE, FAILED, NO_INPUT, NOTHING_NEW
from warraq.pipelines.query import connect
from warraq.pipelines.terminal import Safe, one_line, visible
from warraq.transforms.dataset.dataset import Dataset

PAGES = ROOT / "samples" / "dumps" / "pages"
PAGE = "baccalaureate.html"
# Clears the screen, sets the title, hides what follows, C1's own introducer, DEL, an override, an isolate, a return.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x1b[8m\x9b31m\x7f\u202egnp.exe\u202c\u2066\u2069\r"
STEERING = {*map(chr, [*range(9), *range(11, 32), *range(127, 160)]), *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e"}
STEERING |= set("\u2066\u2067\u2068\u2069")
ARABIC = "می\u200cروم \u200fنص\u200e"
OWN = ["\r\x1b[K", "\x1b[1;35m", "\x1b[1;32m", "\x1b[1;34m", "\x1b[1;33m", "\x1b[0m"]


@given(st.text(st.characters(codec=None)))
def test_visible_text_has_nothing_that_steers(text):
    shown = visible(text)
    assert not STEERING & {*shown}
    assert shown.encode().decode() == shown
    assert visible(shown) == shown
    assert "\n" not in one_line(text)


def test_what_arabic_needs_and_what_is_our_own_stays():
    assert visible(ARABIC + "\t\n") == ARABIC + "\t\n"
    assert visible("\x1b\x9b\u202e\r\ud83d") == r"\x1b\x9b\u202e\r\ud83d"
    assert isinstance(str(Safe("\x1b[0m")), Safe)


def command(*arguments):
    return [sys.executable, "-m", "warraq", *map(str, arguments)]


def on_terminal(*arguments, typed=()):
    """The output of a command on a terminal of its own, where each prompt is answered, and its exit code."""
    main, terminal = pty.openpty()
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST  # newlines as they are
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    process = subprocess.Popen(command(*arguments), stdin=terminal, stdout=terminal, stderr=terminal, cwd=ROOT)
    os.close(terminal)
    shown, left = b"", [*typed]
    while piece := _read(main):
        shown += piece
        if left and shown.endswith(b"warraq> "):
            os.write(main, left.pop(0))
    os.close(main)
    return shown.decode(), process.wait()


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError as error:
        if error.errno != errno.EIO:  # which tells that the other side is closed
            raise
        return b""


def is_harmless(shown):
    for own in OWN:
        shown = shown.replace(own, "")
    return not STEERING & {*shown}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Pages whose address, title and text are hostile, in files whose names are; and a dataset made of them."""
    folder = tmp_path_factory.mktemp("hostile")
    story = "\n".join(f"{words} {HOSTILE}" for words in re.findall("<p>(.*?)</p>", (PAGES / PAGE).read_text()))
    lines = [
        {"url": f"https://akhbar.example/1?{HOSTILE}", "title": f"عنوان {HOSTILE}", "text": story},
        {"url": f"https://akhbar.example/2?{HOSTILE}", "text": f"English only {HOSTILE}"},
        {"url": f"https://akhbar.example/3?{HOSTILE}", HOSTILE: "no field of a page"},
    ]
    dump = folder / f"in{HOSTILE}" / f"dump{HOSTILE}\n.jsonl"
    dump.parent.mkdir()
    dump.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / f"in{HOSTILE}" / f"empty{HOSTILE}").touch()
    shown, code = on_terminal("ingest", dump.parent, "--output", folder / "out", "--workers", "1", "--rejected", "all")
    assert code == 0
    return folder, dump, shown


@pytest.mark.slow
def test_a_run_over_hostile_names_is_harmless_to_a_terminal(hostile):
    _, _, shown = hostile
    assert "%1B[2J" in shown
    assert "skipped, the file is empty" in shown
    assert "\r\x1b[K" in shown  # progress
    assert is_harmless(shown)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("table", ["articles", "rejected"])
def test_answers_are_harmless_to_a_terminal_and_exact_in_a_file(hostile, form, table):
    folder, _, _ = hostile
    sql = f"SELECT url FROM {table} ORDER BY url"
    shown, code = on_terminal("query", folder / "out", "--format", form, sql)
    assert code == 0
    assert r"\x9b" in shown
    assert is_harmless(shown)
    done = subprocess.run(
        command("query", folder / "out", "--format", form, sql), capture_output=True, cwd=ROOT, check=True
    )
    expected = connect(Dataset(str(folder / "out"))).execute(sql).fetchall()
    assert all(HOSTILE.strip() in url for (url,) in expected)
    if form == "json":
        assert [tuple(json.loads(line).values()) for line in done.stdout.splitlines()] == expected
    elif form == "csv":
        assert done.stdout.decode().split("\n")[1:-1] == [f'"{url}"' if "\r" in url else url for (url,) in expected]


@pytest.mark.slow
def test_a_prompt_is_harmless_to_a_terminal(hostile):
    folder, _, _ = hostile
    typed = [b"SELECT url FROM rejected;\n", "SELECT '\x9b' || url FROM nothing;\n".encode(), b"\x04"]
    shown, code = on_terminal("query", folder / "out", typed=typed)
    assert code == 0
    assert "akhbar.example/2?" in shown
    assert not STEERING & {*shown.replace("\x1b[?2004h", "").replace("\x1b[?2004l", "").replace("\r", "")}  # readline's


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_explanations_are_harmless_to_a_terminal(hostile, number):
    _, dump, _ = hostile
    shown, code = on_terminal("explain", dump, f"https://akhbar.example/{number}?{HOSTILE}".strip())
    assert code == 0
    assert shown.count("\nkept: ") + shown.count("\nrejected by ") == 1
    assert is_harmless(shown)
    assert number > 1 or "\x1b[1;3" in shown  # our own colours


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["ingest", HOSTILE, "--output", "out"], NO_INPUT),
        (["ingest", f"*{HOSTILE}", "--output", "out"], NO_INPUT),
        (["ingest", "in", "--output", "out", f"--{HOSTILE}"], 2),
        (["ingest", "in", "--output", "out", "--workers", HOSTILE], 2),
        (["query", f"/nowhere/{HOSTILE}", "SELECT 1"], 2),
        (["explain", HOSTILE], 2),
        ([HOSTILE], 2),
    ],
)
def test_complaints_are_harmless_to_a_terminal(arguments, status):
    shown, code = on_terminal(*arguments)
    assert code == status
    assert shown.count("\n") == 1
    assert is_harmless(shown)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    output = tmp_path_factory.mktemp("streams") / "out"
    subprocess.run(command("ingest", PAGES, "--output", output, "--workers", "1"), cwd=ROOT, check=True)
    return output


COMMANDS = {
    "answer": ["query", "{dataset}", "FROM articles"],
    "csv": ["query", "{dataset}", "--format", "csv", "FROM range(100000)"],
    "explain": ["explain", PAGES / PAGE],
    "known": ["ingest", PAGES, "--output", "{dataset}"],
    "new": ["ingest", PAGES, "--output", "{new}", "--workers", "1"],
}


FULL = "warraq: standard output can't be written: No space left on device\n"
CASES = [  # a redirection, the exit code, and the last words if they can be heard
    *(
        (name, redirected, DONE, "")
        for name in COMMANDS
        for redirected in ("| head -1", "2>&1 | true", ">&- 2>&- <&-")
        if name != "known"
    ),
    *((name, ">/dev/full", FAILED, FULL) for name in COMMANDS if name != "known"),
    ("known", "2>&1 | true", NOTHING_NEW, ""),
    *(("new", redirected, DONE, "") for redirected in ("2>&1 >/dev/null | true", "2>/dev/full")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "redirected", "code", "words"), CASES)
def test_a_stream_that_is_lost_leaves_the_work_and_its_code_alone(dataset, tmp_path, name, redirected, code, words):
    arguments = " ".join(f"'{part}'".format(dataset=dataset, new=tmp_path / "new") for part in command(*COMMANDS[name]))
    done = subprocess.run(
        ["bash", "-c", f"{arguments} {redirected}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.stderr.endswith(words)
    if name == "new":
        assert connect(Dataset(str(tmp_path / "new"))).execute("SELECT count(*) FROM articles").fetchall() == [(2,)]


@pytest.mark.slow
def test_a_lost_reader_does_not_hide_what_failed(tmp_path):
    lines = [{"url": "https://a.example", "html": "<html>"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ask = " ".join(map(str, command("query", tmp_path, "SELECT 1")))
    done = subprocess.run(["bash", "-c", f"{ask} 2>&1 | true; exit ${{PIPESTATUS[0]}}"], cwd=ROOT)
    assert done.returncode == 2


@pytest.mark.slow
def test_text_that_the_streams_encoding_lacks_is_written_out():
    done = subprocess.run(
        command("explain", PAGES / PAGE),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert rb"\u062a" in done.stdout
