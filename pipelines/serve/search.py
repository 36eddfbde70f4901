"""The search of the page: a query in words and facets in, hits and their snippets in pieces out."""

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from warraq.pipelines.serve import marks, questions
from warraq.pipelines.serve.asker import Asked, Asker, Row
from warraq.pipelines.serve.marks import Piece
from warraq.pipelines.serve.questions import LISTED, Filters

_COUNTED: Final = 500  # best hits that facets count


class Found(NamedTuple):
    """The hits of one page of results. `facets` counts hits by topic, site and month."""

    total: int
    hits: Sequence[Row]  # heads of articles, with `snippet`: pieces
    facets: dict[str, list[tuple[str, int]]]
    counted: int  # hits in `facets`: all, or the best


def search(ask: Asker, query: str, filters: Filters, page: int) -> Found:
    """The articles that match, best first; without a query all of the facets, newest first.

    Raises:
      QueryError: the query can't be read.
    """
    offset = (page - 1) * LISTED
    return _matching(ask, query, filters, offset) if query else _browse(ask, filters, offset)


def command(root: str, query: str, filters: Filters) -> str:
    """The command that finds the same."""
    flags = {name: value for name, value in _asked(filters).items() if value}
    return " ".join(["warraq search", shlex.quote(root), shlex.quote(query), *_flags(flags)])


def _matching(ask: Asker, query: str, filters: Filters, offset: int) -> Found:
    asked: dict[str, Any] = {name: value or None for name, value in _asked(filters).items()}
    ask.asked.append(Asked("results", command(ask.lake.dataset.root, query, filters), is_command=True))
    found = ask.lake.search().find(query, limit=LISTED, offset=offset, **asked)
    hits = [
        {**hit._asdict(), "duplicate_of": None, "snippet": marks.found(hit.snippet, hit.marks)} for hit in found.hits
    ]
    best = ask.lake.search().matches(query, _COUNTED, **asked) if found.total else []
    sites = ask("by_site", questions.sites_of(match.article_id for match in best)) if best else []
    facets = {
        "topic": Counter(match.topic for match in best).most_common(questions.TOP),
        "site": [(row["site"], row["articles"]) for row in sites],
        "month": sorted(Counter(str(match.date.replace(day=1)) for match in best).items(), reverse=True)[
            : questions.TOP
        ],
    }
    return Found(found.total, hits, facets, min(found.total, _COUNTED))


def _asked(filters: Filters) -> dict[str, Any]:
    """The filters that a search knows."""
    return {name: getattr(filters, name) for name in ("since", "until", "site", "topic", "name")}


def _flags(filters: dict[str, Any]) -> list[str]:
    return [part for name, value in filters.items() for part in (f"--{name}", shlex.quote(str(value)))]


def _browse(ask: Asker, filters: Filters, offset: int) -> Found:
    rows = ask("results", questions.newest(filters, offset=offset))
    [count] = ask("articles", questions.span(filters))
    begun = {row["article_id"]: row["beginning"] for row in ask("snippets", questions.beginnings(rows))} if rows else {}
    hits = [{**row, "snippet": [Piece(begun.get(row["article_id"], "") + " …")]} for row in rows]
    return Found(count["articles"], hits, _facets_of_all(ask, filters, count), count["articles"])


def _facets_of_all(ask: Asker, filters: Filters, count: Row) -> dict[str, list[tuple[str, int]]]:
    unit = questions.bucket(count["first_day"], count["last_day"])
    by = {"topic": "by_topic", "site": "by_site"}
    counts = {
        column: [(row[column], row["articles"]) for row in ask(title, questions.counts_by(column, filters))]
        for column, title in by.items()
    }
    unit = "year" if unit == "year" else "month"
    months = ask("by_time", questions.over_time(filters, unit))
    return {**counts, unit: [(str(row["start"]), row["articles"]) for row in reversed(months)][: questions.TOP]}
