"""Personal data in texts: e-mail addresses, phone numbers, numbers of identity cards and of accounts are masked.

A number is masked on evidence only: a country's prefix, the form of a country's mobile numbers, a label before it, or a
check digit. So scores, prices, years and dates stay. Digits may be Arabic-Indic.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

EMAIL: Final = "[EMAIL]"
PHONE: Final = "[PHONE]"
ID: Final = "[ID]"
IBAN: Final = "[IBAN]"

_MOST_FOLLOWING: Final = 4  # numbers in a row after a label
_ASCII: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_D: Final = "[0-9]"  # patterns see texts with ASCII digits
# A number is no part of a longer one, of a decimal, of an address or of a word.
_BEFORE: Final = rf"(?<![\w@#/=&%$€£.,٫٬+-])(?<!{_D}[ :])"
_AFTER: Final = rf"(?![\w@%٪=]|[.,/:٫٬-]?{_D}|[ -]{_D})"

_EMAIL: Final = re.compile(
    r"(?<![\w.@%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@-])"
)

# Codes of the countries of the Arab League, of their neighbours and of those where most emigrants live.
_CODES: Final = (
    "20|21[2368]|222|249|25[23]|269|96[1-8]|97[0-4]|90|98|1|7|3[0-9]|4[0-9]|5[1-8]|6[0-6]|8[1246]|9[1-5]|35[0-9]"
    "|2[23][0-9]"
)
_REST: Final = rf"(?:[ \u00a0./()-]{{0,2}}{_D}){{6,12}}"
_INTERNATIONAL: Final = re.compile(
    rf"(?<![\w@#/=&.,+-])(?:\(?\+|(?<!{_D}[ :])\(?00[ -]?)(?={_D}){_D}{{1,4}}\)?{_REST}(?![\w@%٪]|[.,٫٬]{_D})"
    rf"|{_BEFORE}(?:{_D}[ -]?){{9,14}}\+(?!{_D})"
)
_SEPARATOR: Final = r"[ \u00a0./-]"
_GROUPS: Final = tuple(
    groups.replace("S", _SEPARATOR)
    for groups in (
        # mobile numbers without a country's code: of most countries ten digits, of Egypt and Iraq eleven
        r"0[5679]\d{8}",
        r"0[5679]\dS\d{3}S\d{4}",
        r"0[5679]\dS\d{7}",
        r"0[5679]S\d{8}",
        r"0[5679](?:S\d{2}){4}",
        r"0[5679]\d\dS\d{3}S\d{3}",
        r"01[0125]\d{8}",
        r"01[0125]S\d{8}",
        r"01[0125]S\d{4}S\d{4}",
        r"01[0125]\dS\d{3}S\d{4}",
        r"01[0125]\dS\d{7}",
        r"07[3-9]\d{8}",
        r"07[3-9]\dS\d{3}S\d{4}",
        r"07[3-9]\dS\d{7}",
    )
)
_LOCAL: Final = re.compile(f"{_BEFORE}(?:{'|'.join(_GROUPS)}){_AFTER}")
_LABELLED: Final = re.compile(
    r"(?:(?:ال)?(?:هاتف|تلفون|تليفون|جوال|موبايل|محمول|نقال|فاكس|واتس\s?[اآ]ب|واتس)|(?<!\w)ت\s?:"
    r"|للتواصل|للاستفسار|للحجز|(?:على|ب)\s?(?:ال)?[أا]?رقا?م"
    r"|(?<![A-Za-z])(?:tel|telephone|phone|mobile|whats\s?app|fax|call)(?![A-Za-z]))"
    rf"[^\d\n.؛]{{0,20}}(?P<number>\(?{_D}(?:[ \u00a0./()-]?{_D}){{6,13}})(?![\w%٪]|[.,٫٬:]{_D})",
    re.IGNORECASE,
)
# A further number after one that is masked: `[PHONE] أو 71960512`, `[PHONE] / 36300000`.
_FOLLOWING: Final = re.compile(
    r"(?<=\[PHONE\])(?:[ \u00a0/،,;()-]|\([^()\d\n]{1,15}\)|أو|او|و|or){1,8}"
    rf"(?P<number>{_D}(?:[ \u00a0.-]?{_D}){{6,13}})(?![\w%٪]|[.,٫٬:]{_D})"
)
_ID_LABELLED: Final = re.compile(
    r"(?:رقم\s(?:ال)?(?:هوية|إقامة|اقامة|جواز)|(?:ال)?هوية\s(?:ال)?(?:وطنية|مقيم)|بطاقة\s(?:ال)?هوية"
    r"|(?:ال)?رقم\s(?:ال)?(?:قومي|وطني|مدني)|(?:ال)?سجل\s(?:ال)?مدني|(?:ال)?بطاقة\s(?:ال)?مدنية"
    r"|جواز\s(?:ال)?سفر|national\sid|iqama|passport)(?:\s(?:رقم|number|no\.?))?"
    rf"[^\d\n.؛A-Za-z]{{0,15}}(?P<number>[A-Za-z]{{0,2}}{_D}{{6,15}})(?!\w)",
    re.IGNORECASE,
)
_TEN_DIGITS: Final = re.compile(rf"{_BEFORE}[12]{_D}{{9}}{_AFTER}")
_FOURTEEN_DIGITS: Final = re.compile(rf"{_BEFORE}[23]{_D}{{13}}{_AFTER}")
_IBAN: Final = re.compile(rf"(?<!\w)[A-Z]{{2}}{_D}{{2}}(?:[ ]?[A-Z0-9]){{11,30}}(?!\w)")
_HAS_NUMBER: Final = re.compile(r"(?:\d[ \u00a0./()-]{0,2}){6}")  # most texts have none
_DAY: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d")
_YEARS: Final = re.compile(r"(?:19|20)\d\d ?[./-] ?(?:(?:19|20)\d\d|\d{1,2}[./-]\d{1,2})")


def mask(text: str) -> str:
    """The text with personal data replaced by [EMAIL], [PHONE], [ID] and [IBAN]. Masking twice changes nothing."""
    if "@" in text:
        text = _EMAIL.sub(EMAIL, text)
    if _HAS_NUMBER.search(text):
        for pattern, is_one, token in _NUMBERS:
            text = _replaced(text, pattern, is_one, token)
    return text


def _replaced(text: str, pattern: re.Pattern[str], is_one: Callable[[str], bool], token: str) -> str:
    """The text with the number in each match replaced, if its digits are really such a number."""
    parts, end = [], 0
    for match in pattern.finditer(text.translate(_ASCII)):  # of the same length
        found = "number" if "number" in pattern.groupindex else 0
        if is_one(match[found]):
            parts += [text[end : match.start(found)], token]
            end = match.end(found)
    return "".join([*parts, text[end:]])


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def _is_international(number: str) -> bool:
    digits = _digits(number)
    if number.startswith(("00", "(00")):
        digits = digits.removeprefix("00")
    return 9 <= len(digits) <= 15 and re.match(_CODES, digits) is not None


def _is_no_date(number: str) -> bool:
    """False for groups such as `05 06 2018`, which are days and times."""
    groups = re.split(_SEPARATOR, number)
    return not (len(groups) > 2 and any(len(group) == 4 and group[:2] in ("19", "20") for group in groups[:-1]))


def _is_labelled(number: str) -> bool:
    """True for a number after a label that has the length of a phone number, and is no day or span of years."""
    is_day = _DAY.fullmatch(number) or _YEARS.fullmatch(number)
    return 7 <= len(_digits(number)) <= 14 and _is_no_date(number) and not is_day


def _is_saudi(number: str) -> bool:
    """True for ten digits with the check digit of Luhn, as on identity cards of Saudi Arabia; no round sum."""
    total = sum(sum(divmod(2 * int(one), 10)) if place % 2 == 0 else int(one) for place, one in enumerate(number))
    return total % 10 == 0 and not number.endswith("000")


def _is_egyptian(number: str) -> bool:
    """True for fourteen digits of a day of birth, a governorate and a right check digit."""
    try:
        dt.date(1700 + 100 * int(number[0]) + int(number[1:3]), int(number[3:5]), int(number[5:7]))
    except ValueError:
        return False
    weights = (2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    check = 11 - sum(weight * int(one) for weight, one in zip(weights, number, strict=False)) % 11
    return (1 <= int(number[7:9]) <= 35 or number[7:9] == "88") and check % 10 == int(number[13])


def _is_iban(number: str) -> bool:
    """True if the remainder of the number is that of an IBAN (ISO 13616)."""
    plain = number.replace(" ", "")
    value = "".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(value) % 97 == 1


_NUMBERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool], str], ...]] = (
    (_IBAN, _is_iban, IBAN),
    (_ID_LABELLED, bool, ID),
    (_FOURTEEN_DIGITS, _is_egyptian, ID),
    (_INTERNATIONAL, _is_international, PHONE),
    (_LOCAL, _is_no_date, PHONE),
    (_LABELLED, _is_labelled, PHONE),
    *[(_FOLLOWING, _is_labelled, PHONE)] * _MOST_FOLLOWING,
    (_TEN_DIGITS, _is_saudi, ID),
)
