"""Dumps that grow between two runs, and files with equal bytes: each record is in the dataset once."""

import subprocess
import sys

import pytest

from tests.support.damage import tarred
from tests.support.paths import ROOT
from warraq.pipelines.ingest import main
from warraq.pipelines.query import connect
from warraq.transforms.dataset.chains import read_holdings
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.loads import continued_key
from warraq.transforms.maintain.check import faults
from warraq.transforms.maintain.undo import undo
from warraq.transforms.write import commit

DUMPS = ROOT / "samples" / "dumps"
PAGES = sorted((DUMPS / "pages").rglob("*.html"))
FAST = ["--workers", "1", "--tagger", "gazetteer"]
FILES = {
    "news.warc.gz": (DUMPS / "news.warc.gz").read_bytes(),
    "feed.jsonl": (DUMPS / "feed.jsonl").read_bytes(),
    "pages.tar": tarred([(path.name, path.read_bytes()) for path in PAGES]),
}
WARC, FEED = FILES["news.warc.gz"], FILES["feed.jsonl"]
ARTICLES = "SELECT article_id, parse_filename(dump), dump_offset FROM articles ORDER BY ALL"
REJECTED = "SELECT parse_filename(dump), dump_offset, stage, reason, detail, bytes FROM rejected ORDER BY ALL"
LEDGER = """
    SELECT parse_filename(dump), door, stage, reason, sum(pages) AS pages FROM ledger
    GROUP BY ALL HAVING pages <> 0 ORDER BY ALL
"""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_progress")]


def ingest(output, *arguments):
    return main([*map(str, arguments), "--output", str(output), *FAST])


def ask(output, sql):
    return connect(Dataset(str(output))).execute(sql).fetchall()


def rows(output):
    return [ask(output, sql) for sql in (ARTICLES, REJECTED, LEDGER)]


def loads(output):
    return read_holdings(Dataset(str(output))).loads


def run_ids(output):
    return [run for (run,) in ask(output, "SELECT run_id FROM runs ORDER BY committed_at")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A function that gives the rows of a file that is read at once."""
    known = {}

    def read(name):
        if name not in known:
            folder = tmp_path_factory.mktemp("whole")
            (folder / name).write_bytes(FILES[name])
            assert ingest(folder / "out", folder / name) == 0
            known[name] = rows(folder / "out")
        return known[name]

    return read


@pytest.fixture
def dump(tmp_path):
    return tmp_path / "feed.jsonl"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize("name", FILES)
def test_a_dump_that_grew_gives_what_the_whole_gives(tmp_path, output, whole, name, capsys):
    """The first state ends inside a record, which is rejected then, and read as it is later."""
    content = FILES[name]
    path = tmp_path / name
    path.write_bytes(content[: len(content) // 2 + 1])
    assert ingest(output, path) == 0
    cut = ask(output, REJECTED)
    path.write_bytes(content)
    capsys.readouterr()
    assert ingest(output, path) == 0
    told = capsys.readouterr()
    assert told.err == "warraq: 1 dump grew: only what is new there is read\n"
    assert rows(output) == whole(name)
    assert not {*cut} <= {*ask(output, REJECTED)}, "the refusal of the record that was cut has gone"
    assert "-" not in told.out.partition("articles in the dataset")[0], "the summary has no negative counts"
    assert ingest(output, path) == 4
    assert [*faults(Dataset(str(output)))] == []


def test_an_undone_continuation_leaves_the_dataset_as_it_was_before(output, dump, whole):
    dump.write_bytes(FEED[:8_000])
    assert ingest(output, dump) == 0
    before, first = rows(output), run_ids(output)
    dump.write_bytes(FEED)
    for _ in range(2):
        assert ingest(output, dump) == 0
        assert rows(output) == whole("feed.jsonl")
        [second] = {*run_ids(output)} - {*first}
        assert undo(Dataset(str(output)), second).dumps == [str(dump)]
        assert rows(output) == before
        assert [*faults(Dataset(str(output)))] == []
        assert run_ids(output) == first


def test_a_dump_that_is_undone_takes_its_continuation_along(output, dump, whole):
    for end in (8_000, len(FEED)):
        dump.write_bytes(FEED[:end])
        assert ingest(output, dump) == 0
    undo(Dataset(str(output)), run_ids(output)[0])
    assert rows(output) == [[], [], []]
    assert run_ids(output) == []
    assert ingest(output, dump) == 0
    assert rows(output) == whole("feed.jsonl")


def test_a_dump_may_grow_many_times_and_move(tmp_path, output, dump, whole):
    for number, end in enumerate((3_000, 8_000, 8_001, len(FEED))):
        dump.write_bytes(FEED[:end])
        assert ingest(output, dump) == 0
        dump = dump.rename(tmp_path / "moved.jsonl") if number == 1 else dump
    by_place = "SELECT article_id, dump_offset FROM articles ORDER BY ALL"
    assert ask(output, by_place) == sorted((row[0], row[2]) for row in whole("feed.jsonl")[0])
    refused = "SELECT dump_offset, stage, reason FROM rejected ORDER BY ALL"
    assert ask(output, refused) == sorted(row[1:4] for row in whole("feed.jsonl")[1])
    counted = "SELECT door, stage, reason, sum(pages) AS n FROM ledger GROUP BY ALL HAVING n <> 0 ORDER BY ALL"
    assert ask(output, counted) == sorted(row[1:] for row in whole("feed.jsonl")[2])
    chain = {load.load_id: load.after_load for load in loads(output)}
    assert (len(chain), len({*chain.values()} - {""})) == (4, 3)
    transactions = Dataset(str(output)).transactions([*map(continued_key, chain)])
    assert transactions == {continued_key(load): 1 for load in chain.values() if load}


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [(8_000, len(FEED), 4), (len(FEED), 8_000, 0), (12_000, len(FEED), 4)],
    ids=["shorter", "longer", "both continue one"],
)
def test_of_two_runs_that_read_a_growing_file_at_once_the_later_starts_again(
    output, dump, whole, monkeypatch, capsys, ours, theirs, code
):
    """The other run reads another state of the file, and commits just before ours does."""
    real, once = commit.publish, iter([True])

    def publish(*arguments):
        if next(once, False):
            dump.write_bytes(FEED[:theirs])
            words = [sys.executable, "-m", "warraq", "ingest", dump, "--output", output, *FAST]
            subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
            dump.write_bytes(FEED)
        real(*arguments)

    if ours == 12_000:
        dump.write_bytes(FEED[:5_000])
        assert ingest(output, dump) == 0
        capsys.readouterr()
    monkeypatch.setattr(commit, "publish", publish)
    dump.write_bytes(FEED[:ours])
    assert ingest(output, dump) == code
    words = capsys.readouterr().err
    assert "another run has committed a dump that is the same file; starting again with what is left" in words
    assert rows(output) == whole("feed.jsonl")


def test_equal_bytes_under_several_names_are_read_once(tmp_path, output, dump, capsys):
    twin = tmp_path / "twin.jsonl"
    for path in (dump, twin):
        path.write_bytes(FEED)
    assert ingest(output, dump, twin) == 0
    assert f"warraq: {twin}: the same bytes as {dump}, which is read now; not read\n" == capsys.readouterr().err
    assert ask(output, "SELECT copy.dump FROM (SELECT unnest(copies) AS copy FROM runs)") == [(str(twin),)]
    assert ask(output, "SELECT DISTINCT dump FROM ledger") == [(str(dump),)]
    assert ask(output, "SELECT count(*) FROM rejected WHERE reason = 'duplicate'") == [(0,)]
    # A name that a run has told is known.
    assert ingest(output, dump, twin) == 4
    assert "same bytes" not in capsys.readouterr().err
    third, fourth = (dump.rename(tmp_path / "third.jsonl"), twin.rename(tmp_path / "fourth.jsonl"))
    assert ingest(output, third, fourth) == 4
    said = capsys.readouterr().err.splitlines()[0]
    assert said == (
        f"warraq: {fourth}: the same bytes as {dump}, which the dataset has, and 1 other dump like it; not read"
    )


def test_better_rules_replace_all_loads_of_a_dump_that_grew(output, dump, whole, capsys):
    others = ["--clean_min_words", "60"]
    for end in (3_000, 8_000):
        dump.write_bytes(FEED[:end])
        assert ingest(output, dump, *others) == 0
    dump.write_bytes(FEED)
    capsys.readouterr()
    assert ingest(output, dump, "--replace") == 0
    assert "grew" not in capsys.readouterr().err
    assert rows(output) == whole("feed.jsonl")
    assert [load.after for load in loads(output)] == [""]


def test_the_rest_of_a_dump_is_read_with_other_rules(output, dump, capsys):
    dump.write_bytes(FEED[:8_000])
    assert ingest(output, dump, "--clean_min_words", "60") == 0
    dump.write_bytes(FEED)
    capsys.readouterr()
    assert ingest(output, dump, "--new") == 0
    assert capsys.readouterr().err == "warraq: 1 dump grew: only what is new there is read\n"
    assert ask(output, "SELECT count(DISTINCT dump_offset) - count(*) FROM articles") == [(0,)]
    assert ask(output, "SELECT count(*) FROM rejected WHERE reason = 'duplicate'") == [(0,)]
    assert ask(output, "SELECT count(DISTINCT recipe) FROM runs") == [(2,)]
