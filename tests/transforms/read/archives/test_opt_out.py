"""Signals in the headers of a response in a WARC reach the article."""

import pytest

from warraq.schemas.arrow import article_row
from warraq.schemas.records import Page
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

BODY = "<html><body><article><h1>مستشفى جديد</h1>{}</article></body></html>".format(
    "<p>أعلنت وزارة الصحة في بيان لها اليوم عن افتتاح مستشفى جديد في العاصمة يضم مئتي سرير وقسما للطوارئ.</p>" * 4
).encode()


@pytest.mark.parametrize(
    ("header", "signals"),
    [
        (b"", None),
        (b"X-Robots-Tag: noindex\r\nx-robots-tag: noai\r\n", ["noai"]),
        (b"TDM-Reservation: 1\r\nContent-Usage: train-ai=n\r\n", ["tdm_reservation", "content_usage"]),
    ],
)
def test_signals_of_headers_reach_the_row(tmp_path, header, signals):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n" + header + b"\r\n" + BODY
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://s.example/1\r\nWARC-Date: 2025-06-01T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    (tmp_path / "a.warc").write_bytes(head.encode() + http + b"\r\n\r\n")
    [dump] = find_dumps([str(tmp_path / "a.warc")]).dumps
    [page] = read_range(dump, 0, None, ReadRules())
    assert isinstance(page, Page)
    article = extract(decode(page, DecodeRules()), ExtractRules())
    assert article_row(article, "1")["opt_out"] == signals
