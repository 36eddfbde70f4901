"""Classifiers: their interface, the table of them, and the step from their scores to an article's topic."""

import dataclasses
from collections.abc import Sequence
from dataclasses import field
from typing import Final, Protocol

from warraq.schemas.labels import OTHER_TOPIC, TOPICS
from warraq.schemas.records import Article, TopicScore
from warraq.transforms.backends import load_backend

_SLUG_OF_CODE: Final = {topic.code: topic.slug for topic in TOPICS}


@dataclasses.dataclass(frozen=True)
class TopicRules:
    """The scores that a topic needs.

    Raises ValueError if a score is not from 0 to 1, or the number of topics is below 0.
    """

    min_score: float = field(default=0.3, metadata={"help": "least score of the main topic, 0..1; below it: other"})
    min_further: float = field(default=0.1, metadata={"help": "least score of a topic in `topics`, 0..1"})
    max_topics: int = field(default=3, metadata={"help": "most topics an article has in `topics`"})

    def __post_init__(self) -> None:
        for name in ("min_score", "min_further"):
            score = getattr(self, name)
            if not 0 <= score <= 1:
                raise ValueError(f"topics_{name} must be from 0 to 1, not {score}")
        if self.max_topics < 0:
            raise ValueError(f"topics_max_topics must be 0 or more, not {self.max_topics}")


class Classifier(Protocol):
    """Scores topics. The same article gets the same scores in any batch and on any machine."""

    name: str  # name and version, written beside every label in Article.classifier

    def classify(self, articles: Sequence[Article]) -> list[list[TopicScore]]:
        """The topics of each article, best first. Scores are 0..1 and comparable between articles."""
        ...

    def evidence(self, article: Article) -> list[str]:
        """Short texts that say what spoke for the best topic, strongest first."""
        ...


class NoClassifier:
    """Gives no topic, so that every article is in `other`: for corpora that need none."""

    name = "off"

    def classify(self, articles: Sequence[Article]) -> list[list[TopicScore]]:
        """No topic for each article."""
        return [[] for _ in articles]

    def evidence(self, article: Article) -> list[str]:  # noqa: ARG002  (of the protocol)
        """None."""
        return []


# "module:Class" by the name that --classifier takes.
BACKENDS: Final[dict[str, str]] = {
    "linear": "warraq.transforms.topics.linear:LinearClassifier",
    "off": "warraq.transforms.topics.classifier:NoClassifier",
}
DEFAULT: Final = "linear"


def load_classifier(backend: str) -> Classifier:
    """The classifier of that name, one for each process.

    Raises:
      KeyError: BACKENDS has no such name.
    """
    classifier: Classifier = load_backend(BACKENDS, backend)
    return classifier


def classify_articles(articles: Sequence[Article], classifier: Classifier, rules: TopicRules) -> list[Article]:
    """The articles with their topic fields filled."""
    scores = classifier.classify(articles)
    return [assign_topic(*pair, classifier.name, rules) for pair in zip(articles, scores, strict=True)]


def assign_topic(article: Article, scores: Sequence[TopicScore], classifier: str, rules: TopicRules) -> Article:
    """The article with its topic fields filled from `scores`, which are best first."""
    topics = [score for score in scores[: rules.max_topics] if score.score >= rules.min_further]
    best = scores[0] if scores else TopicScore("", 0.0)
    slug = _SLUG_OF_CODE.get(best.code, OTHER_TOPIC) if best.score >= rules.min_score else OTHER_TOPIC
    return article._replace(topic=slug, topic_score=best.score, topics=topics, classifier=classifier)
