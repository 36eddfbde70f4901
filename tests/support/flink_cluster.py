"""The cluster that `deploy/flink/local.sh` starts, for tests."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploy.flink.cluster import FLINK, SETTINGS, Cluster, ClusterError, fetch, flink_cluster, memory

__all__ = ["FLINK", "SETTINGS", "ClusterError", "cluster_for_tests", "fetch", "memory"]


@contextlib.contextmanager
def cluster_for_tests(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Two task managers with two slots each. Skips the test if Flink can't be installed here."""
    try:
        fetch()
    except ClusterError as error:
        pytest.skip(f"no Flink cluster on this machine: {error}")
    with flink_cluster(folder, environment=environment) as cluster:
        yield cluster
