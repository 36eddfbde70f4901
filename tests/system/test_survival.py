"""Damage to a dump costs only rows: no exception, no hang, no memory, no other page; and the ledger balances."""

import gzip
import io
import itertools
import os
import random
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.articles import stories
from tests.support.damage import (  # fmt: skip
    ARC_HEAD,
    COUNT,
    MIB,
    OK,
    ROOT,
    Damage,
    Place,
    arc_record,
    cost_of,
    damages,
    frame,
    lines,
    page,
    parquet,
    record,
    samples,
    tarred,
    within,
    zipped,
    zstd,
)
from warraq.pipelines.query import connect
from warraq.schemas.records import Page, Rejected
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import FORMATS, read_range
from warraq.transforms.read.rules import ReadRules

DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data")) / "warc"
PAGES = [page(number) for number in range(COUNT)]
SAMPLES = samples(PAGES)
SPLITTABLE = {"warc", "warc.gz", "warc.zst", "arc", "arc.gz", "arc.zst", "jsonl", "parquet"}
UNCHECKED = {"warc", "arc", "jsonl", "tar", "html", "text"}  # kinds whose damage can show as other content
EXAMPLES = max(60, settings().max_examples // 2)
heavy = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def find(path):
    """The dump at `path`; None if it is the damage hides its format."""
    try:
        return find_dumps([str(path)]).dumps[0]
    except InputError:
        return None


def read(dump, *edges):
    """The items of a dump, read in the ranges between `edges`."""
    ranges = itertools.pairwise([0, *sorted(edges), None])
    return [item for start, stop in ranges for item in read_range(dump, start, stop, ReadRules(max_bytes=50_000))]


def pages_of(items):
    return [item.content for item in items if isinstance(item, Page)]


def reasons(items):
    return ["page" if isinstance(item, Page) else item.reason for item in items]


def extent(dump):
    """The largest offset that an item can have."""
    if not dump.packing or dump.format in SPLITTABLE:
        return dump.size
    return 64 * MIB  # no mutation of a small file has more decompressed bytes


def test_all_formats_are_here_and_sound(tmp_path):
    assert {sample.format for sample in SAMPLES.values()} == FORMATS
    for name, sample in SAMPLES.items():
        dump = find(write(tmp_path, "a", sample.content))
        assert (name, dump.format) == (name, sample.format)
        assert pages_of(read(dump)) == [place.content for place in sample.places], name


@pytest.mark.parametrize("name", SAMPLES)
@heavy
@given(data=st.data())
def test_damage_costs_what_it_touches_and_no_more(tmp_path_factory, name, data):
    sample = SAMPLES[name]
    damage = data.draw(damages(sample.content))
    cuts = data.draw(st.lists(st.integers(1, len(sample.content)), max_size=4))
    content = damage.applied(sample.content)
    with within(30):
        dump = find(write(tmp_path_factory.getbasetemp(), "damaged", content))
        if dump is None:
            return
        items = read(dump)
        assert read(dump, *cuts) == items
    for item in items:
        assert item.source.dump == dump.path
        assert 0 <= item.source.dump_offset <= extent(dump) or dump.format == "parquet"
        assert isinstance(item, Page) or (item.stage == "read" and item.detail)
    if dump.format != sample.format:
        return  # its format is another one now
    given_pages = pages_of(items)
    is_needed = damage.touches(Place(0, sample.head, b""))
    if sample.is_local and not is_needed and (dump.kind != "tar" or damage.keeps_places):
        intact = Counter(place.content for place in sample.places if not damage.touches(place))
        assert not intact - Counter(given_pages)
    if sample.is_local and not is_needed:  # a damaged head may be a record of a page now
        head = Place(0, min(place.start for place in sample.places), b"")
        for item in items:
            if isinstance(item, Page) and item.content not in PAGES:
                assert any(
                    damage.touches(place)
                    for place in (head, *sample.places)
                    if place.start <= _was(item, damage) < place.stop
                )
    elif dump.kind not in UNCHECKED | {"parquet"}:
        assert set(given_pages) <= set(PAGES)


def _was(item, damage):
    """The offset of an item before the damage; of an item inside the damage, the offset of the damage."""
    if item.source.dump_offset < damage.start:
        return item.source.dump_offset
    return max(damage.start, item.source.dump_offset - len(damage.content) + damage.stop - damage.start)


MANY = [page(number) + random.Random(number).randbytes(3000).hex().encode() for number in range(200)]
LARGE = samples(MANY)


@pytest.mark.parametrize(
    "name",
    ["warc.gz.solid", "warc.zst.solid", "arc.gz.solid", "arc.zst.solid", "jsonl.gz", "jsonl.zst", "tar.gz", "tar.zst"],
)
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_damage_to_one_stream_costs_nothing_before_it(tmp_path, name, share):
    sound = LARGE[name].content
    at = int(len(sound) * share)
    dump = find(write(tmp_path, "a", sound[:at] + bytes(200) + sound[at + 200 :]))
    found = pages_of(read(dump))
    before = int(len(MANY) * share) - 30  # zstd loses a block of 128 KiB, gzip the content of 4 KiB
    assert found[:before] == MANY[:before]
    assert "corrupt_record" in reasons(read(dump))


@pytest.mark.parametrize("member", range(COUNT))
def test_damage_in_a_zip_or_parquet_costs_that_file_or_those_rows(tmp_path, member):
    sound = SAMPLES["zip"].content
    at = zipfile.ZipFile(io.BytesIO(sound)).infolist()[member].header_offset + 60
    dump = find(write(tmp_path, "a", sound[:at] + b"\xff" * 20 + sound[at + 20 :]))
    assert pages_of(read(dump)) == PAGES[:member] + PAGES[member + 1 :]
    assert reasons(read(dump)).count("corrupt_record") == 1


LIES = {
    "nothing": (b"", bytes),
    "gzip": (b"gzip", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "br": (b"br", brotli.compress),
    "zstd": (b"zstd", zstandard.compress),
    "unheard of": (b"sdch, compress", bytes),
    "gzip ten times": (b", ".join([b"gzip"] * 10), lambda body: _again(gzip.compress, body, 10)),
    "br ten times": (b", ".join([b"br"] * 10), lambda body: _again(brotli.compress, body, 10)),
    "all": (
        b"gzip, br, zstd, deflate",
        lambda body: zlib.compress(zstandard.compress(brotli.compress(gzip.compress(body)))),
    ),
    "endless": (b"gzip," * 12_000, bytes),
}
BODIES = {
    "packed": lambda compress: compress(PAGES[1]),
    "as it is": lambda _: PAGES[1],
    "cut": lambda compress: compress(PAGES[1])[:-20],
    "only its start": lambda compress: compress(PAGES[1])[:12],
    "noise": lambda _: random.Random(1).randbytes(3000),
    "with noise": lambda compress: compress(PAGES[1])[:60] + random.Random(1).randbytes(300),
    "nothing": lambda _: b"",
    "a bomb": lambda compress: compress(b"<html>" + bytes(5 * MIB)),
    "an archive": lambda compress: compress(SAMPLES["warc.gz"].content),
    "chunks": lambda compress: b"ffffffff\r\n" + compress(PAGES[1]) + b"\r\n0\r\n\r\n",
    "chunks without end": lambda _: b"0001\r\nx\r\n" * 3000,
    "negative chunks": lambda _: b"-5\r\nhello\r\n0\r\n\r\n",
}


def _again(compress, body, times):
    for _ in range(times):
        body = compress(body)
    return body


@pytest.mark.parametrize("transfer", [b"", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("coding", LIES)
def test_false_encodings_cost_at_most_their_page(tmp_path, coding, body, transfer):
    stated, compress = LIES[coding]
    headers = OK + b"Content-Encoding: " + stated + b"\r\n" + transfer
    content = record(PAGES[0], 0) + record(BODIES[body](compress), 1, headers=headers) + record(PAGES[2], 2)
    with within(30):
        items = read(find(write(tmp_path, "a", content)))
    assert [item.source.url for item in items] == [f"http://a.example/{n}" for n in range(3)]
    assert [items[0].content, items[2].content] == [PAGES[0], PAGES[2]]
    if body == "packed" and coding != "endless":
        assert items[1].content == PAGES[1]


@pytest.mark.parametrize("length", [-1, 0, 1, 2000, 10**7, 10**12, 10**17, 10**18 - 1, 10**18, 10**40, "7e3", "", "٧"])
@pytest.mark.parametrize("compression", ["plain", "gz", "zst", "gz.solid", "zst.solid"])
def test_a_false_length_costs_its_record(tmp_path, length, compression):
    parts = [record(body, n, length=length if n == 5 else None) for n, body in enumerate(PAGES)]
    compress = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.compress}[compression.partition(".")[0]]
    content = compress(b"".join(parts)) if "solid" in compression else b"".join(map(compress, parts))
    with within(30):
        items = read(find(write(tmp_path, "a", content)))
    assert pages_of(items) == PAGES[:5] + PAGES[6:]
    assert "corrupt_record" in reasons(items)


@pytest.mark.parametrize("size", [1, 4000, 2**33, 2**62, 2**63, 2**64, 2**87])
@pytest.mark.parametrize("compression", ["", "gz", "zst"])
def test_a_false_size_in_a_tar_costs_its_member(tmp_path, size, compression):
    sound = SAMPLES["tar"]
    at = sound.places[5].start
    header = bytearray(sound.content[at : at + 512])
    header[124:136] = b"\x80" + size.to_bytes(11, "big")
    header[148:156] = b"%06o\0 " % (sum(header) - sum(header[148:156]) + 8 * ord(" "))
    content = sound.content[:at] + bytes(header) + sound.content[at + 512 :]
    compress = {"": bytes, "gz": gzip.compress, "zst": zstandard.compress}[compression]
    with within(30):
        found = pages_of(read(find(write(tmp_path, "a", compress(content)))))
    assert [body for body in found if body in PAGES] == PAGES[:5] + PAGES[6:]


@pytest.mark.parametrize("size", ["9" * 18, "9" * 19, "9" * 400, "-5", "0"])
def test_a_false_size_in_a_pax_header_costs_its_member(tmp_path, size):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for number, body in enumerate(PAGES):
            info = tarfile.TarInfo(f"{number}.html")
            info.size, info.pax_headers = len(body), {"size": size} if number == 5 else {}
            packed.addfile(info, io.BytesIO(body))
    with within(30):
        found = pages_of(read(find(write(tmp_path, "a", target.getvalue()))))
    assert [body for body in found if body != PAGES[5]] == PAGES[:5] + PAGES[6:]


@pytest.mark.parametrize("field", ["size", "offset", "both"])
def test_numbers_of_64_bits_in_a_zip_cost_the_file_that_states_them(tmp_path, field):
    sound = SAMPLES["zip"].content
    end = sound.rfind(b"PK\x05\x06")
    start = int.from_bytes(sound[end + 16 : end + 20], "little")
    entries = [b"PK\x01\x02" + part for part in sound[start:end].split(b"PK\x01\x02")[1:]]
    entry = bytearray(entries[5])
    extra = b""
    if field in ("size", "both"):
        entry[24:28] = b"\xff" * 4
        extra += (2**64 - 1).to_bytes(8, "little")
    if field in ("offset", "both"):
        entry[42:46] = b"\xff" * 4
        extra += (2**64 - 1).to_bytes(8, "little")
    extra = b"\x01\0" + len(extra).to_bytes(2, "little") + extra
    entry[30:32] = len(extra).to_bytes(2, "little")
    entries[5] = bytes(entry) + extra
    directory = b"".join(entries)
    tail = bytearray(sound[end:])
    tail[12:16] = len(directory).to_bytes(4, "little")
    dump = find(write(tmp_path, "a", sound[:start] + directory + bytes(tail)))
    items = read(dump)
    assert [body for body in pages_of(items) if body != PAGES[5]] == PAGES[:5] + PAGES[6:]
    assert all(0 <= item.source.dump_offset <= dump.size for item in items)
    assert all(item.source.bytes < 2**63 for item in items if isinstance(item, Rejected))


@pytest.mark.parametrize("stated", [0, 1, 2**32 - 1])
@pytest.mark.parametrize("format_", ["warc.gz", "arc.gz"])
def test_a_false_size_in_a_gzip_trailer_costs_no_more_than_its_member(tmp_path, format_, stated):
    sound = SAMPLES[format_]
    content = sound.content[:-4] + stated.to_bytes(4, "little")
    items = read(find(write(tmp_path, "a", content)))
    assert pages_of(items)[: COUNT - 1] == PAGES[: COUNT - 1]
    assert "corrupt_record" in reasons(items)


@pytest.mark.parametrize("stated", [0, 1, 2**31, 2**62])
def test_a_false_content_size_in_a_zstd_header_costs_its_frame(tmp_path, stated):
    head = b"\x28\xb5\x2f\xfd\xe0" + stated.to_bytes(8, "little")  # one segment: the size is also the window
    liar = head + frame([record(PAGES[1], 1)])[6:]
    dump = find(write(tmp_path, "a", zstd(record(PAGES[0])) + liar + zstd(record(PAGES[2], 2))))
    found = pages_of(read(dump))
    assert [body for body in found if body != PAGES[1]] == [PAGES[0], PAGES[2]]


NAMES = [
    "../../escaped.html", "/tmp/escaped.html", "a/../../escaped.html", "C:\\escaped.html", "..\\..\\escaped.html",
    "a\0b.html", "", ".", "..", "//host/share/escaped.html", "file:///escaped.html", "%2e%2e/escaped.html",
    "\udcff\udcfe.html", "x" * 3000, "نص.html", "\u202elmth.exe", "con.html", "a\nb\x1b[2J.html",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_are_never_paths(tmp_path, kind):
    members = [(name, PAGES[n % COUNT]) for n, name in enumerate(NAMES)]
    links = [("escaped.html", kind_, "/etc/passwd") for kind_ in (tarfile.SYMTYPE, tarfile.LNKTYPE)]
    devices = [
        ("escaped.html", kind_, "") for kind_ in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
    ]
    if kind == "zip":
        content = zipped(member for member in members if member[0].isprintable() or "\0" in member[0])
    else:
        content = tarred([*members, *links, *devices, ("last.html", PAGES[0])], tarfile.PAX_FORMAT)
    folder = tmp_path / "in" / "folder"
    folder.mkdir(parents=True)
    dump = find(write(folder, "a", content))
    items = read(dump)
    assert len(items) >= len(NAMES) - 4
    assert all(
        item.source.url.startswith(f"file:{folder}/a!/") or item.source.url == f"file:{folder}/a" for item in items
    )
    assert all(item.source.url.isascii() and item.source.url.isprintable() for item in items)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [folder / "a"]
    assert not Path("/tmp/escaped.html").exists()


NESTED = {
    "zip in zip": zipped([("a.html", PAGES[0]), ("b.zip", zipped([("c.html", PAGES[1])])), ("d.html", PAGES[2])]),
    "tar in tar": tarred([("a.html", PAGES[0]), ("b.tar", tarred([("c.html", PAGES[1])])), ("d.html", PAGES[2])]),
    "warc.gz in zip": zipped([("a.html", PAGES[0]), ("b", SAMPLES["warc.gz"].content), ("d.html", PAGES[2])]),
    "zip in tar": tarred([("a.html", PAGES[0]), ("b", SAMPLES["zip"].content), ("d.html", PAGES[2])]),
    "warc.gz in warc": record(PAGES[0])
    + record(SAMPLES["warc.gz"].content, headers=OK.replace(b"text/html", b"application/warc"))
    + record(PAGES[2]),
    "warc in warc": record(PAGES[0])
    + record(SAMPLES["warc"].content, headers=OK.replace(b"text/html", b"application/warc"))
    + record(PAGES[2]),
}


@pytest.mark.parametrize("nested", NESTED)
def test_an_archive_in_an_archive_is_one_row(tmp_path, nested):
    items = read(find(write(tmp_path, "a", NESTED[nested])))
    assert reasons(items) == ["page", "not_html", "page"]


def endless(begin, unit, count, end=b""):
    """A gzip file of `begin`, many MiB of repeated `unit`, and `end`; a MiB is compressed once and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress((unit * (MIB // len(unit) + 1))[:MIB]) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + head + middle * count + packer.compress(end) + packer.flush() + bytes(8)


def _bzip2_bomb():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_BZIP2) as packed:
        with packed.open("bomb.html", "w") as bomb:
            bomb.write(b"<html>")
            for _ in range(800):
                bomb.write(bytes(MIB))
        packed.writestr("a.html", PAGES[1])
    return target.getvalue()


def _tiny_members():
    part = record(random.Random(1).randbytes(2 * MIB), 0)
    return gzip.compress(part[:500], 1) + b"".join(
        gzip.compress(part[at : at + 50], 1) for at in range(500, len(part), 50)
    )


def _directory(count):
    entries = (b"PK\x01\x02" + bytes(42)) * count
    return (
        entries
        + b"PK\x05\x06"
        + bytes(4)
        + b"\xff" * 4
        + len(entries).to_bytes(4, "little")
        + (30).to_bytes(4, "little")
        + bytes(2)
    )


START = b"WARC/1.0\r\nWARC-Type: response\r\nX: "


def _shared_bombs():
    """Members inside each other: each holds the beginning of the next in a stored block, and a bomb comes last."""
    head = gzip.compress(b"")[:10] + _stored(START)
    kernel = endless(b"", b"\0", 700)[10:]
    chain = b"".join(head + _stored_head(len(head)) for _ in range(2000))
    return gzip.compress(record(PAGES[0])) + chain + head + kernel + gzip.compress(record(PAGES[1]))


def _layers():
    """A page in 1000 encodings, each of which adds 9 MB of white space."""
    body = PAGES[0]
    padding = zlib.compressobj(9, zlib.DEFLATED, -15)
    padding = padding.compress(bytes(9 * MIB)) + padding.flush()
    for _ in range(1000):
        body = (
            gzip.compress(b"")[:10]
            + b"".join(_stored(body[at : at + 65535]) for at in range(0, len(body), 65535))
            + padding
        )
    return record(body, headers=OK + b"Content-Encoding: gzip\r\n" * 1000) + record(PAGES[1])


def _stored_head(size):
    """The header of a stored deflate block: the next `size` bytes are not compressed."""
    return b"\0" + size.to_bytes(2, "little") + (0xFFFF - size).to_bytes(2, "little")


def _stored(content):
    return _stored_head(len(content)) + content


HOSTILE = {  # file → expected counts
    "gzip bomb": (lambda: gzip.compress(record(PAGES[0])) + endless(START + b"\r\nContent-Length: 9999999999\r\n\r\n", b"\0", 1024) + gzip.compress(record(PAGES[1])), {"pages": 2}),
    "endless header, gzip": (lambda: gzip.compress(record(PAGES[0])) + endless(START, b"A", 2048) + gzip.compress(record(PAGES[1])), {"pages": 2}),
    "endless header, one stream": (lambda: endless(record(PAGES[0]) + START, b"A", 2048, record(PAGES[1])), {"pages": 1}),
    "endless header of starts": (lambda: record(PAGES[0]) + b"WARC/1.0\r\nA:" * 80_000 + record(PAGES[1]), {"pages": 2}),
    "endless header of fields": (lambda: gzip.compress(record(PAGES[0])) + endless(START, b"\r\nX-Field: value", 300), {"pages": 1}),
    "endless header, zstd": (lambda: zstandard.compress(record(PAGES[0])) + frame([START, (b"A", 2**31)]) + zstandard.compress(record(PAGES[1])), {"pages": 2}),
    "endless header, zstd, one stream": (lambda: frame([record(PAGES[0]) * 2 + START, (b"A", 2**31), record(PAGES[1])]), {"pages": 2}),
    "zstd bomb": (lambda: frame([b'{"url":"a","text":"', (b"A", 2**36), b'"}\n']), {}),
    "zstd bomb in a tar": (lambda: frame([tarred([("a.html", PAGES[0])])[:1536], (b"\0", 2**36)]), {"pages": 1}),
    "gzip bomb, HTML": (lambda: endless(b"<html>", b"A", 2048), {"too_large": 1}),
    "gzip bombs that share their bytes": (_shared_bombs, {"pages": 2}),
    "encodings of bombs": (_layers, {"pages": 1}),
    "gzip name without end": (lambda: gzip.compress(record(PAGES[0])) + b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"A" * 20 * MIB + gzip.compress(record(PAGES[1])), {"pages": 2}),
    "brotli bomb": (lambda: record(brotli.compress(b"<html>" + bytes(300 * MIB), lgwin=24, quality=5), headers=OK + b"Content-Encoding: br\r\n") + record(PAGES[1]), {"pages": 1, "too_large": 1}),
    "bzip2 bomb": (_bzip2_bomb, {"pages": 1, "too_large": 1}),
    "lengths that lie": (lambda: b"".join(record(PAGES[0], n, length=9_000_000) for n in range(20_000)), {}),
    "lengths that lie, beyond all": (lambda: b"".join(record(PAGES[0], n, length=10**17) for n in range(10_000)) + record(PAGES[1]), {"pages": 1}),
    "lengths that lie in one stream": (lambda: gzip.compress(record(PAGES[0]) + b"".join(record(PAGES[0], n, length=10**17) for n in range(8000)), 1), {"pages": 1}),
    "a record in tiny members": (_tiny_members, {"pages": 1}),
    "ARC that is all addresses": (lambda: ARC_HEAD + b"junk " + b"http:" * 100_000 + b"\n" + arc_record(PAGES[1]), {"pages": 1}),
    "ARC that is all headers": (lambda: ARC_HEAD + b"junk " + b"http:a 1 123456789012 1 1 1 1 1 1 1 " * 60_000 + b"\n" + arc_record(PAGES[1]), {"pages": 1}),
    "ARC that is all dates": (lambda: ARC_HEAD + b"junk " + (b"http:" * 79 + b" 1 123456789012 t") * 5000 + b"\n" + arc_record(PAGES[1]), {"pages": 1}),
    "ARC of long words": (lambda: ARC_HEAD + b"junk " + (b"http:a 1 123456789012 " + b"x" * 200) * 9000 + b"\n" + arc_record(PAGES[1]), {"pages": 1}),
    "ARC of long lines": (lambda: ARC_HEAD + (b"http:a" + b" 1 123456789012 t" * 700 + b"\n") * 200 + arc_record(PAGES[1]), {"pages": 1}),
    "JSON of many values": (lambda: b'{"url":"http://a.example/","text":"x","junk":[' + b"[]," * 15_000_000 + b"[]]}\n" + lines(PAGES)[1], {"pages": 1, "too_large": 1}),
    "JSON array of many values": (lambda: b'[{"url":"http://a.example/","text":"x","junk":[' + b"[]," * 15_000_000 + b"[]]}," + lines(PAGES)[1] + b"]", {"pages": 1, "too_large": 1}),
    "JSON without end": (lambda: b'[{"url":"http://a.example/","text":"' + b"A" * 150 * MIB, {"too_large": 1}),
    "deep JSON": (lambda: b'{"a":' * 100_000 + b"\n" + lines(PAGES)[1], {"pages": 1}),
    "magic numbers": (lambda: gzip.compress(record(PAGES[0])) + b"\x1f\x8b\x08" * 100_000 + gzip.compress(record(PAGES[1])), {"pages": 2}),
    "a directory of nothing": (lambda: b"PK\x03\x04" + bytes(26) + _directory(300_000), {}),
    "Parquet of one value": (lambda: parquet([b"<html>" + b"A" * 5 * MIB] * 200, 200), {"pages": 200}),
}  # fmt: skip
SLOW = {"zstd bomb", "zstd bomb in a tar", "endless header, one stream", "endless header, zstd, one stream", "gzip bomb", "endless header, gzip", "a directory of nothing", "JSON of many values", "JSON array of many values", "JSON without end", "lengths that lie in one stream", "brotli bomb", "Parquet of one value"}  # fmt: skip


def _survives(folder, names):
    paths = [write(folder, name.replace(" ", "_"), HOSTILE[name][0]()) for name in names]
    for name, cost in zip(names, cost_of(*paths), strict=True):
        expected = HOSTILE[name][1]
        assert (name, {reason: cost.counts.get(reason) for reason in expected}) == (name, expected)
        assert cost.counts
        assert cost.mib < 600, (name, cost)
        assert cost.seconds < 60, (name, cost)


@pytest.mark.slow
def test_bombs_take_neither_time_nor_memory(tmp_path):
    _survives(tmp_path, [name for name in HOSTILE if name not in SLOW])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SLOW))
def test_large_bombs_take_neither_time_nor_memory(tmp_path, name):
    _survives(tmp_path, [name])


@pytest.mark.slow
def test_a_header_of_two_gigabytes_costs_its_record(tmp_path):
    path = write(tmp_path, "a", record(PAGES[0]) + START)
    with path.open("r+b") as dump:
        dump.seek(2**31)
        dump.write(b"\r\n" + record(PAGES[1]))
    (cost,) = cost_of(path)
    assert (cost.counts, cost.mib < 300) == ({"pages": 2, "corrupt_record": 1}, True)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A folder with a damaged dump of every layout; by path, the dump's kind and the URLs that must be kept."""
    folder = tmp_path_factory.mktemp("damaged") / "dumps"
    folder.mkdir()
    texts = [story for story in stories().values() if story.language == "ar"][:6]
    kept = {}
    for number, (name, sample) in enumerate(samples([_article(story) for story in texts]).items()):
        damage = _hurt(sample)
        path = write(folder, f"{number:02}", damage.applied(sample.content))
        intact = [n for n, place in enumerate(sample.places) if not damage.touches(place)]
        kept[str(path)] = (name, intact if sample.is_local else [])
    write(folder, "names", zipped([(name, PAGES[0]) for name in NAMES if name.isprintable()]))
    write(folder, "links", tarred([("../../escaped.html", PAGES[0]), ("escaped.html", tarfile.SYMTYPE, "/etc/passwd")]))
    return folder, kept


def _article(story):
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs)
    head = f"<title>{story.title}</title>"
    return f"<!DOCTYPE html><html><head>{head}</head><body><article><h1>{story.title}</h1>{paragraphs}</article></body></html>".encode()


def _hurt(sample):
    """Damage that costs the page in the middle, or all pages from there on."""
    if not sample.is_local:
        size = len(sample.content)
        return Damage(size * 2 // 3, size, b"")
    place = sample.places[3]
    middle = (place.start + place.stop) // 2
    where = place.start + 1 if sample.format in ("warc", "arc", "jsonl", "tar") else middle
    return Damage(where, where + 30, b"\xff" * 30)


def ingest(folder, output, workers):
    flags = ["--workers", str(workers), "--rejected", "all", "--quiet"]
    command = [sys.executable, "-m", "warraq", "ingest", str(folder), "--output", str(output), *flags]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def rows(output, query):
    return connect(Dataset(str(output))).execute(query).fetchall()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_ledger_balances_over_damaged_dumps_of_every_format(damaged, tmp_path, workers):
    folder, kept = damaged
    before = sorted(path for path in folder.parent.rglob("*"))
    done = ingest(folder, tmp_path / "out", workers)
    assert done.returncode == 0, done.stderr
    assert sorted(path for path in folder.parent.rglob("*")) == before
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    corrupt = Counter(
        dict(rows(tmp_path / "out", "SELECT dump, count(*) FROM rejected WHERE reason = 'corrupt_record' GROUP BY ALL"))
    )
    # All dumps have the same texts: one of each is an article, the others are its copies.
    copies = "SELECT dump, url FROM rejected WHERE stage = 'deduplicate' UNION ALL SELECT dump, url FROM articles"
    articles = rows(tmp_path / "out", copies)
    for path, (name, intact) in kept.items():
        skipped = f"{path}: skipped, can't be decompressed" in done.stderr  # a cut zstd block gives no content
        assert corrupt[path] >= 1 or name in ("html", "text") or (skipped and ".zst" in name), (name, done.stderr)
        assert corrupt[path] == 1 or not intact, name
        urls = {url.rpartition("/")[2].removesuffix(".html") for dump, url in articles if dump == path}
        assert urls >= {str(n) for n in intact}, name
    assert rows(tmp_path / "out", "SELECT count(*) FROM rejected WHERE reason = 'error' OR dump_offset < 0") == [(0,)]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no data in {DATA}; set WARRAQ_DATA")
def test_the_broken_files_of_other_projects_break_nothing(tmp_path):
    done = ingest(DATA, tmp_path / "out", 1)
    assert done.returncode == 0, done.stderr
    reasons = dict(rows(tmp_path / "out", "SELECT reason, count(*) FROM rejected GROUP BY ALL"))
    assert "error" not in reasons
    corrupt = "SELECT DISTINCT parse_filename(dump) FROM rejected WHERE reason = 'corrupt_record' ORDER BY ALL"
    assert [name for (name,) in rows(tmp_path / "out", corrupt)] == [
        "clipped.warc.gz",
        "example-space-in-url.arc",
        "warcs_bad.arc",
        "warcs_missing-status-text.warc",
    ]
