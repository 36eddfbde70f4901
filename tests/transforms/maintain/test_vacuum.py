"""Vacuum: what nothing needs any more goes, when its time has come, and nothing else."""

import argparse
import os
import threading
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.support.datasets import publish_run, stage_run, texts
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import PROPERTIES, Dataset
from warraq.transforms.dataset.delta_log import checkpoint_version
from warraq.transforms.maintain.damage import byte_faults
from warraq.transforms.maintain.vacuum import period, vacuum

DAY = 86_400.0


@pytest.fixture
def dataset(tmp_path, make_article):
    """Three runs, each with one article, of the same partition."""
    dataset = Dataset(str(tmp_path / "out"))
    for number in range(3):
        article = make_article(f"خبر {number}", topic="sport", dump_offset=number)
        publish_run(dataset, f"r{number}", stage_run(dataset, f"r{number}", [article]))
    return dataset


def replace(dataset, number):
    """Moves a file of a table as a publication does, without the table."""
    path = dataset.data_files("articles")[number].path
    storage.move(f"{dataset.root}/articles", {path: storage.size(f"{dataset.root}/articles/{path}")}, _kept(dataset))
    return Path(_kept(dataset), path)


def _kept(dataset):
    return f"{dataset.root}/_replaced/articles"


def test_replaced_files_are_kept_for_the_period_counted_from_their_replacement(dataset):
    file = dataset.data_files("articles")[0]
    os.utime(dataset.path(file), (0, 0))  # written long ago
    replaced = replace(dataset, 0)
    assert vacuum(dataset, 7 * DAY, time.time() + 6 * DAY).replaced == 0
    assert replaced.exists()
    done = vacuum(dataset, 7 * DAY, time.time() + 8 * DAY)
    assert (done.replaced, done.bytes) == (1, file.size)
    assert not Path(dataset.root, "_replaced").exists()
    assert vacuum(dataset, 7 * DAY, time.time() + 8 * DAY) == (0, 0, 0, 0)


def test_the_folder_of_replaced_files_stays_while_others_publish(dataset):
    """They may be about to move a file into it."""
    replaced, waiting, ended = replace(dataset, 0), threading.Event(), threading.Event()

    def hold():
        with storage.lock(dataset.publishing_lock()):
            waiting.set()
            ended.wait()

    other = threading.Thread(target=hold)
    other.start()
    waiting.wait()
    assert vacuum(dataset, 0, time.time() + 1).replaced == 1
    assert replaced.parent.exists()
    ended.set()
    other.join()
    vacuum(dataset, 0, time.time() + 1)
    assert not replaced.parent.exists()


def test_files_of_the_tables_stay_named_or_not(dataset):
    stranger = Path(dataset.root, "articles/date=2025-05-30/topic=sport/stranger.parquet")
    stranger.write_bytes(b"x")
    vacuum(dataset, 0, time.time() + 400 * DAY)
    assert stranger.exists()
    stranger.unlink()
    assert list(byte_faults(dataset)) == []


def age_logs(dataset, days):
    for path in Path(dataset.root).rglob("_delta_log/*.json"):
        os.utime(path, (time.time() - days * DAY,) * 2)


def test_the_log_is_cleaned_and_everything_still_opens(dataset, make_article):
    log, before = Path(dataset.root, "articles/_delta_log"), texts(dataset)
    assert len([*log.glob("*.json")]) == 4
    age_logs(dataset, 8)
    assert vacuum(dataset, 0, time.time()).log_files >= 6  # two tables have entries of three runs
    assert len([*log.glob("*.json")]) == 1
    assert checkpoint_version(dataset.root, "articles") == dataset.open("articles").version()
    dataset.check_whole()
    assert texts(dataset) == before
    assert all(dataset.has_run(f"r{number}") for number in range(3))
    assert list(byte_faults(dataset)) == []
    publish_run(dataset, "r3", stage_run(dataset, "r3", [make_article("خبر 3", topic="sport", dump_offset=3)]))
    assert len(texts(dataset)) == 4


def test_the_log_keeps_a_week(dataset):
    age_logs(dataset, 6)
    assert vacuum(dataset, 0, time.time()).log_files == 0
    assert PROPERTIES["delta.logRetentionDuration"] == "interval 7 days"


def test_a_second_vacuum_makes_no_checkpoint(dataset):
    vacuum(dataset, 0, time.time())
    before = sorted(path.stat().st_mtime_ns for path in Path(dataset.root).rglob("_delta_log/*"))
    vacuum(dataset, 0, time.time())
    assert sorted(path.stat().st_mtime_ns for path in Path(dataset.root).rglob("_delta_log/*")) == before


@pytest.mark.parametrize("step", ["create_checkpoint", "cleanup_metadata"])
def test_a_kill_at_the_log_leaves_a_sound_dataset(dataset, monkeypatch, step):
    class Killed(BaseException):
        pass

    def killed(table):
        getattr(DeltaTable, f"real_{step}")(table)
        raise Killed

    age_logs(dataset, 8)
    before = texts(dataset)
    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, f"real_{step}", getattr(DeltaTable, step), raising=False)
        patch.setattr(DeltaTable, step, killed)
        with pytest.raises(Killed):
            vacuum(dataset, 0, time.time())
    assert texts(dataset) == before
    vacuum(dataset, 0, time.time())
    assert texts(dataset) == before
    assert list(byte_faults(dataset)) == []


@pytest.mark.parametrize(("text", "seconds"), [("12h", 43_200), ("7d", 604_800), ("0h", 0)])
def test_a_period(text, seconds):
    assert period(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5d", "7 d", "7w"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="not a period such as 12h or 7d"):
        period(text)
