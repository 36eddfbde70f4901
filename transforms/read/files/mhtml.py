"""A page saved by a browser as one file (MHTML, .mht): the HTML in it, with its address and charset.

Source: RFC 2557. Chrome, Edge and Opera write it, and Internet Explorer did.
"""

import datetime as dt
import re
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.rules import STAGE
from warraq.transforms.read.times import YEARS

_HEAD: Final = 4096  # bytes that hold the header
_HEADER: Final = re.compile(rb"\s*(?:[A-Za-z][\w-]*:[^\n]*\n(?:[ \t]+[^\n]*\n)*)+\r?\n")
_IS_MHTML: Final = re.compile(rb"(?i)content-type:\s*multipart/related\b")
_MOST_PARTS: Final = 1000


class SavedPage(NamedTuple):
    """The page in an MHTML file."""

    content: bytes
    url: str  # "" if the file states none
    charset: str | None
    saved_at: dt.datetime | None


def looks_like_mhtml(head: bytes) -> bool:
    """True if a file begins with the header of MHTML."""
    header = _HEADER.match(head[:_HEAD])
    return header is not None and _IS_MHTML.search(header[0]) is not None


def unwrapped(page: Page) -> Page | Rejected:
    """The page in an MHTML file, with the address and the time that it states; other pages as they are."""
    if not looks_like_mhtml(page.content):
        return page
    saved = saved_page(page.content)
    source = page.source
    if saved is None:
        return Rejected(source, STAGE, "corrupt_record", "MHTML without HTML in it")
    fetched_at = saved.saved_at if saved.saved_at and saved.saved_at.year in YEARS else source.fetched_at
    source = source._replace(url=saved.url or source.url, fetched_at=fetched_at, bytes=len(saved.content))
    return page._replace(source=source, content=saved.content, is_text=False, charset=saved.charset)


def saved_page(content: bytes) -> SavedPage | None:
    """The first HTML in an MHTML file; None if it has none."""
    message = message_from_bytes(content)
    for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False):
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            body = part.get_payload(decode=True)
            if isinstance(body, bytes) and body.strip():
                url = _line(part, "Content-Location") or _line(message, "Snapshot-Content-Location")
                return SavedPage(body, url, part.get_content_charset(), _date(message))
    return None


def _line(part: Message, name: str) -> str:
    """A header of an address in one line; "" for addresses inside the file, such as `cid:`."""
    value = "".join(str(part.get(name, "")).split())
    return value if value.startswith(("http://", "https://")) else ""


def _date(message: Message) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
    return moment.astimezone(dt.timezone.utc)
