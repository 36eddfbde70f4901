"""JSON lines and arrays give one page an object, in any layout, with any field names and after any damage."""

import datetime as dt
import io
import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import NOTHING_STATED, Page, Rejected, Source, Stated
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.jsonl import read_json_lines, read_json_lines_range
from warraq.transforms.read.times import parse_time

UTC = dt.timezone.utc
FILE_TIME = dt.datetime(2026, 1, 2, tzinfo=UTC)
HTML = "<!DOCTYPE html><html><body><p>نص</p></body></html>"
OBJECTS = [{"url": f"u{n}", "text": f"نص رقم {n}"} for n in range(5)]
OBJECT_LINES = [json.dumps(item, ensure_ascii=False).encode() for item in OBJECTS]


def read(content, start=0, stop=None, claim=lambda _: True, **rules):
    dump = Dump("a.jsonl", len(content), "jsonl", "", FILE_TIME)
    return list(read_json_lines_range(io.BytesIO(content), start, stop, dump, ReadRules(**rules), claim))


def read_one(record, **rules):
    (item,) = read(record if isinstance(record, bytes) else json.dumps(record).encode(), **rules)
    return item


def short(value):
    return str(value)[:30]


def urls(items):
    return [item.reason if isinstance(item, Rejected) else item.source.url for item in items]


LAYOUTS = {
    "lines": b"\n".join(OBJECT_LINES) + b"\n",
    "no newline at the end": b"\n".join(OBJECT_LINES),
    "CRLF and blank lines": b"\r\n\r\n".join(OBJECT_LINES),
    "byte order mark": b"\xef\xbb\xbf" + b"\n".join(OBJECT_LINES),
    "feed": b"[\n" + b",\n".join(OBJECT_LINES) + b"\n]\n",
    "feed, comma first": b"[\n" + b"\n,".join(OBJECT_LINES) + b"\n]",
    "feed, glued": b"[" + b",\n".join(OBJECT_LINES) + b"]",
    "array on one line": json.dumps(OBJECTS).encode(),
    "array printed": json.dumps(OBJECTS, indent=2).encode(),
    "array printed, glued": b"[" + b", ".join(json.dumps(item, indent=1).encode() for item in OBJECTS) + b"]",
    "objects printed": b"\n".join(json.dumps(item, indent=4).encode() for item in OBJECTS),
    "array with byte order mark": b"\xef\xbb\xbf" + json.dumps(OBJECTS).encode(),
    "one object": None,
    "empty array": b"[\n]\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_gives_the_objects_at_their_offsets(layout):
    content = LAYOUTS[layout] or OBJECT_LINES[0]
    items = read(content)
    assert [item.source.url for item in items] == {"one object": ["u0"], "empty array": []}.get(
        layout, [item["url"] for item in OBJECTS]
    )
    for item in items:
        assert content[item.source.dump_offset :].lstrip(b"\xef\xbb\xbf[, \n").startswith(b"{")


@given(st.sampled_from([name for name, content in LAYOUTS.items() if content]), st.lists(st.integers(1, 300)))
def test_every_line_is_read_once_however_the_file_is_split(layout, cuts):
    content = LAYOUTS[layout]
    ends = [0, *sorted({min(cut, len(content)) for cut in cuts}), None]
    parts = [item for start, stop in itertools.pairwise(ends) for item in read(content, start, stop)]
    assert parts == read(content)


def test_a_line_is_claimed_before_it_is_read_and_a_refused_claim_ends_the_reading():
    content = LAYOUTS["feed"]
    claims = []
    assert len(read(content, claim=lambda offset: claims.append(offset) is None)) == 5
    assert claims == [item.source.dump_offset for item in read(content)]
    assert urls(read(content, claim=lambda offset: offset < claims[3])) == ["u0", "u1", "u2"]
    assert read(json.dumps(OBJECTS).encode(), claim=lambda _: False) == []


def test_compressed_lines_are_read_whole():
    dump = Dump("a", 1, "jsonl.gz", "", FILE_TIME)
    assert len(list(read_json_lines(io.BytesIO(LAYOUTS["lines"]), dump, ReadRules()))) == 5


@pytest.mark.parametrize(
    ("line", "reason", "words"),
    [
        (b'{"url": "u", "text": \n', "corrupt_record", "no JSON"),
        (b"not json at all", "corrupt_record", "no JSON"),
        (b'"a string"', "corrupt_record", "not a JSON object"),
        (b"17", "corrupt_record", "not a JSON object"),
        (b'{"text": "\xcf\xd0\xd1"}', "corrupt_record", "not UTF-8: byte 0xcf at 10; convert the file"),
        ('{"text": "نص"}'.encode("utf-16"), "corrupt_record", "not UTF-8"),
        (b'{"text": ' + b"[" * 100_000, "corrupt_record", "recursion"),
        (b'{"text": "x", "n": ' + b"9" * 5000 + b"}", "corrupt_record", "digits"),
        (b'{"url": "u3", "other": 1}', "not_html", "no html or text; it has url, other"),
        (b'{"text": 17, "html": {"a": 1}}', "not_html", "no html or text"),
        (b'{"text": "  ", "html": ""}', "not_html", "no html or text"),
        (b'{"text": "' + b"a" * 20_000 + b'"}', "too_large", "more than 10000 bytes"),
        (b'{"text": "' + b"a" * 2_000_000 + b'"}', "too_large", "a line of more than"),
    ],
    ids=short,
)
def test_hostile_lines_cost_a_row_and_not_their_neighbours(line, reason, words):
    first, row, last = read(OBJECT_LINES[0] + b"\n" + line + b"\n" + OBJECT_LINES[1], max_bytes=10_000)
    assert (first.source.url, last.source.url, row.reason, row.source.dump_offset) == (
        "u0",
        "u1",
        reason,
        len(OBJECT_LINES[0]) + 1,
    )
    assert words in row.detail


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"text": "a\\u0000b"}', "a\0b"),
        (b'{"text": "a\tb"}', "a\tb"),
        (b'{"text": "\\ud800 lone"}', "\ufffd lone"),
        (b'{"text": "\xed\xa0\x80 raw"}', "\ufffd raw"),
        (b'{"text": "one", "text": "two"}', "two"),
        (b'{"text": "x", "timestamp": NaN}', "x"),
        (b'{"text": "x", "timestamp": 1e999, "url": [1], "title": {}, "charset": 3}', "x"),
        (b'{"text": "x", "timestamp": ' + b"9" * 400 + b"}", "x"),
        ('{"text": "a\u2028b"}'.encode(), "a\u2028b"),
        (b'{"text": ["one", "two"]}', "one\ntwo"),
    ],
    ids=short,
)
def test_unusual_values_are_read_as_intended(line, text):
    page = read_one(line)
    assert (page.content.decode(), page.is_text, page.source.fetched_at) == (text, True, FILE_TIME)


def test_a_line_longer_than_all_ranges_costs_one_row():
    content = b"\n".join([OBJECT_LINES[0], b'{"text": "' + b"a" * 3_000_000 + b'"}', OBJECT_LINES[1]])
    ends = [*range(0, len(content), 100_000), None]
    items = [item for start, stop in itertools.pairwise(ends) for item in read(content, start, stop, max_bytes=99)]
    assert urls(items) == ["u0", "too_large", "u1"]
    assert items == read(content, max_bytes=99)


def test_damage_in_an_array_costs_only_that_object():
    for printed in (json.dumps(OBJECTS, indent=2), json.dumps(OBJECTS)):
        content = printed.replace('"u1",', '"u1"').encode()
        assert urls(read(content)) == ["u0", "corrupt_record", "u2", "u3", "u4"]
        assert urls(read(printed.encode()[:-20])) == ["u0", "u1", "u2", "u3", "corrupt_record"]
        assert urls(read(printed.replace("{", "17, {", 2).encode()))[-3:] == ["u2", "u3", "u4"]
    large = json.dumps([OBJECTS[0], {"text": "a" * 3_000_000}, OBJECTS[1]], indent=1).encode()
    assert urls(read(large, max_bytes=99)) == ["u0", "too_large", "u1"]


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a":' * 40_000,
        b'{\n"a":[' * 40_000,
        b'[{\n"' + b"}\n{\\" * 40_000,
        b"[{" * 100_000,
        b"[1, 2, 3]",
    ],
    ids=short,
)
def test_hostile_arrays_end_in_rows(content):
    items = read(content, max_bytes=100_000)
    assert items
    assert {item.reason for item in items} <= {"corrupt_record", "too_large"}


@given(
    st.sampled_from([name for name, content in LAYOUTS.items() if content]), st.integers(0, 300), st.binary(max_size=9)
)
def test_damage_gives_rows_never_an_exception(layout, place, splice):
    content = LAYOUTS[layout]
    items = read(content[:place] + splice + content[place + len(splice) :])
    assert all(isinstance(item, (Page, Rejected)) for item in items)


FETCHED = "2024-05-01T10:11:12+00:00"
EXPORTS = {
    "our own names": {"url": "u", "html": HTML, "title": "ع", "fetched_at": "2024-05-01T10:11:12Z"},
    "Scrapy": {"url": ["u"], "title": ["ع"], "body": HTML, "crawled_at": "2024-05-01 10:11:12"},
    "Common Crawl": {"url": "u", "fetch_time": 1714558272000, "content": HTML, "content_charset": "UTF-8", "title": "ع"},
    "datatrove": {"text": "نص", "id": "1", "metadata": {"url": "u", "date": "2024-05-01T10:11:12Z", "title": "ع"}},
    "C4": {"text": "نص", "timestamp": "2024-05-01T10:11:12Z", "url": "u", "title": "ع"},
    "CulturaX": {"text": "نص", "timestamp": "2024/05/01 10:11:12", "url": "u", "source": "x", "title": "ع"},
    "SaudiNewsNet": {"source": "s", "url": "u", "date_extracted": "2024-05-01 10:11:12", "title": "ع", "content": "نص"},
    "news-please": {"maintext": "نص", "title": "ع", "url": "u", "date_download": "2024-05-01 10:11:12", "date_publish": "2020-01-01"},
    "OSCAR": {"content": "نص", "title": "ع", "warc_headers": {"warc-target-uri": "u", "warc-date": "2024-05-01T10:11:12Z"}},
    "HPLT": {"u": "u", "text": "نص", "ts": "2024-05-01T10:11:12Z", "title": "ع"},
    "capitals": {"URL": "u", "Text": "نص", "Title": "ع", "Date": "Wed, 01 May 2024 10:11:12 GMT"},
}  # fmt: skip


@pytest.mark.parametrize("maker", EXPORTS)
def test_known_exports_need_no_flag(maker):
    page = read_one(EXPORTS[maker])._replace(stated=NOTHING_STATED)
    is_text = "نص" in EXPORTS[maker].values() or "نص" in EXPORTS[maker].get("Text", "")
    assert page == Page(
        Source("u", dt.datetime.fromisoformat(FETCHED), "a.jsonl", 0, len(("نص" if is_text else HTML).encode())),
        ("نص" if is_text else HTML).encode(),
        is_text,
        "utf-8",
        "ع",
    )


FEEDS = {  # what each maker writes, and the facts that are taken
    "news-please": (
        {"maintext": "نص", "date_publish": "2024-05-12 10:00:00", "date_download": "2026-03-01 10:00:00",
         "authors": ["سلمى أحمد"], "description": "وصف", "image_url": "https://n.example/a.jpg", "source_domain": "n.example"},
        Stated(["2024-05-12 10:00:00"], authors=["سلمى أحمد"], description="وصف", image_url="https://n.example/a.jpg"),
    ),
    "fundus": (
        {"body": {"summary": ["موجز"], "sections": [{"headline": [], "paragraphs": ["نص"]}]}, "authors": ["سلمى أحمد"],
         "publishing_date": "2024-05-12T10:00:00+03:00", "topics": ["سياسة", "انتخابات"]},
        Stated(["2024-05-12T10:00:00+03:00"], authors=["سلمى أحمد"], tags=["سياسة", "انتخابات"]),
    ),
    "trafilatura": (
        {"text": "نص", "author": "سلمى أحمد; منى علي", "date": "2024-05-12", "source": "https://n.example/a", "sitename": "النهار",
         "categories": "سياسة", "excerpt": "وصف"},
        Stated(dated=["2024-05-12"], authors=["سلمى أحمد; منى علي"], section="سياسة", site_name="النهار", description="وصف"),
    ),
    "newspaper3k": (
        {"text": "نص", "publish_date": "2024-05-12", "authors": [], "top_image": "https://n.example/a.jpg", "keywords": ["أ", "ب"]},
        Stated(["2024-05-12"], tags=["أ", "ب"], image_url="https://n.example/a.jpg"),
    ),
    "schema.org": (
        {"articleBody": "نص", "datePublished": "2024-05-12", "dateModified": "2024-05-13", "articleSection": ["سياسة", "عاجل"],
         "author": [{"@type": "Person", "name": "سلمى أحمد"}, {"name": "منى علي"}], "publisher": {"name": "النهار"}},
        Stated(["2024-05-12"], modified=["2024-05-13"], authors=["سلمى أحمد", "منى علي"], section="سياسة", site_name="النهار"),
    ),
    "RSS": (
        {"content": "نص", "pubDate": "Sun, 12 May 2024 10:00:00 +0300", "dc:creator": "noreply@n.example (سلمى أحمد)"},
        Stated(["Sun, 12 May 2024 10:00:00 +0300"], authors=["سلمى أحمد"]),
    ),
    "a database": (
        {"_source": {"content": "نص", "Published At": {"$date": 1715497200000}, "Author Name": "سلمى &amp; منى"}},
        Stated(["2024-05-12T07:00:00+00:00"], authors=["سلمى & منى"]),
    ),
    "a table": (
        {"text": "نص", "date": "17/05/2015", "author": "['سلمى أحمد', 'منى علي']", "category": "<b>سياسة</b>"},
        Stated(dated=["17/05/2015"], authors=["سلمى أحمد", "منى علي"], section="سياسة"),
    ),
    "an export of a crawl": (
        {"text": "نص", "date": "2024-05-01T10:11:12Z", "dump": "CC-MAIN-2024-18", "file_path": "s3://x"}, Stated(),
    ),
    "wrong values": (
        {"text": "نص", "published_at": "", "date": [], "author": 17, "authors": {}, "tags": [None, 3], "section": {"id": 3}}, Stated(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("maker", FEEDS)
def test_facts_that_a_record_states_are_taken_by_their_usual_names(maker):
    record, stated = FEEDS[maker]
    page = read_one(record)
    assert (page.stated, page.content.decode().splitlines()[-1]) == (stated, "نص")


@pytest.mark.parametrize(
    ("record", "fetched"),
    [
        ({"date_download": "2026-03-01", "date_publish": "2024-05-12"}, "2026-03-01"),
        ({"published_at": "2024-05-12", "crawled_at": "01/03/2026"}, "2026-03-01"),
        ({"date": "2024-05-01", "dump": "CC-MAIN-2024-22"}, "2024-05-01"),
        ({"dump": "CC-MAIN-2024-22"}, "2024-05-27"),
        ({"date": "17/05/2015"}, "2015-05-17"),  # closer to the fetch than the time of the file
        ({"crawled_at": "?", "published_at": "2024-05-12"}, "2024-05-12"),
    ],
)
def test_fetch_dates_are_told_from_dates_of_publication(record, fetched):
    assert f"{read_one({'text': 'نص', **record}).source.fetched_at:%Y-%m-%d}" == fetched


def test_the_address_may_be_in_the_field_source():
    assert read_one({"text": "نص", "source": "https://n.example/a"}).source.url == "https://n.example/a"
    assert read_one({"text": "نص", "source": "النهار"}).source.url == "file:a.jsonl#0"


@pytest.mark.parametrize(
    ("record", "fields", "expected"),
    [
        ({"link": "u", "body": "نص", "when": "2024-05-01"}, "url=link,text=body,fetched_at=when", ("u", "نص", True, 2024)),
        ({"a": {"b": {"u": "u"}}, "item": {"body": "نص"}}, "url=a.b.u, text=item.body", ("u", "نص", True, 2026)),
        ({"a.b": "u", "x": "نص"}, "url=a.b,text=x", ("u", "نص", True, 2026)),
        ({"url": "u", "text": "ملخص", "raw": HTML}, "html=raw", ("u", HTML, False, 2026)),
        ({"url": "u", "text": "نص"}, "html=raw", ("u", "نص", True, 2026)),
        ({"url": "u", "canonical": "c", "text": "نص"}, "url=canonical", ("c", "نص", True, 2026)),
    ],
)  # fmt: skip
def test_stated_names_come_first(record, fields, expected):
    page = read_one(record, fields=fields)
    assert (page.source.url, page.content.decode(), page.is_text, page.source.fetched_at.year) == expected


@pytest.mark.parametrize(
    ("record", "is_text"),
    [
        ({"text": "نص", "html": HTML}, True),
        ({"text": "", "html": HTML}, False),
        ({"text": HTML}, False),
        ({"text": "كيف تكتب <p>فقرة</p> في صفحة"}, True),
        ({"content": "نص <br/> نص"}, False),
        ({"content": "<div><p>نص</p></div>"}, False),
        ({"body": "٥ < ٧ وهذا نص"}, True),
        ({"html": "نص بلا وسوم"}, False),
    ],
)
def test_name_and_content_distinguish_text_from_html(record, is_text):
    assert read_one(record).is_text == is_text


def test_undecoded_bytes_kept_as_code_points_are_bytes_again():
    stated = {"html": HTML.encode("cp1256").decode("latin-1"), "charset": "windows-1256"}
    page = read_one(stated)
    assert (page.content, page.charset) == (HTML.encode("cp1256"), "windows-1256")
    page = read_one({"html": HTML, "charset": "windows-1256"})
    assert (page.content, page.charset) == (HTML.encode(), "utf-8")


def test_a_page_without_a_url_gets_its_place_as_url():
    assert read(b"\n" + b'{"text": "x"}')[0].source.url == "file:a.jsonl#1"


@pytest.mark.parametrize("fields", ["url", "link=url", "url=", "url=a,url=b", "url=a,title=a"])
def test_wrong_fields_are_an_error_in_one_line(fields):
    with pytest.raises(ValueError, match=r"^read_fields: "):
        ReadRules(fields=fields)


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2020/02/28 13:43:24", "2020-02-28T13:43:24+00:00"),
        ("2024-05-01 10:11:12 UTC", "2024-05-01T10:11:12+00:00"),
        ("Sun, 18 Feb 2018 21:35:43 +0400", "2018-02-18T17:35:43+00:00"),
        ("20240501101112", "2024-05-01T10:11:12+00:00"),
        (20240501101112, "2024-05-01T10:11:12+00:00"),
        (20240501, "2024-05-01T00:00:00+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000_000_000, "2023-11-14T22:13:20+00:00"),
        ("CC-MAIN-2024-10", "2024-03-04T00:00:00+00:00"),
        (dt.datetime(2024, 5, 1, 3, tzinfo=dt.timezone(dt.timedelta(hours=3))), "2024-05-01T00:00:00+00:00"),
        (dt.datetime(2024, 5, 1), "2024-05-01T00:00:00+00:00"),  # noqa: DTZ001
        (dt.date(2024, 5, 1), "2024-05-01T00:00:00+00:00"),
    ],
)  # fmt: skip
def test_times_as_exports_write_them(stated, iso):
    assert parse_time(stated).isoformat() == iso


@pytest.mark.parametrize(
    "stated", ["x, y", "2024-05/01", "CC-MAIN-2024-60", "9" * 5000, 10**400, float("nan"), b"2024"], ids=short
)
def test_no_times(stated):
    assert parse_time(stated) is None


def test_memory_is_that_of_one_object():
    """An array of 30 MB passes through a window of 1 MB."""
    rng = random.Random(7)
    page = {"url": "u", "text": "".join(rng.choices("ابتثجح ", k=20_000))}
    content = json.dumps([page] * 300, ensure_ascii=False).encode()
    dump = Dump("a", len(content), "jsonl", "", FILE_TIME)
    stream = io.BytesIO(content)
    held = [
        stream.tell() - item.source.dump_offset for item in read_json_lines_range(stream, 0, None, dump, ReadRules())
    ]
    assert len(held) == 300
    assert max(held) < 2_300_000


@pytest.mark.parametrize("field", ["text", "html", "body"])
def test_half_a_character_in_content_is_marked_as_in_any_field(field):
    item = read_one({"url": "u", field: "<p>نص\ud83d</p>"})
    assert item.content.decode() == "<p>نص\ufffd</p>"


@pytest.mark.parametrize("indent", [None, 1])
def test_a_stated_field_that_no_object_has_is_an_error_in_one_line(indent):
    def feed(count):
        return [{"url": f"http://a.example/{n}", "text": "نص", "meta": {"Body": "نص"}} for n in range(count)]

    def pages(objects, fields):
        content = json.dumps(objects, indent=1) if indent else "\n".join(map(json.dumps, objects))
        return len(read(content.encode(), fields=fields))

    with pytest.raises(InputError, match=r"^a.jsonl: no field 'nosuch' for text in the first 100 objects; correct --r"):
        pages(feed(100), "text=nosuch")
    assert pages(feed(99), "text=nosuch") == 99
    assert pages(feed(150), "text=meta.Body") == 150
    assert pages([*feed(99), {"nosuch": "نص"}, *feed(99)], "text=nosuch") == 199
