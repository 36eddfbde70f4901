"""The SQL behind each view. It runs as it is in `warraq query` too, so its values are literals."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from warraq.pipelines.views import DOUBTFUL
from warraq.schemas.labels import UNDATED

LISTED: Final = 20  # rows of a list on one page
TOP: Final = 15  # bars of a chart
_LONGEST_BY_DAY: Final = 124  # days that are drawn one by one
_LONGEST_BY_WEEK: Final = 3 * 366
_LONGEST_BY_MONTH: Final = 12 * 366
_ONE_DAY: Final = dt.timedelta(days=1)


class Filters(NamedTuple):
    """The facets that are chosen. Empty texts and None choose all."""

    since: dt.date | None = None
    until: dt.date | None = None
    topic: str = ""
    site: str = ""
    name: str = ""
    kind: str = ""  # of `name`
    run: str = ""  # that brought the articles
    credit: str = ""  # the agency
    date_source: str = ""

    @property
    def are_logged(self) -> bool:
        """True if the log of the table has all that these facets ask for, so that no file is opened."""
        return not (self.site or self.name or self.run or self.credit or self.date_source)


def literal(value: str) -> str:
    """A text as SQL has it. Standard SQL texts have no escapes but the doubled quote."""
    return "'" + value.replace("\x00", "").replace("'", "''") + "'"


def call(macro: str, *values: str, more: str = "", **named: object) -> str:
    """A question that is a macro of `warraq query`; arguments that are empty or None are left out."""
    given = [literal(value) for value in values]
    given += [
        f"{name} := {str(value).lower() if isinstance(value, int) else literal(str(value))}"
        for name, value in named.items()
        if value not in (None, "")
    ]
    return f"FROM {macro}({', '.join(given)}){more}"


def names_of(name: str, kind: str = "") -> str:
    """The condition that an article names `name`."""
    of_kind = f" AND kind = {literal(kind)}" if kind else ""
    return f"article_id IN (SELECT article_id FROM entities WHERE name = {literal(name)}{of_kind})"


def conditions(filters: Filters, view: str = "articles") -> list[str]:
    """The conditions on rows of `articles`, or of `entities`, which has fewer columns."""
    found = []
    if filters.since:
        found.append(f"date >= DATE '{filters.since}'")
    if filters.until:
        found.append(f"date <= DATE '{filters.until}'")
    if filters.topic:
        found.append(f"topic = {literal(filters.topic)}")
    if filters.site:
        found.append(f"site = {literal(filters.site)}")
    more = []
    if filters.run:
        more.append(f"load_id IN (SELECT load_id FROM loads WHERE run_id = {literal(filters.run)})")
    if filters.credit:
        more.append(f"credit = {literal(filters.credit)}")
    if filters.date_source:
        more.append(f"date_source = {literal(filters.date_source)}")
    if more and view != "articles":
        more = [f"article_id IN (SELECT article_id FROM articles{where(more)})"]
    found += more
    if filters.name:
        found.append(names_of(filters.name, filters.kind))
    return found


def where(conditions: Iterable[str]) -> str:
    """The WHERE clause; empty without conditions."""
    listed = " AND ".join(conditions)
    return f" WHERE {listed}" if listed else ""


def span(filters: Filters) -> str:
    """Articles, first and last day, sites. Without facets of the text it opens no file for the counts."""
    return (
        "SELECT count(*) AS articles, min(date) AS first_day, max(date) AS last_day, count(DISTINCT site) AS sites"
        f"\nFROM articles{where(conditions(filters))}"
    )


def bucket(first: dt.date | None, last: dt.date | None) -> str:
    """The unit of time, so that a chart has at most about 150 bars: day, week, month or year."""
    days = (last - first).days if first and last else 0
    units = (("day", _LONGEST_BY_DAY), ("week", _LONGEST_BY_WEEK), ("month", _LONGEST_BY_MONTH))
    return next((unit for unit, longest in units if days <= longest), "year")


def end_of(unit: str, start: dt.date) -> dt.date:
    """The last day of the day, week, month, quarter or year that starts on `start`."""
    if unit == "day":
        return start
    if unit == "week":
        return start + 6 * _ONE_DAY
    if unit in ("month", "quarter"):
        last = start.replace(month=start.month + (2 if unit == "quarter" else 0))
        return (last.replace(day=28) + 4 * _ONE_DAY).replace(day=1) - _ONE_DAY
    return start.replace(month=12, day=31)


def starts(unit: str, first: dt.date, last: dt.date) -> list[dt.date]:
    """The starts of all units of time from one start to another, those without an article, too."""
    found = [first]
    while found[-1] < last:
        found.append(end_of(unit, found[-1]) + _ONE_DAY)
    return found


def over_time(filters: Filters, unit: str, by: str = "") -> str:
    """Articles by unit of time, and by one more column on request.

    Without facets of site or name the log answers, and no file is opened.
    """
    from_log = filters.are_logged and by != "date_source"
    counted, source = ("sum(articles)", "days") if from_log else ("count(*)", "articles")
    more = f", {by}" if by else ""
    return (
        f"SELECT date_trunc('{unit}', date)::DATE AS start{more}, {counted}::BIGINT AS articles"
        f"\nFROM {source}{where(conditions(filters))}\nGROUP BY ALL ORDER BY ALL"
    )


def counts_by(column: str, filters: Filters, limit: int = TOP) -> str:
    """Articles by topic, site or another column, most first."""
    from_log = column == "topic" and filters.are_logged
    counted, source = ("sum(articles)::BIGINT", "days") if from_log else ("count(*)", "articles")
    return (
        f"SELECT {column}, {counted} AS articles\nFROM {source}{where(conditions(filters))}"
        f"\nGROUP BY {column} ORDER BY articles DESC, {column} LIMIT {limit}"
    )


def top_names(filters: Filters, kind: str = "", limit: int = TOP) -> str:
    """Names by the number of articles that have them, most first, without the name that the facets choose."""
    kept = conditions(filters, "entities")
    kept += [f"kind = {literal(kind)}"] if kind else []
    kept += [f"name <> {literal(filters.name)}"] if filters.name else []
    return (
        f"SELECT name, kind, count(*) AS articles\nFROM entities{where(kept)}"
        f"\nGROUP BY ALL ORDER BY articles DESC, name, kind LIMIT {limit}"
    )


_HEAD: Final = "article_id, date, topic, site, site_name, title, url, published_at, words, duplicate_of"


def newest(filters: Filters, limit: int = LISTED, offset: int = 0) -> str:
    """Articles, newest first."""
    return (
        f"SELECT {_HEAD}\nFROM articles{where(conditions(filters))}"
        f"\nORDER BY date DESC, published_at DESC NULLS LAST, article_id LIMIT {limit} OFFSET {offset}"
    )


def beginnings(rows: Iterable[Mapping[str, Any]]) -> str:
    """The beginnings of the texts of these articles. Their days keep it to a few files."""
    days, ids = {f"DATE '{row['date']}'" for row in rows}, sorted(literal(row["article_id"]) for row in rows)
    return (
        "SELECT article_id, left(text, 400) AS beginning\nFROM articles"
        f" WHERE date IN ({', '.join(sorted(days))}) AND article_id IN ({', '.join(ids)})"
    )


def article(article_id: str, day: dt.date | None) -> str:
    """All columns of one article. With its day only the files of that day are opened."""
    on = f"date = DATE '{day}' AND " if day else ""
    return f"SELECT * EXCLUDE (sketch)\nFROM articles WHERE {on}article_id = {literal(article_id)} LIMIT 1"


def totals() -> str:
    """Addresses, stories and articles without a stated date, in the whole dataset."""
    return (
        "SELECT count(DISTINCT canonical_url) AS addresses, count(*) FILTER (WHERE duplicate_of IS NULL) AS stories,"
        f"\n  count(*) FILTER (WHERE date_source = '{UNDATED}') AS undated\nFROM articles"
    )


def stories(filters: Filters) -> str:
    """The number of stories, those that went round, and the pages that had one."""
    return (
        "SELECT count(*) AS stories, count(*) FILTER (WHERE articles > 1) AS copied, sum(articles)::BIGINT AS pages\n"
        + call("stories", since=filters.since, until=filters.until, topic=filters.topic)
    )


def copied_stories(filters: Filters, limit: int = LISTED, offset: int = 0) -> str:
    """The stories that went round, those with most copies first."""
    more = f" WHERE articles > 1\nLIMIT {limit} OFFSET {offset}"
    return call("stories", since=filters.since, until=filters.until, topic=filters.topic, more=more)


def agencies(filters: Filters, limit: int = TOP) -> str:
    """The agencies that articles credit."""
    here = where(["credit IS NOT NULL", *conditions(filters)])
    return (
        f"SELECT credit, count(*) AS articles\nFROM articles{here}"
        f"\nGROUP BY credit ORDER BY articles DESC, credit LIMIT {limit}"
    )


def spellings(name: str, kind: str, filters: Filters) -> str:
    """The ways in which articles write a name."""
    of_kind = f" AND entity.kind = {literal(kind)}" if kind else ""
    return (
        "SELECT entity.text AS written, count(*) AS mentions"
        f"\nFROM (SELECT unnest(entities) AS entity FROM articles{where(conditions(filters))})"
        f"\nWHERE entity.name = {literal(name)}{of_kind}\nGROUP BY ALL ORDER BY mentions DESC, written LIMIT {TOP}"
    )


def alike(letters: str, limit: int = 50) -> str:
    """Names that have these letters: as the macro names_like, but of the view that is held in memory."""
    found = f"contains(name_key(name), name_key({literal(letters)}))"
    return (
        "SELECT name, kind, count(*) AS articles, count(DISTINCT site) AS sites,"
        "\n  min(date) AS first_day, max(date) AS last_day"
        f"\nFROM entities WHERE name IN (SELECT name FROM (SELECT DISTINCT name FROM entities) WHERE {found})"
        f"\nGROUP BY name, kind ORDER BY articles DESC, name, kind LIMIT {limit}"
    )


def spelled(names: Iterable[str]) -> str:
    """The spelling of each name that most articles have."""
    listed = ", ".join(map(literal, names))
    return (
        "SELECT asked, first(name ORDER BY articles DESC, name) AS name"
        f"\nFROM (SELECT unnest([{listed}]) AS asked)"
        "\nJOIN (SELECT name, count(*) AS articles FROM entities GROUP BY name) ON name_key(name) = name_key(asked)"
        "\nGROUP BY asked ORDER BY asked"
    )


def kinds_of(name: str) -> str:
    """The kinds of entity that bear a name."""
    return (
        f"SELECT kind, count(*) AS articles\nFROM entities WHERE name = {literal(name)}"
        "\nGROUP BY kind ORDER BY articles DESC, kind"
    )


def rising(last: dt.date, days: int, kind: str = "", filters: Filters | None = None, limit: int = TOP) -> str:
    """Names that rise in the last `days` days above the four times as many days before them."""
    chosen = filters or Filters()
    more = ("" if kind else " WHERE kind <> 'misc'") + f"\nLIMIT {limit}"
    since = last - (days - 1) * _ONE_DAY
    named = {"kind": kind, "baseline_days": 4 * days, "topic": chosen.topic, "site": chosen.site}
    return call("rising_names", str(since), str(last), more=more, **named)


def sites(filters: Filters, limit: int = 200) -> str:
    """Sites by yield: articles, and the share of them without date or author, that are copies, or are doubtful."""
    return (
        "SELECT site, any_value(site_name) AS site_name, count(*) AS articles,"
        f"\n  count(*) FILTER (WHERE date_source = '{UNDATED}') / count(*) AS undated,"
        "\n  count(*) FILTER (WHERE len(authors) = 0) / count(*) AS without_author,"
        "\n  count(*) FILTER (WHERE duplicate_of IS NOT NULL) / count(*) AS copied,"
        f"\n  count(*) FILTER (WHERE extraction_score < {DOUBTFUL}) / count(*) AS doubtful,"
        "\n  round(avg(words))::BIGINT AS words, min(date) AS first_day, max(date) AS last_day"
        f"\nFROM articles{where(conditions(filters))}\nGROUP BY site ORDER BY articles DESC, site LIMIT {limit}"
    )


def followed(filters: Filters, limit: int = TOP) -> str:
    """Pairs of sites: one had stories first, the other followed with copies."""
    period = {"since": filters.since, "until": filters.until, "topic": filters.topic}
    return call("who_followed", more=f"\nLIMIT {limit}", **period)


def runs(limit: int = 50) -> str:
    """The newest runs, with pages, articles and refused pages of each."""
    return (
        "SELECT run_id, any_value(committed_at) AS committed_at, count(DISTINCT dump) AS dumps,"
        "\n  sum(pages) FILTER (WHERE door = 'read')::BIGINT AS pages,"
        "\n  sum(pages) FILTER (WHERE door = 'article')::BIGINT AS articles,"
        "\n  sum(pages) FILTER (WHERE door = 'rejected')::BIGINT AS rejected"
        f"\nFROM ledger GROUP BY run_id ORDER BY committed_at DESC, run_id LIMIT {limit}"
    )


def ledger(runs: Iterable[str] = ()) -> str:
    """Pages by door, stage and reason; of some runs on request."""
    listed = ", ".join(map(literal, runs))
    here = f" WHERE run_id IN ({listed})" if listed else ""
    return (
        f"SELECT door, stage, reason, sum(pages)::BIGINT AS pages\nFROM ledger{here}"
        "\nGROUP BY ALL HAVING sum(pages) <> 0 ORDER BY ALL"
    )


class Refused(NamedTuple):
    """Facets of refused pages. Empty texts choose all."""

    stage: str = ""
    reason: str = ""
    run: str = ""
    text: str = ""  # in the address


def refused(chosen: Refused, limit: int = LISTED, offset: int = 0) -> str:
    """Refused pages that have rows, with the place of each in its dump."""
    columns = {"stage": chosen.stage, "reason": chosen.reason, "run_id": chosen.run}
    kept = [f"{column} = {literal(value)}" for column, value in columns.items() if value]
    kept += [f"contains(url, {literal(chosen.text)})"] if chosen.text else []
    return (
        "SELECT url, dump, dump_offset, stage, reason, detail, bytes, fetched_at, run_id"
        f"\nFROM rejected{where(kept)}\nORDER BY stage, reason, dump, dump_offset LIMIT {limit} OFFSET {offset}"
    )


def samples(run: str, most: int) -> str:
    """Some refused pages of each stage and reason; of one run on request."""
    here = f" WHERE run_id = {literal(run)}" if run else ""
    return (
        f"SELECT url, dump, dump_offset, stage, reason, detail\nFROM rejected{here}"
        f"\nQUALIFY row_number() OVER (PARTITION BY stage, reason ORDER BY dump, dump_offset, url) <= {most}"
        "\nORDER BY stage, reason, dump, dump_offset, url"
    )


def options(run: str) -> str:
    """The rules of a run, or of the newest one, as JSON."""
    here = f" WHERE run_id = {literal(run)}" if run else ""
    return f"SELECT run_id, options\nFROM runs{here}\nORDER BY committed_at DESC, run_id LIMIT 1"


def histogram(column: str, filters: Filters) -> str:
    """Articles by score, in twentieths: `low` is the lower end of each."""
    here = where([f"{column} IS NOT NULL", *conditions(filters)])
    return (
        f"SELECT least(floor({column} * 20), 19) / 20 AS low, count(*) AS articles"
        f"\nFROM articles{here}\nGROUP BY ALL ORDER BY low"
    )


def compared(names: Iterable[str], filters: Filters, unit: str) -> str:
    """Articles by unit of time that have each of some names."""
    kept = [f"name IN ({', '.join(map(literal, names))})", *conditions(filters, "entities")]
    return (
        f"SELECT date_trunc('{unit}', date)::DATE AS start, name, count(DISTINCT article_id) AS articles"
        f"\nFROM entities{where(kept)}\nGROUP BY ALL ORDER BY ALL"
    )


def sites_of(ids: Iterable[str]) -> str:
    """Some articles by site, most first."""
    return (
        f"SELECT site, count(*) AS articles\nFROM articles WHERE article_id IN ({', '.join(map(literal, ids))})"
        f"\nGROUP BY site ORDER BY articles DESC, site LIMIT {TOP}"
    )
