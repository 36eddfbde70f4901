"""Recognises what a file or a body is by its first bytes, never by its name."""

import json
import re
from typing import Final

SNIFFED_BYTES: Final = 8192

_HTML_START: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|table|div|h1|p)\b", re.IGNORECASE
)
_HTML_ANYWHERE: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_OURS: Final = (b"filedesc:", b"%PDF", b"%!PS")  # ARC, PDF, PostScript: they begin like text


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


def looks_like_json_lines(head: bytes) -> bool:
    """Whether the first line is one JSON object, whole or cut by the end of `head`."""
    line, newline, _ = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return not newline and re.match(rb'\{\s*"', line) is not None and len(head) >= SNIFFED_BYTES


def recognise(head: bytes) -> str:
    """The kind of an uncompressed file that begins with `head`: warc, zip, jsonl, html, text, or "" for others."""
    if head.startswith(_NOT_OURS):
        return ""
    if re.match(rb"\s*WARC/\d", head):
        return "warc"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if looks_like_json_lines(head):
        return "jsonl"
    if looks_like_html(head):
        return "html"
    return "text" if looks_like_text(head) else ""
