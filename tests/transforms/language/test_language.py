"""The rules of the language stage, and its decision with each detector."""

import datetime as dt

import pytest

from warraq.schemas.records import Article, Source
from warraq.transforms.language.language import LanguageRules, keep_arabic, load_detector
from warraq.transforms.rejection import Rejection

ARABIC = "أعلنت بلدية المدينة أن الجسر الجديد سيفتح أمام السيارات صباح الأحد بعد أعمال دامت سنتين."
ENGLISH = "The council said that the new bridge would open to traffic on Sunday morning."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."


def article(text, url="https://example.org/a"):
    day = dt.datetime(2024, 5, 12, tzinfo=dt.timezone.utc)
    return Article(
        Source(url, day, "d.warc", 0, len(text)), url, "example.org", None, text, None, day.date(), "fetched"
    )


@pytest.mark.parametrize("text", ["", "\n\n", "123 456", "!?… ***", "😀😀", "٢٠٢٤/٠٥/١٢"])
@pytest.mark.parametrize("backend", ["letters", "langdetect"])
def test_texts_without_letters_have_no_language(backend, text):
    assert load_detector(LanguageRules(detector=backend)).detect(text)[:2] == ("und", 0.0)


def test_an_arabic_article_gets_its_language_and_score():
    kept = keep_arabic(article(ARABIC), LanguageRules())
    assert (kept.language, kept.language_score) == ("ar", 1.0)
    assert kept._replace(language="", language_score=0.0) == article(ARABIC)


@pytest.mark.parametrize(("code", "text"), [("fa", PERSIAN), ("en", ENGLISH), ("und", "٤٢")])
def test_another_language_is_refused_by_its_code(code, text):
    with pytest.raises(Rejection) as refusal:
        keep_arabic(article(text), LanguageRules())
    assert (refusal.value.reason, refusal.value.detail) == ("not_arabic", code)


def test_too_little_arabic_is_refused_with_its_share():
    page = article(f"{ARABIC}\n{ENGLISH}\n{PERSIAN}")
    with pytest.raises(Rejection, match=r"not_arabic.*ar 0\.3"):
        keep_arabic(page, LanguageRules())
    assert keep_arabic(page, LanguageRules(min_score=0.3)).language == "ar"


def test_langdetect_alone_can_be_chosen():
    assert keep_arabic(article(ARABIC), LanguageRules(detector="langdetect")).language_score > 0.99


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"detector": "magic"}, "language_detector must be one of letters, langdetect, lingua, fasttext, not 'magic'"),
        ({"detector": "fasttext"}, "language_model and language_model_sha256 are needed by the detector fasttext"),
        ({"detector": "fasttext", "model": "lid.bin"}, "language_model and language_model_sha256 are needed by the"),
        ({"detector": "fasttext", "model_sha256": "0" * 64}, "language_model and language_model_sha256 are needed by"),
        ({"model": "lid.bin"}, "language_model is for the detector fasttext, not for letters"),
        ({"min_score": 7}, "language_min_score must be from 0 to 1, not 7"),
        ({"min_score": -0.1}, "language_min_score must be from 0 to 1, not -0.1"),
        ({"min_score": float("nan")}, "language_min_score must be from 0 to 1, not nan"),
    ],
)
def test_rules_that_make_no_sense_are_refused(stated, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        LanguageRules(**stated)
