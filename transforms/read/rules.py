"""What the reader may take, and how dumps name their fields."""

import dataclasses
import datetime as dt
import re
from dataclasses import field
from typing import Final

STAGE: Final = "read"
FIELD_NAMES: Final = ("url", "html", "text", "title", "fetched_at", "charset")


@dataclasses.dataclass(frozen=True)
class ReadRules:
    """How dumps are read."""

    max_bytes: int = field(default=10_000_000, metadata={"help": "largest page body taken, in bytes after decoding"})
    split_bytes: int = field(
        default=8 * 1024 * 1024, metadata={"help": "bytes of a WARC that one worker takes at a time"}
    )
    fields: str = field(
        default="", metadata={"help": "names of the fields in JSON lines where they differ, e.g. url=link,text=body"}
    )
    fetched_at: str = field(
        default="",
        metadata={"help": "fetch time of pages that state none, ISO 8601; else the time of the file"},
    )

    def validate(self) -> None:
        """Raises ValueError in one line when a rule can't be followed."""
        if self.max_bytes < 1 or self.split_bytes < 1:
            raise ValueError("read_max_bytes and read_split_bytes must be at least 1")
        self.field_names()
        self.stated_time()

    def field_names(self) -> dict[str, str]:
        """Our field name → the dump's field name, for JSON lines."""
        names = {name: name for name in FIELD_NAMES}
        for pair in filter(None, (part.strip() for part in self.fields.split(","))):
            ours, equals, theirs = (part.strip() for part in pair.partition("="))
            if ours not in names or not equals or not theirs:
                raise ValueError(f"read_fields: {pair!r} is not NAME=FIELD with NAME one of {', '.join(FIELD_NAMES)}")
            names[ours] = theirs
        return names

    def stated_time(self) -> dt.datetime | None:
        """`fetched_at` as a time in UTC, or None if the user states none."""
        if not self.fetched_at:
            return None
        moment = parse_time(self.fetched_at)
        if moment is None:
            raise ValueError(
                f"read_fetched_at: {self.fetched_at!r} is not an ISO 8601 time such as 2024-05-01T12:00:00Z"
            )
        return moment


_ISO_8601: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.IGNORECASE,
)


def parse_time(stated: object) -> dt.datetime | None:
    """ISO 8601 text, or seconds or milliseconds since 1970, as a time in UTC; None if it is neither.

    A time without a zone is taken as UTC; what is left out is the beginning of the year, month or day (WARC 1.1
    allows that). Numbers above 10**11 are milliseconds: as seconds they would lie in the year 5138 and later.
    """
    try:
        if isinstance(stated, (int, float)) and not isinstance(stated, bool):
            seconds = stated / 1000 if abs(stated) > 10**11 else stated
            return dt.datetime.fromtimestamp(seconds, tz=dt.timezone.utc)
        parts = _ISO_8601.fullmatch(stated.strip()) if isinstance(stated, str) else None
        return _moment(*parts.groups()) if parts else None
    except (ValueError, OverflowError, OSError):  # no such day, or outside of what datetime holds
        return None


def _moment(*parts: str | None) -> dt.datetime:
    """The groups of _ISO_8601 as a time in UTC. (`fromisoformat` differs between Python 3.10 and 3.11.)"""
    *calendar, fraction, zone = parts
    year, month, day, hour, minute, second = (
        int(part or least) for part, least in zip(calendar, "011000", strict=True)
    )
    micros = int(f"{fraction or '':0<6.6}")
    moment = dt.datetime(year, month, day, hour, minute, second, micros, tzinfo=dt.timezone.utc)
    if zone is None or zone in "Zz":
        return moment
    offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return moment - offset if zone[0] == "+" else moment + offset
