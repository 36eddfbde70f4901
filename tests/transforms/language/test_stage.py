"""Both outputs of the language stage."""

import datetime as dt

import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from warraq.schemas.records import Article, Source
from warraq.transforms.language.stage import KeepArabic
from warraq.transforms.step import KEPT, REJECTED

ARABIC = "أعلنت بلدية المدينة أن الجسر الجديد سيفتح أمام السيارات صباح الأحد بعد أعمال دامت سنتين."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."


def article(text, url="https://example.org/a"):
    day = dt.datetime(2024, 5, 12, tzinfo=dt.timezone.utc)
    return Article(
        Source(url, day, "d.warc", 0, len(text)), url, "example.org", None, text, None, day.date(), "fetched"
    )


def test_every_article_leaves_by_exactly_one_door():
    pipeline = TestPipeline()
    result = pipeline | beam.Create([article(ARABIC, "a"), article(PERSIAN, "b"), article("٤٢", "c")]) | KeepArabic()
    assert_that(result[KEPT] | "Urls" >> beam.Map(lambda kept: kept.source.url), equal_to(["a"]), "kept")
    rows = result[REJECTED] | "Rows" >> beam.Map(lambda row: (row.source.url, row.stage, row.reason, row.detail))
    wanted = [("b", "language", "not_arabic", "fa"), ("c", "language", "not_arabic", "und")]
    assert_that(rows, equal_to(wanted), "rejected")
    run = pipeline.run()
    run.wait_until_finish()
    counters = {
        c.key.metric.name: c.committed
        for c in run.metrics().query()["counters"]
        if c.key.metric.namespace == "language"
    }
    assert counters == {"pages_in": 3, "pages_out": 1, "pages_rejected_not_arabic": 2}
