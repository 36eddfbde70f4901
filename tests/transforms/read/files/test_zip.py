"""ZIP archives and WACZ give a page or a row for each file in them; bombs are refused."""

import datetime as dt
import gzip
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.files.zip import read_zip
from warraq.transforms.read.formats import open_page, read_range
from warraq.transforms.read.rules import ReadRules

UTC = dt.timezone.utc
FILE_TIME = dt.datetime(2026, 1, 2, tzinfo=UTC)
HTML = "<!DOCTYPE html><html><body><p>نص</p></body></html>".encode()


def zipped(members, method=zipfile.ZIP_DEFLATED, date=(2023, 4, 5, 6, 7, 8)):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, date), content, method)
    return target.getvalue()


def warc(n):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{n}\r\nWARC-Date: 2024-05-01T10:11:12Z\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def read(content, **rules):
    return list(read_zip(io.BytesIO(content), Dump("a.zip", len(content), "zip", "", FILE_TIME), ReadRules(**rules)))


def found(items):
    return [
        f"{i.reason}: {i.detail}" if isinstance(i, Rejected) else i.source.url.partition("!/")[2] or i.source.url
        for i in items
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members(method):
    members = [
        ("../../etc/a.html", HTML),
        ("نص.txt", "نص قصير".encode()),
        ("folder/", b""),
        ("", HTML),
        ("e.html", b""),
    ]
    items = read(zipped(members, method))
    assert found(items)[:2] == ["../../etc/a.html", "%D9%86%D8%B5.txt"]
    assert found(items)[3:] == ["not_html: empty"]
    assert [item.is_text for item in items[:3]] == [False, True, False]
    assert items[0].source.fetched_at == dt.datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert [item.source.dump_offset for item in items] == sorted({item.source.dump_offset for item in items})


def test_members_without_a_time_have_the_time_of_the_archive():
    assert read(zipped([("a.html", HTML)], date=(1980, 1, 1, 0, 0, 0)))[0].source.fetched_at == FILE_TIME


def test_a_file_that_is_no_page_leaves_a_row_with_advice():
    members = {
        "a.zip": (zipped([("a.html", HTML)]), "zip: unpack it first"),
        "a.warc.gz": (gzip.compress(warc(1)), "warc.gz: unpack it first"),
        "a.jsonl": (b'{"url": "u", "text": "x"}\n', "jsonl: unpack it first"),
        "a.rar": (b"Rar!\x1a\x07\x00", "rar: unpack it first"),
        "a.png": (b"\x89PNG\0", "binary"),
    }
    items = read(zipped([(name, content) for name, (content, _) in members.items()]))
    assert [(item.reason, item.detail) for item in items] == [("not_html", words) for _, words in members.values()]


def test_a_wacz_gives_its_pages_at_their_offsets(tmp_path):
    records = b"".join(gzip.compress(warc(n)) for n in range(4))
    members = [
        ("datapackage.json", b'{"profile": "data-package"}'),
        ("archive/data.warc.gz", records),
        ("archive/b.warc", warc(9)),
    ]
    content = zipped(members, zipfile.ZIP_STORED)
    (tmp_path / "a.wacz").write_bytes(content)
    (dump,) = find_dumps([str(tmp_path)]).dumps
    items = list(read_range(dump, 0, None, ReadRules()))
    assert found(items) == ["not_html: jsonl: unpack it first", *(f"http://a.example/{n}" for n in (0, 1, 2, 3, 9))]
    for page in items[1:]:
        assert content[page.source.dump_offset :].startswith(
            b"WARC/1.0" if page.source.url.endswith("9") else b"\x1f\x8b\x08"
        )
        assert open_page(dump.path, page.source.dump_offset) == page
    damaged = content.replace(records[250:310], bytes(60), 1)
    assert found(read(damaged)).count("http://a.example/3") == 1


def test_encrypted_and_unknown_members_are_refused():
    content = bytearray(zipped([("a.html", HTML), ("b.html", HTML), ("c.html", HTML)]))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    content[6] |= 1
    entry = content.index(b"PK\x01\x02", entry + 1)
    content[entry + 10] = 97
    rows = read(bytes(content))
    assert [row.reason for row in rows[:2]] == ["corrupt_record", "corrupt_record"]
    assert "encrypted" in rows[0].detail
    assert found(rows)[2] == "c.html"


def test_a_member_is_decompressed_up_to_the_limit():
    content = zipped([("bomb.html", b"<html>" + bytes(50_000_000)), ("a.html", HTML)])
    assert found(read(content, max_bytes=10_000)) == ["too_large: more than 10000 bytes", "a.html"]


def entry(name, size, packed, offset, crc=0, method=8):
    return struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, method, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset
    ) + name  # fmt: skip


def end(count, size, offset):
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def test_a_member_that_goes_beyond_the_end_is_refused_with_words():
    content = bytearray(zipped([("a.html", HTML)], zipfile.ZIP_STORED))
    content[29] = 0x20  # the length of its extra field
    assert found(read(bytes(content))) == ["corrupt_record: cut off"]


def test_overlapping_members_are_refused_unread():
    content = b"<html>" + bytes(1_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packer.compress(content) + packer.flush()
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(content), len(kernel), len(content), 1, 0)
    entries = b"".join(entry(b"a", len(content), len(kernel), 0, zlib.crc32(content)) for _ in range(300))
    bomb = local + b"a" + kernel + entries + end(300, len(entries), len(local) + 1 + len(kernel))
    assert set(found(read(bomb))) == {"corrupt_record: overlaps with the next file"}


def test_a_huge_directory_is_refused_unread():
    entries = entry(b"a", 0, 0, 0) * (33 * 1024 * 1024 // 47)
    (row,) = read(entries + end(65535, len(entries), 0))
    assert (row.reason, row.detail) == ("corrupt_record", f"a directory of {len(entries)} bytes: unpack it first")


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + bytes(17), b"PK\x05\x06" + b"\xff" * 18])
def test_no_archive_at_all_is_one_row(content):
    (row,) = read(content)
    assert (row.reason, row.source.dump_offset) == ("corrupt_record", 0)


ARCHIVES = [
    zipped([("a.html", HTML * 20), ("نص.html", HTML), ("c.warc.gz", gzip.compress(warc(1)))], method)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]


@given(st.sampled_from(range(4)), st.integers(0, 2500), st.binary(min_size=1, max_size=20))
def test_damage_gives_rows_never_an_exception(kind, place, splice):
    content = ARCHIVES[kind]
    place = min(place, len(content))
    items = read(content[:place] + splice + content[place + len(splice) :])
    assert all(isinstance(item, (Page, Rejected)) for item in items)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_name_that_is_falsely_marked_as_utf8_costs_nothing(compression):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for number, name in enumerate(("خبر.html", "نبأ.html", "plain.html")):
            archive.writestr(name, f"<html>{number}")
    content = target.getvalue().replace("خبر".encode(), b"\xce\xc8\xd1%\n\x1b")
    pages = list(read_zip(io.BytesIO(content), Dump("a.zip", len(content), "zip", "", FILE_TIME), ReadRules()))
    assert [page.source.url for page in pages] == [
        "file:a.zip!/%CE%C8%D1%25%0A%1B.html",
        "file:a.zip!/%D9%86%D8%A8%D8%A3.html",
        "file:a.zip!/plain.html",
    ]
    assert [page.content for page in pages] == [b"<html>0", b"<html>1", b"<html>2"]


THREE = [("a.html", HTML), ("ééé.html", HTML), ("c.html", HTML)]


def spoilt(field):
    """An archive that zipfile refuses because of one entry of its directory."""
    if field == "name":
        return zipped(THREE).replace("ééé".encode(), b"\xed\xa0\xbdabc")  # half an emoji, marked as UTF-8
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in THREE:
            info = zipfile.ZipInfo(name)
            info.extra = b"\x99\x99\4\0abcd"
            archive.writestr(info, content)
    content = bytearray(target.getvalue())
    at = content.rindex(b"PK\1\2")
    if field == "version":
        content[at + 6] = 99
    else:
        content[content.rindex(b"\x99\x99") + 2] = 200
    return bytes(content)


@pytest.mark.parametrize(
    ("field", "second"),
    [
        ("name", "%ED%A0%BDabc.html"),
        ("version", "%C3%A9%C3%A9%C3%A9.html"),
        ("extra field", "%C3%A9%C3%A9%C3%A9.html"),
    ],
)
def test_an_entry_that_zipfile_refuses_costs_no_other(field, second):
    items = read(spoilt(field))
    assert found(items) == ["a.html", second, "c.html"]
    assert all(item.content == HTML for item in items)


def test_a_stored_archive_does_not_reach_into_the_members_after_it():
    """Otherwise a directory of n members with false sizes would give n * n / 2 pages."""
    content = bytearray(zipped([(f"{n}.warc", warc(n)) for n in range(20)], zipfile.ZIP_STORED))
    at = directory = content.index(b"PK\1\2")
    while content.startswith(b"PK\1\2", at):
        (offset,) = struct.unpack_from("<I", content, at + 42)
        struct.pack_into("<2I", content, at + 20, 0, directory - offset)
        at += 46 + sum(struct.unpack_from("<3H", content, at + 28))
    items = read(bytes(content))
    assert len(items) == 20
    assert {item.reason for item in items} == {"corrupt_record"}
