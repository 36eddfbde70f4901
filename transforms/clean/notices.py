"""Notices of sites that republish articles: where the text is from, and that they do not answer for it.

Each site words its notice anew, so it is recognised by its parts. One of them alone is
prose: "لا نتحمل مسؤولية الحادث".
"""

import re
from typing import Final

# In normalized spelling.
_OURS: Final = r"(?:نحن|اننا|(?:ال)?موقع\w*|(?:ال)?صحيفه|(?:ال)?جريده|(?:ال)?اداره|(?:ال)?شبكه|(?:ال)?بوابه)"
_THING: Final = r"(?:ال)?(?:خبر|مقال|مقاله|موضوع|محتوي)"
_PARTS: Final = (
    re.compile(  # the site does not answer for it
        r"(?:لا|لن|دون ان) نتحمل\b.{0,30}مس[ؤئ]و?لي"
        rf"|\b{_OURS}\b(?: \S+){{0,4}} (?:لا|لن) [يت]تحمل\b.{{0,30}}مس[ؤئ]و?لي"
        rf"|\b{_OURS}\b(?: \S+){{0,3}} غير مس[ؤئ]ول|غير مس[ؤئ]ولين عن محتوي|لا يتحمل {_OURS}\b.{{0,30}}مس[ؤئ]و?لي"
        r"|العهده علي (?:ال)?(?:مصدر|راوي|ناشر)|لا [يت]عبر\w*(?: \S+){0,3} عن (?:راي|وجهه نظر)"
    ),
    re.compile(  # the text is a thing
        rf"(?:نشرنا|قدمنا|عرضنا|نقلنا) لكم|(?:قراءه|قراءت\w+|كانت? هذ[اه]|كانت? هذه تفاصيل) (?:هذ[اه] )?{_THING}"
        rf"|{_THING} بعنوان|محتوي (?:هذا )?{_THING}|(?:ال)?محتوي (?:ال)?اصلي"
    ),
    re.compile(  # it was taken over
        r"\bمنقول\w* (?:كما|بالكامل|من|عن)\b|\bتم (?:نقل|كتابه|كتابت|اقتباس|جلب)\w*\b.{0,60}"
        r"(?:كما ه[وي]|بواسطه|محرري)\b"
        r"|مصدره? (?:ال)?(?:اصلي|اساسي|سابق)|محرري (?:موقع|صحيفه|جريده)"
    ),
    re.compile(
        r"\bنشكر\w* (?:علي|ل)|\bنحيطكم\b|\bنود (?:ان ننوه|التنويه|ان نحيط)|^(?:ملحوظه|تنويه|ملاحظه)\b"
    ),  # a word to readers
)
_LEAST_PARTS: Final = 2


def is_notice(key: str) -> bool:
    """True for a line, in the form of `normalize_line`, that has at least two parts of such a notice."""
    return sum(part.search(key) is not None for part in _PARTS) >= _LEAST_PARTS
