"""Exact titles and author lists on real page templates, with and without what pages state for machines.

    WARRAQ_DATA=… python -m benchmarks.accuracy.metadata [--misses]

Reads `pages_arabised` under $WARRAQ_DATA (default: ../shared/data beside the checkout). Sites are parted in two halves
by a digest of their names: what is tuned on one is checked on the other. `byline` is the author list that the visible
page alone gives. Names count regardless of order; a title counts in Unicode NFC.
"""

import argparse
import collections
import gzip
import hashlib
import json
import time
import unicodedata

from benchmarks.data import DATA
from warraq.transforms.extract.json_ld import read_json_ld
from warraq.transforms.extract.metadata.authors import visible_names
from warraq.transforms.extract.metadata.metadata import find_metadata
from warraq.transforms.extract.page import parse

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
        tree = parse(gzip.decompress((FOLDER / row["file"]).read_bytes()).decode(row["charset"], "replace"))
        json_ld = read_json_ld(tree)
        began = time.process_time()
        found = find_metadata(tree, json_ld, row["url"])
        spent += time.process_time() - began
        half = "AB"[hashlib.sha256(row["publisher"].encode()).digest()[0] % 2]
        fields = {
            "title": ({unicodedata.normalize("NFC", found.title or "")}, {unicodedata.normalize("NFC", row["title"])})
        }
        if row["author"]:
            fields["authors"] = set(found.authors), set(row["author"])
            fields["byline"] = set(visible_names(tree)), set(row["author"])
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
