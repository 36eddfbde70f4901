"""Messages of a Pub/Sub subscription become segments. They are acknowledged when these are on the disk.

A segment is named by the digest of its messages' ids. A message that is delivered again, because its acknowledgement
was lost, lands again: in a segment of the same name and bytes, or in another one. There its article is a duplicate.
"""

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from warraq.transforms import storage
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.messages import Decoder
from warraq.transforms.land.segments import Message, cut, write_segment
from warraq.transforms.land.turn import Turn

SCHEME: Final = "pubsub://"
_ADDRESS: Final = re.compile(r"pubsub://([a-z][\w.:-]+)/([A-Za-z][\w.~+%-]{2,254})")
_AT_ONCE: Final = 1000  # messages that are asked for, or acknowledged, together
_WAIT: Final = 5.0  # seconds for an answer of the service; none means that there is nothing
_GATHERING: Final = 5.0  # seconds; after 10, by default, a message that is not acknowledged is delivered again


class Subscription(NamedTuple):
    """A subscription of a project."""

    project: str
    name: str

    @property
    def path(self) -> str:
        """As the service names it."""
        return f"projects/{self.project}/subscriptions/{self.name}"


def subscription_of(address: str) -> Subscription | None:
    """The subscription of `pubsub://project/subscription`; None if it is none."""
    match = _ADDRESS.fullmatch(address)
    return Subscription(match[1], match[2]) if match else None


def message_of(found: Any) -> Message:
    """A message of the service's client, or of Beam, which may lack its id: then a digest of all that it says is one.

    Who read the service with Beam has seen blank ids (apache/beam#9232).
    """
    attributes: Mapping[str, str] = found.attributes or {}
    value = bytes(found.data or b"")
    sent_at = int(found.publish_time.timestamp() * 1000) if found.publish_time else 0
    name = found.message_id or _digest([repr((value, sorted(attributes.items()), sent_at))])
    headers = {name: text.encode() for name, text in attributes.items()}
    return Message("", 0, 0, value, (found.ordering_key or "").encode(), headers, sent_at, name)


def segment_name(ids: Iterable[str], kind: str) -> str:
    """The name of the segment that has the messages with these ids."""
    return f"{_digest(sorted(ids))}.{kind}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def segments_folder(landing: str, subscription: Subscription) -> str:
    """The folder of the segments of a subscription."""
    return storage.join(landing, "pubsub", subscription.project, quote(subscription.name, safe=""))


class PubsubLander:
    """Lands one subscription in a folder."""

    lost = 0  # the service keeps what is not acknowledged, and does not tell what it has dropped
    keys: Sequence[str] = ()

    def __init__(self, subscription: Subscription, landing: str) -> None:
        """Takes the subscription and the folder of the segments. PUBSUB_EMULATOR_HOST names an emulator.

        Raises:
          LandingError: the client is not installed, or there are no credentials.
        """
        try:
            from google.api_core import exceptions  # noqa: PLC0415  (an extra)
            from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
            from google.cloud import pubsub_v1  # noqa: PLC0415
        except ImportError as error:
            raise LandingError('Pub/Sub needs an extra: pip install "warraq[gcp]"') from error
        self._faults = exceptions
        self._subscription = subscription
        self.folder = segments_folder(landing, subscription)
        lock = storage.join(landing, ".locks", f"pubsub.{subscription.project}.{subscription.name}{storage.LOCK}")
        self._turn = Turn(self.folder, lock)
        self._decoder = Decoder({})
        try:
            self._client: Any = pubsub_v1.SubscriberClient()
        except GoogleAuthError as error:
            raise LandingError(f"{SCHEME}{subscription.project}/{subscription.name}: {error}") from error

    @property
    def is_ours(self) -> bool:
        """False while another process lands it in this folder."""
        return self._turn.is_ours

    def close(self) -> None:
        """Ends the connection, and leaves the folder to others."""
        self._client.close()
        self._turn.leave()

    def behind(self, committed: Mapping[str, int]) -> int:
        """0: the service does not tell how many messages it has."""
        del committed
        return 0

    def land(
        self,
        most_bytes: int,
        tell: Callable[[str], object],
        committed: Callable[[Sequence[str]], Mapping[str, int]],
    ) -> None:
        """Lands messages that are there now, about `most_bytes` of them at most, and acknowledges them.

        Raises:
          LandingError: the service does not answer, or there is no such subscription.
          OSError: the folder can't be written.
        """
        del committed
        if not self._turn.take(tell):
            return
        self._remove_unfinished()
        try:
            found = dict(self._pull(most_bytes))
            for piece in cut(sorted(found.values(), key=lambda message: message.kind)):
                self._write(piece)
            waiting = list(found)
            for start in range(0, len(waiting), _AT_ONCE):
                ids = waiting[start : start + _AT_ONCE]
                self._client.acknowledge(subscription=self._subscription.path, ack_ids=ids, timeout=_WAIT)
        except (self._faults.GoogleAPICallError, self._faults.RetryError) as error:
            where = f"{SCHEME}{self._subscription.project}/{self._subscription.name}"
            raise LandingError(f"{where}: {error}") from error

    def _pull(self, most_bytes: int) -> Iterator[tuple[str, Message]]:
        """The messages, by what acknowledges them."""
        size, end = 0, time.monotonic() + _GATHERING
        while size < most_bytes and time.monotonic() < end:
            answers: Any = None
            with contextlib.suppress(self._faults.DeadlineExceeded):
                answers = self._client.pull(
                    subscription=self._subscription.path, max_messages=_AT_ONCE, timeout=_WAIT, retry=None
                )
            if not answers or not answers.received_messages:
                return
            for each in answers.received_messages:
                message = self._decoder.decode(message_of(each.message))
                size += len(message.value)
                yield each.ack_id, message

    def _write(self, messages: Sequence[Message]) -> None:
        name = segment_name((message.id for message in messages), messages[0].kind)
        write_segment(Path(self.folder, name), sorted(messages, key=lambda each: each.id))

    def _remove_unfinished(self) -> None:
        for name in storage.entries(self.folder):
            if name.startswith(storage.UNFINISHED):
                storage.delete(storage.join(self.folder, name))
