"""Bylines, dates and labelled credits: lines above or inside an article that are no part of its prose."""

import re
from typing import Final

from warraq.transforms.arabic import normalize_line

_BYLINE = re.compile(
    r"^(?:كتبت?|كتبه|بقلم|تحرير|اعداد|ترجمه|تقرير|متابعه|حوار|تصوير|المحرر|by)\s*[:/\-–]?\s*(?P<name>.{3,60})$"
)
_BYLINE_MARK = re.compile(r"^\W*\w+\s*[:/\-–]")
_BYLINE_WORDS: Final = 6
_LABELLED = re.compile(r"\W*(?:بقلم|[إا]عداد|تصوير|ترجمة|تحرير)\s*[:/]\s*[^\W\d]+ [^.،:]+$")
_DATE_WORDS: Final[frozenset[str]] = frozenset(
    """
    السبت الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر
    نوفمبر ديسمبر كانون شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين الاول الثاني جانفي فيفري افريل ماي جوان
    جويليه اوت غشت شتنبر نونبر دجنبر محرم صفر ربيع الاخر جمادي الاولي الاخره رجب شعبان رمضان شوال ذو ذي القعده الحجه
    الساعه ص م صباحا مساء ظهرا بتوقيت توقيت غرينتش جرينتش مكه القاهره gmt utc am pm ه نشر تم النشر تاريخ في اخر
    تحديث بتاريخ الموافق منذ دقيقه دقائق ساعه ساعات يوم ايام
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
    """True for a line that names an author and has no other content.

    Without a colon it counts only if `authors` has the name.
    """
    byline = _BYLINE.match(normalize_line(line))
    if byline is None or len(byline["name"].split()) > _BYLINE_WORDS:
        return normalize_line(line) in map(normalize_line, authors)
    return bool(_BYLINE_MARK.match(line)) or normalize_line(byline["name"]) in map(normalize_line, authors)
