"""The short part of the attacks; `python tests/attack` is the long one."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def attack(program, *arguments):
    done = subprocess.run([sys.executable, HERE / program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_hostile_dumps_pages_and_texts_break_nothing():
    assert " inputs in " in attack("fuzz.py", "--inputs", "3000", "--workers", "1")


@pytest.mark.slow
def test_a_run_that_dies_or_fails_at_any_call_leaves_the_old_dataset_or_the_new_one():
    told = attack("kills.py", "--attempts", "16")
    if told.startswith("skipped"):
        pytest.skip(told.strip())
    assert "16 attempts" in told
