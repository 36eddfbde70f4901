"""The record format WARC: ISO 28500, versions 0.17 to 1.1.

Responses, resources and conversions (the text of WET files) are records of pages, whatever their media type. Requests,
metadata, revisits, continuations and warcinfo hold no page (ISO 28500:2017, 6.3).
"""

import functools
import re
from typing import Final

from warraq.transforms.read.archives.frames import matches
from warraq.transforms.read.archives.headers import BLANK_LINE, first_value, parse_headers
from warraq.transforms.read.archives.record_format import Extent, Header, RecordFormat
from warraq.transforms.read.limits import HEAD_BYTES

_PAGE_TYPES: Final = frozenset({"response", "resource", "conversion"})
_START: Final = re.compile(rb"WARC/\d\.\d{1,2}\r?\n[A-Za-z-]+[ \t]*:")
_LENGTH: Final = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)


def _extent(data: bytes, at: int) -> Extent | None:
    blank = BLANK_LINE.search(data, at, at + HEAD_BYTES)
    stated = _LENGTH.search(data, at, blank.end()) if blank else None
    return Extent(blank.end(), blank.end() + int(stated[1])) if blank and stated else None


def _header(data: bytes, at: int, extent: Extent) -> Header | None:
    fields = parse_headers(data[at : extent.begin])
    record_type = first_value(fields, "warc-type").lower()
    if not record_type:
        return None
    return Header(
        is_page=record_type in _PAGE_TYPES,
        is_text=record_type == "conversion",
        url=first_value(fields, "warc-target-uri").removeprefix("<").removesuffix(">"),  # wget writes the <>
        date=first_value(fields, "warc-date"),
        content_type=first_value(fields, "content-type"),
    )


def _is_blank(line: bytes) -> bool:
    return not line.strip(b"\r\n")


WARC: Final = RecordFormat(
    name="WARC",
    begins=re.compile(rb"WARC/"),
    starts=functools.partial(matches, _START),
    start_bytes=256,
    newlines=2,
    ends_header=_is_blank,
    extent=_extent,
    header=_header,
)
