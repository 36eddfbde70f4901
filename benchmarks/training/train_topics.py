"""Trains the `linear` topic classifier and writes its files into transforms/models.

    OPENBLAS_NUM_THREADS=1 PYTHONPATH=. python -m benchmarks.training.train_topics

Most of the seventeen topics have no labelled Arabic news, so four sources are put together:

1. Terms chosen by hand (transforms/models/topics.terms.txt) are the *prior mean* of the weights of a softmax
   regression: without data a word has its weight in the list; data changes it.
2. Corpora whose classes are IPTC topics (a part of the ANT corpus, ASND) give labels.
3. Some hundred articles of ANT whose section is no topic were labelled by hand (benchmarks/training/topics_labels.tsv).
4. Sections that are no topics ("local news") only say which topics are possible. The label of such an article
   is the likeliest possible topic by the model of the last round; it counts only if that model is sure.

Words that occur in the same texts share their weights in part: the main directions in which texts differ (a singular
value decomposition of all texts, labelled or not) have weights too, and the weight of a word is its own plus those of
its directions. This helps on portals that were never seen, and costs nothing at run time.

Function words ("هو", "لم", "حتى") do not tell a topic. But news about culture has more of them than other news, and
columns have most, so that a model with function words called columns arts. They are left out
(topics_function_words.txt).

No random numbers; one thread, so that sums have one order. Needs scipy. Takes about two minutes on one core, and
3 GB of memory.
"""

import csv
import dataclasses
import datetime as dt
import gzip
import hashlib
import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from benchmarks.data import DATA, MODELS
from warraq.schemas.labels import TOPICS
from warraq.schemas.records import Article, Source
from warraq.transforms.topics.hints import COLUMN_OF_SLUG
from warraq.transforms.topics.linear import SHORTNESS, TERM_FREQUENCY, LinearModel
from warraq.transforms.topics.terms import read_lists, stem, term_counts, words

LABELS: Final = Path(__file__).with_name("topics_labels.tsv")
FUNCTION_WORDS: Final = Path(__file__).with_name("topics_function_words.txt")
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
CLASSES: Final = len(TOPICS)

Floats = NDArray[np.float32]


class Row(NamedTuple):
    """A labelled text."""

    portal: str
    category: str  # as the corpus calls it; "hand: " and a slug if a person judged the text
    article: Article
    counts: Counter[str]  # term_counts


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings, chosen by leaving out one portal at a time (benchmarks/accuracy/topics.py)."""

    term_weight: float = 2.5  # prior mean of a weight-1 term
    variance: float = 20.0  # of the prior, in units of the loss
    rounds: int = 3
    steps: int = 40  # of L-BFGS in a round: stopping early is part of the regularisation
    sure: float = 0.8  # least share of the best possible topic for a text without a certain label to count
    most_features: int = 40_000
    directions: int = 100  # of the singular value decomposition
    company: float = 2.0  # the part of the weights that words share by directions; 0: none


SETTINGS: Final = Settings()

# These portals have sections of their own for sport and economy.
_ABROAD: Final = {topic.slug: 0.0 for topic in TOPICS} | {"sport": -1.0, "economy_business_and_finance": -1.0}
# Category → the topics that it may mean, each with a log prior. A single topic is a certain label.
POSSIBLE: Final[dict[str, dict[str, float]]] = {
    **{f"hand: {topic.slug}": {topic.slug: 0} for topic in TOPICS},
    # ANT corpus
    "sport": {"sport": 0},
    "culture": {"arts_culture_entertainment_and_media": 3, "human_interest": 0},
    "economy": {"economy_business_and_finance": 2, "labour": 0},
    "technology": {
        "science_and_technology": 2.0,  # much of it reports medical research, which IPTC seems to have under science
        "health": 0,
        "environment": 0,
        "weather": 0,
        "human_interest": 0,
        "lifestyle_and_leisure": 0,
        "arts_culture_entertainment_and_media": 0,
    },
    "politic": {
        "politics_and_government": 2,
        "conflict_war_and_peace": 0,
        "labour": 0,
        "crime_law_and_justice": 0,
        "religion": 0,
        "society": 0,
    },
    # Jawhara's "society" is mostly accidents and arrests.
    "society": dict.fromkeys(
        (
            "crime_law_and_justice",
            "disaster_accident_and_emergency_incident",
            "society",
            "labour",
            "health",
            "education",
            "human_interest",
            "weather",
            "religion",
            "environment",
        ),
        0,
    ),
    "localNews": {topic.slug: 0 for topic in TOPICS},
    "internationalNews": _ABROAD,
    "middleEast": _ABROAD,
    "diverse": dict.fromkeys(
        (
            "human_interest",
            "health",
            "science_and_technology",
            "lifestyle_and_leisure",
            "arts_culture_entertainment_and_media",
            "society",
            "environment",
            "weather",
            "religion",
            "crime_law_and_justice",
        ),
        0,
    ),
    # ASND; its "others" is left out
    "art-and-entertainment": {"arts_culture_entertainment_and_media": 0},
    "business-and-economy": {"economy_business_and_finance": 2, "labour": 0},
    "crime-war-conflict": {"conflict_war_and_peace": 0, "crime_law_and_justice": 0},
    "education": {"education": 0},
    "environment": {"environment": 1, "weather": 0, "disaster_accident_and_emergency_incident": 0},
    "health": {"health": 0},
    "politics": {"politics_and_government": 1, "conflict_war_and_peace": 0},
    "human-rights-press-freedom": dict.fromkeys(
        ("crime_law_and_justice", "society", "politics_and_government", "arts_culture_entertainment_and_media"), 0
    ),
    "science-and-technology": {"science_and_technology": 0},
    "spiritual": {"religion": 0},
    "sports": {"sport": 0},
}
# Categories that count even where the model is not sure.
CERTAIN: Final = frozenset(
    {category for category in POSSIBLE if category.startswith("hand: ")}
    | {"sport", "culture", "economy", "technology", "art-and-entertainment", "business-and-economy", "education"}
    | {"environment", "health", "science-and-technology", "spiritual", "sports"}
)


def article(title: str, text: str, url: str = "") -> Article:
    """An article with nothing but title, text and perhaps its address."""
    return Article(Source(url, EPOCH, "", 0, 0), "", "", title, text, None, EPOCH.date(), "fetched")


def read_rows() -> list[Row]:
    """The texts of ANT and ASND, each once; ASND's own splits are the portals `asnd_trn` and `asnd_dev`."""
    seen: set[tuple[str, str]] = set()
    rows = []
    for portal, category, title, text in (*_read_ant(), *_read_asnd("trn"), *_read_asnd("dev")):
        if (title, text[:200]) not in seen and category in POSSIBLE:
            seen.add((title, text[:200]))
            page = article(title, text)
            rows.append(Row(portal, category, page, term_counts(page)))
    return rows


def read_labels() -> dict[str, str]:
    """Id of an ANT article → the category for the topic that a person gave it."""
    lines = (line.split("\t") for line in LABELS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: f"hand: {slug}" for slug, name in lines}


def read_function_words() -> frozenset[str]:
    """The stems of words that occur in texts of any topic."""
    lines = FUNCTION_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(stem(word) for line in lines if not line.startswith("#") for word in line.split())


def _read_ant() -> Iterator[tuple[str, str, str, str]]:
    labels = read_labels()
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["source"]:
                yield row["source"], labels.get(row["id"], row["cat"]), row["title"], row["text"]


def _read_asnd(split: str) -> Iterator[tuple[str, str, str, str]]:
    with (DATA / "topics" / "asnd" / f"sm_news_ar_{split}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield f"asnd_{split}", row["Class"], "", row["Content"]


def read_terms() -> dict[str, dict[int, float]]:
    """Feature → column of topic → weight in the list. Terms of more than two words count by their pairs."""
    found: dict[str, dict[int, float]] = {}
    for slug, (weight,), terms in read_lists("topics.terms.txt"):
        for term in terms:
            stems = [stem(word) for word in words(term)]
            pairs = [" ".join(pair) for pair in itertools.pairwise(stems)]
            for feature in pairs or stems:
                columns = found.setdefault(feature, {})
                column = COLUMN_OF_SLUG[slug]
                columns[column] = max(columns.get(column, 0.0), float(weight))
    return found


class Vocabulary(NamedTuple):
    """Features in order, and the idf of each as at run time."""

    features: list[str]
    idf: NDArray[np.int8]

    def matrix(self, rows: Sequence[Row]) -> scipy.sparse.csr_matrix:
        """A row for each text: its tf-idf values as at run time, scaled to length 1 (short texts: less)."""
        place = {feature: column for column, feature in enumerate(self.features)}
        columns, values, ends = [], [], [0]
        for row in rows:
            for feature, count in row.counts.items():
                if (column := place.get(feature)) is not None:
                    columns.append(column)
                    values.append(TERM_FREQUENCY[min(count, len(TERM_FREQUENCY) - 1)] * int(self.idf[column]))
            ends.append(len(columns))
        table = scipy.sparse.csr_matrix(
            (np.array(values, np.float32), columns, ends), shape=(len(rows), len(self.features))
        )
        length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel() + SHORTNESS)
        return scipy.sparse.diags((1 / length).astype(np.float32)) @ table

    def take(self, kept: NDArray[np.int64]) -> "Vocabulary":
        return Vocabulary([self.features[place] for place in kept], self.idf[kept])


def vocabulary(rows: Sequence[Row], terms: dict[str, dict[int, float]]) -> Vocabulary:
    """Words in at least 5 texts and pairs in at least 20, none in more than a quarter; and all terms of the lists.

    Function words, and pairs of them, are left out.
    """
    frequency: Counter[str] = Counter()
    for row in rows:
        frequency.update(row.counts.keys())
    function_words = read_function_words()
    frequent = {w for w, n in frequency.items() if (20 if " " in w else 5) <= n < len(rows) / 4}
    telling = {feature for feature in frequent if not function_words.issuperset(feature.split())}
    features = sorted(telling | terms.keys())
    idf = [math.log((len(rows) + 1) / max(frequency[feature] + 1, 10)) for feature in features]
    return Vocabulary(features, np.clip(np.round(12 * np.array(idf)), 1, 127).astype(np.int8))


def prior_mean(features: Sequence[str], terms: dict[str, dict[int, float]], weight: float) -> Floats:
    """The weights from the lists alone."""
    mean = np.zeros((len(features), CLASSES), np.float32)
    for place, feature in enumerate(features):
        for column, value in terms.get(feature, {}).items():
            mean[place, column] = weight * value
    return mean


def softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def directions_of(table: scipy.sparse.csr_matrix, settings: Settings) -> Floats:
    """The main directions in which the texts differ, a column each; rarer ones have more weight."""
    _, strength, directions = scipy.sparse.linalg.svds(
        table.astype(np.float64), k=settings.directions, v0=np.ones(min(table.shape)), tol=1e-3
    )
    return (directions.T * (settings.company * np.sqrt(strength.max() / strength))).astype(np.float32)


class Weights(NamedTuple):
    """Of features and of directions, for each topic."""

    own: Floats
    shared: Floats

    @classmethod
    def from_flat(cls, flat: NDArray[np.float64], features: int) -> "Weights":
        own, shared = np.split(flat.reshape(-1, CLASSES).astype(np.float32), [features])
        return cls(own, shared)

    def flat(self) -> NDArray[np.float64]:
        return np.concatenate(self).ravel().astype(np.float64)


class Texts(NamedTuple):
    """Texts as features and as directions."""

    table: scipy.sparse.csr_matrix
    places: Floats

    def logits(self, weights: Weights) -> Floats:
        return self.table @ weights.own + self.places @ weights.shared

    def take(self, used: NDArray[np.int64]) -> "Texts":
        return Texts(self.table[used], self.places[used])


def fit(texts: Texts, targets: Floats, importance: Floats, mean: Floats, start: Weights, settings: Settings) -> Weights:  # noqa: PLR0913, PLR0917  (a numerical routine: data, then settings)
    """The weights with the least cross-entropy plus squared distance from `mean` (of the directions: from 0).

    There is no bias, because the shares of topics in the corpora are not those in a crawl.
    """
    transposed = texts.table.T.tocsr()

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = Weights.from_flat(flat, len(mean))
        shares = softmax(texts.logits(weights))
        entropy = -(importance[:, None] * targets * np.log(np.maximum(shares, 1e-30))).sum(dtype=np.float64)
        distance = Weights(weights.own - mean, weights.shared).flat()
        surplus = importance[:, None] * (shares - targets)
        slope = Weights(transposed @ surplus, texts.places.T @ surplus).flat() + distance / settings.variance
        return float(entropy + (distance**2).sum() / (2 * settings.variance)), slope

    options = {"maxiter": settings.steps, "maxcor": 6}
    best = scipy.optimize.minimize(loss, start.flat(), jac=True, method="L-BFGS-B", options=options)
    return Weights.from_flat(best.x, len(mean))


def targets_of(
    logits: Floats, possible: Floats, certain: NDArray[np.bool_], sure: float
) -> tuple[Floats, Floats, list[int]]:
    """The target shares of each text, its importance, and the number of texts of each topic.

    The target of a certain category is the shares of its possible topics; that of any other is its best possible topic,
    if the model is sure of it. Texts of rare topics count more: by one over the square root of their number.
    """
    shares = softmax(logits + possible)
    best = shares.argmax(axis=1)
    used = certain | (shares.max(axis=1) >= sure)
    targets = np.where(certain[:, None], shares, np.eye(CLASSES, dtype=np.float32)[best])
    number = np.bincount(best[used], minlength=CLASSES)
    importance = np.where(used, ((number[best] + 20) / 1000) ** -0.5, 0).astype(np.float32)
    return targets, importance, number.tolist()


def train(rows: Sequence[Row], settings: Settings = SETTINGS) -> LinearModel:
    """A model of `rows`; the numbers of texts that each topic had in each round go to stderr."""
    terms = read_terms()
    known = vocabulary(rows, terms)
    table, mean = known.matrix(rows), prior_mean(known.features, terms, settings.term_weight)
    directions = directions_of(table, settings)
    texts = Texts(table, table @ directions)
    possible = np.array([_log_priors(row.category) for row in rows], np.float32)
    certain = np.array([row.category in CERTAIN for row in rows])
    weights = Weights(mean, np.zeros((settings.directions, CLASSES), np.float32))
    for turn in range(settings.rounds):
        if turn == 1:  # the weights of the first round show which features tell topics apart
            kept = _telling(known, weights.own + directions @ weights.shared, table, terms, settings.most_features)
            known, mean, directions = known.take(kept), mean[kept], directions[kept]
            weights = Weights(weights.own[kept], weights.shared)
            table = known.matrix(rows)
            texts = Texts(table, table @ directions)
        targets, importance, number = targets_of(texts.logits(weights), possible, certain, settings.sure)
        print("texts by topic:", *number, file=sys.stderr)
        used = np.flatnonzero(importance)
        weights = fit(texts.take(used), targets[used], importance[used], mean, weights, settings)
    return quantize(known, weights.own + directions @ weights.shared)


def _log_priors(category: str) -> list[float]:
    return [POSSIBLE[category].get(topic.slug, -math.inf) for topic in TOPICS]


def _telling(
    known: Vocabulary, weights: Floats, table: scipy.sparse.csr_matrix, terms: dict[str, dict[int, float]], most: int
) -> NDArray[np.int64]:
    """The places of all terms, and of the `most` features that differ most between topics and are in many texts."""
    texts = np.asarray((table > 0).sum(axis=0)).ravel()
    strength = (weights.max(axis=1) - weights.min(axis=1)) * np.sqrt(texts + 1)
    strongest = set(np.argsort(-strength, kind="stable")[:most].tolist())
    return np.array(sorted(strongest | {place for place, feature in enumerate(known.features) if feature in terms}))


def quantize(known: Vocabulary, weights: Floats) -> LinearModel:
    """The model in whole numbers of at most 127."""
    centred = weights - weights.mean(axis=1, keepdims=True)
    scale = float(np.abs(centred).max()) / 127
    table = np.round(centred / scale).astype(np.int8)
    return LinearModel("linear-4", tuple(known.features), known.idf, table, round(scale, 6))


def write(model: LinearModel) -> None:
    """The three files that `read_model` reads, with their digests and those of the lists they come from."""
    (MODELS / "topics.features.txt").write_text("\n".join(model.features) + "\n", encoding="utf-8")
    np.save(MODELS / "topics.weights.npy", np.column_stack([model.idf, model.weights]), allow_pickle=False)
    names = ("topics.terms.txt", "topics.features.txt", "topics.weights.npy")
    paths = [LABELS, FUNCTION_WORDS, *(MODELS / name for name in names)]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    about = {"name": model.name, "scale": model.scale, "sha256": digests}
    (MODELS / "topics.model.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if not DATA.is_dir():
        sys.exit(f"No training data at {DATA}; set WARRAQ_DATA")
    write(train(read_rows()))
