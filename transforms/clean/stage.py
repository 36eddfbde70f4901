"""CleanText: the text of each article has its final form."""

import dataclasses
import functools

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.step import KEPT, REJECTED, Outputs, StepFn


@dataclasses.dataclass
class CleanText(beam.PTransform):
    """Article → (Article, Rejected)."""

    rules: CleanRules = dataclasses.field(default_factory=CleanRules)

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        finish = functools.partial(clean, rules=self.rules)
        return articles | "Clean" >> beam.ParDo(StepFn("clean", finish)).with_outputs(REJECTED, main=KEPT)
