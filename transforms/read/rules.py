"""What the reader may take, and how dumps name their fields."""

import dataclasses
import datetime as dt
from dataclasses import field
from typing import Final

from warraq.transforms.read.times import YEARS, parse_time

STAGE: Final = "read"
MOST_BYTES: Final = 2**30  # Beam moves no larger record, and readers ask for so much memory at once
HEAD_BYTES: Final = 64 * 1024  # longest header of a record or response taken
FIELD_NAMES: Final = ("url", "html", "text", "title", "fetched_at", "charset")


@dataclasses.dataclass(frozen=True)
class ReadRules:
    """How dumps are read."""

    max_bytes: int = field(default=10_000_000, metadata={"help": "largest page body taken, in bytes after decoding"})
    split_bytes: int = field(
        default=4 * 1024 * 1024, metadata={"help": "bytes of a WARC that one worker takes at a time", "tuning": True}
    )
    fields: str = field(
        default="",
        metadata={
            "help": f"fields of JSON lines and Parquet that hold what we take ({', '.join(FIELD_NAMES)}), "
            "if by other names than the usual: url=link,text=item.body"
        },
    )
    fetched_at: str = field(
        default="",
        metadata={"help": "fetch time of pages that state none, ISO 8601; else the time of the file"},
    )

    def validate(self) -> None:
        """Raises ValueError in one line when a rule can't be followed."""
        if self.max_bytes < 1 or self.split_bytes < 1:
            raise ValueError("read_max_bytes and read_split_bytes must be at least 1")
        if self.max_bytes > MOST_BYTES:
            raise ValueError(f"read_max_bytes can be {MOST_BYTES} at most")
        self.stated_fields()
        self.stated_time()

    def stated_fields(self) -> dict[str, str]:
        """Our field name → the path of the dump's field, for those that the user states."""
        stated: dict[str, str] = {}
        for pair in filter(None, (part.strip() for part in self.fields.split(","))):
            ours, equals, theirs = (part.strip() for part in pair.partition("="))
            if ours not in FIELD_NAMES or not equals or not theirs:
                raise ValueError(f"read_fields: {pair!r} is not NAME=FIELD with NAME one of {', '.join(FIELD_NAMES)}")
            if ours in stated or theirs in stated.values():
                raise ValueError(f"read_fields: {pair!r} names what is named before it")
            stated[ours] = theirs
        return stated

    def stated_time(self) -> dt.datetime | None:
        """`fetched_at` as a time in UTC, or None if the user states none."""
        if not self.fetched_at:
            return None
        moment = parse_time(self.fetched_at)
        if moment is None:
            raise ValueError(
                f"read_fetched_at: {self.fetched_at!r} is not an ISO 8601 time from {YEARS[0]} to {YEARS[-1]}, "
                "such as 2024-05-01T12:00:00Z"
            )
        return moment
