"""Signs of HTML in bytes and in text, for bodies without a media type or with a false one."""

import re
from typing import Final

_SEEN_BYTES: Final = 8192

_HTML_START: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|table|div|h1|p)\b", re.IGNORECASE
)
_HTML_ANYWHERE: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TAG_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_PAGE_START: Final = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TAGS: Final = re.compile(
    r"</(?:p|div|span|html|body|article|section|h[1-6]|ul|ol|table|a|b|strong|em)\s*>|<br\s*/?>|<!doctype\s+html",
    re.IGNORECASE,
)


def looks_like_html(head: bytes) -> bool:
    """True if a body that begins with `head` is HTML, in UTF-16 or in a charset that keeps ASCII."""
    ascii_head = head[:_SEEN_BYTES].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\f")
    return bool(_HTML_START.match(ascii_head) or _HTML_ANYWHERE.search(ascii_head))


def starts_with_tag(content: bytes, at: int = 0) -> bool:
    """True if the first character from `at` on, after white space, is `<`."""
    return _TAG_START.match(content, at) is not None


def is_whole_page(text: str) -> bool:
    """True if a text begins like an HTML document."""
    return _PAGE_START.match(text) is not None


def has_tags(text: str) -> bool:
    """True if a text holds a usual end tag, a line break or a doctype."""
    return _TAGS.search(text) is not None
