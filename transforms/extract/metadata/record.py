"""The facts that the record of an article in a feed states, as candidates beside those of its page.

A page describes itself better than a feed: names of sites and sections in feeds are often codes. Authors count first.
"""

import re
from collections.abc import Iterator
from typing import Final

from warraq.schemas.records import Stated
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.metadata.bylines import is_full_name, split_names
from warraq.transforms.extract.metadata.meta_tags import compared

RECORD: Final = "record"
_MOST_AUTHORS: Final = 20
# Words of outlets and desks, which no name of a person has. "العربية" and "عربي" are not among them.
_OUTLET: Final = re.compile(
    r"(?i)(?<!\w)[«\"(]*(?:و?(?:ال)?(?:صحيفة|جريدة|موقع|وكالة|وكالات|قناة|بوابة|شبكة|مجلة|منصة|إذاعة|اذاعة|تلفزيون"
    r"|نيوز|سبورت|[أا]ون\s?لاين|تايمز|إلكترونية|الكترونية|إخبارية|اخبارية|إخباري|اخباري|متابعات?|مراسلو?|مصادر|نت)"
    r"|news|online|agency|press|times|team|desk)(?!\w)"
)
_DASH: Final = re.compile(r"\s[-–—ـ]+|[-–—ـ]+\s|[|/:]")
_COMMA: Final = re.compile(r"[،,;؛\n]")
_AGENCY: Final = re.compile(
    r"\W*(?:رويترز|فرانس ?برس|[أا] ?ف ?ب|د ?ب ?[أا]|واس|[أا]سوشيتد ?برس|الأناضول|وام|كونا|قنا|بترا|شينخوا|سبوتنيك"
    r"|و?وكالات(?: الأنباء)?|AFP|Reuters|AP|DPA)\W*"
)


def read_record(stated: Stated, field: str) -> Iterator[Candidate]:
    """The value of a field of the record."""
    value = getattr(stated, field)
    if value:
        yield Candidate(value, RECORD)


def read_record_authors(stated: Stated) -> Iterator[Candidate]:
    """The people among the authors of the record."""
    names = choose_record_authors(stated)
    if names:
        yield Candidate(names, RECORD)


def choose_record_authors(stated: Stated) -> list[str]:
    """The people among the authors of the record, without cities, desks, agencies and the site."""
    named = dict.fromkeys(name for line in stated.authors for name in _names(line))
    site = compared(stated.site_name or "")
    return [name for name in named if not _OUTLET.search(name) and compared(name) != site][:_MOST_AUTHORS]


def _names(line: str) -> list[str]:
    """The names in one statement. Beside a dash a single word is a city, and so is all that stands beside an agency."""
    names: list[str] = []
    for part in _COMMA.split(line):
        pieces = [piece for piece in _DASH.split(part) if piece.strip()]
        if len(pieces) != 2 or not any(map(_AGENCY.fullmatch, pieces)):
            found = split_names(part)
            names += filter(is_full_name, found) if len(pieces) > 1 else found
    return names
