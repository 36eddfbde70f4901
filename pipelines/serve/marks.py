"""Texts from pages, cut into pieces that a template escapes: names in colour, words that were found, safe addresses."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from warraq.pipelines.terminal import visible

_WEB: Final = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)


class Piece(NamedTuple):
    """A piece of a text. `kind` and `name` are empty outside of entities."""

    text: str
    kind: str = ""
    name: str = ""


def cut(text: str, entities: Iterable[Mapping[str, Any]]) -> list[Piece]:
    """The text in pieces, in order, without gap: what entities cover, and what is between them.

    Offsets are code points, as in the column. An entity that overlaps one before it, or ends outside of the text, is
    left out.
    """
    pieces, done = [], 0
    for entity in sorted(entities, key=lambda entity: (entity["start"], -entity["end"])):
        start, end = entity["start"], entity["end"]
        if start < done or not start < end <= len(text):
            continue
        pieces += [Piece(text[done:start]), Piece(text[start:end], entity["kind"], entity["name"])]
        done = end
    return [piece for piece in [*pieces, Piece(text[done:])] if piece.text]


def paragraphs(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces by paragraph. Paragraphs are separated by newlines, which may lie inside a piece."""
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *more = piece.text.split("\n")
        found[-1].append(piece._replace(text=first))
        found += [[piece._replace(text=line)] for line in more]
    kept = ([piece for piece in paragraph if piece.text] for paragraph in found)
    return [paragraph for paragraph in kept if any(piece.text.strip() for piece in paragraph)]


def found(text: str, spans: Iterable[tuple[int, int]]) -> list[Piece]:
    """A snippet in pieces; those that were found have the kind `found`."""
    return cut(text, ({"start": start, "end": end, "kind": "found", "name": ""} for start, end in spans))


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    """The places of some words in a text, as they are written."""
    return [match.span() for match in re.finditer(re.escape(words), text)] if words else []


def shown(text: object) -> str:
    r"""A text with control characters and direction overrides written out, as `\u202e`: they could reorder a page.

    Isolates and embeddings are among them; the marks that Arabic needs stay.
    """
    return "" if text is None else visible(str(text))


def readable(url: str | None) -> str:
    """The address with Arabic letters in place of their escapes, as a browser shows it."""
    try:
        return unquote(url or "", errors="strict")
    except UnicodeDecodeError:
        return url or ""


def web_address(url: str | None) -> str:
    """The address, if a browser may follow it: `http` or `https`. Else nothing, as for `javascript:`."""
    return url if url and _WEB.fullmatch(url) else ""
