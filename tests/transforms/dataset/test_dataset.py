import contextlib
import datetime as dt
import json
import multiprocessing
import threading
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from tests.support.datasets import stage_run
from tests.support.processes import PATIENCE
from warraq.schemas.arrow import TABLES, file_table
from warraq.schemas.records import Article, Source
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset, DatasetError
from warraq.transforms.dataset.verify import faults


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
        dataset.recover_dead_runs()
        with dataset.lock(run_id, PATIENCE) as free:
            assert free
            assert not dataset.recover(run_id)
            article = Article(Source(run_id, NOON, "d", turn, 1), "u", "s", None, run_id, None, DAY, "x", topic="sport")
            dataset.publish(run_id, stage_run(dataset, run_id, [article]))


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
    assert list(faults(dataset)) == []


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
    assert dataset.recover_dead_runs() == []
    assert not Path(dataset.root, "_staging").exists()
    dataset.publish("r1", stage("r1", "أول"))
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


def test_a_worker_that_publishes_on_without_its_launcher_is_left_alone(dataset, stage, monkeypatch):
    """The launcher's lock died with it; the worker's own says that the run is alive."""
    files, clear = stage("r1", "أول"), dataset.recover_dead_runs
    move = storage.move

    def meanwhile(*arguments):
        assert clear() == []
        move(*arguments)
        assert clear() == []

    monkeypatch.setattr(storage, "move", meanwhile)
    dataset.publish("r1", files)
    assert texts(dataset) == ["أول"]
    assert list(faults(dataset)) == []


def test_a_worker_whose_files_were_cleared_commits_nothing(dataset, stage):
    files = stage("r1", "أول")
    assert dataset.recover_dead_runs() == []
    with pytest.raises(DatasetError, match="another process has cleared this run"):
        dataset.publish("r1", files)
    assert dataset.files("articles") == []
    assert not staged(dataset)
    dataset.publish("r1", stage("r1", "أول"))
    assert texts(dataset) == ["أول"]


@pytest.mark.parametrize("where", ["before it moves", "after it moved", "after it committed"])
def test_two_publishers_without_locks_commit_one_run_once(dataset, stage, monkeypatch, where):
    """As in a bucket. The other's row of `runs` has another time, so its file another name."""
    monkeypatch.setattr(storage, "lock", lambda *_: contextlib.nullcontext(True))

    dataset.publish("r0", stage("r0", "صفر"))
    files = stage("r1", "أول", "ثان")
    other = [
        *stage("r1", "أول", "ثان")[:-1],
        dataset.stage("r1", files[-1]._replace(path="run-r1-later"), [_later()]),
    ]
    step = {"before it moves": "_finish", "after it moved": "_commit", "after it committed": "discard"}[where]
    real, once = getattr(Dataset, step), iter([True])

    def overtaken(*arguments):
        if next(once, False):
            Dataset(dataset.root).publish("r1", other)
        return real(*arguments)

    monkeypatch.setattr(Dataset, step, overtaken)
    with contextlib.suppress(DatasetError):  # its files are gone: the runner tries again, and finds the run committed
        dataset.publish("r1", files)
    assert texts(dataset) == ["أول", "ثان", "صفر"]
    assert not dataset.recover_dead_runs()
    assert len(dataset.files("runs")) == 2
    assert list(faults(dataset)) == []


def _later():
    row = dict.fromkeys(TABLES["runs"].names, "") | {"run_id": "r1", "started_at": 0, "committed_at": 1}
    return file_table("runs", [row | {"dumps": [], "ledger": []}])


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
