"""The rules of the reader: limits, and the names of fields in tables."""

import dataclasses
import datetime as dt
from dataclasses import field
from typing import Final

from warraq.schemas.labels import READ_STAGE
from warraq.transforms.read.limits import MOST_BYTES
from warraq.transforms.read.times import YEARS, parse_time
from warraq.transforms.rule_checks import check_range

STAGE: Final = READ_STAGE
FIELD_NAMES: Final = (
    "url", "html", "text", "title", "fetched_at", "charset", "published_at", "authors", "section", "tags", "site_name",
    "description", "image_url",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ReadRules:
    """The limits of the reader, and the fields and times that the user states.

    Raises:
      ValueError: a rule makes no sense; the message has one line and begins with the flag's name.
    """

    max_bytes: int = field(default=10_000_000, metadata={"help": "largest page body, in bytes after decoding"})
    split_bytes: int = field(
        default=4 * 1024 * 1024, metadata={"help": "bytes of a dump that one worker reads at a time", "tuning": True}
    )
    fields: str = field(
        default="",
        metadata={
            "help": f"the fields of JSON lines and Parquet for {', '.join(FIELD_NAMES)}, "
            "if their names are unusual: url=link,text=item.body"
        },
    )
    fetched_at: str = field(
        default="",
        metadata={"help": "fetch time of pages that state none, ISO 8601; else the time of the file"},
    )

    def __post_init__(self) -> None:
        check_range("read_max_bytes", self.max_bytes, 1, MOST_BYTES)
        check_range("read_split_bytes", self.split_bytes, 1)
        self.stated_fields()
        self.stated_time()

    def stated_fields(self) -> dict[str, str]:
        """Our field name → the path of the dump's field, for the fields that the user states."""
        stated: dict[str, str] = {}
        for pair in filter(None, (part.strip() for part in self.fields.split(","))):
            ours, equals, theirs = (part.strip() for part in pair.partition("="))
            if ours not in FIELD_NAMES or not equals or not theirs:
                raise ValueError(f"read_fields: {pair!r} is not NAME=FIELD with NAME one of {', '.join(FIELD_NAMES)}")
            if ours in stated or theirs in stated.values():
                raise ValueError(f"read_fields: {pair!r} repeats a name already given")
            stated[ours] = theirs
        return stated

    def stated_time(self) -> dt.datetime | None:
        """`fetched_at` as a time in UTC; None if the user states none."""
        if not self.fetched_at:
            return None
        moment = parse_time(self.fetched_at)
        if moment is None:
            raise ValueError(
                f"read_fetched_at: {self.fetched_at!r} is not an ISO 8601 time from {YEARS[0]} to {YEARS[-1]}, "
                "such as 2024-05-01T12:00:00Z"
            )
        return moment
