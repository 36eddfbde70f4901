"""`warraq export`: what is in the files, which articles are chosen, and what is left after a failure."""

import datetime as dt
import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.loads import article, load, refusal
from tests.support.paths import ROOT
from tests.support.processes import wait_until
from warraq.pipelines.commands import run
from warraq.schemas.arrow import TABLES
from warraq.schemas.records import Entity
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.maintain.forget import Request, forget


@pytest.fixture
def dataset(tmp_path):
    """Five articles: an original, a near copy of it, a near copy of that, and two others. Two pages are refused."""
    dataset = Dataset(str(tmp_path / "out"))
    person = Entity("ليلى", "person", 0, 4, "ليلى", 0.9)
    articles = [
        article("a", 0, "0" * 32, day=3, words=5, entities=[person]),
        article("a", 1, "4" * 32, day=1, words=7, duplicate_of="0" * 32),
        article("a", 2, "8" * 32, day=2, words=9, duplicate_of="4" * 32, topic="health"),
        article("CC-MAIN-2024-10/b.warc.gz", 3, "c" * 32, words=11, text="راسلونا: news@s.example", language="ar"),
        article("CC-MAIN-2024-10/b.warc.gz", 4, "f" * 32, words=13, site="t.example"),
    ]
    copies = [refusal("a", offset, "duplicate", "deduplicate")._replace(detail="4" * 32) for offset in (5, 6)]
    load(dataset, "r1", [*articles, *copies, refusal("a", 7)])
    return dataset


def export(dataset, folder, *flags):
    assert run(["export", dataset.root, str(folder), *flags]) == 0
    [file] = (folder / "data").iterdir()
    if file.name.endswith(".gz"):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    return pq.read_table(file).to_pylist()


def ids(rows):
    return "".join(row.get("article_id", row.get("id"))[0] for row in rows)


def test_all_columns_are_in_the_files_in_order_of_days(dataset, tmp_path):
    rows = export(dataset, tmp_path / "corpus")
    assert [*rows[0]] == [*TABLES["articles"].names, "copies", "cluster_size"]
    assert [(row["article_id"][0], row["date"].day, row["topic"]) for row in rows] == [
        ("4", 1, "sport"),
        ("c", 1, "sport"),
        ("f", 1, "sport"),
        ("8", 2, "health"),
        ("0", 3, "sport"),
    ]


def test_copies_are_counted_over_the_whole_family(dataset, tmp_path):
    rows = {row["article_id"][0]: row for row in export(dataset, tmp_path / "corpus", "--unique")}
    assert {name: (row["copies"], row["cluster_size"]) for name, row in rows.items()} == {
        "0": (0, 5),
        "c": (0, 1),
        "f": (0, 1),
    }
    rows = {row["article_id"][0]: row for row in export(dataset, tmp_path / "all")}
    assert [(rows[name]["copies"], rows[name]["cluster_size"]) for name in "048"] == [(0, 5), (2, 5), (0, 5)]


def test_json_lines_have_the_same_rows(dataset, tmp_path):
    rows, lines = export(dataset, tmp_path / "p"), export(dataset, tmp_path / "j", "--to", "jsonl")
    assert [[*row] for row in rows] == [[*line] for line in lines]
    assert [row["text"] for row in rows] == [line["text"] for line in lines]
    assert lines[0]["date"] == "2025-05-01"
    assert lines[0]["fetched_at"] == "2025-06-01T12:00:00Z"


def test_fineweb2_has_its_values(dataset, tmp_path):
    [row] = [row for row in export(dataset, tmp_path / "f", "--to", "fineweb2") if row["id"][0] == "c"]
    assert row == {
        "text": "راسلونا: news@s.example",
        "id": "c" * 32,
        "dump": "CC-MAIN-2024-10",
        "url": "https://s.example/CC-MAIN-2024-10/b.warc.gz/3",
        "date": "2025-06-01T12:00:00Z",
        "file_path": "CC-MAIN-2024-10/b.warc.gz",
        "language": "arb",
        "language_score": 0.0,
        "language_script": "Arab",
        "minhash_cluster_size": 1,
        "top_langs": '{"arb_Arab_score": 0.0}',
    }


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [
        (["--where", "words >= 9 -- many"], "cf8"),
        (["--where", "article_id IN (SELECT article_id FROM entities WHERE name = 'ليلى')"], "0"),
        (["--unique"], "cf0"),
        (["--sample", "2"], "40"),
        (["--sample", "0.5"], "40"),
        (["--sample", "50%"], "40"),
        (["--sample", "99"], "4cf80"),
        (["--unique", "--sample", "1"], "0"),
        (["--where", "false"], ""),
    ],
)
def test_flags_choose_articles(dataset, tmp_path, flags, chosen):
    assert ids(export(dataset, tmp_path / "corpus", *flags)) == chosen


def test_a_list_chooses_sites_by_host(dataset, tmp_path):
    (tmp_path / "sites").write_text("S.example\n", encoding="utf-8")
    assert ids(export(dataset, tmp_path / "all", "--sites", str(tmp_path / "sites"))) == "4cf80"
    (tmp_path / "sites").write_text("www.s.example\n", encoding="utf-8")
    assert ids(export(dataset, tmp_path / "none", "--sites", str(tmp_path / "sites"))) == ""


def test_the_same_articles_give_the_same_bytes(dataset, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        export(dataset, folder)
        assert run(["maintain", dataset.root]) == 0
    one, two = ({path.relative_to(f): path.read_bytes() for path in f.rglob("*") if path.is_file()} for f in folders)
    assert one == two
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folders[0], capture_output=True)
    assert done.returncode == 0


def test_the_card_counts_and_its_yaml_is_valid(dataset, tmp_path):
    export(dataset, tmp_path / "corpus", "--title", "أخبار", "--unique")
    card = (tmp_path / "corpus" / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["pretty_name"] == "أخبار"
    assert head["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "data/*"}]}]
    assert (head["language"], head["license"], head["size_categories"]) == (["ar"], "other", ["n<1K"])
    for line in (
        "| articles | 3 |",
        "| words | 29 |",
        "| s.example | 2 |",
        "| sport | 3 |",
        "Texts with an e-mail address: 1.",
        "Mentions: 1.",
        "`--unique`",
    ):
        assert line in card


def test_take_downs_are_told_to_those_who_have_a_copy(dataset, tmp_path):
    export(dataset, tmp_path / "one")
    now = dt.datetime(2025, 7, 1, tzinfo=dt.timezone.utc)
    forget(dataset, Request(article_ids=frozenset({"f" * 32})), now)
    assert ids(export(dataset, tmp_path / "two", "--since", str(tmp_path / "one"))) == "4c80"
    assert (tmp_path / "two" / "take_downs.txt").read_text(encoding="utf-8") == f"{'f' * 32}\n"
    card = (tmp_path / "two" / "README.md").read_text(encoding="utf-8")
    assert re.search(r"Articles taken down since the export of 2\d{3}-\d\d-\d\d: 1\.", card)
    export(dataset, tmp_path / "three", "--since", str(tmp_path / "two"))
    assert (tmp_path / "three" / "take_downs.txt").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--where", "wrods > 3"], '"wrods"'),
        (["--where", "words >"], "--where"),
        (["--sample", "0"], "--sample 0"),
        (["--sample", "1.5"], "--sample 1.5"),
        (["--sites", "missing"], "--sites missing"),
        (["--since", "missing"], "missing: no export"),
        (["--to", "csv"], "--to"),
        (["--text_only", "--urls_only"], "--text_only"),
        (["--text_only", "--to", "fineweb2"], "fineweb2"),
        (["--uniqe"], "--unique"),
    ],
)
def test_a_wrong_flag_costs_one_line_and_leaves_nothing(dataset, tmp_path, capfd, flags, words):
    assert run(["export", dataset.root, str(tmp_path / "corpus"), *flags]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert words in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_only_a_new_or_empty_folder_outside_of_the_dataset_is_written(dataset, tmp_path, capfd):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine", encoding="utf-8")
    for folder, words in ((full, "not empty"), (Path(dataset.root, "x"), "in the dataset"), ("s3://b/x", "local")):
        assert run(["export", dataset.root, str(folder)]) == 2
        assert words in capfd.readouterr().err
    assert run(["export", str(tmp_path / "nothing"), str(tmp_path / "corpus")]) == 2
    assert "no dataset there" in capfd.readouterr().err
    (tmp_path / "empty").mkdir()
    assert len(export(dataset, tmp_path / "empty")) == 5


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_export_leaves_no_folder_that_looks_whole(dataset, tmp_path, number):
    held = (
        "import sys, time; from warraq.pipelines.export import command; from warraq.pipelines import commands\n"
        "command.checksums = lambda folder: print('ready', flush=True) or time.sleep(600)\n"
        f"sys.exit(commands.run(['export', {dataset.root!r}, {str(tmp_path / 'corpus')!r}]))"
    )
    process = subprocess.Popen([sys.executable, "-c", held], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    assert run(["export", dataset.root, str(tmp_path / "corpus")]) == 2  # another is writing there
    os.kill(process.pid, number)
    process.wait()
    process.communicate()
    wait_until(lambda: not (tmp_path / "corpus").exists())
    assert len(export(dataset, tmp_path / "corpus")) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]
