"""A forgotten article is nowhere, and does not come back."""

import datetime as dt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.datasets import publish_run, stage_run, texts
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.forgotten import Forgotten, read_forgotten, url_digest
from warraq.transforms.dataset.index import stage_arrivals
from warraq.transforms.maintain.forget import Request, forget
from warraq.transforms.maintain.undo import undo

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


@pytest.fixture
def articles(make_article):
    return [
        make_article(
            f"نص {name}",
            url=f"https://s.example/{name}",
            article_id=name,
            text_digest=f"digest of {name}",
            topic="sport",
            dump="d.warc",
            dump_offset=number,
        )
        for number, name in enumerate("abc")
    ]


@pytest.fixture
def dataset(tmp_path, articles):
    dataset = Dataset(str(tmp_path / "out"))
    publish_run(dataset, "r1", stage_run(dataset, "r1", articles, dumps=["d.warc"]))
    return dataset


def everywhere(dataset):
    """Every text in any Parquet file below the dataset, replaced ones included."""
    files = Path(dataset.root).rglob("*.parquet")
    read = (pq.ParquetFile(path) for path in files if "_delta_log" not in path.parts)
    return {
        text for file in read if "text" in file.schema_arrow.names for text in file.read(["text"])["text"].to_pylist()
    }


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (Request(article_ids=frozenset("b")), Forgotten(frozenset({"digest of b"}), frozenset("b"))),
        (
            Request(urls=frozenset({"https://s.example/b"})),
            Forgotten(frozenset({"digest of b"}), frozenset("b"), frozenset({url_digest("https://s.example/b")})),
        ),
    ],
)
def test_an_article_is_gone_from_every_file_and_known_again(dataset, articles, request_, known):
    receipt = forget(dataset, request_, NOW)
    assert [row["article_id"] for row in receipt.articles] == ["b"]
    assert texts(dataset) == ["نص a", "نص c"]
    assert everywhere(dataset) == {"نص a", "نص c"}
    assert read_forgotten(dataset) == known
    assert [known.has(article) for article in articles] == [False, True, False]


def test_forgetting_again_changes_nothing(dataset):
    forget(dataset, Request(article_ids=frozenset("b")), NOW)
    rows, version = dataset.rows("forgotten"), dataset.open("articles").version()
    receipt = forget(dataset, Request(article_ids=frozenset("b")), NOW)
    assert (receipt.articles, receipt.rules, receipt.purged) == ([], 0, 0)
    assert dataset.rows("forgotten") == rows
    assert dataset.open("articles").version() == version


def test_a_replaced_file_goes_with_a_later_take_down(dataset):
    """The first take-down left a file in `_replaced`, which has the other articles too."""
    undo(dataset, "r1")
    assert everywhere(dataset) == {"نص a", "نص b", "نص c"}
    receipt = forget(dataset, Request(urls=frozenset({"https://s.example/a"})), NOW)
    assert (receipt.articles, receipt.rules, receipt.purged) == ([], 1, 1)
    assert everywhere(dataset) == set()


def test_the_index_of_copies_is_purged_of_it(dataset, articles):
    """A sketch tells much of a text."""
    files = stage_run(dataset, "r2", [articles[1]._replace(article_id="d")], dumps=["e.warc"])
    staged = [dataset.staged_path("r2", file) for file in files if file.table == "articles"]
    publish_run(dataset, "r2", [*files, *stage_arrivals(dataset, "r2", staged, "r2")])
    [old] = dataset.files("signatures")
    assert forget(dataset, Request(article_ids=frozenset("d")), NOW).purged > 0
    left = [path for path in Path(dataset.root).rglob("*.parquet") if "signatures" in path.parts]
    assert old not in map(str, left)
    assert [row for path in left for row in pq.ParquetFile(path).read(["article_id"]).to_pylist()] == []


def test_no_address_and_no_text_is_kept(dataset):
    forget(dataset, Request(urls=frozenset({"https://s.example/b"}), sites=frozenset({"t.example"})), NOW)
    [*rows] = dataset.rows("forgotten")
    assert {row["table"] for row in rows} == {"articles", ""}
    assert not any("s.example" in str(value) or "نص" in str(value) for row in rows for value in row.values())
    assert read_forgotten(dataset).sites == {"t.example"}
