"""Segments: files of consecutive messages of one partition of a topic. Each message is one record.

    LANDING/TOPIC/0/00000000000000000124-00000000000000000192.jsonl     JSON objects, with their place as `kafka`
    LANDING/TOPIC/0/00000000000000000193-00000000000000000201.warc      pages, as responses

The name has the offsets of the first and the last message, so the next message is known from the names alone. The
content has the place of each message, so no two segments are equal: equal files would be read once only.
"""

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from warraq.transforms import storage

JSONL, WARC = "jsonl", "warc"
PLACE, ID = "kafka", "pubsub"  # the field of a line that has the place of its message, or its id
UNREADABLE: Final = "unreadable"  # the field that says, instead of all others, why a message has no page
NAME: Final = re.compile(r"(\d{20})-(\d{20})\.(?:jsonl|warc)")
_FRAMING: Final = 5  # bytes that a schema registry puts before JSON: 0, and the number of the schema
_LINE_ENDS: Final = re.compile(rb"[\r\n]+")  # in JSON they are only between values
_VERSION: Final = b"WARC/"  # the beginning of a record
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f]+")  # in a header of a WARC record


class Message(NamedTuple):
    """A message of a topic."""

    topic: str
    partition: int
    offset: int
    value: bytes
    key: bytes = b""
    headers: Mapping[str, bytes] = {}
    sent_at: int = 0  # milliseconds since 1970
    id: str = ""  # of Pub/Sub, which has no places

    @property
    def place(self) -> str:
        """Topic, partition and offset; or the id."""
        return self.id or f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def kind(self) -> str:
        """The format of the segment that can hold the message."""
        return JSONL if not self.value or _bare(self.value).startswith(b"{") else WARC


def record_of(message: Message) -> bytes:
    """The message as a record of a segment: its value is unchanged but for line ends between the values of JSON."""
    if message.value.startswith(_VERSION):
        return _record(message)
    if message.kind == WARC:
        return _response(message)
    rest = _LINE_ENDS.sub(b" ", _bare(message.value)[1:].strip()) or b"}"
    comma = b"" if rest.lstrip().startswith(b"}") else b", "
    field = ID if message.id else PLACE
    return f'{{"{field}": '.encode() + json.dumps(message.place).encode() + comma + rest + b"\n"


def _record(message: Message) -> bytes:
    """A WARC record with a header more: its place, so that no two are equal. Its block begins where it began."""
    version, _, rest = message.value.partition(b"\n")
    head, mark, block = rest.partition(b"\r\n\r\n")
    place = f"X-Message: {quote(message.place)}\r\n".encode()
    length = _LENGTH.search(head)
    block = block[: int(length[1])] if length else block
    return version + b"\n" + place + head + mark + block + b"\r\n\r\n"


def _bare(value: bytes) -> bytes:
    """The value without the framing of a schema registry, and without white space before it."""
    framed = value[:1] == b"\0" and value[_FRAMING : _FRAMING + 1] == b"{"
    return (value[_FRAMING:] if framed else value).lstrip()


def _response(message: Message) -> bytes:
    """A page as a response in WARC. Address, fetch time and media type come from the headers of the message."""
    stated = {name.lower(): value.decode("utf-8", "replace") for name, value in message.headers.items()}
    key = message.key.decode("utf-8", "replace")
    url = stated.get("url") or (key if "://" in key else f"kafka:{quote(message.place)}")
    sent_at = dt.datetime.fromtimestamp(message.sent_at // 1000, tz=dt.timezone.utc)
    fetched_at = stated.get("fetched_at") or sent_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = " ".join((stated.get("content-type") or "text/html").split())
    page = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(message.value)}\r\n\r\n".encode()
    headers = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<urn:kafka:{quote(message.place)}>",
        "WARC-Target-URI": _UNSAFE.sub("", url),
        "WARC-Date": _UNSAFE.sub("", fetched_at),
        "Content-Type": "application/http;msgtype=response",
        "Content-Length": str(len(page) + len(message.value)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"WARC/1.1\r\n{lines}\r\n".encode() + page + message.value + b"\r\n\r\n"


def cut(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages of one partition, cut where their kind changes."""
    piece: list[Message] = []
    for message in messages:
        if piece and message.kind != piece[0].kind:
            yield piece
            piece = []
        piece.append(message)
    if piece:
        yield piece


class Partition:
    """The segments of one partition."""

    def __init__(self, landing: str, topic: str, partition: int) -> None:
        self.folder = Path(landing, quote(topic, safe=""), str(partition))

    def next_offset(self) -> int | None:
        """The offset of the first message that no segment has; None if there are no segments."""
        return max((last + 1 for _, last in self._spans().values()), default=None)

    def remove_from(self, offset: int) -> None:
        """Removes the segment that has this message and one before it, and those that follow it, if there is one.

        Another process, with another folder, has cut the messages in another way, and committed those up to there.
        """
        spans = self._spans()
        if any(first < offset <= last for first, last in spans.values()):
            for name, (_, last) in spans.items():
                if last >= offset:
                    storage.delete(str(self.folder / name))

    def _spans(self) -> dict[str, tuple[int, int]]:
        """The offsets of the first and the last message of each segment, by its name."""
        names = (NAME.fullmatch(name) for name in storage.entries(str(self.folder)))
        return {name[0]: (int(name[1]), int(name[2])) for name in names if name}

    def remove_unfinished(self) -> None:
        """Removes what a process has left that was killed while it wrote."""
        for name in storage.entries(str(self.folder)):
            if name.startswith(storage.UNFINISHED):
                storage.delete(str(self.folder / name))

    def write(self, messages: Sequence[Message]) -> Path:
        """Writes a segment of messages of one kind, in order. It appears under its name once it is on the disk."""
        path = self.folder / f"{messages[0].offset:020}-{messages[-1].offset:020}.{messages[0].kind}"
        write_segment(path, messages)
        return path


def write_segment(path: Path, messages: Iterable[Message]) -> None:
    """Writes messages of one kind, in order. The file appears under its name once it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{storage.UNFINISHED}{path.name}")
    with unfinished.open("wb") as stream:
        for message in messages:
            stream.write(record_of(message))
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
