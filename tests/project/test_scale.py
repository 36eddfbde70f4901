"""docs/scale.md shows the tables that benchmarks/speed/scale.py computes, which are right for figures checked by hand."""

import dataclasses
import runpy

import pytest

from tests.support.paths import ROOT
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages

scale = runpy.run_module("benchmarks.speed.scale")
MEASURED = scale["read_measured"]()
ASSUMED = scale["Assumed"]()
TEXT = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def test_the_document_shows_the_tables():
    assert "\n".join(scale["report"](MEASURED, ASSUMED)) in TEXT


def test_every_assumption_has_a_source_and_a_unit_cost_is_just_multiplied():
    assert all(len(field.metadata["help"]) > 10 for field in dataclasses.fields(ASSUMED))
    measured = dict.fromkeys(MEASURED, 0.0) | {"read_ms": 0.36, "job_crawl_ms": 0.36, "job_arabic_ms": 0.36}
    assumed = dataclasses.replace(ASSUMED, pages=1e9, busy=0.5, core_gb=1, dataflow_core=0.9, dataflow_gb=0.1)
    found = scale["totals"](measured, assumed)
    assert found["core-hours, paid"] == "200"  # 1e9 pages of 0.36 ms are 100 core-hours
    assert found["Dataflow, workers"] == "$200"


def test_every_stage_of_the_flow_is_counted():
    counted = " ".join(stage.name for stage in scale["stages"](MEASURED, ASSUMED))
    assert [
        name for name in ["ReadPages", *RefinePages(FlowConfig()).steps(), "WriteArticles"] if name not in counted
    ] == []


@pytest.mark.parametrize("name", ["core-hours, paid", "articles", "dataset", "shuffle: texts and refusals"])
def test_ten_times_is_ten_times(name):
    one, ten = (scale["totals"](MEASURED, ASSUMED, times)[name] for times in (1, 10))
    one, ten = (float(words.split()[0].replace(",", "")) for words in (one, ten))
    assert ten == pytest.approx(10 * one, rel=0.02)
