"""The unbounded job on Prism: rows of a window can be asked while the job runs, and in the end they are those of a batch.

Beam's read of Pub/Sub runs here on Beam's own DirectRunner, the only one that has it beside Dataflow; on Prism other
steps give the messages.
"""

import signal
import subprocess
import sys

import apache_beam as beam
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.options.pipeline_options import PipelineOptions

from tests.pipelines.test_stream import A, B, C, arrive, ask, assert_same, has_read
from tests.support.go_tools import go_tool
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from tests.support.pubsub_server import pubsub_server
from warraq.pipelines.gathering import LandMessages
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.options import parse_stream
from warraq.pipelines.windows import IngestWindows, read_messages
from warraq.transforms.land.pubsub import Subscription

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


LINES = [line for line in B.read_bytes().splitlines() if line.startswith(b"{")]
PAGE = (ROOT / "samples" / "dumps" / "pages" / "baccalaureate.html").read_bytes()
URL = "https://akhbar.example/1"


def test_messages_become_rows_and_add_nothing_when_they_come_again(tmp_path):
    """Twice as by a job that is started anew, and is given again what it has read."""
    prism = go_tool("github.com/apache/beam/sdks/v2/go/cmd/prism", "v2.77.0")
    output, landing = tmp_path / "out", tmp_path / "landing"
    landing.mkdir()
    flags = ("--output", str(output), "--landing", str(landing), "--windows", "2s", "--cycles", "3", *RULES)
    options = parse_stream(["pubsub://news-project/pages", *flags, "--runner", "PrismRunner"])
    messages = [PubsubMessage(line, {}, f"{number}") for number, line in enumerate([*LINES, b"torn"])]
    messages.append(PubsubMessage(PAGE, {"url": URL}, "page"))
    counts = []
    for job in ("first", "second"):
        pipeline = beam.Pipeline(
            runner="PrismRunner", options=PipelineOptions(["--streaming", "--prism_location", prism])
        )
        pipeline | IngestWindows(options, job, lambda _: beam.Create(messages))
        pipeline.run().wait_until_finish()
        counts.append(ask(output, "SELECT (SELECT count(*) FROM articles), count(*) FROM runs"))
    assert counts[0] == counts[1]
    assert ask(output, "SELECT sum(pages) FROM ledger WHERE door = 'read'") == [(len(messages),)]
    assert ask(output, f"SELECT count(*) FROM articles WHERE url = '{URL}'") == [(1,)]
    batch = tmp_path / "batch"
    (tmp_path / "all.jsonl").write_bytes(b"\n".join(LINES) + b"\n")
    (tmp_path / "page.html").write_bytes(PAGE)
    paths = [str(tmp_path / name) for name in ("all.jsonl", "page.html")]
    assert ingest([*paths, "--output", str(batch), "--quiet", "--workers", "1", *RULES]) == 0
    articles = "SELECT title, text, topic FROM articles ORDER BY ALL"
    assert ask(output, articles) == ask(batch, articles)


def test_messages_that_beam_reads_become_segments(tmp_path, monkeypatch):
    monkeypatch.setattr("warraq.pipelines.gathering._GATHERING", 1.0)
    monkeypatch.setattr("warraq.pipelines.gathering._LARGE", len(PAGE))
    with pubsub_server() as (address, held):
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
        for line in LINES:
            held.publish(line)
        held.publish(PAGE, url=URL)
        pipeline = beam.Pipeline(runner="DirectRunner", options=PipelineOptions(["--streaming"]))
        pipeline | read_messages(Subscription("news-project", "pages")) | LandMessages(str(tmp_path))
        job = pipeline.run()
        wait_until(lambda: len(lines_in(tmp_path)) == len(LINES) and [*tmp_path.glob("*.warc")])
        job.cancel()
    assert sorted(line.partition(b", ")[2] for line in lines_in(tmp_path)) == sorted(line[1:] for line in LINES)
    [page] = tmp_path.glob("*.warc")
    assert f"WARC-Target-URI: {URL}".encode() in page.read_bytes()


def lines_in(folder):
    return [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines()]
