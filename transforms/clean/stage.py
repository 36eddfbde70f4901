"""CleanText: the text of each article has its final form."""

import dataclasses
import functools

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.step import Outputs, StageTransform, StepFn, route


@dataclasses.dataclass
class CleanText(StageTransform):
    """Article → (Article, Rejected)."""

    rules: CleanRules = dataclasses.field(default_factory=CleanRules)

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        fn = StepFn("clean", functools.partial(clean, rules=self.rules))
        return route(articles, "Clean", fn, Article, Article)
