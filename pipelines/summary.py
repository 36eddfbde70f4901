"""The summary after a run: its ledger, and the dataset's articles by topic and by day."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from warraq.pipelines.query import connect, reading
from warraq.schemas.labels import ERROR_REASON, TOPICS
from warraq.transforms import ledger
from warraq.transforms.dataset.dataset import Dataset

_MOST_DAYS: Final = 10
_ARABIC: Final = {topic.slug: topic.arabic for topic in TOPICS}

_LEDGER: Final = """
    SELECT door, stage, reason, sum(pages)::BIGINT FROM ledger
    WHERE run_id IN (SELECT unnest($runs)) GROUP BY ALL ORDER BY stage, reason"""
_TOPICS: Final = "SELECT topic, count(*) FROM articles GROUP BY topic ORDER BY count(*) DESC, topic"
_DAYS: Final = "SELECT date, count(*) FROM articles GROUP BY date ORDER BY date DESC"


class Count(NamedTuple):
    """A line of the ledger, over all dumps of some runs."""

    door: str
    stage: str
    reason: str
    pages: int


def ledger_of(dataset: Dataset, runs: Sequence[str]) -> list[Count]:
    """The ledger of these runs, sorted by stage and reason.

    Raises:
      DatasetError: the dataset can't be read.
    """
    connection = connect(dataset)
    with reading(dataset):
        return [Count(*line) for line in connection.execute(_LEDGER, {"runs": list(runs)}).fetchall()]


def summary(dataset: Dataset, runs: Sequence[str]) -> Iterator[str]:
    """The lines of the summary.

    Raises:
      DatasetError: the dataset can't be read.
    """
    connection = connect(dataset)
    lines = ledger_of(dataset, runs)
    with reading(dataset):
        by_topic = connection.execute(_TOPICS).fetchall()
        days = connection.execute(_DAYS).fetchall()
    for door, title in ((ledger.READ, "pages read"), (ledger.ARTICLE, "articles"), (ledger.REJECTED, "rejected")):
        yield f"{title:<44}{sum(line.pages for line in lines if line.door == door):>9,}"
        if door == ledger.REJECTED:
            yield from (f"  {line.stage:<13}{line.reason:<29}{line.pages:>9,}" for line in lines if line.door == door)
    yield ""
    if not by_topic:
        yield "no articles in the dataset"
        return
    yield "articles in the dataset, by topic"
    for topic, articles in by_topic:
        yield f"  {topic:<42}{articles:>9,}  {_ARABIC.get(topic, '')}".rstrip()
    yield ""
    yield "by day" + (f" (the last {_MOST_DAYS} of {len(days)})" if len(days) > _MOST_DAYS else "")
    yield from (f"  {day.isoformat():<42}{articles:>9,}" for day, articles in days[:_MOST_DAYS])


def errors(dataset: Dataset, runs: Sequence[str]) -> int:
    """The number of pages of these runs that broke the code."""
    return sum(line.pages for line in ledger_of(dataset, runs) if line.reason == ERROR_REASON)
