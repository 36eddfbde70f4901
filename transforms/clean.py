"""Clean text: the last stage that alters it, so that offsets found later stay true.

Characters first (Unicode NFC, debris of typesetting and of bidirectional layout gone, mojibake mended), then whole
lines: furniture that extraction left over, what stands above an article (its title again, byline, date) and who is
credited below it. Prose is never touched: a line goes whole or stays whole, and quotes, digits, dashes and other
punctuation stay as written. Cleaning a cleaned article changes nothing.
"""

import dataclasses
import functools
import re
import unicodedata
from dataclasses import field
from typing import Final

import apache_beam as beam
import ftfy

from schemas.records import Article
from transforms.step import KEPT, REJECTED, Doors, Rejection, StepFn


@dataclasses.dataclass(frozen=True)
class CleanRules:
    """What is too little text."""

    min_words: int = field(default=20, metadata={"help": "fewest words of an article after furniture was removed"})


# Characters.

_LETTER: Final = (  # Arabic letters without tatweel
    "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
)
_MARK: Final = "\u064b-\u065f\u0670\u06d6-\u06ed"  # vowel and reading marks
_MOJIBAKE = re.compile(r"(?:[ØÙ][^\x00-\x7f]){3}")  # Arabic UTF-8 read as Latin-1 or windows-1252
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufd3d\ufd50-\ufdf9\ufe70-\ufefc]")  # not ﷺ ﷻ ﷼ ﷽ ﴾ ﴿: signs of their own
_LINE_BREAK = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")  # NBSP, tabs and the typographic spaces too
# Soft hyphen, zero-width and direction marks, controls. ZWNJ is Persian spelling, not Arabic; ZWJ joins emoji too.
_INVISIBLE = re.compile(
    "[\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
_JOINER = re.compile(f"(?<=[{_LETTER}{_MARK}ـ\\s])\u200d+|\u200d+(?=[{_LETTER}])")
_TATWEEL_IN_WORD = re.compile(f"(?<=[{_LETTER}{_MARK}])ـ+(?=[{_LETTER}{_MARK}])")


def clean_characters(text: str) -> str:
    """`text` in NFC, in plain letters and single spaces, without invisible characters; lines trimmed, empty ones gone.

    One tatweel stays where it ends a word ("١٤٤٦هـ", "بـ«أمر»") or stands for a dash.
    """
    if _MOJIBAKE.search(text):
        text = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
    text = _PRESENTATION_FORMS.sub(_plain_letters, _LINE_BREAK.sub("\n", text))
    text = _TATWEEL_IN_WORD.sub("", _JOINER.sub("", _INVISIBLE.sub("", text)))
    # Last, because marks that a tatweel held apart have an order of their own.
    text = unicodedata.normalize("NFC", re.sub("ـ{2,}", "ـ", text))
    lines = (line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _plain_letters(form: re.Match[str]) -> str:
    """The letters of a presentation form; a mark alone loses the space that NFKC sets it on."""
    return unicodedata.normalize("NFKC", form.group()).lstrip(" ")


# Furniture: lines of a page that are no part of any article. Compared without marks, signs and spelling variants.

_FOLD: Final = str.maketrans("أإآٱىةیک", "اااايهيك")
_MARKS = re.compile(f"[{_MARK}ـ]")
_NOT_WORDS = re.compile(r"(?<=\W)\W+|^\W+|\W+$")

_FURNITURE_LINES: Final = frozenset(
    " ".join(entry.split())
    for entry in """
    اترك تعليقا | اترك تعليق | اترك ردا | اترك رد | اكتب تعليقا | اكتب تعليقك | اكتب تعليق | اضف تعليقا | اضف تعليق |
    اضف تعليقك | اضافه تعليق | التعليقات | تعليقات | التعليقات مغلقه | لا توجد تعليقات | لا يوجد تعليقات |
    اظهار التعليقات | عرض التعليقات | الغاء الرد | ارسال التعليق | البريد الالكتروني | الموقع الالكتروني | التعليق |
    الاسم | شارك | شاركها | شاركه | شارك الخبر | شارك المقال | شارك المقاله | شارك الموضوع | شارك هذا الموضوع |
    شارك هذا المقال | شارك هذا الخبر | شارك على | شارك عبر | شارك مع اصدقائك | شارك برايك | مشاركه | مشاركه الخبر |
    مشاركه المقال | مشاركه عبر البريد | انشر | انشر الخبر | ارسل الي صديق | طباعه | طباعه الخبر | نسخ الرابط |
    تم نسخ الرابط | حفظ | استمع | استماع | حجم الخط | تكبير الخط | تصغير الخط | رابط مختصر | اقرا ايضا | اقرا المزيد |
    اقرا كذلك | اقرا في | شاهد ايضا | طالع ايضا | قد يهمك | قد يهمك ايضا | قد يعجبك | قد يعجبك ايضا | المزيد |
    عرض المزيد | مزيد من الاخبار | اخبار ذات صله | مواضيع ذات صله | مقالات ذات صله | موضوعات ذات صله | مواد ذات صله |
    ذات صله | روابط ذات صله | اخبار متعلقه | مواضيع متعلقه | موضوعات متعلقه | مقالات متعلقه | مواضيع مشابهه |
    مقالات مشابهه | اخبار مشابهه | مواضيع مرتبطه | اخبار مرتبطه | الاكثر قراءه | الاكثر مشاهده | الاكثر تداولا |
    الاكثر شعبيه | الاكثر تعليقا | اخر الاخبار | احدث الاخبار | اهم الاخبار | اخبار عاجله | عاجل | اختيارات المحرر |
    اختيار المحرر | يتم الان تحميل | جاري التحميل | الخبر السابق | الخبر التالي | المقال السابق | المقال التالي |
    السابق | التالي | الرئيسيه | الصفحه الرئيسيه | القائمه | بحث | ابحث | تسجيل الدخول | دخول | اتصل بنا | من نحن |
    اعلن معنا | سياسه الخصوصيه | شروط الاستخدام | الكلمات الدلاليه | كلمات دلاليه | الكلمات المفتاحيه |
    كلمات مفتاحيه | الوسوم | وسوم | التصنيفات | تصنيفات | اعلان | اعلانات | advertisement | تابعنا | تابعونا |
    تابعنا علي | تابعونا علي | تابعونا عبر | تابعنا عبر | النشره البريديه | اشترك | اشترك الان |
    اشترك في النشره البريديه | جميع الحقوق محفوظه | كل الحقوق محفوظه | حقوق النشر محفوظه | الحقوق محفوظه |
    رابط المصدر | نهايه الخبر | قصص مقترحه | قصص موصي بها | share | share this | print | email | read more | related |
    leave a comment | leave a reply | comments | copy link | related posts | tags
    """.split("|")  # noqa: SIM905
)
_FURNITURE_LEADS = re.compile(
    r"""(?x)^(?:
    (?:اقرا|اقراي|اقرءوا|اقراوا|شاهد|شاهدوا|طالع|طالعوا|تابع|انظر|اسمع)\ (?:ايضا|المزيد|كذلك)\b
  | (?:قد\ )?(?:يهمك|يعجبك)\ (?:ايضا|قراءه)\b
  | للمزيد\ (?:من\ الاخبار|من\ التفاصيل|اقرا|تابع|اضغط) | لقراءه\ (?:المزيد|الخبر|المقال|الموضوع)\b
  | (?:مواضيع|موضوعات|مقالات|اخبار)\ (?:ذات\ صله|متعلقه|قد\ تهمك)\b
  | لن\ يتم\ نشر\ (?:عنوان\ )?بريدك | الحقول\ الالزاميه | احفظ\ اسمي
  | يجب\ (?:انت\ |ان\ )?(?:تكون|تسجل)\ .{0,20}(?:لاضافه|لكتابه|لنشر)\ تعليق
  | (?:تابعونا|تابعنا)\ (?:علي|عبر|من\ خلال|في)\b
  | (?:تابعوا|تابع)\ (?:اخر|احدث|صفحتنا|قناتنا|المزيد)\b
  | (?:انضم|انضموا|اشترك|اشتركوا)\ (?:الي\ |في\ |ب)(?:قناه|قناتنا|النشره|نشرتنا|صفحتنا|مجموعتنا|خدمه)
  | (?:جميع|كل|كافه)\ (?:حقوق|الحقوق)\b.{0,20}\bمحفوظه | حقوق\ (?:النشر|الطبع)\b.{0,20}\bمحفوظه
  | شارك(?:ها|ه)?\ (?:هذا\ |هذه\ )?(?:الخبر|المقال|المقاله|الموضوع|التدوينه|الماده)\ (?:علي|عبر|مع|ب)
  | (?:انقر|اضغط)\ (?:هنا|للمشاركه|لمشاركه|للطباعه)(?:\ \S+){0,4}$
  | (?:الوسوم|كلمات\ دلاليه|كلمات\ مفتاحيه|الكلمات\ الدلاليه|الكلمات\ المفتاحيه)\ ?:
  | (?:هذا\ الموقع\ يستخدم|يستخدم\ هذا\ الموقع|نستخدم\ ملفات|نحن\ نستخدم\ ملفات)\ .{0,30}(?:الارتباط|كوكيز|cookies)
  | (?:لقد\ )?(?:حدثنا|ادخلنا\ تغييرات\ .{0,10}علي)\ (?:علي\ )?سياستنا\b
  | (?:ان\ )?(?:كافه\ |جميع\ )?الاراء\ (?:الوارده|المنشوره|المطروحه)\b.{0,40}\bلا\ تعبر
  | (?:جميع\ |كل\ )?المقالات\ المنشوره\b.{0,20}\b(?:تمثل|تعبر)
  | (?:author|role|المولف|الوظيفه|صدر\ الصوره|مصدر\ الصوره|التعليق\ علي\ الصوره|تعليق\ الصوره)\ ?[,،:]
  | \d{1,2}[:.]\d\d(?:\ ?(?:ص|م|صباحا|مساء|gmt|بتوقيت\ .{3,15}))?$
  | (?:منذ|قبل)\ (?:\S+\ )?(?:لحظات|ثوان|ثواني|دقيقه|دقيقتين|دقائق|ساعه|ساعتين|ساعات|يوم|يومين|ايام)$
  | (?:لمتابعه|للاطلاع\ علي|لمعرفه)\ (?:اخر|احدث|اهم)\ (?:الاخبار|المستجدات)
    )"""
)
_LEAD_WORDS: Final = 30  # a longer line that begins like furniture is prose
_SHARE_WORDS: Final[frozenset[str]] = frozenset(
    """
    فيسبوك فيس بوك تويتر تويت اكس واتساب واتس اب تيليجرام تلغرام تليجرام تلجرام لينكدان لينكد ان انستغرام انستجرام
    يوتيوب بنترست ماسنجر سناب شات تيك توك البريد بريد الالكتروني الكتروني طباعه نسخ الرابط شارك مشاركه علي عبر
    facebook twitter x whatsapp telegram linkedin instagram youtube pinterest messenger reddit tumblr email print
    copy link share viber threads tiktok
    """.split()  # noqa: SIM905
)


def fold(line: str) -> str:
    """The words of a line in one spelling: for comparing lines, not for keeping."""
    return " ".join(_NOT_WORDS.sub(" ", _MARKS.sub("", line.casefold().translate(_FOLD))).split())


def is_furniture(line: str) -> bool:
    """The whole line belongs to the page, not to the article; lines without a letter or digit do, too."""
    if len(line.split()) > _LEAD_WORDS:
        return False
    key = fold(line)
    words = key.split()
    if not words or key in _FURNITURE_LINES or _SHARE_WORDS.issuperset(words):
        return True
    return _FURNITURE_LEADS.match(key) is not None


# Who is credited.

# Agencies in the spelling that articles are grouped by, with other spellings as patterns over folded text, without the
# "وكالة" and "أنباء" that may stand before any of them.
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
_EACH_AGENCY: Final = "|".join(f"(?P<a{n}>{spellings})" for n, spellings in enumerate(_AGENCIES.values()))
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


def find_agency(name: str) -> str | None:
    """The agency that `name` names and nothing else, in one spelling; None if it is no agency."""
    key = fold(name)
    if known := _AGENCY.fullmatch(key):
        return list(_AGENCIES)[int((known.lastgroup or "a0")[1:])]
    return clean_characters(name).strip(" .()") if _ANY_AGENCY.fullmatch(key) else None


def read_credit(line: str) -> str | None:
    """Whom a line credits that does nothing else: "المصدر: وكالة ستيب", "(رويترز)"; None for any other line."""
    if lead := _CREDIT_LEAD.match(line):
        credit = lead["credit"].strip()
        return find_agency(credit) or credit if len(credit.split()) <= _CREDIT_WORDS else None
    name = line.strip(" ()[]-–—./©")
    alone = name == line and fold(name).startswith("وكاله ")  # "وكالة ناسا تعلن" may be a subheading
    return None if alone else find_agency(name)


def read_dateline(line: str) -> str | None:
    """The agency in an opening like "القاهرة - (أ ف ب) -" or "رويترز -"."""
    opening = _DATELINE.match(line) or _AGENCY_FIRST.match(line)
    return find_agency(opening["agency"]) if opening else None


# What stands above an article.

_BYLINE = re.compile(
    r"^(?:كتبت?|كتبه|بقلم|تحرير|اعداد|ترجمه|تقرير|متابعه|حوار|تصوير|المحرر|by)\s*[:/\-–]?\s*(?P<name>.{3,60})$"
)
_BYLINE_MARK = re.compile(r"^\W*\w+\s*[:/\-–]")
_BYLINE_WORDS: Final = 6
_DATE_WORDS: Final[frozenset[str]] = frozenset(
    """
    السبت الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر
    نوفمبر ديسمبر كانون شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين الاول الثاني جانفي فيفري افريل ماي جوان
    جويليه اوت غشت شتنبر نونبر دجنبر محرم صفر ربيع الاخر جمادي الاولي الاخره رجب شعبان رمضان شوال ذو ذي القعده الحجه
    الساعه ص م صباحا مساء ظهرا بتوقيت توقيت غرينتش جرينتش مكه القاهره gmt utc am pm ه نشر تم النشر تاريخ في اخر
    تحديث بتاريخ الموافق منذ دقيقه دقائق ساعه ساعات يوم ايام
    """.split()  # noqa: SIM905
)


def _is_date_line(line: str) -> bool:
    words = re.findall(r"[^\W\d_]+|\d+", fold(line))
    return any(word.isdigit() for word in words) and all(word.isdigit() or word in _DATE_WORDS for word in words)


def _is_byline(line: str, authors: list[str]) -> bool:
    """Names the author and says nothing else; without a colon only if the page named the same author."""
    byline = _BYLINE.match(fold(line))
    if byline is None or len(byline["name"].split()) > _BYLINE_WORDS:
        return fold(line) in map(fold, authors)
    return bool(_BYLINE_MARK.match(line)) or fold(byline["name"]) in map(fold, authors)


# The article.


def clean(article: Article, rules: CleanRules) -> Article:
    """`article` with its text, title, names and credit in final form, and `words` counted.

    Raises Rejection: too_short.
    """
    title = _clean_field(article.title)
    authors, agencies = _part_authors(article.authors)
    lines = [line for line in clean_characters(article.text).split("\n") if not is_furniture(line)]
    body, credited = _peel(_without_repeats(lines), title, authors)
    text = "\n".join(body)
    words = count_words(text)
    if words < rules.min_words:
        raise Rejection("too_short", f"{words} words")
    dateline = read_dateline(body[0]) if body else None
    credit = next(filter(None, [_clean_field(article.credit), *credited, dateline, *agencies]), None)
    return article._replace(
        text=text,
        words=words,
        title=title,
        authors=authors,
        credit=credit,
        description=_clean_field(article.description),
        section=_clean_field(article.section),
        site_name=_clean_field(article.site_name),
        tags=list(filter(None, map(clean_characters, article.tags))),
    )


def count_words(text: str) -> int:
    """The stretches between white space that hold a letter or a digit."""
    return sum(any(map(str.isalnum, word.replace("ـ", ""))) for word in text.split())


def _part_authors(names: list[str]) -> tuple[list[str], list[str]]:
    """People, and the agencies that pages list among them."""
    cleaned = [name for name in map(_clean_field, names) if name]
    agencies = [agency for agency in map(find_agency, cleaned) if agency]
    return [name for name in cleaned if not find_agency(name)], agencies


def _peel(lines: list[str], title: str | None, authors: list[str]) -> tuple[list[str], list[str]]:
    """The article's own lines and whom those around it credit: title, byline, date and credit go from both ends."""
    credited: list[str] = []
    start, end = 0, len(lines)
    while start < end and _stands_above(lines[start], title, authors):
        credited += filter(None, [read_credit(lines[start])])
        start += 1
    while start < end and (read_credit(lines[end - 1]) or _is_byline(lines[end - 1], authors)):
        credited += filter(None, [read_credit(lines[end - 1])])
        end -= 1
    return lines[start:end], credited


def _stands_above(line: str, title: str | None, authors: list[str]) -> bool:
    repeats_title = title is not None and fold(line) == fold(title)
    return repeats_title or _is_date_line(line) or _is_byline(line, authors) or read_credit(line) is not None


def _without_repeats(lines: list[str]) -> list[str]:
    """`lines` with each long one once and no line twice in a row."""
    kept: list[str] = []
    seen: set[str] = set()
    for line in lines:
        if line not in seen and line != (kept or [""])[-1]:
            kept.append(line)
            if len(line.split()) >= _REPEAT_WORDS:
                seen.add(line)
    return kept


_REPEAT_WORDS: Final = 8  # a shorter line may be meant twice: a heading, a refrain, "وأضاف:"


def _clean_field(value: str | None) -> str | None:
    return clean_characters(value).replace("\n", " ") or None if value else None


@dataclasses.dataclass
class CleanText(beam.PTransform):
    """Article → (Article, Rejected)."""

    rules: CleanRules = dataclasses.field(default_factory=CleanRules)

    def expand(self, articles: beam.PCollection[Article]) -> Doors:
        finish = functools.partial(clean, rules=self.rules)
        return articles | "Clean" >> beam.ParDo(StepFn("clean", finish)).with_outputs(REJECTED, main=KEPT)
