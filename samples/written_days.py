"""Days as Arabic sites write them for their readers, each region with its own names of the months."""

import datetime as dt
from collections.abc import Callable
from typing import Final

_WEEKDAYS: Final = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")
_EGYPT: Final = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
]
_ALGERIA: Final = [
    "جانفي",
    "فيفري",
    "مارس",
    "أفريل",
    "ماي",
    "جوان",
    "جويلية",
    "أوت",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
]
_MOROCCO: Final = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "ماي",
    "يونيو",
    "يوليوز",
    "غشت",
    "شتنبر",
    "أكتوبر",
    "نونبر",
    "دجنبر",
]
_LEVANT: Final = [
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
]
_INDIC: Final = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _twelve_hours(moment: dt.datetime) -> str:
    return f"{moment:%I:%M} {'ص' if moment.hour < 12 else 'م'}"


STYLES: Final[dict[str, Callable[[dt.datetime], str]]] = {
    "egypt": lambda day: (
        f"{_WEEKDAYS[day.weekday()]} {day.day:02} {_EGYPT[day.month - 1]} {day.year} - {_twelve_hours(day)}"
    ),
    "plain": lambda day: f"{day.day} {_EGYPT[day.month - 1]}، {day.year}",
    "algeria": lambda day: f"{day.day} {_ALGERIA[day.month - 1]} {day.year}",
    "morocco": lambda day: f"{_WEEKDAYS[day.weekday()]} {day.day} {_MOROCCO[day.month - 1]} {day.year} - {day:%H:%M}",
    "levant": lambda day: f"{_WEEKDAYS[day.weekday()]}، {day.day} {_LEVANT[day.month - 1]} {day.year}",
    "both": lambda day: (
        f"{_WEEKDAYS[day.weekday()]} {day.day} {_LEVANT[day.month - 1]}/{_EGYPT[day.month - 1]} {day.year}"
    ),
    "iraq": lambda day: (
        f"{_WEEKDAYS[day.weekday()]} {day.day} {_LEVANT[day.month - 1]} {day.year} | {day:%H:%M}".translate(_INDIC)
    ),
    "slashes": lambda day: f"{day:%d/%m/%Y}".translate(_INDIC),
    "none": lambda _day: "",
}
