"""How ARC records are written, the format of web archives before WARC: one line of header, then the block.

Version 1 has `URL IP date type length`; version 2 puts status, checksum, location, offset and file name before the
length. Dates have 14 digits, 12 in the oldest files, in UTC. URLs may hold spaces. The record `filedesc:` at the
beginning describes the file.

Source: https://archive.org/web/researcher/ArcFileFormat.php
"""

import re
from typing import Final

from transforms.read.frames import Grammar, Header

_AFTER_URL: Final = rb" [0-9A-Fa-f.:\-]{1,45} (\d{12}(?:\d\d)?) ([^ \r\n]{0,200})[^\r\n]{0,4000}? (\d{1,18})[ \t]*\r?\n"
_HEADER: Final = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]{0,30}:[^\r\n]{1,8000}?)" + _AFTER_URL)
# What is searched for after damage: the usual schemes, since a cut record may lack the line end before the next one,
# no more than twenty spaces, and no second look at the letters before the first of them, so that no text makes the
# search slow.
_START: Final = re.compile(
    rb"(?:https?|ftp|gopher|dns):(?=(?P<word>[^ \r\n]{1,4000}))(?P=word)(?: [^ \r\n]{1,400}){0,20}?" + _AFTER_URL
)
_UNKNOWN_TYPES: Final = frozenset({"no-type", "unk", "unknown", "-"})


def begins_arc(head: bytes) -> bool:
    """Whether `head` begins an ARC file, or one that lost its first record."""
    return head.startswith(b"filedesc:") or _HEADER.match(head) is not None


def _size(data: bytes) -> int | None:
    line = _HEADER.match(data)
    return line.end() + int(line[4]) if line else None


def _parse(data: bytes, at: int) -> Header | None:
    line = _HEADER.match(data, at)
    if line is None:
        return None
    url, date, content_type, length = (part.decode("utf-8", "replace") for part in line.groups())
    return Header(
        is_page=not url.startswith("filedesc:"),
        is_text=False,
        url=url,
        date=date.ljust(14, "0"),
        content_type="" if content_type in _UNKNOWN_TYPES else content_type,
        begin=line.end(),
        end=line.end() + int(length),
    )


ARC: Final = Grammar(
    name="ARC",
    begins=_HEADER,
    start=_START,
    start_bytes=17 * 1024,
    newlines=1,
    ends_header=bool,
    size=_size,
    parse=_parse,
)
