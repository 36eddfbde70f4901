"""Dates that the page shows its reader: <time> elements, microdata, and bylines.

A page shows many dates: of this story, of others beside it, of comments, of today. What tells them apart is where they
stand (near the title, in no sidebar), what they are called (class="entry-date", "تاريخ النشر:") and how little else
stands beside them. Each is worth some points; the weights were chosen on the pages of `benchmarks/accuracy/dates.py`.
"""

import collections
import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, HANGING, LOOSE, DateCandidate, stamped
from warraq.transforms.extract.dates.written import GREGORIAN, parse_written_date
from warraq.transforms.extract.page_index import Look, Seen, look

_LONGEST: Final = 160  # characters of a byline; a longer block is prose, and its dates are history
_TINY: Final = 12  # a block this short may be one part of a date: <div>12</div><div>مايو</div>
_LEAST: Final = -40  # points; with fewer it is another story's date
_FIRM_FROM: Final = 15  # points; with fewer the date stands in no place that speaks for it
_FAR_BEHIND: Final = 30  # points behind the best
_LABEL: Final = 50  # points for "تاريخ النشر:" before a date
_A_LIST: Final = 3  # dates in places of one name: other stories'; a byline comes once, or once for each screen width
_LISTED: Final = 40  # points off for standing in a list
_TODAY_POINTS: Final = -30  # for the day's date at the top of the page: better than nothing
_MOST_LETTERS_BESIDE_LABEL: Final = 40  # "كتب" in a sentence is no label
_MOST_LETTERS_BESIDE_HANGING: Final = 30  # "12 مايو" in a sentence is no byline
_MOST_TRIES: Final = 1000  # stamps and short texts with digits looked at; so a hostile page costs little
_MOST_PIECES: Final = 400  # parts of one line looked at, for the same reason

_UNREAD: Final = frozenset(("script", "style", "option", "textarea"))
_INLINE: Final = frozenset(
    ("a", "abbr", "b", "bdi", "cite", "em", "font", "i", "label", "small", "span", "strong", "sub", "sup", "time", "u")
)
_DIGIT: Final = re.compile(r"\d")
_DATE_WORD: Final = re.compile(r"منذ|قبل|أمس|امس|اليوم|البارحة|ago\b|esterday")
_HEADINGS: Final = frozenset(("h1", "h2", "h3"))
_YEAR: Final = re.compile(r"\d{4}")
_STAMP_DATA: Final = ("data-datetime", "data-date", "data-timestamp", "data-published")
_STAMP_ATTRIBUTES: Final = (
    "datetime", "content", "title", "data-datetime", "data-date", "data-timestamp", "data-published", "data-time",
)  # fmt: skip

_SAYS_PUBLISHED: Final = re.compile(
    r"\b(?:ال|تم\s)?نشر|تاريخ|\bكتب\b|\b[أا]ضيف|\b[أا]درج|publish|posted|publi[eé]", re.IGNORECASE
)
_SAYS_CHANGED: Final = re.compile(r"تحديث|حد[ّ]?[يث]|تعديل|updated|modified|mis à jour", re.IGNORECASE)
_NAMED_PUBLISHED: Final = re.compile(r"publi[sc]|posted|pub-?date|(?:entry|post|article)-?date|created", re.IGNORECASE)
_NAMED_CHANGED: Final = re.compile(r"updat|modif", re.IGNORECASE)
_NAMED_DATE: Final = re.compile(r"date|time(?!line)|byline|stamp", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    r"related|side-?bar|comment|recommend|popular|trending|latest|most-|promo|ticker|breaking|copyright|caption|more-|"
    r"tweet|twitter|embed|disqus|reply|weather|prayer|rltpopup|footer|teaser|read-?(?:more|next)",
    re.IGNORECASE,
)
_OFTEN_ELSEWHERE: Final = re.compile(r"card|(?<!elementor-)widget|carousel|slider|swiper|archive|recent", re.IGNORECASE)
_TODAY: Final = re.compile(
    r"today|current-?date|top-?(?:bar|row)|masthead|(?:site|header|head|top|nav)-?date|date-?now", re.IGNORECASE
)
_ELSEWHERE_TAGS: Final = frozenset(("aside", "footer", "nav", "figure", "figcaption", "form", "blockquote"))


class _Spot(NamedTuple):
    """A place that may hold a date."""

    element: HtmlElement
    line: str  # as shown; empty for a stamp in an attribute
    at: int  # characters of text before it


class _Sighting(NamedTuple):
    """A date at a spot."""

    points: int
    candidate: DateCandidate
    kind: str = ""  # what the page calls the spot, unless it is right beside the title


def find_in_page(tree: HtmlElement, looked_at: Look | None = None) -> list[DateCandidate]:
    """The dates in the page's body, likeliest first; those that surely are of other stories are left out.

    `looked_at` is what `look(tree)` gives, for who has it already.
    """
    page = looked_at or look(tree)
    behind_head = itertools.dropwhile(lambda seen: seen[1] != "body", page.elements) if page.tagged["body"] else None
    body = list(behind_head or page.elements)
    titles = set(_titles(page, body))
    spots, starts = _spots(body, _stamped(page), titles)
    around = {ancestor for title in titles for ancestor in title.iterancestors()}
    sightings = [sighting for spot in spots for sighting in _sightings(spot, starts, around)]
    kinds = collections.Counter((s.kind, s.candidate.source) for s in sightings if s.kind)
    listed = {kind for kind, times in kinds.items() if times >= _A_LIST}
    fined = (s._replace(points=s.points - _LISTED) if (s.kind, s.candidate.source) in listed else s for s in sightings)
    return _ranked(list(fined))


def find_in_text(text: str) -> list[DateCandidate]:
    """The dates on lines of their own, or labelled as dates of publication, in a text without markup."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    edges = dict.fromkeys([*range(min(12, len(lines))), *range(max(0, len(lines) - 4), len(lines))])
    sightings: list[_Sighting] = []
    for number in edges:
        line = lines[number]
        if len(line) <= _LONGEST and _may_hold_date(line):
            sightings.extend(s for s in _written(line, f"line {number + 1}") if s.points >= 0)
    return _ranked(sightings)


def _titles(page: Look, body: list[Seen]) -> list[HtmlElement]:
    """The headings that carry the page's title; failing that the first <h1> with text; else none."""
    stated = [" ".join(text.split()) for text in (title.text or "" for title in page.tagged["title"])]
    stated += [meta.get("content", "") for meta in page.tagged["meta"] if meta.get("property") == "og:title"]
    headings = [(seen[0], " ".join("".join(seen[0].itertext()).split())) for seen in body if seen[1] in _HEADINGS]
    matching = [
        heading
        for heading, text in headings
        if len(text) >= 10 and any(text in title or (len(title) >= 10 and title in text) for title in stated)
    ]
    return matching or [heading for heading, text in headings if text and heading.tag == "h1"][:1]


def _spots(body: list[Seen], stamped: set[HtmlElement], titles: set[HtmlElement]) -> tuple[list[_Spot], list[int]]:
    """Places that may hold a date, in order; and how many characters stand before each title."""
    shown: list[_Spot] = []
    starts: list[int] = []
    read = 0
    for element, tag, inner, tail in body:
        if element in stamped:
            shown.append(_Spot(element, "", read))
        if element in titles:
            starts.append(read)
        if inner and not inner.isspace() and tag not in _UNREAD:
            if len(inner) <= _LONGEST and _may_hold_date(inner):
                shown.append(_Spot(element, inner, read))
            read += len(inner)
        if tail and not tail.isspace():
            if len(tail) <= _LONGEST and _may_hold_date(tail):
                shown.append(_Spot(element.getparent(), tail, read))
            read += len(tail)
    return _lines(shown[:_MOST_TRIES], titles), starts


def _lines(shown: list[_Spot], titles: set[HtmlElement]) -> list[_Spot]:
    """The spots, each once, with the whole line around each text; without titles."""
    spots: dict[tuple[HtmlElement, str], _Spot] = {}
    for spot in shown:
        block, line = _block(spot.element, spot.line) if spot.line else (spot.element, "")
        if not spot.line or (line and block not in titles):
            spots.setdefault((block, line), spot._replace(line=line))
    return list(spots.values())


def _may_hold_date(text: str) -> bool:
    return _DIGIT.search(text) is not None or _DATE_WORD.search(text) is not None


def _stamped(page: Look) -> set[HtmlElement]:
    """The elements whose attributes may hold a date for machines."""
    stamped = {element for attribute in _STAMP_DATA for element in page.marked(attribute, bool)}
    stamped.update(page.marked("itemprop", lambda name: name.startswith("date")))
    stamped.difference_update(page.tagged["meta"])
    stamped.update(page.tagged["time"], (abbr for abbr in page.tagged["abbr"] if abbr.get("title") is not None))
    return stamped


def _block(holder: HtmlElement, text: str) -> tuple[HtmlElement, str]:
    """The block that holds `text`, and the line in it that does: up to the next block or <br> on both sides.

    A line of a few characters in an element named for dates is a part: then all of that element counts. The line of a
    paragraph of prose is left empty.
    """
    block = holder
    while block.tag in _INLINE and block.getparent() is not None:
        block = block.getparent()
    line = _line(block, text)
    parent = block.getparent()
    if len(line) <= _TINY and parent is not None and _NAMED_DATE.search(_name(parent)):
        whole = _folded(parent.itertext(etree.Element))
        block, line = (parent, whole) if len(whole) <= _LONGEST else (block, line)
    return block, line if len(line) <= _LONGEST else ""


def _line(block: HtmlElement, text: str) -> str:
    """The line of `block` that shows `text`; an element named for dates opens a new line after a date."""
    pieces = [block.text or ""]
    for child in itertools.islice(block, _MOST_PIECES):
        inline = child.tag in _INLINE
        opens = inline and any(map(_YEAR.search, pieces[-_TINY:])) and _NAMED_DATE.search(_name(child))
        if opens or not (inline or child.tag is etree.Comment):  # React leaves comments between the parts of a date
            if text in pieces:
                break
            pieces = []
        if inline:
            pieces.extend(itertools.islice(child.itertext(etree.Element), _MOST_PIECES))
        pieces.append(child.tail or "")
    return _folded(pieces)


def _folded(pieces: Iterable[str]) -> str:
    """The pieces joined, white space folded; cut soon after _LONGEST characters."""
    words: list[str] = []
    length = 0
    for piece in pieces:
        words.extend(piece.split())
        length += len(piece.strip())
        if length > _LONGEST:
            break
    return " ".join(words)


def _name(element: HtmlElement) -> str:
    """What the page's author calls the element: its tag, class, id and itemprop."""
    return f"{element.tag} {element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')}"


@functools.lru_cache(maxsize=4096)  # a page repeats its names
def _says(what: re.Pattern[str], name: str) -> bool:
    return what.search(name) is not None


def _ancestors(element: HtmlElement, around: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The elements around `element`, inner first, up to those that hold the title too and tell nothing of the place."""
    for ancestor in element.iterancestors():
        if ancestor in around:
            return
        yield ancestor


def _place_points(near: list[HtmlElement], names: list[str], *, beside: bool) -> int:
    """Points for what the spot and the elements around it are, and are called."""
    own = " ".join(names[:4])
    points = 30 if _NAMED_PUBLISHED.search(own) else 20 if _NAMED_DATE.search(own) else 0 if beside else -40
    if any(element.tag in _ELSEWHERE_TAGS for element in near) or any(_says(_ELSEWHERE, name) for name in names):
        points -= 100
    elif any(_says(_OFTEN_ELSEWHERE, name) for name in names):
        points -= 60
    if not beside and any(element.tag == "a" and len(element.get("href", "#")) > 1 for element in near):
        points -= 45
    return points


def _distance_points(at: int, starts: list[int]) -> tuple[int, bool]:
    """Points for standing soon after a title, or right before one; and whether the place is right beside it."""
    after = min((at - start for start in starts if start <= at), default=None)
    before = min((start - at for start in starts if start > at), default=None)
    beside = (after is not None and after < 250) or (before is not None and before < 100)
    if after is not None:
        return 30 if after < 400 else 15 if after < 1200 else 0 if after < 4000 else -40, beside
    return (-40 if before is not None and before >= 200 else 0), beside


def _sightings(spot: _Spot, starts: list[int], around: set[HtmlElement]) -> Iterator[_Sighting]:
    """The dates at one spot, with the points of the place and of the wording."""
    where = f"<{spot.element.tag}>"
    found = list(_written(spot.line, where)) if spot.line else list(_stamps(spot.element))[:1]
    if not found:
        return
    near = [spot.element, *_ancestors(spot.element, around)]
    names = [_name(element) for element in near]
    points, beside = _distance_points(spot.at, starts)
    points = (
        _TODAY_POINTS
        if any(_says(_TODAY, name) for name in names)
        else points + _place_points(near, names, beside=beside)
    )
    own = " ".join(names[:4])
    changed = bool(_NAMED_CHANGED.search(own)) and not _NAMED_PUBLISHED.search(own)
    for sighting in found:
        candidate = sighting.candidate
        if changed and candidate.standing == FIRM and sighting.points < _LABEL:
            candidate = candidate._replace(standing=CHANGED)
        if starts and spot.at < starts[0] and sighting.points < _LABEL:
            candidate = candidate._replace(above=True)
        yield _Sighting(points + sighting.points, candidate, "" if beside else " / ".join(names[:2]))


def _stamps(element: HtmlElement) -> Iterator[_Sighting]:
    for attribute in _STAMP_ATTRIBUTES:
        for candidate in stamped("time_tag", element.get(attribute), f"<{element.tag} {attribute}>"):
            yield _Sighting(0, candidate)


def _written(line: str, where: str) -> Iterator[_Sighting]:
    """The dates written in one line. Beside a Gregorian date a Hijri one says the same and is left out."""
    dates = parse_written_date(line)
    if not dates:
        return
    letters = sum(map(str.isalpha, line)) - sum(sum(map(str.isalpha, line[d.start : d.end])) for d in dates)
    if any(written.date and written.calendar == GREGORIAN for written in dates):
        dates = [written for written in dates if written.date and written.calendar == GREGORIAN]
    since = 0
    for written in dates:
        label = line[since : written.start]
        since = written.end
        if written.date is None and letters > _MOST_LETTERS_BESIDE_HANGING:
            continue
        changed = bool(_SAYS_CHANGED.search(label))
        labelled = not changed and letters <= _MOST_LETTERS_BESIDE_LABEL and _SAYS_PUBLISHED.search(label)
        apart = not re.search(r"[^\W\d_]\s*$", label) and not re.match(r"\s*[^\W\d_]", line[written.end :])
        wording = 10 if letters <= 15 else 0 if apart else -10 - letters // 2
        points = wording + (_LABEL if labelled else 0)
        standing = CHANGED if changed else FIRM if written.date else HANGING
        hanging = None if written.date else written
        evidence = f"{where}: {line[:80]}"
        yield _Sighting(
            points, DateCandidate("byline", written.date, written.published_at, evidence, standing, hanging)
        )


def _ranked(sightings: list[_Sighting]) -> list[DateCandidate]:
    """Likeliest first, equals in order of appearance; LOOSE if far behind the best or in no good place.

    What stands above the title puts nothing below it in the shade: it may be the day's date.
    """
    best = max((sighting.points for sighting in sightings), default=0)
    best_below = max((sighting.points for sighting in sightings if not sighting.candidate.above), default=0)
    ranked = sorted((s for s in sightings if s.points >= _LEAST), key=lambda s: -s.points)
    return [
        s.candidate
        if s.points >= max(_FIRM_FROM, (best if s.candidate.above else best_below) - _FAR_BEHIND)
        else s.candidate._replace(standing=LOOSE)
        for s in ranked
    ]
