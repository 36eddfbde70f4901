"""The detector `letters`: Arabic is told from its neighbours by letters and small words.

A word counts for Arabic if it is an Arabic function word or has a form that only Arabic gives it (the article ال, a
final ة, an initial أ or إ). It counts against Arabic if it has a letter that Arabic does not use (پ گ ٹ ێ ڠ …) or is a
function word of a neighbour (است، که، را). ی and ک count little, because Iranian keyboards write Arabic with them too.
Lines are judged one by one, so that a page in two languages is measured in letters. langdetect decides the rest: lines
without such words, and other scripts.
"""

import re
from collections import Counter
from typing import Final, NamedTuple

from warraq.transforms.arabic import ARABIC_LETTERS, ARTICLE, LETTER_RUN, MARKS, TATWEEL, normalize_keyboard
from warraq.transforms.language.language import ARABIC, UNDETERMINED, Verdict
from warraq.transforms.language.seeded_langdetect import ask_langdetect

# The sides that a line can be on.
NEIGHBOUR: Final = "neighbour"  # in Arabic script, but not Arabic
OPEN: Final = "open"  # in Arabic script; letters and words decide nothing
OTHER: Final = "other"  # in another script


def _words(text: str) -> frozenset[str]:
    return frozenset(normalize_keyboard(text).split())


ARABIC_WORDS: Final = _words(
    """
    في من على الى عن مع ان كان كانت كانوا يكون تكون قد لقد لا لم لن ليس ليست هو هي هذا هذه ذلك تلك هؤلاء التي الذي الذين
    ثم لكن ولكن بل حتى عند عندما منذ خلال حيث كما كيف لماذا متى هل اذا لو بعض غير سوى ايضا فقط عليه عليها عليهم فيه
    فيها منه منها عنه عنها له لها لهم بها بهم نحن وفي ومن وعلى وإلى وعن ومع وأن وإن وكان وكانت وقد ولا ولم ولن وهو وهي
    وهذا وهذه وذلك وكل وما بأن لأن كأن فإن تحت فوق حول دون نحو لدى ضد عبر مثل جدا هناك هنا لما لأنه لأنها وأنه وأنها
    اللي اللى عشان علشان مش مو شو ليش وين هاد هادي هيك باش ديال هاذ هاذا هذي احنا انت
    """
)
# Function words of Persian, Pashto, Azeri and Jawi: they decide a line that has none of these languages' own letters.
FOREIGN_WORDS: Final = _words(
    """
    از در که را است این برای می های ها شده شود کرده کند کنند خود تا نیز باید دارد دارند اند هستند باشد چه هر
    ته بیر اوچون ایله اولان چوخ سونرا لار لر ایدی اولور دان اتو
    """
)


def _signs(letters: str, words: str) -> frozenset[str]:
    """The letters one by one, and the words."""
    return frozenset(letters) | _words(words)


# The own letters and the function words of each neighbour: Kurmanji, Kashmiri and Azeri in Arabic letters, Punjabi in
# Shahmukhi, Malay in Jawi. The first of equals wins.
NEIGHBOURS: Final = {
    "fa": _signs("", "از در که را است این برای می های ها شد شده شود کرد کرده کند خود تا نیز بود باید دارد با"),
    "azb": _signs(
        "",
        """بیر بو او اوچون ایله اولان اولاراق اولدو اولور اولوب اونون اونلار اولار بونون چوخ سونرا کیمی وار دیر دی لار
        لر ایدی دا ده هر ائله ائدیر ائدن اوز سیز بیز بیرینجی ایکی قدر اوسدونده ایچینده نان یوخ گؤره ایلده ایلینده""",
    ),
    "ur": _signs("ٹڈڑےں", "کے میں ہے ہیں اور سے کا کو نے کہ یہ جو تھا تھے تھی گیا کیا لیے پر"),
    "pnb": _signs("ٹڈڑےںݨݙ", "دے دا نوں اے نیں تے وچ نال توں ایہہ اوہ جیہڑے ہویا"),
    "ks": _signs("ٲۄۍٹڈ", "چھ تہ منز چھہ ہند ہنز ہندی آو کرن کرنہ زہ یس اکھ اوس سیت خاطر پیٹھ نہ کین یم یتھ باپت"),
    "ps": _signs("ټډړښځڅۍګېڼږ", "د په چې او کې ته دی دي شوي کړي له څخه هغه پر یې"),
    "ckb": _signs("ێۆەڕڵ", "لە بە کە بۆ لەگەڵ ئەو ئەم بوو دەکات هەر ئەوەی"),
    "kmr": _signs("ێۆە", "ل د ژ ژی یێ یا ئێ دێ هاتیە بوویە ئەڤ وی وان گەل"),
    "sd": _signs("ڪٽڻٿڏڊڙٻڳڌڀٺڇڃڦڱڄڍ", "جي ته جو کان لاء تي هن آهي سان کي جا آهن"),
    "ug": _signs("ۇېۈڭۋۆە", "بىر بىلەن ۋە بۇ ئۈچۈن ئۇ دەپ بولغان شۇ"),
    "ms": _signs("ڠڤڽݢڬۏۑ", "يڠ دان وان اين ايت كا اداله تيدق كڤد اونتوق دڠن دالم"),
}

# Patterns search whole lines, not words: three times as fast as a loop over the words.
_SCRIPT: Final = r"\u0600-\u06FF\u0750-\u077F\u0870-\u08FF"
_FORMS: Final = r"\uFB50-\uFDFF\uFE70-\uFEFC"  # presentation forms: Arabic script, but letters of no single language
LETTER: Final = re.compile(r"[^\W\d_]")
UNUSUAL: Final = re.compile(rf"[^\W\d_{ARABIC_LETTERS}]|[{MARKS}{TATWEEL}]")  # not in plain Arabic text
ALL_MARKS: Final = re.compile(f"[{MARKS}{TATWEEL}]+")
OTHER_SCRIPT: Final = re.compile(rf"[^\W\d_{_SCRIPT}{_FORMS}]+")
_ALL_FOREIGN: Final = re.findall(
    rf"(?=[{_SCRIPT}])[^\W\d_{ARABIC_LETTERS}یکہھ]", "".join(map(chr, range(0x600, 0x900)))
)
FOREIGN_LETTERS: Final = re.compile(f"[{''.join(_ALL_FOREIGN)}]+")  # listed one by one: a fifth of the time
VARIANT: Final = re.compile("[یکہھ]")
ARABIC_FORM: Final = re.compile(rf"\b(?:{ARTICLE}\w\w|[أإ]\w|\w+ة\b)")
VARIANT_WEIGHT: Final = 0.2  # of ی, ک, ہ, ھ, where a foreign letter or word weighs 1
EXAMPLES: Final = 5  # letters and words of another language shown as evidence
EXAMPLE_LETTERS: Final = 100  # characters whose Arabic words are shown as evidence


class _Line(NamedTuple):
    text: str
    letters: int
    side: str  # ARABIC, NEIGHBOUR, OPEN or OTHER


def _judge(text: str) -> _Line:
    words = text.split()
    letters = sum(map(len, words)) if LETTER.search(text) else 0
    foreign = 0.0
    if UNUSUAL.search(text):
        text = ALL_MARKS.sub("", text)
        if 2 * sum(map(len, OTHER_SCRIPT.findall(text))) > letters:
            return _Line(text, letters, OTHER)
        variants = len(VARIANT.findall(text))
        foreign = len(FOREIGN_LETTERS.findall(text)) + VARIANT_WEIGHT * variants
        words = (normalize_keyboard(text) if variants else text).split()
    foreign += sum(map(FOREIGN_WORDS.__contains__, words))
    arabic = sum(map(ARABIC_WORDS.__contains__, words))
    if arabic <= foreign:  # else the forms can't change the verdict
        arabic += len(ARABIC_FORM.findall(" ".join(words)))
    return _Line(text, letters, _side(arabic, foreign))


def _side(arabic: float, foreign: float) -> str:
    if arabic + foreign < 1 or arabic == foreign:
        return OPEN
    return ARABIC if arabic > foreign else NEIGHBOUR


def identify(text: str) -> Verdict:
    """The language of most letters of `text`. Lines that decide nothing follow the others.

    Order: O(len(text)). langdetect is asked only if most letters are in other scripts or in undecided lines.
    """
    lines = [_judge(line) for line in text.split("\n")]
    letters = dict.fromkeys((ARABIC, NEIGHBOUR, OPEN, OTHER), 0)
    for line in lines:
        letters[line.side] += line.letters
    total = sum(letters.values())
    if not total:
        return Verdict(UNDETERMINED, 0.0, "no letters")
    if letters[OPEN] <= letters[ARABIC] + letters[NEIGHBOUR]:
        letters[max(ARABIC, NEIGHBOUR, key=letters.__getitem__)] += letters.pop(OPEN)
    side = max(letters, key=letters.__getitem__)
    share = letters[side] / total
    if side == ARABIC:
        return Verdict(ARABIC, share, _examples(next(line.text for line in lines if line.side == ARABIC)))
    main_text = "\n".join(line.text for line in lines if line.side == side)
    if side == NEIGHBOUR:
        return _name_neighbour(main_text)._replace(score=share)
    verdict = ask_langdetect(main_text)
    return verdict._replace(score=share * verdict.score)


def _examples(text: str) -> str:
    """Words of Arabic alone, from the beginning of `text`."""
    words = LETTER_RUN.findall(text[:EXAMPLE_LETTERS])
    return "words " + " ".join(dict.fromkeys(w for w in words if w in ARABIC_WORDS or ARABIC_FORM.match(w)))


def _name_neighbour(text: str) -> Verdict:
    """The neighbour with the most letters and function words in the text, with the score 1."""
    plain = ALL_MARKS.sub("", text)
    counts = Counter("".join(FOREIGN_LETTERS.findall(plain)))
    counts.update(normalize_keyboard(word) for word in LETTER_RUN.findall(plain))
    code = max(NEIGHBOURS, key=lambda code: sum(counts[sign] for sign in NEIGHBOURS[code]))
    found = sorted(NEIGHBOURS[code] & counts.keys(), key=lambda sign: (-counts[sign], sign))
    return Verdict(code, 1.0, "letters and words " + " ".join(found[:EXAMPLES] or VARIANT.findall(plain)[:1]))


class Letters:
    """Letters and small words, and langdetect where they decide nothing."""

    def detect(self, text: str) -> Verdict:
        return identify(text)
