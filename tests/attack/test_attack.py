"""A short part of the attacks; `python -m tests.attack` runs them at length."""

import shutil
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
needs_compiler = pytest.mark.skipif(not shutil.which("cc") or sys.platform != "linux", reason="needs cc, on Linux")


def attack(program, *arguments):
    """The words that an attack prints; it exits with 1 if something did not hold."""
    command = [sys.executable, "-m", f"tests.attack.{program}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_hostile_dumps_pages_and_texts_break_nothing():
    assert "3,000 inputs in " in attack("fuzz", "--inputs", "3000", "--workers", "1")


@needs_compiler
@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "killed", "--every", "60"),
        ("--only", "disk full", "--every", "60"),
        ("--operation", "ingest", "--every", "40"),
    ],
)
def test_a_change_that_ends_or_fails_anywhere_is_made_good(arguments):
    *counts, told = attack("faults", *arguments).splitlines()
    assert told == "all held"
    assert len(counts) > 4
    assert all(int(count.split(":")[1].split()[0]) >= 2 for count in counts)


@needs_compiler
def test_a_run_that_dies_or_fails_at_any_call_leaves_the_old_dataset_or_the_new_one():
    assert "6 attempts" in attack("kills", "--attempts", "6")
