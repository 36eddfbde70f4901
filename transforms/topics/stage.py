"""Each article has one IPTC Media Topic as its `topic`, or `other` where nothing is certain, and others with scores.

A backend gives every article its topics with scores; `assign_topic` turns them into the article's fields. The default
backend, `linear`, adds up weights of words and pairs of words (trained, see models/topics.CARD.md) and what the page
says about itself: its section, its tags and the folders of its address. Nothing is certain by itself: a page's
section counts as much as a few telling words, and a text that clearly speaks of something else overrules it.
"""

import dataclasses
import functools
import importlib.resources
import io
import itertools
import json
import math
import re
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final, NamedTuple, Protocol

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray

from warraq.schemas.labels import OTHER_TOPIC, TOPICS
from warraq.schemas.records import Article, TopicScore
from warraq.transforms.arabic import normalize_term
from warraq.transforms.backends import load_backend
from warraq.transforms.step import BatchStepFn, Outputs, StageTransform, route

_SLUG_OF_CODE: Final = {topic.code: topic.slug for topic in TOPICS}
_COLUMN_OF_CODE: Final = {topic.code: column for column, topic in enumerate(TOPICS)}
_CODES: Final = np.array([topic.code for topic in TOPICS])
COLUMN_OF_SLUG: Final = {topic.slug: column for column, topic in enumerate(TOPICS)}


@dataclasses.dataclass(frozen=True)
class TopicRules:
    """How sure a topic must be."""

    min_score: float = field(default=0.3, metadata={"help": "least score of the main topic, 0..1; below it: other"})
    min_further: float = field(default=0.1, metadata={"help": "least score of a topic in `topics`, 0..1"})
    max_topics: int = field(default=3, metadata={"help": "most topics an article has in `topics`"})


class Classifier(Protocol):
    """A backend. The same article gives the same scores on any batch size and machine."""

    name: str  # name and version, written beside every label

    def classify(self, articles: Sequence[Article]) -> list[list[TopicScore]]:
        """The topics of each article, best first; scores are 0..1 and comparable between articles."""
        ...

    def evidence(self, article: Article) -> list[str]:
        """What spoke for the best topic, strongest first, in a few words each."""
        ...


BACKENDS: Final[dict[str, str]] = {"linear": "warraq.transforms.topics.stage:LinearClassifier"}


def load_classifier(backend: str) -> Classifier:
    """The classifier of that name, one for each process.

    Raises:
      KeyError: there is no backend of that name.
    """
    classifier: Classifier = load_backend(BACKENDS, backend)
    return classifier


def assign_topic(article: Article, scores: Sequence[TopicScore], classifier: str, rules: TopicRules) -> Article:
    """The article with its topic fields filled from `scores`, which are best first."""
    topics = [score for score in scores[: rules.max_topics] if score.score >= rules.min_further]
    best = scores[0] if scores else TopicScore("", 0.0)
    slug = _SLUG_OF_CODE.get(best.code, OTHER_TOPIC) if best.score >= rules.min_score else OTHER_TOPIC
    return article._replace(topic=slug, topic_score=best.score, topics=topics, classifier=classifier)


# --- Words ---------------------------------------------------------------------------------------------------------

_MOST_WORDS: Final = 400
_MOST_LETTERS: Final = 8 * _MOST_WORDS  # Arabic news has six or seven letters and spaces a word
# A word begins with a letter; vowel signs and tatweel may follow.
_WORD: Final = re.compile(
    r"[A-Za-z\u0620-\u063F\u0641-\u064A\u0671-\u06D3\u06FA-\u06FF][A-Za-z\u0620-\u065F\u0670-\u06D3\u06FA-\u06FF]*"
)
_ENDINGS: Final = (  # and what stands for each, so that "رياضية" and "رياضيون" meet in "رياضي", not in "رياض"
    *(("يون", "ي"), ("يين", "ي"), ("يات", "ي"), ("يه", "ي"), ("ات", "ه")),
    *(("ها", ""), ("هم", ""), ("ون", ""), ("ين", "")),
)


def words(text: str) -> list[str]:
    """The runs of Arabic or Latin letters of `text`, as written."""
    return _WORD.findall(text)


@functools.lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """A normalized word without joined و and inflection: "والمدرسون" and "مدرس" become one, "شركات" and "شركة" too.

    A light stemmer in the manner of Larkey, Ballesteros and Connell (2002, "light10"): it looks for no roots and
    leaves at least three letters.
    """
    word = normalize_term(word)
    if word.startswith("و") and len(word) >= 5:
        word = word[1:]
    for ending, stand_in in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + stand_in
    return word


def parts(article: Article) -> tuple[list[str], ...]:
    """The words that count: the title twice, and the first words of the text.

    News says first what it is about; the limits also keep the cost of a page constant.
    """
    title = words((article.title or "")[:_MOST_LETTERS])[:_MOST_WORDS]
    return title, title, words(article.text[:_MOST_LETTERS])[:_MOST_WORDS]


def features(article: Article) -> Counter[str]:
    """How often each stem and each pair of neighbouring stems occurs."""
    counts: Counter[str] = Counter()
    for part in parts(article):
        stems = [stem(word) for word in part]
        counts.update(stems)
        counts.update(map(" ".join, itertools.pairwise(stems)))
    return counts


# --- What the page says about itself -------------------------------------------------------------------------------


class Hint(NamedTuple):
    """Something that the page says about itself and that names topics."""

    evidence: str  # where it stands and how it is written there
    columns: frozenset[int]  # topics, as positions in TOPICS
    weight: float  # added to the logit of each of these topics


# Log odds. Chosen so that a right section settles short texts and a wrong one does not turn a clear text (both
# measured by benchmarks/accuracy/topics.py). A section and a folder are not independent, so only the stronger one
# counts.
_SECTION_WEIGHT: Final = 3.0
_FOLDER_WEIGHT: Final = 3.0
_TAG_WEIGHT: Final = 1.0
_MOST_TAGS: Final = 30


def section_key(name: str) -> str:
    """The form in which names of sections are compared: "الرياضة", "رياضة" and "/رياضه/" are one."""
    return " ".join(normalize_term(word) for word in words(name))


def hints(article: Article, sections: Mapping[str, frozenset[int]]) -> list[Hint]:
    """What section, tags and address of the article say, by the table `sections` (key → topics)."""
    found = [
        *(("section", part, _SECTION_WEIGHT) for part in re.split(r"[>»/|،,]", article.section or "")),
        *(("address", folder, _FOLDER_WEIGHT) for folder in folders(article.canonical_url or article.source.url)),
        *(("tag", tag, _TAG_WEIGHT) for tag in article.tags[:_MOST_TAGS]),
    ]
    return [
        Hint(f"{place}: {name.strip()}", columns, weight)
        for place, name, weight in found
        if (columns := _named(name, sections, whole=place == "tag"))
    ]


def folders(url: str) -> list[str]:
    """Parts of an address that may name a section: subdomains and folders, without the page's own name.

    "https://sport.example.com/ar/كرة-القدم/123/title" → sport, example, ar, كرة-القدم. Numbers, dates and long slugs
    are left out.
    """
    host, _, path = url.partition("://")[2].partition("/")
    segments = urllib.parse.unquote(re.split(r"[?#]", path)[0]).split("/")[:-1]
    return [part for part in host.split(".")[:-2] + segments if 1 <= len(words(part)) <= 3]


def _named(name: str, sections: Mapping[str, frozenset[int]], *, whole: bool) -> frozenset[int]:
    """The topics of a section's name; unless `whole`, of the words in a short one that is not in the table."""
    key = section_key(name)
    if key in sections or whole or len(key.split()) > 3:
        return sections.get(key, frozenset())
    return frozenset().union(*(sections.get(word, frozenset()) for word in key.split() if len(word) > 3))


# --- The default backend -------------------------------------------------------------------------------------------

# Weight of a feature that occurs so often in a text: eight times 1 + ln n, whole numbers so that sums are exact.
TERM_FREQUENCY: Final = tuple(round(8 * (1 + math.log(n))) if n else 0 for n in range(65))
_FREQUENCIES: Final = np.array(TERM_FREQUENCY, dtype=np.int64)
_LEAST_SCORE: Final = 0.01  # topics with less are not worth naming; the best one always is
# Added to the squared length of every text, about one rare word: one word alone never makes a topic certain.
SHORTNESS: Final = 600**2


class _Numbers(dict[str, int]):
    """Word as written → number of its stem, 0 for a stem that the model does not know. Learns words as they come."""

    _MOST: Final = 1 << 17  # words kept; an Arabic crawl has no end of them

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

    All are whole numbers and so are the sums of their products: batch size and machine make no difference.
    """

    name: str  # name and version
    features: tuple[str, ...]
    rarity: NDArray[np.int8]  # a number for each feature: inverse document frequency, scaled
    weights: NDArray[np.int8]  # features × topics
    scale: float  # what a whole weight is worth

    @functools.cached_property
    def _stems(self) -> dict[str, int]:
        """Every stem in the features, alone or in a pair → its number, from 1."""
        stems = dict.fromkeys(itertools.chain.from_iterable(feature.split() for feature in self.features))
        return {part: number for number, part in enumerate(stems, start=1)}

    @functools.cached_property
    def _numbers(self) -> _Numbers:
        return _Numbers(self._stems)

    @functools.cached_property
    def _keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each feature's key (of a stem its number, of a pair both numbers in one) in order; and its row."""
        pairs = [feature.partition(" ") for feature in self.features]
        first = np.array([self._stems[stem] for stem, _, _ in pairs], dtype=np.int64)
        second = np.array([self._stems.get(stem, 0) for _, _, stem in pairs], dtype=np.int64)
        keys = self._key(first, second)
        order = np.argsort(keys)
        return keys[order], order

    def _key(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """One number for a pair of stems. Of a stem alone, `second` is 0; if `first` is 0, no feature has that key."""
        return first + second * (len(self._stems) + 1)

    def vector(self, article: Article) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the features in `article` and their values: frequency in the text times rarity in the language.

        The same as looking up each of `features(article)`, but with numbers in the place of words: twice as fast.
        """
        numbers: list[int] = []
        for part in parts(article):
            numbers += map(self._numbers.__getitem__, part)
            numbers.append(0)  # no pair reaches from one part into the next
        stems = np.array(numbers, dtype=np.int64)
        pairs = self._key(stems[:-1], stems[1:])[stems[1:] > 0]
        wanted = np.concatenate([stems, pairs])
        wanted.sort()
        keys, row_of = self._keys
        place = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
        place = place[keys[place] == wanted]
        new = np.ones(len(place) + 1, dtype=np.bool_)  # where another feature begins, and the end
        new[1:-1] = place[1:] != place[:-1]
        first = new.nonzero()[0]
        often = np.minimum(first[1:] - first[:-1], len(TERM_FREQUENCY) - 1)
        rows = row_of[place[first[:-1]]]
        return rows, _FREQUENCIES[often] * self.rarity[rows]

    def logits(self, article: Article) -> NDArray[np.floating]:
        """What the text alone says: one number for each topic, higher is likelier; all 0 if no word is known."""
        rows, values = self.vector(article)
        sums = values @ self.weights[rows].astype(np.int64)
        return sums * (self.scale / math.sqrt(int(values @ values) + SHORTNESS))


def ranked(logits: NDArray[np.floating]) -> list[TopicScore]:
    """The likely topics, best first. All scores would add up to 1 (softmax); rounded, so that machines agree."""
    odds = np.exp(logits - logits.max())
    scores = (odds / odds.sum()).round(4)
    order = np.argsort(-scores, kind="stable")
    order = order[: max(1, int((scores >= _LEAST_SCORE).sum()))]
    return list(map(TopicScore, _CODES[order].tolist(), scores[order].tolist()))


def read_model() -> LinearModel:
    """The model in models/topics.*: a description, the features a line each, and a table of rarity and weights."""
    about = json.loads(_model_file("topics.model.json"))
    table = np.load(io.BytesIO(_model_file("topics.weights.npy")), allow_pickle=False)
    features = tuple(_model_file("topics.features.txt").decode().splitlines())
    return LinearModel(about["name"], features, table[:, 0], table[:, 1:], about["scale"])


class LinearClassifier:
    """Softmax regression over words and pairs of words, plus the page's hints."""

    def __init__(self, model: LinearModel | None = None) -> None:
        self.model = model or read_model()
        self._sections = read_sections()
        self.name = self.model.name

    def classify(self, articles: Sequence[Article]) -> list[list[TopicScore]]:
        return [self._scores(article) for article in articles]

    def evidence(self, article: Article) -> list[str]:
        """The page's hints and up to eight words, as written, that speak most for the best topic."""
        best = _COLUMN_OF_CODE[self._scores(article)[0].code]
        rows, values = self.model.vector(article)
        pull = values * (self.model.weights[rows, best] - self.model.weights[rows].mean(axis=1))
        strongest = [
            self.model.features[rows[place]] for place in np.argsort(-pull, kind="stable")[:8] if pull[place] > 0
        ]
        written = _as_written(article)
        page = [hint.evidence for hint in hints(article, self._sections) if best in hint.columns]
        return page + [" ".join(written[part] for part in feature.split()) for feature in strongest]

    def _scores(self, article: Article) -> list[TopicScore]:
        return ranked(self.model.logits(article) + self._hint_logits(article))

    def _hint_logits(self, article: Article) -> NDArray[np.float64]:
        """For each topic: its strongest section or folder, and one tag."""
        page, tags = np.zeros(len(TOPICS)), np.zeros(len(TOPICS))
        for hint in hints(article, self._sections):
            target = tags if hint.weight == _TAG_WEIGHT else page
            target[list(hint.columns)] = np.maximum(target[list(hint.columns)], hint.weight)
        return page + tags


def read_sections() -> dict[str, frozenset[int]]:
    """The names of sections → the topics they stand for, from models/topics.sections.txt."""
    sections: dict[str, frozenset[int]] = {}
    for slug, _, names in read_lists("topics.sections.txt"):
        for key in map(section_key, names):
            sections[key] = sections.get(key, frozenset()) | {COLUMN_OF_SLUG[slug]}
    return sections


def read_lists(name: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """The lines `slug | … | term, term` of a file of lists in models/: slug, the fields between, the terms."""
    for line in _model_file(name).decode().splitlines():
        if not line.startswith("#"):
            slug, *between, terms = (part.strip() for part in line.split("|"))
            yield slug, between, [term.strip() for term in terms.split(",")]


def _model_file(name: str) -> bytes:
    return importlib.resources.files("warraq.transforms").joinpath("models", name).read_bytes()


def _as_written(article: Article) -> dict[str, str]:
    """Each stem of the article → the word as first written."""
    written: dict[str, str] = {}
    for word in itertools.chain.from_iterable(parts(article)):
        written.setdefault(stem(word), word)
    return written


# --- The stage -----------------------------------------------------------------------------------------------------


def classify_articles(articles: Sequence[Article], classifier: Classifier, rules: TopicRules) -> list[Article]:
    """`articles` with their topics."""
    scores = classifier.classify(articles)
    return [assign_topic(*pair, classifier.name, rules) for pair in zip(articles, scores, strict=True)]


def _make_classifier(backend: str, rules: TopicRules) -> Callable[[list[Article]], list[Article]]:
    return functools.partial(classify_articles, classifier=load_classifier(backend), rules=rules)


@dataclasses.dataclass
class ClassifyTopics(StageTransform):
    """Article → (Article with topics, Rejected)."""

    backend: str = "linear"  # one of BACKENDS
    rules: TopicRules = TopicRules()

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        fn = BatchStepFn("topics", functools.partial(_make_classifier, self.backend, self.rules))
        return route(articles, "Classify", fn, Article, Article)
