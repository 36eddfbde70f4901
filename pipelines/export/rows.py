"""The rows of an export: the chosen articles in a fixed order, each with the number of its copies."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from warraq.schemas.arrow import ORDER
from warraq.schemas.labels import COPY_REASONS
from warraq.transforms.export.columns import Column, schema_of

_BATCH_ROWS: Final = 50_000  # articles of a question: they are sorted in memory
_ARROW_ROWS: Final = 2_048
_DOUBLINGS: Final = 32  # of the way to the root of a family: more than any way is long


def make_families(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables `refused` (article → pages refused as its copies) and `family` (root → copies of all kinds).

    A near copy may point to another near copy, so pointers are followed to the root of each family.
    """
    connection.execute(
        """CREATE OR REPLACE TABLE near AS SELECT article_id, any_value(duplicate_of) AS root
        FROM articles WHERE duplicate_of IS NOT NULL GROUP BY ALL"""
    )
    for _ in range(_DOUBLINGS):
        further = "near AS one JOIN near AS next ON next.article_id = one.root"
        if connection.execute(f"SELECT count(*) FROM {further}").fetchall() == [(0,)]:
            break
        connection.execute(
            """CREATE OR REPLACE TABLE near AS
            SELECT one.article_id, coalesce(next.root, one.root) AS root
            FROM near AS one LEFT JOIN near AS next ON next.article_id = one.root"""
        )
    connection.execute(
        f"""CREATE OR REPLACE TABLE refused AS SELECT detail AS article_id, count(*) AS copies FROM rejected
        WHERE stage = 'deduplicate' AND reason IN {tuple(sorted(COPY_REASONS))} GROUP BY ALL"""
    )
    connection.execute(
        """CREATE OR REPLACE TABLE family AS SELECT root, sum(copies)::BIGINT AS copies FROM (
            SELECT root, count(*) AS copies FROM near GROUP BY ALL
            UNION ALL
            SELECT coalesce(near.root, refused.article_id), refused.copies
            FROM refused LEFT JOIN near USING (article_id)
        ) GROUP BY ALL"""
    )


def articles(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> Iterator[pa.Table]:
    """The articles of the view `chosen`, by day, site and time: a few days at once, so that memory is bounded."""
    expressions = ", ".join(f'{column.sql} AS "{column.name}"' for column in columns)
    order = ", ".join(f"article.{name} NULLS LAST" for name in ("date", *ORDER["articles"]))
    schema = schema_of(columns)
    question = f"""
        SELECT {expressions} FROM chosen AS article
        LEFT JOIN refused USING (article_id)
        LEFT JOIN near USING (article_id)
        LEFT JOIN family ON family.root = coalesce(near.root, article.article_id)
        WHERE article.date BETWEEN $first AND $last
        ORDER BY {order}"""
    for first, last in _periods(connection):
        rows = connection.sql(question, params={"first": first, "last": last})
        for batch in rows.to_arrow_reader(_ARROW_ROWS):
            yield pa.Table.from_batches([batch]).cast(schema)


def _periods(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, Any]]:
    """First and last day of consecutive periods with about as many articles as are sorted at once."""
    days = connection.execute("SELECT date, sum(articles) FROM days GROUP BY date ORDER BY date").fetchall()
    first, waiting = None, 0
    for day, articles in days:
        first, waiting = first or day, waiting + articles
        if waiting >= _BATCH_ROWS:
            yield first, day
            first, waiting = None, 0
    if first:
        yield first, days[-1][0]
