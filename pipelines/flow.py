"""The flow on one screen: Page → (Article, Rejected), the same in batch and in stream."""

from collections.abc import Callable
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.pipelines.config import FlowConfig
from warraq.transforms.clean.stage import CleanText
from warraq.transforms.dataset.forgotten import Forgotten, ForgottenOf
from warraq.transforms.decode.stage import DecodePages
from warraq.transforms.deduplicate.stage import Deduplicate, ReadKnown
from warraq.transforms.entities.stage import TagEntities
from warraq.transforms.extract.stage import ExtractArticles
from warraq.transforms.language.stage import KeepArabic
from warraq.transforms.quality.stage import KeepGoodText
from warraq.transforms.screen.stage import ScreenPages
from warraq.transforms.step import KEPT, REJECTED, Outputs
from warraq.transforms.topics.stage import ClassifyTopics

Watch = Callable[[str, Outputs], None]  # is called with the label and the outputs of each stage as the flow is built


def watch_nothing(_label: str, _outputs: Outputs) -> None:
    """Does nothing: for runs whose progress the runner itself shows."""


@dataclass
class RefinePages(beam.PTransform):
    """Page → Article (KEPT), and the Rejected of each stage under the label of the stage.

    `known` finds the articles that the dataset holds; those in `forgotten` are rejected.
    """

    config: FlowConfig
    known: ReadKnown | None = None
    watch: Watch = watch_nothing
    forgotten: Forgotten | ForgottenOf = field(default_factory=Forgotten)

    def steps(self) -> dict[str, beam.PTransform]:
        """The transforms of the stages by label, in order. Stages that reject cheaply come first."""
        config = self.config
        return {
            "ScreenPages": ScreenPages(config.screen),
            "DecodePages": DecodePages(config.decode),
            "ExtractArticles": ExtractArticles(config.extract),
            "CleanText": CleanText(config.clean),
            "KeepArabic": KeepArabic(config.language),
            "KeepGoodText": KeepGoodText(config.quality),
            "Deduplicate": Deduplicate(
                config.deduplicate, self.known, self.forgotten, drop_reserved=config.extract.opt_out == "drop"
            ),
            "TagEntities": TagEntities(config.tagger, config.names),
            "ClassifyTopics": ClassifyTopics(config.classifier, config.topics),
        }

    def expand(self, pages: beam.PCollection) -> Outputs:
        records, rejected = pages, {}
        for label, step in self.steps().items():
            given = (records, pages) if isinstance(step, Deduplicate) else records
            outputs = given | label >> step
            self.watch(label, outputs)
            records = outputs[KEPT]
            rejected[label] = outputs[REJECTED]
        return {KEPT: records, **rejected}
