"""The messages on fields of tables that look like facts about articles and can't be used."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from warraq.pipelines.cli import counted
from warraq.transforms.extract.dates.stamps import read_stamp
from warraq.transforms.file_names import shown_name
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.survey import UnusedField, unused_fields

_MOST: Final = 20  # dumps that are looked at: those of one feed have the same fields
_TABLES: Final = ("jsonl", "parquet")


def unused_field_lines(dumps: Sequence[Dump], rules: ReadRules) -> Iterator[str]:
    """A message for each field that looks like one of ours and gives nothing, with the flag that may mend it.

    Looks at the beginning of 20 tables at most. Dumps that can't be opened have no message here: the run tells of them.
    """
    found: dict[tuple[str, str, bool], list[tuple[str, UnusedField]]] = {}
    for dump in itertools.islice((dump for dump in dumps if dump.kind in _TABLES), _MOST):
        for field in _unused(dump, rules):
            found.setdefault((field.name, field.like, field.is_known), []).append((shown_name(dump.path), field))
    for told in found.values():
        dump_name, field = told[0]
        others = f" (and {counted(len(told) - 1, 'other dump')})" if len(told) > 1 else ""
        yield f"{dump_name}{others}: {_words(field)}"


def _unused(dump: Dump, rules: ReadRules) -> list[UnusedField]:
    try:
        return unused_fields(dump, rules, lambda text: read_stamp(text) is not None)
    except OSError:
        return []


def _words(field: UnusedField) -> str:
    if field.is_known:
        return f"field {field.name!r} gives no {field.like}: its values, such as {field.example!r}, can't be read"
    return (
        f"field {field.name!r} is not used, though it looks like {field.like} ({field.example!r}); "
        f"to use it: --read_fields {field.like}={field.name}"
    )
