r"""The layout of a compacted file: row groups, page index, Bloom filter, statistics. Its size, and DuckDB's times.

    python -m benchmarks.speed.file_layout           (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

One file of 50,000 articles: the texts of SaudiNewsNet, each 18 times with its words in another order, so that nothing
compresses better than it would; 200 sites. Medians of interleaved rounds, of processor time of all threads and of bytes
that are read from the file.
"""

import argparse
import datetime as dt
import hashlib
import json
import random
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data import DATA
from warraq.schemas.arrow import ORDER, file_schema
from warraq.transforms.maintain.merge import cut, row_bytes

SITES = 200
ENTITIES = 12  # of an article
LAYOUTS: dict[str, tuple[int, dict[str, Any]]] = {
    "4 MB": (4 << 20, {}),
    "16 MB": (16 << 20, {}),
    "64 MB": (64 << 20, {}),
    "16 MB, page index": (16 << 20, {"write_page_index": True}),
    "16 MB, page index, 1,000 rows a page": (16 << 20, {"write_page_index": True, "max_rows_per_page": 1000}),
    "16 MB, no statistics of texts": (16 << 20, {"write_statistics": []}),
    "16 MB, Bloom filter": (16 << 20, {"bloom_filter_options": {}}),
}
QUESTIONS = {
    "count": "SELECT count(*) FROM '{path}'",
    "one id": "SELECT title FROM '{path}' WHERE article_id = '{article_id}'",
    "no such id": "SELECT title FROM '{path}' WHERE article_id = '00000000000000000000000000000000'",
    "one site": "SELECT count(*), max(title) FROM '{path}' WHERE site = '{site}'",
    "one column": "SELECT sum(words) FROM '{path}'",
    "in texts": "SELECT count(*) FROM '{path}' WHERE text LIKE '%مصر%'",
}


def texts() -> list[str]:
    found = []
    for path in sorted(Path(DATA, "newstext", "saudinewsnet").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                found += [one["content"] for one in json.loads(archive.read(name)) if len(one["content"]) > 200]
    return found


_DAY = dt.datetime(2025, 5, 1, tzinfo=dt.timezone.utc)


def articles(count: int) -> pa.Table:
    """That many rows as a file of one partition holds them, sorted."""
    chance, known = random.Random(1), texts()  # noqa: S311  (made-up rows)
    rows = [article(chance, known[number % len(known)], number) for number in range(count)]
    order = [(name, "ascending") for name in ORDER["articles"]]
    return pa.Table.from_pylist(rows, schema=file_schema("articles").remove_metadata()).sort_by(order)


def article(chance: random.Random, text: str, number: int) -> dict[str, Any]:
    words = text.split()
    chance.shuffle(words)
    text, key = " ".join(words), hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
    site = f"site{chance.randrange(SITES)}.example"
    entities = [
        {"text": word, "kind": "person", "start": 5 * n, "end": 5 * n + len(word), "name": word, "score": 0.9}
        for n, word in enumerate(words[:ENTITIES])
    ]
    fixed = dict.fromkeys(file_schema("articles").names)
    return fixed | {
        "article_id": key,
        "url": f"https://www.{site}/2025/05/01/{number}",
        "canonical_url": f"https://www.{site}/2025/05/01/{number}",
        "site": site,
        "site_name": site,
        "title": " ".join(words[:9]),
        "description": " ".join(words[9:30]),
        "authors": [" ".join(words[30:32])],
        "tags": words[32:36],
        "text": text,
        "words": len(words),
        "published_at": dt.datetime(2025, 5, 1, tzinfo=dt.timezone.utc)
        + dt.timedelta(seconds=chance.randrange(86_400)),
        "date_source": "json_ld",
        "fetched_at": dt.datetime(2025, 5, 2, tzinfo=dt.timezone.utc),
        "language": "ar",
        "language_score": 0.99,
        "entities": entities,
        "topic_score": chance.random(),
        "topics": [{"code": "20000002", "score": chance.random()}],
        "dump": "crawl/CC-MAIN-20250501.warc.gz",
        "dump_offset": number * 30_000,
        "charset": "utf-8",
        "charset_source": "http",
        "warraq_version": "0.1.0",
        "tagger": "bilstm-1",
        "classifier": "linear-4",
        "text_digest": key[::-1],
        "sketch": chance.randbytes(256),
        "load_id": key[:8] * 8,
    }


def write(path: Path, rows: pa.Table, group: int, layout: dict[str, Any]) -> None:
    options = {"compression": "zstd", "write_page_checksum": True, **layout}
    if "write_statistics" in layout:
        long = {"text", "sketch", "title", "description", "url", "canonical_url", "text_digest", "image_url"}
        options["write_statistics"] = [name for name in rows.schema.names if name not in long]
    with pq.ParquetWriter(path, rows.schema, **options) as writer:
        for piece in cut([rows], group, row_bytes):
            writer.write_table(piece, row_group_size=len(piece))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = articles(options.articles)
    some = rows.slice(len(rows) // 2, 1).to_pylist()[0]
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, (group, layout) in LAYOUTS.items():
            path = Path(folder, f"{name}.parquet")
            if "bloom_filter_options" in layout:
                layout = {"bloom_filter_options": {"article_id": {"ndv": 8_000, "fpp": 0.05}}}  # noqa: PLW2901
            began = time.process_time()
            write(path, rows, group, layout)
            paths[name] = path
            stated = pq.read_metadata(path)
            print(
                f"{name:38} {path.stat().st_size / 1e6:7.1f} MB  {stated.num_row_groups:3} row groups  "
                f"footer {stated.serialized_size / 1e3:6.1f} kB  written in {time.process_time() - began:4.1f} s"
            )
        spent: dict[tuple[str, str], list[float]] = {}
        for _ in range(options.rounds):
            for name, path in paths.items():
                for question, sql in QUESTIONS.items():
                    connection = duckdb.connect()
                    connection.execute("SET parquet_metadata_cache = false")
                    began = time.process_time()
                    connection.execute(sql.format(path=path, **some)).fetchall()
                    spent.setdefault((name, question), []).append(time.process_time() - began)
                    connection.close()
        print(f"\n{'processor milliseconds':38} " + " ".join(f"{question:>10}" for question in QUESTIONS))
        for name in paths:
            times = (1000 * statistics.median(spent[name, question]) for question in QUESTIONS)
            print(f"{name:38} " + " ".join(f"{each:10.1f}" for each in times))


if __name__ == "__main__":
    main()
