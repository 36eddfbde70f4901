"""The architecture as a graph: the stages in their order, every door read, and one whole run with exact counters."""

import datetime as dt
import re

import apache_beam as beam
import pytest
from apache_beam.coders.coders import FastPrimitivesCoder
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints import TypeCheckError

from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.job import Ingest, Known
from warraq.schemas.coders import RecordCoder
from warraq.schemas.labels import STAGES
from warraq.schemas.records import Article, Document, Page, Rejected
from warraq.transforms.clean.stage import CleanText
from warraq.transforms.dataset.forgotten import Forgotten
from warraq.transforms.entities.stage import TagEntities
from warraq.transforms.quality.stage import KeepGoodText
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.stage import ReadPages
from warraq.transforms.step import KEPT, REJECTED
from warraq.transforms.write.run import Run

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


class _Graph(PipelineVisitor):
    """The whole job as a graph: every PCollection that is made, with the label of its step, and every one that is read."""

    def __init__(self):
        self.made, self.read, self.grouped = {}, set(), []
        run = Run("out", "r", "r", "recipe", "{}", "1", "local", FETCHED, [], False, 0.1)
        pipeline = beam.Pipeline(runner=FnApiRunner())
        self.committed = pipeline | Ingest(
            [Dump("a", 1, "warc", "f", FETCHED)], FlowConfig(), run, Known(["known.parquet"], Forgotten())
        )
        pipeline.visit(self)

    def visit_transform(self, node):
        self.read.update(node.inputs)
        self.read.update(side.pvalue for side in node.side_inputs)
        self.made.update(dict.fromkeys(node.outputs.values(), node.full_label))
        if isinstance(node.transform, beam.GroupByKey):
            self.grouped += node.inputs


@pytest.fixture(scope="module")
def graph():
    return _Graph()


def test_no_output_is_left_unread(graph):
    unread = {label for made, label in graph.made.items() if made not in graph.read and made is not graph.committed}
    assert unread == set()


def coders_within(coder):
    """A coder and all those of which it is made."""
    yield coder
    row = getattr(coder, "_row", coder)
    for part in [*getattr(row, "components", ()), *(coder._get_component_coders() or ())]:
        yield from coders_within(part)


def test_no_record_is_pickled(graph):
    """By `schemas.coders`, and whatever is shuffled has coders that know it."""
    for made, label in graph.made.items():
        coders = [*coders_within(beam.coders.registry.get_coder(made.element_type))]
        if any(isinstance(coder, RecordCoder) for coder in coders) and "/ReshufflePerKey/" not in label:
            assert not any(isinstance(coder, FastPrimitivesCoder) for coder in coders), label
        assert "schemas.records" not in str(made.element_type) or RecordCoder in map(type, coders), label
    for group in graph.grouped:
        key, _ = beam.coders.registry.get_coder(group.element_type).coders()
        assert key.is_deterministic()


def test_both_outputs_of_every_stage_are_typed():
    """And a flow whose stages are in the wrong order fails when it is built."""
    with pytest.raises(TypeCheckError, match="CleanText: expected .*Article.*, got .*Page"):
        beam.Pipeline() | beam.Create([]).with_output_types(Page) | CleanText()
    given = {Page: ["ScreenPages", "DecodePages"], Document: ["ExtractArticles"]}
    for label, step in RefinePages(FlowConfig()).steps().items():
        record = next((record for record, labels in given.items() if label in labels), Article)
        outputs = beam.Pipeline() | beam.Create([]).with_output_types(record) | step
        kept = {"DecodePages": Document, "ExtractArticles": Article}.get(label, record)
        assert (outputs[KEPT].element_type, outputs[REJECTED].element_type) == (kept, Rejected)


def test_steps_are_named_after_stages_not_after_their_place(graph):
    numbered = [label for label in graph.made.values() if re.search(r"[A-Za-z]\d+$", label)]
    assert numbered == []


def test_stages_show_their_rules():
    shown = ReadPages([]).display_data()
    assert (shown["max_bytes"], shown["fields"]) == (10_000_000, "")
    assert KeepGoodText(None).display_data() == {}
    assert TagEntities("gazetteer").display_data() == {"backend": "gazetteer"}


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
