"""A part of `tests/attack/faults.py`: a run that fails or is killed at any call leaves the old dataset or the new one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ATTACK = Path(__file__).with_name("attack") / "faults.py"
needs_compiler = pytest.mark.skipif(not shutil.which("cc") or sys.platform != "linux", reason="needs cc, on Linux")


def attack(*arguments):
    return subprocess.run([sys.executable, ATTACK, *arguments], capture_output=True, text=True)


@needs_compiler
@pytest.mark.parametrize("fault", ["killed", "disk full"])
def test_a_run_that_ends_anywhere_is_made_good(fault):
    done = attack("--only", fault, "--every", "9")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all held"), done.stdout + done.stderr
    assert int(done.stdout.split(":")[1].split()[0]) > 5


@needs_compiler
@pytest.mark.slow
def test_no_fault_at_any_call_harms_a_dataset():
    done = attack()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all held"), done.stdout + done.stderr
