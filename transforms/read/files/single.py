"""A file that is one page: HTML or plain text."""

from collections.abc import Iterator
from typing import BinaryIO

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.compression.packing import damage_of
from warraq.transforms.read.dump import Dump, file_url, refuse, sized
from warraq.transforms.read.rules import ReadRules


def read_loose(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """The one page, at offset 0, of a dump whose format is html or text.

    Its address is that of the file (extraction finds the canonical one). Its fetch time is the rule's, else the time
    of the file: the only evidence there is.
    """
    content = stream.read(rules.max_bytes + 1)
    if damage := damage_of(stream):  # nobody knows how much of the page is missing
        yield refuse(dump, 0, "corrupt_record", damage, url=file_url(dump.path), size=dump.size)
        return
    fetched_at = rules.stated_time() or dump.modified_at
    source = Source(file_url(dump.path), fetched_at, dump.path, 0, len(content))
    page = Page(source, content, dump.kind == "text", None, None)
    yield sized(page, rules.max_bytes)
