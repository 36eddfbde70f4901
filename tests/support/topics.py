"""Articles and texts for the tests of topics."""

import datetime as dt

from tests.support.paths import ROOT
from warraq.schemas.records import Article, Source
from warraq.transforms.topics.classifier import TopicRules, assign_topic

BENCHMARKS = ROOT / "benchmarks"
DAY = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
MATCH = "فاز الفريق الضيف بهدفين مقابل هدف في المباراة النهائية، وسجل اللاعب الهدف الثاني من ركلة جزاء في الشوط الثاني."
PRICES = "ارتفعت أسعار النفط في البورصة وتراجع الدولار، وقال البنك المركزي إن التضخم سيبقى مرتفعا وإن الاستثمار يتباطأ."
PLAIN = "جلس الرجل على الكرسي ثم نظر إلى الباب."


def article(text="", title=None, url="https://www.example.com/a/1", **known):
    source = Source(url, DAY, "d", 7, 100)
    return Article(source, "", "example.com", title, text, None, DAY.date(), "fetched", **known)


def topic_of(classifier, page):
    return assign_topic(page, classifier.classify([page])[0], classifier.name, TopicRules()).topic


def rows_of(name):
    for line in (BENCHMARKS / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")
