"""Headers of WARC records and of HTTP messages: lines `Name: value` up to a blank line."""

import contextlib
import io
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from fastwarc.warc import HeaderMap

BLANK_LINE: Final = re.compile(rb"\n\r?\n")

Fields: TypeAlias = Mapping[str, list[str]]


def parse_headers(head: bytes) -> Fields:
    """The values of each field, by name in lower case. Lines may end with LF or with CR LF.

    FastWARC limits the size of a header: of a longer one, the fields before the limit are returned.
    """
    headers = HeaderMap()
    with contextlib.suppress(OSError):  # FastWARC raises it at its limit; the bytes are in memory
        headers.parse(io.BytesIO(head if b"\r\n" in head else head.replace(b"\n", b"\r\n")))
    fields: dict[str, list[str]] = {}
    for name, value in headers.astuples():  # one call for all: FastWARC needs longer to look up two fields
        fields.setdefault(name.lower(), []).append(value)
    return fields


def first_value(fields: Fields, name: str) -> str:
    """The first value of a field, stripped; "" if the field is missing."""
    return fields[name][0].strip() if name in fields else ""


def joined_values(fields: Fields, name: str) -> str:
    """All values of a field, joined by commas (RFC 9110, 5.3); "" if the field is missing."""
    return ", ".join(fields.get(name, ()))
