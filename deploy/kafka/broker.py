"""A Kafka broker on this machine, in one process, without Docker. For demonstrations and tests.

Its jars come from Maven Central (pom.xml) once, into the user's cache. Needs Java 17 and Maven.
"""

import contextlib
import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.flink.cluster import CACHE, ClusterError, _fetch, _free_ports, _making

POM: Final = Path(__file__).resolve().with_name("pom.xml")
START_LIMIT: Final = 120  # seconds until it must answer, on a machine that does much else
_SETTINGS: Final = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.dirs={folder}/log
log.retention.check.interval.ms=1000
log.segment.delete.delay.ms=0
"""


class Broker(NamedTuple):
    """A broker that runs: `servers` is its address for clients."""

    servers: str

    def create(self, topic: str, partitions: int = 1) -> None:
        """Makes a topic."""
        client = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})  # its answer comes while it lives
        [made] = client.create_topics([NewTopic(topic, partitions, 1)]).values()
        made.result()


class BrokerProcess:
    """A broker with its files in a folder. It can be killed and started again, on the same port."""

    def __init__(self, folder: Path) -> None:
        """Prepares the folder.

        Raises:
          ClusterError: this machine has no Java or Maven, or the jars can't be fetched.
        """
        self._java = ["java", "-Xmx512m", "-cp", f"{_jars()}/*"]
        self._folder = folder
        self._settings = folder / "server.properties"
        port, controller = _free_ports(2)
        self._settings.write_text(_SETTINGS.format(port=port, controller=controller, folder=folder))
        _run([*self._java, "kafka.tools.StorageTool", "format", "-t", "A" * 21 + "Q", "-c", str(self._settings)])
        self.address = Broker(f"127.0.0.1:{port}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the broker; returns once it answers.

        Raises:
          ClusterError: it has ended, or does not answer.
        """
        with (self._folder / "broker.log").open("ab") as log:
            command = [*self._java, "kafka.Kafka", str(self._settings)]
            # A session of its own: Ctrl-C at a terminal must end the stream before the broker.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_LIMIT
        client = AdminClient({"bootstrap.servers": self.address.servers, "log_level": 0})
        while True:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ClusterError((self._folder / "broker.log").read_text(errors="replace")[-2000:])
            with contextlib.suppress(KafkaException):
                client.list_topics(timeout=2)
                return

    def kill(self) -> None:
        """Ends it with SIGKILL, if it runs."""
        if self._process:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def running_broker(folder: Path) -> Iterator[Broker]:
    """A broker with its files in `folder`, which ends with the block.

    Raises:
      ClusterError: it can't be.
    """
    process = BrokerProcess(folder)
    try:
        process.start()
        yield process.address
    finally:
        process.kill()


def _jars() -> Path:
    folder = CACHE / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    if not folder.exists():
        with _making(folder) as building:
            copy = ("dependency:copy-dependencies", f"-DoutputDirectory={building}", "-DincludeScope=runtime")
            _fetch("mvn", "--batch-mode", "--quiet", "--file", str(POM), *copy)
    return folder


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ClusterError("no java on this machine") from error
    except subprocess.CalledProcessError as error:
        raise ClusterError((error.stderr or error.stdout).strip()[-500:]) from error
