"""The record format ARC, used by web archives before WARC: a header of one line, then the block.

Version 1 writes `URL IP date type length`. Version 2 adds status, checksum, location, offset and file name before the
length. Dates have 14 digits (12 in the oldest files) and are in UTC. URLs may contain spaces. The first record,
`filedesc:`, describes the file.

Source: https://archive.org/web/researcher/ArcFileFormat.php
"""

import re
from collections.abc import Iterator
from typing import Final

from warraq.transforms.read.archives.record_format import Extent, Header, RecordFormat

_LINE_BYTES: Final = 12 * 1024  # longest header read, up to its length
_IP_AND_DATE: Final = rb"[0-9A-Fa-f.:\-]{1,45} (\d{12}(?:\d\d)?) "
_LENGTH: Final = rb" (\d{1,18})[ \t]{0,99}\r?\n"
_LINE_END: Final = re.compile(_LENGTH)
# The lookahead tests the end of the line first: a line with another end is left at once, without backtracking.
_HEADER: Final = re.compile(
    rb"(?=[^\r\n]{1,%d}%s)" % (_LINE_BYTES, _LENGTH.replace(b"(", b"(?:"))
    + rb"([A-Za-z][A-Za-z0-9+.\-]{0,30}:[^\r\n]+?) " + _IP_AND_DATE + rb"([^ \r\n]{0,200})[^\r\n]*?" + _LENGTH
)  # fmt: skip
# The search after damage: URLs with the usual schemes, and the fields that follow a URL.
_URL_OR_FIELDS: Final = re.compile(rb"(?P<url>(?:https?|ftp|gopher|dns):[^ \r\n\"<>]+)| (?=%s)" % _IP_AND_DATE)
_UNKNOWN_TYPES: Final = frozenset({"no-type", "unk", "unknown", "-"})


def begins_arc(head: bytes) -> bool:
    """True if `head` begins an ARC file, or one that lost its first record."""
    return head.startswith(b"filedesc:") or _HEADER.match(head) is not None


def _starts(data: bytes) -> Iterator[int]:
    """Offsets of likely headers, at most one a line: the last URL before an IP address and a date.

    A header may start inside a line: a damaged record before it may have lost its line end.
    """
    for end in _LINE_END.finditer(data):
        begin = max(data.rfind(b"\n", 0, end.start()) + 1, end.start() - _LINE_BYTES)
        url = None
        for found in _URL_OR_FIELDS.finditer(data, begin, end.start()):
            if found["url"]:
                url = found.start()
            elif url is not None:
                yield url
                break


def _extent(data: bytes, at: int) -> Extent | None:
    line = _HEADER.match(data, at)
    return Extent(line.end(), line.end() + int(line[4]), line.groups()) if line else None


def _header(_data: bytes, _at: int, extent: Extent) -> Header:
    url, date, content_type, _ = (part.decode("utf-8", "replace") for part in extent.parts)
    return Header(
        is_page=not url.startswith("filedesc:"),
        is_text=False,
        url=url,
        date=date.ljust(14, "0"),
        content_type="" if content_type in _UNKNOWN_TYPES else content_type,
    )


ARC: Final = RecordFormat(
    name="ARC",
    begins=_HEADER,
    starts=_starts,
    start_bytes=_LINE_BYTES + 128,
    newlines=1,
    ends_header=bool,
    extent=_extent,
    header=_header,
)
