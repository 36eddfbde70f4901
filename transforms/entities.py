"""TagEntities: people, places and organisations, with offsets into the article's text and a canonical name.

Entities are sorted by start and don't overlap; `text[start:end]` is what the entity says. Attached particles
(و ف ب ل ك لل) are no part of it: in "لروسيا" the entity is "روسيا"; in "للسعودية", where the article is half hidden by
the particle, it is "سعودية" with the name "السعودية".
"""

import functools
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils.windowed_value import WindowedValue

from schemas.labels import ERROR_REASON
from schemas.records import Article, Entity, Rejected
from transforms.step import KEPT, REJECTED, Doors, describe, reject

STAGE: Final = "entities"
MAX_BATCH: Final = 32  # articles


class Tagger(Protocol):
    """Finds entities. The same text gives the same entities in any batch."""

    name: str  # name and version, written beside every label in Article.tagger

    def tag(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text, sorted by start, none overlapping."""
        ...


# "module:Class" by the name that --tagger takes; imported when first asked for.
BACKENDS: Final[dict[str, str]] = {"gazetteer": "transforms.gazetteer:GazetteerTagger"}


@functools.cache
def load_tagger(backend: str) -> Tagger:
    """The tagger of that name, one for each process.

    Raises:
      KeyError: no such backend.
    """
    module, _, class_name = BACKENDS[backend].partition(":")
    tagger: Tagger = getattr(importlib.import_module(module), class_name)()
    return tagger


def tag_entities(articles: Sequence[Article], tagger: Tagger) -> list[Article]:
    """The articles with `entities` and `tagger` filled."""
    found = tagger.tag([article.text for article in articles])
    return [
        article._replace(entities=entities, tagger=tagger.name)
        for article, entities in zip(articles, found, strict=True)
    ]


class _TagFn(beam.DoFn):
    """Tags in batches, which keep each article's own time and window; an article that breaks the tagger costs one row.

    BatchElements would do, but for giving all articles the time at which their window ends.
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def setup(self) -> None:  # not under the try below: a missing model is no page's fault
        self._tagger = load_tagger(self._backend)

    def start_bundle(self) -> None:
        self._waiting: list[tuple[Article, Any, Any]] = []

    def process(
        self, article: Article, time: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        self._count("pages_in")
        self._waiting.append((article, time, window))
        if len(self._waiting) >= MAX_BATCH:
            yield from self._tag_waiting()

    def finish_bundle(self) -> Iterator[Any]:
        yield from self._tag_waiting()

    def _tag_waiting(self) -> Iterator[Any]:
        waiting, self._waiting = self._waiting, []
        results = self._tag([article for article, _, _ in waiting])
        for (_, time, window), result in zip(waiting, results, strict=True):
            if isinstance(result, Article):
                self._count("pages_out")
                yield WindowedValue(result, time, (window,))
            else:
                self._count(f"pages_rejected_{ERROR_REASON}")
                yield beam.pvalue.TaggedOutput(REJECTED, WindowedValue(result, time, (window,)))

    def _tag(self, articles: list[Article]) -> list[Article | Rejected]:
        """The batch tagged; if anything in it breaks, row by row."""
        try:
            return [*tag_entities(articles, self._tagger)]
        except MemoryError:  # the machine's trouble, not the page's: the runner retries
            raise
        except Exception as error:  # noqa: BLE001  (the page broke our code: a row, not a lost run)
            if len(articles) == 1:
                return [reject(articles[0], STAGE, ERROR_REASON, describe(error))]
            return [result for article in articles for result in self._tag([article])]

    def _count(self, counter: str) -> None:
        Metrics.counter(STAGE, counter).inc()


@dataclass
class TagEntities(beam.PTransform):
    """Article → (Article with entities, Rejected). The model is loaded once for each process."""

    backend: str = field(default="gazetteer", metadata={"help": f"what finds entities: {', '.join(BACKENDS)}"})

    def expand(self, articles: beam.PCollection[Article]) -> Doors:
        tag = beam.ParDo(_TagFn(self.backend)).with_output_types(Article)
        return articles | "Tag" >> tag.with_outputs(REJECTED, main=KEPT)
