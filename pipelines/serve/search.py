"""The search of the page: a query in words and facets in, hits and their snippets in pieces out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from warraq.pipelines.serve import marks, questions
from warraq.pipelines.serve.asker import Asker, Row
from warraq.pipelines.serve.marks import Piece
from warraq.pipelines.serve.questions import LISTED, Filters

FACETS: Final = ("topic", "site", "month")


class Found(NamedTuple):
    """The hits of one page of results. `facets` counts hits by topic, site and month."""

    total: int
    hits: Sequence[Row]  # heads of articles, with `snippet`: pieces
    facets: dict[str, list[tuple[str, int]]]
    counted: int  # hits in `facets`: all, or the best


def search(ask: Asker, query: str, filters: Filters, page: int) -> Found:
    """The articles that match, best first; without a query all of the facets, newest first."""
    offset = (page - 1) * LISTED
    return _browse(ask, filters, offset) if not query else _containing(ask, query, filters, offset)


def _browse(ask: Asker, filters: Filters, offset: int) -> Found:
    rows = ask("results", questions.newest(filters, offset=offset))
    [count] = ask("articles", questions.span(filters))
    begun = {row["article_id"]: row["beginning"] for row in ask("snippets", questions.beginnings(rows))} if rows else {}
    hits = [{**row, "snippet": [Piece(begun.get(row["article_id"], ""))]} for row in rows]
    return Found(count["articles"], hits, _facets_of_all(ask, filters, count), count["articles"])


def _facets_of_all(ask: Asker, filters: Filters, count: Row) -> dict[str, list[tuple[str, int]]]:
    unit = questions.bucket(count["first_day"], count["last_day"])
    by = {"topic": "by_topic", "site": "by_site"}
    counts = {
        column: [(row[column], row["articles"]) for row in ask(title, questions.counts_by(column, filters))]
        for column, title in by.items()
    }
    months = ask("by_time", questions.over_time(filters, "month" if unit in ("day", "week") else unit))
    return {**counts, "month": [(str(row["start"]), row["articles"]) for row in reversed(months)][: questions.TOP]}


def _containing(ask: Asker, query: str, filters: Filters, offset: int) -> Found:
    rows = ask("results", questions.containing(query, filters, offset=offset))
    total: int = rows[0]["total"] if rows else 0
    hits = [{**row, "snippet": _snippet(row["beginning"], query)} for row in rows]
    return Found(total, hits, _facets_of(rows), len(rows))


def _snippet(text: str, query: str) -> list[Piece]:
    return marks.found(text, marks.occurrences(text, query))


def _facets_of(rows: Sequence[Any]) -> dict[str, list[tuple[str, int]]]:
    columns = {
        "topic": (row["topic"] for row in rows),
        "site": (row["site"] for row in rows),
        "month": (str(row["date"].replace(day=1)) for row in rows),
    }
    return {name: Counter(values).most_common(questions.TOP) for name, values in columns.items()}
