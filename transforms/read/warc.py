"""WARC and WET files, plain and in gzip: any range of bytes, each record exactly once.

What counts as a record read: responses and resources of any media type, and conversions (the text of WET files).
Requests, metadata, revisits, continuations and warcinfo are no pages and leave no row (ISO 28500, 6.3). Whatever is
too damaged to say what it was leaves one row, `corrupt_record`.
"""

import datetime as dt
import functools
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple, cast

from fastwarc.warc import HeaderMap

from schemas.records import Page, Rejected
from transforms.read import http
from transforms.read.dump import BUFFER, Dump, refuse, sized, sound
from transforms.read.frames import HEAD_BYTES, TOO_LARGE, Frame, Frames, GzipFrames, PlainFrames, first_frame, walk
from transforms.read.inflate import Inflated
from transforms.read.rules import ReadRules, parse_time

Claim = Callable[[int], bool]
Item = Page | Rejected

_PAGE_TYPES: Final = frozenset({"response", "resource", "conversion"})
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_SLACK: Final = 2 * HEAD_BYTES  # of a record beside its body: WARC and HTTP headers


class _Header(NamedTuple):
    """A WARC header, and where the block after it begins and ends (as stated; maybe beyond the bytes at hand)."""

    fields: HeaderMap
    begin: int
    end: int


class _Record(NamedTuple):
    """One record: where its block lies in the inflated bytes of its frame, and what its header says."""

    offset: int  # in the dump
    data: bytes  # of the frame
    begin: int
    end: int  # as stated; may lie beyond `data`
    headers: HeaderMap
    url: str
    fetched_at: dt.datetime


class _Payload(NamedTuple):
    """What a record holds, its body still encoded."""

    content_type: str
    body: bytes
    status: int | None = None
    transfer_encoding: str = ""
    content_encoding: str = ""


def claim_all(_offset: int) -> bool:
    """The claim of a reader that has a range for itself."""
    return True


def read_warc_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    stream: BinaryIO, start: int, stop: int | None, dump: Dump, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Item]:
    """The pages and refusals of all records that start in [start, stop) of a "warc" or "warc.gz" dump.

    Any way to cut a file into ranges gives each record exactly once. `claim` is asked with the offset of each frame
    (record or gzip member), in order, before anything of it is given out; when it says no, reading ends.
    """
    frames: Frames = (GzipFrames if dump.format == "warc.gz" else PlainFrames)(stream, rules.max_bytes + _SLACK)
    offset = first_frame(frames, start) if start else 0
    for frame in walk(frames, offset):
        if (stop is not None and frame.offset >= stop) or not claim(frame.offset):
            return
        yield from _items(frame, stream, dump, rules)


def read_solid(
    stream: BinaryIO, dump: Dump, rules: ReadRules, start: int = 0, *, one_member: bool = False
) -> Iterator[Item]:
    """The pages and refusals of a gzip stream that holds many records: the whole file, or the member at `start`.

    Offsets are `start` + offset in the inflated stream: such records have none of their own.
    """
    inflated = Inflated(stream, start, one_member=one_member)
    frames = PlainFrames(cast("BinaryIO", io.BufferedReader(inflated, BUFFER)), rules.max_bytes + _SLACK)
    broken_end = False
    for frame in walk(frames, 0):
        broken_end = frame.end is None
        yield from _items(frame._replace(offset=start + frame.offset), stream, dump, rules)
    if inflated.damage and not broken_end:
        yield refuse(dump, start + inflated.tell(), "corrupt_record", inflated.damage)


def is_solid(stream: BinaryIO) -> bool:
    """Whether the first member of a gzipped WARC isn't just one record, so that members are no places to split."""
    frame = GzipFrames(stream, BUFFER).frame(0)
    header = _header(frame.data, 0) if frame else None
    if frame is None or header is None:
        return False
    if header.end >= len(frame.data):
        return not frame.problem and header.end > len(frame.data)  # the record goes on in the next member
    return _after_newlines(frame.data, header.end) != len(frame.data)


def _items(frame: Frame, stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """What one frame gives: usually one page, one refusal, or nothing."""
    record = _record(frame, 0, dump, rules)
    is_cut = frame.problem == TOO_LARGE
    if frame.problem and not is_cut:
        yield _corrupt(dump, frame.offset, frame.problem, record)
    elif is_cut and record is not None and record.end < len(frame.data):
        yield from read_solid(stream, dump, rules, frame.offset, one_member=True)
    else:
        yield from _records(frame, record, dump, rules)


def _records(frame: Frame, record: _Record | None, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """The pages and refusals of the records in a sound frame, of which `record` is the first."""
    while True:
        if record is None:
            yield _corrupt(dump, frame.offset, "no sound record header", None)
            return
        following = _after_newlines(frame.data, record.end)
        if following is None or (record.end > len(frame.data) and not frame.problem):
            yield _corrupt(dump, record.offset, "Content-Length does not fit", record)
            return
        if http.field_of(record.headers, "WARC-Type").lower() in _PAGE_TYPES:
            yield _page(record, dump, rules)
        if following >= len(frame.data):
            return
        record = _record(frame, following, dump, rules)


def _record(frame: Frame, at: int, dump: Dump, rules: ReadRules) -> _Record | None:
    """The record that starts at `at` in the frame's data; None if its header isn't sound."""
    header = _header(frame.data, at)
    if header is None:
        return None
    url = http.field_of(header.fields, "WARC-Target-URI").removeprefix("<").removesuffix(">")  # wget writes the <>
    fetched_at = parse_time(header.fields.get("WARC-Date")) or rules.stated_time() or dump.modified_at
    return _Record(frame.offset + at, frame.data, header.begin, header.end, header.fields, url, fetched_at)


def _header(data: bytes, at: int) -> _Header | None:
    """The WARC header at `at`; None if it has no end, no type or no length."""
    blank = _BLANK_LINE.search(data, at, at + HEAD_BYTES)
    if blank is None:
        return None
    fields = http.parse_headers(data[at : blank.end()])
    length = http.field_of(fields, "Content-Length")
    if not re.fullmatch(r"[0-9]{1,18}", length) or "WARC-Type" not in fields:
        return None
    return _Header(fields, blank.end(), blank.end() + int(length))


def _after_newlines(data: bytes, at: int) -> int | None:
    """Where the next record starts, or the end of `data`; None if something else stands at `at`."""
    while data.startswith((b"\r", b"\n"), at):
        at += 1
    return at if at >= len(data) or data.startswith(b"WARC/", at) else None


def _page(record: _Record, dump: Dump, rules: ReadRules) -> Item:
    """The page that a page record holds, or why it is none."""
    payload = _payload(record)
    media_type = http.media_type_of(payload.content_type)
    is_text = http.field_of(record.headers, "WARC-Type").lower() == "conversion" and media_type in ("text/plain", "")
    judge = functools.partial(
        refuse, dump, record.offset, url=record.url, size=record.end - record.begin, fetched_at=record.fetched_at
    )
    if payload.status is not None and payload.status >= 300:
        return judge("http_error", str(payload.status))
    if media_type and media_type not in http.HTML_TYPES and not is_text:
        return judge("not_html", media_type)
    if record.end > len(record.data):
        return judge("too_large", f"more than {rules.max_bytes} bytes")
    body = http.decode_body(payload.body, payload.transfer_encoding, payload.content_encoding, rules.max_bytes)
    if body.problem:
        return judge("corrupt_record", body.problem)
    if body.content and not is_text and not http.is_html(media_type, body.content):
        return judge("not_html", "no media type, and not HTML")
    charset = "utf-8" if is_text else http.charset_of(payload.content_type)
    page = Page(sound(record.url), body.content, is_text, charset, None, record.fetched_at, dump.path, record.offset)
    return sized(page, rules.max_bytes)


def _payload(record: _Record) -> _Payload:
    """The record's body with what HTTP, or for other records the WARC header, says about it."""
    data, begin, end = record.data, record.begin, record.end
    content_type = http.field_of(record.headers, "Content-Type")
    if not data.startswith(b"HTTP/", begin) and http.media_type_of(content_type) != "application/http":
        return _Payload(content_type, data[begin:end])
    blank = _BLANK_LINE.search(data, begin, min(end, begin + HEAD_BYTES))
    body_at = blank.end() if blank else end
    headers = http.parse_headers(data[begin:body_at])
    return _Payload(
        http.field_of(headers, "Content-Type"),
        data[body_at:end],
        http.status_of(data[begin : begin + 16]),
        http.field_of(headers, "Transfer-Encoding"),
        http.field_of(headers, "Content-Encoding"),
    )


def _corrupt(dump: Dump, offset: int, problem: str, record: _Record | None) -> Rejected:
    url, fetched_at = (record.url, record.fetched_at) if record else ("", None)
    return refuse(dump, offset, "corrupt_record", problem, url=url, fetched_at=fetched_at)
