"""Taggers: their interface, the table of them, and the step from their entities to an article."""

from collections.abc import Sequence
from typing import Final, Protocol

from warraq.schemas.records import Article, Entity
from warraq.transforms.backends import load_backend
from warraq.transforms.entities.resolution import headers, resolve_names
from warraq.transforms.entities.roles import with_roles
from warraq.transforms.entities.user_names import UserNames, load_names


class Tagger(Protocol):
    """Finds entities. The same text has the same entities in any batch."""

    name: str  # name and version, written beside every label in Article.tagger

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text, sorted by start, without overlaps."""
        ...


class NoTagger:
    """Finds nothing: for corpora that need no entities. The names of the user's list are marked all the same."""

    name = "off"

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """No entity for each text."""
        return [[] for _ in texts]


# "module:Class" by the name that --tagger takes. A name with a model is written "onnx:FOLDER".
BACKENDS: Final[dict[str, str]] = {
    "bilstm": "warraq.transforms.entities.bilstm:BilstmTagger",
    "gazetteer": "warraq.transforms.entities.gazetteer:GazetteerTagger",
    "onnx": "warraq.transforms.entities.onnx:OnnxTagger",
    "off": "warraq.transforms.entities.tagger:NoTagger",
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


def tag_entities(articles: Sequence[Article], tagger: Tagger, names: str = "") -> list[Article]:
    """The articles with `entities` and `tagger` filled. Titles, descriptions and tags are read for full names only.

    `names` is the user's list, as `names_as_json` gives it.
    """
    listed = load_names(names)
    found = _tag(tagger, listed, [article.text for article in articles])
    in_headers = _tag(tagger, listed, [headers(article) for article in articles])
    tagged = []
    for article, entities, others in zip(articles, found, in_headers, strict=True):
        resolved = resolve_names(article, entities, others)
        resolved = [listed.rename(entity) for entity in resolved] if listed else resolved
        tagged.append(article._replace(entities=with_roles(article.text, resolved), tagger=tagger.name))
    return tagged


def _tag(tagger: Tagger, listed: UserNames | None, texts: Sequence[str]) -> list[list[Entity]]:
    found = tagger.tag(texts)
    return [listed.mark(*pair) for pair in zip(texts, found, strict=True)] if listed else found
