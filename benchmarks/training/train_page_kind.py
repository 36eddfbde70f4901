"""Trains the model of page kinds, and prints what it does on sites that it has not seen.

    python -m benchmarks.training.train_page_kind [--write]

Reads articles and other pages under $WARRAQ_DATA (benchmarks/accuracy/page_kinds.py). Each page is learned three times:
as it is; as an old site would write it, without anything stated and with a number for an address; and without tags
that have a meaning, too. Else the model takes a plain page for no article. Figures come from ten parts by site, each
judged by a model that was trained on the nine others. `--write` writes models/page_kind.json, trained on all pages.
"""

import argparse
import re
import sys
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from benchmarks.accuracy.page_kinds import Labelled, labelled
from benchmarks.data import DATA
from benchmarks.training.logistic import Lesson, unseen, write
from warraq.transforms.extract.body.page_shape import measure_shape
from warraq.transforms.extract.facts import Facts
from warraq.transforms.rejection import Rejection

PLAIN_ADDRESS: Final = "http://{site}/news.php?id=1234"
PLAINNESS: Final = (0, 1, 2)
PLAIN_WEIGHT: Final = 0.3  # of a page that was made plainer
THRESHOLDS: Final = (0.03, 0.05, 0.1, 0.2, 0.5)
_STATED = re.compile(
    r"""<script[^>]*ld\+json.*?</script>|<meta[^>]*(?:property|name)=["']?(?:og:|article:|twitter:)[^>]*>"""
    r"""|\bitem(?:prop|type|scope)(?:="[^"]*")?|(?<=<body)[^>]*""",
    re.IGNORECASE | re.DOTALL,
)
_MEANINGFUL = re.compile(r"<(/?)(?:h1|article|main|section)\b", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<p\b[^>]*>", re.IGNORECASE)
_PARAGRAPH_END = re.compile(r"</p>", re.IGNORECASE)


class Row(NamedTuple):
    """One page as it was learned."""

    page: Labelled
    plainness: int
    shape: dict[str, float]


def plainer(markup: str, plainness: int) -> str:
    """The page without what it states about itself (1), and without tags that have a meaning (2)."""
    if plainness > 0:
        markup = _STATED.sub("", markup)
    if plainness > 1:
        markup = _MEANINGFUL.sub(r"<\1div", _PARAGRAPH_END.sub("<br>", _PARAGRAPH.sub("", markup)))
    return markup


def read_rows() -> list[Row]:
    """The rows of all pages that can be parsed."""
    rows = []
    for page in labelled():
        for plainness in PLAINNESS:
            url = PLAIN_ADDRESS.format(site=urlsplit(page.url).netloc) if plainness else page.url
            try:
                rows.append(Row(page, plainness, measure_shape(Facts(plainer(page.markup, plainness), url))))
            except Rejection:
                continue
    return rows


def lesson_of(rows: list[Row]) -> Lesson:
    """The rows as numbers."""
    return Lesson(
        list(rows[0].shape),
        np.array([list(row.shape.values()) for row in rows]),
        np.array([float(row.page.is_article) for row in rows]),
        np.array([PLAIN_WEIGHT if row.plainness else 1.0 for row in rows]),
        [row.page.site for row in rows],
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="write models/page_kind.json")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    rows = read_rows()
    lesson = lesson_of(rows)
    shares = unseen(lesson)
    kinds = np.array([row.page.kind for row in rows])
    plainness = np.array([row.plainness for row in rows])
    print(f"{'share of pages below':22} {'count':>6}", *(f"{threshold:6}" for threshold in THRESHOLDS))
    for kind in dict.fromkeys(kinds):
        for level in PLAINNESS:
            chosen = shares[(kinds == kind) & (plainness == level)]
            below = (f"{(chosen < threshold).mean():6.3f}" for threshold in THRESHOLDS)
            print(f"{kind:14} {('as is', 'plain', 'plainer')[level]:7} {len(chosen):6}", *below)
    if options.write:
        write("page_kind", lesson)


if __name__ == "__main__":
    main()
