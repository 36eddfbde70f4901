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
