"""SIGKILL at each step of landing: the next landing begins behind the last whole segment, and each message is there once."""

import json
import signal
import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from warraq.transforms import storage
from warraq.transforms.land.segments import Message, Partition

MESSAGES = [Message("pages", 0, offset, json.dumps({"text": f"{offset}"}).encode()) for offset in range(9)]
LAND = """
import os, pathlib, signal, sys
from tests.transforms.land.test_kills import MESSAGES
from warraq.transforms.land import segments

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def at(call, function):
    calls = []
    return lambda *given: die() if len(calls) == call else calls.append(1) or function(*given)

folder, step = sys.argv[1:]
partition = segments.Partition(folder, "pages", 0)
partition.write(MESSAGES[:3])
if step == "a record is written":
    segments.record_of = at(2, segments.record_of)
if step == "all are written":
    os.fsync = die
if step == "the file is synced":
    pathlib.Path.replace = die
if step == "the file has its name":
    os.fsync = at(1, os.fsync)
partition.write(MESSAGES[3:6])
die()
"""


@pytest.mark.parametrize(
    ("step", "landed"),
    [
        ("a record is written", 3),
        ("all are written", 3),
        ("the file is synced", 3),
        ("the file has its name", 6),
        ("the folder is synced", 6),
    ],
)
def test_a_kill_at_any_step_loses_and_doubles_no_message(tmp_path, step, landed):
    killed = subprocess.run([sys.executable, "-c", LAND, str(tmp_path), step], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    partition = Partition(str(tmp_path), "pages", 0)
    partition.remove_unfinished()
    assert partition.next_offset() == landed
    partition.write(MESSAGES[landed:])
    files = sorted(partition.folder.iterdir())
    assert not any(path.name.startswith(storage.UNFINISHED) for path in files)
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert [line["kafka"] for line in lines] == [message.place for message in MESSAGES]
