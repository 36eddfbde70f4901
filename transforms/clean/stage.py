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

from warraq.schemas.records import Article
from warraq.transforms.clean.furniture import fold, is_furniture
from warraq.transforms.step import Outputs, Rejection, StageTransform, StepFn, route


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
_LINE_BREAK = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Soft hyphen, zero-width and direction marks, controls, noncharacters. ZWNJ is Persian spelling, not Arabic; ZWJ joins
# emoji too.
_INVISIBLE = re.compile(
    "[\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]"
)
_DEBRIS = re.compile("|".join(found.pattern for found in (_PRESENTATION_FORMS, _LINE_BREAK, _INVISIBLE)))
_JOINER = re.compile(f"(?<=[{_LETTER}{_MARK}ـ\\s])\u200d+|\u200d+(?=[{_LETTER}])")
_TATWEEL_IN_WORD = re.compile(f"ـ(?<=[{_LETTER}{_MARK}]ـ)ـ*(?=[{_LETTER}{_MARK}])")  # a plain first sign is soon found


def clean_characters(text: str) -> str:
    """`text` in NFC, in plain letters and single spaces, without invisible characters; lines trimmed, empty ones gone.

    One tatweel stays where it ends a word ("١٤٤٦هـ", "بـ«أمر»") or stands for a dash. Clean text stays as it is.
    """
    cleaned = _cleaned_once(text)
    while cleaned != text and _has_mojibake(cleaned):  # where noise was in its way, more of it is mended now
        text, cleaned = cleaned, _cleaned_once(cleaned)
    return cleaned


def _has_mojibake(text: str) -> bool:
    return ("Ø" in text or "Ù" in text) and _MOJIBAKE.search(text) is not None


def _cleaned_once(text: str) -> str:
    if _has_mojibake(text):
        text = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
    if _DEBRIS.search(text):
        text = _PRESENTATION_FORMS.sub(_plain_letters, _LINE_BREAK.sub("\n", text.replace("\r\n", "\n")))
        text = _INVISIBLE.sub("", text)
    if "\u200d" in text:
        text = _JOINER.sub("", text)
    if "ـ" in text:
        text = re.sub("ـ{2,}", "ـ", _TATWEEL_IN_WORD.sub("", text))
    # Last, because marks that a tatweel held apart have an order of their own.
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _plain_letters(form: re.Match[str]) -> str:
    """The letters of a presentation form; a mark alone loses the space that NFKC sets it on."""
    return unicodedata.normalize("NFKC", form.group()).lstrip(" ")


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


def _is_date_line(folded: str) -> bool:
    words = _WORDS_AND_NUMBERS.findall(folded)
    return any(word.isdigit() for word in words) and all(word.isdigit() or word in _DATE_WORDS for word in words)


def _is_box(line: str) -> bool:
    """It labels who made the text or a picture in it: of an article, or of a box inside it."""
    return _LABELLED.match(line) is not None and len(line.split()) <= _BYLINE_WORDS


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
    lines = [line for line in clean_characters(article.text).split("\n") if not (is_furniture(line) or _is_box(line))]
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


_WORD = re.compile(r"[^\W_ـ]")


def count_words(text: str) -> int:
    """The stretches between white space that hold a letter or a digit."""
    return sum(1 for word in text.split() if (word[0].isalnum() and word[0] != "ـ") or _WORD.search(word))


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
    return repeats_title or _is_date_line(fold(line)) or _is_byline(line, authors) or read_credit(line) is not None


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
    cleaned = clean_characters(value or "")
    while "\n" in cleaned:  # mojibake that a line break parted may be mended now
        cleaned = clean_characters(cleaned.replace("\n", " "))
    return cleaned or None


@dataclasses.dataclass
class CleanText(StageTransform):
    """Article → (Article, Rejected)."""

    rules: CleanRules = dataclasses.field(default_factory=CleanRules)

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        fn = StepFn("clean", functools.partial(clean, rules=self.rules))
        return route(articles, "Clean", fn, Article, Article)
