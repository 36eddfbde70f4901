"""A job server that is not there, or does not work: one line, in time."""

import socket
import types
from concurrent import futures

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability import portable_runner

from warraq.pipelines import ingest, job_server, stream
from warraq.pipelines.errors import WarraqError
from warraq.pipelines.job_server import check_runner, send


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(job_server, "_PATIENCE", 1.0)


@pytest.fixture
def dead():
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def answering():
    """The address of a server that knows none of the calls of a job server."""
    with futures.ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def flags(endpoint):
    return ["--runner", "PortableRunner", "--job_endpoint", endpoint]


@pytest.mark.parametrize("command", ["ingest", "stream", "windows"])
def test_a_dead_job_server_is_one_line_with_its_remedy(command, dead, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"url": "https://a.example/1", "html": "x"}\n')
    main = ingest.main if command == "ingest" else stream.main
    more = ["--windows", "60s"] if command == "windows" else []
    assert main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), *more, *flags(dead)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warraq: --job_endpoint {dead}: no job server answers there; start it, or correct")
    assert command == "ingest" or not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("runner", "words"),
    [
        ("PortableRunner", "PortableRunner: it has no job server; start one (see deploy/flink)"),
        ("FlnkRunner", "--runner: Unexpected pipeline runner: FlnkRunner"),
    ],
)
def test_a_runner_that_can_not_be_is_wrong_usage(runner, words, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert stream.main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--runner", runner]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warraq: {words}")


def test_a_server_that_refuses_the_job_is_one_line(answering, monkeypatch):
    monkeypatch.setattr(portable_runner, "time", types.SimpleNamespace(sleep=lambda _: None))  # it asks six times
    options = PipelineOptions(flags(answering))
    check_runner("PortableRunner", options)
    pipeline = beam.Pipeline(runner="PortableRunner", options=options)
    pipeline | beam.Impulse()
    with pytest.raises(WarraqError) as refusal:
        send(pipeline, "PortableRunner", options)
    assert str(refusal.value) == "the job server: Method not found!"
