"""The document kind: tables, code, feeds, subtitles and other files that are no page, whatever their media type.

Each kind has a sign that prose never has: its first line, or the form of most lines. The name of the kind is the detail
of the rejection.
"""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from warraq.transforms.extract.findings import Candidate

_SEEN: Final = 65_536  # characters that are looked at
_SEEN_LINES: Final = 400
_LONGEST_LINE: Final = 500  # characters that are looked at

# The beginning of a document; each match is the whole evidence. Repetitions are bounded, or can match in one way only.
_KEY: Final = r"\{\s*\"[^\"\n]{1,200}\"\s*:"
_SQL: Final = (
    r"(?:--[^\n]*\n\s*|/\*[^*]{0,500}\*/;?\s*){0,30}(?:insert\s+into\s+\S+\s|create\s+(?:table|database|schema)\s"
    r"|drop\s+table\s|set\s+(?:names|foreign_key_checks|sql_mode|statement_timeout)\b|copy\s+\S{1,100}\s*\("
    r"|pragma\s+\w|begin\s+transaction|use\s+`)"
)
_MAIL: Final = (
    r"(?:return-path|received|delivered-to|mime-version|message-id):\s[^\n]*\n[\w-]+:|From \S{1,100}@\S{1,100} "
)
_BEGINNINGS: Final = tuple(
    (name, re.compile(rf"[\s\ufeff]*(?:{pattern})", re.IGNORECASE))
    for name, pattern in (
        ("JSON: a file of it is read in UTF-8", rf"{_KEY}\s*[\[{{\"\d\-tfn]|\[\s*{_KEY}"),
        ("subtitles", r"WEBVTT\b|\[Script Info\]|\d+[ \t]*\r?\n\d\d:\d\d:\d\d[,.]\d{3}[ \t]*-->"),
        ("SQL", _SQL),
        ("an e-mail", _MAIL),
        ("a calendar", r"BEGIN:VCALENDAR"),
        ("a contact", r"BEGIN:VCARD"),
        ("RTF", r"\{\\rtf"),
        ("LaTeX", r"(?:%[^\n]*\n\s*){0,30}\\documentclass"),
        ("BibTeX", r"@\w+\{[\w:-]+,\s*\n"),
        ("a playlist", r"#EXTM3U"),
        ("a patch", r"diff --git |--- a/|Index: \S+\n=="),
        ("a key", r"-----BEGIN [A-Z ]+-----"),
        ("a translation file", r"(?:#[^\n]*\n\s*){0,60}msgid\s+\""),
        ("source code", r"#!\s?/|<\?php\b(?![^<]{0,300}<html)"),
    )
)
_XML: Final = re.compile(
    r"[\s\ufeff]*(?:<\?xml\b[^>]{0,200}\?>\s*)?"
    r"(?:(?:<!--(?:(?!-->).){0,2000}-->|<\?[\w-]+[^>]{0,500}\?>|<!DOCTYPE\s(?!\s*html)[^>]{0,500}>)\s*)*"
    r"<(?P<root>[\w.-]+(?::[\w.-]+)?)(?=[\s/>])",
    re.DOTALL | re.IGNORECASE,
)
_FEEDS: Final = {
    "rss": "an RSS feed", "rdf:rdf": "an RSS feed", "feed": "an Atom feed", "urlset": "a sitemap",
    "sitemapindex": "a sitemap", "opml": "a list of feeds", "svg": "an image",
}  # fmt: skip
_DECLARED: Final = re.compile(r"[\s\ufeff]*<\?xml\b")
# Roots of pages: all of HTML, and wml, in which sites served their news to phones.
_PAGE_ROOTS: Final = re.compile(
    r"(?i)!?(?:html|head|body|title|meta|link|base|script|style|div|span|article|section|main|header|footer|nav|aside|p|h[1-6]"
    r"|a|b|i|ul|ol|li|table|tbody|tr|td|center|font|img|br|form|iframe|noscript|template|figure|blockquote|pre|wml|!.*)$"
)

_TIMES: Final = re.compile(r"^\s*(?:\d+:)?\d\d:\d\d[.,]\d{2,3}\s*-->|^\[\d\d?:\d\d(?:[.:]\d\d)?\]|^Dialogue: \d")
_LOG: Final = re.compile(
    r"^\W?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3}\s|(?:INFO|DEBUG|WARN(?:ING)?|ERROR)\b)"
)
_CODE: Final = re.compile(
    r"[{};][ \t]*$|^\s*(?://|/\*|\*/|<\?|\?>|@\w+\b(?!\.)|\}|\]|\))"
    r"|^\s*(?:def|class|import|from|return|if|elif|for|while|var|let|const|function|public|private|static|package|using"
    r"|#include|#define|echo|print|use|require|try|except|async|export|local|end|else)\b.*[:({;=)\"'>\w]\s*$"
    r"|^\s*[\"']?[\w.$-]+[\"']?\s*(?:=|:=|=>|:)\s*[\"'\[{(].*[\"'\]}),]\s*[,;]?\s*$"
    r"|^\s*(?:[\w.]+)\(.*\)\s*,?$|^\s*[\w.-]+\s*=\s*\S.*$"
)
_MARKUP: Final = re.compile(r"(?i)</?(?:html|head|body|div|span|p|br|article)\b")
_CODE_SHARE: Final = 0.5  # of the lines that are not blank
_LOG_SHARE: Final = 0.6
_TIMES_SHARE: Final = 0.2  # SRT has a line of times for two to four other lines
_LEAST_LINES: Final = 4

_DELIMITERS: Final = ",;\t|"
_ROW_SHARE: Final = 0.9  # of the rows, with as many cells as the header
_LEAST_ROWS: Final = 3  # with the header
_LEAST_NARROW_ROWS: Final = 5  # of two columns: a comma in each line may be chance
_LONGEST_HEADER: Final = 40  # characters of a cell


def read_document_kind(document: str) -> Iterator[Candidate]:
    """The sign that a document is no page and no text, whatever it is called; none for pages and prose."""
    head = document[:_SEEN]
    kind = _beginning(head) or _root(head)
    if kind is None and not _MARKUP.search(head):
        kind = _form_of_lines(head)
    if kind:
        yield Candidate(kind, "document", f"no page: {kind}")


def _beginning(head: str) -> str | None:
    return next((name for name, begins in _BEGINNINGS if begins.match(head)), None)


def _root(head: str) -> str | None:
    """The name of an XML document by its root element; None for HTML."""
    found = _XML.match(head)
    if not found:
        return None
    root = found["root"].lower()
    if root in _FEEDS:
        return _FEEDS[root]
    return f"XML with the root {root}" if _DECLARED.match(head) and not _PAGE_ROOTS.match(root) else None


def _form_of_lines(head: str) -> str | None:
    lines = [line[:_LONGEST_LINE] for line in itertools.islice(head.splitlines(), _SEEN_LINES) if line.strip()]
    for kind, share, is_such in (
        ("subtitles", _TIMES_SHARE, _TIMES.search),
        ("a log", _LOG_SHARE, _LOG.search),
        ("source code", _CODE_SHARE, _CODE.search),
    ):
        if _most(lines, share, is_such):
            return kind
    delimiter = next((sign for sign in _DELIMITERS if _is_table(head, sign)), None)
    return f"a table of values separated by {delimiter!r}: save it as JSON lines or Parquet" if delimiter else None


def _most(lines: Sequence[str], share: float, is_such: Callable[[str], object]) -> bool:
    return len(lines) >= _LEAST_LINES and sum(map(bool, map(is_such, lines))) >= share * len(lines)


def _is_table(head: str, delimiter: str) -> bool:
    """True for a header of short cells, and rows with as many cells. After a delimiter of prose there is a space."""
    header = head.lstrip("\ufeff\r\n").partition("\n")[0].rstrip("\r")
    if delimiter not in header or f"{delimiter} " in header:
        return False
    rows = list(itertools.islice(_rows(head, delimiter), _SEEN_LINES))
    cells = [cell.strip() for cell in rows[0]] if rows else []
    if len(cells) < 2 or not all(0 < len(cell) <= _LONGEST_HEADER for cell in cells) or len(set(cells)) < len(cells):
        return False
    if len(rows) < (_LEAST_ROWS if len(cells) > 2 else _LEAST_NARROW_ROWS):
        return False
    return Counter(map(len, rows))[len(cells)] >= _ROW_SHARE * len(rows)


def _rows(head: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a table, without the last one, which may be cut."""
    try:
        rows = [row for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
    except csv.Error:
        return
    yield from rows if len(head) < _SEEN else rows[:-1]
