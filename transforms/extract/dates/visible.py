"""Reader of the dates that the page shows: <time> elements, microdata, and bylines.

A page shows many dates: of this article, of other articles, of comments, of today. Points tell them apart: for the
place (near the title, in no sidebar), for names (class="entry-date", "تاريخ النشر:"), and for a line without other
text. The points were chosen on the pages of `benchmarks/accuracy/dates.py`.
"""

import collections
import datetime as dt
import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lxml.html import HtmlElement

from warraq.transforms.extract.dates.datelines import read_dateline
from warraq.transforms.extract.dates.stamps import CHANGED, FIRM, LOOSE, RELATIVE, DateCandidate, stamped
from warraq.transforms.extract.dates.written import GREGORIAN, parse_written_date
from warraq.transforms.extract.page_index import Indexed, PageIndex

_LONGEST: Final = 160  # characters of a byline; a longer block is prose, and its dates are history
_TINY: Final = 12  # a block this short may be one part of a date: <div>12</div><div>مايو</div>
_LEAST: Final = -40  # points; a date with fewer is of another article
_FIRM_FROM: Final = 15  # points; a date with fewer is in no good place
_FAR_BEHIND: Final = 30  # points behind the best
_LABEL: Final = 50  # points for "تاريخ النشر:" before a date
_A_LIST: Final = (
    3  # dates in places of one name; a byline comes once or twice (for narrow screens), more are other articles'
)
_ZONE_APART: Final = dt.timedelta(days=2)  # more between a stamp and its text is no matter of zones
_LISTED: Final = 40  # points off for a date in such a list
_DATELINE_POINTS: Final = 20  # for "وجدة (رويترز) 12 مايو 2023 -": less than for a byline near the title
_FIRST_PARAGRAPHS: Final = 3  # that may open with a dateline; a standfirst or a caption may come before
_A_PARAGRAPH: Final = 60  # characters; shorter is a byline, and is read as one
_FIRST_LINES: Final = 4  # of a text, that may be its byline or open with a dateline
_BYLINE: Final = 80  # characters
_LETTERS_BESIDE: Final = 15  # beside the date of a line of a text: "القاهرة", a weekday
_LETTERS_OF_A_CLOCK: Final = 2  # "ص" and "م" beside a date without a year
_TODAY_POINTS: Final = -30  # for the day's date at the top of the page: better than nothing
_MOST_LETTERS_BESIDE_LABEL: Final = 40  # "كتب" in a sentence is no label
_MOST_LETTERS_BESIDE_RELATIVE: Final = 30  # "12 مايو" in a sentence is no byline
_MOST_LETTERS_BESIDE: Final = 30  # beside any date without a label, in a place that is not named for dates
_MOST_TRIES: Final = 1000  # timestamps and short texts with digits that are read; a limit against hostile pages
_MOST_PIECES: Final = 400  # parts of one line that are read, for the same reason

_STROKE_BEFORE: Final = re.compile(r"[-–—|/،,]\W*(?:الـ?\w+\W+)?$")  # "أحمد علي - القاهرة - 12 مايو 2024"
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
    r"tweet|twitter|embed|disqus|reply|weather|prayer|rltpopup|(?<!post-)(?<!entry-)(?<!article-)footer|teaser|read-?(?:more|next)",
    re.IGNORECASE,
)
_OFTEN_ELSEWHERE: Final = re.compile(r"card|(?<!elementor-)widget|carousel|slider|swiper|archive|recent", re.IGNORECASE)
_TODAY: Final = re.compile(
    r"today|current-?date|top-?(?:bar|row)|masthead|(?:site|header|head|top|nav)-?date|date-?now", re.IGNORECASE
)
_ELSEWHERE_TAGS: Final = frozenset(("aside", "footer", "nav", "figure", "figcaption", "form", "blockquote"))
_RDFA_DATE: Final = re.compile(r"(?i)(?:^|[\s:/#])(?:date|created|issued|modified|published)")  # "dc:date dc:created"
_NAMED_ELAPSED: Final = re.compile(r"(?i)elapsed|time-?ago|(?:^|[\s_-])ago(?:$|[\s_-])|relative-?(?:time|date)")
_ONLY_ELAPSED: Final = re.compile(r"\d{1,3}\s+[^\W\d_]+")
_SHORTEST_TITLE: Final = 10  # characters


class _Spot(NamedTuple):
    """A place that may hold a date."""

    element: HtmlElement
    line: str  # as shown; empty for a stamp in an attribute
    at: int  # characters of the page's text before it


class _Sighting(NamedTuple):
    """A date at a spot."""

    points: int
    candidate: DateCandidate
    kind: str = ""  # the spot's names in the page; empty right beside the title
    in_prose: bool = False  # in a sentence: a date of history, unless the place is named for dates


def find_in_page(index: PageIndex) -> list[DateCandidate]:
    """The dates in the page's body, likeliest first. Dates that are surely of other articles are left out."""
    body = index.elements
    if index.tagged["body"]:
        body = list(itertools.dropwhile(lambda indexed: indexed[1] != "body", body))
    titles = set(_titles(index, body))
    spots, starts = _spots(body, _stamped(index), titles)
    around = {ancestor for title in titles for ancestor in title.iterancestors()} | _page_forms(index)
    sightings = [sighting for spot in spots for sighting in _sightings(spot, starts, around)]
    sightings += _datelines(index, titles)
    kinds = collections.Counter((s.kind, s.candidate.source) for s in sightings if s.kind)
    listed = {kind for kind, times in kinds.items() if times >= _A_LIST}
    fined = (s._replace(points=s.points - _LISTED) if (s.kind, s.candidate.source) in listed else s for s in sightings)
    return _ranked(list(fined))


def find_in_text(text: str, title: str | None = None) -> list[DateCandidate]:
    """The dates in a text without markup that have a line of their own or a label of publication.

    They stand near the title, whose last line counts, at the beginning or at the end: menus may come before the title.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    near = max((number for number, line in enumerate(lines) if line == title), default=0)
    edges = dict.fromkeys(
        number
        for number in [*range(near - 4, near + 12), *range(12), *range(len(lines) - 4, len(lines))]
        if 0 <= number < len(lines)
    )
    sightings: list[_Sighting] = []
    for number in edges:
        line = lines[number]
        if len(line) <= _LONGEST and _may_hold_date(line):
            sightings.extend(_apart(line, number))
    for number, line in enumerate(lines[:_FIRST_LINES]):
        sightings.extend(_from_dateline(line, f"line {number + 1}"))
    return _ranked(sightings)


def _apart(line: str, number: int) -> Iterator[_Sighting]:
    """The dates of a line of a text that have a label, or the line for themselves.

    A text has no names of places, so words beside a date mean prose: "8 يناير 2018: هدد رئيس …". Without a year the
    line has to be the date, because "27 أبريل.. يوم العيد" is a headline.
    """
    for sighting in _written(line, f"line {number + 1}"):
        if sighting.points >= _LABEL or _has_the_line(line, sighting.candidate.date is not None, number):
            yield sighting


def _has_the_line(line: str, dated: bool, number: int) -> bool:
    """True if the dates of `line` leave few letters; a byline in the first lines may end with its date."""
    dates = parse_written_date(line)
    beside = sum(map(str.isalpha, line)) - sum(sum(map(str.isalpha, line[d.start : d.end])) for d in dates)
    if not dated:
        return beside <= _LETTERS_OF_A_CLOCK
    ends = number < _FIRST_LINES and len(line) <= _BYLINE and not re.search(r"[^\W\d_]{3}", line[dates[-1].end :])
    return beside <= _LETTERS_BESIDE or (ends and _STROKE_BEFORE.search(line[: dates[-1].start]) is not None)


def _from_dateline(paragraph: str, where: str) -> Iterator[_Sighting]:
    written = read_dateline(paragraph)
    if written:
        standing, relative = (FIRM, None) if written.date else (RELATIVE, written)
        evidence = f"{where}, dateline: {paragraph[: written.end][-80:]}"
        candidate = DateCandidate("byline", written.date, written.published_at, evidence, standing, relative)
        yield _Sighting(_DATELINE_POINTS, candidate)


def _datelines(index: PageIndex, titles: set[HtmlElement]) -> list[_Sighting]:
    """The datelines of the first paragraphs after the title."""
    found: list[_Sighting] = []
    read = 0
    after = not titles
    for element, tag, inner, _ in index.elements:
        after = after or element in titles
        if read >= _FIRST_PARAGRAPHS:
            break
        if not after or tag not in ("p", "div"):
            continue
        paragraph = _joined(element.itertext()) if tag == "p" else _opening_line(element, inner)
        if len(paragraph) < _A_PARAGRAPH or any(_says(_ELSEWHERE, _name(each)) for each in element.iterancestors()):
            continue
        read += 1
        found.extend(_from_dateline(paragraph, f"<{tag}>"))
    return found


def _opening_line(block: HtmlElement, opening: str) -> str:
    """The text of `block` up to its first inner block or line break; "" if it does not begin with text."""
    pieces = [opening]
    for child in itertools.islice(block, _MOST_PIECES) if opening.strip() else ():
        if child.tag not in _INLINE:
            break
        pieces += [*itertools.islice(child.itertext(), _MOST_PIECES), child.tail or ""]
    return _joined(pieces)


def _page_forms(index: PageIndex) -> set[HtmlElement]:
    """The forms with most of the page inside: ASP.NET writes one around every page."""
    return {
        form for form in index.tagged["form"][:_FIRST_LINES] if 2 * sum(1 for _ in form.iter()) > len(index.elements)
    }


def _titles(index: PageIndex, body: list[Indexed]) -> list[HtmlElement]:
    """The headings with the page's title, else the first <h1> with text, else the line that is the title."""
    stated = [" ".join(text.split()) for text in (title.text or "" for title in index.tagged["title"])]
    stated += [meta.get("content", "") for meta in index.tagged["meta"] if meta.get("property") == "og:title"]
    found = [each[0] for each in body if each[1] in _HEADINGS]
    headings = [(heading, " ".join("".join(heading.itertext()).split())) for heading in found]
    matching = [
        heading
        for heading, text in headings
        if len(text) >= _SHORTEST_TITLE
        and any(text in title or (len(title) >= _SHORTEST_TITLE and title in text) for title in stated)
    ]
    first = matching or [heading for heading, text in headings if text and heading.tag == "h1"][:1]
    return first or _title_lines(body, stated)


def _title_lines(body: list[Indexed], stated: list[str]) -> list[HtmlElement]:
    """The first element outside links whose text is most of a stated title: old pages have the headline in <td>."""
    long = [title for title in stated if len(title) >= _SHORTEST_TITLE]
    for element, tag, inner, _ in body:
        text = " ".join(inner.split())
        if len(text) < _SHORTEST_TITLE or tag in _UNREAD or not any(text in title for title in long):
            continue
        if any(2 * len(text) > len(title) for title in long if text in title) and not _is_linked(element):
            return [element]
    return []


def _is_linked(element: HtmlElement) -> bool:
    return element.tag == "a" or next(element.iterancestors("a"), None) is not None


def _spots(body: list[Indexed], stamped: set[HtmlElement], titles: set[HtmlElement]) -> tuple[list[_Spot], list[int]]:
    """The places that may hold a date, in order, and the number of characters before each title."""
    shown: list[_Spot] = []
    starts: list[int] = []
    read = 0
    for element, tag, inner, tail in body:
        if element in stamped:
            shown.append(_Spot(element, "", read))
        if element in titles:
            starts.append(read)
        if inner and not inner.isspace() and tag not in _UNREAD:
            if _is_short(inner) and _may_hold_date(inner):
                shown.append(_Spot(element, inner, read))
            read += len(inner)
        if tail and not tail.isspace():
            if _is_short(tail) and _may_hold_date(tail):
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


def _is_short(text: str) -> bool:
    """True if a text may be a byline; the white space between the tags of a template does not count."""
    return len(text) <= _LONGEST or (len(text) <= _MOST_PIECES and len(" ".join(text.split())) <= _LONGEST)


def _may_hold_date(text: str) -> bool:
    return _DIGIT.search(text) is not None or _DATE_WORD.search(text) is not None


def _stamped(index: PageIndex) -> set[HtmlElement]:
    """The elements whose attributes may hold a timestamp."""
    stamped = {element for attribute in _STAMP_DATA for element in index.with_attribute(attribute, bool)}
    stamped.update(index.with_attribute("itemprop", lambda name: name.startswith("date")))
    stamped.update(e for e in index.with_attribute("property", _says_date) if e.get("content"))  # RDFa, as of Drupal
    stamped.difference_update(index.tagged["meta"])
    stamped.update(index.tagged["time"], (abbr for abbr in index.tagged["abbr"] if abbr.get("title") is not None))
    return stamped


def _says_date(name: str) -> bool:
    return _RDFA_DATE.search(name) is not None


def _block(holder: HtmlElement, text: str) -> tuple[HtmlElement, str]:
    """The block that holds `text`, and the line of the block with `text`: up to the next block or <br> on both sides.

    A line of a few characters in an element named for dates is part of a date; then the whole element is the line. The
    line is empty if it is a paragraph of prose.
    """
    block = holder
    while block.tag in _INLINE and block.getparent() is not None:
        block = block.getparent()
    line = _line(block, text)
    parent = block.getparent()
    if len(line) <= _TINY and parent is not None and _NAMED_DATE.search(_name(parent)):
        whole = _joined(parent.itertext())
        block, line = (parent, whole) if len(whole) <= _LONGEST else (block, line)
    return block, line if len(line) <= _LONGEST else ""


def _line(block: HtmlElement, text: str) -> str:
    """The line of `block` that shows `text`; an element named for dates opens a new line after a date."""
    pieces = [block.text or ""]
    for child in itertools.islice(block, _MOST_PIECES):
        inline = child.tag in _INLINE
        opens = inline and any(map(_YEAR.search, pieces[-_TINY:])) and _NAMED_DATE.search(_name(child))
        if opens or not inline:
            if text in pieces:
                break
            pieces = []
        if inline:
            pieces.extend(itertools.islice(child.itertext(), _MOST_PIECES))
        pieces.append(child.tail or "")
    return _joined(pieces)


def _joined(pieces: Iterable[str]) -> str:
    """The pieces with single spaces between words; cut soon after _LONGEST characters."""
    words: list[str] = []
    length = 0
    for piece in pieces:
        words.extend(piece.split())
        length += len(piece.strip())
        if length > _LONGEST:
            break
    return " ".join(words)


def _name(element: HtmlElement) -> str:
    """The tag, class, id, itemprop and property of the element."""
    names = f"{element.tag} {element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')}"
    return f"{names} {element.get('property')}" if element.get("property") else names


@functools.lru_cache(maxsize=4096)  # a page repeats its names
def _says(what: re.Pattern[str], name: str) -> bool:
    return what.search(name) is not None


def _ancestors(element: HtmlElement, around: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The elements around `element`, inner first, without those that hold the title too: they do not show the place."""
    for ancestor in element.iterancestors():
        if ancestor in around:
            return
        yield ancestor


def _place_points(near: list[HtmlElement], names: list[str], *, beside: bool) -> int:
    """Points for tags and names of the spot and of the elements around it."""
    own = " ".join(names[:4])
    points = 30 if _NAMED_PUBLISHED.search(own) else 20 if _NAMED_DATE.search(own) else 0 if beside else -40
    tags = {element.tag for element in near}
    if beside:  # a <footer> right below the title is a byline: Drupal marks it up so
        tags.discard("footer")
        names = [n for n, e in zip(names, near, strict=False) if e.tag != "footer" and not _counts_comments(e, n)]
    if not tags.isdisjoint(_ELSEWHERE_TAGS) or any(_says(_ELSEWHERE, name) for name in names):
        points -= 100
    elif any(_says(_OFTEN_ELSEWHERE, name) for name in names):
        points -= 60
    if not beside and any(element.tag == "a" and len(element.get("href", "#")) > 1 for element in near):
        points -= 45
    return points


def _counts_comments(element: HtmlElement, name: str) -> bool:
    """True for a short block named for comments: it has their number and the byline."""
    return "comment" in name.lower() and len(_joined(element.itertext())) <= _BYLINE


def _distance_points(at: int, starts: list[int]) -> tuple[int, bool]:
    """Points for a place soon after a title or right before one; and True if it is right beside the title."""
    after = min((at - start for start in starts if start <= at), default=None)
    before = min((start - at for start in starts if start > at), default=None)
    beside = (after is not None and after < 250) or (before is not None and before < 100)
    if after is not None:
        return 30 if after < 400 else 15 if after < 1200 else 0 if after < 4000 else -40, beside
    return (-40 if before is not None and before >= 200 else 0), beside


def _sightings(spot: _Spot, starts: list[int], around: set[HtmlElement]) -> Iterator[_Sighting]:
    """The dates at one spot, with the points of the place and of the words."""
    where = f"<{spot.element.tag}>"
    found = list(_written(_elapsed(spot), where)) if spot.line else list(_stamps(spot.element))[:1]
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
        if sighting.in_prose and not _NAMED_DATE.search(own):
            continue
        candidate = sighting.candidate
        if changed and candidate.standing == FIRM and sighting.points < _LABEL:
            candidate = candidate._replace(standing=CHANGED)
        if starts and spot.at < starts[0] and sighting.points < _LABEL and not _NAMED_PUBLISHED.search(own):
            candidate = candidate._replace(above=True)
        yield _Sighting(points + sighting.points, candidate, "" if beside else " / ".join(names[:2]))


def _elapsed(spot: _Spot) -> str:
    """The line of the spot; "منذ 2 اسبوع" for a bare "2 اسبوع" in an element named for the time that has passed."""
    named = _ONLY_ELAPSED.fullmatch(spot.line) and (spot.element, *spot.element.iterdescendants())
    return f"منذ {spot.line}" if named and any(_NAMED_ELAPSED.search(_name(each)) for each in named) else spot.line


def _stamps(element: HtmlElement) -> Iterator[_Sighting]:
    """The dates in the attributes of `element`; none that its own text contradicts."""
    for attribute in _STAMP_ATTRIBUTES:
        for candidate in stamped("time_tag", element.get(attribute), f"<{element.tag} {attribute}>"):
            if not _contradicted(element, candidate.date):
                yield _Sighting(0, candidate)


def _contradicted(element: HtmlElement, stamp: dt.date | None) -> bool:
    """True if the text of `element` is another day than its stamp, such as a theme's placeholder.

    A day more or less is the zone; day and month may be swapped in either. A text with words is no proof: it may name
    the day of a change.
    """
    text = _joined(element.itertext())
    dates = parse_written_date(text) if stamp and 0 < len(text) <= _BYLINE else []
    days = [written.date for written in dates if written.date]
    if not stamp or len(days) != 1 or _SAYS_CHANGED.search(text):
        return False
    swapped = (days[0].year, days[0].day, days[0].month) == (stamp.year, stamp.month, stamp.day)
    return abs(days[0] - stamp) > _ZONE_APART and not swapped


def _written(line: str, where: str) -> Iterator[_Sighting]:
    """The dates written in one line. A Hijri date beside a Gregorian one names the same day and is left out."""
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
        if written.date is None and letters > _MOST_LETTERS_BESIDE_RELATIVE:
            continue
        changed = bool(_SAYS_CHANGED.search(label))
        labelled = not changed and letters <= _MOST_LETTERS_BESIDE_LABEL and _SAYS_PUBLISHED.search(label)
        apart = not re.search(r"[^\W\d_]\s*$", label) and not re.match(r"\s*[^\W\d_]", line[written.end :])
        wording = 10 if letters <= 15 else 0 if apart else -10 - letters // 2
        points = wording + (_LABEL if labelled else 0)
        standing = CHANGED if changed else FIRM if written.date else RELATIVE
        relative = None if written.date else written
        evidence = f"{where}: {line[:80]}"
        candidate = DateCandidate("byline", written.date, written.published_at, evidence, standing, relative)
        in_prose = letters > _MOST_LETTERS_BESIDE and not labelled and not _STROKE_BEFORE.search(label)
        yield _Sighting(points, candidate, in_prose=in_prose)


def _ranked(sightings: list[_Sighting]) -> list[DateCandidate]:
    """Likeliest first, equals in order of appearance. LOOSE if it scores far below the best, or in no good place.

    A date above the title does not make dates below it LOOSE, because it may be the day's date.
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
