import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from tests.support.topics import MATCH, article
from warraq.schemas.records import Article, Rejected, TopicScore
from warraq.transforms.step import KEPT, REJECTED
from warraq.transforms.topics.classifier import BACKENDS
from warraq.transforms.topics.stage import ClassifyTopics


class Fragile:
    """Breaks on a batch that holds the word "broken"."""

    name = "fragile-1"

    def classify(self, articles):
        if any("broken" in page.text for page in articles):
            raise ValueError("bad text")
        return [[TopicScore("medtop:15000000", 1.0)] for _ in articles]


def test_a_broken_article_costs_one_row(monkeypatch):
    monkeypatch.setitem(BACKENDS, "fragile", f"{__name__}:Fragile")
    pages = [article("one"), article("broken"), article("two")]
    pipeline = TestPipeline()
    kept, rejected = pipeline | beam.Create(pages) | ClassifyTopics(backend="fragile")
    assert_that(
        kept | beam.Map(lambda page: (page.text, page.topic)), equal_to([("one", "sport"), ("two", "sport")]), KEPT
    )
    reasons = rejected | beam.Map(lambda row: (type(row), row.stage, row.reason, row.detail.split(" (")[0]))
    assert_that(reasons, equal_to([(Rejected, "topics", "error", "ValueError: bad text")]), REJECTED)
    assert counters(pipeline.run()) == {"pages_in": 3, "pages_out": 2, "pages_rejected_error": 1}


def test_articles_keep_their_time_and_window():
    pipeline = TestPipeline()
    kept, rejected = (
        pipeline
        | beam.Create([5, 65])
        | beam.Map(at_second).with_output_types(Article)
        | beam.WindowInto(beam.window.FixedWindows(60))
        | ClassifyTopics()
    )
    assert_that(kept | beam.ParDo(TimeOf()), equal_to([("5", 5, 60, "sport"), ("65", 65, 120, "sport")]), label=KEPT)
    assert_that(rejected, equal_to([]), label=REJECTED)
    pipeline.run()


def at_second(second):
    return beam.window.TimestampedValue(article(MATCH, title=str(second)), second)


class TimeOf(beam.DoFn):
    def process(self, page, time=beam.DoFn.TimestampParam, window=beam.DoFn.WindowParam):
        yield page.title, int(time), int(window.end), page.topic


def counters(result):
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("topics"))["counters"]
    return {counter.key.metric.name: counter.result for counter in found}
