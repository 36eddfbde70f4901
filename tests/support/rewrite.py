"""A rewrite of `articles` by `warraq maintain`: a compaction, or a take-down."""

import datetime as dt
from collections.abc import Collection

from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.maintain.compact import Settings, compact
from warraq.transforms.maintain.forget import Request, forget


def rewrite(dataset: Dataset, forgotten: Collection[str] = ()) -> None:
    """Takes the articles with these ids down; without ids, gives each partition one file. The log gets a checkpoint."""
    if forgotten:
        forget(dataset, Request(article_ids=frozenset(forgotten)), dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc))
    else:
        assert [*compact(dataset, Settings(dt.date(2100, 1, 1)))]
    table = dataset.open("articles")
    assert table
    table.create_checkpoint()
