"""Small datasets, made without a pipeline."""

from collections.abc import Iterable, Sequence

import duckdb

from warraq.schemas.arrow import TABLES, article_row, file_table
from warraq.schemas.records import Article
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.write.tables import article_partition, data_file


def stage_run(
    dataset: Dataset, run_id: str, articles: Sequence[Article], ledger: Iterable[dict] = ()
) -> list[DataFile]:
    """Writes a file for each partition of the articles to staging, and the row of `runs` that marks the run as done."""
    parts: dict[str, list[Article]] = {}
    for article in articles:
        parts.setdefault(article_partition(article), []).append(article)
    staged = [
        dataset.write_staged(
            run_id,
            data_file("articles", partition, part),
            [file_table("articles", [article_row(article, "1") for article in part])],
        )
        for partition, part in sorted(parts.items())
    ]
    run = dict.fromkeys(TABLES["runs"].names, "") | {"run_id": run_id, "started_at": 0, "committed_at": 0}
    row = file_table("runs", [run | {"dumps": [], "ledger": list(ledger)}])
    return [*staged, dataset.write_staged(run_id, DataFile("runs", f"run-{run_id}", [], 1, 0, []), [row])]


def texts(dataset: Dataset) -> list[str]:
    """The texts of all articles. Plain DuckDB and the log must agree on them."""
    plain = duckdb.sql(
        f"SELECT text, date, topic FROM read_parquet('{dataset.root}/articles/*/*/*.parquet', hive_partitioning = true)"
    )
    log = duckdb.from_parquet(dataset.files("articles"), hive_partitioning=True).project("text, date, topic")
    assert sorted(plain.fetchall()) == sorted(log.fetchall())
    return sorted(row[0] for row in log.fetchall())
