"""Messages of a Kafka topic become segments. The offsets are in the names of the segments, not in the broker.

The dataset has the offsets that are committed. So nothing is committed to the broker, and no consumer group is needed.
One process at a time lands a topic in a folder, under a lock that it keeps.
"""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from warraq.transforms import storage
from warraq.transforms.dataset.loads import partition_key
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.messages import SETTINGS, Decoder
from warraq.transforms.land.segments import Message, Partition, cut
from warraq.transforms.land.turn import Turn

SCHEME: Final = "kafka://"
_ADDRESS: Final = re.compile(r"kafka://([^/\s]+:\d+(?:,[^/\s]+:\d+)*)/([\w.-]{1,249})")
_TIMEOUT: Final = 30.0  # seconds for an answer of the broker
_AT_ONCE: Final = 1000  # messages that the client hands over together
_GATHERING: Final = 0.1  # seconds that it waits for so many
_FIXED: Final = {
    "group.id": "warraq",  # the client wants one; nothing is stored under it
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "auto.offset.reset": "error",  # a gap is told, not jumped over
    "queued.max.messages.kbytes": 16_384,  # read ahead
}


class Topic(NamedTuple):
    """A topic, and the brokers that know the others of its cluster."""

    servers: str
    name: str


def topic_of(address: str) -> Topic | None:
    """The topic of an address `kafka://host:port/topic`, with more hosts after commas; None if it is none."""
    match = _ADDRESS.fullmatch(address)
    return Topic(match[1], match[2]) if match else None


def read_settings(path: str) -> dict[str, str]:
    """The client's settings in a file with lines `name=value`, such as passwords. Lines that begin with # are skipped.

    Raises:
      OSError, ValueError: the file can't be read, or a line is none.
    """
    settings = {}
    for line in storage.read(path).decode().splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if name.startswith("#") or not line.strip():
            continue
        if not equals or name in _FIXED:
            raise ValueError(f"{path}: {name}: not a setting NAME=VALUE that may be changed")
        settings[name] = value
    return settings


class KafkaLander:
    """Lands one topic in a folder."""

    def __init__(self, topic: Topic, landing: str, settings: Mapping[str, str]) -> None:
        """Takes the topic, the folder of the segments, and settings of librdkafka, the client.

        Raises:
          LandingError: the client is not installed, or a setting is wrong.
        """
        try:
            import confluent_kafka  # noqa: PLC0415  (an extra)
        except ImportError as error:
            raise LandingError('Kafka needs an extra: pip install "warraq[kafka]"') from error
        self._client = confluent_kafka
        self._topic, self._landing = topic, landing
        self.folder = str(Path(landing, quote(topic.name, safe="")))  # of its segments
        self._turn = Turn(self.folder, storage.join(landing, ".locks", f"{topic.name}{storage.LOCK}"))
        self.lost = 0  # messages that the broker had removed before they were landed
        self._ends: dict[int, int] = {}  # partition → offset that the next message will get
        self._decoder = Decoder(settings)
        settings = {name: value for name, value in settings.items() if name not in SETTINGS}
        words = {"logger": _Silent()}  # its failures are raised
        try:
            self._consumer = confluent_kafka.Consumer(
                {**settings, **_FIXED, "bootstrap.servers": topic.servers}, **words
            )
        except (confluent_kafka.KafkaException, TypeError) as error:
            raise LandingError(f"kafka: {error}") from error

    @property
    def is_ours(self) -> bool:
        """True once this process lands the topic in the folder, and until it ends."""
        return self._turn.is_ours

    def close(self) -> None:
        """Ends the connection, and leaves the folder to others."""
        self._consumer.close()
        self._turn.leave()

    def behind(self, committed: Mapping[str, int]) -> int:
        """The messages that were in the topic at the last landing and are not committed: transaction → next offset."""
        due = {number: committed.get(partition_key(self._topic.name, number), 0) for number in self._ends}
        return sum(max(0, end - due[number]) for number, end in self._ends.items())

    @property
    def keys(self) -> list[str]:
        """The transactions of the partitions that the last landing saw."""
        return [partition_key(self._topic.name, number) for number in sorted(self._ends)]

    def land(
        self,
        most_bytes: int,
        tell: Callable[[str], object],
        committed: Callable[[Sequence[str]], Mapping[str, int]],
    ) -> None:
        """Lands the messages that are in the topic now, about `most_bytes` of them at most.

        Nothing is landed while another process lands this topic in this folder.

        Args:
          most_bytes: the limit, and so the memory.
          tell: gets a line if the broker has removed messages that were not landed yet, or another process is at it.
          committed: the versions of transactions in the dataset.

        Raises:
          LandingError: the broker does not answer, or there is no such topic.
          OSError: the folder can't be written.
        """
        try:
            if self._turn.take(tell):
                self._land(most_bytes, tell, committed)
        except self._client.KafkaException as error:
            raise LandingError(f"{SCHEME}{self._topic.servers}/{self._topic.name}: {_words(error)}") from error

    def _land(
        self,
        most_bytes: int,
        tell: Callable[[str], object],
        committed: Callable[[Sequence[str]], Mapping[str, int]],
    ) -> None:
        partitions = {number: Partition(self._landing, self._topic.name, number) for number in self._partitions()}
        keys = {number: partition_key(self._topic.name, number) for number in partitions}
        reached = committed([*keys.values()])
        starts = {}
        for number, partition in partitions.items():
            partition.remove_unfinished()
            partition.remove_from(reached.get(keys[number], 0))
            known = [each for each in (reached.get(keys[number]), partition.next_offset()) if each is not None]
            starts[number] = self._start(number, max(known, default=None), tell)
        self._consumer.assign(
            [self._client.TopicPartition(self._topic.name, number, start) for number, start in starts.items()]
        )
        with contextlib.ExitStack() as stack:
            stack.callback(self._consumer.unassign)
            found = self._consume(set(partitions), most_bytes)
        for number, messages in found.items():
            for piece in cut(messages):
                partitions[number].write(piece)

    def _partitions(self) -> list[int]:
        found = self._consumer.list_topics(self._topic.name, _TIMEOUT).topics[self._topic.name]
        if found.error:
            raise self._client.KafkaException(found.error)
        return sorted(found.partitions)

    def _start(self, number: int, due: int | None, tell: Callable[[str], object]) -> int:
        """The offset of the first message to land; `due` is that after the last one, None if there was none."""
        place = self._client.TopicPartition(self._topic.name, number)
        lowest, self._ends[number] = self._consumer.get_watermark_offsets(place, _TIMEOUT)
        if due is not None and due < lowest:
            self.lost += lowest - due
            tell(
                f"{self._topic.name}/{number}: LOST {lowest - due:,} messages: the broker has removed messages {due:,} "
                f"to {lowest - 1:,} before they were landed; its retention is shorter than the stream stood still"
            )
        return max(lowest, due or 0)

    def _consume(self, open_partitions: set[int], most_bytes: int) -> dict[int, list[Message]]:
        """The messages by partition, each up to its end."""
        found: dict[int, list[Message]] = {number: [] for number in open_partitions}
        size, left, deadline = 0, set(open_partitions), time.monotonic() + _TIMEOUT
        while left and size < most_bytes:
            answers = self._consumer.consume(_AT_ONCE, _GATHERING)
            if answers:
                deadline = time.monotonic() + _TIMEOUT
            elif time.monotonic() > deadline:
                raise LandingError(f"{self._topic.name}: the broker sends nothing")
            for answer in answers:
                error = answer.error()
                if error and error.code() == self._client.KafkaError._PARTITION_EOF:  # noqa: SLF001  (its public name)
                    left.discard(answer.partition())
                elif error:
                    raise self._client.KafkaException(error)
                else:
                    message = self._decoder.decode(_message(answer))
                    found[message.partition].append(message)
                    size += len(message.value)
        return found


class _Silent:
    def log(self, *_: object) -> None:
        """Drops a line of the client's log."""


def _message(answer: Any) -> Message:
    kind, sent_at = answer.timestamp()
    return Message(
        answer.topic(),
        answer.partition(),
        answer.offset(),
        answer.value() or b"",
        answer.key() or b"",
        {name: value or b"" for name, value in answer.headers() or ()},
        sent_at if kind else 0,
    )


def _words(error: Exception) -> str:
    """The client's own words for an error."""
    inner = error.args[0] if error.args else error
    return inner.str() if hasattr(inner, "str") else str(inner)
