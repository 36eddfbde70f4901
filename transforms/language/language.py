"""The language detectors by name, the rules, and the decision: articles stay if their main language is Arabic.

All varieties of Arabic count as Arabic.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from warraq.schemas.records import Article
from warraq.transforms.backends import load_backend
from warraq.transforms.rejection import Rejection

ARABIC: Final = "ar"
UNDETERMINED: Final = "und"  # ISO 639-2: the language is not known

# "module:Class" by the name that --language_detector takes; imported when first used.
DETECTORS: Final[dict[str, str]] = {
    "letters": "warraq.transforms.language.letters:Letters",
    "langdetect": "warraq.transforms.language.seeded_langdetect:Langdetect",
    "lingua": "warraq.transforms.language.extras:Lingua",
    "fasttext": "warraq.transforms.language.extras:FastText",
}
_WITH_MODEL: Final = "fasttext"  # the detector that reads a model's file


class Verdict(NamedTuple):
    """The main language of a text."""

    language: str  # ISO 639: the two-letter code where there is one
    score: float  # 0..1: share of the text's letters in that language; from langdetect, its probability
    evidence: str  # the reason for the decision, in a few words


class Detector(Protocol):
    """A detector of languages: equal texts get equal verdicts."""

    def detect(self, text: str) -> Verdict:
        """The main language of `text`; never raises."""
        ...


@dataclass(frozen=True)
class LanguageRules:
    """The definition of an Arabic article."""

    detector: str = field(
        default="letters",
        metadata={"help": "detector of the language: letters, langdetect, or an extra: lingua, fasttext"},
    )
    model: str = field(default="", metadata={"help": "for fasttext: the model's file, such as GlotLID's"})
    model_sha256: str = field(default="", metadata={"help": "for fasttext: the SHA-256 of that file, in hex digits"})
    min_score: float = field(default=0.5, metadata={"help": "least score for Arabic, 0..1"})

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            raise ValueError(f"language_detector must be one of {', '.join(DETECTORS)}, not {self.detector!r}")
        if self.detector == _WITH_MODEL and not (self.model and self.model_sha256):
            raise ValueError(f"language_model and language_model_sha256 are needed by the detector {_WITH_MODEL}")
        if self.detector != _WITH_MODEL and (self.model or self.model_sha256):
            raise ValueError(f"language_model is for the detector {_WITH_MODEL}, not for {self.detector}")
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"language_min_score must be from 0 to 1, not {self.min_score}")


def load_detector(rules: LanguageRules) -> Detector:
    """The detector that the rules name, made once for each process.

    Raises:
      RuntimeError: the detector's package is not installed.
      ValueError: the model's file has another SHA-256 than the rules.
    """
    detector: Detector = load_backend(DETECTORS, rules.detector, rules.model, rules.model_sha256)
    return detector


def keep_arabic(article: Article, rules: LanguageRules) -> Article:
    """`article` with its language and score.

    Raises:
      Rejection: not_arabic. The detail is the code of the language, or "ar 0.43" if Arabic leads with too low a score.
    """
    language, score, _ = load_detector(rules).detect(article.text)
    if language != ARABIC:
        raise Rejection("not_arabic", language)
    if score < rules.min_score:
        raise Rejection("not_arabic", f"{ARABIC} {score:.2f}")
    return article._replace(language=ARABIC, language_score=score)
