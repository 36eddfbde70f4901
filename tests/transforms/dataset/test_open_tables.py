import shutil
import time

import pytest
from deltalake import CommitProperties, Transaction

from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.open_tables import tables_kept_open

MANY = 100  # lookups, after which a table that is kept remembers its transactions


def commit(dataset, *transactions):
    dataset.open_or_create("runs").create_write_transaction(
        [],
        mode="append",
        schema=TABLES["runs"],
        partition_by=list(PARTITIONS["runs"]),
        commit_properties=CommitProperties(app_transactions=list(transactions)),
    )


@pytest.fixture
def dataset(tmp_path):
    dataset = Dataset(str(tmp_path / "out"))
    commit(dataset, Transaction("a", 1))
    return dataset


def test_a_table_that_is_kept_is_brought_up_to_date(dataset):
    with tables_kept_open():
        first = dataset.open("runs")
        commit(Dataset(dataset.root), Transaction("b", 1))
        assert dataset.open("runs") is first
        assert delta_log.transactions(first, ["a", "b", "c"]) == {"a": 1, "b": 1}
    assert dataset.open("runs") is not first


@pytest.mark.parametrize("lookups", [1, MANY])
def test_transactions_are_those_of_the_version(dataset, lookups):
    with tables_kept_open():
        for version in range(2, 50):  # over two checkpoints
            for _ in range(lookups):
                assert delta_log.transactions(dataset.open("runs"), ["a"]) == {"a": version - 1}
            commit(dataset, Transaction("a", version))
        commit(dataset, Transaction("a", 0), Transaction("late", 1))
        assert delta_log.transactions(dataset.open("runs"), ["a", "late"]) == {"a": 0, "late": 1}


def test_an_expired_transaction_is_not_known(dataset):
    years = 2 * 365 * 86_400_000
    now = int(time.time() * 1000)
    commit(dataset, Transaction("old", 1, now - years), Transaction("new", 1, now))
    with tables_kept_open():
        for _ in range(MANY):
            found = delta_log.transactions(dataset.open("runs"), ["a", "old", "new"])
        assert found == {"a": 1, "new": 1}


def test_a_log_that_was_made_anew_is_read_anew(dataset):
    with tables_kept_open():
        for _ in range(MANY):
            assert delta_log.transactions(dataset.open("runs"), ["a", "b"]) == {"a": 1}
        shutil.rmtree(dataset.root)
        assert dataset.open("runs") is None
        commit(dataset, Transaction("b", 1))
        assert delta_log.transactions(dataset.open("runs"), ["a", "b"]) == {"b": 1}


def test_a_log_that_was_cleaned_is_read_from_its_checkpoint(dataset, tmp_path):
    with tables_kept_open():
        for _ in range(MANY):
            table = dataset.open("runs")
            assert delta_log.transactions(table, ["a", "b"]) == {"a": 1}
        for version in range(1, 45):
            commit(Dataset(dataset.root), Transaction("b", version))
        for entry in (tmp_path / "out" / "runs" / "_delta_log").glob("*.json"):
            if int(entry.name[:20]) < 40:
                entry.unlink()
        assert delta_log.transactions(dataset.open("runs"), ["a", "b"]) == {"a": 1, "b": 44}
