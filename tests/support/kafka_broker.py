"""The Kafka broker of the tests."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.flink.cluster import ClusterError
from deploy.kafka.broker import Broker, BrokerProcess

__all__ = ["Broker", "broker_for_tests", "broker_process"]


@contextlib.contextmanager
def broker_for_tests(folder: Path) -> Iterator[Broker]:
    """A broker with its files in `folder`. Skips the test if Kafka can't be installed here."""
    process = broker_process(folder)
    process.start()
    try:
        yield process.address
    finally:
        process.kill()


def broker_process(folder: Path) -> BrokerProcess:
    """A broker that is not started yet. Skips the test if Kafka can't be installed here."""
    try:
        return BrokerProcess(folder)
    except ClusterError as error:
        pytest.skip(f"no Kafka broker on this machine: {error}")
