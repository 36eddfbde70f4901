"""The optional features of Delta that the tables do not use."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.support.datasets import publish_run
from warraq.schemas.arrow import TABLES
from warraq.transforms.maintain.compact import Settings, compact
from warraq.transforms.maintain.forget import Request, forget


@pytest.fixture
def tables(dataset, stage):
    """The tables after two runs and a take-down of their articles, which have no ids here."""
    for run in ("run1", "run2"):
        publish_run(dataset, run, stage(run, f"نص {run}"))
    [*compact(dataset, Settings(dt.date(2100, 1, 1)))]
    forget(dataset, Request(urls=frozenset({"https://akhbar.example/1"})), dt.datetime.now(dt.timezone.utc))
    opened = {name: dataset.open(name) for name in TABLES}
    return {name: table for name, table in opened.items() if table}


def test_change_data_feed_and_deletion_vectors_are_off(tables, dataset):
    """Both would keep the text of an article that was taken down.

    The change data feed writes deleted rows to files of its own. A deletion vector only marks a row as deleted in a file
    that still holds it; besides, delta-rs can't write them, and Polars can't read them.

    They stay off: the properties of the tables say so, and the protocol of the tables (reader 1, writer 2) is older than both
    (writer 4; reader 3 and writer 7). A program that turns one of them on must raise the protocol first.
    """
    for name, table in tables.items():
        protocol = table.protocol()
        assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2), name
        assert not protocol.reader_features, name
        assert not protocol.writer_features, name
        properties = table.metadata().configuration
        asked = {properties.get(f"delta.{each}") for each in ("enableChangeDataFeed", "enableDeletionVectors")}
        assert asked == {"false"}, name
        log = Path(dataset.root, name, "_delta_log").glob("*.json")
        actions = [json.loads(line) for path in log for line in path.read_text().splitlines()]
        files = [action[kind] for action in actions for kind in ("add", "remove") if kind in action]
        assert files or name == "rejected"
        assert not any(file.get("deletionVector") for file in files), name
        assert not any("cdc" in action for action in actions), name
        assert not list(Path(dataset.root, name).rglob("_change_data")), name
