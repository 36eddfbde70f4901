import re

import pytest

from tests.support.paths import ROOT
from warraq.pipelines.serve import texts
from warraq.schemas.labels import DATE_SOURCES, ENTITY_KINDS, REASONS, TOPIC_SLUGS

KEYS = texts.keys()
SERVE = ROOT / "pipelines" / "serve"
FILES = [*SERVE.glob("templates/*.html"), *SERVE.glob("*.py"), *(ROOT / "pipelines" / "report").glob("*.py")]


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_word_of_the_interface_is_there(language):
    say = texts.translator(language)
    assert all(say(key) for key in KEYS)
    called = {
        key for file in FILES for key in re.findall(r"\bsay\([\"'](\w+)[\"']\)", file.read_text(encoding="utf-8"))
    }
    assert called - set(KEYS) == set()
    assert len(called) > 40


def test_every_word_is_used():
    everything = "\n".join(file.read_text(encoding="utf-8") for file in FILES if file.name != "texts.py")
    everything += str(texts.KIND_TITLES)
    assert [key for key in KEYS if not re.search(rf"[\"']{key}[\"']", everything)] == []


def test_topics_kinds_and_reasons_have_arabic_names():
    arabic = re.compile(r"[\u0600-\u06ff]")
    assert all(arabic.search(texts.topic_name(topic, "ar")) for topic in TOPIC_SLUGS)
    assert all(arabic.search(texts.kind_name(kind, "ar")) for kind in ENTITY_KINDS)
    assert all(arabic.search(texts.date_source_name(source, "ar")) for source in DATE_SOURCES)
    assert all(" " in texts.date_source_name(source, "en") for source in DATE_SOURCES)
    for stage, reasons in REASONS.items():
        for reason, english in reasons.items():
            assert arabic.search(texts.meaning(stage, reason, "ar")), reason
            assert arabic.search(texts.remedy(stage, reason, "ar")), reason
            assert texts.meaning(stage, reason, "en") == english
