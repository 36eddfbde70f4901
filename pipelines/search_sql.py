"""Search in SQL: the table macro `search(query)`, to be joined to `articles`, and the function `snippet(text, query)`.

SELECT date, title, snippet(text, 'النفط') FROM search('النفط') JOIN articles USING (article_id) ORDER BY rank
"""

import functools
import re
from typing import Any, Final

import duckdb

from warraq.pipelines.search import Search
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.search.query import QueryError
from warraq.transforms.search.snippet import snippet as cut

FUNCTIONS: Final = {
    "search(query, most := 1000000)": "one row for each article that matches: article_id, score, rank",
    "snippet(text, query, length := 240)": "the part of a text that shows why it matches, with [marks]",
}
_MOST: Final = 1_000_000
_ROWS: Final = "STRUCT(article_id VARCHAR, score DOUBLE, rank BIGINT)[]"
_SEARCH: Final = """
    CREATE OR REPLACE MACRO search(query, most := 1000000) AS TABLE
    SELECT unnest(found, recursive := true) FROM (SELECT search_matches(query, most) AS found)"""
_SNIPPET: Final = "CREATE OR REPLACE MACRO snippet(text, query, length := 240) AS search_snippet(text, query, length)"
_MISTAKE: Final = re.compile(rf"Python exception occurred while executing the UDF: {QueryError.__name__}: (.*)")


def add_search(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> None:
    """Gives a connection the macros. The index is asked, and made, only when one of them is used."""
    search = Search(dataset)
    phrases = functools.lru_cache(maxsize=16)(search.phrases)

    def search_matches(query: str, most: int) -> list[dict[str, Any]]:
        found = search.matches(query, max(0, min(most, _MOST)))
        return [{"article_id": one.article_id, "score": one.score, "rank": rank} for rank, one in enumerate(found, 1)]

    def search_snippet(text: str, query: str, length: int) -> str:
        shown = cut(text, phrases(query), length=max(1, length))
        parts, end = [], 0
        for start, stop in shown.marks:
            parts += [shown.text[end:start], "[", shown.text[start:stop], "]"]
            end = stop
        return "".join([*parts, shown.text[end:]])

    connection.create_function("search_matches", search_matches, ["VARCHAR", "BIGINT"], _ROWS, side_effects=True)
    connection.create_function("search_snippet", search_snippet, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR")
    connection.execute(_SEARCH)
    connection.execute(_SNIPPET)


def query_mistake(error: duckdb.Error) -> str | None:
    """The line on a mistake in a query, if that is the error; see `QueryError`."""
    found = _MISTAKE.search(str(error))
    return found[1] if found else None
