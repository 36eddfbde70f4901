"""Credits: the agency or other source of an article, named in a line of its own or before the first sentence."""

import re
from typing import Final

from warraq.transforms.arabic import normalize_line
from warraq.transforms.clean.characters import clean_characters

# The agencies: the spelling by which articles are grouped, and a pattern for all spellings in normalized text. The
# words "وكالة" and "أنباء", which can precede each of them, are left out.
_AGENCIES: Final[dict[str, str]] = {
    "رويترز": r"رويترز|reuters",
    "أ ف ب": r"ا\W?ف\W?ب|الصحافه الفرنسيه|فرانس\W?برس|afp",
    "أسوشيتد برس": r"(?:ال)?ا?سوشي?يتد\W?برس|(?:ال)?اسوشيتدبرس|associated press",
    "د ب أ": r"د\W?ب\W?ا|(?:ال)?انباء الالمانيه|dpa",
    "الأناضول": r"الاناضول|anadolu",
    "سبوتنيك": r"سبوتنيك|sputnik",
    "تاس": r"تاس|tass",
    "شينخوا": r"شينخوا|xinhua",
    "نوفوستي": r"(?:ريا )?نوفوستي",
    "أ ش أ": r"ا\W?ش\W?ا|انباء الشرق الاوسط",
    "سانا": r"سانا",
    "وام": r"(?:الامارات )?وام",
    "واس": r"(?:السعوديه )?واس",
    "قنا": r"(?:القطريه )?قنا",
    "كونا": r"(?:الكويتيه )?كونا",
    "بنا": r"(?:البحرين )?بنا",
    "بترا": r"(?:الاردنيه )?بترا",
    "وفا": r"(?:الفلسطينيه )?وفا",
    "معا": r"معا",
    "واج": r"(?:الجزائريه )?واج",
    "وات": r"(?:تونس افريقيا للانباء )?وات",
    "واع": r"(?:العراقيه )?واع",
    "وكالات": r"(?:ال)?وكالات(?: الانباء)?",
}
_EACH_AGENCY: Final = "|".join(f"({spellings})" for spellings in _AGENCIES.values())  # a group for each, in order
_AGENCY = re.compile(rf"(?:وكاله )?(?:(?:ال)?انباء )?(?:{_EACH_AGENCY})")
_ANY_AGENCY = re.compile(r"وكاله(?: [^\W\d]+){1,4}")
_CREDIT_LEAD = re.compile(
    r"^\W*(?:(?:المصدر|مصدر الخبر|عن|source)\s*[:：/\-–]|نقل(?:ا|اً|ًا) عن\s*[:：/\-–]?)\s*"
    r"(?P<credit>[^:،.]{2,60}?)[\s.)]*$",
    re.IGNORECASE,
)
_DATELINE = re.compile(
    r"^(?P<place>[^.،؛:()«\"]{0,40}?)[\s(\[\-–—ـ/،:]+"
    r"(?P<agency>[^()\[\]\-–—ـ/،.]{2,40}|[أا]\W?ف\W?ب|د\W?ب\W?[أا])[)\]]?\s*[\-–—ـ/:]"
)
_AGENCY_FIRST = re.compile(r"^(?P<agency>[^()\-–—ـ/:]{2,30})\s*[\-–—ـ/:]\s")
_CREDIT_WORDS: Final = 8
_AROUND: Final = " \"'«»“”"  # signs around the name of a source


def find_agency(name: str) -> str | None:
    """The agency in one spelling, if `name` is the name of an agency and nothing else; else None."""
    key = normalize_line(name)
    if known := _AGENCY.fullmatch(key):
        return list(_AGENCIES)[(known.lastindex or 1) - 1]
    return clean_characters(name).strip(" .()") if _ANY_AGENCY.fullmatch(key) else None


def read_credit(line: str) -> str | None:
    """The source that a credit line names: "المصدر: وكالة ستيب", "(رويترز)". None if the line has other content."""
    if lead := _CREDIT_LEAD.match(line):
        credit = lead["credit"].strip(_AROUND)
        return find_agency(credit) or credit if len(credit.split()) <= _CREDIT_WORDS else None
    name = line.strip(" ()[]-–—./©")
    alone = name == line and normalize_line(name).startswith("وكاله ")  # "وكالة ناسا تعلن" may be a subheading
    return None if alone else find_agency(name)


def read_dateline(line: str) -> str | None:
    """The agency in the beginning of a line such as "القاهرة - (أ ف ب) -" or "رويترز -"; None without one."""
    opening = _DATELINE.match(line) or _AGENCY_FIRST.match(line)
    return find_agency(opening["agency"]) if opening else None
