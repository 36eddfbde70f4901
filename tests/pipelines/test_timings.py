"""The table of `warraq ingest --timings`, from the metrics of a run."""

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from warraq.pipelines.timings import timings
from warraq.schemas.labels import STAGES
from warraq.transforms.rejection import Rejection
from warraq.transforms.step import BatchStepFn, StepFn


def keep_long(page):
    if len(page.content) < 5:
        raise Rejection("no_arabic_bytes")
    return page


def test_each_stage_has_a_line_with_what_it_did(make_page, make_article):
    pipeline = beam.Pipeline(runner=FnApiRunner())
    pages = [make_page(b"four"), make_page(b"longer"), make_page(b"longest.")]
    pipeline | "P" >> beam.Create(pages) | "S" >> beam.ParDo(StepFn("screen", keep_long))
    articles = [make_article("كلمة"), make_article("كلمتان هنا")]
    pipeline | "A" >> beam.Create(articles) | "T" >> beam.ParDo(BatchStepFn("topics", lambda: lambda batch: batch))
    result = pipeline.run()
    result.wait_until_finish()
    head, *lines = timings(result.metrics())
    assert head.split() == ["stage", "in", "out", "rejected", "ms", "each", "ms", "most", "seconds", "size"]
    assert [line.split()[0] for line in lines] == list(STAGES)
    found = {line.split()[0]: line.split()[1:] for line in lines}
    assert found["screen"][:3] == ["3", "2", "1"]
    assert found["screen"][-1] == "7"  # bytes of a page that was kept, in the mean
    assert found["topics"][:3] == ["2", "2", "0"]
    assert found["topics"][-1] == "7"  # characters of an article
    assert all(float(number) >= 0 for number in found["topics"][3:6])
    assert found["clean"] == ["0", "0", "0", "-", "-", "-", "-"]
