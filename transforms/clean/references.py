"""References: lists of sources below an article, and the marks that encyclopedias put beside headings."""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from warraq.transforms.arabic import normalize_line

_HEADINGS: Final = frozenset(
    heading.strip()
    for heading in """
    المراجع | مراجع | المصادر | مصادر | المراجع والمصادر | المصادر والمراجع | مراجع ومصادر | مصادر ومراجع | الهوامش |
    هوامش | الهوامش والمراجع | هوامش ومراجع | الاستشهادات | ثبت المراجع | قائمه المراجع | قائمه المصادر | references |
    notes | notes and references | references and notes | sources | footnotes | bibliography | citations | works cited |
    références | notes et références | bibliographie
    """.split("|")  # noqa: SIM905
)
_LONGEST_HEADING: Final = 40  # characters
_BACK_MARK = re.compile(r"^\W*(?:\d{1,3}\W{1,3})?(?:↑|↩)|^(?:\d{1,3}\W{1,3})?\^(?=\s|[a-zأ-ي] )|↩\W*$")
_NUMBERED = re.compile(r"^\W{0,2}\d{1,3}\W{1,2}(?=\S)")
_SOURCE = re.compile(
    r"(?i)https?://|\bwww\.|\bdoi\b|\bisbn\b|\bissn\b|\bpp?\. ?\d|\bvol\. ?\d|\bet al\b"
    r"|\b(?:retrieved|accessed|archived)\b|consulté le|اط[ّ]?لع عليه|تاريخ الاطلاع|مؤرشف من|\bص(?:فحة|فحات)?[ .:]*\d"
    r"|دار [^\W\d]+ للنشر"
    r"|^(?:\S+ ){0,8}\(\W?(?:1[89]|20)\d\d\W?\)"
)
_LATIN = re.compile("[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_SHARE: Final = 0.6  # of the letters of a line: a title in another language
_EDIT_MARK = re.compile(
    r"(?i)(?:\s*\[\s*(?:عد[ّ]?ل|تعديل|تحرير|edit|modifier)"
    r"(?:\s*\|?\s*(?:عدل المصدر|تعديل المصدر|(?:edit )?source|modifier le code))?\s*\])+$"
)


def without_edit_mark(line: str) -> str:
    """The line without an encyclopedia's edit mark at its end: "التاريخ[عدل]" is "التاريخ"."""
    return _EDIT_MARK.sub("", line) if line.endswith("]") else line


def without_references(lines: Sequence[str]) -> list[str]:
    """The lines without lists of references: their heading and the references right below it. Other lines stay."""
    kept: list[str] = []
    start = 0
    while start < len(lines):
        line = lines[start]
        listed = _count_references(line, lines[start + 1 :]) if _is_heading(line) else 0
        if not listed and not _BACK_MARK.search(line):
            kept.append(line)
        start += 1 + listed
    return kept


def _is_heading(line: str) -> bool:
    return len(line) <= _LONGEST_HEADING and normalize_line(line) in _HEADINGS


def _count_references(heading: str, below: Sequence[str]) -> int:
    """The number of references right below a heading. In an Arabic article, a title in Latin letters is one."""
    is_arabic = not _LATIN.search(heading)
    return sum(
        1 for _ in itertools.takewhile(lambda line: _is_reference(line) or (is_arabic and _is_latin(line)), below)
    )


def _is_reference(line: str) -> bool:
    """True for a line with a back mark, a number before it, an address, a page, a year after the author."""
    return any(sign.search(line) is not None for sign in (_BACK_MARK, _NUMBERED, _SOURCE))


def _is_latin(line: str) -> bool:
    letters = len(_LETTER.findall(line))
    return letters > 0 and len(_LATIN.findall(line)) >= _LATIN_SHARE * letters
