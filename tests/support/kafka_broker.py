"""A Kafka broker for tests, in one process (KRaft). Its jars come from Maven Central once, into the user's cache."""

import contextlib
import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.flink.cluster import CACHE, ClusterError, _fetch, _free_ports, _making

VERSION = "4.3.1"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>warraq</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""
SETTINGS = """process.roles=broker,controller
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
START_LIMIT = 120


class Broker(NamedTuple):
    servers: str

    def create(self, topic, partitions=1):
        client = AdminClient({"bootstrap.servers": self.servers})  # its answer comes while it lives
        [made] = client.create_topics([NewTopic(topic, partitions, 1)]).values()
        made.result()


def jars() -> Path:
    folder = CACHE / f"kafka-{VERSION}-{hashlib.sha256(POM.encode()).hexdigest()[:8]}"
    if not folder.exists():
        with _making(folder) as building:
            (building / "pom.xml").write_text(POM)
            copy = ("dependency:copy-dependencies", f"-DoutputDirectory={building}", "-DincludeScope=runtime")
            _fetch("mvn", "--batch-mode", "--quiet", "--file", str(building / "pom.xml"), *copy)
    return folder


@contextlib.contextmanager
def broker_for_tests(folder: Path) -> Iterator[Broker]:
    """A broker with its files in `folder`. Skips the test if Kafka can't be installed here."""
    try:
        libraries = f"{jars()}/*"
    except ClusterError as error:
        pytest.skip(f"no Kafka broker on this machine: {error}")
    port, controller = _free_ports(2)
    settings = folder / "server.properties"
    settings.write_text(SETTINGS.format(port=port, controller=controller, folder=folder))
    java = ["java", "-Xmx512m", "-cp", libraries]
    tool = [*java, "kafka.tools.StorageTool"]
    subprocess.run([*tool, "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", settings], check=True, capture_output=True)
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", settings], stdout=log, stderr=log)
    try:
        broker = Broker(f"127.0.0.1:{port}")
        deadline = time.monotonic() + START_LIMIT
        client = AdminClient({"bootstrap.servers": broker.servers, "log_level": 0})
        while True:
            assert process.poll() is None, (folder / "broker.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the broker does not answer"
            with contextlib.suppress(KafkaException):
                client.list_topics(timeout=2)
                break
        yield broker
    finally:
        process.kill()
        process.wait()
