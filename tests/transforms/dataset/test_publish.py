"""Publishing: all or nothing, once, whoever is killed and whoever else publishes."""

import contextlib
import datetime as dt
import json
import multiprocessing
import time
from pathlib import Path

import duckdb
import pytest

from tests.support.datasets import publish_run, stage_run, texts
from tests.support.processes import PATIENCE
from warraq.schemas.arrow import TABLES, file_table
from warraq.schemas.records import Article, Source
from warraq.transforms import storage
from warraq.transforms.dataset import publish as publishing
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.publish import has_dead_runs, recover, recover_dead_runs
from warraq.transforms.maintain.damage import byte_faults
from warraq.transforms.maintain.vacuum import vacuum


def staged(dataset):
    return [str(path) for path in Path(dataset.root, "_staging").rglob("*") if path.is_file()]


def test_a_run_is_published_whole_and_leaves_no_staging(dataset, stage):
    publish_run(dataset, "r1", stage("r1", "أول", "ثان"))
    assert texts(dataset) == ["أول", "ثان"]
    assert dataset.has_run("r1")
    assert not dataset.has_run("r2")
    assert not staged(dataset)
    assert duckdb.sql(f"SELECT typeof(date) FROM '{dataset.files('articles')[0]}'").fetchall()[0] == ("DATE",)


def test_publishing_twice_adds_nothing(dataset, stage):
    files = stage("r1", "أول")
    publish_run(dataset, "r1", files)
    version = dataset.open("articles").version()
    publish_run(dataset, "r1", files)
    assert dataset.open("articles").version() == version
    assert texts(dataset) == ["أول"]


class Killed(Exception):
    """Stands for a kill -9 at a chosen instant."""


def test_a_run_killed_before_publishing_is_known_when_it_comes_again(dataset, stage):
    run = "0123456789abcdef" * 2
    stage(run, "أول")
    assert has_dead_runs(dataset)
    recover_dead_runs(dataset)
    assert (has_dead_runs(dataset), dataset.has_died(run), dataset.staged()) == (False, True, [])
    publish_run(dataset, run, stage(run, "أول"))
    dataset.forget_death(run)
    assert not dataset.has_died(run)
    dataset.mark_death(run)
    assert not dataset.has_died(run), "it died after its commit"
    dataset.mark_death("f" * 32)
    vacuum(dataset, 60.0, time.time())
    assert dataset.has_died("f" * 32)
    vacuum(dataset, 60.0, time.time() + 61)
    assert not dataset.has_died("f" * 32)


def test_a_run_killed_before_publishing_leaves_nothing(dataset, stage):
    stage("r1", "أول")
    stage("r2", "ثان")
    with dataset.lock("r2"):
        assert recover_dead_runs(dataset) == []
        assert {path.split("_staging/")[1][:2] for path in staged(dataset)} == {"r2"}
    assert recover_dead_runs(dataset) == []
    assert not staged(dataset)
    assert dataset.files("articles") == []


def _publish(root, run_id, files):
    publish_run(Dataset(root), run_id, files)


@pytest.mark.slow
def test_two_jobs_at_once_keep_each_other_s_articles(dataset, stage):
    runs = {f"r{n}": stage(f"r{n}", f"خبر {n}") for n in range(4)}
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=_publish, args=(dataset.root, *run)) for run in runs.items()]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0, 0, 0]
    assert texts(dataset) == [f"خبر {n}" for n in range(4)]


def _work(root, number, start):
    """Jobs of a schedule that all begin at once, again and again: each ingests what is its own."""
    dataset = Dataset(root)
    start.wait()
    for turn in range(_TURNS):
        run_id = f"r{number}-{turn}"
        dataset.check()
        recover_dead_runs(dataset)
        with dataset.lock(run_id, PATIENCE) as free:
            assert free
            assert not recover(dataset, run_id, run_id)
            article = Article(Source(run_id, NOON, "d", turn, 1), "u", "s", None, run_id, None, DAY, "x", topic="sport")
            publish_run(dataset, run_id, stage_run(dataset, run_id, [article]))


_TURNS = 6
DAY = dt.date(2025, 5, 1)
NOON = dt.datetime(2025, 6, 1, 12, tzinfo=dt.timezone.utc)


@pytest.mark.slow
def test_jobs_that_start_at_once_in_a_fresh_folder_are_all_accepted(dataset):
    """They see each other's probes, locks, half-made tables and publications."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    jobs = [context.Process(target=_work, args=(dataset.root, number, start)) for number in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0, 0, 0]
    assert texts(dataset) == sorted(f"r{number}-{turn}" for number in range(4) for turn in range(_TURNS))
    assert not staged(dataset)
    assert list(byte_faults(dataset)) == []


def test_a_worker_that_publishes_on_without_its_launcher_is_left_alone(dataset, stage, monkeypatch):
    """The launcher's lock died with it; the worker's own says that the run is alive."""
    files, clear = stage("r1", "أول"), recover_dead_runs
    move = storage.move

    def meanwhile(*arguments, **named):
        assert clear(dataset) == []
        move(*arguments, **named)
        assert clear(dataset) == []

    monkeypatch.setattr(storage, "move", meanwhile)
    publish_run(dataset, "r1", files)
    assert texts(dataset) == ["أول"]
    assert list(byte_faults(dataset)) == []


def test_a_worker_whose_files_were_cleared_commits_nothing(dataset, stage):
    files = stage("r1", "أول")
    assert recover_dead_runs(dataset) == []
    with pytest.raises(DatasetError, match="another process has cleared this run"):
        publish_run(dataset, "r1", files)
    assert dataset.files("articles") == []
    assert not staged(dataset)
    publish_run(dataset, "r1", stage("r1", "أول"))
    assert texts(dataset) == ["أول"]


@pytest.mark.parametrize("where", ["before it moves", "after it moved", "after it committed"])
def test_two_publishers_without_locks_commit_one_run_once(dataset, stage, monkeypatch, where):
    """As in a bucket. The other's row of `runs` has another time, so its file another name."""
    monkeypatch.setattr(storage, "lock", lambda *_: contextlib.nullcontext(True))

    publish_run(dataset, "r0", stage("r0", "صفر"))
    files = stage("r1", "أول", "ثان")
    other = [
        *stage("r1", "أول", "ثان")[:-1],
        dataset.write_staged("r1", files[-1]._replace(path="run-r1-later"), [_later()]),
    ]
    step = {"before it moves": "_carry_out", "after it moved": "_commit", "after it committed": "discard"}[where]
    real, once = getattr(publishing, step), iter([True])

    def overtaken(*arguments):
        if next(once, False):
            publish_run(Dataset(dataset.root), "r1", other)
        return real(*arguments)

    monkeypatch.setattr(publishing, step, overtaken)
    with contextlib.suppress(DatasetError):  # its files are gone: the runner tries again, and finds the run committed
        publish_run(dataset, "r1", files)
    assert texts(dataset) == ["أول", "ثان", "صفر"]
    assert not recover_dead_runs(dataset)
    assert len(dataset.files("runs")) == 2
    assert list(byte_faults(dataset)) == []


def _later():
    row = dict.fromkeys(TABLES["runs"].names, "") | {"run_id": "r1", "started_at": 0, "committed_at": 1, "failed": []}
    return file_table("runs", [row | {"dumps": [], "ledger": []}])


def test_what_is_published_is_written_down_first(dataset, stage, monkeypatch):
    monkeypatch.setattr(storage, "move", lambda *_: (_ for _ in ()).throw(Killed))
    files = stage("r1", "أول")
    with pytest.raises(Killed):
        publish_run(dataset, "r1", files)
    manifest = json.loads(Path(dataset.staging_folder("r1"), "publish.json").read_text())
    assert [entry["path"] for entry in manifest["added"]] == [file.path for file in files]
