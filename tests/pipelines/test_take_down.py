"""An editor takes an article down: it is gone from search, page, report and export, and what is like it stays."""

import gzip

import pytest

from tests.support.datasets import publish_run, stage_run
from tests.support.pages import LEDGER, articles
from warraq.pipelines.commands import run
from warraq.pipelines.search import Search
from warraq.pipelines.serve.app import application
from warraq.pipelines.serve.asker import Lake
from warraq.transforms.dataset.dataset import Dataset

HOST = {"Host": "127.0.0.1:8750"}
MARKS = ("قنديلة", "secret", "ليلى المستورة")  # of the article: in its title and text, its site, its name
ADDRESS = f"https://{MARKS[1]}.example/page"
PAGES = ("/", "/search", "/search?q=المباراة", "/stories", "/names?letters=ليلى", "/trends", "/sites", "/ledger")


@pytest.fixture
def dataset(tmp_path, make_article):
    """The article that goes is the original of the last one."""
    dataset = Dataset(str(tmp_path / "out"))
    first, *others = articles(make_article)
    name = first.entities[0]._replace(name=MARKS[2])
    goes = first._replace(
        title=f"المباراة {MARKS[0]}",
        text=f"{first.text} {MARKS[0]}",
        source=first.source._replace(url=ADDRESS),
        canonical_url=ADDRESS,
        site=f"{MARKS[1]}.example",
        entities=[name],
        text_digest="0" * 32,
    )
    publish_run(dataset, "run1", stage_run(dataset, "run1", [goes, *others], LEDGER, ["crawl.warc.gz"]))
    return dataset


def shown(dataset, client, folder, paths):
    """Everything that each of the four ways shows: the found articles, pages, report and files, as text."""
    folder.mkdir()
    hits = Search(dataset).find("المباراة").hits
    pages = "".join(client.get(path, headers=HOST).get_data(as_text=True) for path in paths)
    assert run(["report", dataset.root, "--html", str(folder / "report.html")]) == 0
    assert run(["export", dataset.root, str(folder / "corpus"), "--to", "jsonl"]) == 0
    files = [path for path in (folder / "corpus").rglob("*") if path.is_file()]
    export = "".join((gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes()).decode() for path in files)
    return {
        "search": str(hits),
        "page": pages,
        "report": (folder / "report.html").read_text(encoding="utf-8"),
        "export": export,
    }


def test_an_article_that_is_taken_down_is_gone_everywhere(dataset, tmp_path, capsys):
    client = application(Lake(dataset)).test_client()  # it runs on, as a server does
    article = f"/article/2025-06-01/{0:032x}"
    before = shown(dataset, client, tmp_path / "before", [*PAGES, article])
    assert all(MARKS[0] in before[way] for way in ("search", "page", "export"))
    assert MARKS[2] in before["page"]
    assert MARKS[1] in before["report"]
    assert run(["maintain", dataset.root, "forget", "--url", ADDRESS, "--yes"]) == 0
    capsys.readouterr()
    after = shown(dataset, client, tmp_path / "after", PAGES)
    assert {way: [mark for mark in MARKS if mark in text] for way, text in after.items()} == {way: [] for way in after}
    assert client.get(article, headers=HOST).status_code == 404
    for way in ("search", "page", "export"):
        assert f"{2:032x}" in after[way], way  # its copy, which is an original now
    assert f"{0:032x}" in (tmp_path / "after" / "corpus" / "take_downs.txt").read_text(encoding="utf-8")
