"""The prompt: statements of several lines, dot commands, mistakes, Ctrl-C, history."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.support.loads import article, load
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE
from warraq.pipelines.macros import MACROS
from warraq.pipelines.prompt import HISTORY, completer, parts, prompt
from warraq.pipelines.views import VIEWS, Views
from warraq.transforms.dataset.dataset import Dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    dataset = Dataset(str(tmp_path_factory.mktemp("prompt") / "out"))
    load(dataset, "r1", [article("a", 1), article("a", 2)])
    return dataset


@pytest.fixture
def typed(dataset, monkeypatch, tmp_path, capfd):
    """A function that types lines (or raises what is no line) at a prompt, and returns both outputs."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def type_lines(*lines, form="table"):
        coming = iter(lines)

        def answer(_):
            line = next(coming, EOFError)
            if not isinstance(line, str):
                raise line
            return line

        monkeypatch.setattr("builtins.input", answer)
        assert prompt(Views(dataset), form) == 0
        return capfd.readouterr()

    return type_lines


@pytest.mark.parametrize("word", ["exit", "quit", "EXIT;", ".exit", ".quit", "quit ;"])
def test_a_word_leaves(typed, word):
    assert "unreachable" not in typed(word, "SELECT 'unreachable';").out


def test_a_statement_may_have_several_lines_and_a_line_several_statements(typed):
    out = typed("SELECT count(*) AS n", "", "FROM articles;", "SELECT 7 AS x; SELECT 8 AS y;", form="csv").out
    assert out == "n\n2\nx\n7\ny\n8\n"


def test_the_prompt_goes_on_after_a_mistake_and_shows_it_whole(typed):
    captured = typed("FROM entites;", "SELEC 1;", "SELECT 'still' AS here;", form="csv")
    assert 'entites does not exist!\nDid you mean "entities"?\n' in captured.err
    assert "LINE 1: SELEC 1;\n        ^" in captured.err
    assert captured.out == "here\nstill\n"


def test_ctrl_c_drops_what_was_typed(typed):
    assert typed("SELECT oops", KeyboardInterrupt, "SELECT 7 AS x;", form="csv").out == "x\n7\n"


def test_dot_commands(typed):
    out = typed(".tables", ".macros", ".help").out
    assert all(f"  {name} " in out for name in [*VIEWS, *(macro.name for macro in MACROS if macro.is_table)])
    assert ".help NAME" in out
    assert (
        "named_with(name VARCHAR, kind VARCHAR := NULL, since := NULL, until := NULL, exact BOOLEAN := false)"
        in typed(".help named_with").out
    )
    assert "extraction_score" in typed(".help articles").out
    captured = typed(".tabels", ".help nothing")
    assert captured.err.splitlines()[1:3] == [
        "warraq: no command .tabels; there are .tables, .macros, .help and .quit",
        "warraq: no view or macro nothing; .tables and .macros list them",
    ]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        ("\n\n", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1;\nSELECT 2;\n"]),
        (".help", [".help"]),
        ("SELECT 1;\n .tables ;\nSELECT 2", ["SELECT 1;\n", ".tables ;", "SELECT 2"]),
        ("SELECT '\n.5' AS x;\n.help days\n", ["SELECT '\n.5' AS x;\n", ".help days"]),  # in a statement
        ("SELECT 1;\nquit\nSELECT 2;", ["SELECT 1;\n"]),
        (".quit\nSELECT 2;", []),
    ],
)
def test_scripts_have_commands_and_statements(script, expected):
    assert [*parts(script)] == expected


def test_the_tab_key_completes_names():
    complete = completer(["articles", "articles_naming(", "days"])
    assert [complete("art", 0), complete("ART", 1), complete("art", 2)] == ["articles", "articles_naming(", None]


@pytest.mark.parametrize("error", [duckdb.InterruptException("stop"), RuntimeError("Query interrupted")])
def test_ctrl_c_stops_a_statement_and_it_is_not_run_again(dataset, error):
    tried = []

    def deliver(*_):
        tried.append(1)
        raise error

    with pytest.raises(KeyboardInterrupt):
        Views(dataset).run("SELECT count(*) FROM articles", deliver)
    assert tried == [1]


@pytest.mark.slow
def test_in_a_terminal_statements_are_kept(dataset, tmp_path):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "xterm"}
    ask = [sys.executable, "-m", "warraq", "query", dataset.root]
    process = subprocess.Popen(ask, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment)
    os.close(theirs)
    try:
        read_until(ours, "warraq> ")
        os.write(ours, "SELECT 'مصر' AS place, 7 AS x;\n".encode())
        assert "│ مصر" in read_until(ours, "warraq> ", after="│ مصر")
        os.write(ours, b".quit\n")
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    history = tmp_path / Path(HISTORY).name
    assert history.stat().st_mode & 0o777 == 0o600
    assert "SELECT 'مصر' AS place, 7 AS x;" in history.read_text(encoding="utf-8")


def read_until(descriptor, words, after=""):
    """Everything that the terminal shows until these words, which must come after others."""
    shown, end = "", time.monotonic() + PATIENCE
    while time.monotonic() < end and not (after in shown and words in shown[shown.index(after) :]):
        if select.select([descriptor], [], [], 0.1)[0]:
            shown += os.read(descriptor, 65536).decode(errors="replace")
    return shown
