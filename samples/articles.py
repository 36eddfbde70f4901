"""The sample texts: reads `samples/texts/*.txt`.

A file holds articles; each begins with a line `@@ slug`, then `name: value` lines, an empty line and its paragraphs, one
a line. Lists are separated by ` | `. `copy_of: slug` makes a near copy: a line `…` stands for the original's paragraphs
after the first.
"""

import dataclasses
import functools
import re
from pathlib import Path
from typing import Final

TEXTS: Final = Path(__file__).parent / "texts"


@dataclasses.dataclass(frozen=True)
class Story:
    """One text, and what a good pipeline finds in it."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]
    language: str
    topic: str  # slug of labels.TOPICS; empty in other languages
    also: tuple[str, ...]  # topics that are right too
    entities: tuple[tuple[str, str], ...]  # (surface, kind), the clear ones only

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


@functools.lru_cache(maxsize=1)
def stories() -> dict[str, Story]:
    """All sample texts by slug, in order of file and place."""
    found: dict[str, Story] = {}
    for path in sorted(TEXTS.glob("*.txt")):
        for block in re.split(r"^@@ ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            story = _story(block, found)
            if story.slug in found:
                raise ValueError(f"two texts are named {story.slug}")
            found[story.slug] = story
    return found


def _story(block: str, known: dict[str, Story]) -> Story:
    head, _, body = block.partition("\n\n")
    slug, *lines = head.strip().splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    paragraphs = tuple(line.strip() for line in body.splitlines() if line.strip())
    if "copy_of" in fields:
        original = known[fields["copy_of"]]
        at = paragraphs.index("…")
        paragraphs = (*paragraphs[:at], *original.paragraphs[1:], *paragraphs[at + 1 :])
        return dataclasses.replace(original, slug=slug, title=fields["title"], paragraphs=paragraphs)
    kinds = {"places": "place", "people": "person", "orgs": "organisation"}
    return Story(
        slug=slug,
        title=fields["title"],
        paragraphs=paragraphs,
        language=fields.get("language", "ar"),
        topic=fields.get("topic", ""),
        also=_items(fields.get("also", "")),
        entities=tuple((name, kind) for field, kind in kinds.items() for name in _items(fields.get(field, ""))),
    )


def _items(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split("|") if item.strip())
