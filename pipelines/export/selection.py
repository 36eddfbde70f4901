"""The flags that choose the articles of an export, and the view `chosen` that they make."""

import argparse
import re
from typing import Any, Final, NamedTuple

import duckdb

from warraq.pipelines.views import WRONG_STATEMENT, first_line
from warraq.transforms.domains import listed_hosts, read_domains
from warraq.transforms.file_names import shown_name

_HOST: Final = r"'^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)'"
_ID_DIGITS: Final = 32  # hexadecimal digits of an article_id
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%|(0?\.\d+|1\.0+)")
_NUMBER: Final = re.compile(r"[1-9]\d{0,17}")


class SelectionError(Exception):
    """A flag chooses nothing that exists; the message is one line."""


class Selection(NamedTuple):
    """The articles that are exported."""

    where: str = ""
    domains: frozenset[str] = frozenset()
    unique: bool = False
    number: int | None = None  # of articles, at most
    share: float | None = None  # of the articles
    flags: list[str] = []  # noqa: RUF012  (never changed in place) as they were given

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Makes the view `chosen`. A sample takes the articles with the smallest ids, which are digests.

        So a sample is the same each time, a smaller one is part of a larger one, and new articles change it little.

        Raises:
          SelectionError: the condition is wrong.
        """
        conditions = [f"({self.where}\n)"] if self.where else []
        if self.unique:
            conditions.append("duplicate_of IS NULL")
        if self.domains:
            _list_hosts(connection, self.domains)
            conditions.append(f"lower(regexp_extract(url, {_HOST}, 1)) IN (FROM wanted_hosts)")
        try:
            _make_view(connection, conditions)
            connection.execute("SELECT 1 FROM chosen LIMIT 1").fetchall()  # a condition may fail on a row only
        except WRONG_STATEMENT as error:
            raise SelectionError(f"--where: {first_line(error)}") from error
        if self.share is not None:
            bound = min(int(self.share * 16**_ID_DIGITS), 16**_ID_DIGITS - 1)
            _make_view(connection, [*conditions, f"article_id <= '{bound:0{_ID_DIGITS}x}'"])
        elif self.number is not None:
            first = f"(SELECT article_id FROM chosen ORDER BY article_id LIMIT {self.number})"
            [[largest]] = connection.execute(f"SELECT max(article_id) FROM {first}").fetchall()
            _make_view(connection, [*conditions, f"article_id <= '{largest or ''}'"])


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that choose articles."""
    add = parser.add_argument
    add("--where", default="", metavar="SQL", help="only articles that this condition on the view `articles` finds")
    add("--unique", action="store_true", help="leave near copies out (duplicate_of)")
    add("--sites", metavar="FILE", help="only these sites: a domain a line, sub-domains included, or a folder of UT1")
    add("--sample", metavar="N", help="only N articles, or a share such as 0.01 or 1%%; the same ones each time")


def selection_of(options: argparse.Namespace) -> Selection:
    """The selection that the flags describe.

    Raises:
      SelectionError: a flag is wrong.
    """
    flags = [f"--where {options.where}"] if options.where else []
    flags += ["--unique"] if options.unique else []
    domains: frozenset[str] = frozenset()
    if options.sites:
        try:
            domains = read_domains(options.sites)
        except OSError as error:
            raise SelectionError(f"--sites {shown_name(options.sites)}: can't be read ({error.strerror})") from error
        except ValueError as error:
            raise SelectionError(f"--sites {error}") from error
        flags.append(f"--sites ({len(domains):,} domains)")
    sample = _sample(options.sample) if options.sample else {}
    flags += [f"--sample {options.sample}"] if options.sample else []
    return Selection(options.where, domains, options.unique, flags=flags, **sample)


def _sample(text: str) -> dict[str, Any]:
    if _NUMBER.fullmatch(text):
        return {"number": int(text)}
    match = _SHARE.fullmatch(text)
    share = (float(match[1]) / 100 if match[1] else float(match[2])) if match else 0.0
    if not 0 < share <= 1:
        raise SelectionError(f"--sample {text}: give a number of articles, or a share such as 0.01 or 1%")
    return {"share": share}


def _make_view(connection: duckdb.DuckDBPyConnection, conditions: list[str]) -> None:
    chosen = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    connection.execute(f"CREATE OR REPLACE VIEW chosen AS SELECT * FROM articles{chosen}")


def _list_hosts(connection: duckdb.DuckDBPyConnection, domains: frozenset[str]) -> None:
    """Makes the table `wanted_hosts`: the hosts of the dataset that are listed. There are far fewer than articles."""
    hosts = connection.execute(f"SELECT DISTINCT lower(regexp_extract(url, {_HOST}, 1)) FROM articles").fetchall()
    wanted = [*listed_hosts((host for (host,) in hosts), domains)]
    connection.execute("CREATE OR REPLACE TABLE wanted_hosts AS SELECT unnest($hosts::VARCHAR[])", {"hosts": wanted})
