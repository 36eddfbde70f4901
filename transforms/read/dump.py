"""A dump, how it is opened, and the row of a record that the reader refuses."""

import datetime as dt
import errno
import io
import os
import stat
from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple, TypeAlias, cast
from urllib.parse import quote

from warraq.schemas.coders import register
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Page, Rejected, Source
from warraq.schemas.sound import sound
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.read.rules import STAGE
from warraq.transforms.rejection import describe
from warraq.transforms.storage import is_remote

BUFFER: Final = 1024 * 1024
Claim: TypeAlias = Callable[[int], bool]  # whether the reader may go on with the record at an offset
Item: TypeAlias = Page | Rejected
_KINDS: Final = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class InputError(ValueError):
    """The input can't be read; the message says in one line what to do."""


class NotAFileError(OSError):
    """A pipe, socket or device, which is never opened: to open it may block for ever or move a tape."""


class Dump(NamedTuple):
    """One input file."""

    path: str  # as the user gave or found it, normalised and written as names.stored_name does
    size: int  # bytes
    format: str  # one of read.FORMATS: a kind, and after a dot how it is packed
    fingerprint: str  # digest of the content, whatever its name
    modified_at: dt.datetime  # stands in where pages state no fetch time
    state: str = ""  # `state_of` the file when it was found

    @property
    def kind(self) -> str:
        """What the file holds, however it is packed."""
        return self.format.partition(".")[0]

    @property
    def packing(self) -> str:
        """`gz` or `zst`, with `.solid` where records are no members of their own; "" if the file isn't packed."""
        return self.format.partition(".")[2]


register(Dump)


def claim_all(_offset: int) -> bool:
    """The claim of a reader that has a range for itself."""
    return True


def open_dump(path: str) -> BinaryIO:
    """The file's bytes as they are, seekable. Local files are opened directly: Beam's layer costs a copy.

    Raises:
      NotAFileError: it is a pipe, a socket or a device.
      OSError: it can't be opened.
    """
    if not is_remote(path):
        return open(os_name(path), "rb", buffering=BUFFER, opener=_open)
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415  (heavy, and only for remote files)
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    return cast("BinaryIO", FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED))


def _open(path: str, flags: int) -> int:
    _check_kind(os.stat(path))  # noqa: PTH116  (`Path` would change the name)
    descriptor = os.open(path, flags | os.O_NONBLOCK)  # returns at once even if a pipe has taken the name meanwhile
    try:
        _check_kind(os.fstat(descriptor))
    except NotAFileError:
        os.close(descriptor)
        raise
    return descriptor


def _check_kind(status: os.stat_result) -> None:
    if kind := _KINDS.get(stat.S_IFMT(status.st_mode)):
        raise NotAFileError(f"{kind}, not a file; save what comes out of it as a file")


def state_of(stream: BinaryIO) -> str:
    """The size in bytes and the time of change of an open file, by which a change is told; only the size if remote.

    Inode numbers and times of attributes are left out: some network file systems state others each time.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, AttributeError):  # remote: no descriptor
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return str(size)
    return f"{status.st_size} {status.st_mtime_ns}"


def check_unchanged(stream: BinaryIO, dump: Dump) -> None:
    """Returns if an open dump is what it was when it was found.

    Raises:
      InputError: it has changed since: its rows would be those of another file than the ledger says.
    """
    if dump.state and state_of(stream) != dump.state:
        raise InputError(f"{shown_name(dump.path)}: it changed after the run had begun; run again when it is complete")


def file_url(path: str, member: str = "") -> str:
    """The address of a page that states none: `file:pages/a.html`, `file:pages.zip!/a.html` inside an archive."""
    address = path if is_remote(path) else "file:" + quote(os_name(path), errors="surrogateescape")
    return f"{address}!/{quote(member, errors='surrogateescape')}" if member else address


def raise_if_outside(error: Exception) -> None:
    """Raises `error` again if the storage is at fault. Archives cause EINVAL by wrong offsets, bzip2 has no number."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def moved(item: Item, offset: int) -> Item:
    """The item at another offset of its dump."""
    return item._replace(source=item.source._replace(dump_offset=offset))


def refuse(  # noqa: PLR0913  (what a row says)
    dump: Dump,
    offset: int,
    reason: str,
    detail: str,
    *,
    url: str = "",
    size: int = 0,
    fetched_at: dt.datetime | None = None,
) -> Rejected:
    """The row that a record leaves behind when the reader refuses it."""
    return Rejected(Source(url, fetched_at, dump.path, offset, size), STAGE, reason, detail[:200])


def sized(page: Page, max_bytes: int) -> Page | Rejected:
    """The page itself, or its refusal if it is empty or larger than `max_bytes`."""
    if page.content and len(page.content) <= max_bytes:
        return page
    reason, detail = ("too_large", f"more than {max_bytes} bytes") if page.content else ("not_html", "empty")
    return Rejected(page.source, STAGE, reason, detail)


def sound_item(item: Item, dump: Dump) -> Item:
    """The item, fit to be encoded; a row `error` in its place if it can't be made so."""
    try:
        return sound(item)
    except ValueError as error:
        url = item.source.url if isinstance(item.source.url, str) else ""
        return sound(refuse(dump, item.source.dump_offset, ERROR_REASON, describe(error), url=url))
