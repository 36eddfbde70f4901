import threading
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.support.datasets import publish_run, stage_run, texts
from tests.support.processes import PATIENCE
from warraq.transforms import storage
from warraq.transforms.dataset import data_files
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.dataset.publish import recover_dead_runs


def test_an_empty_staging_folder_goes_with_the_last_run(dataset, stage):
    staging = Path(dataset.root, "_staging")
    with dataset.lock("r1"):
        with dataset.lock("r2"):
            publish_run(dataset, "r2", stage("r2", "ثان"))
        assert [path.name for path in staging.iterdir()] == ["r1.lock"]
        publish_run(dataset, "r1", stage("r1", "أول"))
    assert not staging.exists()
    stage("r3", "ثالث")
    recover_dead_runs(dataset)
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


@pytest.mark.parametrize(
    "made",
    [
        [".writable"],
        [".unfinished-ab12", ".writable"],
        ["_staging/"],
        ["_staging/probe-12.lock"],
        ["_staging/probe-12/file", "_staging/probe-12.lock"],
        ["_staging/r9/articles/date=2025-05-01/topic=sport/.unfinished-x", "_staging/r9.lock"],
        ["articles/_delta_log/"],
        ["articles/_delta_log/00000000000000000000.json#1"],
        ["articles/", "rejected/", "runs/"],
    ],
)
def test_what_a_kill_leaves_of_a_fresh_dataset_is_ours(dataset, stage, made):
    for name in made:
        path = Path(dataset.root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text("x")
    dataset.check()
    assert recover_dead_runs(dataset) == []
    assert not Path(dataset.root, "_staging").exists()
    publish_run(dataset, "r1", stage("r1", "أول"))
    dataset.check()
    assert texts(dataset) == ["أول"]


def test_checking_leaves_nothing(dataset):
    dataset.check()
    assert list(Path(dataset.root).iterdir()) == []


def test_a_job_waits_for_another_that_clears_up_after_its_dead_run(dataset):
    held, waiting = threading.Event(), threading.Event()

    def clear_up():
        with dataset.lock("r1"):
            held.set()
            waiting.wait(PATIENCE)

    other = threading.Thread(target=clear_up)
    other.start()
    assert held.wait(PATIENCE)
    with dataset.lock("r1") as free:
        assert not free
    threading.Timer(0.2, waiting.set).start()
    with dataset.lock("r1", patience=PATIENCE) as free:
        assert free
    other.join()


def test_a_name_never_stands_for_two_contents(dataset, make_article):
    article = make_article("أول", topic="sport")
    names = [
        stage_run(dataset, run_id, [article._replace(**fields)])[0].path
        for run_id, fields in [("r1", {}), ("r1", {"credit": "وكالة"}), ("r2", {}), ("r1", {})]
    ]
    assert names[0] == names[3]
    assert len(set(names)) == 3


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
    publish_run(dataset, "r1", stage("r1", "أول"))
    dataset.check()


def test_a_newer_dataset_is_refused(dataset, stage):
    publish_run(dataset, "r1", stage("r1", "أول"))
    DeltaTable(f"{dataset.root}/articles").alter.set_table_properties(
        {"warraq.schema_version": "99"}, raise_if_not_exists=False
    )
    with pytest.raises(DatasetError, match="newer Warraq.*upgrade"):
        dataset.check()


def test_rows_are_read_again_if_their_files_were_replaced_meanwhile(dataset, stage, monkeypatch):
    for name in ("r1", "r2"):
        publish_run(dataset, name, stage(name, "أول"))
    real, once = data_files.read_table, iter([True])

    def overtaken(*arguments):
        if next(once, False):
            storage.move(f"{dataset.root}/runs", _sizes(dataset), f"{dataset.root}/away")
            dataset.open("runs").delete()
        return real(*arguments)

    monkeypatch.setattr(data_files, "read_table", overtaken)
    assert dataset.rows("runs") == []


def test_rows_of_a_lost_file_are_damage(dataset, stage):
    publish_run(dataset, "r1", stage("r1", "أول"))
    storage.move(f"{dataset.root}/runs", _sizes(dataset), f"{dataset.root}/away")
    with pytest.raises(DamagedDatasetError, match="is missing"):
        dataset.rows("runs")


def _sizes(dataset):
    return {file.path: file.size for file in dataset.data_files("runs")}
