"""The counts of a stream for programs that watch it."""

import contextlib
import threading
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from warraq.pipelines.cycles import Cycle
from warraq.pipelines.stream import main
from warraq.pipelines.watching import Metrics, server


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextlib.contextmanager
def served(metrics, ready_lag):
    serving = server(metrics, 0, ready_lag)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield serving.server_port
    serving.shutdown()
    serving.server_close()


def counts(text):
    return {sample.name: sample.value for each in text_string_to_metric_families(text) for sample in each.samples}


def test_cycles_are_counted():
    now = [1000.0]
    metrics = Metrics(lambda: now[0])
    metrics.cycle(Cycle(1, 3, 1, 60, 41, 19, 1, 6.5, 7)._asdict(), 2.0, 0)
    metrics.failed()
    metrics.cycle(Cycle(2, 1, 0, 10, 10, 0, 0, 4.0, 0)._asdict(), None, 5)
    found = counts(metrics.as_text().decode())
    of = lambda name: found[f"warraq_stream_{name}"]  # noqa: E731
    assert [of(f"{name}_total") for name in ("cycles", "failed_cycles", "files", "set_aside")] == [2, 1, 4, 1]
    assert [of(f"{name}_total") for name in ("pages", "kept", "refused", "lost")] == [70, 51, 19, 5]
    assert [of(name) for name in ("waiting", "behind", "lag_seconds", "last_cycle_timestamp_seconds")] == [
        0,
        0,
        4,
        1000,
    ]


def test_a_stream_is_ready_while_it_keeps_up():
    now = [1000.0]
    metrics = Metrics(lambda: now[0])
    with served(metrics, ready_lag=60) as port:
        assert get(port, "/ready") == (503, "no cycle yet\n")
        metrics.cycle(Cycle(1, 0, 0, 0, 0, 0, 0, 0.0)._asdict(), None, 0)
        now[0] += 60
        assert get(port, "/ready") == (200, "lag 60 s, limit 60 s\n")
        now[0] += 1  # no cycle since
        assert get(port, "/ready") == (503, "lag 61 s, limit 60 s\n")
        metrics.cycle(Cycle(2, 1, 1, 0, 0, 0, 0, 0.0)._asdict(), 100.0, 0)  # a file waits for 100 seconds
        assert get(port, "/ready")[0] == 503
        assert get(port, "/live") == (200, "alive\n")
        assert get(port, "/metrics")[1].endswith("# EOF\n")
        assert get(port, "/other")[0] == 404


def test_a_stream_writes_its_counts_to_a_file(tmp_path):
    (tmp_path / "in").mkdir()
    flags = [
        "--output",
        str(tmp_path / "out"),
        "--every",
        "0.1s",
        "--cycles",
        "2",
        "--metrics",
        str(tmp_path / "m.prom"),
    ]
    assert main([str(tmp_path / "in"), *flags]) == 0
    assert counts((tmp_path / "m.prom").read_text())["warraq_stream_cycles_total"] == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--metrics", "{}/missing/m.prom"], "its folder does not exist"),
        (["--metrics_port", "{taken}"], "Address already in use"),
    ],
)
def test_counts_that_can_not_be_told_are_wrong_usage(tmp_path, capsys, flags, words):
    (tmp_path / "in").mkdir()
    with served(Metrics(), 60) as taken:
        flags = [flag.format(tmp_path, taken=taken) for flag in flags]
        assert main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), *flags]) == 2
    assert words in capsys.readouterr().err
