"""The default classifier: softmax regression over stems and pairs of stems, plus the page's metadata hints.

Trained by benchmarks/training/train_topics.py; see models/topics.CARD.md. No evidence decides alone: a section counts
as much as a few telling words, and a text that clearly speaks of another topic outweighs it.
"""

import dataclasses
import functools
import io
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from warraq.schemas.labels import TOPICS
from warraq.schemas.records import Article, TopicScore
from warraq.transforms.topics.hints import TAG_WEIGHT, metadata_hints, read_sections
from warraq.transforms.topics.terms import counted_words, model_file, stem

_COLUMN_OF_CODE: Final = {topic.code: column for column, topic in enumerate(TOPICS)}
_CODES: Final = np.array([topic.code for topic in TOPICS])

# Term frequency: the value of a feature that occurs n times is 8 (1 + ln n), rounded, so that sums are exact.
TERM_FREQUENCY: Final = tuple(round(8 * (1 + math.log(n))) if n else 0 for n in range(65))
_FREQUENCIES: Final = np.array(TERM_FREQUENCY, dtype=np.int64)
_LEAST_SCORE: Final = 0.01  # topics with a lower score are left out, unless it is the best one
# Added to the squared length of every text, about the value of one rare word: one word alone is no certainty.
SHORTNESS: Final = 600**2
_SHOWN_WORDS: Final = 8  # of the evidence


class _StemNumbers(dict[str, int]):
    """Word as written → number of its stem, or 0 if the model does not know the stem. Filled as words are met."""

    _MOST: Final = 1 << 17  # words kept, because a crawl has no end of different words

    def __init__(self, stems: Mapping[str, int]) -> None:
        super().__init__()
        self._stems = stems

    def __missing__(self, word: str) -> int:
        number = self._stems.get(stem(word), 0)
        if len(self) < self._MOST:
            self[word] = number
        return number


@dataclasses.dataclass(frozen=True)
class LinearModel:
    """Weights of features (stems and pairs of stems) for the topics, in the order of TOPICS.

    Weights and values are whole numbers, so their sums are the same in any batch and on any machine.
    """

    name: str  # name and version
    features: tuple[str, ...]
    idf: NDArray[np.int8]  # inverse document frequency of each feature, scaled
    weights: NDArray[np.int8]  # features × topics
    scale: float  # the value of a weight of 1

    @functools.cached_property
    def _stems(self) -> dict[str, int]:
        """Each stem of the features, alone or in a pair → its number, from 1."""
        stems = dict.fromkeys(itertools.chain.from_iterable(feature.split() for feature in self.features))
        return {part: number for number, part in enumerate(stems, start=1)}

    @functools.cached_property
    def _numbers(self) -> _StemNumbers:
        return _StemNumbers(self._stems)

    @functools.cached_property
    def _keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys of the features in order, and the row of each."""
        pairs = [feature.partition(" ") for feature in self.features]
        first = np.array([self._stems[stem] for stem, _, _ in pairs], dtype=np.int64)
        second = np.array([self._stems.get(stem, 0) for _, _, stem in pairs], dtype=np.int64)
        keys = self._key(first, second)
        order = np.argsort(keys)
        return keys[order], order

    def _key(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """One number for a pair of stems; `second` is 0 for a single stem. No feature has a key with `first` 0."""
        return first + second * (len(self._stems) + 1)

    def vector(self, article: Article) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the article's features, and their tf-idf values.

        The result is that of looking up each of `term_counts(article)`; numbers in place of strings take half the time.
        """
        numbers: list[int] = []
        for part in counted_words(article):
            numbers += map(self._numbers.__getitem__, part)
            numbers.append(0)  # no pair reaches from one part into the next
        stems = np.array(numbers, dtype=np.int64)
        pairs = self._key(stems[:-1], stems[1:])[stems[1:] > 0]
        wanted = np.concatenate([stems, pairs])
        wanted.sort()
        keys, row_of = self._keys
        place = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
        place = place[keys[place] == wanted]
        new = np.ones(len(place) + 1, dtype=np.bool_)  # true where another feature begins, and at the end
        new[1:-1] = place[1:] != place[:-1]
        first = new.nonzero()[0]
        counts = np.minimum(first[1:] - first[:-1], len(TERM_FREQUENCY) - 1)
        rows = row_of[place[first[:-1]]]
        return rows, _FREQUENCIES[counts] * self.idf[rows]

    def logits(self, article: Article) -> NDArray[np.floating]:
        """One number for each topic from the text alone; higher is likelier, and all are 0 if no word is known."""
        rows, values = self.vector(article)
        sums = values @ self.weights[rows].astype(np.int64)
        return sums * (self.scale / math.sqrt(int(values @ values) + SHORTNESS))


def ranked(logits: NDArray[np.floating]) -> list[TopicScore]:
    """The likely topics, best first. Scores are the softmax, rounded so that all machines agree."""
    odds = np.exp(logits - logits.max())
    scores = (odds / odds.sum()).round(4)
    order = np.argsort(-scores, kind="stable")
    order = order[: max(1, int((scores >= _LEAST_SCORE).sum()))]
    return list(map(TopicScore, _CODES[order].tolist(), scores[order].tolist()))


def read_model() -> LinearModel:
    """The model in models/topics.*: a description, the features a line each, and a table of idf and weights."""
    about = json.loads(model_file("topics.model.json"))
    table = np.load(io.BytesIO(model_file("topics.weights.npy")), allow_pickle=False)
    features = tuple(model_file("topics.features.txt").decode().splitlines())
    return LinearModel(about["name"], features, table[:, 0], table[:, 1:], about["scale"])


class LinearClassifier:
    """The classifier `linear`: a LinearModel and the metadata hints."""

    def __init__(self, model: LinearModel | None = None) -> None:
        self.model = model or read_model()
        self._sections = read_sections()
        self.name = self.model.name

    def classify(self, articles: Sequence[Article]) -> list[list[TopicScore]]:
        return [self._scores(article) for article in articles]

    def evidence(self, article: Article) -> list[str]:
        """The page's hints for the best topic, and up to eight words with the largest contributions, as written."""
        best = _COLUMN_OF_CODE[self._scores(article)[0].code]
        rows, values = self.model.vector(article)
        contributions = values * (self.model.weights[rows, best] - self.model.weights[rows].mean(axis=1))
        strongest = [
            self.model.features[rows[place]]
            for place in np.argsort(-contributions, kind="stable")[:_SHOWN_WORDS]
            if contributions[place] > 0
        ]
        written = _as_written(article)
        page = [hint.evidence for hint in metadata_hints(article, self._sections) if best in hint.columns]
        return page + [" ".join(written[part] for part in feature.split()) for feature in strongest]

    def _scores(self, article: Article) -> list[TopicScore]:
        return ranked(self.model.logits(article) + self._hint_logits(article))

    def _hint_logits(self, article: Article) -> NDArray[np.float64]:
        """For each topic the weight of its strongest section or folder, plus that of one tag.

        A section and a folder of one page are not independent evidence, so only one of them counts.
        """
        page, tags = np.zeros(len(TOPICS)), np.zeros(len(TOPICS))
        for hint in metadata_hints(article, self._sections):
            target = tags if hint.weight == TAG_WEIGHT else page
            target[list(hint.columns)] = np.maximum(target[list(hint.columns)], hint.weight)
        return page + tags


def _as_written(article: Article) -> dict[str, str]:
    """Each stem of the article → the word as first written."""
    written: dict[str, str] = {}
    for word in itertools.chain.from_iterable(counted_words(article)):
        written.setdefault(stem(word), word)
    return written
