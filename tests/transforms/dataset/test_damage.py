"""A damaged dataset is told in one line with what to do, by every command; a run never makes it worse."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from tests.support.datasets import publish_run, stage_run
from tests.support.paths import ROOT
from warraq.pipelines import ingest, query
from warraq.pipelines.summary import ledger_of, totals_of
from warraq.transforms.dataset import publish as publishing
from warraq.transforms.dataset.data_files import read_table
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.dataset.publish import recover_dead_runs
from warraq.transforms.maintain.damage import byte_faults

DUMP = ROOT / "samples" / "dumps" / "texts.jsonl.gz"


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "out"))
    for run_id in ("r1", "r2"):
        articles = [
            make_article(
                f"{run_id} {n} " + "نص الخبر " * 50, date=dt.date(2025, 5, n), topic="sport", article_id=f"{run_id}{n}"
            )
            for n in (1, 2)
        ]
        publish_run(dataset, run_id, stage_run(dataset, run_id, articles))
    assert list(byte_faults(dataset)) == []
    return dataset


def entry(dataset, table, number=None):
    """An entry of a table's log, the newest if no number is given."""
    entries = sorted(Path(dataset.root, table, "_delta_log").glob("*.json"))
    return entries[-1 if number is None else number]


def first_file(dataset, table):
    return Path(dataset.files(table)[0])


def cut(path, size=None):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if size is None else size])


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


LOGS = {  # what is done to the log, and a word of what is said
    "articles: last entry lost": (lambda data: entry(data, "articles").unlink(), "articles/_delta_log has lost"),
    "rejected: last entry lost": (lambda data: entry(data, "rejected").unlink(), "rejected/_delta_log has lost"),
    "runs: last entry lost": (lambda data: entry(data, "runs").unlink(), "runs/_delta_log has lost"),
    "articles: last entry empty": (lambda data: cut(entry(data, "articles"), 0), "articles/_delta_log has lost"),
    "runs: last entry empty": (lambda data: cut(entry(data, "runs"), 0), "runs/_delta_log has lost"),
    "articles: last entry cut": (lambda data: cut(entry(data, "articles")), "json can't be read (no JSON)"),
    "articles: last entry no JSON": (lambda data: entry(data, "articles").write_text("x\n"), "json can't be read (no JSON)"),
    "runs: last entry zeros": (lambda data: entry(data, "runs").write_bytes(bytes(900)), "json can't be read (no JSON)"),
    "articles: gap": (lambda data: entry(data, "articles", 1).unlink(), "00000000000000000001.json is missing"),
    "articles: first entry lost": (lambda data: entry(data, "articles", 0).unlink(), "00000000000000000000.json is missing"),
    "articles: log lost": (lambda data: shutil.rmtree(entry(data, "articles").parent), "articles/ holds files, but its log"),
    "runs: log lost": (lambda data: shutil.rmtree(entry(data, "runs").parent), "runs/ holds files, but its log"),
    "all logs lost": (
        lambda data: [shutil.rmtree(entry(data, name).parent) for name in ("articles", "rejected", "runs")],
        "holds files, but its log",
    ),
    "articles: table lost": (lambda data: shutil.rmtree(Path(data.root, "articles")), "articles/_delta_log has lost"),
}  # fmt: skip


def contents(dataset):
    return {path: path.read_bytes() for path in Path(dataset.root).rglob("*") if path.is_file()}


def one_line(words, *parts):
    assert words.count("\n") == 1, words
    assert "Traceback" not in words
    for part in (*parts, "restore it from a copy"):
        assert part in words


@pytest.mark.parametrize("damage", LOGS)
def test_a_damaged_log_is_told_by_every_command(dataset, capfd, damage):
    harm, words = LOGS[damage]
    harm(dataset)
    before = contents(dataset)
    assert query.main(["--output", dataset.root, "SELECT count(*) FROM articles"]) == 1
    one_line(capfd.readouterr().err, words)
    assert ingest.main([str(DUMP), "--output", dataset.root, "--quiet", "--workers", "1"]) == 1
    one_line(capfd.readouterr().err, words)
    with pytest.raises(DatasetError, match="restore it from a copy"):
        totals_of(dataset)
    assert query.main(["--output", dataset.root, "--verify"]) == 1
    found = capfd.readouterr().out
    assert words in found or "json is empty" in found
    assert contents(dataset) == before


def test_lines_that_are_lost_from_an_entry_are_found(dataset):
    path = entry(dataset, "articles", 1)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"add"' not in line))
    assert any("names 0 files where 2 were added" in fault.text for fault in byte_faults(dataset))


FILES = {
    "gone": (lambda path: path.unlink(), "is missing"),
    "empty": (lambda path: cut(path, 0), "has 0 bytes, where the log says"),
    "cut": (cut, "bytes, where the log says"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes, where the log says"),
    "flipped": (lambda path: flip(path, path.stat().st_size // 2), "has other bytes"),
    "flipped at its end": (lambda path: flip(path, -20), "has other bytes"),
}


@pytest.mark.parametrize("table", ["articles", "runs"])
@pytest.mark.parametrize("damage", FILES)
def test_a_damaged_file_is_found_and_named(dataset, capfd, table, damage):
    path = first_file(dataset, table)
    harm, words = FILES[damage]
    harm(path)
    assert query.main(["--output", dataset.root, "--verify"]) == 1
    found = capfd.readouterr()
    [line] = found.out.splitlines()
    assert line.startswith(f"{table}/")
    assert path.name in line
    assert words in line
    assert found.err.count("\n") == 1
    assert "1 fault; restore it from a copy" in found.err


@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_lost_file_is_told_by_every_command(dataset, capfd, damage):
    FILES[damage][0](first_file(dataset, "articles"))
    FILES[damage][0](first_file(dataset, "runs"))
    before = contents(dataset)
    assert query.main(["--output", dataset.root, "SELECT sum(length(text)) FROM articles"]) == 1
    words = capfd.readouterr().err
    assert words.count("\n") == 1
    assert f"warraq query {dataset.root} --verify" in words
    assert ingest.main([str(DUMP), "--output", dataset.root, "--quiet", "--workers", "1"]) == 1
    one_line(capfd.readouterr().err, "")
    with pytest.raises(DamagedDatasetError, match=first_file(dataset, "runs").name):
        ledger_of(dataset, ["r1"])
    assert contents(dataset) == before


@pytest.mark.slow
def test_every_flip_of_a_bit_is_found(dataset):
    path = first_file(dataset, "articles")
    sound = path.read_bytes()
    for place in range(0, len(sound), 97):
        flip(path, place)
        assert [fault.text.split()[-6:] for fault in byte_faults(dataset)] == [
            ["bytes", "than", "it", "was", "written", "with"]
        ]
        path.write_bytes(sound)


def test_pages_carry_checksums(dataset):
    """So that other readers can tell damage, too: all of these flips are inside the data of pages."""
    path = first_file(dataset, "articles")
    flip(path, 100)
    with pytest.raises(DamagedDatasetError, match="is broken.*restore it from a copy"):
        read_table(str(path), ["article_id", "url", "canonical_url"])


def test_a_file_without_a_digest_in_its_name_is_read_to_its_end(dataset):
    """Compaction by other programs writes such files."""
    path = first_file(dataset, "articles")
    path.rename(path.with_name("part-1.parquet"))
    for log in (Path(dataset.root, "articles", "_delta_log")).glob("*.json"):
        log.write_text(log.read_text().replace(path.name, "part-1.parquet"))
    assert list(byte_faults(dataset)) == []
    flip(path.with_name("part-1.parquet"), 100)
    [fault] = byte_faults(dataset)
    assert "can't be read" in fault.text


def test_a_file_that_no_log_names_is_found(dataset):
    path = first_file(dataset, "articles")
    shutil.copy(path, path.with_name("part-2.parquet"))
    [fault] = byte_faults(dataset)
    assert "part-2.parquet is not in the log" in fault.text


@pytest.fixture
def killed(dataset, make_article, monkeypatch):
    """Leaves run r3 as it is when it is killed in a function of publish.py; returns its manifest."""

    def kill_at(name, call=0):
        calls = iter(range(100))
        real = getattr(publishing, name)

        def die(*arguments):
            if next(calls) == call:
                raise KeyboardInterrupt
            return real(*arguments)

        files = stage_run(dataset, "r3", [make_article("r3", topic="sport", date=dt.date(2025, 5, 3))])
        with monkeypatch.context() as patched:
            patched.setattr(publishing, name, die)
            with pytest.raises(KeyboardInterrupt):
                publish_run(dataset, "r3", files)
        return Path(dataset.staging_folder("r3"), "publish.json")

    return kill_at


def texts(dataset):
    return sorted(text for path in dataset.files("articles") for text in read_table(path, ["text"])["text"].to_pylist())


BROKEN = {
    "empty": lambda path: path.write_text(""),
    "cut": cut,
    "no JSON": lambda path: path.write_bytes(b"\xff\xfe"),
    "other JSON": lambda path: path.write_text('{"a": 1}'),
    "a table that we don't have": lambda path: path.write_text(path.read_text().replace('"articles"', '"pages"')),
    "a path that leads out": lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "added": [{**one, "path": "../../x"} for one in json.loads(path.read_text())["added"]]})),
    "a path that no disk takes": lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "removed": [{**one, "path": "x" * 5000} for one in json.loads(path.read_text())["added"]]})),
    "deeper than Python reads": lambda path: path.write_text("[" * 200_000),
    "other fields": lambda path: path.write_text(json.dumps([{"path": "x"}])),
}  # fmt: skip


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_manifest_is_never_committed(dataset, killed, damage):
    manifest = killed("_carry_out")
    before = texts(dataset)
    BROKEN[damage](manifest)
    [(words, _)] = recover_dead_runs(dataset)
    assert "publish.json is broken: nothing of it was committed; ingest its dumps again" in words
    assert texts(dataset) == before
    assert not Path(dataset.root, "_staging").exists()
    assert list(byte_faults(dataset)) == []


@pytest.mark.parametrize("moved", [False, True])
def test_a_manifest_that_names_a_lost_file_is_never_committed(dataset, killed, moved):
    manifest = killed("_commit" if moved else "_carry_out")
    before = texts(dataset)
    lost = json.loads(manifest.read_text())["added"][0]
    folder = dataset.root if moved else dataset.staging_folder("r3")
    Path(folder, lost["table"], lost["path"]).unlink()
    [(words, _)] = recover_dead_runs(dataset)
    assert f"{lost['path']} is missing or has another size: nothing of it was committed" in words
    assert texts(dataset) == before
    assert not Path(dataset.root, "_staging").exists()
    assert list(byte_faults(dataset)) == []  # what had been moved is gone again


def test_a_run_that_is_committed_in_part_is_kept_for_the_user(dataset, killed, capfd):
    manifest = killed("_commit", call=2)
    lost = json.loads(manifest.read_text())["added"][-1]
    path = Path(dataset.root, lost["table"], lost["path"])
    content = path.read_bytes()
    path.unlink()
    before = contents(dataset)
    assert ingest.main([str(DUMP), "--output", dataset.root, "--quiet", "--workers", "1"]) == 1
    one_line(capfd.readouterr().err, "run r3 is committed in part, but", lost["path"])
    assert contents(dataset) == before
    path.write_bytes(content)
    assert recover_dead_runs(dataset) == [("finished the publication of run r3, which was cut short", "r3")]
    assert "r3" in texts(dataset)
    assert list(byte_faults(dataset)) == []
