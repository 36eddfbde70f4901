"""The facts of an export that its card and its Croissant metadata tell."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from warraq.transforms.export.columns import Column
from warraq.transforms.export.shards import Shard

Counts = Sequence[tuple[str, int]]  # value → articles, most first


class TakeDowns(NamedTuple):
    """The articles that were taken down, of an earlier export (`since`) or ever."""

    since: str | None  # day of the newest run that the earlier export has; None: since ever
    article_ids: Sequence[str]
    rules: int  # addresses and sites that are kept out, besides


class Facts(NamedTuple):
    """The facts that are told of an export. Nothing in it depends on the clock or on the export's folder."""

    title: str
    form: str  # hf, jsonl or fineweb2
    encoding: str  # media type of the data files
    columns: Sequence[Column]
    shards: Sequence[Shard]
    licence: str  # as the user states it; empty: that of each publisher
    selection: Sequence[str]  # flags that chose the articles
    articles: int
    originals: int  # articles that are no near copy of another
    words: int
    first_day: dt.date | None
    last_day: dt.date | None
    undated: int
    with_email: int | None  # articles with an e-mail address in their text; None if the export has no texts
    names: int  # mentions of people
    topics: Counts
    date_sources: Counts
    years: Counts
    sites: Counts
    licences: Counts  # as the pages state them
    opt_outs: Counts  # signals; an article may have several
    dumps: int
    runs: int
    newest_run: dt.date | None
    versions: Sequence[str]  # of the program, of models: `tagger NAME`
    settings: Sequence[tuple[str, str, Sequence[str]]]  # stage, rule, its values
    take_downs: TakeDowns

    @property
    def version(self) -> str:
        """A version that grows with the dataset: 1, runs, articles taken down."""
        return f"1.{self.runs}.{len(self.take_downs.article_ids)}"

    @property
    def size(self) -> int:
        """The bytes of the data files."""
        return sum(shard.size for shard in self.shards)

    @property
    def has_text(self) -> bool:
        """False for an export of addresses."""
        return any(column.name == "text" for column in self.columns)
