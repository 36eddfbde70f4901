"""Messages of a Kafka topic become segments. The offsets are in the names of the segments, not in the broker.

So nothing is committed to the broker, and no consumer group is needed. One process at a time lands a topic in a folder,
under a lock.
"""

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from warraq.transforms import storage
from warraq.transforms.land.segments import Message, Partition, cut

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


class LandingError(Exception):
    """The broker or the topic can't be read; the message is one line. What has been landed stays."""


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
        words = {"logger": _Silent()}  # its failures are raised
        try:
            self._consumer = confluent_kafka.Consumer(
                {**settings, **_FIXED, "bootstrap.servers": topic.servers}, **words
            )
        except (confluent_kafka.KafkaException, TypeError) as error:
            raise LandingError(f"kafka: {error}") from error

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()

    def land(self, most_bytes: int, tell: Callable[[str], object]) -> None:
        """Lands the messages that are in the topic now, about `most_bytes` of them at most.

        Nothing is landed while another process lands this topic in this folder.

        Args:
          most_bytes: the limit, and so the memory.
          tell: gets a line if the broker has removed messages that were not landed yet.

        Raises:
          LandingError: the broker does not answer, or there is no such topic.
          OSError: the folder can't be written.
        """
        lock = storage.join(self._landing, ".locks", f"{self._topic.name}{storage.LOCK}")
        try:
            with storage.lock(lock) as ours:
                if ours:
                    self._land(most_bytes, tell)
        except self._client.KafkaException as error:
            raise LandingError(f"{SCHEME}{self._topic.servers}/{self._topic.name}: {_words(error)}") from error

    def _land(self, most_bytes: int, tell: Callable[[str], object]) -> None:
        partitions = {number: Partition(self._landing, self._topic.name, number) for number in self._partitions()}
        for partition in partitions.values():
            partition.remove_unfinished()
        starts = {number: self._start(number, partition, tell) for number, partition in partitions.items()}
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

    def _start(self, number: int, partition: Partition, tell: Callable[[str], object]) -> int:
        """The offset of the first message to land."""
        place = self._client.TopicPartition(self._topic.name, number)
        lowest, _ = self._consumer.get_watermark_offsets(place, _TIMEOUT)
        due = partition.next_offset()
        if due is not None and due < lowest:
            tell(
                f"{self._topic.name}/{number}: the broker has removed messages {due:,} to {lowest - 1:,} before they "
                "were landed; its retention is shorter than the stream stood still"
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
                    message = _message(answer)
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
