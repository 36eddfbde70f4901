"""Writes WARC, WET, ZIP and JSON lines by hand, byte for byte the same on every run: fixed ids, dates and compression."""

import datetime as dt
import io
import json
import uuid
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

_NAMESPACE: Final = uuid.UUID("6f2f4f0e-5d0b-4b6e-9a53-7f7f0c1d2e3f")  # of the record ids; any fixed one will do
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, unknown system
_STORED: Final = 0  # zlib's level without compression: the same bytes from every zlib


def gzip_member(data: bytes, level: int = 9) -> bytes:
    """One gzip member without name and time (RFC 1952)."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return _GZIP_HEADER + deflate.compress(data) + deflate.flush() + tail


def chunked(body: bytes, size: int = 4096) -> bytes:
    """`body` in chunked transfer coding (RFC 9112, 7.1)."""
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def http_response(status: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """An HTTP/1.1 response as a crawler stores it; Content-Encoding and Transfer-Encoding are applied to `body`."""
    if headers.get("Content-Encoding") == "gzip":
        body = gzip_member(body, _STORED)
    if headers.get("Transfer-Encoding") == "chunked":
        body = chunked(body)
    else:
        headers = {**headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


class WarcFile:
    """A WARC file that grows record by record; `level` is zlib's (0 stores), None means no gzip at all."""

    def __init__(self, name: str, version: str = "1.0", level: int | None = 9) -> None:
        self.name = name
        self.records = 0
        self._version = version
        self._level = level
        self._parts: list[bytes] = []

    def add(self, kind: str, url: str, date: dt.datetime, content_type: str, block: bytes) -> int:
        """Appends a record; gives its number in the file, from 0."""
        return self.add_raw(self.packed(kind, url, date, content_type, block))

    def add_raw(self, data: bytes) -> int:
        """Appends bytes as they are, garbage or a damaged record; they count as one record."""
        self._parts.append(data)
        self.records += 1
        return self.records - 1

    def packed(self, kind: str, url: str, date: dt.datetime, content_type: str, block: bytes) -> bytes:
        """A record as it would be appended."""
        record_id = uuid.uuid5(_NAMESPACE, f"{self.name} {self.records} {kind} {url}")
        fields = [
            f"WARC/{self._version}",
            f"WARC-Type: {kind}",
            f"WARC-Record-ID: <urn:uuid:{record_id}>",
            f"WARC-Date: {date:%Y-%m-%dT%H:%M:%SZ}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(block)}",
        ]
        if url:
            fields.insert(4, f"WARC-Target-URI: {url}")
        record = "\r\n".join((*fields, "", "")).encode() + block + b"\r\n\r\n"
        return record if self._level is None else gzip_member(record, self._level)

    def content(self) -> bytes:
        return b"".join(self._parts)


def json_lines(rows: Sequence[Mapping[str, str] | str]) -> bytes:
    """One line for each row; a row that is a string is written as it is."""
    return "".join(
        (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows
    ).encode()


def zip_archive(members: Mapping[str, bytes], date: dt.datetime) -> bytes:
    """A ZIP whose members are all dated `date`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, date.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # else it is the writing system's
            archive.writestr(member, content)
    return stream.getvalue()
