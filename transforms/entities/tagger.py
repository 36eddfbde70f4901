"""Taggers: their interface, the table of them, and the step from their entities to an article."""

from collections.abc import Sequence
from typing import Final, Protocol

from warraq.schemas.records import Article, Entity
from warraq.transforms.backends import load_backend
from warraq.transforms.entities.resolution import headers, resolve_names


class Tagger(Protocol):
    """Finds entities. The same text has the same entities in any batch."""

    name: str  # name and version, written beside every label in Article.tagger

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text, sorted by start, without overlaps."""
        ...


# "module:Class" by the name that --tagger takes. A name with a model is written "onnx:FOLDER".
BACKENDS: Final[dict[str, str]] = {
    "bilstm": "warraq.transforms.entities.bilstm:BilstmTagger",
    "gazetteer": "warraq.transforms.entities.gazetteer:GazetteerTagger",
    "onnx": "warraq.transforms.entities.onnx:OnnxTagger",
}
DEFAULT: Final = "bilstm"
_WITH_MODEL: Final = frozenset({"onnx"})
CHOICES: Final = ", ".join(f"{name}:FOLDER" if name in _WITH_MODEL else name for name in BACKENDS)  # for messages


def load_tagger(backend: str) -> Tagger:
    """The tagger of that name, one for each process; "onnx:FOLDER" is `onnx` with the model in FOLDER.

    Raises:
      KeyError: BACKENDS has no such name.
    """
    name, _, folder = backend.partition(":")
    tagger: Tagger = load_backend(BACKENDS, name, folder)
    return tagger


def is_backend(backend: str) -> bool:
    """True for a name in BACKENDS, with a folder if the backend reads a model and without one if it does not."""
    name, _, folder = backend.partition(":")
    return name in BACKENDS and bool(folder) == (name in _WITH_MODEL)


def tag_entities(articles: Sequence[Article], tagger: Tagger) -> list[Article]:
    """The articles with `entities` and `tagger` filled. Titles, descriptions and tags are read for full names only."""
    found = tagger.tag([article.text for article in articles])
    in_headers = tagger.tag([headers(article) for article in articles])
    return [
        article._replace(entities=resolve_names(article, entities, others), tagger=tagger.name)
        for article, entities, others in zip(articles, found, in_headers, strict=True)
    ]
