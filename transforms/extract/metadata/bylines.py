"""The names in a byline such as "كتب: أحمد علي، ومنى حسن - القاهرة", without labels, roles, cities and accounts."""

import re
from typing import Final

from warraq.transforms.arabic import LETTER_RUN
from warraq.transforms.extract.metadata.meta_tags import compared, string

# Labels before a name: "كتب:", "إعداد وتقديم:", "مراسل النهار في دمشق:", "Written by".
_LABEL = re.compile(
    r"""(?ix)^\W*(?:
    ال(?:كاتبة?|محررة?|مؤلفة?|صحفية?|صحافية?|ناشر|مصدر)(?=\s*[:/]|\s+\S+\s+\S|$)
  | (?:كاتب|محرر|صحفي|صحافي|مراسل|موفد|مندوب)(?:ة|تنا|نا)?(?:\ [^:/]{1,40})?\s*[:/]
  | كتب(?:ت|ه|ها|ته|وا)? | بقلم | (?:من\ )?[إا]عداد | تحرير | تقرير | تحقيق | ترجم(?:ة|ه|ته) | متابعة | تغطية | صياغة
  | حوار | حاور(?:ه|ته|ها|تها)? | أجرت?\ الحوار | رصد(?:ت|ته)? | مقال | نص | رأي
  | (?:(?:مرسلة?|[أا]رسلت?|(?:تم\ )?(?:ال)?نشرت?|[أا]ضيفت?|(?:تم\ )?[إا]ضافته?|كتبت?)\s+)?(?:بواسطة|من\ قبل)
  | (?:(?:written|posted|published|reported)\ )?by | authors? | (?:publié\ )?par | auteur
    )
    (?:\s+(?:و?(?:تقديم|تحرير|تصوير|[إا]عداد|ترجمة|كتابة|حوار)|ال(?:صحفية?|صحافية?|كاتبة?|زميلة?)))*
    (?:(?<=[:/])[\s:：/|\\–—ـ-]*|[\s:：/|\\–—ـ-]+|$)"""
)
# The label of another field in the same line: "الكاتب: أحمد علي المصدر: وكالات".
_NEXT_LABEL = re.compile(
    r"(?<=\S)\s+(?:المصدر|التاريخ|القسم|المشاهدات|الزيارات|التصنيف|(?:تاريخ|تم)\s+(?:ال)?(?:نشر|[إا]ضافة|تحديث)|[آا]خر\s+تحديث)\s*[:/]"
)
_BETWEEN_NAMES = re.compile(r"\s*[,،;؛&+\n•·]\s*|\s+(?:and|et|و|مع)\s+")
_STROKE = re.compile(r"\s+[-–—ـ]+\s*|\s*[-–—ـ]+\s+|\s*[|/\\]\s*")  # between names, or between a name and a city
_ASIDE = re.compile(r"\([^()]*\)?|\[[^\]]*\]?|«[^»]*»?|“[^”]*”?|\"[^\"]*\"?|\S*@\S*|<[^>]*>?")
_ADDRESS = re.compile(r"(?i)https?:|www\.")
_JOINED = re.compile(  # a "و" between two names that is not the first letter of the second
    r"""(?x)(?<=\w)\s+و(?!(?:ليد|ائل|سام|سيم|فاء|داد|جدي|جيه|ردة?|هبة?|هبي|هيبة?|حيد|لاء|لد|صفي|ضاح|عد|ثيق|ئام|اصف|اكيم
    |نوس|هاب|هدان|رداني|رشان|ديع|سيلة|سن|فيق|فقي|افي|ادي|الي|اثق|اعد|زان|زير|زنة)\b)(?=\w{2,}\s+\w)"""
)
_ROLE = re.compile(
    r"""(?ix)^(?:مراسل|موفد|مندوب|محرر|كاتب|صحفي|صحافي|[إا]علامي|رئيس|نائب|مدير|باحث|خبير|محلل|[أا]ستاذ|[أا]كاديمي|سفير
    |وزير|طبيب|محام|محامي|ناشط|عضو|شاعر|روائي|ناقد|مصور|مترجم|مسؤول|مشرف|تصوير|كاميرا|مونتاج
    )(?:ة|ون|ين|ات|نا)?\b
  | ^(?:[\w-]+\ ){0,3}(?:correspondent|reporter|editor|writer|contributor|columnist|journalist|producer|photographer
    |chief|bureau)s?(?:\ (?:in|at|for|of)\b.*)?$"""
)
# Accounts, desks and outlets that content management systems write in place of the author.
_ACCOUNT = re.compile(
    r"""(?ix)^\W*$ | \d{2,} | [\w-]\.[a-zء-ي]{2,} | ^wp\W?admin
  | ^(?:super\W?)?(?:admin|administrator|editors?|webmaster|staff|guest|author|user|root|null|none|undefined|unknown
    |anonymous|news|desk|newsroom|team|web|online|agencies)\d*$
  | (?:news|web|online|digital|city|sports?)\ (?:desk|team|staff|room|editor)$ | ^(?:staff|agency)\ .
  | ^(?:ال)?(?:محرر(?:ون|ين|ة)?|كاتب|مدير|مشرف|[إا]دارة|مجهول|زائر|ديسك|دسك|وكالات|مواقع|متابعات|خاص|تحرير)
    (?:\ .{0,8})?$
  | ^(?:هيئة|[أا]سرة|فريق|قسم|غرفة|وحدة|سكرتارية|[إا]دارة|مكتب|لجنة|طاقم|صحيفة|جريدة|موقع|مجلة|قناة|تلفزيون|[إا]ذاعة
    |بوابة|شبكة|منصة|مركز|مؤسسة|وكالة|[أا]خبار|يومية|(?:ال)?محرر|تحرير|(?:ال)?ديسك)\ .
  | \b(?:نيوز|news)$ | ^(?:غير\ معروف|بدون\ كاتب|كل\ الحقوق|جميع\ الحقوق)"""
)
# Cities, countries and sections that bylines and author boxes name beside or instead of a person.
_PLACES: Final = frozenset(
    compared(name)
    for name in """
    القاهرة|الإسكندرية|الجيزة|الرياض|جدة|مكة|مكة المكرمة|المدينة المنورة|الدمام|الخبر|أبها|تبوك|حائل|دبي|أبوظبي|أبو ظبي|
    الشارقة|الدوحة|الكويت|المنامة|مسقط|صنعاء|عدن|بغداد|أربيل|البصرة|الموصل|دمشق|حلب|بيروت|طرابلس|عمان|القدس|
    القدس المحتلة|رام الله|غزة|الناصرة|نابلس|الخرطوم|تونس|الجزائر|الرباط|الدار البيضاء|مراكش|طنجة|بنغازي|نواكشوط|
    مقديشو|جيبوتي|أنقرة|إسطنبول|اسطنبول|طهران|تل أبيب|لندن|باريس|برلين|بروكسل|جنيف|فيينا|روما|مدريد|موسكو|كييف|
    واشنطن|نيويورك|بكين|طوكيو|نيودلهي|إسلام آباد|كابول|عواصم|مصر|السعودية|الإمارات|قطر|البحرين|اليمن|العراق|سوريا|لبنان|
    الأردن|فلسطين|السودان|ليبيا|المغرب|موريتانيا|تركيا|إيران|روسيا|أمريكا|أميركا|فرنسا|بريطانيا|الخليج|الشرق الأوسط|
    العالم|العالم العربي|أفريقيا|إفريقيا|آسيا|أوروبا
    """.replace("\n", "").split("|")
)
_PLACES_AND_SECTIONS: Final = _PLACES | frozenset(
    compared(name)
    for name in """
    سياسة|اقتصاد|رياضة|ثقافة|فن|فنون|ثقافة وفنون|مجتمع|صحة|تكنولوجيا|
    علوم|تقنية|منوعات|حوادث|محليات|دولي|عربي|عربي ودولي|أخبار|الأخبار|آخر الأخبار|أخبار محلية|رأي|آراء|مقالات|
    مقالات الرأي|تقارير|تحقيقات|فيديو|صور|بث مباشر|عاجل|المزيد|الرئيسية|كتاب|كتاب المقالات|اتصل بنا|من نحن|اقرأ المزيد|
    تابعنا|شارك|الأسئلة الشائعة|سياسة الخصوصية|الكاتب|المصدر
    """.replace("\n", "").split("|")
)
_IN_NO_NAME: Final = frozenset(
    """
    تم تاريخ النشر التحديث من في على إلى الى عن هذا هذه ذلك التي الذي كل جميع حقوق الحقوق محفوظة اقرأ شاهد تابع شارك
    المزيد أيضا منذ قبل بعد دقيقة دقائق ساعة ساعات يوم نشر آخر تحديث مباشر the of for in on to from all rights read more
    share follow
    """.split()  # noqa: SIM905
)
_OUTSIDE = re.compile(r"^[^\w(]+|[^\w)]+$")  # signs around a name: "✍ منى الحداد"
# A sign before or behind the label: "سيرة القائد بقلم حفيده الأكبر" is a title.
_SIGNED = re.compile(r"(?:[^\w\s]\s*بقلم|\s+بقلم\s*[:：/])\s*[:：/–-]*\s*(?P<names>[^:]{5,60})$")
_FULL_NAME_WORDS: Final = range(2, 6)
# Labels of a kind of work: "تقرير: أحمد علي" is a byline, "تقرير: أسعار ترتفع" a headline.
_WORK_LABEL = re.compile(r"\W*(?:تقرير|تحقيق|متابعة|تغطية|حوار|مقال|نص|رأي)\s*[:/]")
# Verbs in the present tense, and their nouns: "ترتفع", "تتراجع", "يستعد", "يطالب", "تراجع", "يعلن".
_VERB = re.compile(r"[يت](?:\wت\w{2}|ت\w{3,4}|ست\w{3}|\wا\w{2}|\w{3})")
_LIKE_VERBS: Final = frozenset(  # names of that form
    """
    تامر تركي تقوى تميم توفيق تيسير تحسين تمام تماضر تهاني ياسر ياسمين ياسين يامن يحيى يزيد يسري يسرى يعقوب يعرب يمنى
    يوسف يونس ينال ياقوت
    """.split()  # noqa: SIM905
)
_BETWEEN_PLACE_AND_NAME = re.compile(r"\s*[|()\[\]،]\s*|\s+[-–—ـ/]+\s*|\s*[-–—ـ/]+\s+|\s*[:：](?:\s+|$)")
_DATE_BEHIND = re.compile(
    r"(?:^|\s)[\W_]*(?:(?:ال(?:سبت|[أا]حد|[إا]ثنين|ثلاثاء|[أا]ربعاء|خميس|جمعة)|يوم)\W+)*\d.*$", re.DOTALL
)
_PLACED_NAME_WORDS: Final = range(2, 5)
_LONGEST_PLACED: Final = 80  # characters of a line of a place, a name and a date


def split_names(line: str) -> list[str]:
    """The names in a byline: "كتب: أحمد علي، منى حسن" gives two. Roles, cities, handles and sections are left out."""
    if _ADDRESS.search(line) or (_WORK_LABEL.match(line) and _has_verb(line)):
        return []
    parts = (part for each in _BETWEEN_NAMES.split(_without_label(line)) for part in _beside_strokes(each))
    names = (_OUTSIDE.sub("", name) for part in parts for name in _parted(_without_label(string(part) or "")))
    return [name for name in names if _is_name(name)]


def _without_label(line: str) -> str:
    """`line` without labels such as "كتب:", without handles, brackets and quotes."""
    bare = _NEXT_LABEL.split(_LABEL.sub("", _LABEL.sub("", line)))[0]
    place, colon, name = bare.partition(":")
    return _ASIDE.sub(" ", name if colon and compared(place) in _PLACES_AND_SECTIONS else bare)


def _beside_strokes(part: str) -> list[str]:
    """The parts between dashes and slashes. Beside a part of two words, single words such as cities are left out."""
    pieces = _STROKE.split(part)
    return [piece for piece in pieces if len(piece.split()) > 1] or pieces


def _parted(part: str) -> list[str]:
    """Two names if a "و" joins two full names: "منى حسن وأحمد علي". A name such as "وليد" stays whole."""
    pieces = _JOINED.split(" ".join(part.split()))
    return pieces if all(len(piece.split()) > 1 for piece in pieces) else [" ".join(part.split())]


def _is_name(name: str) -> bool:
    if not name or _ACCOUNT.search(name) or _ROLE.search(name):
        return False
    return compared(name) not in _PLACES_AND_SECTIONS


def placed_name(line: str, sites: frozenset[str] = frozenset()) -> str | None:
    """The name in a line of a known place or site, one full name and at most a date; None for any other line.

    Such lines are "الرياض - خالد الحربي | 2 أكتوبر 2025" and "خالد الحربي (الرياض)". No name begins with an article, as
    "الأزمة السورية" does.
    """
    if len(line) > _LONGEST_PLACED:
        return None
    pieces = [_DATE_BEHIND.sub("", piece).strip() for piece in _BETWEEN_PLACE_AND_NAME.split(line)]
    places = {piece for piece in pieces if compared(piece) in _PLACES or compared(piece) in sites}
    others = [piece for piece in pieces if piece and piece not in places]
    if len(others) != 1 or not places:
        return None
    (name,) = others
    is_person = is_full_name(name) and len(name.split()) in _PLACED_NAME_WORDS and _is_name(name)
    return name if is_person and not name.startswith("ال") and not _has_verb(name) else None


def _has_verb(text: str) -> bool:
    """True if a word after the first one has the form of a verb in the present tense, or of its noun."""
    words = LETTER_RUN.findall(text)
    return any(_VERB.fullmatch(word) is not None and word not in _LIKE_VERBS for word in words[1:])


def signed_names(title: str) -> list[str]:
    """The full names at the end of a title that is signed: "عنوان المقال … بقلم: أحمد علي"."""
    signed = _SIGNED.search(title)
    return [name for name in split_names(signed["names"]) if is_full_name(name)] if signed else []


def is_full_name(name: str) -> bool:
    """True for "أحمد علي". False for one word, in bylines mostly a section or a city, and for "٣ دقائق"."""
    words = name.split()
    return len(words) in _FULL_NAME_WORDS and not re.search(r"[\d!?؟…:]|\.\.", name) and _IN_NO_NAME.isdisjoint(words)
