"""The value of a message becomes JSON, a page or a WARC record, whatever a schema registry or Avro has made of it.

A registry puts five bytes before a value: 0, and the number of its schema. A value that can't be read becomes an object
that says why; the reader of JSON lines makes a rejected row of it.
"""

import base64
import datetime as dt
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from warraq.transforms import storage
from warraq.transforms.land.errors import LandingError
from warraq.transforms.land.segments import UNREADABLE, Message
from warraq.transforms.rejection import describe

REGISTRY: Final = "schema.registry.url"
USER: Final = "schema.registry.basic.auth.user.info"
SCHEMA: Final = "value.avro.schema"
SETTINGS: Final = (REGISTRY, USER, SCHEMA)  # those that are not the client's
_FRAMING: Final = 5
_TIMEOUT: Final = 30.0  # seconds for an answer of the registry
_GONE: Final = (404, 422)  # its answers for a number that it does not know
_MOST_SCHEMAS: Final = 1000
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class _Schema(NamedTuple):
    kind: str  # AVRO, JSON …
    parsed: Any  # of Avro, as fastavro wants it
    fault: str = ""


class Decoder:
    """Decodes the values of a topic. Asks the registry once for each schema."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Takes the settings; those that are not in SETTINGS are left alone.

        Raises:
          LandingError: the library for Avro is not installed, or the schema in the file is wrong.
        """
        self._registry = settings.get(REGISTRY, "").rstrip("/")
        if self._registry and not re.match(r"https?://", self._registry):
            raise LandingError(f"{REGISTRY}: {self._registry}: must begin with http:// or https://")
        self._user = settings.get(USER, "")
        self._schemas: dict[int, _Schema] = {}
        self._avro: Any = None
        self._own: Any = None
        if self._registry or SCHEMA in settings:
            try:
                import fastavro  # noqa: PLC0415  (an extra)
            except ImportError as error:
                raise LandingError('Avro needs an extra: pip install "warraq[kafka]"') from error
            self._avro = fastavro
        if SCHEMA in settings:
            try:
                self._own = self._avro.parse_schema(json.loads(storage.read(settings[SCHEMA])))
            except (OSError, ValueError, self._avro.schema.SchemaParseException) as error:
                raise LandingError(f"{SCHEMA}: {settings[SCHEMA]}: {describe(error)}") from error

    def decode(self, message: Message) -> Message:
        """The message with a value that a segment can hold: a JSON object, a page, or one WARC record.

        Raises:
          LandingError: the registry does not answer.
        """
        value = message.value
        if value.startswith(b"WARC/"):
            return message if _is_one_record(value) else _unreadable(message, "not one whole WARC record")
        is_framed = len(value) > _FRAMING and value[0] == 0 and not self._is_page(message)
        if self._registry and is_framed:
            schema = self._schema(int.from_bytes(value[1:_FRAMING], "big"))
            if schema.fault:
                return _unreadable(message, schema.fault)
            rest = value[_FRAMING:]
            return (
                message._replace(value=rest) if schema.kind == "JSON" else self._from_avro(message, rest, schema.parsed)
            )
        if self._own is not None and value and not self._is_page(message):
            return self._from_avro(message, value, self._own)
        if is_framed and value[1] == 0 and value[_FRAMING : _FRAMING + 1] != b"{":
            return _unreadable(message, f"has the framing of a schema registry; --kafka_settings needs {REGISTRY}")
        return message

    @staticmethod
    def _is_page(message: Message) -> bool:
        """True if the headers say that the value is a page as it is."""
        stated = {name.lower(): value.lower() for name, value in message.headers.items()}
        return stated.get("content-type", b"").startswith(b"text/")

    def _from_avro(self, message: Message, value: bytes, schema: Any) -> Message:
        stream = io.BytesIO(value)
        try:
            record = self._avro.schemaless_reader(stream, schema, None)
            if stream.read(1):
                raise ValueError("there are bytes behind the record")
            if not isinstance(record, dict):
                raise TypeError("the schema is not that of a record")
            return message._replace(value=json.dumps(record, ensure_ascii=False, default=_as_json).encode())
        # fastavro raises almost anything on bytes that its schema does not fit
        except Exception as error:  # noqa: BLE001
            return _unreadable(message, f"no Avro of its schema: {describe(error)}")

    def _schema(self, number: int) -> _Schema:
        if number not in self._schemas:
            if len(self._schemas) >= _MOST_SCHEMAS:  # a poisoned topic must not fill the memory
                self._schemas.clear()
            self._schemas[number] = self._fetch(number)
        return self._schemas[number]

    def _fetch(self, number: int) -> _Schema:
        request = urllib.request.Request(f"{self._registry}/schemas/ids/{number}")  # noqa: S310  (checked above)
        if self._user:
            request.add_header("Authorization", f"Basic {base64.b64encode(self._user.encode()).decode()}")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in _GONE:
                return _Schema("", None, f"the registry has no schema {number}")
            raise LandingError(f"{self._registry}: schema {number}: HTTP {error.code}") from error
        except (OSError, ValueError) as error:
            raise LandingError(f"{self._registry}: schema {number}: {error}") from error
        kind = found.get("schemaType", "AVRO")
        if kind == "JSON":
            return _Schema(kind, None)
        if kind != "AVRO" or found.get("references"):
            return _Schema(
                kind, None, f"schema {number} is {kind.title()}, or refers to others; Avro and JSON are read"
            )
        try:
            return _Schema(kind, self._avro.parse_schema(json.loads(found["schema"])))
        except (KeyError, ValueError, self._avro.schema.SchemaParseException) as error:
            return _Schema(kind, None, f"schema {number} is wrong: {describe(error)}")


def _unreadable(message: Message, why: str) -> Message:
    return message._replace(value=json.dumps({UNREADABLE: why[:200]}, ensure_ascii=False).encode())


def _as_json(value: object) -> object:
    """The values that JSON does not know: times in ISO form, bytes as the text that they must be."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


def _is_one_record(value: bytes) -> bool:
    head, mark, rest = value.partition(b"\r\n\r\n")
    lengths = _LENGTH.findall(head)
    size = int(lengths[0]) if len(lengths) == 1 else -1
    return bool(mark) and 0 <= size <= len(rest) and not rest[size:].strip(b"\r\n")
