import os
import time

import pytest

from warraq.transforms import storage


class Killed(Exception):
    """Stands for a kill -9 at a chosen instant."""


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / "file"
    with pytest.raises(Killed), storage.create(str(path)) as stream:
        stream.write(b"half")
        raise Killed
    assert list(path.parent.iterdir()) == []
    with storage.create(str(path)) as stream:
        stream.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert storage.entries(str(tmp_path)) == ["folder"]
    assert storage.entries(str(tmp_path / "missing")) == []


def test_a_file_has_changed_when_it_was_moved(tmp_path):
    """Not when it was written: its content did not change since."""
    old = tmp_path / "old" / "file"
    old.parent.mkdir()
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    before = time.time()
    storage.move(str(old.parent), {"file": 1}, str(tmp_path / "new" / "deep"))
    found = storage.change_times(str(tmp_path / "new"))
    assert [*found] == ["deep/file"]
    assert found["deep/file"] > before - 5  # clocks of file systems are coarse
    assert storage.change_times(str(tmp_path / "missing")) == {}


def test_files_and_then_empty_folders_go(tmp_path):
    for name in ("a/x", "a/b/y", "c/z"):
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    storage.delete_all(str(tmp_path / "top"), ["a/b/y", "c/z", "missing"])
    storage.remove_empty_folders(str(tmp_path / "top"))
    assert storage.files(str(tmp_path), "") == ["top/a/x"]
    assert not (tmp_path / "top" / "c").exists()
    assert not (tmp_path / "top" / "a" / "b").exists()
