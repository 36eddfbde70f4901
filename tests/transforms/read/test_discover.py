"""Finding a dump opens its file once and decompresses its beginning once."""

import gzip
import subprocess
import sys

import pytest
import zstandard
from isal import isal_zlib

from tests.support.damage import ARC_HEAD, MIB, ROOT, arc_record, page, record, tarred, within
from warraq.transforms.read import discover
from warraq.transforms.read.compression import zstd
from warraq.transforms.read.discover import find_dumps

WARCS = [record(page(number), number) for number in range(3)]
ARCS = [ARC_HEAD, *(arc_record(page(number), number) for number in range(2))]
LONG = record(b"<html>" + bytes(3 * MIB), 9)


def count_calls(monkeypatch, owner, name):
    """A list that grows by one with each call of a function."""
    calls, function = [], getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *given, **named: (calls.append(given), function(*given, **named))[1])
    return calls


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        (WARCS, "warc.{}"),
        ([b"".join(WARCS)], "warc.{}.solid"),
        (ARCS, "arc.{}"),
        ([b"".join(ARCS)], "arc.{}.solid"),
        ([page(1)], "html.{}"),
        ([tarred([("a.html", page(1))])], "tar.{}"),
    ],
)
@pytest.mark.parametrize(("compression", "compress"), [("gz", gzip.compress), ("zst", zstandard.compress)])
def test_a_file_is_opened_and_decompressed_once(tmp_path, monkeypatch, members, kind, compression, compress):
    path = tmp_path / "a"
    path.write_bytes(b"".join(map(compress, members)))
    opens = count_calls(monkeypatch, discover, "open_dump")
    inflaters = count_calls(monkeypatch, isal_zlib, "decompressobj")
    frames = count_calls(monkeypatch, zstd, "_frame_parts")
    [dump] = find_dumps([str(path)]).dumps
    assert dump.format == kind.format(compression)
    assert len(opens) == 1
    assert len(inflaters) <= (len(members) + 1 if compression == "gz" else 0)  # one more waits for another member
    assert len(frames) == (len(members) if compression == "zst" else 0)


@pytest.mark.parametrize(("compression", "compress"), [("gz", gzip.compress), ("zst", zstandard.compress)])
@pytest.mark.parametrize(
    ("members", "is_solid"),
    [
        ([WARCS[0], WARCS[1]], False),
        ([WARCS[0] + WARCS[1], WARCS[2]], True),
        ([WARCS[0][:100], WARCS[0][100:], WARCS[1]], False),  # a record in two members
        ([WARCS[0][:200], WARCS[0][200:] + WARCS[1]], True),
        ([b"\r\n" + WARCS[0], WARCS[1]], False),
        ([b"", WARCS[0], WARCS[1]], False),
        ([record(page(0), 0, length=9_999), WARCS[1]], False),  # a false length
        ([record(page(0), 0, length=100) + WARCS[1]], True),
        ([LONG, WARCS[0]], False),
        ([WARCS[0] + LONG], True),
        ([b"WARC/1.0\r\n\r\n" + page(0)], False),  # states no length
    ],
)
def test_an_archive_is_solid_if_a_member_holds_more_than_a_record(tmp_path, members, is_solid, compression, compress):
    path = tmp_path / "a"
    path.write_bytes(b"".join(map(compress, members)))
    [dump] = find_dumps([str(path)]).dumps
    assert dump.format == f"warc.{compression}" + ".solid" * is_solid


def test_a_solid_archive_is_not_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(zstandard.compress(b"".join(WARCS) + LONG * 5))
    read = []
    monkeypatch.setattr(
        zstd, "_decompress", lambda part, frame: (content := frame.decompress(part), read.append(content))[0]
    )
    [dump] = find_dumps([str(path)]).dumps
    assert dump.format == "warc.zst.solid"
    assert sum(map(len, read)) < 3 * MIB


def test_thousands_of_tiny_members_are_examined_in_linear_time(tmp_path):
    content = record(b"<html>" + bytes(40_000), 0)
    frames = [zstandard.compress(bytes([byte])) for byte in range(256)]
    path = tmp_path / "a"
    path.write_bytes(b"".join(frames[byte] for byte in content))
    with within(10):  # 0.5 s
        [dump] = find_dumps([str(path)]).dumps
    assert dump.format == "warc.zst"


def test_dumps_are_found_and_read_without_beam():
    """Only stage.py imports Beam; its import takes two seconds."""
    code = "import sys, warraq.transforms.read.formats; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"
