"""Fewer than one article in a hundred keeps a line of its page's furniture (tests/furniture.txt), on 200 real pages."""

import os
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not (DATA / "pages_arabised").is_dir(), reason=f"no pages_arabised in {DATA}; set WARRAQ_DATA"
)


def test_furniture_stays_in_fewer_than_one_article_in_a_hundred():
    benchmark = runpy.run_path(str(ROOT / "benchmarks" / "extraction.py"))
    cases = [*benchmark["arabised"](), *benchmark["arabic"]()]
    left = {case.name: benchmark["furniture_lines"](_text(benchmark, case), case.text) for case in cases}
    kept = {name: lines for name, lines in left.items() if lines}
    assert len(kept) < len(cases) / 100, kept


def _text(benchmark, case):
    return benchmark["extracted_and_cleaned"](case).text
