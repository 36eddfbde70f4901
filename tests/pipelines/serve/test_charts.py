"""Charts as data: which bar is where."""

import datetime as dt

from warraq.pipelines.serve.charts import against_usual


def test_a_period_above_the_usual_number_has_another_colour():
    row = {"articles": 5, "expected": 4.5, "times_usual": 1.1, "score": 0.2}
    days = [dt.date(2025, 6, 1), dt.date(2025, 6, 2), dt.date(2025, 6, 3)]
    rows = [
        {**row, "period": days[0], "expected": None, "times_usual": None, "score": None},
        {**row, "period": days[1], "articles": 20, "score": 7.3},
        {**row, "period": days[2]},
    ]
    chart = against_usual("usual", rows, "day", ("articles", "rare", "expected"))
    usual, rare, expected = chart.option["series"]
    assert (usual["data"], rare["data"], expected["data"]) == ([5, "-", 5], ["-", 20, "-"], [None, 4.5, 4.5])
    assert [cell.text for cell in chart.rows[0]] == ["2025-06-01", 5, "—", "—", "—"]
