"""Trains the model of extraction scores, and prints how true they are on sites that it has not seen.

    python -m benchmarks.training.train_extraction_score [--write]

Reads the pages of benchmarks/accuracy/extraction.py and those of benchmarks/accuracy/page_kinds.py that are no
articles, all as they are extracted with `--kinds all`. Right is the text of an article with an F1 of at least 0.8.
Figures come from ten parts by site, each judged by a model that was trained on the nine others. `--write` writes
models/extraction_score.json, trained on all pages. The share of articles that a page's shape has is taken from a model
that has not seen its site, too.
"""

import argparse
import itertools
import sys
from typing import Final

import numpy as np

from benchmarks.accuracy.extraction import arabic, arabised, english, f1, guides
from benchmarks.accuracy.page_kinds import document
from benchmarks.data import DATA
from benchmarks.training.logistic import Lesson, unseen, write
from benchmarks.training.train_page_kind import read_rows, unseen_article_shares
from warraq.transforms.extract.body.score import measure_text
from warraq.transforms.extract.page import ExtractRules, examine

RIGHT: Final = 0.8
EDGES: Final = (0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01)


def read_lesson() -> tuple[Lesson, list[str]]:
    """The pages that have a text, and their kinds."""
    truths = {case.markup: case.text for source in (arabised, arabic, english, guides) for case in source()}
    rows = read_rows()
    shares = unseen_article_shares(rows)
    shapes, right, sites, kinds = [], [], [], []
    for (page, plainness, _), article_share in zip(rows, shares, strict=True):
        if plainness or (page.is_article and page.markup not in truths):
            continue  # the text of the latter is not known
        found = examine(document(page.url, page.markup), ExtractRules(guard=False, kinds="all"))
        if not found.article:
            continue
        body = found.decisions["body"]
        shapes.append(measure_text(found.facts, body, float(article_share)))
        right.append(float(page.is_article and f1(found.article.text, truths[page.markup]) >= RIGHT))
        sites.append(page.site)
        kinds.append(page.kind)
    numbers = np.array([list(shape.values()) for shape in shapes])
    return Lesson(list(shapes[0]), numbers, np.array(right), np.ones(len(right)), sites), kinds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="write models/extraction_score.json")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    lesson, kinds = read_lesson()
    scores = unseen(lesson)
    is_article = np.isin(kinds, ["news", "guide"])
    print(f"{'score':13} {'pages':>6} {'right':>6} {'articles':>9} {'right':>6}")
    for least, most in itertools.pairwise(EDGES):
        within = (scores >= least) & (scores < most)
        print(f"{least:.2f} to {min(most, 1):.2f} {share(lesson, within)}   {share(lesson, within & is_article)}")
    if options.write:
        write("extraction_score", lesson)


def share(lesson: Lesson, chosen: "np.typing.NDArray[np.bool_]") -> str:
    """The number of chosen pages, and the share of them that is right."""
    return f"{chosen.sum():6} {lesson.truth[chosen].mean():6.3f}" if chosen.any() else f"{0:6} {'-':>6}"


if __name__ == "__main__":
    main()
