"""LandMessages: the messages of a Pub/Sub subscription, as Beam reads them, become segments in a bucket.

It is the lander of an unbounded job. Dataflow acknowledges a message once it keeps it itself, and reads none twice for
some minutes; so here nothing is acknowledged. A company of messages is fixed before it is written (see companies.py).
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias

import apache_beam as beam

from warraq.schemas.coders import register
from warraq.transforms.land.companies import Landed, landed, write_company

_KEYS: Final = 8  # companies that are gathered at once
_MOST: Final = 100  # messages of a company
_LARGE: Final = 512 << 10  # bytes. A larger message is alone, so that no company is more than 50 MB
_GATHERING: Final = 10.0  # seconds for which a company waits for more
_ALONE: Final = "alone"

register(Landed)
_Keyed: TypeAlias = tuple[int, Landed]  # with the number of a company
_Company: TypeAlias = tuple[int, list[Landed]]
_Alone: TypeAlias = beam.pvalue.TaggedOutput[Literal["alone"], _Company]


class _RecordFn(beam.DoFn):
    """PubsubMessage → (number of a company, Landed); in the output _ALONE a company of one."""

    def process(self, found: Any) -> Iterator[_Keyed | _Alone]:
        message = landed(found)
        key = hashlib.blake2b(message.id.encode(), digest_size=1).digest()[0] % _KEYS
        yield beam.pvalue.TaggedOutput(_ALONE, (key, [message])) if len(message.record) > _LARGE else (key, message)


class _WriteFn(beam.DoFn):
    """A company → the paths of its segments."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def process(self, company: _Company) -> Iterator[str]:
        yield from write_company(self._folder, company[1])


@dataclasses.dataclass
class LandMessages(beam.PTransform):
    """PubsubMessage → the paths of the segments in `folder`. Shuffles whole messages twice."""

    folder: str

    def expand(self, messages: beam.PCollection) -> beam.PCollection:
        recording = beam.ParDo(_RecordFn()).with_output_types(_Keyed, alone=_Company)
        recorded = messages | "Record" >> recording.with_outputs(_ALONE, main="small")
        gathered = recorded["small"] | "Gather" >> beam.GroupIntoBatches(_MOST, _GATHERING)
        return (
            (gathered | "List" >> beam.MapTuple(_listed).with_output_types(_Company), recorded[_ALONE])
            | "Join" >> beam.Flatten()
            | "Fix" >> beam.Reshuffle()  # else a second attempt at a segment could have other messages
            | "Write" >> beam.ParDo(_WriteFn(self.folder)).with_output_types(str)
        )


def _listed(key: int, messages: Iterable[Landed]) -> tuple[int, list[Landed]]:
    return key, [*messages]
