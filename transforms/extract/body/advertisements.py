"""Texts that are no articles by their words: advertisements, and pages that every site has once."""

import re
from collections.abc import Sequence
from typing import Final

from warraq.transforms.arabic import normalize_line


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(entry.split()) for entry in text.split("|"))


# In normalized spelling, each word without its article.
_SITE_PAGES: Final = _names(
    """
    سياسه خصوصيه | سياسه استخدام | سياسه استرجاع | سياسه استبدال | سياسه شحن | سياسه ارجاع | سياسه نشر | سياسه كوكيز |
    سياسه ملفات تعريف ارتباط | شروط استخدام | شروط خدمه | شروط موقع | شروط | احكام | اتفاقيه استخدام | اتفاقيه مستخدم |
    من نحن | عن موقع | عن شركه | اتصل بنا | اتصلوا بنا | تواصل معنا | اعلن معنا | اخلاء مسؤوليه | اخلاء مسئوليه |
    حقوق ملكيه | حقوق نشر | about | about us | contact | contact us | privacy | privacy policy | terms | terms of use |
    terms of service | conditions | cookie policy
    """
)
_AND = re.compile(r"\s+و(?=\w)|\s+and\s+|\s*[،,&/|-]\s*")
# Fields of classified advertisements, of goods and of vacancies.
_FIELDS: Final = _names(
    """
    سعر | سعر مطلوب | مساحه | رقم اعلان | رقم منتج | رقم قطعه | رقم صنف | رمز منتج | موديل | ماركه | لون | مقاس |
    مقاسات | عدد غرف | نوع عقار | نوع اعلان | نوع دوام | نوع وظيفه | وسيله اتصال | طرق دفع | جوال | رقم جوال |
    للتواصل | للاتصال | هاتف | واتساب | واتس اب | مسمي وظيفي | راتب | مؤهل | مؤهلات | مؤهل علمي | مؤهل مطلوب |
    مؤهلات مطلوبه | خبره | سنوات خبره | خبره مطلوبه | مكان عمل | مقر عمل | جنسيه | بائع | معلن | كميه | ضمان |
    بلد منشا | توفر | شحن | توصيل | اخر موعد للتقديم | طريقه تقديم | price | sku | brand | model | salary |
    job title | job location | vacancy
    """
)
_FIELD = re.compile(r"(?P<name>[^\W\d]+(?: [^\W\d]+){0,2})\s*(?:[:：]|(?=\d))")
_PRICE = re.compile(
    r"\d[\d.,]*\s*(?:(?:الف|مليون)\s+)?(?:دينار|ريال|درهم|جنيه|دولار|ليره|ر\.س|د\.ك|د\.ا|sar|egp|aed|kwd|usd|\$)"
    r"(?: \w+)?"
)
# Headings of a site's terms and of its promises of privacy, however its page is called.
_TERMS = re.compile(
    r"(?:سياسه|بيان) (?:سريه و?)?(?:ال)?(?:خصوصيه|استخدام)|افشاء (?:ال)?(?:معلومات|بيانات)|اخلاء (?:ال)?مس[ؤئ]وليه"
    r"|(?:ال)?شروط و ?(?:ال)?احكام|شروط (?:ال)?(?:استخدام|خدمه)|تعديلات? (?:علي )?(?:سياسه|شروط)|التعديلات علي"
    r"|(?:عند )?(?:ال)?اتصال بنا$|رخصه (?:ال)?استخدام|ملفات (?:تعريف )?(?:ال)?ارتباط|حقوق (?:ال)?ملكيه"
    r"|(?:ال)?روابط بالمواقع|عنوان بروتوكول"
)
_TERMS_WORDS: Final = 8  # of the longest heading
_LEAST_TERMS: Final = 4
_FIELD_WORDS: Final = 12  # of the longest line that is a field
_LEAST_FIELDS: Final = 3
_SENTENCE_WORDS: Final = 12
_SENTENCE_ENDS: Final = tuple('.!؟?…»”"')
_PROSE_SHARE: Final = 0.5  # of the words; a text with more is an article that names prices, or a vacancy in the news


def is_site_page(title: str) -> bool:
    """True for the title of a page that every site has once: "سياسة الخصوصية". A question is a headline: "من نحن؟"."""
    if title.rstrip().endswith(("؟", "?")):
        return False
    parts = [_bare(part) for part in _AND.split(normalize_line(title))]
    return all(part in _SITE_PAGES for part in parts)


def advertised_fields(lines: Sequence[str]) -> list[str]:
    """The fields of an advertisement that begin short lines: "السعر: 500". None if few, or below prose."""
    prose = sum(n for line in lines if (n := line.count(" ") + 1) >= _SENTENCE_WORDS and line.endswith(_SENTENCE_ENDS))
    if prose >= _PROSE_SHARE * sum(line.count(" ") + 1 for line in lines):
        return []
    short = [normalize_line(line) for line in lines if line.count(" ") < _FIELD_WORDS]
    named = (_bare(found["name"]) for key in short if (found := _FIELD.match(key)))
    fields = {name for name in named if name in _FIELDS} | {"price" for key in short if _PRICE.fullmatch(key)}
    return sorted(fields) if len(fields) >= _LEAST_FIELDS else []


def terms_of_use(lines: Sequence[str]) -> list[str]:
    """The headings of a site's terms of use or privacy policy; none if they are few."""
    short = (normalize_line(line) for line in lines if line.count(" ") < _TERMS_WORDS)
    found = sorted({match.group() for key in short if (match := _TERMS.match(key))})
    return found if len(found) >= _LEAST_TERMS else []


def _bare(name: str) -> str:
    return " ".join(word.removeprefix("ال") for word in name.split())
