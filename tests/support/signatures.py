"""Files of `articles` and of its index, without a dataset around them."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warraq.schemas.arrow import article_row, file_table
from warraq.schemas.records import Article
from warraq.transforms.dataset.index import ARRIVAL, ROW_GROUP, parts, signatures
from warraq.transforms.write.tables import article_partition


def write_articles(root: Path, articles: Iterable[Article]) -> list[str]:
    """A file for each partition of the identified articles."""
    partitions: dict[str, list[Article]] = {}
    for article in articles:
        partitions.setdefault(article_partition(article), []).append(article)
    paths = []
    for partition, members in sorted(partitions.items()):
        date, topic = partition.split("/")
        path = root / "articles" / f"date={date}" / f"topic={topic}" / "part.parquet"
        paths.append(write(path, file_table("articles", [article_row(article, "1") for article in members])))
    return paths


def write_arrivals(root: Path, articles: Iterable[str], load_id: str | None = None) -> list[str]:
    """A file of the index for each file of `articles`, as if each had come with a run of its own."""
    folder = root / "signatures" / f"part={ARRIVAL}"
    paths = []
    for number, path in enumerate(articles):
        table = signatures(path)
        loads = pa.array([load_id] * len(table), pa.string())
        table = table.set_column(table.column_names.index("load_id"), table.schema.field("load_id"), loads)
        paths.append(write(folder / f"run-{number:05}.parquet", table))
    return paths


def write_parts(root: Path, arrivals: Iterable[str]) -> list[str]:
    """The files of a compacted index."""
    rows = pa.concat_tables(pq.ParquetFile(path).read() for path in arrivals)
    return [write(root / "signatures" / f"part={name}" / "all.parquet", table) for name, table in parts(rows)]


def write(path: Path, table: pa.Table) -> str:
    """One file, with the row groups of an index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=ROW_GROUP, compression="zstd", write_page_checksum=True)
    return str(path)
