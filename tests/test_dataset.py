import json
import multiprocessing
from pathlib import Path

import duckdb
import pytest
from datasets import stage_run
from deltalake import DeltaTable

from transforms import storage
from transforms.dataset import Dataset, DatasetError


@pytest.fixture
def dataset(tmp_path):
    return Dataset(str(tmp_path / "out"))


@pytest.fixture
def stage(dataset, make_article):
    """Stages one file of articles, and the row that makes a run count as done."""

    def stage_texts(run_id, *texts):
        return stage_run(
            dataset, run_id, [make_article(text, topic="sport", dump_offset=n) for n, text in enumerate(texts)]
        )

    return stage_texts


def texts(dataset):
    """What a plain DuckDB sees, and what the log says: they must agree."""
    plain = duckdb.sql(
        f"SELECT text, date, topic FROM read_parquet('{dataset.root}/articles/*/*/*.parquet', hive_partitioning = true)"
    )
    log = duckdb.from_parquet(dataset.files("articles"), hive_partitioning=True).project("text, date, topic")
    assert sorted(plain.fetchall()) == sorted(log.fetchall())
    return sorted(row[0] for row in log.fetchall())


def staged(dataset):
    return [str(path) for path in Path(dataset.root, "_staging").rglob("*") if path.is_file()]


def test_a_run_is_published_whole_and_leaves_no_staging(dataset, stage):
    dataset.publish("r1", stage("r1", "أول", "ثان"))
    assert texts(dataset) == ["أول", "ثان"]
    assert dataset.has_run("r1")
    assert not dataset.has_run("r2")
    assert not staged(dataset)
    assert duckdb.sql(f"SELECT typeof(date) FROM '{dataset.files('articles')[0]}'").fetchall()[0] == ("DATE",)


def test_an_empty_staging_folder_goes_with_the_last_run(dataset, stage):
    staging = Path(dataset.root, "_staging")
    with dataset.lock("r1"):
        with dataset.lock("r2"):
            dataset.publish("r2", stage("r2", "ثان"))
        assert [path.name for path in staging.iterdir()] == ["r1.lock"]
        dataset.publish("r1", stage("r1", "أول"))
    assert not staging.exists()
    stage("r3", "ثالث")
    dataset.recover_dead_runs()
    assert not staging.exists()


def test_a_run_may_begin_while_another_removes_the_staging_folder(dataset, monkeypatch):
    open_file, removals = Path.open, iter([True])

    def open_late(path, *arguments):
        if next(removals, False):
            path.parent.rmdir()
        return open_file(path, *arguments)

    monkeypatch.setattr(Path, "open", open_late)
    with dataset.lock("r1") as held:
        assert held


def test_publishing_twice_adds_nothing(dataset, stage):
    files = stage("r1", "أول")
    dataset.publish("r1", files)
    version = dataset.open("articles").version()
    dataset.publish("r1", files)
    assert dataset.open("articles").version() == version
    assert texts(dataset) == ["أول"]


class Killed(Exception):
    """Stands for a kill -9 at a chosen instant."""


def test_a_run_killed_before_publishing_leaves_nothing(dataset, stage):
    stage("r1", "أول")
    stage("r2", "ثان")
    with dataset.lock("r2"):
        assert dataset.recover_dead_runs() == []
        assert {path.split("_staging/")[1][:2] for path in staged(dataset)} == {"r2"}
    assert dataset.recover_dead_runs() == []
    assert not staged(dataset)
    assert dataset.files("articles") == []


def _publish(root, run_id, files):
    Dataset(root).publish(run_id, files)


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


def test_a_live_run_holds_its_name(dataset):
    with dataset.lock("r1") as first:
        assert first
        with dataset.lock("r1") as second:
            assert not second
        with dataset.lock("r2") as other:
            assert other
    with dataset.lock("r1") as again:
        assert again


def test_a_folder_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(DatasetError, match="not a Warraq dataset"):
        Dataset(str(tmp_path)).check()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_file_is_no_output_folder(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(DatasetError, match="can't write there"):
        Dataset(str(tmp_path / "out")).check()


def test_an_empty_or_missing_folder_is_fine(tmp_path, dataset, stage):
    Dataset(str(tmp_path)).check()
    dataset.check()
    dataset.publish("r1", stage("r1", "أول"))
    dataset.check()


def test_a_newer_dataset_is_refused(dataset, stage):
    dataset.publish("r1", stage("r1", "أول"))
    DeltaTable(f"{dataset.root}/articles").alter.set_table_properties(
        {"warraq.schema_version": "99"}, raise_if_not_exists=False
    )
    with pytest.raises(DatasetError, match="newer Warraq.*upgrade"):
        dataset.check()


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / "file"
    with pytest.raises(Killed), storage.create(str(path)) as stream:
        stream.write(b"half")
        raise Killed
    assert list(path.parent.iterdir()) == []
    with storage.create(str(path)) as stream:
        stream.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert storage.entries(str(tmp_path)) == ["folder"]
    assert storage.entries(str(tmp_path / "missing")) == []


def test_what_is_published_is_written_down_first(dataset, stage, monkeypatch):
    monkeypatch.setattr(storage, "move", lambda *_: (_ for _ in ()).throw(Killed))
    files = stage("r1", "أول")
    with pytest.raises(Killed):
        dataset.publish("r1", files)
    manifest = json.loads(Path(dataset.staging("r1"), "publish.json").read_text())
    assert [entry["path"] for entry in manifest] == [file.path for file in files]
