"""The macros of `warraq query`: questions that are asked every day, with a name and parameters. macros.sql has them."""

import re
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from warraq.pipelines.remedies import REMEDIES
from warraq.schemas.labels import REASONS

_MACRO: Final = re.compile(r"((?:^--.*\n)+)^CREATE MACRO ((\w+)\([^)]*\)) AS[^;]*;", re.MULTILINE)


class Macro(NamedTuple):
    """One statement of macros.sql."""

    name: str
    text: str  # what it answers
    signature: str  # as it is called, with the parameters
    sql: str

    @property
    def is_table(self) -> bool:
        """True if it stands after FROM; False if it is a function of values."""
        return " AS TABLE" in self.sql


def _macros() -> tuple[Macro, ...]:
    source = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    return tuple(
        Macro(
            found[3],
            _joined(found[1].replace("--", "")),
            _joined(found[2]).replace("( ", "(").replace(" )", ")"),
            found[0],
        )
        for found in _MACRO.finditer(source)
    )


def _joined(text: str) -> str:
    return " ".join(text.split())


MACROS: Final = _macros()


def site_of(url: str) -> str:
    """The site of a page, as in the column `site`: the registered domain of its address."""
    from warraq.transforms.addresses import registered_domain  # noqa: PLC0415  (0.2 s)

    return registered_domain(url)


FUNCTIONS: Final = {"site_of": site_of}


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds the macros, and the table `reasons` and the functions that they use.

    The views that they name may be made later, and made anew.
    """
    rows = [
        {"stage": stage, "reason": reason, "meaning": meaning, "remedy": REMEDIES.get(stage, {}).get(reason, "")}
        for stage, reasons in REASONS.items()
        for reason, meaning in reasons.items()
    ]
    connection.register("reasons", pa.Table.from_pylist(rows))
    for name, function in FUNCTIONS.items():
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR")
    for macro in MACROS:
        connection.execute(macro.sql)
