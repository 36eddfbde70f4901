"""A real broker: every message is a page in the ledger, once, however often the stream is killed."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.support.kafka_broker import broker_for_tests
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from warraq.pipelines.ingest import main as ingest
from warraq.pipelines.query import connect
from warraq.pipelines.stream import main as stream
from warraq.transforms.dataset.dataset import Dataset

FAST = ["--workers", "1", "--tagger", "gazetteer"]
LINES = (ROOT / "samples" / "dumps" / "feed.jsonl").read_bytes().splitlines()
PAGE = (ROOT / "samples" / "dumps" / "pages" / "baccalaureate.html").read_bytes()
READ = "SELECT coalesce(sum(pages), 0) FROM ledger WHERE door = 'read'"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with broker_for_tests(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def send(broker, topic, messages):
    """Sends values, or values with headers."""
    producer = Producer({"bootstrap.servers": broker.servers, "enable.idempotence": True, "compression.type": "zstd"})
    for each in messages:
        value, headers = each if isinstance(each, tuple) else (each, {})
        producer.produce(topic, value, headers=headers)
    assert producer.flush(60) == 0


def arguments(broker, topic, output, *flags):
    return [f"kafka://{broker.servers}/{topic}", "--output", str(output), "--every", "0.4s", *FAST, *flags]


def start(*given):
    command = [sys.executable, "-m", "warraq", "stream", *arguments(*given)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE)


def test_messages_give_the_articles_of_a_batch_whatever_is_killed(broker, tmp_path):
    output = tmp_path / "out"
    sent = LINES * 3
    random.Random(1).shuffle(sent)
    broker.create("feed", partitions=3)
    for number in range(3):  # killed at another moment each time, while messages come
        job = start(broker, "feed", output)
        for line in sent[number::3]:
            send(broker, "feed", [line])
            time.sleep(0.05)
        time.sleep(1.5 * number)
        job.kill()
        job.communicate()
    jobs = [start(broker, "feed", output) for _ in range(2)]  # and two by mistake
    for job in jobs:  # a signal would end a program that does not listen yet
        assert "waiting for files" in job.stderr.readline()
    wait_until(lambda: (output / "runs" / "_delta_log").exists() and ask(output, READ) == [(len(sent),)])
    for job in jobs:
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=PATIENCE)
    assert [job.returncode for job in jobs] == [0, 0]
    assert ask(output, READ) == [(len(sent),)]
    batch = tmp_path / "batch"
    (tmp_path / "all.jsonl").write_bytes(b"\n".join(LINES) + b"\n")
    assert ingest([str(tmp_path / "all.jsonl"), "--output", str(batch), "--quiet", *FAST]) == 0
    articles = "SELECT article_id, url, text, topic FROM articles ORDER BY ALL"
    assert ask(output, articles) == ask(batch, articles)


def test_raw_pages_have_their_address_in_a_header(broker, tmp_path):
    broker.create("raw")
    headers = {"url": "https://akhbar.example/1", "fetched_at": "2025-06-01T12:00:00Z"}
    send(broker, "raw", [(PAGE, headers), (b"<html>hello</html>", {}), json.dumps({"text": "x"}).encode()])
    assert stream(arguments(broker, "raw", tmp_path / "out", "--cycles", "1")) == 0
    rows = ask(tmp_path / "out", "SELECT url, epoch(fetched_at), dump FROM articles")
    landing = f"{tmp_path}/out.landing/raw/0/00000000000000000000-00000000000000000001.warc"
    assert rows == [("https://akhbar.example/1", 1748779200, landing)]
    assert ask(tmp_path / "out", READ) == [(3,)]


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("kafka://localhost/pages", 2, "not an address such as kafka://localhost:9092/pages"),
        ("kafka://{servers}/missing", 1, "Unknown topic or partition"),
    ],
)
def test_what_can_not_be_landed_is_told(broker, tmp_path, capsys, monkeypatch, address, code, words):
    monkeypatch.setattr("warraq.pipelines.stream._LONGEST_WAIT", 0.01)
    address = address.format(servers=broker.servers)
    assert stream([address, "--output", str(tmp_path / "out"), "--every", "0.1s", *FAST]) == code
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_messages_that_the_broker_has_removed_are_told(broker, tmp_path, capsys):
    broker.create("short")
    send(broker, "short", LINES[:2])
    flags = arguments(broker, "short", tmp_path / "out", "--cycles", "1")
    assert stream(flags) == 0
    send(broker, "short", LINES[2:6])
    client = AdminClient({"bootstrap.servers": broker.servers})
    for removed in client.delete_records([TopicPartition("short", 0, 4)]).values():
        removed.result()
    capsys.readouterr()
    assert stream(flags) == 0
    told = capsys.readouterr().err.splitlines()[1]
    assert told.startswith("warraq: short/0: the broker has removed messages 2 to 3 before they were landed")
    assert ask(tmp_path / "out", READ) == [(4,)]


def test_a_topic_that_was_made_anew_is_a_failure(broker, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("warraq.pipelines.stream._LONGEST_WAIT", 0.01)
    broker.create("anew")
    send(broker, "anew", LINES[:2])
    folder = tmp_path / "out.landing" / "anew" / "0"
    folder.mkdir(parents=True)
    (folder / f"{900:020}-{999:020}.jsonl").write_bytes(LINES[0])
    assert stream(arguments(broker, "anew", tmp_path / "out")) == 1
    assert "out of range" in capsys.readouterr().err.splitlines()[-1].lower()
