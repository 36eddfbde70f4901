import os
import subprocess
import sys
import time

import pytest

from tests.support.paths import ROOT
from tests.support.servers import Answer, Handler, http_server
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


class OneObject(Handler):
    """A bucket with one object, which counts the bytes that it gives."""

    content = b""
    given: list[int]

    def respond(self, _content):
        if not self.path.endswith("/folder/big"):
            return Answer(404, [])
        if self.command == "HEAD":
            about = [("Last-Modified", "Sun, 01 Jun 2025 00:00:00 GMT"), ("ETag", '"1"')]
            return Answer(200, about, length=str(len(self.content)))
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        part = self.content[first : last + 1]
        self.given.append(len(part))
        about = [("Content-Range", f"bytes {first}-{last}/{len(self.content)}"), ("ETag", '"1"')]
        return Answer(206, [*about, ("Last-Modified", "Sun, 01 Jun 2025 00:00:00 GMT")], part)


@pytest.mark.slow
def test_only_the_ranges_that_are_read_are_fetched_from_a_bucket():
    content = bytes(range(256)) * 40_000
    bucket = type("Bucket", (OneObject,), {"content": content, "given": []})
    program = """
from warraq.transforms.storage import open_ranges
with open_ranges("s3://crawls/folder/big") as file:
    file.seek(5_000_000)
    assert file.read(4) == bytes([64, 65, 66, 67]), file
try:
    open_ranges("s3://crawls/folder/none")
except FileNotFoundError:
    print("none there")
"""
    with http_server(bucket) as url:
        secrets = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
        environment = {**os.environ, **secrets, "AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (0, "none there\n"), done.stderr
    assert sum(bucket.given) == 4
