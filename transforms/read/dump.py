"""A dump: its description, its file, and the rows of records that the reader rejects. Imports no Beam."""

import datetime as dt
import errno
import io
import os
import stat
from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple, Optional, TypeAlias
from urllib.parse import quote

from warraq.schemas.encodable import make_encodable
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.file_names import os_name, shown_name
from warraq.transforms.read.rules import STAGE
from warraq.transforms.rejection import describe
from warraq.transforms.storage import is_remote, open_remote

BUFFER: Final = 1024 * 1024
Claim: TypeAlias = Callable[[int], bool]  # False: another worker reads on from this offset
Item: TypeAlias = Page | Rejected
TakeBack: TypeAlias = Callable[[Rejected], None]  # called with the row of an earlier load that is true no longer
_KINDS: Final = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class InputError(ValueError):
    """An input that can't be read. The message has one line and tells the user what to do."""


class NoInputError(InputError):
    """No file is there yet: a glob matches nothing, or a folder is empty."""


class DumpError(InputError):
    """A dump that can't be read, while others can. The message begins with `unreadable`."""


class NotAFileError(OSError):
    """A pipe, socket or device. It is never opened: that may block for ever or move a tape."""


class Earlier(NamedTuple):
    """A dump that the dataset has, as the load that brought it describes it."""

    path: str  # as `Dump.path`, and so the next four
    size: int
    format: str
    fingerprint: str
    beginning: str = ""  # "" in datasets of older versions
    load_id: str = ""
    after: str = ""  # the fingerprint of the dump that this one continued: the load read only what followed it


class Dump(NamedTuple):
    """One input file."""

    path: str  # normalised, in the form of file_names.stored_name
    size: int  # bytes
    format: str  # one of formats.FORMATS: a kind, and after a dot its compression
    fingerprint: str  # digest of the content; the name doesn't matter
    modified_at: dt.datetime  # the fetch time of pages that state none
    state: str = ""  # `state_of` the file when it was found
    beginning: str = ""  # as by `discover.beginning_of`; a file that grew has one that begins with the former one
    after: Optional[Earlier] = None  # the file begins with this dump, and only what follows is read

    @property
    def kind(self) -> str:
        """The format without its compression, such as `warc`."""
        return self.format.partition(".")[0]

    @property
    def packing(self) -> str:
        """The compression: `gz` or `zst`, with `.solid` if a member holds many records; "" without compression."""
        return self.format.partition(".")[2]


def forget_row(_row: Rejected) -> None:
    """The `TakeBack` of a reader that nobody asks for rows of earlier loads."""


def claim_all(_offset: int) -> bool:
    """The claim of a reader that shares its range with no other worker."""
    return True


def open_dump(path: str) -> BinaryIO:
    """The bytes of a file, seekable, not decompressed. Local files are opened without Beam, which would copy them.

    Raises:
      NotAFileError: the path is a pipe, a socket or a device.
      OSError: the file can't be opened.
    """
    if not is_remote(path):
        return open(os_name(path), "rb", buffering=BUFFER, opener=_open)
    return open_remote(path)


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
        raise NotAFileError(f"{kind}, not a file; save its data as a file first")


def state_of(stream: BinaryIO) -> str:
    """The size in bytes and the modification time of an open file, to detect changes; of a remote file only the size.

    Inode numbers and attribute times are left out: on some network file systems they differ at each call.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, AttributeError):  # remote: no descriptor
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return str(size)
    return f"{status.st_size} {status.st_mtime_ns}"


def check_unchanged(stream: BinaryIO, dump: Dump) -> None:
    """Returns if an open dump has not changed since it was found.

    Raises:
      DumpError: it has changed: its rows would belong to another file than the one in the ledger.
    """
    if dump.state and state_of(stream) != dump.state:
        raise DumpError(f"{unreadable(dump)}the file changed during the run; run again when it is complete")


def file_url(path: str, member: str = "") -> str:
    """The URL of a page that states none: `file:pages/a.html`, or inside an archive `file:pages.zip!/a.html`."""
    address = path if is_remote(path) else "file:" + quote(os_name(path), errors="surrogateescape")
    return f"{address}!/{quote(member, errors='surrogateescape')}" if member else address


def raise_if_outside(error: Exception) -> None:
    """Raises `error` again if the storage caused it. Damaged archives cause EINVAL, or errors without a number."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def moved(item: Item, offset: int) -> Item:
    """The item at another offset of its dump."""
    return item._replace(source=item.source._replace(dump_offset=offset))


def refuse(  # noqa: PLR0913  (the columns of a row)
    dump: Dump,
    offset: int,
    reason: str,
    detail: str,
    *,
    url: str = "",
    size: int = 0,
    fetched_at: dt.datetime | None = None,
) -> Rejected:
    """The row of a record that the reader rejects."""
    return Rejected(Source(url, fetched_at, dump.path, offset, size), STAGE, reason, detail[:200])


def check_size(page: Page, max_bytes: int) -> Page | Rejected:
    """The page, or its rejection if it is empty or has more than `max_bytes`."""
    if page.content and len(page.content) <= max_bytes:
        return page
    reason, detail = ("too_large", f"more than {max_bytes} bytes") if page.content else ("not_html", "empty")
    return Rejected(page.source, STAGE, reason, detail)


def encodable(item: Item, dump: Dump) -> Item:
    """The item without surrogates; a row with the reason `error` in its place if a field can't be encoded."""
    try:
        return make_encodable(item)
    except ValueError as error:
        url = item.source.url if isinstance(item.source.url, str) else ""
        return make_encodable(refuse(dump, item.source.dump_offset, ERROR_REASON, describe(error), url=url))


def unreadable(dump: Dump) -> str:
    """The beginning of the error that ends a run because of this dump. The launcher finds the dump by it."""
    return f"{shown_name(dump.path)}: can't be read: "
