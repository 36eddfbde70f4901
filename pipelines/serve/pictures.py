"""The charts that several views have, and the report too: a question and its picture."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from warraq.pipelines.serve import addresses, charts, questions
from warraq.pipelines.serve.addresses import address, facets
from warraq.pipelines.serve.asker import Row
from warraq.pipelines.serve.charts import Bar, Chart
from warraq.pipelines.serve.questions import Filters
from warraq.pipelines.serve.texts import KIND_TITLES, date_source_name, topic_name, translator
from warraq.schemas.labels import REASONS

if TYPE_CHECKING:
    import datetime as dt

    from warraq.pipelines.serve.pages import Page

_MOST_PARTS: Final = 7  # colours of a chart; the rest is one part


def over_time(page: "Page", filters: Filters, count: Mapping[str, Any], title: str = "by_time") -> Chart:
    """Articles by day, or by a longer unit if there are many days."""
    unit = questions.bucket(count["first_day"], count["last_day"])
    rows = page.ask(title, questions.over_time(filters, unit))
    bars = [
        Bar(
            str(row["start"]),
            row["articles"],
            address("/search", facets(filters), since=row["start"], until=questions.end_of(unit, row["start"])),
        )
        for row in rows
    ]
    return charts.bars_over_time(title, bars, column=unit)


def by_topic(page: "Page", filters: Filters, title: str = "by_topic") -> Chart:
    """Articles by topic."""
    rows = page.ask(title, questions.counts_by("topic", filters, limit=18))
    bars = [
        Bar(
            topic_name(row["topic"], page.language),
            row["articles"],
            address("/search", facets(filters), topic=row["topic"]),
        )
        for row in rows
    ]
    return charts.ranking(title, bars, right_to_left=page.right_to_left, column="topic")


def by_site(page: "Page", filters: Filters, title: str = "by_site") -> Chart:
    """Articles by site."""
    rows = page.ask(title, questions.counts_by("site", filters))
    bars = [Bar(row["site"], row["articles"], address("/search", facets(filters), site=row["site"])) for row in rows]
    return charts.ranking(title, bars, right_to_left=page.right_to_left, column="site")


def names(page: "Page", filters: Filters, kind: str, *, title: str = "", limit: int = questions.TOP) -> Chart:
    """The names of a kind in most articles, without the name that the facets choose."""
    title = title or KIND_TITLES[kind]
    rows = page.ask(title, questions.top_names(filters, kind, limit))
    return charts.ranking(title, name_bars(rows), right_to_left=page.right_to_left, column="name")


def name_bars(rows: Sequence[Row]) -> list[Bar]:
    """A bar for each name, which leads to its page."""
    return [Bar(row["name"], row["articles"], addresses.name(row["name"], row["kind"])) for row in rows]


def agencies(page: "Page", filters: Filters) -> Chart:
    """The agencies that articles credit."""
    rows = page.ask("agencies", questions.agencies(filters))
    bars = [
        Bar(row["credit"], row["articles"], address("/search", facets(filters), credit=row["credit"])) for row in rows
    ]
    return charts.ranking("agencies", bars, right_to_left=page.right_to_left, column="credit")


def against_usual(page: "Page", unit: str, period: Mapping[str, Any], **part: str) -> Chart:
    """The articles of a name, topic or site beside the number that is usual."""
    say = translator(page.language)
    rows = page.ask("usual", questions.call("trend_of", **part, exact=True, period=unit, **period))
    return charts.against_usual("usual", rows, unit, (say("articles"), say("rare"), say("expected")))


def topics_over_time(page: "Page", filters: Filters, unit: str) -> Chart:
    """Articles by unit of time, each bar made of topics."""
    rows = page.ask("topics_over_time", questions.over_time(filters, unit, "topic"))
    return _stacked(page, "topics_over_time", rows, "topic", unit)


def by_date_source(page: "Page", filters: Filters, count: Mapping[str, Any]) -> Chart:
    """Articles by unit of time, each bar made of date sources."""
    unit = questions.bucket(count["first_day"], count["last_day"])
    rows = page.ask("by_date_source", questions.over_time(filters, unit, "date_source"))
    return _stacked(page, "by_date_source", rows, "date_source", unit)


def compared(page: "Page", wanted: Sequence[str], filters: Filters, unit: str) -> Chart:
    """A line for each of some names."""
    rows = page.ask("compare", questions.compared(wanted, filters, unit))
    found = {(row["name"], row["start"]): row["articles"] for row in rows}
    starts = _starts(unit, rows)
    series = {name: [(start, found.get((name, start), 0)) for start in starts] for name in wanted}
    return charts.lines_over_time("compare", series, column=unit)


def funnel(page: "Page", lines: Sequence[Row]) -> Chart:
    """Pages that are left after each stage of the flow, from lines of the ledger."""
    say = translator(page.language)
    left = sum(line["pages"] for line in lines if line["door"] == "read")
    steps = [Bar(say("funnel_start"), left)]
    for stage in REASONS:
        refused = sum(line["pages"] for line in lines if line["door"] == "rejected" and line["stage"] == stage)
        left -= refused
        steps.append(Bar(stage, left, address("/ledger", stage=stage)))
    return charts.funnel("funnel", steps, right_to_left=page.right_to_left)


def start_in_words(start: "dt.date", unit: str) -> str:
    """The start of a unit of time: `2025`, `2025-06` or `2025-06-21`."""
    return str(start)[: {"year": 4, "quarter": 7, "month": 7}.get(unit)]


def _stacked(page: "Page", title: str, rows: Sequence[Row], column: str, unit: str) -> Chart:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[column]] = totals.get(row[column], 0) + row["articles"]
    kept = sorted(totals, key=lambda part: (-totals[part], part))[:_MOST_PARTS]
    rest = translator(page.language)("rest")
    name = {"topic": topic_name, "date_source": date_source_name}[column]
    label = {part: name(part, page.language) for part in kept}
    parts: dict[str, dict[str, int]] = {}
    for row in rows:
        part = parts.setdefault(label.get(row[column], rest), {})
        start = start_in_words(row["start"], unit)
        part[start] = part.get(start, 0) + row["articles"]
    order = [label[part] for part in kept] + [rest]
    return charts.stacked_over_time(
        title,
        {part: parts[part] for part in order if part in parts},
        [start_in_words(start, unit) for start in _starts(unit, rows)],
        unit,
    )


def _starts(unit: str, rows: Sequence[Row]) -> "list[dt.date]":
    """All units of time from the first row to the last: a line or an axis must not jump over empty ones."""
    found = [row["start"] for row in rows]
    return questions.starts(unit, min(found), max(found)) if found else []
