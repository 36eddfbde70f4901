"""How WARC records are written: ISO 28500, versions 0.17 to 1.1.

Responses and resources of any media type are records of pages, and so are conversions (the text of WET files).
Requests, metadata, revisits, continuations and warcinfo hold no page of their own (ISO 28500:2017, 6.3).
"""

import functools
import re
from typing import Final

from warraq.transforms.read.archives import http
from warraq.transforms.read.archives.frames import Grammar, Header, matches
from warraq.transforms.read.rules import HEAD_BYTES

_PAGE_TYPES: Final = frozenset({"response", "resource", "conversion"})
_START: Final = re.compile(rb"WARC/\d\.\d{1,2}\r?\n[A-Za-z-]+[ \t]*:")
_LENGTH: Final = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)


def _size(data: bytes) -> int | None:
    blank = http.BLANK_LINE.search(data, 0, HEAD_BYTES)
    stated = _LENGTH.search(data, 0, blank.end()) if blank else None
    return blank.end() + int(stated[1]) if blank and stated else None


def _parse(data: bytes, at: int) -> Header | None:
    blank = http.BLANK_LINE.search(data, at, at + HEAD_BYTES)
    if blank is None:
        return None
    fields = http.parse_headers(data[at : blank.end()])
    kind, length = http.field_of(fields, "warc-type").lower(), http.field_of(fields, "content-length")
    if not kind or not re.fullmatch(r"[0-9]{1,18}", length):
        return None
    return Header(
        is_page=kind in _PAGE_TYPES,
        is_text=kind == "conversion",
        url=http.field_of(fields, "warc-target-uri").removeprefix("<").removesuffix(">"),  # wget writes the <>
        date=http.field_of(fields, "warc-date"),
        content_type=http.field_of(fields, "content-type"),
        begin=blank.end(),
        end=blank.end() + int(length),
    )


def _is_blank(line: bytes) -> bool:
    return not line.strip(b"\r\n")


WARC: Final = Grammar(
    name="WARC",
    begins=re.compile(rb"WARC/"),
    starts=functools.partial(matches, _START),
    start_bytes=256,
    newlines=2,
    ends_header=_is_blank,
    size=_size,
    parse=_parse,
)
