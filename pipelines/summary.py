"""What runs did, in words: their ledger, and the dataset's articles by topic and by day."""

from collections.abc import Iterator, Sequence
from typing import Final

from warraq.pipelines.query import connect, reading
from warraq.schemas.labels import TOPICS
from warraq.transforms import ledger
from warraq.transforms.dataset.dataset import Dataset

_MOST_DAYS: Final = 10
_ARABIC: Final = {topic.slug: topic.arabic for topic in TOPICS}

_LEDGER: Final = """
    SELECT door, stage, reason, sum(pages)::BIGINT FROM ledger
    WHERE run_id IN (SELECT unnest($runs)) GROUP BY ALL ORDER BY stage, reason"""
_TOPICS: Final = "SELECT topic, count(*) FROM articles GROUP BY topic ORDER BY count(*) DESC, topic"
_DAYS: Final = "SELECT date, count(*) FROM articles GROUP BY date ORDER BY date DESC"


def summary(dataset: Dataset, runs: Sequence[str]) -> Iterator[str]:
    """The lines of the summary.

    Raises:
      DatasetError: the dataset can't be read.
    """
    connection = connect(dataset)
    with reading(dataset):
        lines = connection.execute(_LEDGER, {"runs": list(runs)}).fetchall()
        by_topic = connection.execute(_TOPICS).fetchall()
        days = connection.execute(_DAYS).fetchall()
    for door, title in ((ledger.READ, "pages read"), (ledger.ARTICLE, "articles"), (ledger.REJECTED, "rejected")):
        yield f"{title:<44}{sum(line[3] for line in lines if line[0] == door):>9,}"
        if door == ledger.REJECTED:
            yield from (f"  {stage:<13}{reason:<29}{pages:>9,}" for one, stage, reason, pages in lines if one == door)
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


def errors(dataset: Dataset, run: str) -> int:
    """How many pages of a run broke the code."""
    sql = "SELECT coalesce(sum(pages), 0)::BIGINT FROM ledger WHERE run_id = $run AND reason = 'error'"
    return int(connect(dataset).execute(sql, {"run": run}).fetchall()[0][0])
