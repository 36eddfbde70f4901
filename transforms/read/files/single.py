"""A file that is one page: HTML or plain text."""

from collections.abc import Iterator
from typing import BinaryIO

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.compression.detect import damage_of
from warraq.transforms.read.dump import Dump, check_size, file_url, refuse
from warraq.transforms.read.files.mhtml import unwrapped
from warraq.transforms.read.rules import ReadRules


def read_single_file(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """The page of a dump in the format html or text, at offset 0.

    Its URL is that of the file; extraction finds the canonical URL. Its fetch time is the time in the rules, else that
    of the file, because the page states none.
    """
    content = stream.read(rules.max_bytes + 1)
    if damage := damage_of(stream):  # the missing part may be most of the page
        yield refuse(dump, 0, "corrupt_record", damage, url=file_url(dump.path), size=dump.size)
        return
    fetched_at = rules.stated_time() or dump.modified_at
    source = Source(file_url(dump.path), fetched_at, dump.path, 0, len(content))
    page = check_size(Page(source, content, dump.kind == "text", None, None), rules.max_bytes)
    yield unwrapped(page) if isinstance(page, Page) else page
