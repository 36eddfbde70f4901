"""The optional features of Delta that the tables do not use."""

import json
from pathlib import Path

import pytest

from tests.support.rewrite import rewrite
from warraq.schemas.arrow import TABLES
from warraq.transforms.dataset.publish import publish


@pytest.fixture
def tables(dataset, stage):
    """The tables after two runs and a take-down of their articles, which have no ids here."""
    for run in ("run1", "run2"):
        publish(dataset, run, stage(run, f"نص {run}"))
    rewrite(dataset, {""})
    return {name: dataset.open(name) for name in TABLES}


def test_change_data_feed_and_deletion_vectors_are_off(tables, dataset):
    """Both would keep the text of an article that was taken down.

    The change data feed writes deleted rows to files of its own. A deletion vector only marks a row as deleted in a file
    that still holds it; besides, delta-rs can't write them, and Polars can't read them.

    They stay off: no table property asks for them, and the protocol of the tables (reader 1, writer 2) is older than both
    (writer 4; reader 3 and writer 7). A program that turns one of them on must raise the protocol first.
    """
    for name, table in tables.items():
        protocol = table.protocol()
        assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2), name
        assert not protocol.reader_features, name
        assert not protocol.writer_features, name
        properties = table.metadata().configuration
        assert not {"delta.enableChangeDataFeed", "delta.enableDeletionVectors"} & set(properties), name
        log = Path(dataset.root, name, "_delta_log").glob("*.json")
        actions = [json.loads(line) for path in log for line in path.read_text().splitlines()]
        files = [action[kind] for action in actions for kind in ("add", "remove") if kind in action]
        assert files or name == "rejected"
        assert not any(file.get("deletionVector") for file in files), name
        assert not any("cdc" in action for action in actions), name
        assert not list(Path(dataset.root, name).rglob("_change_data")), name
