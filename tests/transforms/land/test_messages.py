"""The values of messages: Avro and JSON of a schema registry, WARC records, and what can't be read."""

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Rejected
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.messages import REGISTRY, SCHEMA, USER, Decoder
from warraq.transforms.land.segments import Message, Partition, cut
from warraq.transforms.read.discover import examine
from warraq.transforms.read.dump import claim_all, forget_row
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

TEXT = "قالت الوزارة إن الحملة تبدأ غدا في جميع المحافظات"
AVRO = {
    "type": "record",
    "name": "Page",
    "fields": [
        {"name": "url", "type": "string"},
        {"name": "html", "type": "bytes"},
        {"name": "fetched_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
PAGE = {"url": "https://a.example/1", "html": f"<p>{TEXT}</p>".encode(), "fetched_at": 1_748_779_200_000}
SCHEMAS = {
    1: {"schema": json.dumps(AVRO)},
    2: {"schema": "{}", "schemaType": "JSON"},
    3: {"schema": "", "schemaType": "PROTOBUF"},
    4: {"schema": '{"type": "nothing"}'},
}


@pytest.fixture(scope="module")
def registry():
    """A registry with SCHEMAS; the number 500 breaks it. Remembers what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            number = int(self.path.removeprefix("/schemas/ids/"))
            asked.append((number, self.headers["Authorization"]))
            body = json.dumps(SCHEMAS.get(number, {"error_code": 40403})).encode()
            self.send_response(200 if number in SCHEMAS else 500 if number == 500 else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def avro(record=PAGE):
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(AVRO), record)
    return stream.getvalue()


def framed(number, value):
    return b"\0" + number.to_bytes(4, "big") + value


def message(value, offset=0, **headers):
    return Message("pages", 0, offset, value, headers=headers)


def rows(folder, messages):
    """The items that the reader makes of the messages."""
    partition = Partition(str(folder), "pages", 0)
    found = []
    for piece in cut(messages):
        [dump] = examine([str(partition.write(piece))]).dumps
        found += read_range(dump, 0, dump.size, ReadRules(), claim_all, forget_row)
    return found


def test_avro_and_json_of_a_registry_are_pages(registry, tmp_path):
    url, asked = registry
    decoder = Decoder({REGISTRY: f"{url}/", USER: "me:secret"})
    as_json = json.dumps({"url": "https://a.example/2", "text": TEXT}).encode()
    sent = [message(framed(1, avro())), message(framed(1, avro()), 1), message(framed(2, as_json), 2)]
    first, second, third = rows(tmp_path, map(decoder.decode, sent))
    assert (first.source.url, first.content, first.source.fetched_at.isoformat()) == (
        "https://a.example/1",
        PAGE["html"],
        "2025-06-01T12:00:00+00:00",
    )
    assert second.content == first.content
    assert third.source.url == "https://a.example/2"
    assert asked == [(1, "Basic bWU6c2VjcmV0"), (2, "Basic bWU6c2VjcmV0")]  # once for each schema


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (framed(1, b"\xff\xff\xff"), "no Avro of its schema: "),
        (framed(1, avro() + b"x"), "no Avro of its schema: ValueError: there are bytes behind the record"),
        (framed(1, avro({**PAGE, "html": b"\xc7\xe1"})), "no Avro of its schema: UnicodeDecodeError"),
        (framed(3, b"x"), "schema 3 is Protobuf"),
        (framed(4, b"x"), "schema 4 is wrong: "),
        (framed(9, b"x"), "the registry has no schema 9"),
        (b"WARC/1.1\r\nContent-Length: 9\r\n\r\nshort", "not one whole WARC record"),
        (b"WARC/1.1\r\n", "not one whole WARC record"),
    ],
)
def test_a_poison_message_is_one_row_with_a_reason(registry, tmp_path, value, why):
    decoder = Decoder({REGISTRY: registry[0]})
    [row] = rows(tmp_path, [decoder.decode(message(value))])
    assert isinstance(row, Rejected)
    assert row.reason == "corrupt_record"
    assert row.detail.startswith(why)


def test_a_registry_that_does_not_answer_is_no_fault_of_the_message(registry):
    with pytest.raises(LandingError, match="schema 500: HTTP 500"):
        Decoder({REGISTRY: registry[0]}).decode(message(framed(500, b"x")))
    with pytest.raises(LandingError, match="schema 1: "):
        Decoder({REGISTRY: "http://127.0.0.1:1"}).decode(message(framed(1, b"x")))


def test_avro_with_its_own_schema_in_a_file(tmp_path):
    (tmp_path / "page.avsc").write_text(json.dumps(AVRO))
    decoder = Decoder({SCHEMA: str(tmp_path / "page.avsc")})
    [page] = rows(tmp_path / "landing", [decoder.decode(message(avro()))])
    assert page.content == PAGE["html"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({REGISTRY: "registry:8081"}, "must begin with http"),
        ({SCHEMA: "missing.avsc"}, "missing.avsc"),
    ],
)
def test_a_wrong_setting_is_one_line(settings, words):
    with pytest.raises(LandingError, match=words):
        Decoder(settings)


def test_framing_without_a_registry_is_told_in_the_row(tmp_path):
    decoder = Decoder({})
    [row] = rows(tmp_path, [decoder.decode(message(framed(1, avro())))])
    assert row.detail == f"has the framing of a schema registry; --kafka_settings needs {REGISTRY}"
    page = "<p>مرحبا</p>".encode("utf-16-be")
    assert decoder.decode(message(page)).value == page
    assert decoder.decode(message(b"\0\0" + page, **{"content-type": b"text/html"})).value == b"\0\0" + page


def test_a_warc_record_keeps_its_page(tmp_path):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>" + TEXT.encode() + b"</p>\r\n\r\n"
    head = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nWARC-Date: 2025-06-01T12:00:00Z\r\n"
    head += "WARC-Target-URI: https://a.example/3\r\nContent-Type: application/http;msgtype=response\r\n"
    value = f"{head}Content-Length: {len(block)}\r\n\r\n".encode() + block
    sent = [message(value), message(value + b"\r\n\r\n", 1), message(b"<p>raw</p>", 2)]
    found = rows(tmp_path, map(Decoder({}).decode, sent))
    assert [page.content for page in found[:2]] == [block.partition(b"\r\n\r\n")[2]] * 2
    assert [page.source.url for page in found[:2]] == ["https://a.example/3"] * 2
    assert found[2].content == b"<p>raw</p>"


@given(st.binary(max_size=60), st.booleans())
def test_no_value_breaks_the_decoder(value, is_warc):
    decoded = Decoder({}).decode(message(b"WARC/1.0\r\n" * is_warc + value))
    assert isinstance(decoded.value, bytes)
