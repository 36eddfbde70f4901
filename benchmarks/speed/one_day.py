"""The cost of a question about one day in a dataset of ten million articles: files opened, seconds, the plan.

    python -m benchmarks.speed.one_day [--days 882] [--rows 667] [--folder FOLDER]     (beside: pip install polars)

The dataset has one file for each day and topic. All files hold the same rows, with short texts, so it is made in a
minute: one file is written and copied, and the copies are committed to the log at once. Each question is asked by a
process of its own, three times; medians. `benchmarks.speed.questions --folder FOLDER` asks its questions of it, too.
"""

import datetime as dt
import json
import re
import shutil
import time
from pathlib import Path

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from benchmarks.speed.questions import FIRST_DAY, command, compare
from benchmarks.speed.questions import make as make_run
from warraq.pipelines.query import connect
from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.schemas.labels import TOPICS
from warraq.transforms.dataset.dataset import Dataset

_TOLD = re.compile(r"(Total Time|Data Read|File Filters|Scanning Files|Total Files Read|Row Groups Scanned): ")
DAY = FIRST_DAY + dt.timedelta(9)
ONE_DAY = f"pl.col('date') == dt.date({DAY.year}, {DAY.month}, {DAY.day})"
# Name → our SQL, and the same in Polars.
QUESTIONS = {
    "count(*) of the whole dataset": ("SELECT count(*) FROM articles", ".select(pl.len())"),
    "count(*) of one day": (
        f"SELECT count(*) FROM articles WHERE date = '{DAY}'",  # noqa: S608  (a day of ours)
        f".filter({ONE_DAY}).select(pl.len())",
    ),
    "words of one day by site": (
        f"SELECT site, sum(words) FROM articles WHERE date = '{DAY}' GROUP BY site",  # noqa: S608
        f".filter({ONE_DAY}).group_by('site').agg(pl.col('words').sum())",
    ),
    "articles_naming() in one week": (
        f"FROM articles_naming('a', since := '{DAY}', until := '{DAY + dt.timedelta(6)}')",
        None,
    ),
}


def make(root: str, days: int, rows: int) -> None:
    """A dataset with one file of so many rows for each day and topic, beside the few files of a first run."""
    make_run(root, 1, rows)
    dataset = Dataset(root)
    template = dataset.files("articles")[0]
    stats, added = json.dumps({"numRecords": rows}), []
    for day in range(days):
        for topic in TOPICS:
            values = {"date": str(FIRST_DAY + dt.timedelta(day)), "topic": topic.slug}
            path = f"date={values['date']}/topic={topic.slug}/copy.parquet"
            target = Path(root, "articles", path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(template, target)
            added.append(AddAction(path, target.stat().st_size, values, 0, True, stats))
    table = DeltaTable(f"{root}/articles")
    table.create_write_transaction(added, "append", TABLES["articles"], list(PARTITIONS["articles"]))


def show(root: str) -> None:
    """Prints the plan of a question, then the cost of all."""
    connection = connect(Dataset(root))
    began = time.perf_counter()
    [(_, plan)] = connection.execute(f"EXPLAIN ANALYZE {QUESTIONS['words of one day by site'][0]}").fetchall()
    print("\n".join(line for line in (line.strip("│ ") for line in plan.splitlines()) if _TOLD.match(line)))
    opened = re.search(r"Scanning Files: *([\d/,]+)", plan)
    print(f"files: {opened[1] if opened else '?'}; {time.perf_counter() - began:.2f} s after the views were made")
    compare(root, QUESTIONS)


if __name__ == "__main__":
    command(__doc__, {"days": 882, "rows": 667}, make, show)
