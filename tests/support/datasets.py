"""Small datasets, made without a pipeline."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from warraq.schemas.arrow import TABLES, article_row, file_table
from warraq.schemas.records import Article
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.loads import load_id
from warraq.transforms.dataset.publication import Publication
from warraq.transforms.dataset.publish import publish
from warraq.transforms.write.tables import article_partition, data_file


def stage_run(
    dataset: Dataset, run_id: str, articles: Sequence[Article], ledger: Iterable[dict] = (), dumps: Sequence[str] = ()
) -> list[DataFile]:
    """Writes a file for each partition of the articles to staging, and the row of `runs` that marks the run as done.

    Its recipe is "recipe", and the fingerprint of each of `dumps` is its name.
    """
    load_of = {dump: load_id("recipe", dump) for dump in dumps}
    parts: dict[str, list[Article]] = {}
    for article in articles:
        parts.setdefault(article_partition(article), []).append(article)
    staged = [
        dataset.write_staged(
            run_id,
            data_file("articles", partition, part),
            [file_table("articles", [article_row(article, "1", load_of.get(article.source.dump)) for article in part])],
            run_id,
        )
        for partition, part in sorted(parts.items())
    ]
    run = dict.fromkeys(TABLES["runs"].names, "") | {"run_id": run_id, "started_at": 0, "committed_at": 0, "failed": []}
    run |= dict.fromkeys(("beginnings", "copies", "taken_back"))
    described = [{"dump": dump, "format": "warc", "size": 1, "fingerprint": dump} for dump in dumps]
    row = file_table("runs", [run | {"recipe": "recipe", "options": "{}", "dumps": described, "ledger": list(ledger)}])
    return [*staged, dataset.write_staged(run_id, DataFile("runs", f"run-{run_id}", [], 1, 0, []), [row], run_id)]


def publish_run(dataset: Dataset, run_id: str, files: Sequence[DataFile], **more: Any) -> None:
    """Publishes files that are staged under the id of their run. `more` are fields of the publication."""
    publish(dataset, run_id, Publication(run_id, list(files), is_run=True, **more))


def texts(dataset: Dataset) -> list[str]:
    """The texts of all articles. Plain DuckDB and the log must agree on them."""
    plain = duckdb.sql(
        f"SELECT text, date, topic FROM read_parquet('{dataset.root}/articles/*/*/*.parquet', hive_partitioning = true)"
    )
    log = duckdb.from_parquet(dataset.files("articles"), hive_partitioning=True).project("text, date, topic")
    assert sorted(plain.fetchall()) == sorted(log.fetchall())
    return sorted(row[0] for row in log.fetchall())
