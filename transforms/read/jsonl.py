"""JSON lines, plain and in gzip: one page an object, HTML or ready text."""

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, cast

from schemas.records import Page, Rejected
from transforms.read.dump import BUFFER, Dump, refuse, sized, sound
from transforms.read.inflate import Inflated
from transforms.read.loose import file_url
from transforms.read.rules import ReadRules, parse_time

_ESCAPE_FACTOR: Final = 6  # \u0627 is six bytes for a character


def read_json_lines(stream: BinaryIO, dump: Dump, rules: ReadRules) -> Iterator[Page | Rejected]:
    """One page or refusal for each line that isn't blank, at the line's byte offset (in gzip: of the inflated text)."""
    is_packed = dump.format.endswith(".gz")
    inflated = Inflated(stream)
    lines = cast("BinaryIO", io.BufferedReader(inflated, BUFFER)) if is_packed else stream
    limit = _ESCAPE_FACTOR * rules.max_bytes + BUFFER
    names, offset = rules.field_names(), 0
    while line := lines.readline(limit):
        size = len(line)
        while not line.endswith(b"\n") and size >= limit and (rest := lines.readline(BUFFER)):
            size += len(rest)
            if rest.endswith(b"\n"):
                break
        if size > limit:
            yield refuse(dump, offset, "too_large", f"a line of {size} bytes", size=size)
        elif line.strip():
            yield read_line(line, offset, dump, rules, names)
        offset += size
    if is_packed and inflated.damage:
        yield refuse(dump, offset, "corrupt_record", inflated.damage)


def read_line(line: bytes, offset: int, dump: Dump, rules: ReadRules, names: dict[str, str]) -> Page | Rejected:
    """The page in one line. An object with `text` is plain text, even if it has `html` too."""
    try:
        stated: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        return refuse(dump, offset, "corrupt_record", f"no JSON: {error}", size=len(line))
    if not isinstance(stated, dict):
        return refuse(dump, offset, "corrupt_record", "not a JSON object", size=len(line))
    fields = {name: stated.get(theirs) for name, theirs in names.items()}
    text, html = _string(fields["text"]), _string(fields["html"])
    url = sound(_string(fields["url"]) or f"{file_url(dump.path)}#{offset}")
    fetched_at = parse_time(fields["fetched_at"]) or rules.stated_time() or dump.modified_at
    if not text and not html:
        detail = f"no {names['html']} or {names['text']}"
        return refuse(dump, offset, "not_html", detail, url=url, size=len(line), fetched_at=fetched_at)
    content, charset = (text.encode("utf-8", "replace"), "utf-8") if text else _bytes(html, _string(fields["charset"]))
    title = sound(_string(fields["title"])) or None
    return sized(Page(url, content, bool(text), charset, title, fetched_at, dump.path, offset), rules.max_bytes)


def _bytes(html: str, charset: str) -> tuple[bytes, str]:
    """The page as bytes with their charset: UTF-8, unless the dump kept undecoded bytes as code points 0 to 255."""
    if charset and not html.isascii() and not charset.lower().startswith("utf"):
        try:
            return html.encode("latin-1"), charset
        except UnicodeEncodeError:
            pass
    return html.encode("utf-8", "replace"), "utf-8"


def _string(stated: object) -> str:
    return stated.strip() if isinstance(stated, str) else ""
