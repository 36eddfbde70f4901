"""Trains the model of page kinds, and prints what it does on sites that it has not seen.

    python -m benchmarks.training.train_page_kind [--write]

Reads articles and other pages under $WARRAQ_DATA (benchmarks/accuracy/page_kinds.py). Each page is learned three times:
as it is; as an old site would write it, without anything stated and with a number for an address; and without tags
that have a meaning, too. Else the model takes a plain page for no article. Figures come from ten parts by site, each
judged by a model that was trained on the nine others: of the pages, the shares for which fewer articles than a
threshold are estimated, and the share that is refused before its text is read, by its shape or by a sign.
`--write` writes models/page_kind.json, trained on all pages.
"""

import argparse
import contextlib
import re
import sys
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from benchmarks.accuracy.page_kinds import Labelled, labelled
from benchmarks.data import DATA
from benchmarks.training.logistic import Floats
from benchmarks.training.softmax import Kinds, unseen_kinds, write_kinds
from warraq.schemas.labels import ARTICLE
from warraq.transforms.extract.body.page_kind import read_page_signs
from warraq.transforms.extract.body.page_shape import measure_shape
from warraq.transforms.extract.facts import Facts
from warraq.transforms.rejection import Rejection

PLAIN_ADDRESS: Final = "http://{site}/news.php?id=1234"
PLAINNESS: Final = (0, 1, 2)
PLAIN_WEIGHT: Final = 0.3  # of a page that was made plainer
THRESHOLDS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
# Apart, kinds of other pages are learned better than all together. Collections are listings of products.
LEARNED: Final = {
    ARTICLE: {"news", "guide"},
    "listing": {"listing", "collection"},
    "product": {"product"},
    "service": {"service"},
    "forum": {"forum"},
}
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
            with contextlib.suppress(Rejection):
                rows.append(Row(page, plainness, measure_shape(facts_of(page, plainness))))
    return rows


def facts_of(page: Labelled, plainness: int) -> Facts:
    """The facts of the page, made plainer. Raises Rejection if there is nothing to parse."""
    url = PLAIN_ADDRESS.format(site=urlsplit(page.url).netloc) if plainness else page.url
    return Facts(plainer(page.markup, plainness), url)


def lesson_of(rows: list[Row]) -> Kinds:
    """The rows as numbers."""
    return Kinds(
        list(LEARNED),
        list(rows[0].shape),
        np.array([list(row.shape.values()) for row in rows]),
        np.array([next(n for n, kinds in enumerate(LEARNED.values()) if row.page.kind in kinds) for row in rows]),
        np.array([PLAIN_WEIGHT if row.plainness else 1.0 for row in rows]),
        [row.page.site for row in rows],
    )


def unseen_article_shares(rows: list[Row]) -> Floats:
    """The share of articles for each row, by a model that has seen no page of its site."""
    return np.asarray(unseen_kinds(lesson_of(rows))[:, list(LEARNED).index(ARTICLE)])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="write models/page_kind.json")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    rows = read_rows()
    lesson = lesson_of(rows)
    found = unseen_kinds(lesson)
    shares = found[:, lesson.kinds.index(ARTICLE)]
    refused = np.array(
        [
            any(read_page_signs(facts_of(row.page, row.plainness), dict(zip(lesson.kinds, estimates, strict=True))))
            for row, estimates in zip(rows, found.tolist(), strict=True)
        ]
    )
    kinds = np.array([row.page.kind for row in rows])
    plainness = np.array([row.plainness for row in rows])
    print(f"{'share of pages below':22} {'count':>6}", *(f"{threshold:6}" for threshold in THRESHOLDS), "refused")
    for kind in dict.fromkeys(kinds):
        for level in PLAINNESS:
            chosen = (kinds == kind) & (plainness == level)
            below = [f"{(shares[chosen] < threshold).mean():6.3f}" for threshold in THRESHOLDS]
            name = ("as is", "plain", "plainer")[level]
            print(f"{kind:14} {name:7} {chosen.sum():6}", *below, f"{refused[chosen].mean():6.3f}")
    if options.write:
        write_kinds("page_kind", lesson)


if __name__ == "__main__":
    main()
