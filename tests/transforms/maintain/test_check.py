"""`maintain check`: each kind of damage is found and named in one line, and repaired or not."""

import argparse
import datetime as dt
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, Schema

from tests.support.loads import article, edit, load, refusal
from tests.support.paths import ROOT
from warraq.pipelines import ingest, maintain
from warraq.pipelines.cli import DONE
from warraq.schemas.arrow import SCHEMA_VERSION, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import publish as publishing
from warraq.transforms.dataset.data_files import read_rows
from warraq.transforms.dataset.dataset import PROPERTIES, Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish
from warraq.transforms.maintain import check, snapshot
from warraq.transforms.maintain.forget import Request, forget
from warraq.transforms.maintain.undo import undo

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
SOUND = "no fault"


@pytest.fixture
def dataset(tmp_path):
    """Run r1 of the dumps `a` and `b`, and run r2 of the dump `c`, with a near copy of an article of `a`."""
    dataset = Dataset(str(tmp_path / "out"))
    pages = [article("a", 0), article("a", 1), refusal("a", 2), refusal("a", 3, "not_html", "read")]
    load(dataset, "r1", [*pages, article("b", 0, day=2), refusal("b", 7)])
    pages = [article("c", 0, day=3, duplicate_of="a-0"), article("c", 1, day=3)]
    load(dataset, "r2", [*pages, refusal("c", 2, "too_short", "clean"), refusal("c", 3, "too_short", "clean")])
    return dataset


def run(dataset, *flags):
    """The exit code, and what was said, without the path of the dataset."""
    parser = argparse.ArgumentParser()
    check.add_flags(parser)
    told = []
    code = check.run(dataset, parser.parse_args(flags), told.append)
    assert all("\n" not in line for line in told)
    return code, [line.replace(f"{dataset.root}: ", "").replace(dataset.root, "OUT") for line in told]


def first(dataset, table="articles"):
    return Path(dataset.files(table)[0])


def content(dataset, table, *names):
    """Some columns of all rows of a table."""
    files = dataset.data_files(table)
    groups = (group for file in files for group in read_rows(table, dataset.path(file), {}, names))
    return sorted(tuple(row[name] for name in names) for group in groups for row in group.to_pylist())


def set_aside(dataset):
    """A copy of the first file in `_replaced`, from where it can come back."""
    file = dataset.data_files("articles")[0]
    target = Path(dataset.root, "_replaced", "articles", file.path)
    target.parent.mkdir(parents=True)
    shutil.copy(dataset.path(file), target)


def edit_log(dataset, table, edited):
    """Changes the lines of all entries of a log."""
    for entry in Path(dataset.root, table, "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in entry.read_text().splitlines()]
        entry.write_text("".join(json.dumps(line) + "\n" for line in edited(lines)))


def without_transaction(dataset, table, key):
    edit_log(dataset, table, lambda lines: [line for line in lines if line.get("txn", {}).get("appId") != key])


def in_another_folder(dataset):
    path = first(dataset)
    target = Path(str(path).replace("topic=sport", "topic=health"))
    target.parent.mkdir(parents=True)
    path.rename(target)
    name = path.name
    old, new = (f"date=2025-05-01/topic={topic}/{name}" for topic in ("sport", "health"))
    edit_log(dataset, "articles", lambda lines: json.loads(json.dumps(lines).replace(old, new)))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-9])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)


def staged(dataset):
    stray = Path(dataset.root, "_staging", "r9", "articles", "x.parquet")
    stray.parent.mkdir(parents=True)
    stray.write_text("x")


def set_property(dataset, key, value):
    DeltaTable(f"{dataset.root}/articles").alter.set_table_properties({key: value}, raise_if_not_exists=False)


# Name: the damage, the faults that are told (a part of each line), and whether `--repair` mends them all.
DAMAGE = {
    "file gone": (lambda data: first(data).unlink(), ["articles/date=2025-05-01/* is missing; restore"], False),
    "file cut": (lambda data: truncate(first(data)), ["articles/* bytes, where the log says * restore"], False),
    "file of rejected flipped": (
        lambda data: flip(first(data, "rejected")),
        ["rejected/stage=clean/* has other bytes than it was written with; restore"],
        False,
    ),
    "file of runs gone": (lambda data: first(data, "runs").unlink(), ["runs/* is missing; restore"], False),
    "file gone, with a copy": (
        lambda data: [set_aside(data), first(data).unlink()],
        ["is missing; --repair moves back the sound copy"],
        True,
    ),
    "file flipped, with a copy": (
        lambda data: [set_aside(data), flip(first(data))],
        ["other bytes * --repair moves back the sound copy"],
        True,
    ),
    "file that no log names": (
        lambda data: shutil.copy(first(data), first(data).with_name("other.parquet")),
        ["articles/*/other.parquet is not in the log; *; --repair moves it to _replaced"],
        True,
    ),
    "file in another folder": (
        in_another_folder,
        ["lies in another folder than date=2025-05-01/topic=sport; restore"],
        False,
    ),
    "log broken": (
        lambda data: Path(data.root, "runs", "_delta_log", f"{1:020}.json").unlink(),
        ["runs/_delta_log/*1.json is missing; restore"],
        False,
    ),
    "newest entry of a log gone": (
        lambda data: Path(data.root, "rejected", "_delta_log", f"{2:020}.json").unlink(),
        [
            "rejected/_delta_log has lost the entry of run r2*; restore",
            "rejected/* is not in the log",
            "does not know load recipe-c",
            "the log of rejected does not know run r2",
            "rejected of load recipe-c (c, run r2): 0 rows with the reason too_short, where the ledger says 2",
        ],
        False,
    ),
    "article lost": (
        lambda data: edit(data, "x", "articles", lambda rows: rows[:-1]),
        ["articles of load recipe-a (a, run r1): 1 rows, where the ledger says 2; take the run out"],
        False,
    ),
    "rejection lost": (
        lambda data: edit(data, "x", "rejected", lambda rows: rows[1:]),
        ["rejected of load recipe-c (c, run r2): 1 rows with the reason too_short, where the ledger says 2"],
        False,
    ),
    "rows of no run": (
        lambda data: edit(
            data, "x", "articles", lambda rows: [{**rows[0], "article_id": "z", "load_id": "l", "dump": "d"}], keep=True
        ),
        ["articles: 1 rows of load l (d) belong to no run whose load is in"],
        False,
    ),
    "rows without a load": (
        lambda data: edit(
            data, "x", "articles", lambda rows: [{**rows[0], "article_id": "z", "load_id": None, "dump": "d"}], keep=True
        ),
        ["articles: 1 rows of d belong to no run whose load is in"],
        False,
    ),
    "rows twice": (
        lambda data: edit(data, "x", "articles", lambda rows: rows[:1], keep=True),
        [
            "articles of load recipe-a (a, run r1): 3 rows, where the ledger says 2",
            "article a-0 stands 2 times: articles/date=2025-05-01/*; --repair keeps the earliest",
        ],
        True,
    ),
    "a page with two articles": (
        lambda data: edit(data, "x", "articles", lambda rows: [*rows, {**rows[0], "article_id": "z"}]),
        ["articles of load recipe-a*3 rows, where", "2 rows of load recipe-a are of one page, a@0: articles/*; take"],
        False,
    ),
    "a page that was kept and rejected": (
        lambda data: edit(data, "x", "rejected", lambda rows: [*rows, {**rows[0], "dump_offset": 1}]),
        ["rejected of load recipe-c*3 rows", "2 rows of load recipe-c are of one page, c@1: articles/*, rejected/*"],
        False,
    ),
    "a copy of nothing": (
        lambda data: edit(data, "x", "articles", lambda rows: [{**row, "duplicate_of": "z"} for row in rows]),
        [f"article {name} is a copy of z, which is no article; --repair elects" for name in ("a-0", "a-1")],
        True,
    ),
    "copies in a circle": (
        lambda data: edit(
            data,
            "x",
            "articles",
            lambda rows: [{**row, "duplicate_of": other["article_id"]} for row, other in zip(rows, rows[1:] + rows[:1], strict=True)],
        ),
        ["article a-0 is a copy of *, which leads back to it; --repair elects"],
        True,
    ),
    "a copy of itself": (
        lambda data: edit(data, "x", "articles", lambda rows: [{**row, "duplicate_of": "a-0"} for row in rows]),
        ["article a-0 is a copy of a-0, which leads back to it; --repair elects"],
        True,
    ),
    "change data feed on": (
        lambda data: set_property(data, "delta.enableChangeDataFeed", "true"),
        ["articles has delta.enableChangeDataFeed on, which keeps rows that were taken out; --repair"],
        True,
    ),
    "older schema": (
        lambda data: set_property(data, "warraq.schema_version", "1"),
        [f"articles has schema 1; this version has {SCHEMA_VERSION}; --repair upgrades the table"],
        True,
    ),
    "staged by a killed run": (staged, ["OUT/_staging/r9 is left of a killed run; --repair removes it"], True),
    "load unknown to a log": (
        lambda data: without_transaction(data, "rejected", "load:recipe-a"),
        ["the log of rejected does not know load recipe-a (a), which run r1 brought; restore the log"],
        False,
    ),
    "run unknown to a log": (
        lambda data: without_transaction(data, "articles", "r1"),
        ["articles/_delta_log has lost the entry of run r1", "the log of articles does not know run r1; restore the log"],
        False,
    ),
    "dump unknown": (
        lambda data: without_transaction(data, "articles", "dump:c"),
        ["the log of articles has load recipe-c, but not its dump c; restore"],
        False,
    ),
    "index without an article": (
        lambda data: edit(data, "x", "signatures", lambda rows: rows[1:]),
        [
            "the index of copies lacks the text of 1 articles; --repair makes the index anew",
            "the index of copies lacks the signature of 1 articles; --repair makes the index anew",
        ],
        True,
    ),
    "index with an article more": (
        lambda data: edit(data, "x", "signatures", lambda rows: [*rows, {**rows[0], "article_id": "z"}]),
        [
            "the index of copies has the text of 1 articles that are not in the dataset; --repair makes",
            "the index of copies has the signature of 1 articles that are not in the dataset; --repair makes",
        ],
        True,
    ),
    "load of no run": (
        lambda data: publish(data, "x", Publication("x", [], [], {"load:l": 1})),
        ["the log of articles has load l, which no row of runs names"],
        False,
    ),
}  # fmt: skip


def matches(line, pattern):
    """True if the parts of a pattern, between asterisks, stand in the line in this order."""
    place = 0
    for part in pattern.split("*"):
        place = line.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named_and_repaired_if_it_can_be(dataset, name):
    harm, expected, is_mended = DAMAGE[name]
    texts = content(dataset, "articles", "text")
    harm(dataset)
    code, told = run(dataset)
    assert code == 1
    *faults, last = told
    assert last == f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    # Where articles were changed, the index of them is another fault.
    found = [line for line in faults if "index of copies" not in line or name.startswith("index")]
    assert [line for line, pattern in zip(found, expected, strict=True) if not matches(line, pattern)] == []
    assert run(dataset) == (code, told)  # checking changes nothing
    code, told = run(dataset, "--repair")
    assert code == int(not is_mended)
    assert told[: len(faults)] == faults
    if is_mended:
        assert "checking again" in told
        assert content(dataset, "articles", "text") == texts
        assert run(dataset) == (0, [SOUND])


def test_a_sound_dataset_has_no_fault_and_stays_as_it_is(dataset):
    before = {path: path.read_bytes() for path in Path(dataset.root).rglob("*") if path.is_file()}
    assert run(dataset) == (0, [SOUND])
    assert run(dataset, "--repair") == (0, [SOUND])
    assert {path: path.read_bytes() for path in Path(dataset.root).rglob("*") if path.is_file()} == before


def test_a_folder_without_a_dataset_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no dataset there"):
        run(Dataset(str(tmp_path)))


@pytest.mark.parametrize("all_rejected", [False, True])
def test_mass_rejections_have_all_their_rows_or_none(tmp_path, all_rejected):
    dataset = Dataset(str(tmp_path / "out"))
    load(dataset, "r1", [article("a", 0), refusal("a", 1, "not_html", "read")], all_rejected=all_rejected)
    assert len(content(dataset, "rejected", "reason")) == int(all_rejected)
    assert run(dataset) == (0, [SOUND])


def test_what_is_taken_out_on_request_is_no_fault(dataset):
    forget(dataset, Request(article_ids=frozenset({"a-1"}), urls=frozenset({"https://s.example/c/3"})), NOW)
    assert run(dataset) == (0, [SOUND])
    edit(dataset, "x", "articles", lambda rows: rows[1:])
    code, told = run(dataset)
    assert code == 1
    assert told[0].startswith("articles of load recipe-a (a, run r1): 0 rows, where the ledger says 2 and 1 were taken")


def test_a_run_that_is_taken_out_and_comes_again_is_no_fault(dataset):
    forget(dataset, Request(article_ids=frozenset({"c-1"})), NOW)
    undo(dataset, "r2")
    assert run(dataset) == (0, [SOUND])
    load(dataset, "r2", [refusal("c", 1, "duplicate", "deduplicate"), article("c", 0)], rows_out=2)
    assert run(dataset) == (0, [SOUND])


def test_a_load_that_replaces_another_is_no_fault(dataset):
    load(dataset, "r3", [article("a", 0), article("a", 1)], recipe="other", replaced=["recipe-a"])
    assert run(dataset) == (0, [SOUND])


def test_rows_of_a_load_that_was_taken_out_belong_to_no_run(dataset):
    publish(dataset, "x", Publication("x", [], [], {"load:recipe-b": 0}))
    code, told = run(dataset)
    assert code == 1
    assert [line.partition(";")[0] for line in told[:-1]] == [
        "articles: 1 rows of load recipe-b (b) belong to no run whose load is in",
        "rejected: 1 rows of load recipe-b (b) belong to no run whose load is in",
    ]


def test_files_of_schema_1_belong_to_their_run(dataset):
    """They lack `load_id`, and name their run in the metadata of the file."""
    for table in ("articles", "rejected"):
        for number, file in enumerate(dataset.data_files(table)):
            rows = pq.ParquetFile(dataset.path(file)).read()
            old = rows.select([name for name in rows.column_names if name != "load_id"])
            path = Path(dataset.root, "_staging", f"{table}{number}", table, file.path).with_name("part-1.parquet")
            path.parent.mkdir(parents=True)
            pq.write_table(old, path)
            new = file._replace(path=f"{file.path.rpartition('/')[0]}/part-1.parquet", size=path.stat().st_size)
            publish(dataset, f"{table}{number}", Publication(f"{table}{number}", [new], [file]))
    assert run(dataset) == (0, [SOUND])


def test_a_column_that_a_table_lacks_is_added(tmp_path):
    dataset = Dataset(str(tmp_path / "out"))
    fields = [field for field in Schema.from_arrow(TABLES["articles"]).fields if field.name != "load_id"]
    DeltaTable.create(
        f"{dataset.root}/articles",
        Schema(fields),
        partition_by=["date", "topic"],
        configuration=PROPERTIES,
        raise_if_key_not_exists=False,
    )
    for table in ("rejected", "runs"):
        dataset.open_or_create(table)
    assert run(dataset) == (1, ["articles lacks the column load_id; --repair upgrades the table", "1 fault"])
    assert run(dataset, "--repair")[0] == 0


def test_one_article_of_two_pages_keeps_the_earlier_one(dataset):
    """As two runs write it that begin at once. The page of the other one counts as rejected, in its load."""
    load(dataset, "r3", [article("d", 0, "a-0"), article("d", 1)])
    code, told = run(dataset)
    assert (code, len(told)) == (1, 2)
    assert matches(
        told[0], "article a-0 stands 2 times: articles/date=2025-05-01/*, articles/date=2025-05-01/*; --repair"
    )
    code, told = run(dataset, "--repair")
    assert code == 0
    assert matches(told[1], "kept the earliest row of article a-0, in articles/date=2025-05-01/")
    assert ("a-0", "a", 0) in content(dataset, "articles", "article_id", "dump", "dump_offset")
    names = ("dump", "dump_offset", "reason", "detail", "run_id", "load_id")
    assert ("d", 0, "duplicate", "a-0", "r3", "recipe-d") in content(dataset, "rejected", *names)


def test_a_killed_publication_is_finished_before_rows_are_compared(dataset, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "_commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            load(dataset, "r3", [article("d", 0)])
    code, told = run(dataset)
    assert code == 1
    assert matches(told[0], "OUT/_staging/r3/publish.json: a publication was killed; * --repair finishes it")
    assert told[1:] == ["1 fault"]
    code, told = run(dataset, "--repair")
    assert (code, told[1], told[-1]) == (0, "finished the publication of run r3, which was cut short", SOUND)
    assert dataset.has_run("r3")


class Killed(BaseException):
    """Stands for a kill -9."""


def damaged_in_many_ways(dataset):
    """A stray file, a file of which only a copy is left, an article of two pages, a pointer to nothing."""
    load(dataset, "r3", [article("d", 0, "a-0", day=4), article("d", 1, day=4, duplicate_of="z")])
    shutil.copy(first(dataset), first(dataset).with_name("other.parquet"))
    set_aside(dataset)
    first(dataset).unlink()


REPAIRED = ["article_id", "duplicate_of", "dump", "load_id"]
STEPS = ["move", "_carry_out", "_check", "_commit", "_hide", "discard"]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_repair_that_is_killed_is_done_by_the_next(dataset, monkeypatch, step):
    """Killed at every call of a step, the first of them first; each time the dataset can be repaired."""
    damaged_in_many_ways(dataset)
    whole = Path(dataset.root)
    before = whole.with_name("before")
    shutil.copytree(whole, before)
    assert run(dataset, "--repair")[0] == 0
    expected = [content(dataset, table, *names) for table, names in (("articles", REPAIRED), ("rejected", ["detail"]))]
    for call in range(100):
        shutil.rmtree(whole)
        shutil.copytree(before, whole)
        target = storage if step == "move" else publishing
        real, calls = getattr(target, step), iter(range(100))

        def die(*arguments, real=real, calls=calls, call=call, **named):
            if next(calls) == call:
                raise Killed
            return real(*arguments, **named)

        with monkeypatch.context() as patched:
            patched.setattr(target, step, die)
            try:
                run(dataset, "--repair")
            except Killed:
                pass
            else:
                break
        assert run(dataset, "--repair")[0] == 0
        found = [content(dataset, table, *names) for table, names in (("articles", REPAIRED), ("rejected", ["detail"]))]
        assert found == expected
    assert call


def test_a_row_that_is_lost_with_its_file_is_one_fault(dataset):
    """And pointers that may lead into the lost file are no faults."""
    assert [file.rows for file in dataset.data_files("articles")] == [2, 1, 2]
    first(dataset).unlink()
    assert len(run(dataset)[1]) == 2
    edit(dataset, "x", "rejected", lambda rows: rows[1:])
    told = run(dataset)[1]
    assert [line.split()[0].split("/")[0] for line in told[:-1]] == ["articles", "rejected"]


def test_a_replaced_file_is_read_where_it_is_now(dataset, monkeypatch):
    """Another process compacts after the snapshot was taken."""
    real = snapshot.take

    def take(dataset):
        found = real(dataset)
        edit(dataset, "x", "articles", lambda rows: rows)
        return found

    monkeypatch.setattr(snapshot, "take", take)
    assert run(dataset) == (0, [SOUND])


def test_a_living_run_is_left_alone(dataset):
    with dataset.lock("r9"):
        staged(dataset)
        assert run(dataset, "--repair") == (0, [SOUND])
        assert Path(dataset.root, "_staging", "r9").exists()
    assert run(dataset)[0] == 1


def test_nothing_is_moved_away_while_a_log_is_damaged(dataset):
    Path(dataset.root, "rejected", "_delta_log", f"{2:020}.json").unlink()
    before = {path for path in Path(dataset.root).rglob("*") if path.is_file()}
    code, told = run(dataset, "--repair")
    assert code == 1
    assert told[-2] == "nothing is repaired while a log is damaged: files that it has lost would be moved away"
    assert {path for path in Path(dataset.root).rglob("*") if path.is_file()} == before


def test_a_chain_of_copies_is_no_fault(dataset):
    """`Deduplicate` gives one if two texts are each similar to a third, and not to each other."""
    load(dataset, "r3", [article("d", 0, duplicate_of="c-0")])
    assert run(dataset) == (0, [SOUND])


def ingested(dataset, *arguments):
    """The run of a command; afterwards the dataset must have no fault."""
    code = ingest.main([*map(str, arguments), "--output", dataset.root, "--quiet", "--workers", "1"])
    assert run(dataset) == (0, [SOUND])
    return code


@pytest.mark.slow
def test_a_dataset_has_no_fault_after_any_command(tmp_path):
    """Ingestion, growth of a cut dump, compaction, a take-down, better rules, a run taken out and made again."""
    dataset = Dataset(str(tmp_path / "out"))
    dumps = ROOT / "samples" / "dumps"
    grown = tmp_path / "grown.warc.gz"
    grown.write_bytes((dumps / "news.warc.gz").read_bytes()[:60_000])
    assert ingested(dataset, grown) == DONE
    grown.write_bytes((dumps / "news.warc.gz").read_bytes())
    others = [dumps / name for name in ("damaged.warc.gz", "feed.jsonl", "mixed.warc.gz", "crawl.wet.gz", "site.zip")]
    assert ingested(dataset, grown, *others, "--rejected", "all") == DONE
    assert maintain.main([dataset.root, "--before", "2100-01-01"]) == DONE
    assert run(dataset) == (0, [SOUND])
    assert any(row["taken_back"] for row in dataset.rows("runs"))
    (article_id,) = content(dataset, "articles", "article_id")[0]
    forget(dataset, Request(article_ids=frozenset({article_id})), NOW)
    assert run(dataset) == (0, [SOUND])
    assert ingested(dataset, grown, others[1], "--replace", "--quality_min_words", "60") == DONE
    runs = [row["run_id"] for row in dataset.rows("runs")]
    undo(dataset, runs[0])
    assert run(dataset) == (0, [SOUND])
    assert ingested(dataset, grown, *others) == DONE
