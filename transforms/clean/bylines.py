"""Bylines, dates and labelled credits: lines above or inside an article that are no part of its prose."""

import re
from typing import Final

from warraq.transforms.arabic import normalize_line

_LABEL: Final = "كتبت?|كتبه|كتبها|كتبوا|بقلم|بواسطه|تحرير|اعداد|ترجمه|تقرير|متابعه|تغطيه|حوار|تصوير|المحرر|by|par"
_BYLINE = re.compile(rf"^(?:{_LABEL})(?: و(?:تحرير|تصوير|اعداد|ترجمه|تقديم|حوار))?\s*[:/\-–]?\s*(?P<name>.{{3,60}})$")
# Labels that only names follow; "تقرير: أسعار ترتفع، وليرة تتراجع" is a headline.
_NAMES_LABEL = re.compile(
    "(?:كتبت?|كتبه|كتبها|كتبوا|بقلم|تحرير|اعداد|ترجمه|تصوير|(?:written )?by|par)"
    "(?: و(?:تحرير|تصوير|اعداد|ترجمه|تقديم))*"
)
# Behind these a headline may follow, too: they count with a known author only.
_WORK_LABEL = re.compile("(?:تقرير|تحقيق|متابعه|متابعات|تغطيه|حوار|رصد|مراسلو [^:]{1,30}|شارك في (?:ال)?\\w+)")
_LABEL_END = re.compile("[:/]")
_LONGEST_LABEL: Final = 50  # characters
_BETWEEN_NAMES = re.compile(r"\s*[،,؛;|&+/]\s*|\s+[-–]\s+|\s+(?:و|and|et)\s+|\s+و(?=\S+ \S)")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_IN_NO_NAME = re.compile(r"[\d!?؟«»\"]|\.\s")
_NAME_WORDS: Final = range(1, 6)
_FULL_NAME_WORDS: Final = range(2, 6)
_BYLINE_MARK = re.compile(r"^\W*\w+(?: و\w+)?\s*[:/\-–]")
_BYLINE_WORDS: Final = 6
_STROKE = re.compile(r"\s*[-–—ـ|/]+\s+|\s+[-–—ـ|/]+\s*|\s*:\s*")
_PLACE_WORDS: Final = 2
_HANDLE = re.compile(r"\W*(?:@\s*\w{3,20}|[A-Za-z0-9_]{3,20}\s*@)\W*")  # an account, also "name @"
_LABELLED = re.compile(r"\W*(?:بقلم|[إا]عداد|تصوير|ترجمة|تحرير)\s*[:/]\s*[^\W\d]+ [^.،:]+$")
_DATE_WORDS: Final[frozenset[str]] = frozenset(
    """
    السبت الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر
    نوفمبر ديسمبر كانون شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين الاول الثاني جانفي فيفري افريل ماي جوان
    جويليه اوت غشت شتنبر نونبر دجنبر محرم صفر ربيع الاخر جمادي الاولي الاخره رجب شعبان رمضان شوال ذو ذي القعده الحجه
    الساعه ص م صباحا مساء ظهرا بتوقيت توقيت غرينتش جرينتش مكه القاهره gmt utc am pm ه نشر نشره نشرت تم النشر تاريخ في
    اخر تحديث بتاريخ الموافق منذ دقيقه دقائق ساعه ساعات يوم ايام
    january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec saturday sunday monday tuesday wednesday thursday friday sat sun mon tue wed thu fri
    """.split()  # noqa: SIM905
)
_WORDS_AND_NUMBERS = re.compile(r"[^\W\d_]+|\d+")


def is_date_line(line: str) -> bool:
    """True for a line of numbers and words of dates only, with at least one number."""
    words = _WORDS_AND_NUMBERS.findall(normalize_line(line))
    return any(word.isdigit() for word in words) and all(word.isdigit() or word in _DATE_WORDS for word in words)


def is_label(line: str) -> bool:
    """True for a labelled credit line such as `تصوير: …`, of the article or of a side box."""
    return _LABELLED.match(line) is not None and len(line.split()) <= _BYLINE_WORDS


def is_byline(line: str, authors: list[str]) -> bool:
    """True for a line that names one or more authors and has no other content.

    Without a colon it counts only if `authors` has the name.
    """
    key = normalize_line(_IN_BRACKETS.sub("", line))
    byline = _BYLINE.match(key)
    known = [normalize_line(author) for author in authors]
    if _HANDLE.fullmatch(line):
        return True
    if byline is None or len(byline["name"].split()) > _BYLINE_WORDS:
        names = _labelled_names(line, _NAMES_LABEL)
        return (
            key in known
            or _is_beside_author(line, known)
            or names_authors(line, authors)
            or (names != [] and all(len(name.split()) in _FULL_NAME_WORDS for name in names))
        )
    return bool(_BYLINE_MARK.match(line)) or byline["name"] in known


def names_site(line: str, site: str) -> bool:
    """True for the site with a city or a name beside it, and nothing else: "(دبي - البيان)"."""
    return _STROKE.search(line) is not None and _is_beside_author(line.strip("() "), [normalize_line(site)])


def _is_beside_author(line: str, known: list[str]) -> bool:
    """True for an author with a city or an outlet beside the name: "الرباط - أحمد علي"."""
    parts = [normalize_line(part) for part in _STROKE.split(_IN_BRACKETS.sub("", line))]
    others = [bare for part in parts if part not in known and (bare := _without_date(part)) not in known]
    return len(others) < len(parts) and all(len(part.split()) <= _PLACE_WORDS for part in others)


def _without_date(part: str) -> str:
    """`part` without the words of a date at its end, if it has a number: "خالد الحربي 2025-10-02 10:50 pm"."""
    words = part.split()
    end = len(words)
    while end and all(piece.isdigit() or piece in _DATE_WORDS for piece in _WORDS_AND_NUMBERS.findall(words[end - 1])):
        end -= 1
    return " ".join(words[:end]) if any(map(str.isdigit, "".join(words[end:]))) else part


def names_authors(line: str, authors: list[str]) -> bool:
    """True for a label such as "كتب:" and several names, of which at least one is in `authors`."""
    if not _LABEL_END.search(line, 0, _LONGEST_LABEL):
        return False
    names = _labelled_names(line, _NAMES_LABEL) or _labelled_names(line, _WORK_LABEL)
    return not {normalize_line(author) for author in authors}.isdisjoint(names)


def _labelled_names(line: str, labels: re.Pattern[str]) -> list[str]:
    """The names after one of the labels, normalized; none if there is more. Cities may follow names in brackets."""
    label, *rest = _LABEL_END.split(_IN_BRACKETS.sub("", line), 1)
    if not rest or not labels.fullmatch(normalize_line(label)) or _IN_NO_NAME.search(rest[0]):
        return []
    names = [normalize_line(name) for name in _BETWEEN_NAMES.split(rest[0].strip())]
    return names if len(names) > 1 and all(len(name.split()) in _NAME_WORDS for name in names) else []
