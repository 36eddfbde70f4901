"""Offsets in the dataset: for each partition of a topic, the offset of the message that is committed next.

They are transactions, committed together with the rows of the messages (see loads.py). So it is the dataset that says
what has been read, not the broker, and not the files in which messages land.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import unquote

from warraq.transforms.dataset import loads
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.land.segments import NAME


class File(Protocol):
    """A dump, as far as it matters here."""

    @property
    def path(self) -> str:
        """Its name."""

    @property
    def fingerprint(self) -> str:
        """The digest of its content."""


Dump = TypeVar("Dump", bound=File)


class Span(NamedTuple):
    """The messages of a segment."""

    topic: str
    partition: int
    first: int  # offsets
    last: int

    @property
    def key(self) -> str:
        """The transaction of the partition."""
        return loads.partition_key(self.topic, self.partition)


def span_of(path: str, landing: str) -> Span | None:
    """The messages of the segment at `path`; None if that is no segment in the folder `landing`, or there is none."""
    found = PurePosixPath(path)
    match = NAME.fullmatch(found.name)
    topic, partition = found.parent.parent, found.parent.name
    is_ours = bool(landing) and os.path.normpath(topic.parent) == os.path.normpath(landing)
    if not match or not is_ours or not partition.isdecimal():
        return None
    return Span(unquote(topic.name), int(partition), int(match[1]), int(match[2]))


def committed(dataset: Dataset, dumps: Iterable[File], landing: str) -> dict[str, int]:
    """The offsets up to which the partitions of these segments are committed: transaction → next offset, 0 for none."""
    spans = (span_of(dump.path, landing) for dump in dumps)
    keys = sorted({span.key for span in spans if span})
    found = dataset.transactions(keys) if keys else {}
    return {key: found.get(key, 0) for key in keys}


def covered(
    dataset: Dataset, dumps: Iterable[Dump], landing: str, reached: Mapping[str, int], recipe: str
) -> list[Dump]:
    """The segments that must not be read: messages of theirs are committed, from segments of another landing folder.

    A segment that could not be read stands behind the offset, too. It is known by its failures, and may be tried again.

    Args:
      dataset: the dataset.
      dumps: segments that it does not have, and other dumps.
      landing: the folder of the segments.
      reached: as by `committed`, read before it was decided which dumps the dataset does not have.
      recipe: the digest of the rules.
    """
    past = [dump for dump in dumps if (span := span_of(dump.path, landing)) and span.first < reached.get(span.key, 0)]
    keys = {
        dump: [
            loads.dump_key(dump.fingerprint),
            loads.failed_dump_key(dump.fingerprint),
            loads.failures_key(loads.load_id(recipe, dump.fingerprint)),
        ]
        for dump in past
    }
    versions = dataset.transactions(sorted({key for each in keys.values() for key in each})) if past else {}
    return [dump for dump in past if not any(versions.get(key) for key in keys[dump])]


def moves(
    paths: Iterable[str], left_out: Collection[str], landing: str, reached: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """The offsets that a run changes: transaction → the next offset before it, and after it.

    The offset stays before a segment that is left out until that is recorded, which is after the run, and moves it.

    Args:
      paths: the segments that the run reads, and other dumps.
      left_out: the dumps that it had to leave out.
      landing: the folder of the segments.
      reached: as by `committed`.
    """
    limits: dict[str, int] = {}
    for path in left_out:
        if span := span_of(path, landing):
            limits[span.key] = min(span.first, limits.get(span.key, span.first))
    found: dict[str, tuple[int, int]] = {}
    for path in paths:
        if span := span_of(path, landing):
            before, after = found.get(span.key, (reached.get(span.key, 0),) * 2)
            is_passed = span.last < limits.get(span.key, span.last + 1)
            found[span.key] = before, max(after, span.last + 1) if is_passed else after
    return found


def in_order(paths: Collection[str], waiting: Collection[str], landing: str) -> set[str]:
    """Those of the paths before which no segment of the same partition waits that is not among them."""
    held_up: dict[str, int] = {}
    spans = {path: span_of(path, landing) for path in waiting}
    for path, span in spans.items():
        if span and path not in paths:
            held_up[span.key] = min(span.first, held_up.get(span.key, span.first))
    return {
        path for path in paths if not (span := spans.get(path)) or span.first < held_up.get(span.key, span.first + 1)
    }
