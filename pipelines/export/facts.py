"""Reads the facts of an export from the views: counts, rules of the runs, take-downs."""

import json
from collections.abc import Sequence
from typing import Any, Final

import duckdb

from warraq.transforms.export.facts import Counts, Facts, TakeDowns

_TOTALS: Final = """
    SELECT count(*), count(*) FILTER (WHERE duplicate_of IS NULL), coalesce(sum(words), 0)::BIGINT,
        min(date), max(date), count(*) FILTER (WHERE date_source = 'fetched'), count(DISTINCT dump),
        coalesce(sum(len(list_filter(entities, lambda entity: entity.kind = 'person'))), 0)::BIGINT
    FROM chosen"""
_VERSIONS: Final = """
    SELECT DISTINCT unnest(['Warraq ' || warraq_version, 'tagger ' || tagger, 'classifier ' || classifier]) AS version
    FROM chosen ORDER BY version"""


class FactsReader:
    """Answers from the view `chosen`, and from the views of the whole dataset."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def facts(self, *, known_take_downs: Sequence[str], since: str | None, **more: Any) -> Facts:
        """The facts; `more` are those that the views don't have.

        Args:
          known_take_downs: operations that an earlier export knows.
          since: the day of its newest run.
          **more: other fields.
        """
        articles, originals, words, first, last, undated, dumps, names = self._one(_TOTALS)
        runs, newest = self._one("SELECT count(*), max(committed_at)::DATE FROM runs")
        columns = {name for name, *_ in self._all("DESCRIBE articles")}
        return Facts(
            articles=articles,
            originals=originals,
            words=words,
            first_day=first,
            last_day=last,
            undated=undated,
            dumps=dumps,
            names=names,
            topics=self._counts("topic"),
            date_sources=self._counts("date_source"),
            years=self._counts("year(date)::VARCHAR", by="value DESC"),
            sites=self._counts("coalesce(nullif(site, ''), 'no address')"),
            licences=self._counts("license", "WHERE license IS NOT NULL") if "license" in columns else [],
            opt_outs=self._counts("unnest(opt_out)") if "opt_out" in columns else [],
            runs=runs,
            newest_run=newest,
            versions=[version for (version,) in self._all(_VERSIONS)],
            settings=_settings(self.options().values()),
            take_downs=self._take_downs(known_take_downs, since),
            **more,
        )

    def operations(self) -> list[str]:
        """The operations by which something was taken down, sorted."""
        return [each for (each,) in self._all("SELECT DISTINCT operation_id FROM forgotten ORDER BY 1")]

    def options(self) -> dict[str, Any]:
        """Recipe → its options, of the runs that made the chosen articles."""
        made = "SELECT DISTINCT split_part(load_id, '-', 1) FROM chosen WHERE load_id IS NOT NULL"
        found = self._all(
            f"SELECT DISTINCT ON (recipe) recipe, options FROM runs WHERE recipe IN ({made}) ORDER BY recipe, options"
        )
        return {recipe: json.loads(options or "{}") for recipe, options in found}

    def _take_downs(self, known: Sequence[str], since: str | None) -> TakeDowns:
        new = "FROM forgotten WHERE operation_id NOT IN (SELECT unnest($known::VARCHAR[]))"
        given = {"known": list(known)}
        taken = f"SELECT DISTINCT article_id {new} AND \"table\" = 'articles' AND article_id IS NOT NULL ORDER BY 1"
        ids = [each for (each,) in self._connection.execute(taken, given).fetchall()]
        [[rules]] = self._connection.execute(f"SELECT count(*) {new} AND \"table\" = ''", given).fetchall()
        return TakeDowns(since, ids, rules)

    def _counts(self, value: str, condition: str = "", by: str = "articles DESC, value") -> Counts:
        question = f"SELECT value, count(*) AS articles FROM (SELECT {value} AS value FROM chosen {condition})"
        return self._all(f"{question} GROUP BY value ORDER BY {by}")

    def _all(self, question: str) -> list[Any]:
        return self._connection.execute(question).fetchall()

    def _one(self, question: str) -> Any:
        [row] = self._all(question)
        return row


def _settings(options: Any) -> list[tuple[str, str, Sequence[str]]]:
    """Stage, rule and its values, in the order of the stages' names."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in options:
        for stage, rules in each.items():
            if isinstance(rules, dict):
                for rule, value in rules.items():
                    found.setdefault((stage, rule), set()).add(_plain(value))
            elif rules is None:
                found.setdefault((stage, "preset"), set()).add("off")
    return [(stage, rule, sorted(values)) for (stage, rule), values in sorted(found.items())]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)
