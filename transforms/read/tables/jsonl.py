"""Reads JSON lines, and JSON arrays: one page an object, HTML or text.

An array with one object a line, as Scrapy writes its feeds, is read as lines: the brackets and commas around objects
are ignored.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from warraq.schemas.records import Page, Rejected
from warraq.transforms.land.segments import ID, PLACE, UNREADABLE
from warraq.transforms.read.dump import BUFFER, Claim, Dump, claim_all, refuse
from warraq.transforms.read.limits import MAX_VALUES
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.columns import page_of
from warraq.transforms.read.tables.json_array import has_many_values, is_multiline, read_objects
from warraq.transforms.read.tables.names import Names, StatedFields, names_of

_ESCAPE_FACTOR: Final = 6  # \u0627 is six bytes for a character
_BOM: Final = b"\xef\xbb\xbf"
_DECODER: Final = json.JSONDecoder(strict=False)  # accepts raw tabs inside strings


def read_json_lines(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """One page or rejection for each object of the file, at its byte offset in the decompressed stream."""
    yield from read_json_lines_range(stream, 0, None, dump, rules)


def read_json_lines_range(  # noqa: PLR0913, PLR0917  (a range is two numbers)
    stream: BinaryIO, start: int, stop: int | None, dump: Dump, rules: ReadRules, claim: Claim = claim_all
) -> Iterator[Page | Rejected]:
    """One page or rejection for each line that starts in [start, stop) and isn't blank, at the line's byte offset.

    Any cut of a file into ranges gives each line exactly once. `claim` is called with the offset of each line, in
    order, before the line is read; reading ends when it returns False. Objects over many lines, or many in one line,
    are all read by the range that begins at 0.

    Raises:
      InputError: none of the first 100 objects of the file has a field that the user states.
    """
    names, limit = names_of(rules), _ESCAPE_FACTOR * rules.max_bytes + BUFFER
    stated = None if start else StatedFields(names, dump)
    if is_multiline(stream):
        if start == 0 and claim(0):
            for offset, content, problem in read_objects(stream, limit):
                if problem:
                    yield refuse(dump, offset, *problem)
                else:
                    yield read_object(content, offset, dump, rules, names, stated)
        return
    for offset, line in _lines(stream, start, stop, limit):
        content = _bare(line)
        if content and not claim(offset):
            return
        if len(line) == limit:
            yield refuse(dump, offset, "too_large", f"a line of more than {limit} bytes", size=limit)
        elif content:
            yield read_object(content, offset, dump, rules, names, stated)


def _lines(stream: BinaryIO, start: int, stop: int | None, limit: int) -> Iterator[tuple[int, bytes]]:
    """Offset and content of the lines that start in [start, stop). A line is cut after `limit` bytes.

    The rest of such a line is skipped up to `stop`: no line starts in a range that it fills.
    """
    offset = max(0, start - 1)
    stream.seek(offset)
    is_first = start > 0  # a line that began before the range: the byte before the range may end it
    while (stop is None or offset < stop) and (line := stream.readline(limit)):
        size, ends = len(line), line.endswith(b"\n")
        while not ends and (stop is None or offset + size < stop) and (rest := stream.readline(BUFFER)):
            size, ends = size + len(rest), rest.endswith(b"\n")
        if not is_first:
            yield offset, line
        is_first = False
        offset += size


def _bare(line: bytes) -> bytes:
    """The object in a line of an array or of JSON lines; empty without one."""
    bare = line.strip().removeprefix(_BOM)
    return bare if bare.startswith(b"{") and bare.endswith(b"}") else bare.lstrip(b"[, \t").rstrip(b"], \t")


def read_object(  # noqa: PLR0913, PLR0917  (an object and its place)
    line: bytes, offset: int, dump: Dump, rules: ReadRules, names: Names, stated: StatedFields | None = None
) -> Page | Rejected:
    """The page in one object, or its rejection."""
    if has_many_values(line):
        return refuse(dump, offset, "too_large", f"an object of more than {MAX_VALUES} values", size=len(line))
    try:
        record: Any = _DECODER.decode(line.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        detail = f"not UTF-8: byte {line[error.start]:#04x} at {error.start}; convert the file"
    except (ValueError, RecursionError) as error:
        detail = f"no JSON: {error}"
    else:
        if isinstance(record, dict) and record.keys() in (
            {PLACE, UNREADABLE},
            {ID, UNREADABLE},
        ):  # a message that could not be read
            return refuse(dump, offset, "corrupt_record", str(record[UNREADABLE]), size=len(line))
        if isinstance(record, dict):
            if stated:
                stated.check(record)
            return page_of(record, names, offset, len(line), dump, rules)
        detail = "not a JSON object"
    return refuse(dump, offset, "corrupt_record", detail, size=len(line))
