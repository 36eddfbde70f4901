"""Fewer than one article in a hundred keeps a line of its page's furniture (furniture.txt), on 200 real pages."""

import pytest

from benchmarks.accuracy.extraction import arabic, arabised, extracted_and_cleaned, furniture_lines
from tests.support.paths import DATA

pytestmark = pytest.mark.skipif(
    not (DATA / "pages_arabised").is_dir(), reason=f"no pages_arabised in {DATA}; set WARRAQ_DATA"
)


def test_furniture_stays_in_fewer_than_one_article_in_a_hundred():
    cases = [*arabised(), *arabic()]
    left = {case.name: furniture_lines(extracted_and_cleaned(case).text, case.text) for case in cases}
    kept = {name: lines for name, lines in left.items() if lines}
    assert len(kept) < len(cases) / 100, kept
