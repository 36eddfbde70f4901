"""The source of the unbounded job, polled by hand: what it gives, when, and what becomes of a run that fails."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import apache_beam as beam
import grpc
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import PipelineVisitor
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.window import IntervalWindow

from warraq.pipelines import windows as module
from warraq.pipelines.options import parse_stream
from warraq.pipelines.polling import ENDED
from warraq.pipelines.stream import main
from warraq.pipelines.windows import IngestWindows, RunOfWindow, Source, State, arrivals_of, staging_name
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.land.companies import landed, write_company
from warraq.transforms.land.pubsub import Subscription, segments_folder
from warraq.transforms.write.commit import OVERTAKEN, commit
from warraq.transforms.write.run import Run, from_json
from warraq.transforms.write.set_aside import SetAside, leave_report
from warraq.transforms.write.stage import _CommitWindowFn

START = 1_800_000_000.0  # a multiple of the windows here


class Polls:
    """A source of windows of 10 seconds in this process, whose clock the test sets."""

    def __init__(self, folder, *flags):
        self.folder, self.output = folder / "in", str(folder / "out")
        self.folder.mkdir()
        flags = ("--output", self.output, "--windows", "10s", "--runner", "PrismRunner", *flags)
        self.options = parse_stream([str(self.folder), *flags])
        self.dataset = Dataset(self.output)
        self.state = None
        self.given = []  # the end of a window, and the names of the dumps

    def arrive(self, *names):
        for name in names:
            (self.folder / name).write_text(json.dumps({"url": f"https://a.example/{name}", "html": name}) + "\n")

    def run_until(self, last):
        """Polls each five seconds of the test's clock, from where it stands. Returns what was given."""
        first = START if self.state is None else self.state.due - 10
        before = len(self.given)
        for now in range(int(first), int(START + last) + 1, 5):
            turn = Source(self.options, "job").poll(self.state, float(now))
            self.state = turn.state
            if turn.given:
                self.given.append((turn.until - START, [dump.path.rpartition("/")[2] for dump in turn.given]))
            if turn.state == ENDED:
                break
        return self.given[before:]

    def commit(self):
        commit(self.state.given.run, [], [])

    @property
    def run_of(self):
        return RunOfWindow(self.output, "job")


@pytest.fixture
def polls(tmp_path):
    return Polls(tmp_path)


@pytest.fixture(autouse=True)
def _new_process():
    """The tests have one name for their jobs, so each begins as a process of its own."""
    yield
    for watcher in module._WATCHERS.values():
        watcher.close()
    module._WATCHERS.clear()


def window(end):
    return IntervalWindow(START + end - 10, START + end)


def test_a_window_gives_what_has_arrived_once_the_one_before_is_committed(polls):
    polls.arrive("a.jsonl")
    assert polls.run_until(10) == [(10, ["a.jsonl"])]
    assert polls.run_of(window(10)) == polls.state.given.run
    polls.arrive("b.jsonl", "c.jsonl.part")
    assert polls.run_until(40) == []  # the first run is at work
    polls.commit()
    assert polls.run_of(window(10)) is None
    polls.arrive("d.jsonl")
    assert polls.run_until(60) == [(50, ["b.jsonl", "d.jsonl"])]


def test_a_burst_waits_in_the_folder(tmp_path):
    polls = Polls(tmp_path, "--max_files", "2")
    polls.arrive("a.jsonl", "b.jsonl", "c.jsonl")
    assert polls.run_until(10) == [(10, ["a.jsonl", "b.jsonl"])]
    polls.commit()
    assert polls.run_until(20) == [(20, ["c.jsonl"])]


def test_another_process_goes_on_from_the_state(polls):
    """A runner that restores it gives the run that was at work again, and the source does not."""
    polls.arrive("a.jsonl")
    polls.run_until(10)
    before = polls.state
    module._WATCHERS.clear()
    polls.arrive("b.jsonl")
    assert polls.run_until(30) == []
    polls.commit()
    polls.state = before  # the checkpoint was older than the commit
    module._WATCHERS.clear()
    assert [names for _, names in polls.run_until(50)] == [["b.jsonl"]]


def test_a_turn_that_the_runner_has_not_taken_note_of_comes_again(polls):
    """As if the bundle had failed in which it was given, or an older checkpoint was restored."""
    polls.arrive("a.jsonl")
    polls.run_until(5)
    before = polls.state
    polls.run_until(10)
    polls.state = before
    polls.arrive("b.jsonl")
    assert [names for _, names in polls.run_until(40)] == [["a.jsonl", "b.jsonl"]]
    polls.commit()
    assert len(polls.dataset.rows("runs")[0]["dumps"]) == 2


def test_files_of_a_run_that_was_overtaken_come_again(polls):
    polls.arrive("a.jsonl")
    polls.run_until(10)
    polls.dataset.write_note(polls.state.given.run.staging, OVERTAKEN, b"another run has committed")
    assert [names for _, names in polls.run_until(40)] == [["a.jsonl"]]


def test_files_of_a_run_that_another_program_cleared_come_again(polls):
    """The other program took the run for dead, because the process that held its lock was."""
    polls.arrive("a.jsonl")
    polls.run_until(10)
    module.discard(polls.dataset, polls.state.given.run.staging)
    assert [names for _, names in polls.run_until(40)] == [["a.jsonl"]]


def test_a_dump_that_breaks_the_code_is_tried_three_times_and_the_others_flow(polls):
    polls.arrive("bad.jsonl", "good.jsonl")
    for end in (10, 40, 70):
        polls.run_until(end)
        run = polls.state.given.run
        leave_report(polls.dataset, run.staging, [SetAside(run.dumps[0]["dump"], "clean", "ValueError: x", 20, [0])])
    polls.run_until(100)
    assert [names for _, names in polls.given] == [["bad.jsonl", "good.jsonl"]] * 3 + [["good.jsonl"]]
    faults = [fault for row in polls.dataset.rows("runs") for fault in row["failed"]]
    assert sorted(fault["failures"] for fault in faults) == [1, 2, 3]


def test_the_source_ends_after_so_many_windows_once_all_is_settled(tmp_path):
    polls = Polls(tmp_path, "--cycles", "1")
    polls.arrive("a.jsonl")
    polls.run_until(40)
    assert isinstance(polls.state, State)
    polls.commit()
    polls.run_until(60)
    assert polls.state == ENDED


def test_a_window_that_comes_twice_adds_nothing(polls):
    polls.arrive("a.jsonl")
    polls.run_until(10)
    committing = _CommitWindowFn(polls.run_of)
    rows = [[*committing.process((0, [("begun", [])]), window(10))] for _ in range(2)]
    assert [len(found) for found in rows] == [1, 0]
    assert len(polls.dataset.rows("runs")) == 1


def test_a_run_is_the_same_after_its_journey_as_a_note():
    dump = {"dump": "a", "format": "warc", "size": 1, "fingerprint": "f"}
    now = dt.datetime(2025, 6, 1, 12, 0, 0, 1, dt.timezone.utc)
    run = Run("out", "r", "s", "recipe", "{}", "1", "x", now, [dump], True, 0.5, 3, ["load"], [{"dump": "a"}], [])
    run = dataclasses.replace(run, bringing={"path:x": 1}, offsets={"kafka:t:0": (1, 2)}, arrivals=7)
    assert from_json(run.to_json()) == run
    assert from_json(run.to_json()).load_ids == {"a": "recipe-f"}


def test_windows_of_less_than_a_second_have_names_of_their_own():
    assert staging_name("job", START) != staging_name("job", START + 0.5)


class _SideInputs(PipelineVisitor):
    def __init__(self):
        self.found = []

    def visit_transform(self, node):
        self.found += [node.full_label] * bool(node.side_inputs)


def test_no_step_has_a_side_input(polls):
    """The Flink runner of Beam 2.62 fails at the first checkpoint of such a step."""
    pipeline = beam.Pipeline(runner=FnApiRunner())
    committed = pipeline | IngestWindows(polls.options, "job")
    visitor = _SideInputs()
    pipeline.visit(visitor)
    assert visitor.found == []
    assert not committed.is_bounded
    pipeline.to_runner_api()


DATAFLOW = ("--runner", "DataflowRunner", "--project", "news-project", "--landing", "gs://crawls/landing")
SUBSCRIPTION = "pubsub://news-project/pages"


def test_on_dataflow_beam_reads_the_subscription(tmp_path):
    """Built and translated as Dataflow gets it; the service itself is not here."""
    flags = ("--output", "gs://crawls/news", "--windows", "60s", *DATAFLOW)
    options = parse_stream([SUBSCRIPTION, str(tmp_path), *flags])
    assert arrivals_of(options, 0)._inputs == [str(tmp_path), "gs://crawls/landing/"]
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(["--streaming"]))
    pipeline | IngestWindows(options, "job")
    visitor = _SideInputs()
    pipeline.visit(visitor)
    assert visitor.found == []
    [read] = [
        beam_runner_api_pb2.PubSubReadPayload.FromString(transform.spec.payload)
        for transform in pipeline.to_runner_api().components.transforms.values()
        if transform.spec.urn == common_urns.composites.PUBSUB_READ.urn
    ]
    assert (read.subscription, read.with_attributes) == ("projects/news-project/subscriptions/pages", True)


def test_segments_are_removed_once_they_are_committed(tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    polls = Polls(tmp_path, "--landing", str(landing), "--landed", "remove")
    ingest = dataclasses.replace(polls.options.ingest, inputs=[SUBSCRIPTION, str(polls.folder)])
    polls.options = dataclasses.replace(polls.options, ingest=ingest)
    [path] = write_company(segments_folder(str(landing), Subscription("news-project", "pages")), [MESSAGE])
    polls.arrive("a.jsonl")
    polls.run_until(10)
    assert Path(path).exists()
    polls.commit()
    polls.run_until(20)
    assert not Path(path).exists()
    assert (polls.folder / "a.jsonl").exists()
    [again] = write_company(str(Path(path).parent), [MESSAGE])  # by a worker that did not know that it had
    assert again == path
    assert polls.run_until(40) == []
    assert not Path(path).exists()


MESSAGE = landed(PubsubMessage(b'{"url": "https://a.example/1", "html": "x"}', {}, "1"))


def test_a_company_is_one_file_for_each_kind_of_message(tmp_path):
    torn, page = (landed(PubsubMessage(value, {}, name)) for value, name in ((b"", "0"), (b"<html>x</html>", "2")))
    paths = sorted(write_company(str(tmp_path), [page, MESSAGE, torn, MESSAGE]))
    assert sorted(write_company(str(tmp_path), [torn, MESSAGE, page])) == paths
    [lines, archive] = sorted(map(Path, paths), key=lambda path: path.suffix)
    assert [json.loads(line)["pubsub"] for line in lines.read_bytes().splitlines()] == ["0", "1"]
    assert archive.read_bytes().startswith(b"WARC/1.1")


def test_messages_without_an_id_have_one_of_what_they_say():
    first, same, other = (PubsubMessage(b"{}", {"url": url}) for url in ("a", "a", "b"))
    assert landed(first) == landed(same) != landed(other)


def test_a_job_may_go_on_from_a_savepoint(tmp_path):
    """Flink's job server takes the flag; of those that Beam does not know either, Warraq refuses all others."""
    path = f"--savepoint_path=file://{tmp_path}/savepoint"
    assert path in parse_stream([str(tmp_path), "--output", "out", "--windows", "60s", path]).ingest.beam_flags


def test_a_runner_that_can_not_start_is_one_line_and_takes_nothing_away(tmp_path, capsys, monkeypatch):
    def fail(_):
        raise RuntimeError("Unable to fetch remote job server jar")

    monkeypatch.setattr(beam.Pipeline, "run", fail)
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()  # the user's own
    flags = ["--output", str(tmp_path / "out"), "--windows", "60s", "--runner", "FlinkRunner"]
    assert main([str(tmp_path / "in"), *flags]) == 1
    _, line = capsys.readouterr().err.splitlines()
    assert line.startswith("warraq: FlinkRunner: Beam has no job server here; start one")
    assert (tmp_path / "out").is_dir()


class _Lost:
    """A job whose server dies."""

    @property
    def state(self):
        raise grpc.RpcError("Socket closed")


@pytest.mark.parametrize(("runner", "asks"), [("FlinkRunner", True), ("PrismRunner", False)])
def test_a_job_takes_checkpoints_and_is_told_when_it_is_lost(runner, asks, tmp_path, capsys, monkeypatch):
    """Without the flag Flink takes no checkpoint and polls without a pause. Prism does not know it."""
    sent = []

    def send(_pipeline, _runner, options):
        sent.extend(options._flags)
        return _Lost()

    monkeypatch.setattr(module, "send", send)
    monkeypatch.setattr(module, "show_log", lambda: None)
    (tmp_path / "in").mkdir()
    flags = ["--output", str(tmp_path / "out"), "--windows", "60s", "--runner", runner]
    assert main([str(tmp_path / "in"), *flags]) == 1
    assert ("--checkpointing_interval=10000" in sent) == asks
    assert capsys.readouterr().err.splitlines()[-1] == "warraq: the job server: Socket closed"


PRISM = ("--runner", "PrismRunner")


@pytest.mark.parametrize(
    ("source", "flags", "words"),
    [
        ("in", (), "--windows needs a runner that streams"),
        ("kafka://localhost:9092/pages", PRISM, "--windows reads folders, buckets and, on Dataflow, Pub/Sub"),
        (SUBSCRIPTION, PRISM, "--windows reads Pub/Sub on Dataflow only"),
        ("pubsub://news/pages", DATAFLOW, "Invalid PubSub project name: 'news'"),
        ("pubsub://news-project", DATAFLOW, "not an address such as pubsub://project/subscription"),
        (SUBSCRIPTION, (*DATAFLOW, "--landing", "here"), "--landing: name a folder in a bucket"),
        ("in", (*PRISM, "--metrics", "counts"), "--windows counts nothing for Prometheus"),
        ("in", ("--runner", "FlinkRunner", "--cycles", "3"), "--cycles: with --windows such a job ends when"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(source, flags, words, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    source = str(tmp_path / source) if source == "in" else source
    assert main([source, "--output", str(tmp_path / "out"), "--windows", "60s", *flags]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith((f"warraq: {words}", f"warraq: {source}: {words}"))
    assert not (tmp_path / "out").exists()
