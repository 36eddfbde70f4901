"""Reads web archives (WARC and ARC), uncompressed, in gzip or in zstd: any range of bytes, each record exactly once.

Records that hold a page by their record type are counted as read, whatever their media type. Other records leave no
row. A stretch that is too damaged to be recognised leaves one row, `corrupt_record`.

Adding a WARC field: `Header` in record_format.py, the record format in warc.py, and `_page` here.
"""

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.archives import http
from warraq.transforms.read.archives.arc import ARC
from warraq.transforms.read.archives.frames import (
    TOO_LARGE,
    WRONG_LENGTH,
    Frame,
    Frames,
    first_frame,
    first_plain_frame,
    walk,
)
from warraq.transforms.read.archives.members import GzipFrames, MemberFrames, ZstdFrames, from_record
from warraq.transforms.read.archives.plain import PlainFrames
from warraq.transforms.read.archives.record_format import Extent, Header, RecordFormat, skip_to_next
from warraq.transforms.read.archives.warc import WARC
from warraq.transforms.read.compression.detect import Peek, decompressed_member, with_damage
from warraq.transforms.read.compression.stream import PEEK_BYTES
from warraq.transforms.read.dump import Claim, Dump, Item, check_size, claim_all, moved, refuse
from warraq.transforms.read.limits import HEAD_BYTES, MAX_SHORT
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.times import parse_time
from warraq.transforms.site_rules import is_site_file, reservations

_RECORD_FORMATS: Final = {"warc": WARC, "arc": ARC}
_FRAMES: Final[dict[str, Callable[[BinaryIO, int, RecordFormat], PlainFrames | MemberFrames]]] = {
    "": PlainFrames,
    "gz": GzipFrames,
    "zst": ZstdFrames,
}
ARCHIVE_KINDS: Final = frozenset(_RECORD_FORMATS)
_SLACK: Final = 2 * HEAD_BYTES  # bytes of a record besides its body: its own header and that of HTTP


class _Record(NamedTuple):
    """One record: its header, and the decompressed bytes of the frame that holds it."""

    offset: int  # of the frame in the dump
    data: bytes
    extent: Extent
    header: Header
    fetched_at: dt.datetime

    @property
    def is_whole(self) -> bool:
        return self.extent.end <= len(self.data)


def read_archive_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    stream: BinaryIO, start: int, stop: int | None, dump: Dump, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Item]:
    """The pages and rejections of all records that start in [start, stop) of an archive, not compressed or by record.

    Any cut of a file into ranges gives each record exactly once, at the same place: the offset of its frame, plus its
    number among the items of the frame, from 0. `claim` is called with the offset of each frame, in order, before the
    items of the frame; reading ends when it returns False.
    """
    frames = _FRAMES[dump.packing](stream, rules.max_bytes + _SLACK, _RECORD_FORMATS[dump.kind])
    for frame in walk(frames, _first(frames, start, stream, dump)):
        if (stop is not None and frame.offset >= stop) or not claim(frame.offset):
            return
        record = _record(frame, 0, dump, rules)
        if dump.packing and record and frame.problem and _goes_on(frame, record.extent, _RECORD_FORMATS[dump.kind]):
            items = _items_of_damaged_member(frame, stream, dump, rules)
        else:
            items = _items(frame, record, dump, rules)
        yield from _placed(items, frame, frames, dump)


def _first(frames: PlainFrames | MemberFrames, start: int, stream: BinaryIO, dump: Dump) -> int | None:
    """The first frame of a range; None if no frame starts in it or later."""
    if not start:
        return 0
    if not isinstance(frames, PlainFrames):
        return first_frame(frames, start)
    headers_only = PlainFrames(stream, _SLACK, _RECORD_FORMATS[dump.kind])
    passed = _passed(dump.path, dump.fingerprint) if dump.fingerprint else []
    return first_plain_frame(headers_only, start, passed)


@functools.lru_cache(maxsize=64)
def _passed(_path: str, _fingerprint: str) -> list[int]:
    """The offsets of frames of a dump that this process remembers; `first_plain_frame` fills it."""
    return []


def _placed(items: Iterator[Item], frame: Frame, frames: Frames, dump: Dump) -> Iterator[Item]:
    """The items of a frame at different places: the first at the frame's offset, each further one a byte later.

    All places lie before the next frame. A frame with more records than compressed bytes, a bomb, is cut off.
    """
    room = None
    for number, item in enumerate(items):
        if number == 1:
            end = frame.end or frames.next_start(frame.offset + 1)
            room = (end or dump.size) - frame.offset
        place = frame.offset + number
        if room is not None and number >= room - 1:
            yield refuse(dump, place, "too_large", f"more records than {room} packed bytes can have")
            return
        yield item if item.source.dump_offset == place else moved(item, place)


def read_archive(stream: BinaryIO, dump: Dump, rules: ReadRules, start: int = 0) -> Iterator[Item]:
    """The pages and rejections of all records in a decompressed `stream`: of a whole file, or of the member at `start`.

    Offsets are `start` + the offset in the stream, because such records have no offset in the file.
    """
    frames = PlainFrames(stream, rules.max_bytes + _SLACK, _RECORD_FORMATS[dump.kind])
    for frame in walk(frames, 0):
        moved_frame = frame._replace(offset=start + frame.offset)
        yield from _items(moved_frame, _record(moved_frame, 0, dump, rules), dump, rules)


def is_solid(peek: Peek, kind: str) -> bool:
    """True if the first member of a compressed archive holds more than one record: members are no places to split then.

    Extends the peek to the end of the first record, but not beyond 2 MiB; an archive with a longer one is not solid.
    """
    record_format = _RECORD_FORMATS[kind]
    peek.read_on(2 * HEAD_BYTES)
    _, stop, *_ = [*peek.member_starts, len(peek.content)]
    first = from_record(peek.content[:stop], record_format)
    extent = record_format.extent(first, 0)
    if extent is None or record_format.header(first, 0, extent) is None:
        return False
    begin = stop - len(first)
    peek.read_on(min(begin + extent.end + HEAD_BYTES, PEEK_BYTES))
    content, (_, *starts) = peek.content, [*peek.member_starts, len(peek.content)]
    # A record may need several members: up to one that starts after its end, or that begins with another record.
    ends = (
        start
        for start, stop in itertools.pairwise(starts)
        if start >= begin + extent.end or from_record(content[start:stop], record_format)
    )
    end = next(ends, None)
    frame = Frame(0, None, content[begin:end], extent, "" if end else peek.damage)
    return _goes_on(frame, extent, record_format)


def _goes_on(frame: Frame, extent: Extent, record_format: RecordFormat) -> bool:
    """True if a frame holds more than its first record. In a broken frame, the rest must begin like a record."""
    following = _after_newlines(frame.data, extent.end, record_format)
    return following < len(frame.data) if following is not None else frame.problem in ("", TOO_LARGE)


def _items_of_damaged_member(frame: Frame, stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """The items of a damaged gzip member or zstd frame with several records, read record by record."""
    member = decompressed_member(stream, dump.packing, frame.offset)
    yield from with_damage(read_archive(member, dump, rules, frame.offset), member, dump, frame.offset)


def _items(frame: Frame, record: _Record | None, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """The items of a frame whose first record is `record`: usually one page, one rejection, or nothing."""
    if frame.problem in ("", TOO_LARGE):
        yield from _records(frame, record, dump, rules)
    else:
        yield _corrupt(dump, frame.offset, frame.problem, record)


def _records(frame: Frame, record: _Record | None, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """The pages and rejections of the records in a valid frame, of which `record` is the first."""
    while True:
        if record is None:
            yield _corrupt(dump, frame.offset, "no sound header", None)
            return
        following = _after_newlines(frame.data, record.extent.end, _RECORD_FORMATS[dump.kind])
        if following is None or not (record.is_whole or frame.problem):
            yield _corrupt(dump, record.offset, WRONG_LENGTH, record)
            return
        if record.header.is_page:
            yield _page(record, dump, rules)
        if following >= len(frame.data):
            return
        record = _record(frame, following, dump, rules)


def _record(frame: Frame, at: int, dump: Dump, rules: ReadRules) -> _Record | None:
    """The record that starts at `at` in the frame's data; None if its header isn't valid."""
    record_format = _RECORD_FORMATS[dump.kind]
    extent = record_format.extent(frame.data, at) if at else frame.extent
    header = record_format.header(frame.data, at, extent) if extent else None
    if extent is None or header is None:
        return None
    fetched_at = parse_time(header.date) or rules.stated_time() or dump.modified_at
    return _Record(frame.offset, frame.data, extent, header, fetched_at)


def _after_newlines(data: bytes, at: int, record_format: RecordFormat) -> int | None:
    """The offset of the next record after newlines, or the end of `data`; None if other bytes follow.

    A few bytes may lie before the newlines, if the stated length is too short.
    """
    end = at
    while data.startswith((b"\r", b"\n"), at):
        at += 1
    if at >= len(data) or record_format.begins.match(data, at):
        return at
    ahead = data[end : end + MAX_SHORT + record_format.start_bytes]
    lost = skip_to_next(ahead, record_format, at_end=end + len(ahead) == len(data))
    return None if lost is None else end + lost


def _page(record: _Record, dump: Dump, rules: ReadRules) -> Item:
    """The page of a page record, or its rejection."""
    header, extent = record.header, record.extent
    response = http.parse_response(record.data, extent.begin, extent.end, header.content_type)
    media_type = http.media_type_of(response.content_type)
    is_text = header.is_text and media_type in ("text/plain", "")
    judge = functools.partial(
        refuse, dump, record.offset, url=header.url, size=extent.end - extent.begin, fetched_at=record.fetched_at
    )
    if response.status is not None and response.status >= 300:
        return judge("http_error", str(response.status))
    if media_type and media_type not in http.HTML_TYPES and not is_text and not is_site_file(header.url):
        return judge("not_html", media_type)
    if not record.is_whole:
        return judge("too_large", f"more than {rules.max_bytes} bytes")
    body = http.decode_body(response.body, response.transfer_encoding, response.content_encoding, rules.max_bytes)
    if body.problem:
        return judge("corrupt_record", body.problem)
    if body.content and not is_text and not http.is_html(media_type, body.content):
        if not reservations(header.url, body.content):
            return judge("not_html", media_type or "no media type, and not HTML")
        is_text = True
    charset = "utf-8" if is_text else http.charset_of(response.content_type)
    source = Source(header.url, record.fetched_at, dump.path, record.offset, len(body.content))
    page = Page(source, body.content, is_text, charset, None, opt_out=[*response.opt_out])
    return check_size(page, rules.max_bytes)


def _corrupt(dump: Dump, offset: int, problem: str, record: _Record | None) -> Rejected:
    url, fetched_at = (record.header.url, record.fetched_at) if record else ("", None)
    return refuse(dump, offset, "corrupt_record", problem, url=url, fetched_at=fetched_at)
