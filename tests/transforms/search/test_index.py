"""The index holds what the dataset holds: after a run, a compaction, a take-down, an undo, a kill, and damage."""

import datetime as dt

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
DAY = dt.date(2024, 5, 30)
