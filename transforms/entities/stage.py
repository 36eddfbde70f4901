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
from warraq.transforms.step import BatchStepFn, Outputs, StageTransform, route

STAGE: Final = "entities"


def _make_tagger(backend: str, names: str) -> Callable[[list[Article]], list[Article]]:
    return functools.partial(tag_entities, tagger=load_tagger(backend), names=names)


@dataclass
class TagEntities(StageTransform):
    """Article → (Article with entities, Rejected). The model is loaded once for each process."""

    backend: str = field(default=DEFAULT, metadata={"help": f"what finds the entities: {CHOICES}"})
    names: str = field(default="", repr=False)  # the user's list, as `names_as_json` gives it: too long to be shown

    def expand(self, articles: beam.PCollection) -> Outputs:
        fn = BatchStepFn(STAGE, functools.partial(_make_tagger, self.backend, self.names))
        return route(articles, "Tag", fn, Article, Article)
