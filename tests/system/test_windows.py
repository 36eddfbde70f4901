"""The unbounded job on Prism: rows of a window can be asked while the job runs, and in the end they are those of a batch."""

import signal
import subprocess
import sys

import pytest

from tests.pipelines.test_stream import A, B, C, arrive, ask, assert_same, has_read
from tests.support.go_tools import go_tool
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from warraq.pipelines.ingest import main as ingest

RULES = ("--tagger", "gazetteer")

pytestmark = pytest.mark.slow


def test_windows_are_committed_while_the_job_runs_and_give_the_rows_of_a_batch(tmp_path):
    prism = go_tool("github.com/apache/beam/sdks/v2/go/cmd/prism", "v2.77.0")
    folder, output = tmp_path / "in", tmp_path / "out"
    arrive(folder, A)
    runner = ("--runner", "PrismRunner", "--prism_location", prism)
    command = [sys.executable, "-m", "warraq", "stream", folder, "--output", output, "--windows", "2s", *RULES, *runner]
    job = subprocess.Popen([*map(str, command)], cwd=ROOT, text=True, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: has_read(output, 1) or job.poll() is not None)
        first = ask(output, "SELECT count(*) FROM articles")
        arrive(folder, B, C)
        wait_until(lambda: has_read(output, 3) or job.poll() is not None)
        assert job.poll() is None
        assert ask(output, "SELECT count(*) FROM articles") > first > [(0,)]
        job.send_signal(signal.SIGTERM)
        words = [line for line in job.communicate(timeout=PATIENCE)[1].splitlines() if line.startswith("warraq: ")]
    finally:
        job.kill()
    assert job.returncode == 0, words
    assert words[0] == f"warraq: waiting for files in {folder}; a window every 2 s"
    assert words[-1] == "warraq: stopped; what is not committed is read at the next start"
    assert not (output / "_staging").exists()
    batch = str(tmp_path / "batch")
    assert ingest([str(folder), "--output", batch, "--quiet", "--workers", "1", *RULES]) == 0
    assert_same(output, batch)
