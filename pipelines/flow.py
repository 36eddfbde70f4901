"""The architecture on one screen: Page → (Article, Rejected), the same in batch and in stream."""

from collections.abc import Callable
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.transforms.clean.stage import CleanRules, CleanText
from warraq.transforms.decode import DecodePages, DecodeRules
from warraq.transforms.deduplicate.stage import Deduplicate, DuplicateRules
from warraq.transforms.entities import tagger as entities
from warraq.transforms.entities.stage import TagEntities
from warraq.transforms.extract.page import ExtractRules
from warraq.transforms.extract.stage import ExtractArticles
from warraq.transforms.language.stage import KeepArabic, LanguageRules
from warraq.transforms.quality import KeepGoodText, QualityRules
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.screen import ScreenPages, ScreenRules
from warraq.transforms.step import KEPT, REJECTED, Doors
from warraq.transforms.topics.classifier import TopicRules
from warraq.transforms.topics.stage import ClassifyTopics


@dataclass(frozen=True)
class Recipe:
    """Every rule and backend of the flow: with the dump, it decides the rows."""

    read: ReadRules = field(default_factory=ReadRules)
    screen: ScreenRules = field(default_factory=ScreenRules)
    decode: DecodeRules = field(default_factory=DecodeRules)
    extract: ExtractRules = field(default_factory=ExtractRules)
    clean: CleanRules = field(default_factory=CleanRules)
    language: LanguageRules = field(default_factory=LanguageRules)
    quality: QualityRules | None = field(default_factory=QualityRules)  # None: every text is good
    deduplicate: DuplicateRules = field(default_factory=DuplicateRules)
    topics: TopicRules = field(default_factory=TopicRules)
    tagger: str = entities.DEFAULT
    classifier: str = "linear"


Watch = Callable[[str, Doors], None]  # is shown every stage's label and doors as the flow is built


def watch_nothing(_label: str, _doors: Doors) -> None:
    """For runs whose progress the runner itself shows."""


@dataclass
class RefinePages(beam.PTransform):
    """Page → Article (KEPT), and the Rejected of each stage by the stage's label.

    `known` gives the references of articles in the dataset.
    """

    recipe: Recipe
    known: beam.PTransform | None = None
    watch: Watch = watch_nothing

    def steps(self) -> dict[str, beam.PTransform]:
        """The stages by label, cheap refusals first; each has two doors."""
        recipe = self.recipe
        return {
            "ScreenPages": ScreenPages(recipe.screen),
            "DecodePages": DecodePages(recipe.decode),
            "ExtractArticles": ExtractArticles(recipe.extract),
            "CleanText": CleanText(recipe.clean),
            "KeepArabic": KeepArabic(recipe.language),
            "KeepGoodText": KeepGoodText(recipe.quality),
            "Deduplicate": Deduplicate(recipe.deduplicate, self.known),
            "TagEntities": TagEntities(recipe.tagger),
            "ClassifyTopics": ClassifyTopics(recipe.classifier, recipe.topics),
        }

    def expand(self, pages: beam.PCollection) -> Doors:
        items, refused = pages, {}
        for label, step in self.steps().items():
            doors = items | label >> step
            self.watch(label, doors)
            items = doors[KEPT]
            refused[label] = doors[REJECTED]
        return {KEPT: items, **refused}
