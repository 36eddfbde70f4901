"""Every record of a WARC is read exactly once, for any split, compression and damage."""

import datetime as dt
import functools
import gzip
import io
import itertools
import random
import re
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.archives.frames import first_plain_frame
from warraq.transforms.read.archives.http import dechunk, decode_body
from warraq.transforms.read.archives.plain import PlainFrames
from warraq.transforms.read.archives.records import read_archive, read_archive_range
from warraq.transforms.read.archives.warc import WARC
from warraq.transforms.read.compression.detect import decompressed
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

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


def skippable(content, magic=0x184D2A50):
    return magic.to_bytes(4, "little") + len(content).to_bytes(4, "little") + content


def zstd(content, level=3, dictionary=None):
    packer = zstandard.ZstdCompressor(level=level, dict_data=dictionary, write_checksum=True)
    return packer.compress(content)


def dump(format_="warc", path="d.warc"):
    return Dump(path, 0, format_, "", CHANGED)


def read(content, format_="warc", start=0, stop=None, rules=RULES):
    stream = io.BytesIO(content)
    return list(read_archive_range(stream, start, stop, dump(format_), rules))


def only(content, **more):
    (item,) = read(content, **more)
    return item


def seen(items):
    """The identity of an item: place and content, or place and reason."""
    return [(i.source.dump_offset, i.reason if isinstance(i, Rejected) else i.content) for i in items]


def shortened(made, by):
    """A record whose stated length is too short by so many bytes."""
    length = int(re.search(rb"Content-Length: (\d+)", made)[1])
    return made.replace(b"Content-Length: %d" % length, b"Content-Length: %d" % (length - by))


PACK = {"warc": bytes, "warc.gz": gzip.compress, "warc.zst": zstd}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("by", [1, 2, 5, 14, 40])
def test_a_length_that_is_a_few_bytes_short_costs_these_bytes(kind, by):
    body = HTML + b"\r\n<!-- made by hand -->\n"
    made = [shortened(response(body, url=f"http://a.example/{n}"), by) for n in range(3)]
    content = b"".join(map(PACK[kind], made))
    items = read(content, kind)
    assert [item.source.url for item in items] == [f"http://a.example/{n}" for n in range(3)]
    assert [item.content for item in items] == [body[:-by]] * 3


@pytest.mark.parametrize("kind", PACK)
def test_a_length_that_is_many_bytes_short_costs_the_record(kind):
    body = HTML + b"x" * 500
    made = [shortened(response(body), 300), response(url="http://a.example/next")]
    items = read(b"".join(map(PACK[kind], made)), kind)
    assert [getattr(item, "reason", item.source.url) for item in items] == ["corrupt_record", "http://a.example/next"]


def test_a_page_has_the_fields_of_its_record():
    assert only(response()) == Page(Source("http://a.example/", dt.datetime(2024, 5, 1, 10, 11, 12, tzinfo=dt.timezone.utc), "d.warc", 0, len(HTML)), HTML, False, "utf-8", None)  # fmt: skip


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
    assert [(i.stage, i.reason, i.detail, i.source.dump_offset) for i in items] == [("read", reason, detail, 0)]


def test_urls_in_angle_brackets_and_missing_dates():
    page = only(record(OK + b"\r\n" + HTML, url="<http://a.example/ b>", WARC_Date=None))
    assert page.source.url == "http://a.example/ b"
    assert page.source.fetched_at == CHANGED
    stated = only(record(OK + b"\r\n" + HTML, WARC_Date="?"), rules=ReadRules(fetched_at="2020-02-03"))
    assert stated.source.fetched_at == dt.datetime(2020, 2, 3, tzinfo=dt.timezone.utc)


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


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, raw_deflate])
@pytest.mark.parametrize("size", [1, 65_536, 65_537, 70_000, 131_073, 196_865, 400_000])
def test_a_compressed_body_is_read_whole(compress, size):
    body = (b"<html><p>one of many alike</p>\n" * 13_000)[:size]
    assert decode_body(compress(body), "", "deflate", 10**6).content == body


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
def test_false_headers_do_not_damage_the_body(coding, transfer):
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
        ),  # one byte more than the limit, so that the page is refused
        (brotli.compress(b"a" * 10**7), "br", b"a" * 1001),
        (b"", "gzip", b""),
        (HTML, "unheard-of", HTML),
    ],
)
def test_bodies_are_decompressed_up_to_damage(raw, coding, content):
    unpacked = decode_body(raw, "", coding, 1000).content
    assert content.startswith(unpacked)
    assert len(content) - len(unpacked) < 40


def test_a_body_that_cannot_be_decompressed_is_corrupt():
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


DICTIONARY = zstandard.train_dictionary(4096, [response(body) for body in bodies(300, 400, 9)])
PACKERS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd,
    "dictionary": functools.partial(zstd, dictionary=DICTIONARY),
}
FORMATS = {"plain": "warc", "gzip": "warc.gz", "zstd": "warc.zst", "dictionary": "warc.zst"}
HEADS = dict.fromkeys(PACKERS, b"") | {"dictionary": skippable(zstd(DICTIONARY.as_bytes()), 0x184D2A5D)}
each_compression = pytest.mark.parametrize("compression", PACKERS)
any_packing = st.sampled_from(sorted(PACKERS))


def joined(packs, compression):
    """The bytes of an archive, and the offset of each of its records."""
    offsets = [len(HEADS[compression]) + sum(map(len, packs[:n])) for n in range(len(packs))]
    return HEADS[compression] + b"".join(packs), offsets


def archive(parts, compression):
    return joined([PACKERS[compression](part) for part in parts], compression)


def cut(content, format_, cuts):
    edges = [0, *sorted(min(at, len(content)) for at in cuts), len(content)]
    return [item for start, stop in itertools.pairwise(edges) for item in read(content, format_, start, stop)]


@given(st.lists(st.integers(0, 9000), max_size=6), any_packing)
@settings(max_examples=100, deadline=None)
def test_every_record_is_read_once_for_every_way_of_splitting(cuts, compression):
    content, offsets = archive(
        [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(20))], compression
    )
    assert seen(cut(content, FORMATS[compression], cuts)) == list(zip(offsets, bodies(20), strict=True))


NESTED = {
    # an archive as the body of a record: its records do not belong to the file
    "small": archive([response(body) for body in bodies(30, 200, 2)], "gzip")[0],
    "large": archive([response(body) for body in bodies(60, 8000, 3)], "gzip")[0],
    "plain": archive([response(body) for body in bodies(30, 200, 4)], "plain")[0],
    "small zstd": archive([response(body) for body in bodies(30, 200, 2)], "zstd")[0],
    "large zstd": archive([response(body) for body in bodies(60, 12_000, 3)], "zstd")[0],
}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), any_packing, st.sampled_from(sorted(NESTED)))
@settings(max_examples=100, deadline=None)
def test_an_archive_inside_a_record_is_one_record(shares, compression, nested):
    parts = [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(12, 3000))]
    parts.insert(6, record(NESTED[nested], "resource", content_type="application/warc"))
    content, offsets = archive(parts, compression)
    items = cut(content, FORMATS[compression], [int(share * len(content)) for share in shares])
    assert [item.source.dump_offset for item in items] == offsets
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


HEADER_DAMAGES = {name for name in DAMAGES if "length" in name} | {"no type", "endless header"}


@pytest.mark.parametrize("damage", DAMAGES)
@each_compression
@pytest.mark.parametrize("place", [0, 3, 9])
def test_damage_costs_one_row_and_no_neighbour(damage, compression, place):
    if compression == "plain" and damage in ("bytes flipped", "zeros", "only its start"):
        pytest.skip("a plain file has no checksums: such damage is seen only where it hits a header")
    parts = [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(10))]
    if damage in HEADER_DAMAGES:
        parts[place] = DAMAGES[damage](parts[place])
    packs = [PACKERS[compression](part) for part in parts]
    if damage not in HEADER_DAMAGES:
        packs[place] = DAMAGES[damage](packs[place])
    content, offsets = joined(packs, compression)
    items = read(content, FORMATS[compression])
    pages = [item.content for item in items if isinstance(item, Page)]
    assert pages == [body for n, body in enumerate(bodies(10)) if n != place]
    rows = [item for item in items if isinstance(item, Rejected)]
    assert {row.reason for row in rows} == {"corrupt_record"}
    assert rows[0].source.dump_offset == offsets[place]
    halves = cut(content, FORMATS[compression], [len(content) // 3, len(content) // 2])
    assert seen(halves) == seen(items)


@each_compression
def test_a_truncated_last_record_is_corrupt(compression):
    content, offsets = archive([response(body) for body in bodies(3, 3000)], compression)
    *pages, row = read(content[:-60], FORMATS[compression])
    assert [page.content for page in pages] == bodies(3, 3000)[:2]
    assert (row.reason, row.source.dump_offset) == ("corrupt_record", offsets[2])
    assert row.source.url == (
        "http://a.example/" if compression in ("plain", "gzip") else ""
    )  # one block of zstd: all or nothing


@given(st.integers(0, 6000), st.binary(min_size=1, max_size=30), any_packing)
@settings(max_examples=120, deadline=None)
def test_damage_anywhere_never_stops_the_reader(place, splice, compression):
    content, offsets = archive([response(body) for body in bodies(8)], compression)
    place += offsets[0]
    broken = content[:place] + splice + content[place + len(splice) :]
    intact = set(bodies(8))
    found = [item.content for item in read(broken, FORMATS[compression]) if isinstance(item, Page)]
    assert len(intact & set(found)) >= 5  # a splice of 30 bytes can touch two records, plus one in the plain form


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_bomb_is_too_large_and_its_neighbours_are_kept(compression):
    content, _ = archive([response(b"<html>1"), response(bytes(10**8)), response(b"<html>2")], compression)
    first, row, last = read(content, FORMATS[compression], rules=ReadRules(max_bytes=10_000))
    assert (first.content, row.reason, last.content) == (b"<html>1", "too_large", b"<html>2")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_one_stream_for_the_whole_file(compression, tmp_path):
    plain, offsets = archive([response(body) for body in bodies(20)], "plain")
    path = tmp_path / "a"
    path.write_bytes(PACKERS[compression](plain))
    (found,) = find_dumps([str(path)]).dumps
    assert found.format == f"{FORMATS[compression]}.solid"
    assert seen(read_range(found, 0, None, RULES)) == list(zip(offsets, bodies(20), strict=True))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_damage_to_one_stream_for_the_whole_file_costs_one_row(compression):
    contents = bodies(20, 40_000)
    plain, _ = archive([response(body) for body in contents], "plain")
    for place in (0.9, 0.5):
        packed = PACKERS[compression](plain)
        stream = decompressed(io.BytesIO(packed[: int(len(packed) * place)]), FORMATS[compression].partition(".")[2])
        *pages, row = read_archive(stream, dump(FORMATS[compression] + ".solid"), RULES)
        assert [page.content for page in pages] == contents[: len(pages)]
        assert len(pages) > 20 * place - 6
        assert row.reason == "corrupt_record"


HURTS = {
    "cut": lambda packed, at: packed[:at],
    "checksum": lambda packed, _: packed[:-8] + bytes(8),
}


@pytest.mark.parametrize("hurt", HURTS)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_damage_to_a_small_stream_costs_what_comes_after(hurt, share, tmp_path):
    contents = bodies(40, 3000)
    packed = gzip.compress(archive([response(body) for body in contents], "plain")[0])
    path = tmp_path / "a"
    path.write_bytes(HURTS[hurt](packed, int(share * len(packed))))
    (found,) = find_dumps([str(path)]).dumps
    assert found.format == "warc.gz.solid"
    *pages, row = read_range(found, 0, None, RULES)
    assert [page.content for page in pages] == contents[: len(pages)]
    assert len(pages) > 40 * share - 5
    assert row.reason == "corrupt_record"


@pytest.mark.parametrize("hurt", HURTS)
def test_damage_to_a_member_with_many_records_costs_what_comes_after_in_it(hurt):
    contents = bodies(42, 3000)
    first, *many, last = (response(body) for body in contents)
    packed = gzip.compress(b"".join(many))
    parts = [gzip.compress(first), HURTS[hurt](packed, len(packed) // 2), gzip.compress(last)]
    items = read(b"".join(parts), "warc.gz")
    *pages, row, end = items
    assert [page.content for page in pages] == contents[: len(pages)]
    assert len(pages) > 16
    assert (row.reason, end.content) == ("corrupt_record", contents[-1])
    assert len(parts[0]) <= row.source.dump_offset
    for place in (1, len(parts[0]), len(parts[0]) + 1, sum(map(len, parts[:2]))):
        assert seen(cut(b"".join(parts), "warc.gz", [place])) == seen(items)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_large_member_with_many_records_is_read_whole(compression):
    many = b"".join(response(body) for body in bodies(300, 3000))
    content, _ = archive([response(b"<html>1"), many, response(b"<html>2")], compression)
    items = read(content, FORMATS[compression], rules=ReadRules(max_bytes=10_000))
    assert [item.content for item in items] == [b"<html>1", *bodies(300, 3000), b"<html>2"]


@pytest.mark.parametrize("compression", ["gzip", "zstd", "dictionary"])
def test_a_record_may_need_several_members(compression):
    parts = [response(body, f"http://a.example/{n}") for n, body in enumerate(bodies(9, 3000))]
    compress = PACKERS[compression]
    spread = [b"".join(compress(part[at : at + 900]) for at in range(0, len(part), 900)) for part in parts]
    content, offsets = joined(spread, compression)
    expected = list(zip(offsets, bodies(9, 3000), strict=True))
    for place in range(0, len(content), 613):
        assert seen(cut(content, FORMATS[compression], [place])) == expected, place


def test_skippable_and_empty_frames_have_no_content():
    parts = [zstd(response(body)) for body in bodies(3)]
    between = skippable(b"note " + zstd(response(b"<html>inner"))) + zstd(b"") + skippable(b"", 0x184D2A5F)
    content = zstd(b"") + between + between.join(parts) + between
    items = read(content, "warc.zst")
    assert [item.content for item in items] == bodies(3)
    assert all(content[item.source.dump_offset :].startswith(parts[n]) for n, item in enumerate(items))
    for place in range(0, len(content), 37):
        assert seen(cut(content, "warc.zst", [place])) == seen(items), place


@pytest.mark.parametrize("is_packed", [False, True])
def test_dictionaries_may_be_compressed(tmp_path, is_packed):
    dictionary = DICTIONARY.as_bytes()
    head = skippable(zstd(dictionary) if is_packed else dictionary, 0x184D2A5D)
    path = tmp_path / "a"
    path.write_bytes(head + b"".join(PACKERS["dictionary"](response(body)) for body in bodies(5)))
    (found,) = find_dumps([str(path)]).dumps
    assert found.format == "warc.zst"
    assert [item.content for item in read_range(found, 0, None, RULES)] == bodies(5)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        skippable(b"", 0x184D2A5D),
        skippable(b"\x37\xa4\x30\xec damaged", 0x184D2A5D),
        skippable(zstd(DICTIONARY.as_bytes())[:-500], 0x184D2A5D),
        skippable(zstd(bytes(2**24)), 0x184D2A5D),
        skippable(zstandard.train_dictionary(4096, [b"%d other " % n * 9 for n in range(999)]).as_bytes(), 0x184D2A5D),
    ],
)
def test_without_their_dictionary_frames_are_corrupt(head):
    content = head + b"".join(PACKERS["dictionary"](response(body)) for body in bodies(5, 2000))
    assert [item.reason for item in read(content, "warc.zst")] == ["corrupt_record"] * 5


def test_a_window_too_large_is_refused_by_name(tmp_path):
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=28, write_checksum=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    large = packer.compress(response(b"<html>large")) + packer.flush()
    content = zstd(response(b"<html>1")) + large + zstd(response(b"<html>2"))
    first, row, last = read(content, "warc.zst")
    assert (first.content, last.content) == (b"<html>1", b"<html>2")
    assert (row.reason, row.detail) == ("corrupt_record", "needs a window of 256 MiB, more than 128")
    (tmp_path / "a").write_bytes(large)
    with pytest.raises(InputError, match="can't be decompressed: needs a window of 256 MiB"):
        find_dumps([str(tmp_path / "a")])


def test_claims_are_offsets_in_order_and_a_refused_claim_ends_the_range():
    content, offsets = archive([response(body) for body in bodies(5)], "gzip")
    asked = []

    def claim(offset):
        asked.append(offset)
        return len(asked) < 4

    items = list(read_archive_range(io.BytesIO(content), 0, None, dump("warc.gz"), RULES, claim))
    assert asked == offsets[:4]
    assert len(items) == 3


@pytest.mark.parametrize("compress", [lambda content: content, gzip.compress, zstd])
def test_a_header_that_two_parsers_read_differently_costs_one_record(tmp_path, compress):
    """A single LF among CR LF: parsers that split at LF and at CR LF find different lengths."""
    plain = [response(body) for body in bodies(20)]
    length = len(plain[1]) + sum(map(len, plain[2:9]))  # the record ends where another does
    stated = f"msgtype=response\nContent-Length: {length}\r\n".encode()
    plain[1] = plain[1].replace(b"msgtype=response\r\n", stated)
    path = tmp_path / "dump"
    path.write_bytes(compress(b"".join(plain)))
    items = list(read_range(find_dumps([str(path)]).dumps[0], 0, None, RULES))
    assert [item.reason for item in items if isinstance(item, Rejected)] == ["corrupt_record"]
    assert len(items) == 20


@pytest.mark.parametrize("kind", ["warc", "arc"])
def test_an_archive_in_a_page_too_large_to_read_gives_no_pages_of_its_own(tmp_path, kind):
    """For any split of the file: inside the page, records look like those of the file."""
    inner = b"".join(response(url=f"http://victim.example/{number}") for number in range(2000))
    parts = [response(), record(OK.replace(b"text/html", b"application/warc") + b"\r\n" + inner), response()]
    if kind == "arc":
        line = "http://{}.example/ 192.0.2.1 20240501101112 text/html {}\n"
        inner = b"".join(line.format("victim", len(HTML)).encode() + HTML + b"\n" for _ in range(4000))
        blocks = [HTML, inner, HTML]
        head = b"filedesc://a.arc 0.0.0.0 20240501000000 text/plain 18\n1 0 A\nURL length\n\n\n"
        parts = [head, *(line.format("own", len(block)).encode() + block + b"\n" for block in blocks)]
    path = tmp_path / "dump"
    path.write_bytes(b"".join(parts))
    found = find_dumps([str(path)]).dumps[0]
    rules = ReadRules(max_bytes=1000)
    whole = list(read_range(found, 0, None, rules))
    assert len(whole) == 3
    edges = range(0, found.size, found.size // 50)
    assert [item for edge in edges for item in read_range(found, edge, edge + edges.step, rules)] == whole
    backwards = [list(read_range(found, edge, edge + edges.step, rules)) for edge in reversed(edges)]
    assert [item for items in reversed(backwards) for item in items] == whole


def test_walks_to_growing_ranges_of_an_uncompressed_file_read_each_record_once():
    content = b"".join(response(bytes(200_000)) for _ in range(100))
    frames, offsets = PlainFrames(io.BytesIO(content), 4096, WARC), []
    frame = frames.frame
    frames.frame = lambda offset: offsets.append(offset) or frame(offset)
    passed = []
    size = len(content) // 100
    for start in range(1, len(content), size * 5):
        found = first_plain_frame(frames, start, passed)
        assert found == -(-start // size) * size
    assert len(offsets) < 250  # of 100 records; 950 if each walk began at the beginning


RECORD = response(bytes(300_000))


@given(st.permutations(range(1, 20 * len(RECORD), len(RECORD) + 70_000)))
@settings(max_examples=30)
def test_ranges_of_an_uncompressed_file_may_be_read_in_any_order(starts):
    """A walk to an earlier range must not begin at a frame that lies after it: the records between would be lost."""
    frames, passed, size = PlainFrames(io.BytesIO(RECORD * 20), 4096, WARC), [], len(RECORD)
    found = [first_plain_frame(frames, start, passed) for start in starts]
    assert found == [-(-start // size) * size if start <= 19 * size else None for start in starts]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd], ids=["plain", "gz", "zst"])
@pytest.mark.parametrize("damage", [False, True])
def test_each_header_is_parsed_once(tmp_path, monkeypatch, compress, damage):
    parsed = {"extent": [], "header": []}

    def extent(data, at):
        parsed["extent"].append(at)
        return WARC.extent(data, at)

    def header(data, at, found):
        parsed["header"].append(at)
        return WARC.header(data, at, found)

    records = [response(b"%s %d" % (HTML, number)) for number in range(5)]
    content = b"".join(map(compress, records))
    path = tmp_path / "a"
    path.write_bytes(content[:-30] if damage else content)
    [dump] = find_dumps([str(path)]).dumps
    counting = WARC._replace(extent=extent, header=header)
    monkeypatch.setattr("warraq.transforms.read.archives.records._RECORD_FORMATS", {"warc": counting})
    assert len(list(read_range(dump, 0, None, RULES))) == 5
    assert len(parsed["extent"]) == 5
    assert len(parsed["header"]) == 5 - (damage and compress is zstd)  # a cut zstd block gives no content
