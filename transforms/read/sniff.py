"""Recognises what a file or a body is by its first bytes, never by its name."""

import re
from collections.abc import Callable
from typing import Final

from warraq.transforms.read.archives.arc import begins_arc

SNIFFED_BYTES: Final = 8192

_HTML_START: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|table|div|h1|p)\b", re.IGNORECASE
)
_HTML_ANYWHERE: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_OURS: Final = re.compile(rb"%PDF|%!PS| CDX |!meta |\S+ \d{14} ")  # PDF, PostScript, indexes of archives: like text
_JSON_OBJECT: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"[^\"\n]{0,200}\"\s*:")
_TAR_BLOCK: Final = 512  # bytes


def looks_like_html(head: bytes) -> bool:
    """Whether a body that begins with `head` is HTML, in any charset that keeps ASCII (UTF-16 too)."""
    ascii_head = head[:SNIFFED_BYTES].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\f")
    return bool(_HTML_START.match(ascii_head) or _HTML_ANYWHERE.search(ascii_head))


def looks_like_text(head: bytes) -> bool:
    """Whether `head` can begin a plain text: no NULs or other control characters, unless it is UTF-16 with a BOM."""
    head = head[:SNIFFED_BYTES]
    if head.startswith(_UTF16_BOMS):
        return True
    return bool(head.strip()) and len(head.translate(None, _CONTROLS)) == len(head)


def looks_like_tar(head: bytes) -> bool:
    """Whether `head` begins a tar archive: by the magic of POSIX (ustar), else by the sum of the first header."""
    if head.startswith(b"ustar", 257):
        return True
    header, stated = head[:_TAR_BLOCK], head[148:156].strip(b" \0")
    if len(header) < _TAR_BLOCK or not header[0] or not re.fullmatch(rb"[0-7]{1,7}", stated):
        return False
    return int(stated, 8) == sum(header) - sum(header[148:156]) + 8 * ord(" ")


def recognise(head: bytes) -> str:
    """The kind of an unpacked file that begins with `head`: warc, arc, zip, parquet, tar, jsonl, html or text, else "".

    JSON is "jsonl" whether its objects stand one a line, in an array or alone.
    """
    if _NOT_OURS.match(head):
        return ""
    return next((kind for kind, is_kind in _KINDS if is_kind(head)), "")


_KINDS: Final[tuple[tuple[str, Callable[[bytes], object]], ...]] = (  # the surest first
    ("warc", re.compile(rb"\s*WARC/\d").match),
    ("arc", begins_arc),
    ("zip", re.compile(rb"PK(?:\x03\x04|\x05\x06)").match),
    ("parquet", re.compile(rb"PAR1").match),
    ("tar", looks_like_tar),
    ("jsonl", _JSON_OBJECT.match),
    ("html", looks_like_html),
    ("text", looks_like_text),
)
