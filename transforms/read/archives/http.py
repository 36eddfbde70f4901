"""What an HTTP response in a dump says about its body, and the body without its encodings.

FastWARC parses the headers. Its own decoding of bodies isn't used: in 2.0.1 a lying `Content-Encoding` or
`Transfer-Encoding` (common in dumps: many crawlers store decoded bodies beside undecoded headers) raises in mid-archive
and costs the records that follow, and reading a chunked body skips the next record.
"""

import contextlib
import io
import re
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from fastwarc.stream_io import BrotliReader
from fastwarc.warc import HeaderMap

from warraq.transforms.read.compression.gzip import GZIP_OR_ZLIB, MAGIC, RAW_DEFLATE, inflate
from warraq.transforms.read.compression.zstd import starts_zstd, unpack_zstd
from warraq.transforms.read.rules import HEAD_BYTES
from warraq.transforms.read.sniff import looks_like_html

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_MAX_CODINGS: Final = 16  # each may be a bomb of its own
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_HEADER_LINES: Final = re.compile(rb"[^\n]*\n(?:[!#-'*-.0-9A-Z^-z|~]+[ \t]*:[^\n]*\n|[ \t]+[^<\n]*\n)*")
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b|ICY (\d{3})\b")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_CUT_CHUNK: Final = re.compile(rb"[0-9a-fA-F]{0,8}\r?")
_CHUNK: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")

Fields: TypeAlias = Mapping[str, list[str]]


class Response(NamedTuple):
    """What a record holds, its body still encoded."""

    content_type: str
    body: bytes
    status: int | None = None
    transfer_encoding: str = ""
    content_encoding: str = ""


class Body(NamedTuple):
    """A body without its encodings; `problem` says why there is none."""

    content: bytes
    problem: str = ""


def parse_headers(head: bytes) -> Fields:
    """The values of the fields of a WARC or HTTP header, by name in lower case; line ends of either kind.

    Of a header that is longer than FastWARC takes, those that come before that.
    """
    headers = HeaderMap()
    with contextlib.suppress(OSError):  # its word for too long; the bytes lie in memory
        headers.parse(io.BytesIO(head if b"\r\n" in head else head.replace(b"\n", b"\r\n")))
    fields: dict[str, list[str]] = {}
    for name, value in headers.astuples():  # all at once: FastWARC takes longer to find two fields
        fields.setdefault(name.lower(), []).append(value)
    return fields


def field_of(fields: Fields, name: str) -> str:
    """The first value of a field without white space around it; "" where there is none."""
    return fields[name][0].strip() if name in fields else ""


def fields_of(fields: Fields, name: str) -> str:
    """All values of a field, joined as RFC 9110, 5.3 says; "" where there is none."""
    return ", ".join(fields.get(name, ()))


def parse_response(data: bytes, begin: int, end: int, content_type: str) -> Response:
    """The response that lies in `data` from `begin` to `end`, in a record that states `content_type` for itself.

    A body without a header before it, as HTTP 0.9 and some crawlers give it, is a body.
    """
    is_http = data.startswith((b"HTTP/", b"ICY "), begin)
    if not is_http and media_type_of(content_type) != "application/http":
        return Response(content_type, data[begin:end])
    if not is_http and _MARKUP.match(data, begin):
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
        field_of(fields, "content-type"),
        data[body_at:end],
        status,
        fields_of(fields, "transfer-encoding"),
        fields_of(fields, "content-encoding"),
    )


def status_of(status_line: bytes) -> int | None:
    """The status code, or None if the line states none."""
    stated = _STATUS.match(status_line)
    return int(stated[1] or stated[2]) if stated else None


def media_type_of(content_type: str) -> str:
    """`Text/HTML; charset=x` → `text/html`."""
    return content_type.partition(";")[0].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset that a Content-Type states, as it is written there."""
    stated = _CHARSET.search(content_type)
    return stated[1] if stated else None


def is_html(media_type: str, content: bytes) -> bool:
    """Whether a body is a page: by its media type, and by its first bytes where none is stated."""
    return media_type in HTML_TYPES or (not media_type and looks_like_html(content))


def decode_body(raw: bytes, transfer_encoding: str, content_encoding: str, limit: int) -> Body:
    """The body without transfer and content encodings, cut after `limit` + 1 bytes.

    Headers that lie are seen through: a body that isn't chunked or compressed stays as it is, one that is without
    saying so is unpacked. A cut body gives what is there. A problem is stated only where nothing can be had.
    """
    content = dechunk(raw) if "chunked" in transfer_encoding.lower() or _looks_chunked(raw) else raw
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    if len(codings) > _MAX_CODINGS:
        return Body(b"", f"{len(codings)} content-encodings")
    for coding in reversed(codings):
        unpacked = _unpack(content, coding, limit + 1)
        if unpacked is None:
            return Body(b"", f"content-encoding {coding}")
        content = unpacked
    return Body(content[: limit + 1])


def _looks_chunked(raw: bytes) -> bool:
    """Whether a body that isn't said to be chunked is: a whole first chunk that begins a page, packed or not."""
    header = _CHUNK.match(raw)
    if header is None or not raw.startswith(b"\r\n", header.end() + int(header[1], 16)):
        return False
    begin = raw[header.end() : header.end() + HEAD_BYTES]
    return begin.startswith(MAGIC) or starts_zstd(begin) or _MARKUP.match(begin) is not None


def dechunk(raw: bytes) -> bytes:
    """The body of a chunked message (RFC 9112, 7.1); `raw` itself if it isn't chunked. A cut message gives its part."""
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


def _unpack(packed: bytes, coding: str, limit: int) -> bytes | None:
    """At most `limit` bytes of what `packed` holds; itself if it is not packed as stated; None if it is damaged."""
    if packed.startswith(MAGIC):  # whatever is stated: no page begins like this
        return inflate(packed, GZIP_OR_ZLIB, limit)
    if starts_zstd(packed):
        return unpack_zstd(packed, limit)
    if packed and coding in ("gzip", "x-gzip", "deflate"):
        return _inflated(packed, limit)
    if coding in ("br", "x-brotli"):  # has no magic: what can't be read as brotli and looks like a page is one
        unpacked = _read(BrotliReader(io.BytesIO(packed)), limit)
        return packed if unpacked is None and looks_like_html(packed) else unpacked
    return packed


def _inflated(packed: bytes, limit: int) -> bytes | None:
    """As `_unpack`, for zlib and the raw deflate that old servers send as "deflate"."""
    if looks_like_html(packed):
        return packed
    is_zlib = packed[0] & 15 == zlib.DEFLATED and int.from_bytes(packed[:2], "big") % 31 == 0  # RFC 1950, 2.2
    return inflate(packed, GZIP_OR_ZLIB if is_zlib else RAW_DEFLATE, limit) or packed


def _read(reader: BrotliReader, limit: int) -> bytes | None:
    """What can be read up to `limit` bytes; None if nothing can."""
    parts: list[bytes] = []
    held = 0
    try:
        while held < limit and (piece := reader.read(min(65536, limit - held))):
            parts.append(piece)
            held += len(piece)
    except OSError:  # FastWARC's name for damaged bytes; the reader works in memory
        pass
    return b"".join(parts) or None
