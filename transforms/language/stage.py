"""Language: keeps articles whose main language is Arabic, in any of its varieties.

Letters and small words decide. A word speaks for Arabic when it is an Arabic function word or has a form that only
Arabic gives it (the article ال, a final ة, an initial أ or إ); it speaks against when it holds a letter that Arabic
doesn't use (پ گ ٹ ێ ڠ …) or is a function word of a neighbour (است، که، را). ی and ک weigh little, since Iranian
keyboards write Arabic with them too. Lines are judged one by one, so that a page in two languages is measured in
letters. langdetect, seeded and on a sample, decides what this leaves open: lines without such words, other scripts.
"""

import functools
import importlib
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import apache_beam as beam
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from warraq.schemas.records import Article
from warraq.transforms.step import Outputs, Rejection, StageTransform, StepFn, route

ARABIC: Final = "ar"
UNDETERMINED: Final = "und"  # ISO 639-2: no language can be told
NEIGHBOUR: Final = "neighbour"  # in Arabic script, but not Arabic
OPEN: Final = "open"  # in Arabic script; letters and words don't tell
OTHER: Final = "other"  # in another script

# Letters that neighbours' keyboards put where Arabic has ي, ك and ه.
VARIANTS: Final = str.maketrans("یکہھ", "يكهه")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.translate(VARIANTS).split())


ARABIC_WORDS: Final = _words(
    """
    في من على الى عن مع ان كان كانت كانوا يكون تكون قد لقد لا لم لن ليس ليست هو هي هذا هذه ذلك تلك هؤلاء التي الذي الذين
    ثم لكن ولكن بل حتى عند عندما منذ خلال حيث كما كيف لماذا متى هل اذا لو بعض غير سوى ايضا فقط عليه عليها عليهم فيه
    فيها منه منها عنه عنها له لها لهم بها بهم نحن وفي ومن وعلى وإلى وعن ومع وأن وإن وكان وكانت وقد ولا ولم ولن وهو وهي
    وهذا وهذه وذلك وكل وما بأن لأن كأن فإن تحت فوق حول دون نحو لدى ضد عبر مثل جدا هناك هنا لما لأنه لأنها وأنه وأنها
    اللي اللى عشان علشان مش مو شو ليش وين هاد هادي هيك باش ديال هاذ هاذا هذي احنا انت
    """
)
# Function words that tell Persian, Pashto, Azeri and Jawi from Arabic even in a line without a letter of their own.
FOREIGN_WORDS: Final = _words(
    """
    از در که را است این برای می های ها شده شود کرده کند کنند خود تا نیز باید دارد دارند اند هستند باشد چه هر
    ته بیر اوچون ایله اولان چوخ سونرا لار لر ایدی اولور دان اتو
    """
)


def _marks(letters: str, words: str) -> frozenset[str]:
    return frozenset(letters) | _words(words)


# Kurmanji, Kashmiri and Azeri as written in Arabic letters, Punjabi as Shahmukhi, Malay as Jawi. Ties go to the first.
NEIGHBOURS: Final = {
    "fa": _marks("", "از در که را است این برای می های ها شد شده شود کرد کرده کند خود تا نیز بود باید دارد با"),
    "azb": _marks(
        "",
        """بیر بو او اوچون ایله اولان اولاراق اولدو اولور اولوب اونون اونلار اولار بونون چوخ سونرا کیمی وار دیر دی لار
        لر ایدی دا ده هر ائله ائدیر ائدن اوز سیز بیز بیرینجی ایکی قدر اوسدونده ایچینده نان یوخ گؤره ایلده ایلینده""",
    ),
    "ur": _marks("ٹڈڑےں", "کے میں ہے ہیں اور سے کا کو نے کہ یہ جو تھا تھے تھی گیا کیا لیے پر"),
    "pnb": _marks("ٹڈڑےںݨݙ", "دے دا نوں اے نیں تے وچ نال توں ایہہ اوہ جیہڑے ہویا"),
    "ks": _marks("ٲۄۍٹڈ", "چھ تہ منز چھہ ہند ہنز ہندی آو کرن کرنہ زہ یس اکھ اوس سیت خاطر پیٹھ نہ کین یم یتھ باپت"),
    "ps": _marks("ټډړښځڅۍګېڼږ", "د په چې او کې ته دی دي شوي کړي له څخه هغه پر یې"),
    "ckb": _marks("ێۆەڕڵ", "لە بە کە بۆ لەگەڵ ئەو ئەم بوو دەکات هەر ئەوەی"),
    "kmr": _marks("ێۆە", "ل د ژ ژی یێ یا ئێ دێ هاتیە بوویە ئەڤ وی وان گەل"),
    "sd": _marks("ڪٽڻٿڏڊڙٻڳڌڀٺڇڃڦڱڄڍ", "جي ته جو کان لاء تي هن آهي سان کي جا آهن"),
    "ug": _marks("ۇېۈڭۋۆە", "بىر بىلەن ۋە بۇ ئۈچۈن ئۇ دەپ بولغان شۇ"),
    "ms": _marks("ڠڤڽݢڬۏۑ", "يڠ دان وان اين ايت كا اداله تيدق كڤد اونتوق دڠن دالم"),
}

# Whole lines are searched, not words: three times as fast as a loop over them.
_LETTERS: Final = "ء-غف-يٱ"
_MARKS: Final = r"\u0610-\u061A\u0640\u064B-\u065F\u0670\u06D6-\u06ED"  # vowels, tatweel
_SCRIPT: Final = r"\u0600-\u06FF\u0750-\u077F\u0870-\u08FF"
_FORMS: Final = r"\uFB50-\uFDFF\uFE70-\uFEFC"  # presentation forms: Arabic script, but no language's own letters
WORD: Final = re.compile(r"[^\W\d_]+")
LETTER: Final = re.compile(r"[^\W\d_]")
UNUSUAL: Final = re.compile(rf"[^\W\d_{_LETTERS}]|[{_MARKS}]")  # what plain Arabic text doesn't have
MARKS: Final = re.compile(f"[{_MARKS}]+")
OTHER_SCRIPT: Final = re.compile(rf"[^\W\d_{_SCRIPT}{_FORMS}]+")
_ALL_LETTERS: Final = re.findall(rf"(?=[{_SCRIPT}])[^\W\d_{_LETTERS}یکہھ]", "".join(map(chr, range(0x600, 0x900))))
FOREIGN_LETTERS: Final = re.compile(f"[{''.join(_ALL_LETTERS)}]+")  # spelled out: a fifth of the time
VARIANT: Final = re.compile("[یکہھ]")
ARABIC_FORM: Final = re.compile(r"\b(?:[وفبك]?ال\w\w|و?لل\w\w|[أإ]\w|\w+ة\b)")
VARIANT_WEIGHT: Final = 0.2  # of ی, ک, ہ, ھ, where a foreign letter or word weighs 1
SAMPLE: Final = 1_000  # characters that langdetect reads: a quarter of the time of 8,000, the same verdict in 97%
EXAMPLES: Final = 5  # marks of another language shown as evidence
EXAMPLE_LETTERS: Final = 100  # characters whose Arabic words are shown as evidence


class Verdict(NamedTuple):
    """The main language of a text."""

    language: str  # ISO 639: the two-letter code where there is one
    score: float  # 0..1: share of the text's letters that are in it; where langdetect decided, its probability
    evidence: str  # what decided, in a few words


@dataclass(frozen=True)
class LanguageRules:
    """What counts as an Arabic article."""

    detector: str = field(
        default="letters",
        metadata={"help": "what tells the language: letters, langdetect, or an extra: lingua, fasttext"},
    )
    model: str = field(default="", metadata={"help": "for fasttext: the model's file, such as GlotLID's"})
    model_sha256: str = field(default="", metadata={"help": "for fasttext: the SHA-256 of that file, in hex digits"})
    min_score: float = field(default=0.5, metadata={"help": "least score for Arabic, 0..1"})

    def __post_init__(self) -> None:
        if self.detector not in BACKENDS:
            raise ValueError(f"unknown language detector {self.detector!r}: use one of {', '.join(BACKENDS)}")
        if self.detector == "fasttext" and not (self.model and self.model_sha256):
            raise ValueError("the language detector fasttext needs its model's file and the SHA-256 of it")


class _Line(NamedTuple):
    text: str
    letters: int
    side: str  # ARABIC, NEIGHBOUR, OPEN or OTHER


def _judge(text: str) -> _Line:
    words = text.split()
    letters = sum(map(len, words)) if LETTER.search(text) else 0
    foreign = 0.0
    if UNUSUAL.search(text):
        text = MARKS.sub("", text)
        if 2 * sum(map(len, OTHER_SCRIPT.findall(text))) > letters:
            return _Line(text, letters, OTHER)
        variants = len(VARIANT.findall(text))
        foreign = len(FOREIGN_LETTERS.findall(text)) + VARIANT_WEIGHT * variants
        words = (text.translate(VARIANTS) if variants else text).split()
    foreign += sum(map(FOREIGN_WORDS.__contains__, words))
    arabic = sum(map(ARABIC_WORDS.__contains__, words))
    if arabic <= foreign:  # otherwise the forms can't change the verdict
        arabic += len(ARABIC_FORM.findall(" ".join(words)))
    return _Line(text, letters, _side(arabic, foreign))


def _side(arabic: float, foreign: float) -> str:
    if arabic + foreign < 1 or arabic == foreign:
        return OPEN
    return ARABIC if arabic > foreign else NEIGHBOUR


def identify(text: str) -> Verdict:
    """The language that most letters of `text` are in; lines that say nothing follow the others.

    Order: O(len(text)). langdetect is asked only where most letters are in other scripts or in lines that say nothing.
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
    """Words that only Arabic has, from the beginning of `text`."""
    words = WORD.findall(text[:EXAMPLE_LETTERS])
    return "words " + " ".join(dict.fromkeys(w for w in words if w in ARABIC_WORDS or ARABIC_FORM.match(w)))


def _name_neighbour(text: str) -> Verdict:
    """The neighbour whose letters and function words are the most; the score is left at 1."""
    plain = MARKS.sub("", text)
    counts = Counter("".join(FOREIGN_LETTERS.findall(plain)))
    counts.update(word.translate(VARIANTS) for word in WORD.findall(plain))
    code = max(NEIGHBOURS, key=lambda code: sum(counts[mark] for mark in NEIGHBOURS[code]))
    marks = sorted(NEIGHBOURS[code] & counts.keys(), key=lambda mark: (-counts[mark], mark))
    return Verdict(code, 1.0, "letters and words " + " ".join(marks[:EXAMPLES] or VARIANT.findall(plain)[:1]))


def ask_langdetect(text: str) -> Verdict:
    """The best guess of langdetect from the first SAMPLE characters, with its probability; never raises."""
    detector = _langdetect().create()
    detector.append(text[:SAMPLE])
    try:
        guesses = detector.get_probabilities()
    except LangDetectException:  # its way of saying that the text has no letters that it knows
        guesses = []
    if not guesses:
        return Verdict(UNDETERMINED, 0.0, "langdetect knows none of the letters")
    return Verdict(guesses[0].lang, min(guesses[0].prob, 1.0), "langdetect")


@functools.cache
def _langdetect() -> DetectorFactory:
    """Loaded once a process, in a fixed order and with a fixed seed, so that the same text gets the same verdict."""
    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_json_profile([path.read_text("utf-8") for path in sorted(Path(PROFILES_DIRECTORY).iterdir())])
    return factory


class Detector(Protocol):
    """Tells the language of a text: the same verdict for the same text. Made with the rules, once for each process."""

    def detect(self, text: str) -> tuple[str, float, str]:
        """Language, score and evidence, as in Verdict; never raises."""
        ...


class Letters:
    """The default: letters and small words, and langdetect for what they leave open."""

    def __init__(self, rules: LanguageRules) -> None:
        pass

    def detect(self, text: str) -> Verdict:
        return identify(text)


class Langdetect(Letters):
    """langdetect alone."""

    def detect(self, text: str) -> Verdict:
        return ask_langdetect(text)


# "module:Class" by the name that --language_detector takes; imported when first asked for.
BACKENDS: Final[dict[str, str]] = {
    "letters": "warraq.transforms.language.stage:Letters",
    "langdetect": "warraq.transforms.language.stage:Langdetect",
    "lingua": "warraq.transforms.language.extras:Lingua",
    "fasttext": "warraq.transforms.language.extras:FastText",
}


@functools.cache
def load_detector(rules: LanguageRules) -> Detector:
    """The detector that the rules name, one for each process.

    Raises RuntimeError if its package is not installed, ValueError if its model is not the one stated.
    """
    module, _, class_name = BACKENDS[rules.detector].partition(":")
    detector: Detector = getattr(importlib.import_module(module), class_name)(rules)
    return detector


def keep_arabic(article: Article, rules: LanguageRules) -> Article:
    """`article` with its language and score.

    Raises Rejection: not_arabic, with the code of the language found; "ar 0.43" where Arabic leads but by too little.
    """
    language, score, _ = load_detector(rules).detect(article.text)
    if language != ARABIC:
        raise Rejection("not_arabic", language)
    if score < rules.min_score:
        raise Rejection("not_arabic", f"{ARABIC} {score:.2f}")
    return article._replace(language=ARABIC, language_score=score)


class _JudgeFn(StepFn[Article, Article]):
    """StepFn that loads its detector before the first article: a missing model is no page's fault."""

    def __init__(self, rules: LanguageRules) -> None:
        super().__init__("language", functools.partial(keep_arabic, rules=rules))
        self._rules = rules

    def setup(self) -> None:
        load_detector(self._rules)


@dataclass
class KeepArabic(StageTransform):
    """Article → (Article in Arabic, Rejected)."""

    rules: LanguageRules = field(default_factory=LanguageRules)

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        return route(articles, "Judge", _JudgeFn(self.rules), Article, Article)
