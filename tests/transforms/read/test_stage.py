"""Dumps are recognised by content, each format gives its pages, and the transform reads each record once."""

import datetime as dt
import errno
import gzip
import io
import json
import os
import re
import tarfile
import zipfile
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read import discover
from warraq.transforms.read.discover import find_dumps, fingerprint
from warraq.transforms.read.dump import InputError, NoInputError, open_dump
from warraq.transforms.read.formats import FORMATS, open_page, read_range
from warraq.transforms.read.places import check_stretches
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import recognise
from warraq.transforms.read.stage import PROGRESS, ReadPages, _ReadFn, parts
from warraq.transforms.read.times import parse_time
from warraq.transforms.step import KEPT, REJECTED

UTC = dt.timezone.utc
RULES = ReadRules(max_bytes=50_000)
HTML = "<!DOCTYPE html><html><body><p>نص</p></body></html>"
WARC = (
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{n}\r\nWARC-Date: 2024-05-01T10:11:12Z\r\n"
    "Content-Type: application/http\r\nContent-Length: {size}\r\n\r\n{block}\r\n\r\n"
)
LINE = {"url": "http://a.example/", "html": HTML, "fetched_at": "2024-05-01T00:00:00Z"}


def warc(n, body=HTML, status="200 OK"):
    block = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n\r\n{body}"
    return WARC.format(n=n, size=len(block.encode()), block=block).encode()


def zipped(members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(zipfile.ZipInfo(name, (2023, 4, 5, 6, 7, 8)), content)
    return target.getvalue()


def lines(*objects):
    return b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in objects)


def arc(n, body=HTML):
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}".encode()
    return f"http://a.example/{n} 192.0.2.1 20240501101112 text/html {len(block)}\n".encode() + block + b"\n"


def tarred(members):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return target.getvalue()


def parquet(*rows):
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), target)
    return target.getvalue()


def old_tar():
    """The header of an archive from before POSIX, without a magic."""
    header = b"a.html".ljust(148, b"\0") + b" " * 8 + bytes(356)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


ARC_FILE = b"filedesc://a.arc 0.0.0.0 20240501000000 text/plain 18\n1 0 A\nURL length\n\n\n"
PLAIN = {
    "html": HTML.encode(),
    "text": "نص قصير".encode(),
    "jsonl": lines(LINE),
    "tar": tarred({"a.html": HTML.encode()}),
}
FILES = {
    "warc": warc(1) + warc(2),
    "arc": ARC_FILE + arc(1) + arc(2),
    "zip": zipped({"a.html": HTML}),
    "parquet": parquet(LINE),
    **PLAIN,
}
for compression, compress in (("gz", gzip.compress), ("zst", zstandard.compress)):
    FILES[f"warc.{compression}"] = compress(warc(1)) + compress(warc(2))
    FILES[f"warc.{compression}.solid"] = compress(warc(1) + warc(2))
    FILES[f"arc.{compression}"] = compress(ARC_FILE) + compress(arc(1)) + compress(arc(2))
    FILES[f"arc.{compression}.solid"] = compress(ARC_FILE + arc(1) + arc(2))
    FILES |= {f"{kind}.{compression}": compress(content) for kind, content in PLAIN.items()}


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(path, rules=RULES):
    return [item for dump in find_dumps([str(path)]).dumps for item in read_range(dump, 0, None, rules)]


def test_every_format_has_a_file_here():
    assert set(FILES) == FORMATS


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["a", "a.warc.gz", "a.html", "a.zip"])
def test_formats_are_recognised_by_content_never_by_name(tmp_path, kind, name):
    (dump,) = find_dumps([str(write(tmp_path, name, FILES[kind]))]).dumps
    assert (dump.format, dump.size) == (kind, len(FILES[kind]))
    items = list(read_range(dump, 0, None, RULES))
    assert len(items) == (2 if "arc" in kind else 1)
    assert all(isinstance(item, Page) for item in items), items


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", ""),
        (b"  \n ", ""),
        (b"\x89PNG\r\n\x1a\n\0\0", ""),
        (b"%PDF-1.7 text", ""),
        (b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 1\n<html>", "arc"),
        (b"http://a.example/a b 192.0.2.1 200804302048 text/html 17\nHTTP/1.0 200 OK\n", "arc"),
        (b"http://a.example/ is where <html> is taught\n", "html"),
        (b"\x28\xb5\x2f\xfd\0", ""),
        (b" CDX N b a m s k r M S V g\ncom,example)/ 20240501101112 ", ""),
        (b"com,example)/ 20240501101112 {}", ""),
        (b"PAR1....", "parquet"),
        (tarred({"a": b""}), "tar"),
        (old_tar(), "tar"),
        (bytes(600), ""),
        (b"\n\nWARC/1.1\r\n", "warc"),
        (b"PK\x03\x04...", "zip"),
        (b"\xef\xbb\xbf <!doctype HTML>", "html"),
        ("<html><p>نص".encode("utf-16"), "html"),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC><html>", "html"),
        (b"<!-- a comment --><html>", "html"),
        (b"words before <html lang=ar>", "html"),
        ("نص".encode("utf-16"), "text"),
        ("نص قديم".encode("cp1256"), "text"),
        (b'{"url": "a"}\n{', "jsonl"),
        (b'{"text": "' + b"a" * 9000, "jsonl"),
        (b'{\n  "pretty": 1\n}', "jsonl"),
        (b'[\n{"url": "a"},\n{"url": "b"}\n]', "jsonl"),
        (b'\xef\xbb\xbf [{"text": "' + b"a" * 9000, "jsonl"),
        (b"[link](a) words", "text"),
        (b'["a"]\n', "text"),
        (b"{not json}\n", "text"),
    ],
)
def test_recognise(head, kind):
    assert recognise(head[:8192]) == kind


def test_folders_and_globs_are_sorted_without_hidden_files_and_doubles(tmp_path):
    for name in ("b/2.html", "b/1.html", "a.html", ".hidden/x.html", "b/.x.html"):
        write(tmp_path, name, HTML.encode())
    write(tmp_path, "b/pixel.png", b"\x89PNG\0")
    write(tmp_path, "b/empty.html", b"")
    found = find_dumps([f"{tmp_path}/b/../b", f"{tmp_path}/*.html", f"{tmp_path}/a.html", str(tmp_path)])
    assert [os.path.relpath(dump.path, tmp_path) for dump in found.dumps] == ["a.html", "b/1.html", "b/2.html"]
    assert [Path(path).name for path, *_ in found.skipped] == ["empty.html", "pixel.png"]


@pytest.mark.parametrize(
    ("name", "content", "stated", "words"),
    [
        (None, b"", "no/such.warc", "no such file"),
        (None, b"", "*.warc", "nothing matches"),
        (None, b"", ".", "no dump in it"),
        ("a.warc", b"", "a.warc", "the file is empty"),
        ("a.warc", b"\x89PNG\0", "a.warc", "unknown format"),
        ("a.warc", b"\x89PNG\0", "*.warc", "no dump in it"),
    ],
)
def test_an_input_that_cannot_be_read_is_an_error_in_one_line(tmp_path, monkeypatch, name, content, stated, words):
    monkeypatch.chdir(tmp_path)
    if name:
        write(tmp_path, name, content)
    with pytest.raises(InputError, match=words) as error:
        find_dumps([stated])
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(stated)


def test_a_pattern_may_match_nothing_beside_other_inputs(tmp_path):
    """One format of several may not have come yet."""
    write(tmp_path, "in/a.html", HTML.encode())
    (tmp_path / "empty").mkdir()
    found = find_dumps([f"{tmp_path}/*.warc", f"{tmp_path}/in", f"{tmp_path}/empty"])
    assert [Path(dump.path).name for dump in found.dumps] == ["a.html"]
    assert [(Path(path).name, why.partition(";")[0]) for path, why, _ in found.empty] == [
        ("*.warc", "nothing matches"),
        ("empty", "no dump in it"),
    ]
    with pytest.raises(NoInputError, match="nothing matches"):
        find_dumps([f"{tmp_path}/*.warc", f"{tmp_path}/empty"])
    with pytest.raises(InputError, match="no such file"):  # a name is no pattern: it was mistyped
        find_dumps([f"{tmp_path}/in", f"{tmp_path}/b.html"])


def test_a_file_that_may_not_be_read_does_not_hold_the_others(tmp_path, monkeypatch):
    """Such as one that is still being uploaded: skipped in a folder, an error where it is named."""
    write(tmp_path, "in/a.html", HTML.encode())
    denied = str(write(tmp_path, "in/b.html", HTML.encode()))

    def opened(path):
        if path == denied:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_dump(path)

    monkeypatch.setattr(discover, "open_dump", opened)
    found = find_dumps([f"{tmp_path}/in"])
    assert [Path(dump.path).name for dump in found.dumps] == ["a.html"]
    assert [(each.path, each.why.partition(";")[0], each.is_denied) for each in found.skipped] == [
        (denied, "Permission denied", True)
    ]
    for stated in (denied, f"{tmp_path}/in/b*"):
        with pytest.raises(InputError, match="Permission denied"):
            find_dumps([stated])


def test_fingerprints_know_content_only(tmp_path):
    large = bytearray(os.urandom(9_000_000))
    one, two = write(tmp_path, "one", bytes(large)), write(tmp_path, "two", bytes(large))
    os.utime(two, (1, 1))
    assert fingerprint(str(one)) == fingerprint(str(two))
    for place in (0, 4_500_000 // 15 * 2, len(large) - 1):
        large[place] ^= 255
        assert fingerprint(str(write(tmp_path, "three", bytes(large)))) != fingerprint(str(one)), place
        large[place] ^= 255
    assert len(fingerprint(str(one))) == 32
    assert fingerprint(str(write(tmp_path, "a", b"x"))) != fingerprint(str(write(tmp_path, "b", b"y")))


def test_single_files(tmp_path):
    path = write(tmp_path, "a page.html", HTML.encode())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (page,) = read(path)
    assert page == Page(Source(f"file:{tmp_path}/a%20page.html", dt.datetime.fromtimestamp(1_700_000_000, UTC), str(path), 0, len(HTML.encode())), HTML.encode(), False, None, None)  # fmt: skip
    assert read(path, ReadRules(fetched_at="2020-01-02"))[0].source.fetched_at == dt.datetime(2020, 1, 2, tzinfo=UTC)
    assert read(write(tmp_path, "b.txt", b"words"))[0].is_text
    (row,) = read(write(tmp_path, "c.html", HTML.encode() * 9000))
    assert row.reason == "too_large"
    (row,) = read(write(tmp_path, "d.html.gz", gzip.compress(HTML.encode() * 99)[:-12]))
    assert (row.reason, row.detail) == ("corrupt_record", "cut short")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"fields": "url"}, "read_fields: 'url' is not NAME=FIELD"),
        ({"fields": "link=url"}, "read_fields: 'link=url' is not NAME=FIELD"),
        ({"fields": "url="}, "read_fields: 'url=' is not NAME=FIELD"),
        ({"fields": "url=a,url=b"}, "read_fields: 'url=b' repeats a name already given$"),
        ({"fetched_at": "yesterday"}, "read_fetched_at: 'yesterday' is not an ISO 8601 time"),
        ({"max_bytes": 0}, "read_max_bytes must be from 1 to 1073741824, not 0$"),
        ({"max_bytes": 2**31}, "read_max_bytes must be from 1 to 1073741824, not 2147483648$"),
        ({"split_bytes": 0}, "read_split_bytes must be at least 1, not 0$"),
    ],
)
def test_rules_that_make_no_sense_are_refused_in_one_line(rules, words):
    with pytest.raises(ValueError, match=f"^{words}") as error:
        ReadRules(**rules)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2024-05-01T10:11:12Z", "2024-05-01T10:11:12+00:00"),
        ("2024-05-01T10:11:12.123456789Z", "2024-05-01T10:11:12.123456+00:00"),
        ("2024-05-01T10:11:12.5+03:00", "2024-05-01T07:11:12.500000+00:00"),
        ("2024-05-01 10:11", "2024-05-01T10:11:00+00:00"),
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        ("2024", "2024-01-01T00:00:00+00:00"),
        ("1990-01-01T03:00:00+03:00", "1990-01-01T00:00:00+00:00"),
        ("2099-12-31T23:59:59Z", "2099-12-31T23:59:59+00:00"),
        (1_700_000_000.5, "2023-11-14T22:13:20.500000+00:00"),
        (1_700_000_000_000, "2023-11-14T22:13:20+00:00"),
    ],
)
def test_times(stated, iso):
    assert parse_time(stated).isoformat() == iso


@pytest.mark.parametrize(
    "stated",
    [
        None,
        "",
        "May 2024",
        "2024-13-01",
        "2024-05-01T25:00",
        "0000-01-01",
        1e300,
        True,
        [],
        "0001-01-01T00:00+23:00",
        0,
        -1,
        10**20,
        "1989-12-31",
        "1990-01-01T00:00:00+01:00",
        "2100-01-01",
        "9999-12-31T23:59:59Z",
        "9999",
        "99991231235959",
        "Fri, 31 Dec 9999 23:59:59 -0500",
        "CC-MAIN-9999-01",
        dt.date(1, 1, 1),
        dt.date.max,
        dt.datetime.max.replace(tzinfo=UTC),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))),
    ],
)
def test_no_times(stated):
    assert parse_time(stated) is None


def timed(stamp):
    """A dump of each format with times; `stamp` has the form 9999-12-31T23:59:59."""
    moment = dt.datetime.fromisoformat(stamp)
    member = tarfile.TarInfo("a.html")
    member.size = len(HTML.encode())
    member.mtime = max(0, int((moment - dt.datetime(1970, 1, 1)).total_seconds()))  # noqa: DTZ001
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(HTML.encode()))
    column = pa.array([moment], pa.timestamp("us", "UTC"))
    table = io.BytesIO()
    pq.write_table(pa.table({"html": [HTML], "fetched_at": column}), table)
    return {
        "warc": warc(1).replace(b"2024-05-01T10:11:12", stamp.encode()),
        "arc": ARC_FILE + arc(1).replace(b"20240501101112", re.sub("[^0-9]", "", stamp).encode()),
        "jsonl": lines(LINE | {"fetched_at": stamp}),
        "parquet": table.getvalue(),
        "tar": packed.getvalue(),
    }


@pytest.mark.parametrize(
    "stamp", ["0001-01-01T00:00:00", "1969-12-31T23:59:59", "2100-01-01T00:00:00", "9999-12-31T23:59:59"]
)
@pytest.mark.parametrize("kind", ["warc", "arc", "jsonl", "parquet", "tar"])
def test_a_page_of_an_impossible_year_gets_the_time_of_the_file(tmp_path, kind, stamp):
    path = write(tmp_path, "a", timed(stamp)[kind])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (page,) = read(path)
    assert page.source.fetched_at == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    (page,) = read(path, ReadRules(fetched_at="2024-01-02"))
    assert page.source.fetched_at == dt.datetime(2024, 1, 2, tzinfo=UTC)
    (page,) = read(write(tmp_path, "b", timed("2098-12-31T23:59:59")[kind]))
    assert page.source.fetched_at == dt.datetime(2098, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("year", [1, 1969, 2100, 9999])
def test_a_zip_member_of_a_year_that_no_crawl_can_have(tmp_path, year):
    """Directory entries hold years from 1980 to 2107."""
    content = zipped({"a.html": HTML})
    date = (min(2107, max(1980, year)) - 1980 << 9 | 1 << 5 | 1).to_bytes(2, "little")
    at = content.index(b"PK\x01\x02") + 14
    path = write(tmp_path, "a.zip", content[:at] + date + content[at + 2 :])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert read(path)[0].source.fetched_at == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-62_135_596_800, -1, 4_102_444_800, 253_402_300_800, 10**11])
def test_a_file_of_an_impossible_time_is_of_1970(tmp_path, monkeypatch, seconds):
    path = write(tmp_path, "a.html", HTML.encode())
    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda descriptor: _At(fstat(descriptor), seconds))
    (page,) = read(path)
    assert page.source.fetched_at == dt.datetime(1970, 1, 1, tzinfo=UTC)


class _At:
    """The stat result of a file with another time: a file system may refuse to store it."""

    def __init__(self, stat, seconds):
        self._stat, self.st_mtime = stat, seconds

    def __getattr__(self, name):
        return getattr(self._stat, name)


@pytest.mark.parametrize("stated", ["9999-12-31", "0001-01-01T00:00:00Z", "1989-12-31", "2100-01-01"])
def test_a_stated_time_of_an_impossible_year_is_a_bad_flag(stated):
    with pytest.raises(ValueError, match="not an ISO 8601 time from 1990 to 2099"):
        ReadRules(fetched_at=stated)


@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 400), st.binary(min_size=1, max_size=20))
@settings(max_examples=150, deadline=None)
def test_damage_gives_rows_never_an_exception(tmp_path_factory, kind, place, splice):
    content = FILES[kind]
    path = write(tmp_path_factory.getbasetemp(), "damaged", content[:place] + splice + content[place + len(splice) :])
    try:
        items = read(path)
    except InputError:
        return  # the damage hides its format
    assert all(isinstance(item, (Page, Rejected)) for item in items)


def test_open_page(tmp_path):
    for kind in FILES:
        path = str(write(tmp_path, kind.replace(".", "_"), FILES[kind]))
        for item in read(path):
            assert open_page(path, item.source.dump_offset) == item
            assert open_page(path, url=item.source.url) == item
            assert open_page(path, item.source.dump_offset, item.source.url) == item
    with pytest.raises(InputError, match="no page at offset 5"):
        open_page(path, 5)


def tally(pages):
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | pages
        yield doors
    yield {
        metric.key.metric.name: metric.committed
        for metric in pipeline.result.metrics().query()["counters"]
        if metric.key.metric.namespace == "read"
    }


def test_read_pages_gives_each_record_one_output(tmp_path):
    content = b"".join(gzip.compress(warc(n, status="404 No" if n % 10 == 0 else "200 OK")) for n in range(50))
    write(tmp_path, "a", content)
    write(tmp_path, "b", zipped({f"{n}.html": HTML for n in range(5)}))
    rules = ReadRules(split_bytes=700)
    dumps = find_dumps([str(tmp_path)]).dumps
    run = tally(ReadPages(dumps, rules))
    doors = next(run)
    kept = doors[KEPT] | "Kept" >> beam.Map(lambda page: page.source.url.rpartition("/")[2])
    numbers = [str(n) for n in range(50) if n % 10]
    assert_that(kept, equal_to(numbers + [f"{n}.html" for n in range(5)]), "kept")
    rows = doors[REJECTED] | "Rows" >> beam.Map(lambda row: (row.source.url.rpartition("/")[2], row.stage, row.detail))
    assert_that(rows, equal_to([(str(n), "read", "404") for n in range(0, 50, 10)]), "rejected")
    size = sum(dump.size for dump in dumps)
    assert next(run) == {"pages_in": 55, "pages_out": 50, "pages_rejected_http_error": 5, "bytes_read": size}


def test_no_dumps_give_no_pages():
    run = tally(ReadPages([]))
    assert_that(next(run)[KEPT], equal_to([]))
    assert next(run) == {}


def test_splittable_formats_are_split_and_sizes_add_up(tmp_path):
    rules = ReadRules(split_bytes=50)
    fn = _ReadFn(rules)
    for kind, content in FILES.items():
        (dump,) = find_dumps([str(write(tmp_path, "a", content))]).dumps
        found = list(parts(dump, rules))
        splittable = {"warc", "warc.gz", "warc.zst", "arc", "arc.gz", "arc.zst", "jsonl", "parquet"}
        assert (len(found) > 1) == (kind in splittable), kind
        assert sum(fn.restriction_size(part, fn.initial_restriction(part)) for part in found) == len(content)


MANY = {
    "warc": b"".join(warc(n) for n in range(30)),
    # Some members hold several records.
    "warc.gz": b"".join(gzip.compress(b"".join(map(warc, range(n, n + 1 + n % 3)))) for n in range(30)),
    "warc.zst": b"".join(zstandard.compress(b"".join(map(warc, range(n, n + 1 + n % 3)))) for n in range(30)),
    "arc": ARC_FILE + b"".join(arc(n) for n in range(30)),
    "arc.gz": b"".join(map(gzip.compress, [ARC_FILE, *(arc(n) for n in range(30))])),
    "jsonl": lines(*({**LINE, "url": f"http://a.example/{n}"} for n in range(30))),
}


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=4), st.sampled_from(sorted(FORMATS)))
@settings(max_examples=120, deadline=None)
def test_every_record_is_read_once_however_a_runner_splits(tmp_path_factory, splits, kind):
    content = MANY.get(kind, FILES[kind])
    (dump,) = find_dumps([str(write(tmp_path_factory.getbasetemp(), "dump", content))]).dumps
    fn, seen, read_bytes, stretches = _ReadFn(RULES, shows_progress=True), [], 0, []
    [part] = parts(dump, RULES)
    waiting = [fn.initial_restriction(part)]
    while waiting:
        tracker = ThreadsafeRestrictionTracker(fn.create_tracker(waiting.pop()))
        items = fn.process(part, RestrictionTrackerView(tracker))
        after, share = splits.pop() if splits else (None, 0)
        for count, item in enumerate(items):
            tag, record = (item.tag, item.value) if isinstance(item, beam.pvalue.TaggedOutput) else (KEPT, item)
            if tag == PROGRESS:
                read_bytes += record
            elif tag == "stretches":
                stretches.append(record[1])
            else:
                seen.append((record.source.dump_offset, record.source.url))
            if count == after and (halves := tracker.try_split(share)):
                waiting.append(halves[1])
        tracker.check_done()
    assert sorted(seen) == [(item.source.dump_offset, item.source.url) for item in read_range(dump, 0, None, RULES)]
    assert read_bytes == dump.size
    assert list(check_stretches(dump.path, stretches)) == []


@pytest.mark.slow
def test_all_workers_read_one_large_dump(tmp_path):
    path = write(tmp_path, "a", b"".join(gzip.compress(warc(n, HTML + os.urandom(20_000).hex())) for n in range(200)))
    options = PipelineOptions(["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        pages = pipeline | ReadPages(find_dumps([str(path)]).dumps, ReadRules(split_bytes=200_000))
        note = beam.Map(
            lambda page, folder: (folder / f"{os.getpid()}.{page.source.dump_offset}").touch(), tmp_path / "pids"
        )
        (tmp_path / "pids").mkdir()
        pages[KEPT] | note
    noted = [path.name.partition(".") for path in (tmp_path / "pids").iterdir()]
    assert len({offset for _, _, offset in noted}) == len(noted) == 200
    assert len({pid for pid, _, _ in noted}) == 2
