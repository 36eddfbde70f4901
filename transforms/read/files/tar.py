"""Reads TAR archives of HTML and text files: the old format, ustar, GNU and PAX (POSIX.1-2017, pax; GNU tar manual).

The standard library's tarfile stops at the first damaged header and believes any size in a header. This reader goes on
at the next block that is a valid header.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.compression.stream import size_of
from warraq.transforms.read.dump import Dump, refuse
from warraq.transforms.read.files.member import Member, kind_of, page_of_member, refuse_member
from warraq.transforms.read.limits import HEAD_BYTES, MAX_RETURNS, MAX_SIZE
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.times import parse_time

BLOCK: Final = 512
_SCAN: Final = (
    32 * BLOCK
)  # bytes read at a time in the search for a header; a compressed stream keeps enough to seek back so far

# Type flags. Members with other flags are regular files: POSIX requires that for unknown flags.
_WITHOUT_DATA: Final = b"123456"  # links, devices, folders, pipes
_NO_FILES: Final = b"gKDVN"  # headers for all members, names of links, lists of folders, labels
_NAMES_NEXT: Final = b"LxX"  # headers that describe the member after them
_SPARSE: Final = b"S"
_CONTINUED: Final = b"M"

_CHECKSUM: Final = re.compile(rb"[ 0-7]{6,7}[\0 ]")
_CHECKSUM_AT: Final = 148
_PAX_RECORD: Final = re.compile(rb"(\d{1,9}) ([^=\n]+)=")


class _Header(NamedTuple):
    """A valid header block."""

    kind: bytes
    name: bytes
    size: int
    modified: int  # seconds since 1970
    has_more_blocks: bool  # GNU sparse: the header goes on in the next block


class _Extended(NamedTuple):
    """The fields that extended headers give to the member after them."""

    name: bytes = b""
    size: int | None = None
    is_sparse: bool = False


def read_tar(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """One page or rejection for each regular file in the archive, at the offset of its header.

    Folders, links and devices leave no row. The fetch time is the time in the rules, else that of the member. A damaged
    stretch costs one rejection and the members in it. A member with an impossible size is rejected, and headers found
    inside its claimed range are read instead.
    """
    return _Walk(stream, dump, rules).items()


class _Walk:
    """A walk through an archive that goes on after damage."""

    def __init__(self, stream: BinaryIO, dump: Dump, rules: ReadRules) -> None:
        self._stream = stream
        self._size = size_of(stream)
        self._dump = dump
        self._rules = rules
        self._at = 0
        self._extended = _Extended()
        self._returns = 0

    def items(self) -> Iterator[Page | Rejected]:
        while block := self._block(self._at):
            header = _header(block)
            if header is None:
                if block.strip(b"\0"):  # zeros end an archive; another archive may follow
                    yield refuse(self._dump, self._at, "corrupt_record", "no sound header")
                self._go_to_header(self._at + BLOCK)
            elif header.kind in _NAMES_NEXT:
                content = self._stream.read(min(header.size, HEAD_BYTES))
                self._extended = (
                    _with_name(self._extended, content) if header.kind == b"L" else _with_pax(self._extended, content)
                )
                self._at += BLOCK + _padded(header.size)
            elif header.kind in _NO_FILES + _WITHOUT_DATA or header.name.endswith(b"/"):
                self._at += BLOCK + (0 if header.kind in _WITHOUT_DATA else _padded(header.size))
                self._extended = _Extended() if header.kind in _WITHOUT_DATA else self._extended
            else:
                yield self._file(header)
                self._extended = _Extended()

    def _file(self, header: _Header) -> Page | Rejected:
        """The page in the current member, or its rejection. Then the walk is at the next header."""
        extended, rules = self._extended, self._rules
        fetched_at = rules.stated_time() or parse_time(header.modified or None) or self._dump.modified_at
        size = header.size if extended.size is None else extended.size
        name = (extended.name or header.name).decode("utf-8", "surrogateescape")
        member = Member(name, self._at, size, fetched_at)
        begin = self._at + BLOCK
        while header.has_more_blocks and (block := self._block(begin)):
            begin, header = begin + BLOCK, header._replace(has_more_blocks=block[504:505] not in {b"", b"\0"})
        self._stream.seek(begin)
        blocks = self._stream.read(min(_padded(size), rules.max_bytes + 1))
        self._at = begin + _padded(size)
        if problem := self._problem(blocks, begin, size):
            return refuse_member(member, "corrupt_record", problem, self._dump)
        if header.kind == _CONTINUED:
            return refuse_member(member, "corrupt_record", "the rest of a file in another archive", self._dump)
        if header.kind == _SPARSE or extended.is_sparse:
            return refuse_member(member, "not_html", "sparse file", self._dump)
        return page_of_member(blocks[:size], member, self._dump, rules)

    def _problem(self, blocks: bytes, begin: int, size: int) -> str:
        """The fault of the size of the member whose blocks begin at `begin`; "" if none shows.

        After a fault the walk goes on at the first header inside the member's claimed range, if there is one.
        """
        following, kind = self._block(self._at), kind_of(blocks[:size])
        is_cut = len(blocks) < min(size, self._rules.max_bytes + 1)
        is_valid = not is_cut and (not following.strip(b"\0") or _header(following) is not None)
        if is_valid and kind not in {"html", "text"}:  # an archive inside the member has headers of its own
            return ""
        inner = None if kind == "tar" else _find_header(blocks)
        if inner is not None and self._returns < MAX_RETURNS:
            self._returns += 1
            self._at = begin + inner
            return "the size does not fit"
        return "cut short" if is_cut else ""

    def _go_to_header(self, offset: int) -> None:
        """Moves to the first valid header from `offset` on, or to the end."""
        self._extended = _Extended()
        self._at = offset
        self._stream.seek(offset)
        while chunk := self._stream.read(_SCAN):
            found = _find_header(chunk)
            self._at += len(chunk) if found is None else found
            if found is not None:
                return

    def _block(self, offset: int) -> bytes:
        if self._size is not None and offset > self._size:  # the file system may reject a larger offset
            return b""
        self._stream.seek(offset)
        return self._stream.read(BLOCK)


def _find_header(content: bytes) -> int | None:
    """The offset in `content` of the first block that is a valid header; None without one."""
    for at in range(0, len(content) - BLOCK + 1, BLOCK):
        if _CHECKSUM.match(content, at + _CHECKSUM_AT) and _header(content[at : at + BLOCK]):
            return at
    return None


def _header(block: bytes) -> _Header | None:
    """The header in a block; None if its checksum or its size is wrong."""
    checksum, size = _number(block[148:156]), _number(block[124:136])
    if len(block) < BLOCK or checksum is None or size is None or size > MAX_SIZE:
        return None
    if checksum != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        return None
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    has_more_blocks = block[156:157] == _SPARSE and block[482:483] not in {b"", b"\0"}
    return _Header(
        block[156:157], b"/".join(filter(None, (prefix, name))), size, _number(block[136:148]) or 0, has_more_blocks
    )


def _number(field: bytes) -> int | None:
    """A number in octal, or in base 256 (large numbers of GNU tar); None if it is neither, or negative."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.partition(b"\0")[0].strip(b" ")
    return int(digits or b"0", 8) if not digits.strip(b"01234567") else None


def _padded(size: int) -> int:
    """`size` rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def _with_name(extended: _Extended, content: bytes) -> _Extended:
    return extended._replace(name=content.partition(b"\0")[0])


def _with_pax(extended: _Extended, content: bytes) -> _Extended:
    """The fields with those of a PAX header added, which has records `LENGTH KEY=VALUE`."""
    at = 0
    while (record := _PAX_RECORD.match(content, at)) and at + int(record[1]) > record.end():
        end = at + int(record[1])
        key, value = record[2], content[record.end() : end - 1]
        if key in {b"path", b"GNU.sparse.name"}:
            extended = extended._replace(name=value)
        elif key == b"size" and value.isdigit() and len(value) < 20 and int(value) <= MAX_SIZE:
            extended = extended._replace(size=int(value))
        extended = extended._replace(is_sparse=extended.is_sparse or key.startswith(b"GNU.sparse."))
        at = end
    return extended
