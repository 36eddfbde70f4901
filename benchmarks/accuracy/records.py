"""Scores the facts that are taken from records of a feed, against the record's own statement.

    python -m benchmarks.accuracy.records [--every N] [--offset N] [--authors]

Reads `newstext/ant_dev_full.jsonl.gz` under $WARRAQ_DATA (default: ../shared/data beside the checkout), whose records
have the fields url, title, time, author, cat and text of three broadcasters. A date is right if it is that of `time`.
`--authors` lists each statement of authors with what was taken, to be judged by eye.
"""

import argparse
import datetime as dt
import gzip
import io
import json
from collections import Counter
from email.utils import parsedate_to_datetime

from benchmarks.data import DATA
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.jsonl import read_json_lines
from warraq.transforms.rejection import Rejection

FILE_TIME = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
DUMP = Dump("ant.jsonl", 0, "jsonl", "", FILE_TIME)


def stated_day(time: str) -> dt.date:
    """The day in one of the three forms of the corpus."""
    if "/" in time:
        return dt.datetime.strptime(time, "%d/%m/%Y").replace(tzinfo=dt.timezone.utc).date()
    return dt.date.fromisoformat(time[:10]) if time[0].isdigit() else parsedate_to_datetime(time).date()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--every", type=int, default=40, help="of so many records one is read")
    arguments.add_argument("--offset", type=int, default=0, help="the first record")
    arguments.add_argument("--authors", action="store_true", help="list the authors")
    options = arguments.parse_args()
    lines = gzip.decompress((DATA / "newstext" / "ant_dev_full.jsonl.gz").read_bytes()).splitlines()
    counts: Counter[tuple[str, str]] = Counter()
    authors: Counter[tuple[str, str]] = Counter()
    for line in lines[options.offset :: options.every]:
        record = json.loads(line)
        (page,) = read_json_lines(io.BytesIO(line), DUMP, ReadRules())
        try:
            article = clean(extract(decode(page, DecodeRules()), ExtractRules(guard=False)), CleanRules())
        except Rejection as verdict:
            counts[record["source"], verdict.reason] += 1
            continue
        counts[record["source"], "articles"] += 1
        counts[record["source"], f"date from {article.date_source}"] += 1
        counts[record["source"], "right date"] += article.date == stated_day(record["time"])
        counts[record["source"], "with authors"] += bool(article.authors)
        authors[record["author"], "، ".join(article.authors)] += 1
    for (source, name), count in sorted(counts.items()):
        print(f"{source:<12}{name:<24}{count:>7}")
    for (stated, taken), count in authors.most_common() if options.authors else ():
        print(f"{count:>5}  {stated}  →  {taken}")


if __name__ == "__main__":
    main()
