"""KeepGoodText: the Beam shell of the quality rules."""

import functools
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.quality.quality import QualityRules, keep_good
from warraq.transforms.step import Outputs, StageTransform, StepFn, route


@dataclass
class KeepGoodText(StageTransform):
    """Article → (Article that is prose, Rejected)."""

    rules: QualityRules | None = field(default_factory=QualityRules)

    def expand(self, articles: beam.PCollection) -> Outputs:
        fn = StepFn("quality", functools.partial(keep_good, rules=self.rules))
        return route(articles, "Judge", fn, Article, Article)
