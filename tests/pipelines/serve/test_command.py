"""The command as users run it: its messages, its port, and Ctrl-C."""

import contextlib
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.support.pages import add_run, articles
from tests.support.paths import ROOT
from tests.support.processes import listening
from warraq.pipelines.serve.command import loopback
from warraq.transforms.dataset.dataset import Dataset

SERVE = [sys.executable, "-m", "warraq", "serve"]


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "dataset"))
    add_run(dataset, "run1", articles(make_article))
    return dataset


@contextlib.contextmanager
def served(dataset, *flags):
    """The process of the command, and the address that it prints."""
    process = subprocess.Popen(
        [*SERVE, dataset.root, "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        line = process.stdout.readline()
        yield process, re.search(r"http://\S+", line)[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1.2.3", "127.1.2.3"),
        ("localhost", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0.0.0.0", None),
        ("::", None),
        ("192.168.1.4", None),
        ("akhbar.example", None),
        ("", None),
    ],
)
def test_only_this_machine_can_be_the_host(host, expected):
    assert loopback(host) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: DIR"),
        (["missing"], "no dataset there"),
        (["missing", "--host", "0.0.0.0"], "no loopback address"),
        (["missing", "--port", "70000"], "--port must be from 0 to 65535"),
    ],
)
def test_a_mistake_costs_one_line(arguments, message, tmp_path):
    done = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_on_loopback_until_it_is_interrupted(dataset, number):
    with served(dataset) as (process, url):
        with urllib.request.urlopen(url) as answer:
            assert answer.status == 200
        assert [address.partition(":")[0] for address in listening(process.pid)] == ["0100007F"]
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_port_in_use_is_told_with_the_remedy(dataset):
    with served(dataset) as (_, url):
        port = url.rstrip("/").rpartition(":")[2]
        done = subprocess.run([*SERVE, dataset.root, "--port", port], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert re.search(r"name another: --port \d+$", done.stderr.strip())
