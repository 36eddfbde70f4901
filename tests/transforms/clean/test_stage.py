import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from warraq.transforms.clean.stage import CleanText

PROSE = "أعلنت الجامعة فتح باب التسجيل للفصل الجديد، وقالت إن الطلبات تقدم عبر موقعها حتى نهاية الأسبوع المقبل."
MORE = "وأضافت أن عدد المقاعد زاد هذا العام بعد افتتاح مبنى كلية الهندسة، وأن النتائج ستعلن بعد عشرة أيام."


def test_every_article_leaves_by_exactly_one_door(make_article):
    pipeline = TestPipeline(runner=FnApiRunner())
    articles = [make_article(f"{PROSE}\n{MORE}", url="long"), make_article("قصير", url="short")]
    kept, rejected = pipeline | beam.Create(articles) | CleanText()
    assert_that(
        kept | "Kept" >> beam.Map(lambda article: (article.source.url, article.words)), equal_to([("long", 35)]), "kept"
    )
    assert_that(
        rejected | "Rejected" >> beam.Map(lambda row: (row.source.url, row.reason, row.detail)),
        equal_to([("short", "too_short", "1 words")]),
        "rejected",
    )
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("clean"))["counters"]
    counters = {counter.key.metric.name: counter.committed for counter in found}
    assert counters == {"pages_in": 2, "pages_out": 1, "pages_rejected_too_short": 1}
