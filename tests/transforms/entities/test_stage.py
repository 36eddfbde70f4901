import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from warraq.schemas.records import Article
from warraq.transforms.entities import stage
from warraq.transforms.entities.stage import TagEntities
from warraq.transforms.step import KEPT, REJECTED


class Fussy:
    """Breaks on one word, and on the whole batch with it."""

    name = "fussy-1"

    def tag(self, texts):
        if any("عطل" in text for text in texts):
            raise ValueError("bad word")
        return [[] for _ in texts]


def counters(result):
    """Our counters; those of Beam itself, which some runs have, begin with `metric:`."""
    found = {each.key.metric.name: each.committed for each in result.metrics().query()["counters"]}
    return {name: count for name, count in found.items() if not name.startswith("metric:")}


def test_every_article_leaves_by_one_door(make_article):
    pages = [make_article("زار موسكو", url="a"), make_article("لا شيء", url="b")]
    with TestPipeline() as pipeline:
        doors = pipeline | beam.Create(pages) | TagEntities()
        kept = doors[KEPT] | beam.Map(lambda article: (article.source.url, len(article.entities), article.tagger))
        assert_that(kept, equal_to([("a", 1, "bilstm-1"), ("b", 0, "bilstm-1")]), "kept")
        assert_that(doors[REJECTED], equal_to([]), "rejected")


def test_only_the_guilty_article_is_refused(monkeypatch, make_article):
    monkeypatch.setattr(stage, "load_tagger", lambda _: Fussy())
    pages = [make_article(text, url=text) for text in ("سليم", "عطل", "بخير")]
    pipeline = TestPipeline()
    doors = pipeline | beam.Create(pages, reshuffle=False) | TagEntities("fussy")
    assert_that(doors[KEPT] | beam.Map(lambda article: article.source.url), equal_to(["سليم", "بخير"]), "kept")
    rows = doors[REJECTED] | beam.Map(lambda row: (row.source.url, row.stage, row.reason, row.detail.split(" (")[0]))
    assert_that(rows, equal_to([("عطل", "entities", "error", "ValueError: bad word")]), "rejected")
    assert counters(pipeline.run()) == {"pages_in": 3, "pages_out": 2, "pages_rejected_error": 1}


def test_articles_keep_their_time(make_article):
    with TestPipeline() as pipeline:
        articles = pipeline | beam.Create([make_article("زار موسكو")])
        stamp = beam.Map(lambda article: beam.window.TimestampedValue(article, 60)).with_output_types(Article)
        doors = articles | stamp | TagEntities()
        times = doors[KEPT] | beam.Map(lambda _, time=beam.DoFn.TimestampParam: float(time))
        assert_that(times, equal_to([60.0]))
