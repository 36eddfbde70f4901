"""Pub/Sub, by the real client and a server of its interface: messages are acknowledged when they are on the disk."""

import pytest

from tests.support.paths import ROOT
from tests.support.pubsub_server import pubsub_server
from warraq.pipelines.query import connect
from warraq.pipelines.stream import main as stream
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.pubsub import PubsubLander, Subscription, subscription_of

LINES = (ROOT / "samples" / "dumps" / "feed.jsonl").read_bytes().splitlines()
LINES = [line for line in LINES if line.startswith(b"{")]
PAGE = (ROOT / "samples" / "dumps" / "pages" / "baccalaureate.html").read_bytes()
FLAGS = ["--every", "0.2s", "--workers", "1", "--tagger", "gazetteer", "--cycles", "1"]
PAGES = Subscription("news", "pages")


@pytest.fixture
def service(monkeypatch):
    with pubsub_server() as (address, held):
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
        yield held


def land(folder):
    lander = PubsubLander(PAGES, str(folder))
    try:
        lander.land(1 << 20, print, lambda _: {})
    finally:
        lander.close()
    return sorted(path.name for path in folder.rglob("*.*") if path.suffix in {".jsonl", ".warc"})


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("pubsub://news/pages", PAGES),
        ("pubsub://example.com:news/pages", Subscription("example.com:news", "pages")),
        ("pubsub://news", None),
        ("pubsub://news/pages/more", None),
        ("kafka://news:1/pages", None),
    ],
)
def test_an_address_names_a_project_and_a_subscription(address, found):
    assert subscription_of(address) == found


def test_messages_are_acknowledged_when_they_are_on_the_disk(service, tmp_path, monkeypatch):
    for line in LINES:
        service.publish(line)
    with monkeypatch.context() as broken:
        broken.setattr("warraq.transforms.land.pubsub.write_segment", full_disk)
        with pytest.raises(OSError, match="full"):
            land(tmp_path)
    assert len(service.delivered) == len(LINES)  # not one is acknowledged
    service.redeliver()
    [name] = land(tmp_path)
    assert (service.waiting, service.delivered) == ({}, {})
    assert (tmp_path / "pubsub" / "news" / "pages" / name).read_bytes().count(b"\n") == len(LINES)


def full_disk(*_):
    raise OSError("the disk is full")


def test_the_same_messages_again_are_the_same_file(service, tmp_path):
    for line in LINES:
        service.publish(line)
    service.loses_acknowledgements = True
    first = land(tmp_path)
    service.redeliver()
    assert land(tmp_path) == first


@pytest.mark.usefixtures("service")
def test_a_subscription_that_is_missing_is_one_line(tmp_path):
    lander = PubsubLander(Subscription("news", "missing"), str(tmp_path))
    with pytest.raises(LandingError, match="pubsub://news/missing: 404 Resource not found"):
        lander.land(1, print, lambda _: {})
    lander.close()


@pytest.mark.slow
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_stream_reads_a_subscription_once(service, tmp_path, is_lost):
    output = tmp_path / "out"
    service.publish(PAGE, url="https://akhbar.example/1")
    for line in LINES:
        service.publish(line)
    service.loses_acknowledgements = is_lost
    command = ["pubsub://news/pages", "--output", str(output), "--landed", "remove", *FLAGS]
    assert stream(command) == 0
    articles = ask(output, "SELECT count(*) FROM articles")
    service.redeliver()
    assert stream(command) == 0
    assert ask(output, "SELECT count(*) FROM articles") == articles
    assert ask(output, "SELECT sum(pages) FROM ledger WHERE door = 'read'") == [(len(LINES) + 1,)]
    assert ask(output, "SELECT count(*) FROM articles WHERE url = 'https://akhbar.example/1'") == [(1,)]
    assert [*(tmp_path / "out.landing").rglob("*.jsonl")] == []
