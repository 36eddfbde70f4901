"""TAR archives of HTML and text files: the plain format, ustar, GNU and PAX (POSIX.1-2017, pax; GNU tar manual).

The standard library's tarfile stops at the first damaged header and takes whatever size a header states; here reading
goes on at the next block that is a sound header, wherever it lies.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from warraq.schemas.records import Page, Rejected
from warraq.transforms.read.compression.stream import size_of
from warraq.transforms.read.dump import Dump, refuse
from warraq.transforms.read.files.member import Member, kind_of, page_of_member, refuse_member
from warraq.transforms.read.rules import HEAD_BYTES, ReadRules
from warraq.transforms.read.times import parse_time

BLOCK: Final = 512
_SCAN: Final = 32 * BLOCK  # read at a time in search of a header: packed streams can seek back no further in one step
_RETURNS: Final = 100  # to within a member whose size is wrong; a packed stream may begin anew for each

# Type flags. Those not here are regular files, as POSIX wants of flags that a reader doesn't know.
_WITHOUT_DATA: Final = b"123456"  # links, devices, folders, pipes
_NO_FILES: Final = b"gKDVN"  # headers for all members or of links, lists of folders, labels
_NAMES_NEXT: Final = b"LxX"  # headers that describe the member after them
_LARGEST: Final = 2**60  # bytes; a larger size is damage, and no place in a file
_SPARSE: Final = b"S"
_CONTINUED: Final = b"M"

_CHECKSUM: Final = re.compile(rb"[ 0-7]{6,7}[\0 ]")
_CHECKSUM_AT: Final = 148
_PAX_RECORD: Final = re.compile(rb"(\d{1,9}) ([^=\n]+)=")


class _Header(NamedTuple):
    """A sound header block."""

    kind: bytes
    name: bytes
    size: int
    modified: int  # seconds since 1970
    is_extended: bool  # GNU sparse: more blocks of header follow


class _Next(NamedTuple):
    """What extended headers say of the member that follows them."""

    name: bytes = b""
    size: int | None = None
    is_sparse: bool = False


def read_tar(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """One page or refusal for each regular file in the archive, at the offset of its header.

    Folders, links and devices hold nothing and leave no row. Fetch times are the rule's, else the member's. A damaged
    stretch costs one refusal and the members in it; a member whose size can't be right is given up for those found in
    what it claims.
    """
    return _Walk(stream, dump, rules).items()


class _Walk:
    """A way through an archive, which goes on after damage."""

    def __init__(self, stream: BinaryIO, dump: Dump, rules: ReadRules) -> None:
        self._stream = stream
        self._size = size_of(stream)
        self._dump = dump
        self._rules = rules
        self._at = 0
        self._said = _Next()
        self._returns = 0

    def items(self) -> Iterator[Page | Rejected]:
        while block := self._block(self._at):
            header = _header(block)
            if header is None:
                if block.strip(b"\0"):  # zeros are the end, or stand between archives that were joined
                    yield refuse(self._dump, self._at, "corrupt_record", "no sound header")
                self._go_to_header(self._at + BLOCK)
            elif header.kind in _NAMES_NEXT:
                content = self._stream.read(min(header.size, HEAD_BYTES))
                self._said = _with_name(self._said, content) if header.kind == b"L" else _with_pax(self._said, content)
                self._at += BLOCK + _padded(header.size)
            elif header.kind in _NO_FILES + _WITHOUT_DATA or header.name.endswith(b"/"):
                self._at += BLOCK + (0 if header.kind in _WITHOUT_DATA else _padded(header.size))
                self._said = _Next() if header.kind in _WITHOUT_DATA else self._said
            else:
                yield self._file(header)
                self._said = _Next()

    def _file(self, header: _Header) -> Page | Rejected:
        """The page in the member at hand, or its refusal; then the walk is at the next header."""
        said, rules = self._said, self._rules
        fetched_at = rules.stated_time() or parse_time(header.modified or None) or self._dump.modified_at
        size = header.size if said.size is None else said.size
        name = (said.name or header.name).decode("utf-8", "surrogateescape")
        member = Member(name, self._at, size, fetched_at)
        begin = self._at + BLOCK
        while header.is_extended and (block := self._block(begin)):
            begin, header = begin + BLOCK, header._replace(is_extended=block[504:505] not in {b"", b"\0"})
        self._stream.seek(begin)
        blocks = self._stream.read(min(_padded(size), rules.max_bytes + 1))
        self._at = begin + _padded(size)
        if problem := self._problem(blocks, begin, size):
            return refuse_member(member, "corrupt_record", problem, self._dump)
        if header.kind == _CONTINUED:
            return refuse_member(member, "corrupt_record", "the rest of a file in another archive", self._dump)
        if header.kind == _SPARSE or said.is_sparse:
            return refuse_member(member, "not_html", "sparse file", self._dump)
        return page_of_member(blocks[:size], member, self._dump, rules)

    def _problem(self, blocks: bytes, begin: int, size: int) -> str:
        """What is wrong with the size of the member whose blocks begin at `begin`, "" if nothing seems to be.

        If it is wrong the walk goes on at the first header in what the member claims, if there is one.
        """
        following, kind = self._block(self._at), kind_of(blocks[:size])
        is_cut = len(blocks) < min(size, self._rules.max_bytes + 1)
        is_sound = not is_cut and (not following.strip(b"\0") or _header(following) is not None)
        if is_sound and kind not in {"html", "text"}:  # what else it may hold looks like our headers
            return ""
        inner = None if kind == "tar" else _find_header(blocks)
        if inner is not None and self._returns < _RETURNS:
            self._returns += 1
            self._at = begin + inner
            return "the size does not fit"
        return "cut short" if is_cut else ""

    def _go_to_header(self, offset: int) -> None:
        """Goes to the first sound header from `offset` on, or to the end."""
        self._said = _Next()
        self._at = offset
        self._stream.seek(offset)
        while chunk := self._stream.read(_SCAN):
            found = _find_header(chunk)
            self._at += len(chunk) if found is None else found
            if found is not None:
                return

    def _block(self, offset: int) -> bytes:
        if self._size is not None and offset > self._size:  # so far that the file system might not take it
            return b""
        self._stream.seek(offset)
        return self._stream.read(BLOCK)


def _find_header(content: bytes) -> int | None:
    """Where in `content` the first block lies that is a sound header."""
    for at in range(0, len(content) - BLOCK + 1, BLOCK):
        if _CHECKSUM.match(content, at + _CHECKSUM_AT) and _header(content[at : at + BLOCK]):
            return at
    return None


def _header(block: bytes) -> _Header | None:
    """The header that a block is; None if its checksum or its size is wrong."""
    checksum, size = _number(block[148:156]), _number(block[124:136])
    if len(block) < BLOCK or checksum is None or size is None or size > _LARGEST:
        return None
    if checksum != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        return None
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    is_extended = block[156:157] == _SPARSE and block[482:483] not in {b"", b"\0"}
    return _Header(
        block[156:157], b"/".join(filter(None, (prefix, name))), size, _number(block[136:148]) or 0, is_extended
    )


def _number(field: bytes) -> int | None:
    """A number in octal, or in base 256 as GNU tar writes large ones; None if it is neither, or negative."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.partition(b"\0")[0].strip(b" ")
    return int(digits or b"0", 8) if not digits.strip(b"01234567") else None


def _padded(size: int) -> int:
    """`size` and the bytes up to the next whole block."""
    return -(-size // BLOCK) * BLOCK


def _with_name(said: _Next, content: bytes) -> _Next:
    return said._replace(name=content.partition(b"\0")[0])


def _with_pax(said: _Next, content: bytes) -> _Next:
    """What the records `LENGTH KEY=VALUE` of a PAX header say."""
    at = 0
    while (record := _PAX_RECORD.match(content, at)) and at + int(record[1]) > record.end():
        end = at + int(record[1])
        key, value = record[2], content[record.end() : end - 1]
        if key in {b"path", b"GNU.sparse.name"}:
            said = said._replace(name=value)
        elif key == b"size" and value.isdigit() and len(value) < 20 and int(value) <= _LARGEST:
            said = said._replace(size=int(value))
        said = said._replace(is_sparse=said.is_sparse or key.startswith(b"GNU.sparse."))
        at = end
    return said
