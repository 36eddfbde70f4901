"""Compaction: the same rows in few files, equal on every machine, whoever is killed and whoever else publishes."""

import contextlib
import datetime as dt
import hashlib
import itertools
import multiprocessing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.datasets import publish_run, stage_run, texts
from warraq.schemas.arrow import ORDER, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset import publish as publishing
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.index import stage_arrivals
from warraq.transforms.dataset.publish import recover_dead_runs
from warraq.transforms.maintain import compact as compaction
from warraq.transforms.maintain import operation
from warraq.transforms.maintain.compact import RULES, Settings, compact, groups, is_compacted
from warraq.transforms.maintain.damage import byte_faults

CLOSED = Settings(dt.date(2026, 1, 1))


@pytest.fixture
def dataset(tmp_path):
    return Dataset(str(tmp_path / "out"))


@pytest.fixture
def article(make_article):
    """Article number n: of one of three sites, two days and two topics."""

    def make(number, **more):
        fields = {
            "text": f"نص {number}",
            "url": f"https://s.example/{number}",
            "site": f"{'cab'[number % 3]}.example",
            "article_id": f"{number:032x}",
            "topic": ["sport", "health"][number % 2],
            "date": dt.date(2025, 5, 1 + number // 2 % 2),
            "published_at": dt.datetime(2025, 5, 1, number % 24, tzinfo=dt.timezone.utc) if number % 4 else None,
            "dump": "d.warc",
            "dump_offset": number,
        }
        return make_article(**{**fields, **more})

    return make


def ingest(dataset, run_id, articles):
    publish_run(dataset, run_id, stage_run(dataset, run_id, articles, dumps=["d.warc"]))


def run(dataset, settings=CLOSED):
    return {done.table: done for done in compact(dataset, settings)}


def content(dataset, table="articles"):
    """Path → bytes of each file that the log names."""
    return {file.path: Path(dataset.path(file)).read_bytes() for file in dataset.data_files(table)}


def rows(dataset):
    """All articles without the order of their files. Plain DuckDB and the log agree on them."""
    found = texts(dataset)
    everything = duckdb.from_parquet(dataset.files("articles"), hive_partitioning=True).fetchall()
    assert len(everything) == len(found)
    return sorted(map(repr, everything))


def test_a_closed_day_has_one_file_a_partition_with_the_same_rows(dataset, article):
    for number in range(0, 24, 4):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 4)])
    before = rows(dataset)
    done = run(dataset)["articles"]
    assert (done.before, done.after, done.damaged) == (24, 4, [])
    assert rows(dataset) == before
    assert len({tuple(file.partition) for file in dataset.data_files("articles")}) == 4
    assert list(byte_faults(dataset)) == []


def test_rows_are_sorted(dataset, article):
    for number in range(0, 24, 4):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 4)])
    run(dataset)
    for path in dataset.files("articles"):
        keys = [
            (one["site"], one["published_at"] is None, one["published_at"], one["article_id"])
            for one in pq.ParquetFile(path).read().to_pylist()
        ]
        assert keys == sorted(keys)


HISTORIES = {
    "at once": [range(24)],
    "one by one": [[number] for number in range(24)],
    "backwards": [range(number, number + 3) for number in range(21, -1, -3)],
}


def test_equal_rows_give_equal_bytes_whatever_the_runs_were(tmp_path, article):
    found = []
    for name, runs in HISTORIES.items():
        dataset = Dataset(str(tmp_path / name))
        for number, articles in enumerate(runs):
            ingest(dataset, f"{name} {number}", [article(n) for n in articles])
            if number % 5 == 4:
                run(dataset)
        run(dataset)
        found.append(content(dataset))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 4


def test_compacting_again_changes_nothing(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(8)])
    run(dataset)
    versions = [dataset.open(name).version() for name in ("articles", "rejected", "runs")]
    assert {done.before for done in run(dataset).values()} == {0}
    assert [dataset.open(name).version() for name in ("articles", "rejected", "runs")] == versions


def test_open_days_are_left_alone(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(4)])
    ingest(dataset, "r2", [article(n) for n in range(4, 8)])
    before = content(dataset)
    run(dataset, Settings(dt.date(2025, 5, 2)))
    after = content(dataset)
    assert {path for path in after if "date=2025-05-02" in path} == {path for path in before if "05-02" in path}
    assert len([path for path in after if "date=2025-05-01" in path]) == 2


@pytest.fixture
def long_article(article):
    """An article of one partition with 640 bytes of text that can't be compressed much."""

    def make(number, **more):
        text = "".join(hashlib.sha256(f"{number} {part}".encode()).hexdigest() for part in range(10))
        return article(4 * number, text=text, **more)

    return make


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setitem(RULES, "articles", RULES["articles"]._replace(row_group=40_000))
    monkeypatch.setattr(compaction, "_AT_ONCE", 100_000)


@pytest.mark.usefixtures("small_pieces")
def test_files_grow_up_to_the_target(dataset, long_article):
    for number in range(0, 300, 60):
        ingest(dataset, f"r{number}", [long_article(n) for n in range(number, number + 60)])
    before, target = rows(dataset), 100_000
    run(dataset, Settings(CLOSED.before, target))
    assert rows(dataset) == before
    files = dataset.data_files("articles")
    assert len(files) == 2
    for path in dataset.files("articles"):
        stated = pq.read_metadata(path)
        groups_ = [stated.row_group(number) for number in range(stated.num_row_groups)]
        chunks = [group.column(number) for group in groups_ for number in range(group.num_columns)]
        assert len(groups_) > 1
        assert sum(chunk.total_compressed_size for chunk in chunks) <= target


@pytest.mark.usefixtures("small_pieces")
def test_files_of_a_large_partition_stay_when_new_rows_come_after_theirs(dataset, long_article):
    """Only the end of a partition that is made anew changes."""
    ingest(dataset, "r1", [long_article(n, site="a.example") for n in range(300)])
    settings = Settings(CLOSED.before, target=50_000, is_whole=True)
    run(dataset, settings)
    before = content(dataset)
    assert len(before) > 2
    ingest(dataset, "r2", [long_article(n, site="b.example") for n in range(300, 330)])
    run(dataset, settings)
    kept = before.keys() & content(dataset).keys()
    assert len(before) - 1 <= len(kept) <= len(before)
    version = dataset.open("articles").version()
    run(dataset, settings)
    assert dataset.open("articles").version() == version


sizes = st.lists(st.integers(1, 3000), max_size=40)


def data_files(sizes, table="articles"):
    partitions = {"articles": ["2025-05-01", "sport"], "rejected": ["screen"], "signatures": ["digest-0f"]}
    partition = partitions.get(table, [])
    return [DataFile(table, f"part-{n}.parquet", partition, 1, size, []) for n, size in enumerate(sizes)]


@given(sizes, st.sampled_from(sorted(RULES)))
def test_few_files_stay_and_none_is_written_again_without_need(found, table):
    """After a merge as many files stay as sizes that differ by a factor, and a few."""
    target = 1000
    files = data_files(found, table)
    for turn in itertools.count():
        chosen = [file for group in groups(table, files, Settings(CLOSED.before, target)) for file in group.files]
        if not chosen:
            break
        largest, total = max(file.size for file in chosen), sum(file.size for file in chosen)
        cheap = RULES[table].cheap * target
        assert largest <= max(cheap, 4 * (total - largest))
        merged = data_files([target] * (total // target) + [total % target] * (total % target > 0), table)
        new = [file._replace(path=f"compact-{turn}-{n}.parquet") for n, file in enumerate(merged)]
        files = [file for file in files if file not in chosen] + new
        assert turn < 40
    assert sum(file.size for file in files) == sum(found)
    small = [file for file in files if file.size <= target // 2]
    assert len(small) <= RULES[table].least + 6


@pytest.fixture
def index(dataset, article):
    """The index of 40 articles, ingested by ten runs; each second article is a near copy."""

    def row(number):
        return {
            "text_digest": hashlib.blake2b(b"%d" % number, digest_size=16).hexdigest(),
            "sketch": hashlib.blake2b(b"%d" % number, digest_size=64).digest() * 4,
            "duplicate_of": None if number % 2 else "x",
            "date": dt.date(2025, 1 + number % 3, 1),
        }

    for start in range(0, 40, 4):
        articles = [article(number, **row(number)) for number in range(start, start + 4)]
        files = stage_run(dataset, f"r{start}", articles, dumps=["d.warc"])
        staged = [dataset.staged_path(f"r{start}", file) for file in files if file.table == "articles"]
        publish_run(dataset, f"r{start}", [*files, *stage_arrivals(dataset, f"r{start}", staged, f"r{start}")])
    return dataset


def index_rows(dataset):
    """Part → its rows."""
    found = {}
    for file in dataset.data_files("signatures"):
        found.setdefault(file.partition[0], []).extend(pq.ParquetFile(dataset.path(file)).read().to_pylist())
    return found


def test_the_index_is_merged_as_it_arrives_and_split_when_it_is_large(index):
    arrived = index_rows(index)["arrival"]
    run(index)
    assert len(index.files("signatures")) == 1
    merged = index_rows(index)
    assert sorted(map(repr, merged["arrival"])) == sorted(map(repr, arrived))
    run(index, Settings(CLOSED.before, target=8 * index.data_files("signatures")[0].size))
    parts = index_rows(index)
    assert "arrival" not in parts
    by_digest = [row for part in sorted(parts) if part.startswith("digest-") for row in parts[part]]
    by_month = [row for part in sorted(parts) if part.startswith("2025-") for row in parts[part]]
    assert [row["text_digest"] for row in by_digest] == sorted(row["text_digest"] for row in arrived)
    assert all(row["text_digest"].startswith(part[-2:]) for part in parts if part[:3] == "dig" for row in parts[part])
    assert sorted(map(repr, by_month)) == sorted(repr(row) for row in arrived if row["sketch"])
    assert [row["date"] for row in by_month] == sorted(row["date"] for row in by_month)
    assert list(byte_faults(index)) == []


def test_the_parts_of_the_index_do_not_depend_on_how_it_arrived(index, tmp_path):
    run(index, Settings(CLOSED.before, is_whole=True))
    other = Dataset(str(tmp_path / "other"))
    for number, path in enumerate(index.files("articles")):
        publish_run(other, f"r{number}", stage_arrivals(other, f"r{number}", [path]))
        if number % 2:
            run(other, Settings(CLOSED.before, is_whole=True))
    run(other, Settings(CLOSED.before, is_whole=True))
    assert content(other, "signatures") == content(index, "signatures")


def test_a_damaged_file_of_the_index_does_not_hold_the_rest(index):
    Path(index.files("signatures")[3]).write_bytes(b"nothing")
    done = run(index, Settings(CLOSED.before, is_whole=True))
    assert len(done["signatures"].damaged) == 1
    assert (done["articles"].damaged, done["runs"].after) == ([], 1)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_rule_and_an_order(table):
    assert table in RULES
    assert set(ORDER[table]) <= set(TABLES[table].names)


def test_runs_are_merged_once_there_are_several(dataset, article):
    for number in range(7):
        ingest(dataset, f"r{number}", [article(number)])
    run(dataset)
    assert len(dataset.files("runs")) == 7
    ingest(dataset, "r7", [article(7)])
    before = sorted(row["run_id"] for row in dataset.rows("runs"))
    run(dataset)
    assert len(dataset.files("runs")) == 1
    assert [row["run_id"] for row in dataset.rows("runs")] == before
    assert dataset.has_run("r3")
    dataset.check_whole()


def test_a_whole_compaction_writes_every_file_of_another_version_anew(dataset, article):
    """Of tables that are never closed too, and open days if their end is set so."""
    for number in range(2):
        ingest(dataset, f"r{number}", [article(number)])
    run(dataset, Settings(dt.date.max, is_whole=True))
    files = [file for name in ("articles", "runs") for file in dataset.data_files(name)]
    assert [is_compacted(file) for file in files] == [True] * 3
    version = dataset.open("runs").version()
    run(dataset, Settings(dt.date.max, is_whole=True))
    assert dataset.open("runs").version() == version


def test_only_partitions_with_older_files_are_upgraded(dataset, article):
    """A dataset of this version stays as it is, also where a compaction would merge or split files."""
    for number in range(2):
        rows = [article(n, text=f"نص {number} {n}", article_id=f"{number}{n:031x}") for n in range(8)]
        files = stage_run(dataset, f"r{number}", rows, dumps=["d.warc"])
        staged = [dataset.staged_path(f"r{number}", file) for file in files if file.table == "articles"]
        publish_run(dataset, f"r{number}", [*files, *stage_arrivals(dataset, f"r{number}", staged, f"r{number}")])
    before = {name: dataset.files(name) for name in TABLES}
    run(dataset, Settings(dt.date.max, is_whole=True, only_older=True))
    assert {name: dataset.files(name) for name in TABLES} == before
    old = dataset.files("articles")[0]
    rows = pq.ParquetFile(old).read()
    pq.write_table(rows.replace_schema_metadata({b"warraq.schema_version": b"3"}), old)
    run(dataset, Settings(dt.date.max, is_whole=True, only_older=True))
    folder = old.rpartition("/")[0]
    others = [path for path in before["articles"] if not path.startswith(folder)]
    now = dataset.files("articles")
    assert [path for path in now if not path.startswith(folder)] == others
    assert [is_compacted(file) for file in dataset.data_files("articles") if dataset.path(file) not in others] == [True]
    assert dataset.files("signatures") == before["signatures"]


def test_files_of_schema_1_get_their_load(dataset, article):
    """They name their run, but not the load of each row."""
    ingest(dataset, "r1", [article(n) for n in range(8)])
    for file in dataset.data_files("articles"):
        path = dataset.path(file)
        table = pq.ParquetFile(path).read()
        old = table.drop_columns(["load_id"])
        pq.write_table(old.replace_schema_metadata({b"warraq.run_id": b"r1"}), path)
    run(dataset)
    found = [row["load_id"] for path in dataset.files("articles") for row in pq.ParquetFile(path).read().to_pylist()]
    assert found == ["recipe-d.warc"] * 8


def test_a_partition_with_a_damaged_file_is_told_and_left_alone(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(8)])
    ingest(dataset, "r2", [article(n) for n in range(8, 16)])
    broken = dataset.data_files("articles")[0]
    path = Path(dataset.path(broken))
    path.write_bytes(b"PAR1" + path.read_bytes()[4:-10] + b"0123456789")
    done = run(dataset)["articles"]
    assert len(done.damaged) == 1
    assert broken.path in done.damaged[0]
    left = [file.path for file in dataset.data_files("articles") if file.partition == broken.partition]
    assert len(left) == 2
    assert (done.before, done.after) == (6, 3)


def test_lost_rows_are_damage(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(0, 8, 4)])
    [file] = dataset.data_files("articles")
    table = pq.ParquetFile(dataset.path(file)).read()
    pq.write_table(table.slice(1), dataset.path(file))
    assert "has 1 rows, where the log says 2" in run(dataset)["articles"].damaged[0]


class Killed(BaseException):
    """Stands for a kill -9 at a chosen instant."""


STEPS = [
    (Dataset, "write_staged"),
    *((publishing, name) for name in ("_check", "_carry_out", "_commit", "_hide", "_unlogged", "discard")),
    (storage, "move"),
]


@pytest.mark.parametrize(("home", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_the_next_start_completes_what_was_killed(dataset, article, monkeypatch, home, name, call, is_done):
    for number in range(0, 16, 8):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 8)])
    expected, real, calls = rows(dataset), getattr(home, name), itertools.count(1)

    def killed(*arguments, **named):
        if next(calls) != call:
            return real(*arguments, **named)
        if is_done:
            real(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(home, name, killed)
        patch.setattr(operation, "recover", lambda *_: None)
        with contextlib.suppress(Killed):
            run(dataset)
    recover_dead_runs(dataset)
    assert rows(dataset) == expected
    run(dataset)
    assert rows(dataset) == expected
    assert len(dataset.files("articles")) == 4
    assert list(byte_faults(dataset)) == []
    assert dataset.staged() == []


def test_readers_see_all_rows_at_every_moment(dataset, article, monkeypatch):
    """By the log each row once. By the plain glob too, but for the short step in which files are moved: then it gives
    rows twice, and never less than all."""
    for number in range(0, 16, 8):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 8)])
    expected, moments = texts(dataset), []

    def look(name):
        log = sorted(text for (text,) in duckdb.from_parquet(dataset.files("articles")).project("text").fetchall())
        glob = duckdb.sql(f"SELECT text FROM '{dataset.root}/articles/*/*/*.parquet'").fetchall()
        moments.append((name, log == expected, sorted({text for (text,) in glob}) == expected, len(glob)))

    for home, name in STEPS:
        step = getattr(home, name)

        def around(*arguments, step=step, name=name, **named):
            look(f"before {name}")
            result = step(*arguments, **named)
            look(f"after {name}")
            return result

        monkeypatch.setattr(home, name, around)
    run(dataset)
    assert all(log and glob for _, log, glob, _ in moments)
    doubled = {name for name, _, _, count in moments if count != len(expected)}
    assert "after move" in doubled
    assert doubled.isdisjoint({"before write_staged", "after write_staged", "before _carry_out", "after _carry_out"})
    assert doubled.isdisjoint({"before discard", "after discard"})


def test_replaced_files_are_kept_apart(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(4)])
    ingest(dataset, "r2", [article(n) for n in range(4, 8)])
    before = content(dataset)
    run(dataset)
    replaced = Path(dataset.root, "_replaced", "articles")
    assert {str(path.relative_to(replaced)): path.read_bytes() for path in replaced.rglob("*.parquet")} == before


def _compact(root, start):
    start.wait()
    list(compact(Dataset(root), Settings(CLOSED.before, target=20_000)))


def _ingest(root, number, articles, start):
    start.wait()
    dataset = Dataset(root)
    for turn, article in enumerate(articles):
        recover_dead_runs(dataset)
        name = f"r{number}-{turn}"
        with dataset.lock(name, 600) as free:
            assert free
            ingest(dataset, name, [article])


@pytest.mark.slow
def test_two_compactions_beside_runs_lose_and_double_nothing(dataset, article):
    for number in range(0, 24, 8):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 8)])
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    late = [[article(n) for n in range(first, first + 5)] for first in (100, 200)]
    jobs = [context.Process(target=_ingest, args=(dataset.root, n, some, start)) for n, some in enumerate(late)]
    jobs += [context.Process(target=_compact, args=(dataset.root, start)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 4
    expected = sorted(f"نص {n}" for n in [*range(24), *range(100, 105), *range(200, 205)])
    assert texts(dataset) == expected
    assert list(byte_faults(dataset)) == []
    run(dataset)
    assert texts(dataset) == expected
    assert len(dataset.files("articles")) == 4


@pytest.fixture
def without_locks(monkeypatch):
    """As in a bucket."""
    numbers = itertools.count()
    monkeypatch.setattr(storage, "lock", lambda *_: contextlib.nullcontext(True))
    monkeypatch.setattr(Dataset, "staging_name", lambda _, name: f"{name}-{next(numbers)}")


@pytest.mark.usefixtures("without_locks")
def test_two_compactions_without_locks_lose_and_double_nothing(dataset, article, monkeypatch):
    """The second comes when the first has written its files."""
    for number in range(0, 16, 8):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 8)])
    expected, real, once = rows(dataset), publishing.publish, iter([True])

    def overtaken(*arguments):
        if next(once, False):
            run(dataset)
        return real(*arguments)

    monkeypatch.setattr(operation, "publish", overtaken)
    run(dataset)
    assert rows(dataset) == expected
    assert len(dataset.files("articles")) == 4
    assert list(byte_faults(dataset)) == []


@pytest.mark.usefixtures("without_locks")
def test_a_file_that_another_process_has_moved_is_no_damage(dataset, article, monkeypatch):
    for number in range(0, 16, 8):
        ingest(dataset, f"r{number}", [article(n) for n in range(number, number + 8)])
    expected, real, once = rows(dataset), compaction.read_rows, iter([True])

    def overtaken(*arguments, **named):
        if next(once, False):
            run(dataset)
        return real(*arguments, **named)

    monkeypatch.setattr(compaction, "read_rows", overtaken)
    assert run(dataset)["articles"].damaged == []
    assert rows(dataset) == expected


def test_compacted_files_have_checksums_and_no_run(dataset, article):
    ingest(dataset, "r1", [article(n) for n in range(8)])
    run(dataset)
    for path in dataset.files("articles"):
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            assert file.read().num_rows == 2
            assert b"warraq.run_id" not in (file.schema_arrow.metadata or {})
            assert pa.types.is_string(file.schema_arrow.field("load_id").type)
