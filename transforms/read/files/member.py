"""A member of a ZIP or TAR archive as a page."""

import datetime as dt
import io
from typing import Final, NamedTuple

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.compression.detect import Peek
from warraq.transforms.read.dump import Dump, check_size, file_url, refuse
from warraq.transforms.read.files.mhtml import unwrapped
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import SNIFFED_BYTES, recognise

# First bytes of archives that Warraq doesn't read: the detail of their row names them.
_FOREIGN: Final = {b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar"}


class Member(NamedTuple):
    """A file as its archive describes it."""

    name: str  # never used as a path
    offset: int  # of its header in the archive
    size: int  # as stated
    fetched_at: dt.datetime


def page_of_member(content: bytes, member: Member, dump: Dump, rules: ReadRules) -> Page | Rejected:
    """The page with this content, or its rejection. `content`: the whole member, or its first `max_bytes` + 1 bytes."""
    kind = kind_of(content)
    if content and kind not in ("html", "text"):
        return refuse_member(member, "not_html", f"{kind}: unpack it first" if kind else "binary", dump)
    url = file_url(dump.path, member.name)
    source = Source(url, member.fetched_at, dump.path, member.offset, len(content))
    page = check_size(Page(source, content, kind == "text", None, None), rules.max_bytes)
    return unwrapped(page) if isinstance(page, Page) else page


def refuse_member(member: Member, reason: str, detail: str, dump: Dump) -> Rejected:
    """The row of a member that is no page."""
    url = file_url(dump.path, member.name)
    return refuse(dump, member.offset, reason, detail, url=url, size=member.size, fetched_at=member.fetched_at)


def kind_of(content: bytes) -> str:
    """The kind of a member and its compression, such as `html` or `warc.gz`; "" if it is unknown."""
    foreign = next((kind for magic, kind in _FOREIGN.items() if content.startswith(magic)), "")
    if foreign:
        return foreign
    peek = Peek(io.BytesIO(content[:SNIFFED_BYTES]), SNIFFED_BYTES)
    return ".".join(filter(None, (recognise(peek.content), peek.compression)))
