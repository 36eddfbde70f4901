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
@pytest.mark.parametrize("fault", ["killed", "disk full"])
def test_a_commit_that_ends_anywhere_is_made_good(fault):
    told = attack("faults", "--only", fault, "--every", "9")
    assert int(told.split(":")[1].split()[0]) > 5
    assert told.splitlines()[-1] == "all held"


@needs_compiler
def test_no_fault_of_the_disk_harms_a_dataset():
    assert attack("faults", "--every", "5").splitlines()[-1] == "all held"


@needs_compiler
def test_a_run_that_dies_or_fails_at_any_call_leaves_the_old_dataset_or_the_new_one():
    assert "16 attempts" in attack("kills", "--attempts", "16")
