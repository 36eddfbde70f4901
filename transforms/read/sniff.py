"""Recognises the kind of a file or a body by its first bytes, never by its name."""

import re
from collections.abc import Callable
from typing import Final

from warraq.transforms.read.archives.arc import begins_arc
from warraq.transforms.read.markup import looks_like_html

SNIFFED_BYTES: Final = 8192
KNOWN_FORMATS: Final = "WARC, WET, ARC, HTML, text, ZIP, tar, JSON lines and Parquet"  # in messages

_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_OURS: Final = re.compile(rb"%PDF|%!PS| CDX |!meta |\S+ \d{14} ")  # PDF, PostScript and CDX indexes resemble text
_JSON_OBJECT: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"[^\"\n]{0,200}\"\s*:")
_FOREIGN: Final = (  # first bytes of formats that are no dump, to name them in messages
    (b"%PDF", "PDF"), (b"%!PS", "PostScript"), (b"\x89PNG", "a picture"), (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"), (b"\xd0\xcf\x11\xe0", "a file of Microsoft Office"), (b"SQLite format 3", "SQLite"),
    (b"ID3", "sound"), (b"OggS", "sound"), (b"\x1aE\xdf\xa3", "video"), (b"\x7fELF", "a program"), (b"MZ", "a program"),
    (b"BZh", "bzip2: unpack it first"), (b"\xfd7zXZ\0", "xz: unpack it first"), (b"Rar!", "RAR: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "7z: unpack it first"), (b"ORC", "ORC"), (b"Obj\x01", "Avro"), (b"ARROW1", "Arrow"),
)  # fmt: skip
_TAR_BLOCK: Final = 512  # bytes


def looks_like_text(head: bytes) -> bool:
    """True if `head` can begin a plain text: no control characters such as NUL, except in UTF-16 with a BOM."""
    head = head[:SNIFFED_BYTES]
    if head.startswith(_UTF16_BOMS):
        return True
    return bool(head.strip()) and len(head.translate(None, _CONTROLS)) == len(head)


def looks_like_tar(head: bytes) -> bool:
    """True if `head` begins a tar archive: by the magic of POSIX (ustar), else by the checksum of the first header."""
    if head.startswith(b"ustar", 257):
        return True
    header, stated = head[:_TAR_BLOCK], head[148:156].strip(b" \0")
    if len(header) < _TAR_BLOCK or not header[0] or not re.fullmatch(rb"[0-7]{1,7}", stated):
        return False
    return int(stated, 8) == sum(header) - sum(header[148:156]) + 8 * ord(" ")


def recognise(head: bytes) -> str:
    """The kind of a file whose content begins with `head`: a name in `_KINDS`, else "".

    JSON is "jsonl" in each of its forms: one object a line, an array, a single object.
    """
    if _NOT_OURS.match(head):
        return ""
    return next((kind for kind, is_kind in _KINDS if is_kind(head)), "")


def foreign_name(head: bytes) -> str:
    """The name of a well-known format that is no dump; "" for others."""
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), "")


_KINDS: Final[tuple[tuple[str, Callable[[bytes], object]], ...]] = (  # the surest test first
    ("warc", re.compile(rb"\s*WARC/\d").match),
    ("arc", begins_arc),
    ("zip", re.compile(rb"PK(?:\x03\x04|\x05\x06)").match),
    ("parquet", re.compile(rb"PAR1").match),
    ("tar", looks_like_tar),
    ("jsonl", _JSON_OBJECT.match),
    ("html", looks_like_html),
    ("text", looks_like_text),
)
