"""Responses of real servers and crawlers give the page, even with false headers."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.read.archives.http import decode_body, parse_response

HTML = b"<!DOCTYPE html><html><body><p>text</p></body></html>" * 3
TYPE = "Content-Type: text/html; charset=utf-8"


def chunked(content, size=50):
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def response(body, *fields, status="HTTP/1.1 200 OK"):
    return "\r\n".join([status, *fields, "", ""]).encode() + body


def body_of(block, content_type="application/http; msgtype=response", limit=10_000):
    found = parse_response(block, 0, len(block), content_type)
    return decode_body(found.body, found.transfer_encoding, found.content_encoding, limit)


WELL = {
    "as it is": response(HTML, TYPE),
    "gzip": response(gzip.compress(HTML), TYPE, "Content-Encoding: gzip"),
    "zlib": response(zlib.compress(HTML), TYPE, "Content-Encoding: deflate"),
    "brotli": response(brotli.compress(HTML), TYPE, "Content-Encoding: br"),
    "brotli by its old name": response(brotli.compress(HTML), TYPE, "Content-Encoding: x-brotli"),
    "zstd": response(zstandard.compress(HTML), TYPE, "Content-Encoding: zstd"),
    "zstd, size unstated": response(
        zstandard.ZstdCompressor(write_content_size=False).compress(HTML), TYPE, "Content-Encoding: zstd"
    ),
    "chunked": response(chunked(HTML), TYPE, "Transfer-Encoding: chunked"),
    "chunked gzip": response(
        chunked(gzip.compress(HTML)), TYPE, "Transfer-Encoding: chunked", "Content-Encoding: gzip"
    ),
    "gzip as transfer coding": response(chunked(gzip.compress(HTML)), TYPE, "Transfer-Encoding: gzip, chunked"),
    "two codings": response(brotli.compress(gzip.compress(HTML)), TYPE, "Content-Encoding: gzip, br"),
    "two codings in two fields": response(
        brotli.compress(gzip.compress(HTML)), TYPE, "Content-Encoding: gzip", "content-encoding: br"
    ),
    "HTTP/2": response(HTML, TYPE, status="HTTP/2 200"),
    "a folded field": response(gzip.compress(HTML), TYPE, "Content-Encoding:", "  gzip"),
    "an interim response": response(response(HTML, TYPE), status="HTTP/1.1 100 Continue"),
    "bare line feeds": response(HTML, TYPE).replace(b"\r\n", b"\n"),
}
LYING = {
    "decoded, header left": response(HTML, TYPE, "Content-Encoding: gzip"),
    "decoded, header renamed": response(HTML, TYPE, "X-Crawl-Content-Encoding: br", "X-Crawl-Content-Length: 7"),
    "joined, header left": response(HTML, TYPE, "Transfer-Encoding: chunked"),
    "gzip twice in the header": response(gzip.compress(HTML), TYPE, "Content-Encoding: gzip", "Content-Encoding: gzip"),
    "gzip stated as br": response(gzip.compress(HTML), TYPE, "Content-Encoding: br"),
    "zstd stated as gzip": response(zstandard.compress(HTML), TYPE, "Content-Encoding: gzip"),
    "gzip unstated": response(gzip.compress(HTML), TYPE),
    "chunked unstated": response(chunked(HTML), TYPE),
    "chunked gzip unstated": response(chunked(gzip.compress(HTML)), TYPE),
    "charset as coding": response(HTML, TYPE, "Content-Encoding: UTF-8"),
    "Content-Length too small": response(HTML, TYPE, "Content-Length: 5"),
    "Content-Length too large": response(HTML, TYPE, "Content-Length: 99999"),
    "junk among the fields": response(HTML, "no field", TYPE, ": empty"),
    "no header": HTML,
    "white space and a mark, no header": b"\xef\xbb\xbf\r\n" + HTML,
    "no status line": f"{TYPE}\r\n\r\n".encode() + HTML,
    "no fields": b"HTTP/1.0 200 OK\r\n\r\n" + HTML,
    "no line between": f"HTTP/1.1 200 OK\r\n{TYPE}\r\n".encode() + HTML,
}


@pytest.mark.parametrize("case", WELL)
def test_well_formed_responses(case):
    assert body_of(WELL[case]).content == HTML


@pytest.mark.parametrize("case", LYING)
def test_responses_with_false_headers(case):
    assert body_of(LYING[case]).content.removeprefix(b"\xef\xbb\xbf\r\n") == HTML


@pytest.mark.parametrize("case", WELL)
def test_a_cut_body_is_read_up_to_the_cut(case):
    for cut in range(1, 20):
        found = body_of(WELL[case][:-cut])
        assert HTML.startswith(found.content)
        assert found.content or found.problem or case in ("zlib", "zstd", "zstd, size unstated")


@pytest.mark.parametrize("case", WELL)
def test_bodies_end_a_byte_beyond_the_limit(case):
    assert body_of(WELL[case], limit=60).content == HTML[:61]


@pytest.mark.parametrize(
    ("block", "content_type", "status", "stated"),
    [
        (WELL["HTTP/2"], "application/http", 200, "text/html; charset=utf-8"),
        (WELL["an interim response"], "application/http", 200, "text/html; charset=utf-8"),
        (response(b"", status="HTTP/1.1 404"), "application/http", 404, ""),
        (response(b"", status="ICY 200 OK"), "application/http", 200, ""),
        (response(b"", "Content-Type: text/html;", "\tcharset=x"), "application/http", 200, "text/html; charset=x"),
        (response(b"", status="HTTP/1.1 OK"), "application/http", None, ""),
        (HTML, "application/http", None, ""),
        (HTML, "text/html", None, "text/html"),
        (WELL["as it is"], "text/html", 200, "text/html; charset=utf-8"),
    ],
)
def test_fields_of_a_response(block, content_type, status, stated):
    found = parse_response(block, 0, len(block), content_type)
    assert (found.status, found.content_type) == (status, stated)


def test_text_that_begins_like_a_chunk_stays():
    assert decode_body(b"5\r\nfive \r\n2024", "", "", 100).content == b"5\r\nfive \r\n2024"


@given(st.sampled_from(sorted(WELL)), st.integers(0, 300), st.binary(max_size=9))
def test_damage_never_raises(case, at, junk):
    block = WELL[case]
    assert len(body_of(block[:at] + junk + block[at + len(junk) :], limit=500).content) <= 501
