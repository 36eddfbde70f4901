"""Every record of a WARC is read exactly once, however it is cut, packed or damaged."""

import datetime as dt
import gzip
import io
import itertools
import os
import random
import zlib
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Page, Rejected
from transforms.read import Dump, ReadRules, find_dumps, read_range
from transforms.read.http import dechunk, decode_body
from transforms.read.warc import read_solid, read_warc_range

DATA = Path(os.environ.get("WARRAQ_DATA", Path(__file__).parents[2] / "shared" / "data"))
RULES = ReadRules(max_bytes=100_000)
HTML = b"<!DOCTYPE html><html><body><p>text</p></body></html>"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
CHANGED = dt.datetime(2023, 11, 14, tzinfo=dt.timezone.utc)


def record(block, kind="response", url="http://a.example/", content_type="application/http; msgtype=response", **more):
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": url,
        "WARC-Date": "2024-05-01T10:11:12Z",
        "WARC-Record-ID": "<urn:uuid:1>",
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in more.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def response(body=HTML, url="http://a.example/", headers=OK):
    return record(headers + b"\r\n" + body, url=url)


def dump(format_="warc", path="d.warc"):
    return Dump(path, 0, format_, "", CHANGED)


def read(content, format_="warc", start=0, stop=None, rules=RULES):
    stream = io.BytesIO(content)
    if format_ == "warc.gz.solid":
        return list(read_solid(stream, dump(format_), rules))
    return list(read_warc_range(stream, start, stop, dump(format_), rules))


def only(content, **more):
    (item,) = read(content, **more)
    return item


def seen(items):
    """What identifies an item: place and content, or place and reason."""
    return [(i.dump_offset, i.reason if isinstance(i, Rejected) else i.content) for i in items]


def test_a_page_is_what_the_dump_says():
    assert only(response()) == Page(
        "http://a.example/", HTML, False, "utf-8", None,
        dt.datetime(2024, 5, 1, 10, 11, 12, tzinfo=dt.timezone.utc), "d.warc", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (record(HTML, "resource", content_type="text/html"), None),
        (record(HTML, "conversion", content_type="text/html; charset=windows-1256"), "windows-1256"),
        (response(headers=b"HTTP/1.1 200 OK\r\n"), None),  # no media type, but HTML
        (record(b'HTTP/1.0 200\nContent-Type: Text/HTML; Charset="windows-1256"; x\n\n' + HTML), "windows-1256"),
        (response(headers=b"HTTP/2 200\r\ncontent-type:application/xhtml+xml\r\n"), None),
        (response(headers=b"ICY 200 OK\r\nContent-Type: text/html\r\n"), None),
    ],
)
def test_pages_of_other_kinds_are_pages(content, charset):
    page = only(content)
    assert isinstance(page, Page), page
    assert (page.content, page.charset, page.is_text) == (HTML, charset, False)


def test_a_conversion_is_plain_text():
    page = only(record("نص".encode(), "conversion", content_type="text/plain"))
    assert (page.content.decode(), page.charset, page.is_text) == ("نص", "utf-8", True)


@pytest.mark.parametrize("kind", ["request", "metadata", "warcinfo", "revisit", "continuation", "unheard-of"])
def test_other_records_leave_no_row(kind):
    assert read(record(HTML, kind)) == []


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (response(headers=OK.replace(b"200 OK", b"404 Not Found")), "http_error", "404"),
        (response(headers=OK.replace(b"200 OK", b"301 Moved")), "http_error", "301"),
        (response(headers=OK.replace(b"text/html", b"image/png")), "not_html", "image/png"),
        (response(b""), "not_html", "empty"),
        (response(b"\x89PNG", headers=b"HTTP/1.1 200 OK\r\n"), "not_html", "no media type, and not HTML"),
        (record(b"1.2.3.4", "response", "dns:a.example", "text/dns"), "not_html", "text/dns"),
        (record(b"plain", "resource", content_type="text/plain"), "not_html", "text/plain"),
        (record(b"", "conversion", content_type="text/plain"), "not_html", "empty"),
        (response(HTML * 3000), "too_large", "more than 100000 bytes"),
        (response(HTML * 30_000), "too_large", "more than 100000 bytes"),
        (record(b"x" * 10**6, "response", content_type="video/mp4"), "not_html", "video/mp4"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_refusals(content, reason, detail, packed):
    items = read(gzip.compress(content), "warc.gz") if packed else read(content)
    assert [(i.stage, i.reason, i.detail, i.dump_offset) for i in items] == [("read", reason, detail, 0)]


def test_addresses_in_angle_brackets_and_missing_dates():
    page = only(record(OK + b"\r\n" + HTML, url="<http://a.example/ b>", WARC_Date=None))
    assert page.url == "http://a.example/ b"
    assert page.fetched_at == CHANGED
    stated = only(record(OK + b"\r\n" + HTML, WARC_Date="?"), rules=ReadRules(fetched_at="2020-02-03"))
    assert stated.fetched_at == dt.datetime(2020, 2, 3, tzinfo=dt.timezone.utc)


ENCODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
}


def raw_deflate(content):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def chunked(content):
    parts = [content[at : at + 7] for at in range(0, len(content), 7)] + [b""]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in parts)


@pytest.mark.parametrize("coding", ENCODINGS)
@pytest.mark.parametrize("wrap", [bytes, chunked])
def test_encodings_are_removed_and_the_next_record_is_kept(coding, wrap):
    headers = OK + b"Content-Encoding: %s\r\n" % coding.encode() + b"Transfer-Encoding: chunked\r\n" * (wrap is chunked)
    items = read(response(wrap(ENCODINGS[coding](HTML)), headers=headers) + response(b"<html>next"))
    assert [item.content for item in items] == [HTML, b"<html>next"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
@pytest.mark.parametrize("transfer", ["", "chunked"])
def test_headers_that_lie_are_seen_through(coding, transfer):
    assert decode_body(HTML, transfer, coding, 1000).content == HTML


@pytest.mark.parametrize(
    ("raw", "coding", "content"),
    [
        (raw_deflate(HTML), "deflate", HTML),
        (brotli.compress(gzip.compress(HTML, mtime=0)), "gzip, br", HTML),
        (gzip.compress(HTML, mtime=0)[:-9], "gzip", HTML),
        (
            gzip.compress(b"a" * 10**7, mtime=0),
            "gzip",
            b"a" * 1001,
        ),  # one byte more than the limit shows that it is too much
        (brotli.compress(b"a" * 10**7), "br", b"a" * 1001),
        (b"", "gzip", b""),
        (HTML, "unheard-of", HTML),
    ],
)
def test_bodies_are_unpacked_as_far_as_they_go(raw, coding, content):
    unpacked = decode_body(raw, "", coding, 1000).content
    assert content.startswith(unpacked)
    assert len(content) - len(unpacked) < 40


def test_a_body_that_gives_nothing_is_corrupt():
    damaged = gzip.compress(HTML)[:10] + b"\xff" * 40
    item = only(response(damaged, headers=OK + b"Content-Encoding: gzip\r\n"))
    assert (item.reason, item.detail) == ("corrupt_record", "content-encoding gzip")


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n5\r\nde", b"abcde"),
        (b"abc", b"abc"),
        (b"", b""),
        (b"0\r\n\r\n", b""),
    ],
)
def test_dechunk(raw, body):
    assert dechunk(raw) == body


def bodies(count, size=300, seed=1):
    noise = random.Random(seed)
    return [b"<html>%d %s" % (n, noise.randbytes(noise.randrange(size)).hex().encode()) for n in range(count)]


def archive(parts, packed, level=6):
    """The bytes of an archive, and the offset of each of its records."""
    packs = [gzip.compress(part, level) if packed else part for part in parts]
    offsets = [sum(map(len, packs[:n])) for n in range(len(packs))]
    return b"".join(packs), offsets


def cut(content, format_, cuts):
    edges = [0, *sorted(min(at, len(content)) for at in cuts), len(content)]
    return [item for start, stop in itertools.pairwise(edges) for item in read(content, format_, start, stop)]


@given(st.lists(st.integers(0, 6000), max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_record_is_read_once_for_every_way_of_splitting(cuts, packed):
    content, offsets = archive([response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(20))], packed)
    format_ = "warc.gz" if packed else "warc"
    assert seen(cut(content, format_, cuts)) == list(zip(offsets, bodies(20), strict=True))


NESTED = {
    # an archive as the body of a record: its records must not be taken for the file's own
    "small": archive([response(body) for body in bodies(30, 200, 2)], packed=True)[0],
    "large": archive([response(body) for body in bodies(60, 8000, 3)], packed=True, level=9)[0],
    "plain": archive([response(body) for body in bodies(30, 200, 4)], packed=False)[0],
}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.booleans(), st.sampled_from(sorted(NESTED)))
@settings(max_examples=60, deadline=None)
def test_an_archive_inside_a_record_is_one_record(shares, packed, nested):
    parts = [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(12, 3000))]
    parts.insert(6, record(NESTED[nested], "resource", content_type="application/warc"))
    content, offsets = archive(parts, packed, level=1)
    items = cut(content, "warc.gz" if packed else "warc", [int(share * len(content)) for share in shares])
    assert [item.dump_offset for item in items] == offsets
    assert [isinstance(item, Page) for item in items] == [n != 6 for n in range(13)]


DAMAGES = {
    "bytes flipped": lambda part: (
        part[: len(part) // 2] + bytes(255 - byte for byte in part[len(part) // 2 :][:9]) + part[len(part) // 2 + 9 :]
    ),
    "cut": lambda part: part[: len(part) // 2],
    "only its start": lambda part: part[:12],
    "junk": lambda _: b"\x1f\x8b\x08 junk WARC/1.0 " * 9,
    "zeros": lambda part: bytes(len(part)),
    "length too long": lambda part: part.replace(b"Content-Length: ", b"Content-Length: 9"),
    "length too short": lambda part: part.replace(b"Content-Length: ", b"Content-Length: 1\r\nX: "),
    "length negative": lambda part: part.replace(b"Content-Length: ", b"Content-Length: -"),
    "length huge": lambda part: part.replace(b"Content-Length: ", b"Content-Length: " + b"9" * 17),
    "no length": lambda part: part.replace(b"Content-Length: ", b"X: "),
    "no type": lambda part: part.replace(b"WARC-Type: ", b"X: "),
    "endless header": lambda part: part.replace(b"WARC-Type: ", b"X: " + b"y" * 10**6 + b"\r\nWARC-Type: "),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("place", [0, 3, 9])
def test_damage_costs_one_row_and_no_neighbour(damage, packed, place):
    parts = [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(10))]
    if packed and ("length" in damage or damage in ("no type", "endless header")):
        packs = [gzip.compress(DAMAGES[damage](part) if n == place else part) for n, part in enumerate(parts)]
    else:
        packs = [gzip.compress(part) if packed else part for part in parts]
        packs[place] = DAMAGES[damage](packs[place])
    if not packed and damage in ("bytes flipped", "zeros", "only its start"):
        pytest.skip("a plain file has no checksums: such damage is seen only where it hits a header")
    content = b"".join(packs)
    items = read(content, "warc.gz" if packed else "warc")
    pages = [item.content for item in items if isinstance(item, Page)]
    assert pages == [body for n, body in enumerate(bodies(10)) if n != place]
    rows = [item for item in items if isinstance(item, Rejected)]
    assert {row.reason for row in rows} == {"corrupt_record"}
    assert rows[0].dump_offset == sum(map(len, packs[:place]))
    halves = cut(content, "warc.gz" if packed else "warc", [len(content) // 3, len(content) // 2])
    assert seen(halves) == seen(items)


@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_last_record_is_corrupt(packed):
    content, offsets = archive([response(body) for body in bodies(3, 3000)], packed)
    *pages, row = read(content[:-60], "warc.gz" if packed else "warc")
    assert [page.content for page in pages] == bodies(3, 3000)[:2]
    assert (row.reason, row.dump_offset, row.url) == ("corrupt_record", offsets[2], "http://a.example/")


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=30), st.booleans())
@settings(max_examples=80, deadline=None)
def test_damage_anywhere_never_stops_the_reader(place, splice, packed):
    content, _ = archive([response(body) for body in bodies(8)], packed)
    broken = content[:place] + splice + content[place + len(splice) :]
    intact = set(bodies(8))
    found = [item.content for item in read(broken, "warc.gz" if packed else "warc") if isinstance(item, Page)]
    assert len(intact & set(found)) >= 5  # a splice of 30 bytes can touch two records, plus one in the plain form


def test_a_bomb_is_too_large_and_its_neighbours_are_kept():
    bomb = gzip.compress(response(bytes(10**8)))
    content = gzip.compress(response(b"<html>1")) + bomb + gzip.compress(response(b"<html>2"))
    first, row, last = read(content, "warc.gz", rules=ReadRules(max_bytes=10_000))
    assert (first.content, row.reason, last.content) == (b"<html>1", "too_large", b"<html>2")


def test_one_gzip_stream_for_the_whole_file():
    plain, offsets = archive([response(body) for body in bodies(20)], packed=False)
    assert seen(read(gzip.compress(plain), "warc.gz.solid")) == list(zip(offsets, bodies(20), strict=True))
    *pages, row = read(gzip.compress(plain)[:-200], "warc.gz.solid")
    assert [page.content for page in pages] == bodies(20)[: len(pages)]
    assert row.reason == "corrupt_record"


def test_a_large_member_with_many_records_is_read_whole():
    rules = ReadRules(max_bytes=10_000)
    many = b"".join(response(body) for body in bodies(300, 3000))
    content = gzip.compress(response(b"<html>1")) + gzip.compress(many) + gzip.compress(response(b"<html>2"))
    items = read(content, "warc.gz", rules=rules)
    assert [item.content for item in items] == [b"<html>1", *bodies(300, 3000), b"<html>2"]


def test_claims_are_offsets_in_order_and_a_refused_claim_ends_the_range():
    content, offsets = archive([response(body) for body in bodies(5)], packed=True)
    asked = []

    def claim(offset):
        asked.append(offset)
        return len(asked) < 4

    items = list(read_warc_range(io.BytesIO(content), 0, None, dump("warc.gz"), RULES, claim))
    assert asked == offsets[:4]
    assert len(items) == 3


@pytest.mark.skipif(not (DATA / "warc").is_dir(), reason=f"no data in {DATA}; set WARRAQ_DATA")
def test_real_archives_split_anywhere_and_survive():
    for found in find_dumps([str(DATA / "warc")]).dumps:
        if found.format not in ("warc", "warc.gz"):
            continue
        whole = seen(read_range(found, 0, None, ReadRules()))
        edges = [found.size * n // 7 for n in range(8)]
        parts = [seen(read_range(found, *edge, ReadRules())) for edge in itertools.pairwise(edges)]
        assert list(itertools.chain.from_iterable(parts)) == whole, found.path
