"""ClassifyTopics: each article has one IPTC Media Topic as its `topic`, or `other` if none is likely enough.

A classifier gives each article its topics with scores; classifier.py turns the scores into the article's fields.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Final

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.step import BatchStepFn, Outputs, StageTransform, route
from warraq.transforms.topics.classifier import DEFAULT, TopicRules, classify_articles, load_classifier

STAGE: Final = "topics"


def _make_classifier(backend: str, rules: TopicRules) -> Callable[[list[Article]], list[Article]]:
    return functools.partial(classify_articles, classifier=load_classifier(backend), rules=rules)


@dataclasses.dataclass
class ClassifyTopics(StageTransform):
    """Article → (Article with topics, Rejected). The model is loaded once for each process."""

    backend: str = DEFAULT
    rules: TopicRules = dataclasses.field(default_factory=TopicRules)

    def expand(self, articles: beam.PCollection) -> Outputs:
        fn = BatchStepFn(STAGE, functools.partial(_make_classifier, self.backend, self.rules))
        return route(articles, "Classify", fn, Article, Article)
