"""The brokers among the sources of a stream: their messages become files before each cycle."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from warraq.pipelines.cli import WRONG_USAGE
from warraq.pipelines.errors import WarraqError, message_of
from warraq.pipelines.flags import KEEP
from warraq.pipelines.options import StreamOptions
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.file_names import os_name
from warraq.transforms.land import kafka, pubsub
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.kafka import KafkaLander, Topic, read_settings, topic_of
from warraq.transforms.land.pubsub import PubsubLander, subscription_of
from warraq.transforms.storage import is_remote

_SCHEMES: Final = (kafka.SCHEME, pubsub.SCHEME)


class Lander(Protocol):
    """A topic or subscription whose messages become segments in a folder."""

    @property
    def folder(self) -> str:
        """The folder of its segments."""

    @property
    def is_ours(self) -> bool:
        """False while another process lands it in this folder."""

    @property
    def lost(self) -> int:
        """Messages that the broker had removed before they were landed."""

    @property
    def keys(self) -> Sequence[str]:
        """The transactions that tell what is committed."""

    def land(
        self, most_bytes: int, tell: Callable[[str], object], committed: Callable[[Sequence[str]], Mapping[str, int]]
    ) -> None:
        """Lands the messages that are there now, about `most_bytes` of them at most."""

    def behind(self, committed: Mapping[str, int]) -> int:
        """The messages that were there at the last landing and are not committed."""

    def close(self) -> None:
        """Ends the connection."""


class Landing:
    """The landers of a stream, and the folder of their segments."""

    def __init__(self, options: StreamOptions, dataset: Dataset, tell: Callable[[str], object]) -> None:
        """Connects to the brokers among the sources.

        Raises:
          WarraqError: an address, a setting or the folder is wrong.
        """
        self._options, self._dataset, self._tell = options, dataset, tell
        addresses = [each for each in options.ingest.inputs if each.startswith(_SCHEMES)]
        self._landers = _landers(addresses, options)
        others = [each for each in options.ingest.inputs if each not in addresses]
        self.places = [*others, *[options.landing] * bool(addresses)]  # where files arrive
        self.folder = options.landing if addresses else ""

    def close(self) -> None:
        """Ends the connections."""
        for lander in self._landers:
            lander.close()

    def land(self) -> None:
        """Makes files of the messages that brokers have.

        Raises:
          WarraqError: a broker does not answer, or the folder can't be written.
        """
        try:
            for lander in self._landers:
                lander.land(self._options.most_bytes, self._tell, self._dataset.transactions)
        except LandingError as error:
            raise WarraqError(message_of(error)) from error
        except OSError as error:  # of a write, which names no file
            raise WarraqError(f"{self.folder}: {error.strerror or error}") from error

    def is_hidden(self, path: str) -> bool:
        """True for a segment of a topic that another process lands here: it also reads it."""
        return any(path.startswith(f"{each.folder}/") for each in self._landers if not each.is_ours)

    def done(self, paths: Iterable[str]) -> None:
        """Removes those of these files that are segments, as they are in the dataset; on request only."""
        if self._options.landed != KEEP:
            folders = tuple(f"{each.folder}/" for each in self._landers)
            for path in map(os_name, paths):
                if folders and path.startswith(folders):
                    with contextlib.suppress(FileNotFoundError):
                        Path(path).unlink()

    @property
    def lost(self) -> int:
        """Messages that brokers had removed before they were landed."""
        return sum(lander.lost for lander in self._landers)

    def behind(self) -> int | None:
        """The messages that were there at the last landing and are not committed; None without a broker."""
        if not self._landers:
            return None
        keys = [key for lander in self._landers for key in lander.keys]
        reached = self._dataset.transactions(keys) if keys else {}
        return sum(lander.behind(reached) for lander in self._landers)


def _landers(addresses: Sequence[str], options: StreamOptions) -> list[Lander]:
    """The landers of the topics at these addresses."""
    if not addresses:
        return []
    topics = {address: topic_of(address) or subscription_of(address) for address in addresses}
    for address, topic in topics.items():
        if not topic:
            example = (
                "pubsub://project/subscription" if address.startswith(pubsub.SCHEME) else "kafka://localhost:9092/pages"
            )
            raise WarraqError(f"{address}: not an address such as {example}", WRONG_USAGE)
    if is_remote(options.landing):
        raise WarraqError("--landing: name a folder on this machine, where messages become files", WRONG_USAGE)
    try:
        settings = read_settings(options.kafka_settings) if options.kafka_settings else {}
        Path(options.landing).mkdir(parents=True, exist_ok=True)
        return [
            KafkaLander(topic, options.landing, settings)
            if isinstance(topic, Topic)
            else PubsubLander(topic, options.landing)
            for topic in topics.values()
            if topic
        ]
    except (LandingError, OSError, ValueError) as error:
        raise WarraqError(message_of(error), WRONG_USAGE) from error
