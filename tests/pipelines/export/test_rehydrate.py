"""`warraq rehydrate`: an export without texts, and the same dumps, give the texts."""

import json

import pyarrow.parquet as pq
import pytest

from tests.support.loads import article, load
from warraq.pipelines.commands import run
from warraq.pipelines.config import FlowConfig, config_of_options
from warraq.pipelines.export import rehydrate
from warraq.transforms.clean.clean import CleanRules
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.read.discover import find_dumps

TEXT = "أعلنت وزارة الصحة في بيان لها اليوم عن افتتاح مستشفى جديد في العاصمة يضم مئتي سرير. " * 3


@pytest.fixture
def addresses(tmp_path):
    """An export of three articles: of a page in a dump, of a page that says something else now, of a lost dump."""
    dump = tmp_path / "feed.jsonl"
    lines = [{"url": f"https://s.example/{n}", "text": f"{TEXT}{n}.", "fetched_at": "2025-06-01"} for n in range(2)]
    dump.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    [found] = find_dumps([str(dump)]).dumps
    pages = [*rehydrate.read_range(found, 0, None, FlowConfig().read)]
    text = rehydrate.text_of(pages[0], FlowConfig())
    dataset = Dataset(str(tmp_path / "out"))
    articles = [
        article("feed.jsonl", pages[0].source.dump_offset, "a", text=text),
        article("feed.jsonl", pages[1].source.dump_offset, "b", text="نص آخر"),
        article("lost.warc", 7, "c"),
    ]
    load(dataset, "r1", articles)
    assert run(["export", dataset.root, str(tmp_path / "addresses"), "--urls_only"]) == 0
    return tmp_path / "addresses"


def test_texts_are_made_again_and_compared(addresses, tmp_path):
    exported = pq.read_table(addresses / "data")
    assert "text" not in exported.column_names
    assert (
        run(
            [
                "rehydrate",
                str(addresses),
                str(tmp_path / "texts"),
                "--from",
                str(tmp_path / "feed.jsonl"),
                "--workers",
                "1",
            ]
        )
        == 0
    )
    [row] = pq.read_table(tmp_path / "texts" / "data").to_pylist()
    assert row["article_id"] == "a"
    assert row["text"].startswith("أعلنت وزارة الصحة")
    missing = (tmp_path / "texts" / "missing.txt").read_text(encoding="utf-8").splitlines()
    assert missing == ["b\tthe page gives another text", "c\tno dump given has its page"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "texts", "--from", "."], "no export"),
        (["{addresses}", "texts", "--from", "nothing.warc"], "nothing.warc"),
        (["{addresses}", "{addresses}", "--from", "."], "not empty"),
        (["{addresses}", "texts"], "--from"),
    ],
)
def test_a_mistake_costs_one_line(addresses, capfd, arguments, words):
    capfd.readouterr()
    assert run(["rehydrate", *(each.format(addresses=addresses) for each in arguments)]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert words in line


def test_a_configuration_is_read_from_the_options_of_a_run():
    config = FlowConfig(clean=CleanRules(min_words=7), quality=None)
    options = json.loads(config.to_json(more=1))
    options["clean"]["unknown"] = 1
    assert config_of_options(options) == config
