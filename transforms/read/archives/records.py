"""Web archives, WARC and ARC, plain, in gzip and in zstd: any range of bytes, each record exactly once.

What counts as a record read: those that hold a page by their type, whatever their media type. The others leave no
row. Whatever is too damaged to say what it was leaves one row, `corrupt_record`.
"""

import datetime as dt
import functools
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
    Grammar,
    GzipFrames,
    Header,
    PackedFrames,
    PlainFrames,
    ZstdFrames,
    first_frame,
    first_plain_frame,
    walk,
)
from warraq.transforms.read.archives.warc import WARC
from warraq.transforms.read.compression.packing import unpack_member, with_damage
from warraq.transforms.read.dump import BUFFER, Claim, Dump, Item, claim_all, moved, refuse, sized
from warraq.transforms.read.rules import HEAD_BYTES, ReadRules
from warraq.transforms.read.times import parse_time

_GRAMMARS: Final = {"warc": WARC, "arc": ARC}
_FRAMES: Final[dict[str, Callable[[BinaryIO, int, Grammar], PlainFrames | PackedFrames]]] = {
    "": PlainFrames,
    "gz": GzipFrames,
    "zst": ZstdFrames,
}
ARCHIVE_KINDS: Final = frozenset(_GRAMMARS)
_SLACK: Final = 2 * HEAD_BYTES  # of a record beside its body: its own header and HTTP's


class _Record(NamedTuple):
    """One record: its header, and the unpacked bytes of the frame in which it lies."""

    offset: int  # of the frame in the dump
    data: bytes
    header: Header
    fetched_at: dt.datetime

    @property
    def is_whole(self) -> bool:
        return self.header.end <= len(self.data)


def read_archive_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    stream: BinaryIO, start: int, stop: int | None, dump: Dump, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Item]:
    """The pages and refusals of all records that start in [start, stop) of an archive, plain or packed by record.

    Any way to cut a file into ranges gives each record exactly once, at the same place: the offset of its frame, plus
    its number among the items of the frame, from 0. `claim` is asked with the offset of each frame
    (record, gzip member or zstd frame), in order, before anything of it is given out; when it says no, reading ends.
    """
    frames = _FRAMES[dump.packing](stream, rules.max_bytes + _SLACK, _GRAMMARS[dump.kind])
    for frame in walk(frames, _first(frames, start, stream, dump)):
        if (stop is not None and frame.offset >= stop) or not claim(frame.offset):
            return
        items = _items_of_member(frame, stream, dump, rules) if dump.packing else _items(frame, dump, rules)
        yield from _placed(items, frame, frames, dump)


def _first(frames: PlainFrames | PackedFrames, start: int, stream: BinaryIO, dump: Dump) -> int | None:
    """The first frame of a range; None if no frame starts in it or later."""
    if not start:
        return 0
    if not isinstance(frames, PlainFrames):
        return first_frame(frames, start)
    headers_only = PlainFrames(stream, _SLACK, _GRAMMARS[dump.kind])
    passed = _passed(dump.path, dump.fingerprint) if dump.fingerprint else []
    return first_plain_frame(headers_only, start, passed)


@functools.lru_cache(maxsize=64)
def _passed(_path: str, _fingerprint: str) -> list[int]:
    """The frames of a dump that this process remembers; filled by `first_plain_frame`."""
    return []


def _placed(items: Iterator[Item], frame: Frame, frames: Frames, dump: Dump) -> Iterator[Item]:
    """The items of a frame at places of their own: the first at the frame's offset, each other one byte further.

    They stay before the next frame. One that packs more records than it has bytes, as only bombs do, is cut off.
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
    """The pages and refusals of many records in an unpacked `stream`: the whole file, or the member at `start`.

    Offsets are `start` + offset in the unpacked stream: such records have none of their own.
    """
    frames = PlainFrames(stream, rules.max_bytes + _SLACK, _GRAMMARS[dump.kind])
    for frame in walk(frames, 0):
        yield from _items(frame._replace(offset=start + frame.offset), dump, rules)


def is_solid(stream: BinaryIO, kind: str, packing: str) -> bool:
    """Whether the first member of a packed archive isn't just one record, so that members are no places to split."""
    grammar = _GRAMMARS[kind]
    frame = _FRAMES[packing](stream, BUFFER, grammar).frame(0)
    header = grammar.parse(frame.data, 0) if frame else None
    return frame is not None and header is not None and _goes_on(frame, header, grammar)


def _goes_on(frame: Frame, header: Header, grammar: Grammar) -> bool:
    """Whether a member holds more than its first record; where it is broken, more that is surely a record."""
    following = _after_newlines(frame.data, header.end, grammar)
    return following < len(frame.data) if following is not None else frame.problem in ("", TOO_LARGE)


def _items_of_member(frame: Frame, stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """What one gzip member or zstd frame gives. A damaged one that holds several records is read record by record."""
    record = _record(frame, 0, dump, rules) if frame.problem else None
    if record is not None and _goes_on(frame, record.header, _GRAMMARS[dump.kind]):
        member = unpack_member(stream, dump.packing, frame.offset)
        yield from with_damage(read_archive(member, dump, rules, frame.offset), member, dump, frame.offset)
    else:
        yield from _items(frame, dump, rules)


def _items(frame: Frame, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """What one frame gives: usually one page, one refusal, or nothing."""
    record = _record(frame, 0, dump, rules)
    if frame.problem in ("", TOO_LARGE):
        yield from _records(frame, record, dump, rules)
    else:
        yield _corrupt(dump, frame.offset, frame.problem, record)


def _records(frame: Frame, record: _Record | None, dump: Dump, rules: ReadRules) -> Iterator[Item]:
    """The pages and refusals of the records in a sound frame, of which `record` is the first."""
    while True:
        if record is None:
            yield _corrupt(dump, frame.offset, "no sound header", None)
            return
        following = _after_newlines(frame.data, record.header.end, _GRAMMARS[dump.kind])
        if following is None or not (record.is_whole or frame.problem):
            yield _corrupt(dump, record.offset, WRONG_LENGTH, record)
            return
        if record.header.is_page:
            yield _page(record, dump, rules)
        if following >= len(frame.data):
            return
        record = _record(frame, following, dump, rules)


def _record(frame: Frame, at: int, dump: Dump, rules: ReadRules) -> _Record | None:
    """The record that starts at `at` in the frame's data; None if its header isn't sound."""
    header = _GRAMMARS[dump.kind].parse(frame.data, at)
    if header is None:
        return None
    fetched_at = parse_time(header.date) or rules.stated_time() or dump.modified_at
    return _Record(frame.offset, frame.data, header, fetched_at)


def _after_newlines(data: bytes, at: int, grammar: Grammar) -> int | None:
    """Where the next record starts, or the end of `data`; None if something else stands at `at`."""
    while data.startswith((b"\r", b"\n"), at):
        at += 1
    return at if at >= len(data) or grammar.begins.match(data, at) else None


def _page(record: _Record, dump: Dump, rules: ReadRules) -> Item:
    """The page that a page record holds, or why it is none."""
    header = record.header
    response = http.parse_response(record.data, header.begin, header.end, header.content_type)
    media_type = http.media_type_of(response.content_type)
    is_text = header.is_text and media_type in ("text/plain", "")
    judge = functools.partial(
        refuse, dump, record.offset, url=header.url, size=header.end - header.begin, fetched_at=record.fetched_at
    )
    if response.status is not None and response.status >= 300:
        return judge("http_error", str(response.status))
    if media_type and media_type not in http.HTML_TYPES and not is_text:
        return judge("not_html", media_type)
    if not record.is_whole:
        return judge("too_large", f"more than {rules.max_bytes} bytes")
    body = http.decode_body(response.body, response.transfer_encoding, response.content_encoding, rules.max_bytes)
    if body.problem:
        return judge("corrupt_record", body.problem)
    if body.content and not is_text and not http.is_html(media_type, body.content):
        return judge("not_html", "no media type, and not HTML")
    charset = "utf-8" if is_text else http.charset_of(response.content_type)
    source = Source(header.url, record.fetched_at, dump.path, record.offset, len(body.content))
    page = Page(source, body.content, is_text, charset, None)
    return sized(page, rules.max_bytes)


def _corrupt(dump: Dump, offset: int, problem: str, record: _Record | None) -> Rejected:
    url, fetched_at = (record.header.url, record.fetched_at) if record else ("", None)
    return refuse(dump, offset, "corrupt_record", problem, url=url, fetched_at=fetched_at)
