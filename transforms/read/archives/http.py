"""The HTTP response in a record: its status, media type and charset, and its body without encodings.

FastWARC can decode bodies, but version 2.0.1 has two faults. A false `Content-Encoding` or `Transfer-Encoding` raises
an error that costs all following records; many crawlers write such headers, because they store the decoded body beside
the original header. And reading a chunked body skips the next record.
"""

import io
import re
import zlib
from typing import Final, NamedTuple

from fastwarc.stream_io import BrotliReader

from warraq.transforms.opt_out import header_signals
from warraq.transforms.read.archives.headers import BLANK_LINE, first_value, joined_values, parse_headers
from warraq.transforms.read.compression.gzip import GZIP_OR_ZLIB, MAGIC, RAW_DEFLATE, inflate
from warraq.transforms.read.compression.zstd import decompress_zstd, starts_zstd
from warraq.transforms.read.limits import HEAD_BYTES, MAX_ENCODINGS
from warraq.transforms.read.markup import looks_like_html, starts_with_tag

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

_HEADER_LINES: Final = re.compile(rb"[^\n]*\n(?:[!#-'*-.0-9A-Z^-z|~]+[ \t]*:[^\n]*\n|[ \t]+[^<\n]*\n)*")
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b|ICY (\d{3})\b")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_CUT_CHUNK: Final = re.compile(rb"[0-9a-fA-F]{0,8}\r?")
_CHUNK: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class Response(NamedTuple):
    """A response whose body is still encoded."""

    content_type: str
    body: bytes
    status: int | None = None
    transfer_encoding: str = ""
    content_encoding: str = ""
    opt_out: tuple[str, ...] = ()  # of labels.OPT_OUTS


class Body(NamedTuple):
    """A body without encodings; `problem` names the encoding that can't be decoded, "" if all can."""

    content: bytes
    problem: str = ""


def parse_response(data: bytes, begin: int, end: int, content_type: str) -> Response:
    """The response in `data` from `begin` to `end`. `content_type` is the one that the record states.

    Content without an HTTP header is the body: HTTP 0.9 and some crawlers have none.
    """
    is_http = data.startswith((b"HTTP/", b"ICY "), begin)
    if not is_http and media_type_of(content_type) != "application/http":
        return Response(content_type, data[begin:end])
    if not is_http and starts_with_tag(data, begin):
        return Response("", data[begin:end])
    blank = BLANK_LINE.search(data, begin, min(end, begin + HEAD_BYTES))
    header_end = body_at = blank.end() if blank else end
    if blank is None and (lines := _HEADER_LINES.match(data, begin, min(end, begin + HEAD_BYTES))):
        header_end = body_at = lines.end()
    status = status_of(data[begin : begin + 16]) if is_http else None
    if status is not None and 100 <= status < 200 and data.startswith(b"HTTP/", body_at):  # 100 Continue and the like
        return parse_response(data, body_at, end, content_type)
    fields = parse_headers(data[begin:header_end])
    return Response(
        first_value(fields, "content-type"),
        data[body_at:end],
        status,
        joined_values(fields, "transfer-encoding"),
        joined_values(fields, "content-encoding"),
        tuple(header_signals(fields)),
    )


def status_of(status_line: bytes) -> int | None:
    """The status code; None if the line has none."""
    stated = _STATUS.match(status_line)
    return int(stated[1] or stated[2]) if stated else None


def media_type_of(content_type: str) -> str:
    """`Text/HTML; charset=x` → `text/html`."""
    return content_type.partition(";")[0].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset in a Content-Type, as written; None if it has none."""
    stated = _CHARSET.search(content_type)
    return stated[1] if stated else None


def is_html(media_type: str, content: bytes) -> bool:
    """True for an HTML body: by its media type, or by its first bytes if it has no media type."""
    return media_type in HTML_TYPES or (not media_type and looks_like_html(content))


def decode_body(raw: bytes, transfer_encoding: str, content_encoding: str, limit: int) -> Body:
    """The body without transfer and content encodings, cut after `limit` + 1 bytes.

    The bytes decide, not the headers: a body that isn't chunked or compressed stays as it is, and one that is, without
    a header for it, is decoded. A cut body is decoded up to the cut. A body with a problem is empty.
    """
    content = dechunk(raw) if "chunked" in transfer_encoding.lower() or _looks_chunked(raw) else raw
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    if len(codings) > MAX_ENCODINGS:
        return Body(b"", f"{len(codings)} content-encodings")
    for coding in reversed(codings):
        decoded = _decode(content, coding, limit + 1)
        if decoded is None:
            return Body(b"", f"content-encoding {coding}")
        content = decoded
    return Body(content[: limit + 1])


def _looks_chunked(raw: bytes) -> bool:
    """True if a body begins with a whole chunk that begins a page, compressed or not. No header need state it."""
    header = _CHUNK.match(raw)
    if header is None or not raw.startswith(b"\r\n", header.end() + int(header[1], 16)):
        return False
    begin = raw[header.end() : header.end() + HEAD_BYTES]
    return begin.startswith(MAGIC) or starts_zstd(begin) or starts_with_tag(begin)


def dechunk(raw: bytes) -> bytes:
    """The body of a chunked message (RFC 9112, 7.1), up to the cut if it is cut; `raw` itself if it isn't chunked."""
    parts, at = [], 0
    while header := _CHUNK.match(raw, at):
        size = int(header[1], 16)
        begin = header.end()
        parts.append(raw[begin : begin + size])
        at = begin + size
        if size == 0 or at >= len(raw):
            return b"".join(parts)
        at += 2 if raw.startswith(b"\r\n", at) else raw.startswith(b"\n", at)
    if at == 0:
        return raw
    return b"".join(parts) + (b"" if _CUT_CHUNK.fullmatch(raw, at) else raw[at:])


def _decode(body: bytes, coding: str, limit: int) -> bytes | None:
    """At most `limit` bytes of a body without `coding`; the body itself if it isn't encoded; None if it is damaged."""
    if body.startswith(MAGIC):  # whatever `coding` is: no page begins like this
        return inflate(body, GZIP_OR_ZLIB, limit)
    if starts_zstd(body):
        return decompress_zstd(body, limit)
    if body and coding in ("gzip", "x-gzip", "deflate"):
        return _inflated(body, limit)
    if coding in ("br", "x-brotli"):  # has no magic: an HTML body that can't be read as brotli is a page
        decoded = _read(BrotliReader(io.BytesIO(body)), limit)
        return body if decoded is None and looks_like_html(body) else decoded
    return body


def _inflated(body: bytes, limit: int) -> bytes | None:
    """As `_decode`, for zlib and for the raw deflate that old servers send as "deflate"."""
    if looks_like_html(body):
        return body
    is_zlib = body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0  # RFC 1950, 2.2
    return inflate(body, GZIP_OR_ZLIB if is_zlib else RAW_DEFLATE, limit) or body


def _read(reader: BrotliReader, limit: int) -> bytes | None:
    """Up to `limit` bytes of a reader; None if it gives none."""
    parts: list[bytes] = []
    held = 0
    try:
        while held < limit and (piece := reader.read(min(65536, limit - held))):
            parts.append(piece)
            held += len(piece)
    except OSError:  # FastWARC raises it for damaged bytes; the reader works in memory
        pass
    return b"".join(parts) or None
