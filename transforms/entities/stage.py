"""TagEntities: people, places and organisations, with offsets into the article's text and a canonical name.

Entities are sorted by start and don't overlap; `text[start:end]` is what the entity says. Attached particles
(و ف ب ل ك لل) are no part of it: in "لروسيا" the entity is "روسيا"; in "للسعودية", where the article is half hidden by
the particle, it is "سعودية" with the name "السعودية".
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import apache_beam as beam

from warraq.schemas.records import Article, Entity
from warraq.transforms.backends import load_backend
from warraq.transforms.step import BatchStepFn, Outputs, StageTransform, route

STAGE: Final = "entities"


class Tagger(Protocol):
    """Finds entities. The same text gives the same entities in any batch."""

    name: str  # name and version, written beside every label in Article.tagger

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text, sorted by start, none overlapping."""
        ...


# "module:Class" by the name that --tagger takes; imported when first asked for.
BACKENDS: Final[dict[str, str]] = {
    "bilstm": "warraq.transforms.entities.bilstm:BilstmTagger",
    "gazetteer": "warraq.transforms.entities.gazetteer:GazetteerTagger",
    "onnx": "warraq.transforms.entities.onnx:OnnxTagger",
}
DEFAULT: Final = "bilstm"


def load_tagger(backend: str) -> Tagger:
    """The tagger of that name, one for each process; "onnx:FOLDER" is the backend "onnx" with the model in FOLDER.

    Raises:
      KeyError: no such backend.
    """
    name, _, folder = backend.partition(":")
    tagger: Tagger = load_backend(BACKENDS, name, folder)
    return tagger


def is_backend(backend: str) -> bool:
    """Whether `load_tagger` takes that name: one of BACKENDS, with a folder if and only if it is "onnx"."""
    name, _, folder = backend.partition(":")
    return name in BACKENDS and bool(folder) == (name == "onnx")


def tag_entities(articles: Sequence[Article], tagger: Tagger) -> list[Article]:
    """The articles with `entities` and `tagger` filled."""
    found = tagger.tag([article.text for article in articles])
    return [
        article._replace(entities=entities, tagger=tagger.name)
        for article, entities in zip(articles, found, strict=True)
    ]


def _make_tagger(backend: str) -> Callable[[list[Article]], list[Article]]:
    return functools.partial(tag_entities, tagger=load_tagger(backend))


@dataclass
class TagEntities(StageTransform):
    """Article → (Article with entities, Rejected). The model is loaded once for each process."""

    backend: str = field(default=DEFAULT, metadata={"help": "what finds entities: bilstm, gazetteer or onnx:FOLDER"})

    def expand(self, articles: beam.PCollection[Article]) -> Outputs:
        fn = BatchStepFn(STAGE, functools.partial(_make_tagger, self.backend))
        return route(articles, "Tag", fn, Article, Article)
