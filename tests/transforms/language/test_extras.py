"""The language detectors that are extras: lingua, and fastText with a model's file."""

import datetime as dt
import hashlib
import importlib.util
import struct
import sys

import pytest

from warraq.schemas.records import Article, Source
from warraq.transforms.language.extras import FastText, check_sum, language_of
from warraq.transforms.language.language import LanguageRules, keep_arabic, load_detector
from warraq.transforms.step import Rejection

ARABIC = "أعلنت بلدية المدينة أن الجسر الجديد سيفتح أمام السيارات صباح الأحد بعد أعمال دامت سنتين."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."
ARABIZI = "el baladeya 2alet enno el jisr el jdeed ra7 yeftah bokra"
ENGLISH = "The council said that the new bridge would open to traffic on Sunday morning."
WORDS = {
    "arb_Arab": ("الجسر", "أن"),
    "apc_Arab": ("الجسر", "رح"),
    "pes_Arab": ("که", "خواهد"),
    "arb_Latn": ("el", "ra7"),
}

needs_fasttext = pytest.mark.skipif(not importlib.util.find_spec("fasttext"), reason="fasttext-predict not installed")
needs_lingua = pytest.mark.skipif(
    not importlib.util.find_spec("lingua"), reason="lingua-language-detector not installed"
)


def small_model() -> bytes:
    """A supervised fastText model, version 12 of its format, in which each word speaks for its languages."""
    words = sorted({word for known in WORDS.values() for word in known})
    arguments = struct.pack(
        "<12id", len(words), 5, 5, 1, 5, 1, 3, 3, 0, 0, 0, 100, 0.0
    )  # softmax, supervised, no n-grams
    entries = [(word, 0) for word in words] + [(f"__label__{label}", 1) for label in WORDS]
    dictionary = struct.pack("<iiiqq", len(entries), len(words), len(WORDS), 100, -1)
    dictionary += b"".join(name.encode() + b"\0" + struct.pack("<qb", 1, kind) for name, kind in entries)
    inputs = [[float(row == column) for column in range(len(words))] for row in range(len(words))]
    outputs = [[8.0 * (word in known) for word in words] for known in WORDS.values()]
    return struct.pack("<ii", 793712314, 12) + arguments + dictionary + matrix(inputs) + matrix(outputs)


def matrix(rows) -> bytes:
    return struct.pack("<?qq", False, len(rows), len(rows[0])) + b"".join(
        struct.pack(f"<{len(row)}f", *row) for row in rows
    )


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(small_model())
    return LanguageRules(
        detector="fasttext", model=str(path), model_sha256=hashlib.sha256(path.read_bytes()).hexdigest()
    )


def article(text):
    day = dt.datetime(2024, 5, 12, tzinfo=dt.timezone.utc)
    url = "https://example.org/a"
    return Article(
        Source(url, day, "d.warc", 0, len(text)), url, "example.org", None, text, None, day.date(), "fetched"
    )


@needs_fasttext
@pytest.mark.parametrize(("text", "code"), [(ARABIC, "ar"), (PERSIAN, "fa"), (ARABIZI, "arb_Latn"), ("٤٢\n…", "und")])
def test_a_fasttext_model_from_a_file_decides(rules, text, code):
    language, score, _ = load_detector(rules).detect(text)
    assert language == code
    assert 0.0 <= score <= 1.0


@needs_fasttext
def test_the_varieties_of_arabic_count_together(rules):
    language, score, evidence = FastText(rules.model, rules.model_sha256).detect("الجسر")  # half Levantine
    assert (language, evidence.split()[0]) == ("ar", "fasttext")
    assert score > 0.99


@needs_fasttext
def test_lines_are_read_as_one_text(rules):
    assert FastText(rules.model, rules.model_sha256).detect("الجسر\nأن")[0] == "ar"


@needs_fasttext
def test_fasttext_keeps_and_refuses_articles(rules):
    assert keep_arabic(article(ARABIC), rules).language == "ar"
    with pytest.raises(Rejection, match="fa"):
        keep_arabic(article(PERSIAN), rules)


@needs_fasttext
def test_another_model_than_the_stated_one_is_refused(rules):
    other = LanguageRules(detector="fasttext", model=rules.model, model_sha256="0" * 64)
    with pytest.raises(ValueError, match="SHA-256"):
        load_detector(other)


def test_the_checksum_may_be_in_capitals(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"model")
    check_sum(path, hashlib.sha256(b"model").hexdigest().upper())


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("__label__ar", "ar"),
        ("__label__arz", "ar"),
        ("__label__arb_Arab", "ar"),
        ("__label__apc_Arab", "ar"),
        ("__label__arb_Latn", "arb_Latn"),
        ("__label__pes_Arab", "fa"),
        ("__label__ckb_Arab", "ckb"),
        ("__label__en", "en"),
    ],
)
def test_labels_of_models(label, code):
    assert language_of(label) == code


@needs_lingua
@pytest.mark.parametrize(
    ("text", "code"), [(ARABIC, "ar"), (PERSIAN, "fa"), (ENGLISH, "en"), ("٤٢ …", "und"), ("", "und")]
)
def test_lingua(text, code):
    assert load_detector(LanguageRules(detector="lingua")).detect(text)[0] == code


@pytest.mark.parametrize("name", ["lingua", "fasttext"])
def test_a_detector_that_is_not_installed_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    rules = LanguageRules(name, "m", "0") if name == "fasttext" else LanguageRules(name)
    with pytest.raises(RuntimeError, match=rf"pip install 'warraq\[{name}\]'"):
        load_detector(rules)
