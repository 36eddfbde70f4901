import apache_beam as beam
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from warraq.transforms.step import KEPT, REJECTED, Rejection, StepFn, describe, reject


def judge(page):
    if page.source.url == "refused":
        raise Rejection("no_arabic_bytes", "0 letters")
    if page.source.url == "broken":
        raise ValueError("bad page")
    return page._replace(title="seen")


def test_every_page_leaves_by_exactly_one_door(make_page):
    pages = [make_page(url=url) for url in ("kept", "refused", "broken")]
    pipeline = TestPipeline(runner=FnApiRunner())
    doors = pipeline | beam.Create(pages) | beam.ParDo(StepFn("screen", judge)).with_outputs(REJECTED, main=KEPT)
    assert_that(doors[KEPT], equal_to([pages[0]._replace(title="seen")]), "kept")
    rejected = doors[REJECTED] | beam.Map(lambda r: (r.source.url, r.stage, r.reason, r.detail.split(" (")[0]))
    expected = [
        ("refused", "screen", "no_arabic_bytes", "0 letters"),
        ("broken", "screen", "error", "ValueError: bad page"),
    ]
    assert_that(rejected, equal_to(expected), "rejected")
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace("screen"))["counters"]
    assert {counter.key.metric.name: counter.committed for counter in counters} == {
        "pages_in": 3,
        "pages_out": 1,
        "pages_rejected_no_arabic_bytes": 1,
        "pages_rejected_error": 1,
    }


def test_memory_trouble_is_the_machine_s_and_not_the_page_s(make_page):
    def greedy(_):
        raise MemoryError

    with pytest.raises(MemoryError):
        list(StepFn("screen", greedy).process(make_page()))


def test_a_refusal_says_where_the_page_lies(make_page):
    row = reject(make_page(b"12345", dump="a.warc", dump_offset=77), "decode", "undecodable", "why")
    assert (row.source.dump, row.source.dump_offset, row.source.bytes, row.detail) == ("a.warc", 77, 5, "why")


def test_an_error_is_described_by_its_place():
    with pytest.raises(KeyError) as caught:
        {}["name"]
    assert describe(caught.value).startswith("KeyError: 'name' (test_step.py:")
