"""TAR archives give a page or a row for each file in them, in any dialect and after any damage."""

import datetime as dt
import gzip
import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.files.tar import BLOCK, read_tar
from warraq.transforms.read.rules import ReadRules

UTC = dt.timezone.utc
FILE_TIME = dt.datetime(2026, 1, 2, tzinfo=UTC)
HTML = "<!DOCTYPE html><html><body><p>نص</p></body></html>".encode()
DIALECTS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
LONG = "folder-" * 20 + "/"


def tar(members, dialect="gnu"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=DIALECTS[dialect]) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mtime = 1_700_000_000
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content.encode(), "other"
                archive.addfile(info)
    return target.getvalue()


def read(content, **rules):
    return list(read_tar(io.BytesIO(content), Dump("a.tar", len(content), "tar", "", FILE_TIME), ReadRules(**rules)))


def found(items):
    return [f"{i.reason}: {i.detail}" if isinstance(i, Rejected) else i.source.url.partition("!/")[2] for i in items]


def restate(content, offset, size):
    """The archive with another size in the header at `offset`, under a right checksum."""
    header = bytearray(content[offset : offset + BLOCK])
    header[124:136] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return content[:offset] + bytes(header) + content[offset + BLOCK :]


PAGES = [(f"{n}.html", HTML * (1 + 30 * (n % 2))) for n in range(5)]
ARCHIVE = tar(PAGES)
OFFSETS = [item.source.dump_offset for item in read(ARCHIVE)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_files_of_each_dialect(dialect):
    members = [("a.html", HTML), (LONG + "نص.txt", "نص قصير".encode()), ("../../etc/b.html", HTML), ("empty.html", b"")]
    others = [("hard", "1"), ("link", "2"), ("folder", "5"), ("pipe", "6")]
    items = read(tar([*others, *members], dialect))
    assert found(items) == ["a.html", LONG + "%D9%86%D8%B5.txt", "../../etc/b.html", "not_html: empty"]
    assert [item.is_text for item in items[:3]] == [False, True, False]
    assert items[0] == Page(Source("file:a.tar!/a.html", dt.datetime.fromtimestamp(1_700_000_000, UTC), "a.tar", items[0].source.dump_offset, len(HTML)), HTML, False, None, None)  # fmt: skip
    assert read(tar(members, dialect), fetched_at="2020-01-02")[0].source.fetched_at.year == 2020


def test_a_file_that_is_no_page_leaves_a_row_with_advice():
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.html", HTML)
    members = {
        "a.zip": (zipped.getvalue(), "zip: unpack it first"),
        "a.tar": (tar(PAGES), "tar: unpack it first"),
        "a.warc.gz": (gzip.compress(b"WARC/1.0\r\n"), "warc.gz: unpack it first"),
        "a.html.gz": (gzip.compress(HTML), "html.gz: unpack it first"),
        "a.bz2": (b"BZh91AY&SY", "bz2: unpack it first"),
        "a.png": (b"\x89PNG\0", "binary"),
    }
    items = read(tar([(name, content) for name, (content, _) in members.items()]))
    assert [(item.reason, item.detail) for item in items] == [("not_html", words) for _, words in members.values()]


def test_a_member_is_never_held_whole_if_it_is_too_large():
    members = [("large.html", b"<html>" + bytes(3_000_000)), ("a.html", HTML)]
    assert found(read(tar(members), max_bytes=9999)) == ["too_large: more than 9999 bytes", "a.html"]


def test_members_without_a_time_have_the_time_of_the_archive():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("a.html")
        info.size = len(HTML)
        archive.addfile(info, io.BytesIO(HTML))
    assert read(target.getvalue())[0].source.fetched_at == FILE_TIME


def test_sparse_and_continued_files_are_refused():
    archive = bytearray(ARCHIVE)
    for offset, kind in zip(OFFSETS, (b"S", b"M"), strict=False):
        archive[offset + 156 : offset + 157] = kind
    content = bytes(archive)
    for offset in OFFSETS[:2]:
        content = restate(content, offset, int(content[offset + 124 : offset + 135], 8))
    rows = found(read(content))
    assert rows[:2] == ["not_html: sparse file", "corrupt_record: the rest of a file in another archive"]
    assert rows[2:] == ["2.html", "3.html", "4.html"]
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as packed:
        info = tarfile.TarInfo("GNUSparseFile.0/a")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "a.html"}
        packed.addfile(info)
    (row,) = read(target.getvalue())
    assert (row.source.url, row.detail) == ("file:a.tar!/a.html", "sparse file")


def test_a_damaged_header_costs_its_member():
    archive = bytearray(ARCHIVE)
    archive[OFFSETS[1] + 3] ^= 1
    items = read(bytes(archive))
    assert found(items) == ["0.html", "corrupt_record: no sound header", "2.html", "3.html", "4.html"]
    assert items[1].source.dump_offset == OFFSETS[1]


@pytest.mark.parametrize("size", [600, 2000, 3000, 8**11 - 1])
def test_a_size_that_is_too_large_costs_no_other_member(size):
    items = read(restate(ARCHIVE, OFFSETS[2], size))
    assert found(items) == ["0.html", "1.html", "corrupt_record: the size does not fit", "3.html", "4.html"]


def test_a_size_that_is_too_small_costs_no_neighbour():
    items = read(restate(ARCHIVE, OFFSETS[1], 5))
    assert found(items)[2:] == ["corrupt_record: no sound header", "2.html", "3.html", "4.html"]


def test_cut_and_joined_archives():
    assert found(read(ARCHIVE[: OFFSETS[3] + BLOCK + 99])) == [
        "0.html",
        "1.html",
        "2.html",
        "corrupt_record: cut short",
    ]
    assert found(read(ARCHIVE[: OFFSETS[3] + 99]))[3:] == ["corrupt_record: no sound header"]
    assert found(read(ARCHIVE + ARCHIVE)) == [name for name, _ in PAGES] * 2
    inner = tar([("in.tar", ARCHIVE), ("a.html", HTML)])
    assert found(read(inner[: len(ARCHIVE) // 2])) == ["corrupt_record: cut short"]
    assert found(read(b"no archive at all" * 99)) == ["corrupt_record: no sound header"]


def test_large_sizes_in_base_256_are_read():
    archive = bytearray(ARCHIVE)
    archive[OFFSETS[0] + 124 : OFFSETS[0] + 136] = b"\x80" + len(HTML).to_bytes(11, "big")
    header = archive[:BLOCK]
    header[148:156] = b" " * 8
    archive[148:156] = b"%06o\0 " % sum(header)
    assert found(read(bytes(archive)))[0] == "0.html"


@given(st.integers(0, len(ARCHIVE)), st.binary(min_size=1, max_size=600), st.integers(0, len(ARCHIVE)))
def test_damage_gives_rows_never_an_exception_or_a_lost_neighbour(place, splice, cut):
    damaged = (ARCHIVE[:place] + splice + ARCHIVE[place + len(splice) :])[: len(ARCHIVE)]
    assert all(isinstance(item, (Page, Rejected)) for item in read(damaged[:cut]))
    names = found(read(damaged))
    touched = [
        n for n, begin in enumerate(OFFSETS) if begin <= place + len(splice) and place < [*OFFSETS[1:], len(ARCHIVE)][n]
    ]
    assert {f"{n}.html" for n in range(5) if n not in touched} <= set(names)
