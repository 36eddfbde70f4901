"""The files of a folder that are whole, and those of them that are read next."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.read.arrivals import Arrivals, Sight, first_of, has_final_name, look_again
from warraq.transforms.read.discover import examine, list_files
from warraq.transforms.read.dump import InputError
from warraq.transforms.storage import FileState

STATES = st.builds(FileState, st.integers(0, 3), st.integers(0, 3))


@pytest.mark.parametrize(
    ("path", "is_final"),
    [
        ("crawl/a.warc.gz", True),
        ("s3://crawls/2025/a.warc.gz", True),
        ("crawl/parts/a.jsonl", True),
        ("crawl/a.temporary.html", True),
        ("crawl/a.warc.gz.open", False),
        ("crawl/a.warc.gz.tmp", False),
        ("crawl/a.WARC.PART", False),
        ("crawl/a.warc.crdownload", False),
        ("crawl/a.jsonl~", False),
        ("crawl/a.jsonl._COPYING_", False),
        ("s3://crawls/_temporary/0/part-0000.parquet", False),
    ],
)
def test_a_name_tells_that_a_file_is_still_written(path, is_final):
    assert has_final_name(path) == is_final


def test_a_file_is_whole_once_it_has_stood_still():
    states = [FileState(10, 1), FileState(20, 2), FileState(20, 2), FileState(20, 2)]
    sights, seen = {}, []
    for now, state in enumerate(states):
        sights = look_again(sights, {"a": state}, now, standstill=2)
        seen.append(sights["a"].is_whole)
    assert seen == [False, False, False, True]
    assert sights["a"].since == 0  # it has been waiting from the first sight on


@given(st.lists(STATES, min_size=1, max_size=8), st.integers(1, 3))
def test_a_file_is_never_whole_before_it_has_been_seen_twice_in_one_state(states, standstill):
    sights: dict[str, Sight] = {}
    for now, state in enumerate(states):
        sights = look_again(sights, {"a": state}, now, standstill)
        still = states[max(0, now - standstill) : now + 1]
        assert sights["a"].is_whole == (now >= standstill and set(still) == {state})


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.tuples(STATES, st.integers(0, 3))), st.integers(1, 5))
def test_a_batch_is_bounded_and_takes_those_that_waited_longest(files, most):
    sights = {path: Sight(state, since, since, is_whole=True) for path, (state, since) in files.items()}
    taken = first_of(sights, most, most_bytes=4)
    assert bool(taken) == bool(sights)
    assert len(taken) <= most
    assert len(taken) == 1 or sum(sights[path].state.size for path in taken) <= 4
    left = sights.keys() - set(taken)
    assert all(sights[path].since <= sights[other].since for path in taken for other in left)


def test_a_file_that_was_read_waits_again_when_it_changes(tmp_path):
    folder, output = tmp_path / "in", tmp_path / "in" / "out"
    output.mkdir(parents=True)
    dump, rows = folder / "a.jsonl", output / "rows.parquet"
    dump.write_text("one")
    rows.write_text("no input")
    (folder / ".hidden").write_text("no input")
    (folder / "b.part").write_text("no input")
    arrivals = Arrivals([str(folder)], str(output), standstill=1)

    def look(now):
        arrivals.look(now)
        return [*arrivals.whole()]

    assert look(0) == []
    assert look(1) == [str(dump)]
    arrivals.read([str(dump)])
    assert look(2) == []
    assert not arrivals.waiting()
    dump.write_text("one and two")
    assert look(3) == []
    assert [*arrivals.waiting()] == [str(dump)]
    assert look(4) == [str(dump)]
    dump.unlink()
    assert look(5) == []


def test_files_are_listed_unopened_in_folders_globs_and_by_name(tmp_path):
    for name in ("a.html", "b.html", "deep/c.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("a.html")
    names = lambda *inputs: sorted(path.removeprefix(f"{tmp_path}/") for path in list_files(inputs).files)  # noqa: E731
    assert names(str(tmp_path)) == ["a.html", "b.html", "deep/c.html", "link"]
    assert names(f"{tmp_path}/*.html", f"{tmp_path}/a.html") == ["a.html", "b.html"]
    assert names(f"{tmp_path}/*.warc") == []
    status = (tmp_path / "a.html").stat()
    assert list_files([f"{tmp_path}/a.html"]).files == {f"{tmp_path}/a.html": (status.st_size, status.st_mtime_ns)}


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        list_files([str(tmp_path / "missing")])


@pytest.mark.parametrize("target", ["loop", "gone"])
def test_a_link_that_leads_to_no_file_is_an_error_if_it_is_the_source(tmp_path, target):
    (tmp_path / "loop").symlink_to(target)
    assert list_files([str(tmp_path)]) == ({}, {str(tmp_path / "loop"): "a link that leads to no file"})
    with pytest.raises(InputError, match="loop: a link that leads to no file; check the path"):
        list_files([str(tmp_path / "loop")])


def test_what_is_skipped_is_told_once_for_as_long_as_it_is(tmp_path, monkeypatch):
    for name in ("open", "denied"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.html").write_text("x")
    (tmp_path / "linked").symlink_to("open")
    real, denied = os.scandir, {str(tmp_path / "denied")}

    def deny(folder):  # root may read everything
        if folder in denied:
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr(os, "scandir", deny)
    arrivals, told = Arrivals([str(tmp_path)], str(tmp_path / "out"), standstill=1), []
    for now in range(2):
        arrivals.look(now)
        arrivals.tell_skipped(told.append)
    assert [*arrivals.whole()] == [str(tmp_path / "open" / "a.html")]
    assert told == [
        f"{tmp_path}/denied: skipped, Permission denied; check its permissions",
        f"{tmp_path}/linked: skipped, a link to a folder; name the folder itself to read it",
    ]
    denied.add(str(tmp_path))
    with pytest.raises(InputError, match="Permission denied; check its permissions"):
        arrivals.look(2)
    denied.clear()
    arrivals.look(3)
    assert len(arrivals.waiting()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_skipped_with_the_reason(tmp_path):
    denied = tmp_path / "a.html"
    denied.write_text("<p>x</p>")
    denied.chmod(0)
    found = examine([str(denied)])
    assert found.dumps == []
    assert [(each.path, each.why) for each in found.skipped] == [
        (str(denied), "Permission denied; check the path and its permissions")
    ]
