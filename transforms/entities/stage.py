"""TagEntities: people, places and organisations, with offsets into the article's text and a canonical name.

Entities are sorted by start and do not overlap; `text[start:end]` is the text of the entity. Proclitics (و ف ب ل ك لل)
are no part of it: in "لروسيا" the entity is "روسيا". In "للسعودية", where the proclitic hides the article, it is
"سعودية" with the name "السعودية".
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import apache_beam as beam

from warraq.schemas.records import Article
from warraq.transforms.entities.tagger import CHOICES, DEFAULT, load_tagger, tag_entities
from warraq.transforms.step import KEPT, REJECTED, BatchStepFn, Doors

STAGE: Final = "entities"


def _make_tagger(backend: str) -> Callable[[list[Article]], list[Article]]:
    return functools.partial(tag_entities, tagger=load_tagger(backend))


@dataclass
class TagEntities(beam.PTransform):
    """Article → (Article with entities, Rejected). The model is loaded once for each process."""

    backend: str = field(default=DEFAULT, metadata={"help": f"what finds the entities: {CHOICES}"})

    def expand(self, articles: beam.PCollection[Article]) -> Doors:
        tag = BatchStepFn(STAGE, functools.partial(_make_tagger, self.backend))
        return articles | "Tag" >> beam.ParDo(tag).with_output_types(Article).with_outputs(REJECTED, main=KEPT)
