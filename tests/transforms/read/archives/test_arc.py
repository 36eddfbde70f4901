"""Every record of an ARC, version 1 or 2, is read exactly once, for any split, compression and damage."""

import datetime as dt
import gzip
import io
import itertools

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.archives.records import read_archive_range
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

UTC = dt.timezone.utc
CHANGED = dt.datetime(2023, 11, 14, tzinfo=UTC)
RULES = ReadRules(max_bytes=100_000)
HTML = b"<!DOCTYPE html><html><body><p>text</p></body></html>"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
PACKERS = {"arc": bytes, "arc.gz": gzip.compress, "arc.zst": zstandard.compress}
each_format = pytest.mark.parametrize("format_", PACKERS)


def record(block=OK + HTML, url="http://a.example/", date="20240501101112", media_type="text/html"):
    return b"%s 192.0.2.1 %s %s %d\n" % (url.encode(), date.encode(), media_type.encode(), len(block)) + block + b"\n"


def record_2(block=OK + HTML, url="http://a.example/"):
    """A record of version 2: status, checksum, location, offset and file name come before the length."""
    head = f"{url} 192.0.2.1 20240501101112 text/html 200 a1b2 - 1234 a.arc.gz {len(block)}\n"
    return head.encode() + block + b"\n"


FIRST = record(
    b"1 0 A\nURL IP-address Archive-date Content-type Archive-length\n", "filedesc://a.arc", media_type="text/plain"
)


def dump(format_="arc"):
    return Dump("d.arc", 0, format_, "", CHANGED)


def read(content, format_="arc", start=0, stop=None):
    return list(read_archive_range(io.BytesIO(content), start, stop, dump(format_), RULES))


def seen(items):
    return [(i.source.dump_offset, i.reason if isinstance(i, Rejected) else i.content) for i in items]


def bodies(count):
    return [b"<html>%d" % n + b" text" * (n * 37 % 101) for n in range(count)]


def archive(parts, format_):
    """The bytes of a file, and the offsets of all records but the first."""
    packs = [PACKERS[format_](part) for part in [FIRST, *parts]]
    return b"".join(packs), [sum(map(len, packs[:n])) for n in range(1, len(packs))]


@pytest.mark.parametrize("written", [record, record_2])
def test_a_page_has_the_fields_of_its_record(written):
    content = FIRST + written()
    assert read(content) == [
        Page(
            Source(
                "http://a.example/", dt.datetime(2024, 5, 1, 10, 11, 12, tzinfo=UTC), "d.arc", len(FIRST), len(HTML)
            ),
            HTML,
            False,
            "utf-8",
            None,
        )
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (FIRST, []),
        (record(url="http://a.example/a b?c=d e"), [HTML]),
        (record(date="202405011011"), [HTML]),
        (record(HTML), [HTML]),  # a response in HTTP 0.9: the media type comes from the header line
        (record(HTML, media_type="no-type"), [HTML]),
        (record(HTML, media_type="image/png"), ["not_html"]),
        (
            record(b"20240501101112\na.example. 1 IN A 192.0.2.1\n", "dns:a.example", media_type="text/dns"),
            ["not_html"],
        ),
        (record(OK.replace(b"200 OK", b"404 No") + HTML), ["http_error"]),
        (record(OK + bytes(200_000)), ["too_large"]),
        (record(date="20240501"), ["corrupt_record"]),
        (record().replace(b" 192.0.2.1 ", b" "), ["corrupt_record"]),
        (record()[:-9], ["corrupt_record"]),
        (record().replace(b"\n", b"\r\n", 1).replace(b"</html>\n", b"</html>\r\n"), [HTML]),
    ],
)
@each_format
def test_records(content, expected, format_):
    assert [found for _, found in seen(read(PACKERS[format_](content), format_))] == expected


def test_times_of_the_oldest_files_have_no_seconds():
    (page,) = read(record(date="199912312359"))
    assert page.source.fetched_at == dt.datetime(1999, 12, 31, 23, 59, tzinfo=UTC)


@given(st.lists(st.integers(0, 9000), max_size=6), st.sampled_from(sorted(PACKERS)))
@settings(max_examples=60, deadline=None)
def test_every_record_is_read_once_for_every_way_of_splitting(cuts, format_):
    content, offsets = archive(
        [record(OK + body, f"http://a.example/{n}") for n, body in enumerate(bodies(20))], format_
    )
    edges = [0, *sorted(min(at, len(content)) for at in cuts), len(content)]
    items = [item for start, stop in itertools.pairwise(edges) for item in read(content, format_, start, stop)]
    assert seen(items) == list(zip(offsets, bodies(20), strict=True))


DAMAGES = {
    "cut": lambda part: part[: len(part) // 2],
    "junk": lambda _: b"http://a.example/ junk 20240501101112\n" * 9,
    "length too long": lambda part: part.replace(b" text/html ", b" text/html 9", 1),
    "length too short": lambda part: part.replace(b" text/html ", b" text/html 1\n", 1),
    "length negative": lambda part: part.replace(b" text/html ", b" text/html -", 1),
    "no date": lambda part: part.replace(b" 20240501101112 ", b" ", 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
@each_format
@pytest.mark.parametrize("place", [0, 3, 9])
def test_damage_costs_no_neighbour(damage, format_, place):
    parts = [record(OK + body) for body in bodies(10)]
    parts[place] = DAMAGES[damage](parts[place])
    content, offsets = archive(parts, format_)
    items = read(content, format_)
    assert [item.content for item in items if isinstance(item, Page)] == [
        b for n, b in enumerate(bodies(10)) if n != place
    ]
    rows = [item for item in items if isinstance(item, Rejected)]
    assert {row.reason for row in rows} == {"corrupt_record"}
    assert rows[0].source.dump_offset == offsets[place]


def test_a_false_length_that_ends_shortly_before_a_record_costs_no_neighbour():
    first, second, third = (record(OK + body) for body in bodies(10)[7:])
    length = len(OK + bodies(10)[7])
    false = first.replace(b" %d\n" % length, b" %d\n" % (length + len(second) - 5))
    items = read(FIRST + false + second + third)
    assert [item.content if isinstance(item, Page) else item.reason for item in items] == [
        "corrupt_record",
        *bodies(10)[8:],
    ]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_one_stream_for_the_whole_file(compress, tmp_path):
    content, offsets = archive([record(OK + body) for body in bodies(20)], "arc")
    (tmp_path / "a").write_bytes(compress(content))
    (found,) = find_dumps([str(tmp_path / "a")]).dumps
    assert found.format.endswith(".solid")
    assert seen(read_range(found, 0, None, RULES)) == list(zip(offsets, bodies(20), strict=True))
