"""Every question of the cookbook has the answer that the document shows."""

import re

import pytest

from tests.project.cookbook import COOKBOOK, PAIR, ingest, shown
from warraq.pipelines.macros import MACROS
from warraq.pipelines.views import Views

TEXT = COOKBOOK.read_text(encoding="utf-8")
PAIRS = [(pair[1], pair[2]) for pair in PAIR.finditer(TEXT)]


def test_every_question_has_an_answer_and_every_macro_is_in_the_document():
    assert len(re.findall(r"^## \d+\. .*\?$", TEXT, re.MULTILINE)) >= 15
    assert TEXT.count("```sql") == len(PAIRS) >= 15
    assert [sql for sql, shown_answer in PAIRS if not shown_answer.strip()] == []
    assert [macro.name for macro in MACROS if macro.is_table and f"{macro.name}(" not in TEXT] == ["runs_since"]


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    return Views(ingest(tmp_path_factory.mktemp("cookbook") / "out"))


@pytest.mark.slow
@pytest.mark.parametrize(("sql", "expected"), PAIRS)
def test_the_answer_is_that_of_the_document(views, sql, expected):
    assert shown(views, sql) == expected, "python -m tests.project.cookbook writes the answers anew"
