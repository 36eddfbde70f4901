"""KeepArabic: articles in other languages are gone."""

import functools
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.language.language import LanguageRules, keep_arabic, load_detector
from warraq.transforms.step import Outputs, StageTransform, StepFn, route


class _JudgeFn(StepFn[Article, Article]):
    """StepFn that loads its detector before the first article, so that a missing model costs no page a row."""

    def __init__(self, rules: LanguageRules) -> None:
        super().__init__("language", functools.partial(keep_arabic, rules=rules))
        self._rules = rules

    def setup(self) -> None:
        load_detector(self._rules)


@dataclass
class KeepArabic(StageTransform):
    """Article → (Article in Arabic, Rejected)."""

    rules: LanguageRules = field(default_factory=LanguageRules)

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        return route(articles, "Judge", _JudgeFn(self.rules), Article, Article)
