"""Companies of Pub/Sub messages, as an unbounded job reads them, become segments in a folder that workers share.

A segment is named by the ids of its messages, which it has in order. So a company that is written again, by another
worker, is the same file.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from warraq.transforms import storage
from warraq.transforms.land.messages import Decoder
from warraq.transforms.land.pubsub import message_of, segment_name
from warraq.transforms.land.segments import record_of


class Landed(NamedTuple):
    """A message as a record of a segment."""

    id: str
    kind: str  # the format of the segment
    record: bytes


def landed(found: Any) -> Landed:
    """The record of a message that Beam has read. One that can't be read says why."""
    message = Decoder({}).decode(message_of(found))
    return Landed(message.id, message.kind, record_of(message))


def write_company(folder: str, messages: Iterable[Landed]) -> Iterator[str]:
    """Writes a segment for each kind of messages. Returns the paths."""
    kinds: dict[str, dict[str, bytes]] = {}
    for message in messages:
        kinds.setdefault(message.kind, {})[message.id] = message.record
    for kind, records in sorted(kinds.items()):
        path = storage.join(folder, segment_name(records, kind))
        with storage.create(path) as stream:
            stream.writelines(records[name] for name in sorted(records))
        yield path
