"""A run whose dump changes or vanishes after discovery fails, names the dump and commits nothing."""

import datetime as dt
import gzip
import os

import pytest

from tests.support.paths import ROOT
from warraq.pipelines import ingest
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError, open_dump, state_of
from warraq.transforms.read.formats import open_page, read_range
from warraq.transforms.read.rules import ReadRules

NEWS = ROOT / "samples" / "dumps" / "news.warc.gz"
PAGE = b"<!DOCTYPE html><html><body><p>page</p></body></html>"
CHANGED = "the file changed during the run; run again when it is complete"


def append(path):
    path.write_bytes(path.read_bytes() + gzip.compress(b"WARC/1.0\r\n"))


def shrink(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def overwrite(path):
    path.write_bytes(bytes(path.stat().st_size))


def replace(path):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[::-1])
    other.replace(path)


def vanish(path):
    path.unlink()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


CHANGES = {append: CHANGED, shrink: CHANGED, empty: CHANGED, overwrite: CHANGED, replace: CHANGED}
LOSSES = {vanish: "No such file or directory", pipe: "a pipe, not a file"}


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "in" / "news\udce9.warc.gz"
    path.parent.mkdir()
    path.write_bytes(NEWS.read_bytes())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.mark.parametrize("change", [*CHANGES, *LOSSES])
def test_only_the_file_that_was_found_is_read(news, change):
    [dump] = find_dumps([str(news)]).dumps
    assert len(list(read_range(dump, 0, None, ReadRules()))) == 38
    change(news)
    words = {**CHANGES, **LOSSES}[change]
    with pytest.raises(InputError, match=f"^/.{news.parent}/news%E9.warc.gz: can't be read: {words}"):
        list(read_range(dump, 0, None, ReadRules()))


@pytest.mark.parametrize("change", [append, shrink, empty, overwrite])
def test_a_change_during_a_range_is_an_error_at_its_end(news, change):
    [dump] = find_dumps([str(news)]).dumps
    items = read_range(dump, 0, None, ReadRules())
    next(items)
    change(news)
    with pytest.raises(InputError, match=CHANGED):
        list(items)


@pytest.mark.parametrize("change", [replace, vanish])
def test_a_range_that_is_open_is_read_from_the_file_that_was_found(news, change):
    [dump] = find_dumps([str(news)]).dumps
    items = read_range(dump, 0, None, ReadRules())
    first = next(items)
    change(news)
    assert len([first, *items]) == 38


def test_an_error_of_a_reader_on_a_changed_dump_names_the_change(news, monkeypatch):
    [dump] = find_dumps([str(news)]).dumps

    def broken(*_):
        append(news)
        raise IndexError
        yield

    monkeypatch.setattr("warraq.transforms.read.formats._items", broken)
    with pytest.raises(InputError, match=CHANGED):
        list(read_range(dump, 0, None, ReadRules()))


def test_trouble_with_the_storage_names_the_dump(news, monkeypatch):
    [dump] = find_dumps([str(news)]).dumps

    def broken(*_):
        raise OSError(5, "Input/output error")
        yield

    monkeypatch.setattr("warraq.transforms.read.formats._items", broken)
    with pytest.raises(InputError, match="news%E9.warc.gz: can't be read: Input/output error$"):
        list(read_range(dump, 0, None, ReadRules()))


def test_a_file_that_is_being_written_is_no_dump_yet(news, monkeypatch):
    states = iter(["1 1", "2 2"])
    monkeypatch.setattr("warraq.transforms.read.discover.state_of", lambda _: next(states))
    with pytest.raises(InputError, match="another program is writing it; read it when it is complete"):
        find_dumps([str(news)])


def test_a_touched_file_counts_as_changed(news):
    with open_dump(str(news)) as stream:
        before = state_of(stream)
        os.utime(news, ns=(1, 1_700_000_000_000_000_001))
        assert state_of(stream) != before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "workers"), [(append, "2"), (shrink, "1"), (overwrite, "1"), (replace, "1"), (vanish, "1")]
)
def test_a_dump_that_changes_is_set_aside_and_the_others_are_committed(
    tmp_path, news, monkeypatch, capsys, workers, change
):
    (news.parent / "page.html").write_bytes(PAGE)
    once = iter([True])
    monkeypatch.setattr(
        "warraq.pipelines.ingest.describe_run", lambda *given: (describe(*given), next(once, False) and change(news))[0]
    )
    arguments = [str(news.parent), "--output", str(tmp_path / "out"), "--workers", workers, "--quiet"]
    assert ingest.main(arguments) == 3
    words = capsys.readouterr().err.splitlines()
    reason = {**CHANGES, **LOSSES}[change]
    assert words == [
        f"warraq: /.{news.parent}/news%E9.warc.gz: set aside: it can't be read ({reason})",
        "warraq: 1 dump set aside; the others are committed",
    ]
    runs = Dataset(str(tmp_path / "out")).rows("runs")
    assert sorted([dump["dump"] for dump in run["dumps"]] for run in runs) == [[], [f"{news.parent}/page.html"]]
    [failed] = [failed for run in runs for failed in run["failed"]]
    assert (failed["stage"], failed["reason"], failed["failures"]) == ("read", reason, 1)


describe = ingest.describe_run


@pytest.mark.parametrize(
    ("seconds", "year"),
    [(0, 1970), (2**31, 2038), (-1, 1970), (-86400 * 366, 1970), (2**33, 1970), (15_032_385_535, 1970)],  # 1970 to 2099
)
def test_files_of_any_time_are_read(tmp_path, seconds, year):
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)
    os.utime(path, (seconds, seconds))
    if path.stat().st_mtime != seconds:
        pytest.skip("this file system does not keep such a time")
    page = open_page(str(path))
    assert (page.source.fetched_at.year, page.content) == (year, PAGE)


def test_a_time_that_no_calendar_has_is_1970(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)
    real = os.fstat

    def fstat(descriptor):
        return os.stat_result((*real(descriptor)[:7], 0, 10**12, 0))

    monkeypatch.setattr("warraq.transforms.read.discover.os.fstat", fstat)
    assert find_dumps([str(path)]).dumps[0].modified_at == dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
