"""A file inside an archive as a page."""

import datetime as dt
import io
from typing import Final, NamedTuple

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.compression.packing import begin
from warraq.transforms.read.dump import Dump, file_url, refuse, sized
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import SNIFFED_BYTES, recognise

# Archives that we don't read, by their first bytes: their row says at least what they are.
_FOREIGN: Final = {b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar"}


class Member(NamedTuple):
    """What an archive says of a file in it."""

    name: str  # never used as a path
    offset: int  # of its header in the archive
    size: int  # as stated
    fetched_at: dt.datetime


def page_of_member(content: bytes, member: Member, dump: Dump, rules: ReadRules) -> Page | Rejected:
    """The page that `content` is: all of the member, or its first `max_bytes` + 1 bytes."""
    kind = kind_of(content)
    if content and kind not in ("html", "text"):
        return refuse_member(member, "not_html", f"{kind}: unpack it first" if kind else "binary", dump)
    url = file_url(dump.path, member.name)
    source = Source(url, member.fetched_at, dump.path, member.offset, len(content))
    page = Page(source, content, kind == "text", None, None)
    return sized(page, rules.max_bytes)


def refuse_member(member: Member, reason: str, detail: str, dump: Dump) -> Rejected:
    """The row of a member that is no page."""
    url = file_url(dump.path, member.name)
    return refuse(dump, member.offset, reason, detail, url=url, size=member.size, fetched_at=member.fetched_at)


def kind_of(content: bytes) -> str:
    """What a member is and how it is packed: `html`, `warc.gz`; "" if it is nothing that we know."""
    foreign = next((kind for magic, kind in _FOREIGN.items() if content.startswith(magic)), "")
    if foreign:
        return foreign
    packing, head, _ = begin(io.BytesIO(content[:SNIFFED_BYTES]), SNIFFED_BYTES)
    return ".".join(filter(None, (recognise(head), packing)))
