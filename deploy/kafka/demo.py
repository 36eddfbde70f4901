"""The samples as a stream: a broker is started, the sample pages are sent to it one by one, and a stream reads them.

    python -m deploy.kafka.demo [FOLDER]

Dataset and broker lie in FOLDER (default: a new one, removed at the end). Ctrl-C ends all.
"""

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from deploy.flink.cluster import ClusterError
from deploy.kafka.broker import running_broker
from warraq.schemas.records import Page
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import claim_all, forget_row
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

ROOT: Final = Path(__file__).resolve().parents[2]
TOPIC: Final = "pages"
_PAUSE: Final = 0.5  # seconds between two pages
_MOST_BYTES: Final = 900_000  # a broker takes 1 MB by default; one sample is larger
_QUESTION: Final = "SELECT topic, count(*) AS articles, max(title) AS one FROM articles GROUP BY topic ORDER BY 2 DESC"


def sample_pages() -> Iterator[Page]:
    """The pages of the samples, as a crawler would find them."""
    for dump in find_dumps([str(ROOT / "samples" / "dumps")]).dumps:
        for item in read_range(dump, 0, dump.size, ReadRules(), claim_all, forget_row):
            if isinstance(item, Page):
                yield item


def feed(servers: str, stop: threading.Event) -> None:
    """Sends the sample pages, two a second, until there are no more or `stop` is set."""
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "log_level": 0})
    for page in sample_pages():
        if len(page.content) > _MOST_BYTES:
            continue
        kind = f"text/html; charset={page.charset}" if page.charset else "text/html"
        headers = {"url": page.source.url, "content-type": kind}
        if page.source.fetched_at:
            headers["fetched_at"] = page.source.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        producer.produce(TOPIC, page.content, key=page.source.url, headers=headers)
        producer.flush(10)
        if stop.wait(_PAUSE):
            return
    print("demo: all sample pages are sent; Ctrl-C ends the stream", file=sys.stderr, flush=True)


def run(folder: Path) -> int:
    """Runs the demonstration with its files in `folder`, until a signal; returns the exit code of the stream."""
    stop, dataset = threading.Event(), folder / "dataset"
    (folder / "broker").mkdir(parents=True, exist_ok=True)
    print("demo: starting a Kafka broker (the first time, 44 MB come from Maven Central)", flush=True)
    with running_broker(folder / "broker") as broker:
        broker.create(TOPIC, partitions=2)
        command = ["stream", f"kafka://{broker.servers}/{TOPIC}", "--output", str(dataset), "--every", "5s"]
        print(f"demo: warraq {' '.join(command)}\ndemo: ask while it runs, from another terminal:", flush=True)
        print(f"  {sys.executable} -m warraq query {dataset} \\\n    '{_QUESTION}'", flush=True)
        feeder = threading.Thread(target=feed, args=(broker.servers, stop), daemon=True)
        feeder.start()
        stream = subprocess.Popen([sys.executable, "-m", "warraq", *command], cwd=ROOT)
        # At a terminal the stream has the same signal, and ends by itself.
        signal.signal(signal.SIGTERM, lambda *_: stream.terminate())
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                code = stream.wait()
                stop.set()
                feeder.join()
                return code


def main(arguments: Sequence[str]) -> int:
    """Runs the demonstration in the folder that is named, or in a new one."""
    try:
        if arguments:
            return run(Path(arguments[0]).resolve())
        with tempfile.TemporaryDirectory(prefix="warraq-demo-") as name:
            return run(Path(name))
    except ClusterError as error:
        print(f"demo: no Kafka broker: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
