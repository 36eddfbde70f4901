"""ZIP archives of HTML and text files."""

import datetime as dt
import errno
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from schemas.records import Page, Rejected
from transforms.read.dump import Dump, refuse, sized, sound
from transforms.read.loose import file_url
from transforms.read.rules import ReadRules
from transforms.read.sniff import SNIFFED_BYTES, recognise

# What zipfile raises on archives that lie, are cut, encrypted or packed in a way that it doesn't know.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


def read_zip(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """One page or refusal for each file in the archive, at the offset of its header. Names are never used as paths.

    Fetch times are the rule's, else the member's date (read as UTC: ZIP states no zone). An archive without a
    readable directory is one refusal.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as error:
        _raise_if_outside(error)
        yield refuse(dump, 0, "corrupt_record", str(error), size=dump.size)
        return
    with archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield _read_member(archive, member, dump, rules)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, dump: Dump, rules: ReadRules) -> Page | Rejected:
    url, offset = sound(file_url(dump.path, member.filename)), max(0, member.header_offset)
    fetched_at = rules.stated_time() or _date_of(member) or dump.modified_at
    try:
        with archive.open(member) as file:
            content = file.read(rules.max_bytes + 1)
    except _DAMAGE as error:
        _raise_if_outside(error)
        return refuse(dump, offset, "corrupt_record", str(error), url=url, size=member.file_size, fetched_at=fetched_at)
    kind = recognise(content[:SNIFFED_BYTES])
    if content and kind not in ("html", "text"):
        return refuse(dump, offset, "not_html", kind or "binary", url=url, size=member.file_size, fetched_at=fetched_at)
    page = Page(url, content, kind == "text", None, None, fetched_at, dump.path, offset)
    return sized(page, rules.max_bytes)


def _raise_if_outside(error: Exception) -> None:
    """Raises `error` again if the storage is at fault. Archives cause EINVAL by wrong offsets, bzip2 has no number."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def _date_of(member: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return dt.datetime(*member.date_time, tzinfo=dt.timezone.utc)
    except ValueError:  # month 0, hour 31: the format allows what the calendar doesn't
        return None
