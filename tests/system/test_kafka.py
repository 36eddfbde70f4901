"""A real broker: every message is a page in the ledger, once, however often the stream is killed."""

import json
import signal
import subprocess
import sys

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.support.kafka_broker import broker_for_tests, broker_process
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, wait_until
from warraq.pipelines.query import connect
from warraq.pipelines.stream import main as stream
from warraq.transforms import storage
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


def test_a_stream_that_dies_at_any_step_gives_the_rows_of_a_batch(broker):
    """Twelve steps, a segment that can't be read, a disk that is full, and two streams at once."""
    command = [sys.executable, "-m", "tests.attack.kafka", "--messages", "108", "--kills", "0"]
    done = subprocess.run([*command, "--servers", broker.servers], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    *_, steps, poison, full, two, _, verdict = done.stdout.splitlines()
    assert steps == "steps: 12"
    assert [line.rpartition(": ")[2] for line in (poison, full, two)] == ["1", "4", "1"]
    assert verdict == "articles and ledger are those of a batch"


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
    assert stream(flags) == 3
    _, told, *_, last = capsys.readouterr().err.splitlines()
    assert told.startswith("warraq: short/0: LOST 2 messages: the broker has removed messages 2 to 3 before they were")
    assert last == "warraq: 2 messages had been lost before they were read; see above"
    assert ask(tmp_path / "out", READ) == [(4,)]


OFFSETS = ["kafka:moved:0", "kafka:moved:1"]


def test_a_stream_elsewhere_goes_on_where_the_dataset_is(broker, tmp_path):
    output = tmp_path / "out"
    broker.create("moved", partitions=2)
    send(broker, "moved", LINES)
    flags = ["--cycles", "1", "--landed", "remove", "--landing"]
    assert stream(arguments(broker, "moved", output, *flags, str(tmp_path / "here"))) == 0
    assert [*(tmp_path / "here").rglob("*.jsonl")] == []
    assert sum(Dataset(str(output)).transactions(OFFSETS).values()) == len(LINES)
    send(broker, "moved", LINES[:2])
    assert stream(arguments(broker, "moved", output, *flags, str(tmp_path / "there"))) == 0
    assert sum(Dataset(str(output)).transactions(OFFSETS).values()) == len(LINES) + 2
    assert ask(output, READ) == [(len(LINES) + 2,)]


def test_a_second_stream_of_a_folder_waits_until_the_first_one_ends(broker, tmp_path, capsys):
    broker.create("shared")
    send(broker, "shared", LINES[:2])
    with storage.lock(str(tmp_path / "out.landing" / ".locks" / "shared.lock")) as ours:
        assert ours
        assert stream(arguments(broker, "shared", tmp_path / "out", "--cycles", "1")) == 0
    words = capsys.readouterr().err
    assert f"{tmp_path}/out.landing/shared: another stream reads this topic; waiting until it ends" in words
    assert not (tmp_path / "out" / "runs").exists()
    assert stream(arguments(broker, "shared", tmp_path / "out", "--cycles", "1")) == 0
    assert ask(tmp_path / "out", READ) == [(2,)]


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(tmp_path):
    process = broker_process(tmp_path)
    process.start()
    try:
        process.address.create("back")
        send(process.address, "back", LINES)
        job = start(process.address, "back", tmp_path / "out")
        wait_until((tmp_path / "out" / "runs" / "_delta_log").exists)
        process.kill()
        process.start()
        send(process.address, "back", LINES[:3])
        wait_until(lambda: ask(tmp_path / "out", READ) == [(len(LINES) + 3,)] or job.poll() is not None)
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=PATIENCE)
        assert job.returncode == 0
        assert ask(tmp_path / "out", READ) == [(len(LINES) + 3,)]
    finally:
        process.kill()


def test_a_topic_that_was_made_anew_is_a_failure(broker, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("warraq.pipelines.stream._LONGEST_WAIT", 0.01)
    broker.create("anew")
    send(broker, "anew", LINES[:2])
    folder = tmp_path / "out.landing" / "anew" / "0"
    folder.mkdir(parents=True)
    (folder / f"{900:020}-{999:020}.jsonl").write_bytes(LINES[0])
    assert stream(arguments(broker, "anew", tmp_path / "out")) == 1
    assert "out of range" in capsys.readouterr().err.splitlines()[-1].lower()
