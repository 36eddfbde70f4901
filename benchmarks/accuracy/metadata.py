"""Exact titles and author lists on real page templates, with and without metadata for machines.

    WARRAQ_DATA=… python -m benchmarks.accuracy.metadata [--misses]

Reads `pages_arabised` under $WARRAQ_DATA (default: ../shared/data beside the checkout). Sites are split in two halves
by a digest of their names: tune on one half, check on the other. `byline` is the author list from the visible page
alone. The order of names does not count; titles are compared in Unicode NFC.
"""

import argparse
import collections
import gzip
import hashlib
import json
import time
import unicodedata

from benchmarks.data import DATA
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Findings
from warraq.transforms.extract.metadata.authors import read_bylines
from warraq.transforms.extract.metadata.metadata import decide_metadata

FOLDER = DATA / "pages_arabised"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="print what is wrong")
    options = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"skipped: no pages in {FOLDER} (set WARRAQ_DATA)")
        return
    right: collections.Counter[tuple[str, str]] = collections.Counter()
    pages: collections.Counter[tuple[str, str]] = collections.Counter()
    spent = 0.0
    for row in map(json.loads, (FOLDER / "truth.jsonl").read_text("utf-8").splitlines()):
        markup = gzip.decompress((FOLDER / row["file"]).read_bytes()).decode(row["charset"], "replace")
        facts = Facts(markup, row["url"])
        began = time.process_time()
        found = decide_metadata(facts, Findings())
        spent += time.process_time() - began
        half = "AB"[hashlib.sha256(row["publisher"].encode()).digest()[0] % 2]
        fields = {
            "title": ({unicodedata.normalize("NFC", found.title or "")}, {unicodedata.normalize("NFC", row["title"])})
        }
        if row["author"]:
            fields["authors"] = set(found.authors), set(row["author"])
            fields["byline"] = set(read_bylines(facts.index)), set(row["author"])
        for field, (ours, true) in fields.items():
            pages[field, half] += 1
            right[field, half] += ours == true
            if options.misses and ours != true:
                print(f"{field} {row['file']}: {sorted(ours)}, right: {sorted(true)}")
    for field in ("title", "authors", "byline"):
        halves = "  ".join(f"{half} {right[field, half] / pages[field, half]:.3f}" for half in "AB")
        count = sum(pages[field, half] for half in "AB")
        print(f"{field:8} {count:4} pages  {sum(right[field, half] for half in 'AB') / count:.3f}  ({halves})")
    print(f"{1000 * spent / sum(pages['title', half] for half in 'AB'):.2f} ms a page")


if __name__ == "__main__":
    main()
