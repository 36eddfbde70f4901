"""Search by an index of tantivy, by SQLite's FTS5, and by a scan of normalized columns, over the same articles.

    python -m benchmarks.speed.search --articles 200000 --ways tantivy fts5 scan

The articles are those of `newstext/ant_dev_full.jsonl.gz`; beyond their number, each has the first half of one of them
and the second half of another. Times are of the processor, in milliseconds the best of three.
"""

import argparse
import gzip
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import tantivy

from benchmarks.data import DATA
from warraq.transforms.search.index import schema
from warraq.transforms.search.match import Matcher
from warraq.transforms.search.query import parse
from warraq.transforms.search.words import words

QUERIES = ("الامارات", "رئيس", "في", '"مجلس الأمن"', "أسعار النفط", "قال رئيس الوزراء", "~الإمارات")
FTS5_QUERIES = ("الامارات", "رييس", "في", '"مجلس الامن"', "اسعار AND النفط", "قال AND رييس AND الوزراء")
CONDITIONS = (
    "text LIKE '%امارات%'",
    "regexp_matches(' ' || text || ' ', ' ([وف]?[بكل]?(ال)?|لل)امارات ')",
    "text LIKE '%مجلس الامن%'",
)
Articles = list[tuple[str, str, str]]


def read_articles() -> Articles:
    """Title and the two halves of each article, normalized."""
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    started = time.process_time()
    found = []
    for row in rows:
        sentences = row["text"].split(". ")
        half = len(sentences) // 2
        parts = (row["title"] or "", ". ".join(sentences[:half]), ". ".join(sentences[half:]))
        found.append(tuple(" ".join(words(part)) for part in parts))
    print(f"normalized {len(rows):,} articles: {time.process_time() - started:.1f} s")
    return found


def mixed(articles: Articles, count: int) -> Iterator[tuple[str, str]]:
    """Title and text of `count` articles."""
    chance = random.Random(1)  # noqa: S311
    for number in range(count):
        one = other = articles[number % len(articles)]
        if count > len(articles):
            one, other = chance.choice(articles), chance.choice(articles)
        yield one[0], f"{one[1]} {other[2]}"


def best(act: Callable[[], int]) -> str:
    """The result, and the shortest processor time of three."""
    times = []
    for _ in range(3):
        started = time.process_time()
        result = act()
        times.append(time.process_time() - started)
    return f"{result:>9,} found  {min(times) * 1e3:8.1f} ms"


def use_tantivy(folder: Path, articles: Articles, count: int) -> None:
    """The index of this project, without reading a dataset."""
    started = time.process_time()
    index = tantivy.Index(schema(), str(folder))
    writer = index.writer(128_000_000, 1)
    for number, (title, text) in enumerate(mixed(articles, count)):
        writer.add_document(
            tantivy.Document(article_id=[str(number)], date=[number], topic=["other"], title=[title], text=[text])
        )
    writer.commit()
    writer.wait_merging_threads()
    told(folder, count, time.process_time() - started)
    index.reload()
    for query in QUERIES:
        print(f"  {best(lambda query=query: Matcher([index]).find(parse(query), 20).total)}  {query}")


def use_fts5(folder: Path, articles: Articles, count: int) -> None:
    """SQLite's index without content. Words are asked for in one form."""
    started = time.process_time()
    database = sqlite3.connect(folder / "index.db")
    database.execute(
        "CREATE VIRTUAL TABLE texts USING fts5(title, text, content='', tokenize='unicode61 remove_diacritics 0')"
    )
    database.executemany("INSERT INTO texts (title, text) VALUES (?, ?)", mixed(articles, count))
    database.commit()
    told(folder, count, time.process_time() - started)
    ranked = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts, 2, 1) LIMIT 20"
    counted = "SELECT count(*) FROM texts WHERE texts MATCH ?"
    for query in FTS5_QUERIES:

        def ask(query: str = query) -> int:
            database.execute(ranked, (query,)).fetchall()
            return int(database.execute(counted, (query,)).fetchone()[0])

        print(f"  {best(ask)}  {query}")


def use_scan(folder: Path, articles: Articles, count: int) -> None:
    """A column of normalized text, without a ranking."""
    started = time.process_time()
    titles, texts = zip(*mixed(articles, count), strict=True)
    path = folder / "texts.parquet"
    pq.write_table(pa.table({"title": titles, "text": texts}), path, compression="zstd", row_group_size=8000)
    told(folder, count, time.process_time() - started)
    for condition in CONDITIONS:
        sql = f"SELECT count(*) FROM '{path}' WHERE {condition}"  # noqa: S608
        print(f"  {best(lambda sql=sql: duckdb.sql(sql).fetchall()[0][0])}  {condition}")


def told(folder: Path, count: int, seconds: float) -> None:
    """Prints what writing took."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{count:,} articles written: {seconds:.1f} s, {size / 1e6:.0f} MB")


WAYS = {"tantivy": use_tantivy, "fts5": use_fts5, "scan": use_scan}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=30_252)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    options = parser.parse_args()
    articles = read_articles()
    for way in options.ways:
        with tempfile.TemporaryDirectory() as folder:
            print(way)
            WAYS[way](Path(folder), articles, options.articles)


if __name__ == "__main__":
    main()
