"""Messages become segments: each message one record, in files whose names tell what comes next."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected
from warraq.transforms.land.kafka import Topic, read_settings, topic_of
from warraq.transforms.land.segments import JSONL, WARC, Message, Partition, cut, record_of
from warraq.transforms.read.discover import examine
from warraq.transforms.read.dump import claim_all, forget_row
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

TEXT = "قالت الوزارة إن الحملة تبدأ غدا في جميع المحافظات"
OBJECTS = st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.integers() | st.none(), max_size=3)


def message(value, offset=0, **more):
    return Message("pages", 0, offset, value, **more)


def read(path):
    [dump] = examine([str(path)]).dumps
    return [*read_range(dump, 0, dump.size, ReadRules(), claim_all, forget_row)]


@given(OBJECTS.filter(lambda found: "kafka" not in found), st.sampled_from([None, 2]), st.booleans())
def test_json_keeps_its_fields_in_one_line_and_gets_its_place(found, indent, is_framed):
    value = b"\0\0\0\0\7" * is_framed + json.dumps(found, indent=indent).encode()
    line = record_of(message(value, offset=124))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == {"kafka": "pages/0/124", **found}


@given(st.binary(max_size=30), st.binary(max_size=30), st.integers(0, 5))
def test_no_two_messages_give_equal_records(one, other, offset):
    assert record_of(message(one, offset)) != record_of(message(other, offset + 1))


def test_a_page_becomes_a_response_with_its_address_time_and_charset(tmp_path):
    page = f"<html><body><p>{TEXT}</p></body></html>".encode("windows-1256")
    headers = {"url": b"https://akhbar.example/1", "Content-Type": b"text/html; charset=windows-1256"}
    sent = [
        message(page, 5, headers={**headers, "fetched_at": b"2025-06-01T12:00:00Z"}),
        message(page, 6, key=b"https://akhbar.example/2", sent_at=1_748_779_200_000),
        message(page, 7, headers={"url": b"https://akhbar.example/3\r\nWARC-Type: x"}),
    ]
    path = Partition(str(tmp_path), "pages", 0).write(sent)
    pages = read(path)
    assert path.name == "00000000000000000005-00000000000000000007.warc"
    assert [each.content for each in pages] == [page] * 3
    assert [each.source.url for each in pages[:2]] == ["https://akhbar.example/1", "https://akhbar.example/2"]
    assert pages[2].source.url.startswith("https://akhbar.example/3WARC-Type:")
    assert [each.source.fetched_at.isoformat() for each in pages[:2]] == ["2025-06-01T12:00:00+00:00"] * 2
    assert pages[0].charset == "windows-1256"


def test_each_message_of_a_segment_is_a_page_or_a_rejection(tmp_path):
    values = [json.dumps({"url": "https://a.example/", "text": TEXT}).encode(), b"", b"{}", b"{torn", b'{"a": [1\n,2]}']
    found = read(Partition(str(tmp_path), "pages", 0).write([message(value, at) for at, value in enumerate(values)]))
    assert len(found) == len(values)
    assert isinstance(found[0], Page)
    assert all(isinstance(each, Rejected) for each in found[1:])


def test_segments_are_cut_where_the_kind_of_messages_changes():
    values = [b'{"a": 1}', b'{"a": 2}', b"<html>", b"<p>", b'{"a": 3}']
    pieces = [*cut(message(value, at) for at, value in enumerate(values))]
    assert [[each.offset for each in piece] for piece in pieces] == [[0, 1], [2, 3], [4]]
    assert [piece[0].kind for piece in pieces] == [JSONL, WARC, JSONL]


def test_the_next_offset_is_that_after_the_last_segment(tmp_path):
    partition = Partition(str(tmp_path), "pages", 3)
    assert partition.next_offset() is None
    partition.write([message(b"{}", 124), message(b"{}", 192)])
    partition.write([message(b"<p>", 200)])
    unfinished = partition.folder / ".unfinished-00000000000000000201-00000000000000000900.jsonl"
    unfinished.touch()
    (partition.folder / "notes.txt").touch()
    assert partition.next_offset() == 201
    partition.remove_unfinished()
    assert not unfinished.exists()
    assert partition.next_offset() == 201


@pytest.mark.parametrize(
    ("address", "topic"),
    [
        ("kafka://localhost:9092/pages", Topic("localhost:9092", "pages")),
        ("kafka://a:9092,b:9093/crawl.ar_1-x", Topic("a:9092,b:9093", "crawl.ar_1-x")),
        ("kafka://localhost/pages", None),
        ("kafka://localhost:9092/", None),
        ("kafka://localhost:9092/../x", None),
        ("s3://bucket/pages", None),
    ],
)
def test_an_address_names_brokers_and_a_topic(address, topic):
    assert topic_of(address) == topic


def test_settings_are_lines_and_those_that_make_it_right_stay(tmp_path):
    path = tmp_path / "kafka.properties"
    path.write_text("# secret\nsasl.username = me\n\nsasl.password=a=b\n")
    assert read_settings(str(path)) == {"sasl.username": "me", "sasl.password": "a=b"}
    path.write_text("isolation.level=read_uncommitted")
    with pytest.raises(ValueError, match=r"isolation\.level: not a setting"):
        read_settings(str(path))


@given(
    st.binary(max_size=40),
    st.binary(max_size=20),
    st.dictionaries(st.sampled_from(["url", "fetched_at", "content-type"]), st.binary(max_size=20)),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_message_is_it_is_one_record(tmp_path, value, key, headers):
    sent = [message(value, 0, key=key, headers=headers), message(b"<p>end</p>", 1)]
    partition = Partition(str(tmp_path), "pages", 0)
    found = [each for piece in cut(sent) for each in read(partition.write(piece))]
    assert len(found) == 2
    assert found[1].content == b"<p>end</p>"
