"""The coder of records: Beam's workers exchange them by their fields, and equal records are equal bytes.

It lies apart from the records, so that code that only uses records starts without Beam.
"""

import datetime as dt
from typing import Any

import apache_beam as beam
from apache_beam.coders.coders import FastCoder
from apache_beam.typehints.schemas import LogicalType, NoArgumentLogicalType

from warraq.schemas.records import Article, Document, Entity, Page, Rejected, Source, Stated, TopicScore

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


@LogicalType.register_logical_type
class UtcMicros(NoArgumentLogicalType[dt.datetime, int]):
    """Encodes an aware datetime as microseconds since 1970 (Beam alone would pickle it)."""

    @classmethod
    def urn(cls) -> str:
        return "warraq:logical_type:utc_micros:v1"

    @classmethod
    def representation_type(cls) -> type[int]:
        return int

    @classmethod
    def language_type(cls) -> type[dt.datetime]:
        return dt.datetime

    def to_representation_type(self, value: dt.datetime) -> int:
        return (value - _EPOCH) // dt.timedelta(microseconds=1)

    def to_language_type(self, value: int) -> dt.datetime:
        return _EPOCH + dt.timedelta(microseconds=value)


class RecordCoder(FastCoder):
    """Encodes a record by its fields, as RowCoder does, and travels to workers as the record's class.

    RowCoder itself travels as a schema, and a worker that has not imported this module yet knows no `UtcMicros`.
    """

    def __init__(self, record: type) -> None:
        self._record = record
        self._row = beam.coders.RowCoder.from_type_hint(record, beam.coders.registry)

    @classmethod
    def from_type_hint(cls, record: type, _registry: Any) -> "RecordCoder":
        return cls(record)

    def _create_impl(self) -> Any:
        return self._row.get_impl()

    def is_deterministic(self) -> bool:
        return bool(self._row.is_deterministic())

    def to_type_hint(self) -> type:
        return self._record

    def __reduce__(self) -> tuple[type, tuple[type]]:
        return RecordCoder, (self._record,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordCoder) and self._record is other._record

    def __hash__(self) -> int:
        return hash(self._record)


def register(*records: type) -> None:
    """Makes Beam encode the records, and those nested in them, by their fields.

    Raises:
      TypeError: a field has a type that Beam would pickle, such as `X | None` in place of `Optional[X]`.
    """
    for record in records:
        beam.coders.registry.register_coder(record, RecordCoder)
        if not RecordCoder(record).is_deterministic():
            raise TypeError(f"{record.__name__}: Beam has no coder for one of its fields, and would pickle it")


register(Source, Stated, Page, Document, Entity, TopicScore, Article, Rejected)
