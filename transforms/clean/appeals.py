"""Appeals: lines that ask the reader to install an app, to subscribe, or to follow the site elsewhere.

Newsrooms word them anew all the time, so they are recognised by their parts: a call, a channel of the site, and what
the reader gets or where to press. One of them alone is prose: "حمل التطبيق ملايين المستخدمين".
"""

import re
from typing import Final

# In normalized spelling. The call begins the line: an imperative, or the purpose ("للاشتراك في …").
# Many imperatives of one reader are past tenses, too ("تابع المشاهدون …"), so their object must follow.
_CALL = re.compile(
    r"""(?x)^(?:(?:الان|عزيزي\ القارئ|مجانا|اصبح|و)\W*)?(?:
    (?:حمل|نزل|ثبت)\ (?:الان\ |مجانا\ )?(?:ال)?تطبيق\w* | (?:اشترك|انضم|سجل)\ (?:الان|معنا|في|الي|ب\S+)
  | (?:فعل|شغل)\ (?:الان\ )?(?:ال)?(?:اشعارات|تنبيهات|جرس|خدمه)
  | تابع\ (?:اخر|اهم|احدث|ابرز|اخبار|كل|جديد|معنا|حساب\w*|صفحتنا|قناتنا|منصاتنا)
  | (?:حملوا|نزلوا|ثبتوا|اشتركوا|انضموا|سجلوا|فعلوا|تابعوا|شاركوا|احصلوا|احصل|تابعونا|تابعنا|شاركونا|شاركنا)
  | ل(?:لاشتراك|لانضمام|لتحميل|لتنزيل|لتسجيل|لمتابعه|لحصول|تحميل|تنزيل|متابعه|متابعتنا|تلقي|تصلك|تصلكم|يصلك|يصلكم)
  | (?:يمكنك|يمكنكم|بامكانك|بامكانكم)\ (?:الان\ )?(?:متابعه|متابعتنا|الاشتراك|تحميل|تنزيل|الانضمام)
  | لا\ (?:تفوت|تفوتوا|يفوتك|يفوتكم) | كن\ اول | كونوا\ اول
    )\b"""
)
_CHANNEL = re.compile(
    r"""(?x)\b(?:و|ب|ل|ك)?(?:
    (?:ال)?تطبيق(?:نا|ات)? | (?:ال)?قناه | قناتنا | قنواتنا | (?:ال)?نشره | نشرتنا | (?:ال)?نشرات | (?:ال)?اشعارات
  | (?:ال)?تنبيهات | (?:خدمه|خدمات)\ (?:ال)?(?:اخبار|خبر|عاجل|رسائل|اشعارات|تنبيهات|واتس)\w* | حسابنا | حساباتنا
  | صفحتنا | صفحاتنا | مجموعتنا | منصاتنا | واتس\ ?[اآ]?ب | whatsapp | ت[يل]*[غجق]رام | telegram | يوتيوب | youtube
  | فيس\ ?بوك | facebook | تويتر | twitter | انست[اغجق]*رام | instagram | اخبار\ (?:جوجل|غوغل)
  | (?:جوجل|غوغل|google)\ (?:نيوز|بلاي|news|play)
    )\b"""
)
_GAIN = re.compile(
    r"""(?x)\b(?:
    (?:تطبيق|قنات|نشرت|حساب|صفحت|مجموعت)نا | (?:ل?[يت]صلك|ل?[يت]صلكم) | كل\ (?:ما\ هو\ )?جديد | اول(?:ا)?\ ب[ا]?اول
  | لحظه\ بلحظه | (?:اخر|اهم|احدث|ابرز)\ (?:ال)?(?:اخبار|مستجدات|احداث|تطورات) | (?:ال)?(?:اخبار|خبر)\ (?:ال)?عاجل\w*
  | (?:اضغط|انقر)(?:وا|ي)?\ (?:هنا|علي\ (?:هذا\ )?(?:ال)?رابط)
  | من\ هنا | (?:عبر|علي|من\ خلال)\ (?:هذا\ )?(?:ال)?رابط
  | (?:في|الي|علي)\ بريدك\w* | (?:خدمه|خدمات)\ (?:ال)?(?:اخبار|خبر|عاجل)
  | app\ store | google\ play | (?:اب|ابل|اپ)\ ستور | (?:جوجل|غوغل)\ بلاي | متجر\ (?:ابل|جوجل|غوغل)
  | (?:جوجل|غوغل)\ نيوز | اخبار\ (?:جوجل|غوغل)
    )\b"""
)
_PRESS = re.compile(r"\b(?:اضغط|انقر)(?:وا|ي)? (?:هنا|علي (?:هذا )?(?:ال)?رابط)$")
_PURPOSE = re.compile(
    r"^ل(?:لاشتراك|لانضمام|لتحميل|تحميل|تنزيل|متابعه|متابعتنا|لمتابعه|لمزيد|قراءه|مشاهده|لمشاهده|لتواصل|لتسجيل"
    r"|لمشاركه|مشاركه|طباعه)\b"
)
_MOST_WORDS: Final = 24  # a longer line is prose
_PRESSING_WORDS: Final = 12


def is_appeal(key: str) -> bool:
    """True for a line, in the form of `normalize_line`, that asks the reader to do something outside the article."""
    words = key.count(" ") + 1
    if words > _MOST_WORDS:
        return False
    if words <= _PRESSING_WORDS and _PURPOSE.match(key) and _PRESS.search(key):  # "لمشاهدة الصور اضغط هنا"
        return True
    return _CALL.match(key) is not None and all(part.search(key) is not None for part in (_CHANNEL, _GAIN))
