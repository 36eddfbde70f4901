"""The index holds what the dataset holds: after a run, a compaction, a take-down, an undo, a kill, and damage."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.datasets import publish_run, stage_run
from warraq.pipelines.search import Search
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.maintain.check import faults
from warraq.transforms.maintain.compact import Settings, compact
from warraq.transforms.maintain.forget import Request, forget
from warraq.transforms.maintain.undo import undo
from warraq.transforms.search import index as index_module

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
DAY = dt.date(2024, 5, 30)
WORDS = {"a": "النفط والغاز", "b": "سرٌّ للإمارات", "c": "كأس العالم في الإمارات"}


@pytest.fixture
def publish(make_article):
    """A function that publishes a run with the articles of these names, all of one day unless said otherwise."""

    def run(dataset, run_id, names, day=DAY):
        articles = [
            make_article(
                WORDS.get(name, f"كلمة {name}"),
                url=f"https://s.example/{name}",
                canonical_url=f"https://s.example/{name}",
                article_id=name,
                text_digest=f"digest of {name}",
                title=f"عنوان {name}",
                date=day,
                topic="sport",
                dump=f"{run_id}.warc",
                dump_offset=number,
            )
            for number, name in enumerate(names)
        ]
        publish_run(dataset, run_id, stage_run(dataset, run_id, articles, dumps=[f"{run_id}.warc"]))

    return run


@pytest.fixture
def dataset(tmp_path, publish):
    dataset = Dataset(str(tmp_path / "out"))
    publish(dataset, "r1", "ab")
    publish(dataset, "r2", "c")
    return dataset


def found(dataset, query=""):
    """The ids and scores of what a new process would find."""
    return [(hit.article_id, hit.score) for hit in Search(Dataset(dataset.root)).find(query).hits]


def ids(dataset, query=""):
    return [article_id for article_id, _ in found(dataset, query)]


def shards(dataset):
    return {path.name for path in Path(dataset.root, "_search").iterdir() if path.is_dir()}


def opened(dataset):
    index = index_module.Index(dataset)
    return [index.open(shard) for shard in index.state().shards.values()]


def index_bytes(dataset):
    return b"".join(path.read_bytes() for path in Path(dataset.root, "_search").rglob("*") if path.is_file())


def test_the_index_follows_the_dataset(dataset, publish):
    assert ids(dataset, "الامارات") == ["b", "c"]
    before, made = found(dataset, "الإمارات"), shards(dataset)

    publish(dataset, "r3", "d")
    assert ids(dataset) == ["a", "b", "c", "d"]
    assert shards(dataset) == made, "articles are added to their shard"

    undo(dataset, "r3")
    assert found(dataset, "الإمارات") == before, "the shard is as if the run had never been"
    made = shards(dataset)

    assert [done.before for done in compact(dataset, Settings(NOW.date(), is_whole=True)) if done.table == "articles"]
    assert found(dataset, "الإمارات") == before
    assert shards(dataset) == made, "a compaction changes no article"

    undo(dataset, "r1")
    assert ids(dataset) == ["c"]


def test_what_is_taken_down_is_in_no_byte_of_the_index(dataset, publish):
    publish(dataset, "r3", ["to-be-taken-down"])
    publish(dataset, "r4", "d", DAY.replace(year=2023))
    assert ids(dataset, "taken") == ["to-be-taken-down"]
    assert b"to-be-taken-down" in index_bytes(dataset)
    kept = {name for name in shards(dataset) if name.startswith("2023")}

    forget(dataset, Request(article_ids=frozenset({"to-be-taken-down"})), NOW)
    assert shards(dataset) == kept, "at once, and not only by the next search"
    assert b"to-be-taken-down" not in index_bytes(dataset)
    assert ids(dataset, "taken") == []
    assert ids(dataset) == ["a", "b", "c", "d"]
    assert b"to-be-taken-down" not in index_bytes(dataset)
    assert [shard.searcher().doc_freq("text", "taken") for shard in opened(dataset)] == [0, 0]


def test_a_take_down_of_something_else_keeps_the_index(dataset):
    ids(dataset)
    made = shards(dataset)
    forget(dataset, Request(article_ids=frozenset("x"), urls=frozenset({"https://s.example/x"})), NOW)
    assert shards(dataset) == made


def test_a_search_that_runs_on_sees_the_changes(dataset, publish):
    search = Search(dataset)
    assert search.find("كلمة").total == 0
    publish(dataset, "r3", "d")
    assert search.find("كلمة").total == 1
    forget(dataset, Request(article_ids=frozenset("d")), NOW)
    assert search.find("كلمة").total == 0


def broken_manifest(folder):
    folder.joinpath("index.json").write_text("{")


def of_another_format(folder):
    manifest = json.loads(folder.joinpath("index.json").read_text())
    folder.joinpath("index.json").write_text(json.dumps({**manifest, "format": -1}))


def without_shards(folder):
    for path in folder.glob("2024-*/*"):
        path.unlink()


def with_a_broken_shard(folder):
    for path in folder.glob("2024-*/meta.json"):
        path.write_text("{")


def without_rows(folder):
    for path in folder.glob("*.rows"):
        path.unlink()


def killed_before_the_manifest(folder):
    """The shard has more articles than the manifest tells."""
    manifest = json.loads(folder.joinpath("index.json").read_text())
    [[name, count]] = manifest["shards"].values()
    folder.joinpath("index.json").write_text(json.dumps({**manifest, "shards": {"2024": [name, count - 1]}}))


@pytest.mark.parametrize(
    "damage",
    [broken_manifest, of_another_format, without_shards, with_a_broken_shard, without_rows, killed_before_the_manifest],
)
def test_a_damaged_index_is_made_anew(dataset, publish, damage):
    ids(dataset)
    damage(Path(dataset.root, "_search"))
    assert ids(dataset) == ["a", "b", "c"]
    publish(dataset, "r3", "d")
    assert ids(dataset) == ["a", "b", "c", "d"]


def test_a_kill_while_articles_are_added_loses_nothing(dataset, publish, monkeypatch):
    ids(dataset)
    publish(dataset, "r3", "d")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(index_module.Index, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        ids(dataset)
    monkeypatch.undo()
    assert ids(dataset) == ["a", "b", "c", "d"]


def test_two_searches_at_once_find_the_same(dataset):
    code = f"""
from warraq.pipelines.search import Search
from warraq.transforms.dataset.dataset import Dataset
print([hit.article_id for hit in Search(Dataset({dataset.root!r})).find("").hits])
"""
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in both] == ["['a', 'b', 'c']\n"] * 2
    assert len(shards(dataset)) == 1


def test_the_index_of_a_dataset_that_cannot_be_written_is_in_the_cache(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(index_module.os, "access", lambda *_: False)
    assert ids(dataset) == ["a", "b", "c"]
    assert not Path(dataset.root, "_search").exists()
    assert len([*Path(tmp_path, "cache", "warraq", "search").iterdir()]) == 1


def test_the_index_is_no_part_of_the_tables(dataset):
    before = [fault.text for fault in faults(dataset)]
    ids(dataset)
    assert [fault.text for fault in faults(dataset)] == before
    dataset.check()
    assert [*Path(dataset.root).glob("articles/*/*/*.parquet")]
    assert not [*Path(dataset.root, "_search").rglob("*.parquet")]


def test_ties_are_broken_by_date_and_id(tmp_path, publish):
    dataset = Dataset(str(tmp_path / "ties"))
    publish(dataset, "r1", "zyx")
    publish(dataset, "r2", "w", DAY.replace(day=29))
    publish(dataset, "r3", "v", DAY.replace(day=31))
    search = Search(dataset)
    assert [hit.article_id for hit in search.find("عنوان").hits] == ["v", "x", "y", "z", "w"]
    for size in (1, 2, 3):
        pages = [search.find("عنوان", limit=size, offset=start).hits for start in range(0, 5, size)]
        assert [hit.article_id for page in pages for hit in page] == ["v", "x", "y", "z", "w"]
