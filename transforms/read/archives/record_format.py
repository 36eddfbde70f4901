"""Record formats: the rules by which WARC and ARC files write their records."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from warraq.transforms.read.limits import MAX_SHORT


class Extent(NamedTuple):
    """The block of a record, as its header states it: offsets in the bytes at hand."""

    begin: int  # the first byte after the header
    end: int  # may lie beyond the bytes at hand
    parts: tuple[bytes, ...] = ()  # of the header, if the record format reads it in one step


class Header(NamedTuple):
    """The fields of a record's header that become a page."""

    is_page: bool  # by its record type; the block may hold anything
    is_text: bool  # a conversion, which may be plain text
    url: str
    date: str  # of the fetch, ISO 8601; "" if the header states none
    content_type: str


class RecordFormat(NamedTuple):
    """The rules of one kind of archive. A header is read in two steps: first its extent, then its fields."""

    name: str
    begins: re.Pattern[bytes]  # matches at the start of a record
    starts: Callable[[bytes], Iterable[int]]  # offsets of likely starts, in order; stricter than `begins`
    start_bytes: int  # longest stretch that `starts` and `begins` need to see
    newlines: int  # fewest newlines after a record
    ends_header: Callable[[bytes], bool]  # True for the last line of a header
    extent: Callable[[bytes, int], Extent | None]  # of the record at an offset; None if it states no length
    header: Callable[[bytes, int, Extent], Header | None]  # the fields of that record; None if they are no header


def skip_to_next(ahead: bytes, record_format: RecordFormat, *, at_end: bool) -> int | None:
    """The offset of the next record in `ahead`, the bytes after a stated end; None if it is not near.

    Between them lie newlines only, or a few bytes before the newlines if the stated length is too short: these bytes
    are lost. `at_end`: the file ends after `ahead`, where no record follows.
    """
    start = next(iter(record_format.starts(ahead)), None)
    between = ahead if start is None else ahead[:start]
    if start is None and not at_end:
        return None
    lost = between.rstrip(b"\r\n")
    newlines = between[len(lost) :].count(b"\n")
    is_near = len(lost) <= MAX_SHORT and (newlines >= record_format.newlines or not lost)
    return len(between) if is_near else None
