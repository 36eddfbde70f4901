"""Finds JSON objects that are not one a line: an array on one line, or objects written over many lines.

A window moves over the file and holds one object at a time. Only the limits of objects are found here, so each byte
is read as one character, in any charset.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from warraq.transforms.read.limits import MAX_VALUES

_WINDOW: Final = 1024 * 1024
_HEAD: Final = 8192
_BOM: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = re.compile("[\\s,\\[\\]\xef\xbb\xbf]*")
_NEXT: Final = re.compile(r"[}\]\n]\s*,?\s*(?=\{)")  # the start of another object after a damaged one
_NEXT_CHARS: Final = 64  # longest match of `_NEXT` that is searched for
_NEAR_END: Final = 16  # characters; an error so close to the window's end may mean that the object goes on
_TRIM: Final = 32 * 1024  # characters dropped after damage: errors of json count the lines of all of them
_TOO_MANY: Final = ("too_large", f"an object of more than {MAX_VALUES} values")
_DECODER: Final = json.JSONDecoder(strict=False)


_Problem: TypeAlias = tuple[str, str]


class FoundObject(NamedTuple):
    """One object; with `problem`, the reason and detail of its rejection."""

    offset: int
    content: bytes
    problem: _Problem | None = None


def is_multiline(stream: BinaryIO) -> bool:
    """True if the objects of a file are not one a line, judged by its beginning."""
    stream.seek(0)
    head = stream.read(_HEAD).removeprefix(_BOM).lstrip()
    if not head.startswith(b"["):
        return re.match(rb"\{\s*\n", head) is not None
    first = (head + stream.read(_WINDOW))[1:].lstrip().partition(b"\n")[0]
    try:
        return not isinstance(json.loads(first.strip(b"[,] \t\r")), dict)
    except (ValueError, RecursionError):
        return True


def read_objects(stream: BinaryIO, limit: int) -> Iterator[FoundObject]:
    """The objects of a file, in order, each of at most `limit` bytes. A stretch without objects is one rejection."""
    stream.seek(0)
    held, at, begin = "", 0, 0  # `held` is the window at `at`; the part before `begin` is done
    has_many = False
    problem: _Problem | None
    while True:
        begin += len(_BETWEEN.match(held, begin)[0])  # type: ignore[index]
        end, problem = (len(held), _TOO_MANY) if has_many else _end_of_object(held, begin)
        fits = len(held) - begin < limit
        if not end and not problem:
            if fits and (more := stream.read(max(_WINDOW, len(held) - begin))):
                held, at, begin = held[begin:] + more.decode("latin-1"), at + begin, 0
                has_many = len(held) > MAX_VALUES and has_many_values(held.encode("latin-1"))
                continue
            if begin == len(held):
                return
            problem = (
                ("corrupt_record", "cut short") if fits else ("too_large", f"an object of more than {limit} bytes")
            )
        yield FoundObject(at + begin, b"" if problem else held[begin:end].encode("latin-1"), problem)
        begin, has_many = end or (begin + 1 if fits else len(held)), False
        if not problem:
            continue
        while (following := _NEXT.search(held, begin)) is None:
            more = stream.read(_WINDOW)
            if not more:
                return
            kept = held[max(begin, len(held) - _NEXT_CHARS) :]
            held, at, begin = kept + more.decode("latin-1"), at + len(held) - len(kept), 0
        begin = following.end()
        if begin > _TRIM:
            held, at, begin = held[begin:], at + begin, 0


def has_many_values(content: bytes) -> bool:
    """True if an object may have so many values that they fill the memory: commas and brackets are counted."""
    return len(content) > MAX_VALUES and sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES


def _end_of_object(held: str, begin: int) -> tuple[int, _Problem | None]:
    """The end of the object at `begin`, or of damage there, with its reason; 0 if the object may go on."""
    if begin < len(held) and held[begin] != "{":
        return begin + 1, ("corrupt_record", "not a JSON object")
    try:
        return _DECODER.raw_decode(held, begin)[1], None
    except json.JSONDecodeError as error:
        if error.pos >= len(held) - _NEAR_END or error.msg.startswith("Unterminated string"):
            return 0, None
        return error.pos, ("corrupt_record", f"no JSON: {error.msg}")
    except RecursionError:
        return min(begin + sys.getrecursionlimit() // 2, len(held)), ("corrupt_record", "nested too deeply")
    except ValueError as error:  # a number with more digits than Python accepts
        return begin + 1, ("corrupt_record", f"no JSON: {error}")
