"""Dates as people write them: Arabic with all its month names, digits and calendars, English, and French.

`parse_written_date` finds every date in a short text such as a byline. A date that depends on the time of reading
("منذ ٣ ساعات", "12 مايو" without a year) is marked so, and `day_read` computes its day.

Numbers are day first (12/05/2024 is the 12th of May), unless that is no date, the text is American ("5/12/2024,
2:30:00 PM"), or the weekday before them is right only for month first ("الأحد, 05/12/2024", as Drupal writes).
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from hijridate import Hijri

from warraq.transforms.arabic import HARAKAT, INVISIBLE, TATWEEL, normalize_date

GREGORIAN: Final = "gregorian"
HIJRI: Final = "hijri"
RELATIVE: Final = "relative"


class WrittenDate(NamedTuple):
    """One date found in a text. `start` and `end` are code points into that text, half-open."""

    start: int
    end: int
    calendar: str  # GREGORIAN, HIJRI or RELATIVE
    date: dt.date | None  # None if it depends on the time of reading
    clock: dt.time | None = None  # as written, in the zone of `utc_offset`
    utc_offset: dt.timedelta | None = None  # None if no zone is written beside the time
    month_day: tuple[int, int] | None = None  # month and day, if no year is written
    weekday: int | None = None  # if written before the day; Monday is 0
    ago: dt.timedelta | None = None  # RELATIVE: how long before the time of reading

    @property
    def published_at(self) -> dt.datetime | None:
        """The instant in UTC; None unless day, time and zone are all written."""
        if self.date is None or self.clock is None or self.utc_offset is None:
            return None
        local = dt.datetime.combine(self.date, self.clock, dt.timezone(self.utc_offset))
        return local.astimezone(dt.timezone.utc)


# Month names by country, as `normalize_date` writes them. Sources: Unicode CLDR `ar`, `ar-DZ`, `ar-MA`, `ar-LB`
# (ca-gregorian); the Libyan names of 1986 to 2011 from the calendar of the Jamahiriya; spellings as seen on news pages.
_GREGORIAN_MONTHS: Final[tuple[str, ...]] = (
    (
        "يناير|كانون الثاني|كانون ثاني|كانون ثان|كانون 2|كانون2|ك2|ك 2|جانفي|ينائر|ينايير|اي النار|"
        "january|jan|janvier|janv"
    ),
    "فبراير|فيبراير|شباط|فيفري|فيفريي|فبرائر|النوار|february|feb|fevrier|fevr",
    "مارس|اذار|ادار|الربيع|march|mar|mars",
    "ابريل|ابرايل|نيسان|افريل|الطير|april|apr|avril",
    "مايو|ايار|ماي|مايس|الماء|may|mai",
    "يونيو|يونيه|حزيران|جوان|الصيف|june|jun|juin",
    "يوليو|يوليه|يوليوز|يليوز|تموز|جويليه|جويليا|جولاي|ناصر|july|jul|juillet|juil",
    "اغسطس|اغسطوس|اوغسطس|اوغست|اغست|اب|اوت|غشت|هانيبال|august|aug|aout",
    "سبتمبر|سيبتمبر|سبتنبر|ايلول|شتنبر|شتمبر|الفاتح|september|sept|sep|septembre",
    "اكتوبر|اوكتوبر|اكتوبير|تشرين الاول|تشرين اول|تشرين 1|تشرين1|ت1|ت 1|التمور|october|oct|octobre",
    "نوفمبر|نوفنبر|تشرين الثاني|تشرين ثاني|تشرين ثان|تشرين 2|تشرين2|ت2|ت 2|نونبر|نوانبر|الحرث|november|nov|novembre",
    "ديسمبر|دسمبر|ديسنبر|كانون الاول|كانون اول|كانون 1|كانون1|ك1|ك 1|دجنبر|دجمبر|الكانون|december|dec|decembre",
)
_HIJRI_MONTHS: Final[tuple[str, ...]] = (
    "محرم|المحرم",
    "صفر",
    "ربيع الاول|ربيع اول|ربيع1|ربيع 1",
    "ربيع الاخر|ربيع الثاني|ربيع اخر|ربيع ثاني|ربيع ثان|ربيع2|ربيع 2",
    "جمادي الاولي|جمادي الاول|جمادي اولي|جماد الاول|جماد اول|جمادا الاولي|جمادي1|جمادي 1",
    "جمادي الاخره|جمادي الثانيه|جمادي الاخر|جمادي الثاني|جماد الاخر|جماد الثاني|جماد ثاني|جمادا الاخره|جمادي2|جمادي 2",
    "رجب",
    "شعبان",
    "رمضان",
    "شوال",
    "ذو القعده|ذي القعده|ذوالقعده|ذيالقعده|ذا القعده",
    "ذو الحجه|ذي الحجه|ذوالحجه|ذيالحجه|ذا الحجه",
)
_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "الاثنين|الاتنين|اثنين|monday|mon|lundi",
            "الثلاثاء|الثلاثا|ثلاثاء|tuesday|tue|mardi",
            "الاربعاء|الاربعا|اربعاء|wednesday|wed|mercredi",
            "الخميس|خميس|thursday|thu|jeudi",
            "الجمعه|جمعه|friday|fri|vendredi",
            "السبت|سبت|saturday|sat|samedi",
            "الاحد|احد|sunday|sun|dimanche",
        )
    )
    for name in names.split("|")
}

# Zones that bylines name, in hours east of Greenwich: only those that kept one offset through the years of the web.
_ZONES: Final = {
    **dict.fromkeys(("غرينتش", "جرينتش", "غرينيتش", "جرينيتش", "قرينتش", "العالمي", "الموحد"), 0),
    "الجزائر": 1,
    **dict.fromkeys(("مكه", "السعوديه", "الرياض", "الدوحه", "قطر", "الكويت", "اليمن", "صنعاء", "البحرين"), 3),
    **dict.fromkeys(("ابوظبي", "ابو ظبي", "دبي", "الامارات", "مسقط"), 4),
}


def _numbered(months: tuple[str, ...]) -> dict[str, int]:
    return {name: number for number, names in enumerate(months, 1) for name in names.split("|")}


def _any_of(names: dict[str, int]) -> str:
    """A pattern for any of the names as a whole word, longest first. A space in a name matches any white space.

    A name that ends in a digit ends there: "تشرين 2" is not the beginning of "تشرين 2024".
    """
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    patterns = (name.replace(" ", r"\s+") + (r"(?!\d)" if name[-1].isdigit() else "") for name in longest_first)
    return r"(?<![^\W\d_])(?:" + "|".join(patterns) + r")(?![^\W\d_])"


def _first_words(names: dict[str, int]) -> frozenset[str]:
    """The letters of each name up to the first space or digit."""
    return frozenset(re.split(r"[\W\d]", name)[0] for name in names)


_MONTH_NUMBER: Final = _numbered(_GREGORIAN_MONTHS)
_HIJRI_NUMBER: Final = _numbered(_HIJRI_MONTHS)
_UNITS: Final = {  # length of one, or of two where Arabic has a dual, in minutes
    **dict.fromkeys(("لحظات", "لحظه", "قليل", "ثانيه", "ثانيتين", "ثواني", "ثوان", "ثواني قليله"), 0),
    **dict.fromkeys(("دقيقه", "دقائق", "دقايق", "minute", "minutes", "min", "mins"), 1),
    **dict.fromkeys(("دقيقتين", "دقيقتان"), 2),
    **dict.fromkeys(("ساعه", "ساعات", "hour", "hours", "hr", "hrs", "heure", "heures"), 60),
    **dict.fromkeys(("ساعتين", "ساعتان"), 120),
    **dict.fromkeys(("يوم", "يوما", "ايام", "day", "days", "jour", "jours"), 1440),
    **dict.fromkeys(("يومين", "يومان"), 2880),
    **dict.fromkeys(("اسبوع", "اسابيع", "week", "weeks", "semaine", "semaines"), 10080),
    **dict.fromkeys(("اسبوعين", "اسبوعان"), 20160),
    **dict.fromkeys(("شهر", "شهرا", "اشهر", "شهور", "month", "months", "mois"), 43_830),  # a twelfth of 365.25 days
    **dict.fromkeys(("شهرين", "شهران"), 87_660),
    **dict.fromkeys(("سنه", "سنوات", "سنين", "عام", "عاما", "اعوام", "year", "years", "ans"), 525_960),
    **dict.fromkeys(("سنتين", "سنتان", "عامين", "عامان"), 1_051_920),
}
_THREE_TO_TEN: Final = ("ثلاث", "اربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر")
_NUMBER_WORDS: Final = {
    **{word: number for number, word in enumerate(_THREE_TO_TEN, 3)},
    **{word + "ه": number for number, word in enumerate(_THREE_TO_TEN, 3)},
    **dict.fromkeys(("a", "an", "un", "une"), 1),
}
_TENTH: Final = ("الاول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر")
_ONES: Final = ("الحادي", *_TENTH[1:9])
_ORDINALS: Final = (
    *_TENTH,
    *(f"{one} عشر" for one in _ONES),
    "العشرين",
    *(f"{one} والعشرين" for one in _ONES),
    "الثلاثين",
    "الحادي والثلاثين",
)
_ORDINAL_DAYS: Final = {
    **{word: day for day, word in enumerate(_ORDINALS, 1)},
    **{word.replace("رين", "رون").replace("ثين", "ثون"): day for day, word in enumerate(_ORDINALS, 1)},
}
_NEAR_DAYS: Final = {
    **dict.fromkeys(("اليوم", "today", "aujourd'hui"), 0),
    **dict.fromkeys(("امس", "البارحه", "yesterday", "hier"), 1),
    **dict.fromkeys(("اول امس", "اول من امس", "امس الاول"), 2),
}

_DEBRIS: Final = re.compile(f"[{TATWEEL}{HARAKAT}{INVISIBLE}]")

_DAY: Final = r"(?<!\d)(?<!\d[:.,])(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)"
# Two digits are a year in "12 مايو 24", not in "12 مايو 10:30" nor in "12 مايو 10 دقائق".
_YEAR: Final = r"(?P<year>(?:19|20)\d\d(?!\d)|'?\d\d(?!\d|\s*[:.]\s*\d|\s*[^\W\d_]))"
# "الثاني من مايو": the "من" is needed, because "تشرين الثاني" ends like an ordinal.
_ORDINAL_DAY: Final = rf"(?P<day>{_any_of(_ORDINAL_DAYS)})\s+من\s+(?:شهر\s+)?"
_ERA: Final = r"(?:\s*(?:م|ه|ميلادي|ميلاديه|هجري|هجريه)(?![^\W\d_]))?"
_OF_YEAR: Final = r"\s*[,./-]?\s*(?:من\s+)?(?:(?:ل|ال)?(?:عام|سنه)\s+)?(?:de\s+)?"
_TO_MONTH: Final = r"\s*(?:st|nd|rd|th|er)?\s*(?:(?:من|في|of|de)\s+)?(?:شهر\s+)?[,./-]?\s*"
_MONTH: Final = (
    rf"(?P<month>{_any_of(_MONTH_NUMBER)})\.?(?:(?:\s*[/(|,-]\s*|\s+)(?P<twin>{_any_of(_MONTH_NUMBER)})\s*\)?)?"
    # نيسان/أبريل, نيسان أبريل
)
_HIJRI_MONTH: Final = (
    rf"(?P<month>{_any_of(_HIJRI_NUMBER)})(?:\s+(?:المبارك|المعظم|الحرام|الخير|الفرد|المكرم|الاصب)(?![^\W\d_]))?"
)

_DIGIT: Final = re.compile(r"\d")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_MONTH_WORDS: Final = _first_words(_MONTH_NUMBER)
_HIJRI_WORDS: Final = _first_words(_HIJRI_NUMBER)
_AGO_WORDS: Final = ("منذ", "قبل", "il y a", "ago")  # each match of _AGO has one of them
_WHOLE_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_DAY_MONTH_YEAR: Final = re.compile(_DAY + _TO_MONTH + _MONTH + rf"(?:{_OF_YEAR}{_YEAR}{_ERA})?")
_ORDINAL_MONTH_YEAR: Final = re.compile(_ORDINAL_DAY + _MONTH + rf"{_OF_YEAR}(?P<year>(?:19|20)\d\d)(?!\d){_ERA}")
_MONTH_DAY_YEAR: Final = re.compile(
    _MONTH + r"\s*" + _DAY + r"(?:st|nd|rd|th)?\s*[,/-]?\s*(?P<year>(?:19|20)\d\d)(?!\d)"
)
_YEAR_MONTH_DAY: Final = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*[,./-]?\s*" + _MONTH + r"\s*[,./-]?\s*" + _DAY)
_YEAR_PATTERNS: Final = (_DAY_MONTH_YEAR, _ORDINAL_MONTH_YEAR, _MONTH_DAY_YEAR, _YEAR_MONTH_DAY)
_HIJRI: Final = re.compile(_DAY + _TO_MONTH + _HIJRI_MONTH + _OF_YEAR + r"(?P<year>1[345]\d\d)(?!\d)" + _ERA)
_NUMBERS: Final = re.compile(
    r"(?<!\d)(?<!\d[/.,:-])(?P<a>\d{4}|\d{1,2})\s?(?P<sep>[/.-])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?(?P<c>\d{4}|\d{1,2})"
    r"(?!\d)(?!\s?(?P=sep)\s?\d)" + _ERA
)
_AMERICAN_CLOCK: Final = re.compile(r"\s*,?\s*\d{1,2}:\d\d:\d\d\s*[ap]m(?![^\W\d_])")
_AGO: Final = re.compile(
    rf"(?:(?:منذ|قبل|il y a)\s+(?:حوالي\s+|نحو\s+)?(?:(?P<n>\d{{1,3}}|{_any_of(_NUMBER_WORDS)})\s+)?"
    rf"(?P<unit>{_any_of(_UNITS)}))(?!\s+\d{{4}}(?!\d))"  # "منذ عام 2000" is no time ago
    rf"|(?:(?<!\d)(?P<n_en>\d{{1,3}}|an?)\s+(?P<unit_en>{_any_of(_UNITS)})\s+ago(?![^\W\d_]))"
)
_CLOCK: Final = re.compile(
    r"(?<![\d:])(?P<hour>[01]?\d|2[0-3])\s?[:h]\s?(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?(?!\d)"
    r"\s*(?P<half>(?:صباحا|ص|فجرا|am|مساء|مساءا|م|عصرا|ظهرا|ليلا|pm)(?![^\W\d_]))?"
)
_AFTERNOON: Final = frozenset(("م", "مساء", "مساءا", "عصرا", "ظهرا", "pm"))
_NEAR_DAY: Final = re.compile(
    rf"\W*(?:(?:تم\s+)?(?:ال)?(?:نشر|تحديث|اخر تحديث)\w*\W+)?(?:في\s+)?(?P<word>{_any_of(_NEAR_DAYS)})"
    rf"(?:\W*(?:الساعه|at|a)?\W*(?:{_CLOCK.pattern})?)?\W*"
)
_ZONE: Final = re.compile(
    rf"[\s,(|]*(?:(?:ب?توقيت|بالتوقيت)\s+(?P<name>{_any_of(_ZONES)})|(?P<greenwich>gmt|utc|ت\.?\s?غ)(?![^\W\d_])|z(?!\w))?"
    r"\s*(?P<shift>[+-]\s?\d{1,2}(?::?[0-5]\d)?(?!\d))?"
)
_WEEKDAY_BEFORE: Final = re.compile(rf"(?P<weekday>{_any_of(_WEEKDAYS)})\W*(?:الموافق\w?\W*)?$|الموافق\w?\W*$")
_REACH: Final = 24  # characters between a date and its time of day: " - الساعة ", " | آخر تحديث: "


def parse_written_date(text: str) -> list[WrittenDate]:
    """Every date in `text`, in order, without overlaps. For bylines: the cost grows with the length of `text`."""
    normalized, places = _normalize(text)
    found: list[WrittenDate] = []
    for written in sorted(_dates(normalized), key=lambda d: (d.start, -d.end)):
        if not found or written.start >= found[-1].end:
            found.append(written)
    opens = [0, *(written.end for written in found)]
    closes = [*(written.start for written in found[1:]), len(normalized)]
    timed = [_with_clock(*beside, normalized=normalized) for beside in zip(found, opens, closes, strict=False)]
    return [d._replace(start=places[d.start], end=places[d.end - 1] + 1) for d in timed] if places else timed


def day_read(written: WrittenDate, read_at: dt.datetime) -> dt.date | None:
    """The day of `written` for someone who reads it at `read_at`; None if there is no such day.

    Without a year it is the latest such day up to the day after `read_at`, on the written weekday if there is one.
    """
    if written.ago is not None:
        return (read_at - written.ago).date()
    if written.month_day is None:
        return written.date
    for year in range(read_at.year + 1, read_at.year - 8, -1):
        day = _day(year, *written.month_day)
        if day and day <= read_at.date() + dt.timedelta(days=1) and written.weekday in (None, day.weekday()):
            return day
    return None


def _normalize(text: str) -> tuple[str, list[int]]:
    """`text` with one form for each letter and digit; and, the old place of each letter if marks were removed."""
    if not _DEBRIS.search(text):
        return normalize_date(text), []
    places = [i for i, letter in enumerate(text) if not _DEBRIS.match(letter)]
    return normalize_date("".join(text[i] for i in places)), places


def _dates(normalized: str) -> Iterator[WrittenDate]:
    """All dates, with overlaps."""
    if _DIGIT.search(normalized):
        yield from _numbered_dates(normalized)
    for match in _AGO.finditer(normalized) if any(word in normalized for word in _AGO_WORDS) else ():
        yield WrittenDate(*match.span(), RELATIVE, None, ago=_ago(match["n"] or match["n_en"], match))
    near = _NEAR_DAY.fullmatch(normalized)
    if near:
        yield WrittenDate(*near.span("word"), RELATIVE, None, ago=dt.timedelta(days=_NEAR_DAYS[_spaced(near["word"])]))


def _numbered_dates(normalized: str) -> Iterator[WrittenDate]:
    """The dates with the number of a day. If the month or year comes first, the year needs four digits."""
    words = _LETTERS.findall(normalized)  # a look-up of month names is far cheaper than a search
    if not _MONTH_WORDS.isdisjoint(words):
        whole_year = _WHOLE_YEAR.search(normalized) is not None
        for pattern in _YEAR_PATTERNS if whole_year else (_DAY_MONTH_YEAR,):
            for match in pattern.finditer(normalized):
                yield from _from_names(match)
    for match in _HIJRI.finditer(normalized) if not _HIJRI_WORDS.isdisjoint(words) else ():
        month = _HIJRI_NUMBER[" ".join(match["month"].split())]
        day = _hijri_day(int(match["year"]), month, int(match["day"]))
        if day:
            yield WrittenDate(*match.span(), HIJRI, day)
    for match in _NUMBERS.finditer(normalized):
        american = _AMERICAN_CLOCK.match(normalized, match.end()) is not None
        yield from _from_numbers(match, _weekday_before(normalized, match.start()), american=american)


def _from_names(match: re.Match[str]) -> Iterator[WrittenDate]:
    """The day of a match with a Gregorian month name; only `month_day` if no year follows."""
    month, day = _MONTH_NUMBER[_spaced(match["month"])], _day_number(match["day"])
    end = match.end()
    if match["twin"] and _MONTH_NUMBER[_spaced(match["twin"])] != month:
        return
    if match["year"] is None:
        if _day(2024, month, day):  # a leap year: the 29th of February may be meant
            yield WrittenDate(match.start(), end, GREGORIAN, None, month_day=(month, day))
        return
    date = _day(_full_year(match["year"].lstrip("'")), month, day)
    if date:
        yield WrittenDate(match.start(), end, GREGORIAN, date)


def _day_number(day: str) -> int:
    """The day of the month that is written in digits or as an ordinal."""
    return int(day) if day.isdigit() else _ORDINAL_DAYS[_spaced(day)]


def _weekday_before(normalized: str, start: int) -> int | None:
    """The weekday that is written right before a date; None without one."""
    weekday = _WEEKDAY_BEFORE.search(normalized[max(0, start - _REACH) : start])
    return _WEEKDAYS[weekday["weekday"]] if weekday and weekday["weekday"] else None


def _from_numbers(match: re.Match[str], weekday: int | None, *, american: bool) -> Iterator[WrittenDate]:
    """The day of three numbers: year first if it has four digits, else day first, else month first.

    A weekday beside it that only one of the two orders has decides.
    """
    a, b, c = match["a"], match["b"], match["c"]
    if len(a) == 4 and len(c) <= 2:
        orders = ((a, b, c), (a, c, b))
    elif len(a) <= 2:
        orders = ((c, a, b), (c, b, a)) if american else ((c, b, a), (c, a, b))
    else:
        return
    hijri = 1300 <= _full_year(orders[0][0]) < 1600
    read = [(_hijri_day if hijri else _day)(_full_year(y), int(m), int(d)) for y, m, d in orders]
    days = [day for day in read if day and 1900 <= day.year < 2100]
    if days:
        day = next((day for day in days if day.weekday() == weekday), days[0])
        yield WrittenDate(*match.span(), HIJRI if hijri else GREGORIAN, day)


def _ago(number: str | None, match: re.Match[str]) -> dt.timedelta:
    count = 1 if number is None else int(number) if number.isdigit() else _NUMBER_WORDS[number]
    return dt.timedelta(minutes=count * _UNITS[_spaced(match["unit"] or match["unit_en"])])


def _with_clock(written: WrittenDate, since: int, until: int, normalized: str) -> WrittenDate:
    """`written` with the time of day, zone and weekday beside it, up to the dates before and after it."""
    opening = max(since, written.start - _REACH)
    before = normalized[opening : written.start]
    weekday = _WEEKDAY_BEFORE.search(before)
    if weekday:
        day = _WEEKDAYS[weekday["weekday"]] if weekday["weekday"] else None
        written = written._replace(weekday=day, start=opening + weekday.start())
        before = before[: weekday.start()]
    after = normalized[written.end : min(until, written.end + 2 * _REACH)]
    clock = _CLOCK.search(after[:_REACH]) and _CLOCK.search(after)
    tail = after
    if not clock:
        *_, clock = [None, *_CLOCK.finditer(before)]
        tail = before
    if not clock:
        return written
    return written._replace(clock=_time(clock), utc_offset=_utc_offset(tail[clock.end() :]))


def _time(clock: re.Match[str]) -> dt.time:
    """The time of day on 24 hours. Half past eleven at night (ليلا) is 23:30, half past two at night 02:30."""
    hour, half = int(clock["hour"]), clock["half"]
    afternoon = half in _AFTERNOON or (half == "ليلا" and 6 <= hour < 12)
    if afternoon and hour < 12:
        hour += 12
    elif half and hour == 12 and half not in _AFTERNOON:
        hour = 0
    return dt.time(hour, int(clock["minute"]), int(clock["second"] or 0))


def _utc_offset(tail: str) -> dt.timedelta | None:
    """The zone at the beginning of `tail`, the text after a time of day; None without one."""
    zone = _ZONE.match(tail)
    if not zone or not zone.group().strip(" \t\n-|,"):
        return None
    hours = _ZONES[_spaced(zone["name"])] if zone["name"] else 0
    if not zone["shift"]:
        return dt.timedelta(hours=hours) if re.search(r"\w", zone.group()) else None
    sign = -1 if zone["shift"][0] == "-" else 1
    digits = re.sub(r"\D", "", zone["shift"])
    minutes = int(digits[-2:]) if len(digits) > 2 else 0
    shift = dt.timedelta(hours=int(digits[:-2] if len(digits) > 2 else digits), minutes=minutes)
    return sign * shift if shift <= dt.timedelta(hours=14) else None


def _spaced(name: str) -> str:
    return " ".join(name.split())


def _full_year(digits: str) -> int:
    """The year with four digits. Two digits mean 1994 to 2093, because no news page is older than the web."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 94 else 2000)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _hijri_day(year: int, month: int, day: int) -> dt.date | None:
    """The Gregorian day by the Umm al-Qura calendar, whose tables run from 1343 to 1500 AH; None outside them."""
    try:
        return dt.date(*Hijri(year, month, day).to_gregorian().datetuple())  # a plain date, not the library's own kind
    except (ValueError, OverflowError):
        return None
