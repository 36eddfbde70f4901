"""The architecture as a graph: the stages in their order, every door read, and one whole run with exact counters."""

import datetime as dt

import apache_beam as beam
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.ingest import Ingest
from warraq.schemas.labels import STAGES
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.stage import PROGRESS
from warraq.transforms.step import KEPT
from warraq.transforms.write.commit import Run

FETCHED = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)

ARABIC = """<html lang="ar"><head><meta charset="utf-8"><title>افتتاح مدرسة جديدة في القاهرة</title></head><body><article>
<h1>افتتاح مدرسة جديدة في القاهرة</h1><p>افتتح وزير التعليم صباح الأحد مدرسة جديدة في القاهرة تستوعب ألف تلميذ، وقال إن الوزارة
تخطط لبناء خمسين مدرسة أخرى قبل نهاية العام الدراسي المقبل في المحافظات التي تعاني ازدحام الفصول.</p><p>وأضاف أن المدرسة مجهزة
بمختبرات حديثة ومكتبة وملعب، وأن المعلمين تلقوا تدريبا على طرق التدريس الجديدة خلال العطلة الصيفية.</p></article></body></html>"""
ENGLISH = "<html><body><p>" + "A school was opened in Cairo on Sunday. " * 10 + "</p></body></html>"
PERSIAN = (
    "<html><body><p>"
    + "این مدرسه که در پایتخت گشایش یافت برای هزار دانش‌آموز جا دارد و گچ و پنجره‌های آن نو است. " * 4
    + "</p></body></html>"
)


def test_the_stages_stand_in_the_order_of_the_labels():
    stages = [
        step.__class__.__module__.removeprefix("warraq.transforms.").split(".")[0]
        for step in RefinePages(FlowConfig()).steps().values()
    ]
    assert ["read", *stages] == list(STAGES)


def test_labels_are_the_names_of_the_transforms():
    assert all(label == type(step).__name__ for label, step in RefinePages(FlowConfig()).steps().items())


class _Doors(PipelineVisitor):
    """Notes every PCollection that is made, but for the progress that only a launcher shows, and every one that is read."""

    def __init__(self):
        self.made, self.read = {}, set()

    def visit_transform(self, node):
        self.read.update(node.inputs)
        self.read.update(side.pvalue for side in node.side_inputs)
        self.made.update({made: node.full_label for tag, made in node.outputs.items() if tag != PROGRESS})


def test_no_door_is_left_unread(tmp_path):
    run = Run(str(tmp_path), "r", "recipe", "{}", "1", "local", FETCHED, [], False, 0.1)
    pipeline = beam.Pipeline(runner=FnApiRunner())
    committed = pipeline | Ingest([Dump("a", 1, "warc", "f", FETCHED)], FlowConfig(), run, ["known.parquet"])
    doors = _Doors()
    pipeline.visit(doors)
    unread = {label for output, label in doors.made.items() if output not in doors.read and output is not committed}
    assert unread == set()


@pytest.mark.slow
def test_pages_go_through_and_counters_add_up(make_page):
    texts = {"ar": ARABIC, "copy": ARABIC, "en": ENGLISH, "fa": PERSIAN}
    pages = [
        make_page(text.encode(), url=f"https://{name}.example/1", dump_offset=n)
        for n, (name, text) in enumerate(texts.items())
    ]
    pipeline = beam.Pipeline(runner=FnApiRunner())
    doors = pipeline | beam.Create(pages) | RefinePages(FlowConfig())
    kept = doors[KEPT] | "K" >> beam.Map(lambda article: (article.site, article.topic, article.title))
    assert_that(kept, equal_to([("ar.example", "education", "افتتاح مدرسة جديدة في القاهرة")]), "kept")
    refused = tuple(door for label, door in doors.items() if label != KEPT) | beam.Flatten()
    expected = [("en.example", "screen"), ("fa.example", "language"), ("copy.example", "deduplicate")]
    assert_that(
        refused | "R" >> beam.Map(lambda row: (row.source.url[8:-2], row.stage)), equal_to(expected), "rejected"
    )
    result = pipeline.run()
    result.wait_until_finish()
    for stage in STAGES[1:]:
        found = result.metrics().query(MetricsFilter().with_namespace(stage))["counters"]
        counters = {counter.key.metric.name: counter.committed for counter in found}
        refused = sum(number for name, number in counters.items() if name.startswith("pages_rejected_"))
        assert counters["pages_in"] == counters.get("pages_out", 0) + refused, stage
