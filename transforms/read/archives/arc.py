"""How ARC records are written, the format of web archives before WARC: one line of header, then the block.

Version 1 has `URL IP date type length`; version 2 puts status, checksum, location, offset and file name before the
length. Dates have 14 digits, 12 in the oldest files, in UTC. URLs may hold spaces. The record `filedesc:` at the
beginning describes the file.

Source: https://archive.org/web/researcher/ArcFileFormat.php
"""

import re
from collections.abc import Iterator
from typing import Final

from warraq.transforms.read.archives.frames import Grammar, Header

_LINE_BYTES: Final = 12 * 1024  # longest header taken, up to its length
_IP_AND_DATE: Final = rb"[0-9A-Fa-f.:\-]{1,45} (\d{12}(?:\d\d)?) "
_LENGTH: Final = rb" (\d{1,18})[ \t]{0,99}\r?\n"
_LINE_END: Final = re.compile(_LENGTH)
# The end of the line is looked at first: where it is none, nothing else need be tried, again and again.
_HEADER: Final = re.compile(
    rb"(?=[^\r\n]{1,%d}%s)" % (_LINE_BYTES, _LENGTH.replace(b"(", b"(?:"))
    + rb"([A-Za-z][A-Za-z0-9+.\-]{0,30}:[^\r\n]+?) " + _IP_AND_DATE + rb"([^ \r\n]{0,200})[^\r\n]*?" + _LENGTH
)  # fmt: skip
# What is searched for after damage: words with the usual schemes, and what stands behind a URL.
_URL_OR_FIELDS: Final = re.compile(rb"(?P<url>(?:https?|ftp|gopher|dns):[^ \r\n\"<>]+)| (?=%s)" % _IP_AND_DATE)
_UNKNOWN_TYPES: Final = frozenset({"no-type", "unk", "unknown", "-"})


def begins_arc(head: bytes) -> bool:
    """Whether `head` begins an ARC file, or one that lost its first record."""
    return head.startswith(b"filedesc:") or _HEADER.match(head) is not None


def _starts(data: bytes) -> Iterator[int]:
    """Where headers seem to start, at most one a line: at the last URL before an IP address and a date.

    It needn't be the beginning of the line: the record before may be cut, without its line end.
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
    starts=_starts,
    start_bytes=_LINE_BYTES + 128,
    newlines=1,
    ends_header=bool,
    size=_size,
    parse=_parse,
)
