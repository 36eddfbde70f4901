"""The reference is made from the code, and has a sentence for everything in it."""

import pytest

from tests.project.reference import REFERENCE, reference, view_sections
from warraq.pipelines.cli import MEANING, STATUS
from warraq.pipelines.commands import COMMANDS
from warraq.pipelines.macros import MACROS
from warraq.schemas.arrow import TABLES
from warraq.schemas.columns import COLUMNS
from warraq.schemas.labels import REASONS

TEXT = REFERENCE.read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_code():
    assert reference() == TEXT, "python -m tests.project.reference writes it anew"


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_table_has_a_sentence(name):
    assert {*COLUMNS[name]} == {*TABLES[name].names}, "schemas/columns.py has the sentences"


def test_every_column_of_a_view_has_a_sentence():
    lines = "".join(view_sections()).splitlines()
    assert [line for line in lines if line.startswith("| `") and line.endswith("|  |")] == [], "schemas/columns.py"


def test_every_exit_code_has_a_sentence():
    assert list(MEANING) == list(STATUS)


def test_nothing_is_left_out():
    names = [f"### `warraq {name}" for name in COMMANDS]
    names += [f"`{macro.signature}`" for macro in MACROS]
    names += [f"| {stage} | `{reason}` |" for stage, reasons in REASONS.items() for reason in reasons]
    assert [name for name in names if name not in TEXT] == []
