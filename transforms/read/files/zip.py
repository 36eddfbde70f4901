"""Reads ZIP archives of HTML and text files, and WACZ files, which are ZIP archives of WARCs."""

import bz2
import datetime as dt
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, cast

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.archives.records import ARCHIVE_KINDS, read_archive_range
from warraq.transforms.read.compression.stream import size_of
from warraq.transforms.read.dump import BUFFER, Dump, moved, raise_if_outside, refuse
from warraq.transforms.read.files.member import Member, kind_of, page_of_member, refuse_member
from warraq.transforms.read.limits import MAX_DIRECTORY, MAX_SIZE
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import SNIFFED_BYTES
from warraq.transforms.read.times import parse_time

_LOCAL_HEADER: Final = struct.Struct("<26x2H")  # lengths of the name and of the extra field after it

_ENTRY: Final = struct.Struct("<8xH18x3H12x")  # of a directory: flags, lengths of name, extra fields and comment
_END: Final = struct.Struct("<4s4x2H2IH")  # of a directory
_UTF8_NAME: Final = 1 << 11  # a flag of an entry and of the header of its member
_OUR_NAME: Final = 1 << 15  # replaces it where zipfile must not decode the name; the ZIP format reserves this bit

# Errors of zipfile for archives that are false, cut or encrypted, or have an unknown compression.
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
    """One page or rejection for each file in the archive, at the offset of its header, in the order of these offsets.

    Names are never used as paths. The fetch time is the time in the rules, else the date of the member (read as UTC:
    ZIP states no zone). An archive without a readable directory is one rejection. A WARC that is stored uncompressed,
    as in WACZ, is read as a WARC, and its records have their offsets in the archive.
    """
    try:
        archive = _opened(stream)
    except _DAMAGE as error:
        raise_if_outside(error)
        yield refuse(dump, 0, "corrupt_record", _problem(error), size=dump.size)
        return
    with archive:
        overlapping = _overlapping(archive)
        for info in sorted(archive.infolist(), key=_header_offset):  # places must grow
            if not info.filename.endswith("/"):
                yield from _read_member(archive, info, info.header_offset in overlapping, stream, dump, rules)


def _opened(stream: BinaryIO) -> zipfile.ZipFile:
    """The archive. Invalid entries of its directory are repaired: zipfile rejects an archive for one of them."""
    bounded = _Bounded(stream)
    try:
        return zipfile.ZipFile(cast("BinaryIO", bounded))
    except _DAMAGE as error:
        raise_if_outside(error)
    bounded.repair = _repaired_directory
    archive = zipfile.ZipFile(cast("BinaryIO", bounded))
    bounded.repair = _repaired_header
    return archive


def _repaired_directory(read: bytes) -> bytes:
    """The bytes that were read; in a directory, each entry that zipfile rejects is replaced by a valid one."""
    entries, at = [], 0
    while read.startswith(b"PK\1\2", at) and at + _ENTRY.size <= len(read):
        end = at + _ENTRY.size + sum(_ENTRY.unpack_from(read, at)[1:])
        entry = bytearray(read[at:end])
        flags, name_size, extra_size, _ = _ENTRY.unpack_from(entry)
        struct.pack_into("<H", entry, 8, flags & ~_UTF8_NAME | (_OUR_NAME if flags & _UTF8_NAME else 0))
        if not _is_valid(entry):
            entry[6] = zipfile.DEFAULT_VERSION
            begin = _ENTRY.size + name_size
            entry[begin : begin + extra_size] = bytes(len(entry[begin : begin + extra_size]))
        entries.append(entry)
        at = end
    return b"".join([*entries, read[at:]])


def _repaired_header(read: bytes) -> bytes:
    """The bytes that were read; in the header of a member, the flag for a name in UTF-8 is cleared."""
    if len(read) != _LOCAL_HEADER.size or not read.startswith(b"PK\3\4"):
        return read
    header = bytearray(read)
    header[7] &= ~(_UTF8_NAME >> 8)
    return bytes(header)


def _is_valid(entry: bytes | bytearray) -> bool:
    """True if zipfile accepts an entry of a directory."""
    try:
        zipfile.ZipFile(io.BytesIO(entry + _END.pack(b"PK\5\6", 1, 1, len(entry), 0, 0))).close()
    except _DAMAGE:
        return False
    return True


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name of a member. Bytes that are not UTF-8 become surrogates, as in Python's file names."""
    if not info.flag_bits & _OUR_NAME or info.flag_bits & _UTF8_NAME:
        return info.filename
    return info.orig_filename.partition("\0")[0].encode("cp437").decode("utf-8", "surrogateescape")


def _header_offset(info: zipfile.ZipInfo) -> int:
    return info.header_offset


class _Bounded:
    """A stream for zipfile that limits the directory: zipfile reads one of any size into memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.repair: Callable[[bytes], bytes] = bytes  # applied to everything that is read

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {size} bytes: unpack it first")
        return self.repair(self._stream.read(size))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _overlapping(archive: zipfile.ZipFile) -> set[int]:
    """The offsets of members that overlap with the next one: in a bomb many members share one compressed stretch."""
    members = sorted((info.header_offset, info.compress_size) for info in archive.infolist())
    begins = [*(offset for offset, _ in members[1:]), archive.start_dir]
    return {
        offset
        for (offset, size), following in zip(members, begins, strict=False)
        if offset + _LOCAL_HEADER.size + size > following
    }


def _problem(error: Exception) -> str:
    """The damage in words. zipfile has none for a member that goes beyond the end of its archive."""
    return str(error) or "cut off"


def _read_member(  # noqa: PLR0913, PLR0917
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    is_overlapping: bool,
    stream: BinaryIO,
    dump: Dump,
    rules: ReadRules,
) -> Iterator[Page | Rejected]:
    fetched_at = rules.stated_time() or _date_of(info) or dump.modified_at
    offset = min(max(0, info.header_offset), dump.size)  # the directory may state any number, here and below
    member = Member(_name_of(info), offset, min(info.file_size, MAX_SIZE), fetched_at)
    if is_overlapping:
        yield refuse_member(member, "corrupt_record", "overlaps with the next file", dump)
        return
    window = _Window(stream, *_stored_at(info, stream))
    kind = kind_of(window.read(SNIFFED_BYTES) or b"")
    if kind.partition(".")[0] in ARCHIVE_KINDS:
        yield from _read_stored(window, dump._replace(format=kind), rules)
        return
    try:
        with archive.open(info) as file:
            is_bzip2 = info.compress_type == zipfile.ZIP_BZIP2
            content = (_bunzipped(info, stream) if is_bzip2 else file).read(rules.max_bytes + 1)
    except _DAMAGE as error:
        raise_if_outside(error)
        yield refuse_member(member, "corrupt_record", _problem(error), dump)
    else:
        yield page_of_member(content, member, dump, rules)


def _bunzipped(info: zipfile.ZipInfo, stream: BinaryIO) -> BinaryIO:
    """The content of a member in bzip2, without a check of its checksum.

    zipfile decompresses 4 KiB at once, which may be gigabytes.
    """
    window = _Window(stream, _begin_of(info, stream), info.compress_size)
    return cast("BinaryIO", bz2.BZ2File(cast("BinaryIO", window)))


def _stored_at(info: zipfile.ZipInfo, stream: BinaryIO) -> tuple[int, int]:
    """The offset and size of the content of a member; (0, 0) if the content is compressed or encrypted."""
    # If the two sizes differ, the larger one may include the members that follow.
    is_plain = (
        info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1 and info.file_size == info.compress_size
    )
    return (_begin_of(info, stream), info.file_size) if is_plain else (0, 0)


def _begin_of(info: zipfile.ZipInfo, stream: BinaryIO) -> int:
    """The offset of the content of a member, compressed or not; the end of the archive if it lies outside."""
    end = size_of(stream) or 0
    begin = min(max(0, info.header_offset), end)
    stream.seek(begin)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        return end
    name_size, extra_size = _LOCAL_HEADER.unpack(header)
    return min(begin + _LOCAL_HEADER.size + name_size + extra_size, end)


def _read_stored(window: "_Window", dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """The pages of a WARC that is stored in the archive uncompressed."""
    for item in read_archive_range(cast("BinaryIO", io.BufferedReader(window, BUFFER)), 0, None, dump, rules):
        yield moved(item, window.begin + item.source.dump_offset)


class _Window(io.RawIOBase):
    """A stream of `size` bytes of another stream, from `begin` on."""

    def __init__(self, stream: BinaryIO, begin: int, size: int) -> None:
        super().__init__()
        self._stream = stream
        self.begin = begin
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:  # any writable buffer; Python 3.10 has no type for it
        view = memoryview(buffer)
        self._stream.seek(self.begin + self._at)
        piece = self._stream.read(max(0, min(len(view), self._size - self._at)))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _date_of(info: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return parse_time(dt.datetime(*info.date_time, tzinfo=dt.timezone.utc))
    except ValueError:  # month 0 or hour 31: the ZIP format allows them
        return None
