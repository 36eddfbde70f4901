"""Trains the model of page kinds, and prints what it does on sites that it has not seen.

    python -m benchmarks.training.train_page_kind [--write]

Reads articles and other pages under $WARRAQ_DATA (benchmarks/accuracy/page_kinds.py). Each page is learned three times:
as it is; as an old site would write it, without anything stated and with a number for an address; and without tags
that have a meaning, too. Else the model takes a plain page for no article. Figures come from ten parts by site, each
judged by a model that was trained on the nine others. `--write` writes models/page_kind.json, trained on all pages.
"""

import argparse
import hashlib
import json
import re
import sys
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from benchmarks.accuracy.page_kinds import Labelled, labelled
from benchmarks.data import DATA, MODELS
from warraq.transforms.extract.body.page_shape import measure_shape
from warraq.transforms.extract.facts import Facts
from warraq.transforms.rejection import Rejection

PLAIN_ADDRESS: Final = "http://{site}/news.php?id=1234"
PLAINNESS: Final = (0, 1, 2)
PLAIN_WEIGHT: Final = 0.3  # of a page that was made plainer
REGULARISATION: Final = 3.3  # of the L2 penalty, on standardised numbers
PARTS: Final = 10
THRESHOLDS: Final = (0.03, 0.05, 0.1, 0.2, 0.5)
_STATED = re.compile(
    r"""<script[^>]*ld\+json.*?</script>|<meta[^>]*(?:property|name)=["']?(?:og:|article:|twitter:)[^>]*>"""
    r"""|\bitem(?:prop|type|scope)(?:="[^"]*")?|(?<=<body)[^>]*""",
    re.IGNORECASE | re.DOTALL,
)
_MEANINGFUL = re.compile(r"<(/?)(?:h1|article|main|section)\b", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<p\b[^>]*>", re.IGNORECASE)
_PARAGRAPH_END = re.compile(r"</p>", re.IGNORECASE)

Floats = NDArray[np.float64]


class Row(NamedTuple):
    """One page as it was learned."""

    page: Labelled
    plainness: int
    shape: dict[str, float]


class Model(NamedTuple):
    """Weights of standardised numbers."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def shares(self, shapes: Floats) -> Floats:
        """The share of articles for each row."""
        return 1 / (1 + np.exp(-((shapes - self.mean) / self.scale @ self.weights + self.bias)))


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


def train(shapes: Floats, articles: Floats, weights: Floats) -> Model:
    """A logistic regression with an L2 penalty on all weights but the bias."""
    mean, scale = shapes.mean(0), shapes.std(0)
    scale[scale == 0] = 1
    standard = (shapes - mean) / scale

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = standard @ parameters[:-1] + parameters[-1]
        error = weights * (1 / (1 + np.exp(-margin)) - articles)
        value = weights @ np.logaddexp(0, np.where(articles > 0, -margin, margin))
        penalty = REGULARISATION * parameters[:-1]
        return (
            float(value + penalty @ parameters[:-1] / 2),
            np.append(standard.T @ error + penalty, error.sum()),
        )

    found = scipy.optimize.minimize(loss, np.zeros(shapes.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Model(mean, scale, found[:-1], float(found[-1]))


def part(site: str) -> int:
    """The part of a site, 0 to 9."""
    return int(hashlib.sha256(site.encode()).hexdigest(), 16) % PARTS


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="write models/page_kind.json")
    options = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA} (set WARRAQ_DATA)")
    rows = read_rows()
    names = list(rows[0].shape)
    shapes = np.array([[row.shape[name] for name in names] for row in rows])
    articles = np.array([float(row.page.is_article) for row in rows])
    weights = np.array([PLAIN_WEIGHT if row.plainness else 1.0 for row in rows])
    parts = np.array([part(row.page.site) for row in rows])
    shares = np.zeros(len(rows))
    for number in range(PARTS):
        known = parts != number
        shares[~known] = train(shapes[known], articles[known], weights[known]).shares(shapes[~known])
    kinds = np.array([row.page.kind for row in rows])
    plainness = np.array([row.plainness for row in rows])
    print(f"{'share of pages below':22} {'count':>6}", *(f"{threshold:6}" for threshold in THRESHOLDS))
    for kind in dict.fromkeys(kinds):
        for level in PLAINNESS:
            chosen = shares[(kinds == kind) & (plainness == level)]
            below = (f"{(chosen < threshold).mean():6.3f}" for threshold in THRESHOLDS)
            print(f"{kind:14} {('as is', 'plain', 'plainer')[level]:7} {len(chosen):6}", *below)
    if options.write:
        model = train(shapes, articles, weights)
        steps = model.weights / model.scale
        written = {
            "bias": round(model.bias - float(steps @ model.mean), 4),
            "weights": {name: round(float(step), 4) for name, step in zip(names, steps, strict=True)},
        }
        (MODELS / "page_kind.json").write_text(json.dumps(written, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
