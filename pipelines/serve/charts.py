"""Charts as options of Apache ECharts, which draws them: https://echarts.apache.org/en/option.html

Options are data without functions, so that a page carries them as JSON. Colours come from the page's style sheet. A bar
with an `address` leads there. Each chart has the same numbers as a table below it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

Option: TypeAlias = dict[str, Any]


UNITS: Final = ("day", "week", "month", "quarter", "year")
RARE: Final = 3  # a score of trend_of


class Cell(NamedTuple):
    """A cell of the table below a chart."""

    text: Any
    address: str = ""


class Chart(NamedTuple):
    """A chart and its numbers."""

    title: str  # a key of `texts`
    option: Option
    columns: Sequence[str]  # keys of `texts`, or text
    rows: Sequence[Sequence[Cell]]
    height: int = 260  # CSS pixels


class Bar(NamedTuple):
    """One bar. `series` is for bars in several colours."""

    label: str
    value: float
    address: str = ""


def bars_over_time(title: str, bars: Sequence[Bar], *, column: str = "day", height: int = 220) -> Chart:
    """Bars along time, one for each unit; gaps are not filled: the axis is of time."""
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 28,
                "barMinWidth": 2,
                "data": [{"value": [bar.label, bar.value], "address": bar.address} for bar in bars],
            }
        ],
    }
    return Chart(title, option, (column, "articles"), _rows(bars), height)


def lines_over_time(title: str, series: Mapping[str, Sequence[tuple[dt.date, int]]], *, column: str = "day") -> Chart:
    """One line for each name along time."""
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {"type": "scroll", "top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "line",
                "name": name,
                "showSymbol": len(points) < 40,
                "data": [[start.isoformat(), articles] for start, articles in points],
            }
            for name, points in series.items()
        ],
    }
    rows = [
        (Cell(start.isoformat()), Cell(name), Cell(articles))
        for name, points in series.items()
        for start, articles in points
    ]
    return Chart(title, option, (column, "name", "articles"), rows, 280)


def against_usual(title: str, rows: Sequence[Mapping[str, Any]], column: str, labels: tuple[str, str, str]) -> Chart:
    """Bars of articles, and a line of the number that is usual.

    Args:
      title: a key of `texts`.
      rows: of the macro trend_of.
      column: the unit of time.
      labels: of the bars, of those that are rare by chance, and of the line.
    """
    rare = [(row["score"] or 0) >= RARE for row in rows]
    bars = [
        [row["articles"] if is_rare == high else "-" for row, is_rare in zip(rows, rare, strict=True)]
        for high in (False, True)
    ]
    bar: Option = {"type": "bar", "barMaxWidth": 28, "stack": "all"}
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {"type": "scroll", "top": 0},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": [str(row["period"]) for row in rows]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            *({**bar, "name": name, "data": data} for name, data in zip(labels, bars, strict=False)),
            {"type": "line", "name": labels[2], "showSymbol": False, "data": [row["expected"] for row in rows]},
        ],
    }
    named = ("articles", "expected", "times_usual", "score")
    table = [
        (Cell(str(row["period"])), *(Cell("—" if row[name] is None else row[name]) for name in named)) for row in rows
    ]
    return Chart(title, option, (column, *named), table, 240)


def stacked_over_time(title: str, parts: Mapping[str, Mapping[str, int]], starts: Sequence[str], column: str) -> Chart:
    """Bars along time, each made of parts; `parts` has the values of each part by unit of time."""
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {"type": "scroll", "top": 0},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": list(starts)},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "barMaxWidth": 28,
                "name": name,
                "data": [values.get(start, 0) for start in starts],
            }
            for name, values in parts.items()
        ],
    }
    totals = {start: sum(values.get(start, 0) for values in parts.values()) for start in starts}
    rows = [
        (Cell(start), Cell(name), Cell(values[start]), Cell(f"{values[start] / totals[start]:.0%}"))
        for start in starts
        for name, values in parts.items()
        if values.get(start)
    ]
    return Chart(title, option, (column, "part", "articles", "share"), rows, 280)


def ranking(title: str, bars: Sequence[Bar], *, right_to_left: bool, column: str, value: str = "articles") -> Chart:
    """Bars from the longest to the shortest, with the label before each."""
    option: Option = {
        # Room for the numbers after the bars; and before the labels, which are measured a few pixels short.
        "grid": {
            "left": 52 if right_to_left else 18,
            "right": 18 if right_to_left else 52,
            "top": 4,
            "bottom": 4,
            "containLabel": True,
        },
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "inverse": right_to_left, "minInterval": 1, "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "position": "right" if right_to_left else "left",
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"width": 150, "overflow": "truncate"},
            "data": [bar.label for bar in bars],
        },
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 18,
                "label": {"show": True, "position": "left" if right_to_left else "right"},
                "data": [{"value": bar.value, "address": bar.address} for bar in bars],
            }
        ],
    }
    return Chart(title, option, (column, value), _rows(bars), max(60, 26 * len(bars) + 12))


def histogram(title: str, rows: Sequence[Mapping[str, Any]], threshold: float | None) -> Chart:
    """Articles by score in twentieths, with the threshold as a line."""
    counts = {round(row["low"] * 20): row["articles"] for row in rows}
    labels = [f"{twentieth / 20:.2f}" for twentieth in range(20)]
    series: Option = {"type": "bar", "barCategoryGap": "8%", "data": [counts.get(number, 0) for number in range(20)]}
    if threshold is not None:
        at = {"xAxis": min(19, round(threshold * 20)) - 0.5}
        series["markLine"] = {"symbol": "none", "label": {"formatter": f"{threshold:g}"}, "data": [at]}
    option: Option = {
        "grid": {"left": 8, "right": 16, "top": 24, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [series],
    }
    table = [(Cell(f"{labels[number]} +"), Cell(counts[number])) for number in sorted(counts)]
    return Chart(title, option, ("score", "articles"), table, 200)


def funnel(title: str, steps: Sequence[Bar], *, right_to_left: bool) -> Chart:
    """Pages that are left after each stage."""
    chart = ranking(title, steps, right_to_left=right_to_left, column="stage", value="pages")
    chart.option["series"][0]["barCategoryGap"] = "12%"
    return chart


def places(title: str, points: Sequence[tuple[str, float, float, int, str]]) -> Chart:
    """Places on a map: name, latitude, longitude, articles, address. The area of a circle is its articles."""
    most = max((articles for _, _, _, articles, _ in points), default=1)
    option: Option = {
        "tooltip": {"trigger": "item"},
        "geo": {
            "map": "world",
            "roam": True,
            "silent": True,
            "center": [25, 25],
            "zoom": 1.6,
            "scaleLimit": {"min": 1, "max": 40},
        },
        "series": [
            {
                "type": "scatter",
                "coordinateSystem": "geo",
                "label": {"show": True, "position": "right", "formatter": "{b}"},
                "labelLayout": {"hideOverlap": True},
                "data": [
                    {
                        "name": name,
                        "value": [longitude, latitude, articles],
                        "symbolSize": round(5 + 35 * (articles / most) ** 0.5, 1),
                        "address": address,
                    }
                    for name, latitude, longitude, articles, address in points
                ],
            }
        ],
    }
    rows = [(Cell(name, address), Cell(articles)) for name, _, _, articles, address in points]
    return Chart(title, option, ("place", "articles"), rows, 520)


def _rows(bars: Sequence[Bar]) -> list[tuple[Cell, Cell]]:
    return [(Cell(bar.label, bar.address), Cell(bar.value)) for bar in bars]
