"""A run: one ingestion, as its launcher describes it to the workers that write and commit."""

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warraq.transforms.dataset import loads


@dataclass(frozen=True)
class Run:
    """One ingestion, as `runs` describes it. Equal dumps and options give an equal `run_id`."""

    output: str
    run_id: str
    staging: str  # the name under which its files are staged
    recipe: str
    options: str  # JSON
    version: str
    runner: str
    started_at: dt.datetime
    dumps: Sequence[Mapping[str, Any]]  # rows of arrow.DUMP
    all_rejected: bool  # rows for mass rejections too
    max_error_share: float
    rows_out: int = 0  # the version of loads.ROWS_OUT when the run began
    replaced: Sequence[str] = ()  # loads that go out when this run comes in
    beginnings: Sequence[Mapping[str, Any]] = ()  # rows of arrow.BEGINNING, one for each of `dumps`
    copies: Sequence[Mapping[str, Any]] = ()  # rows of arrow.COPY
    bringing: Mapping[str, int] = dataclasses.field(default_factory=dict)  # versions that it raises by one, as planned
    standing: Mapping[str, int] = dataclasses.field(default_factory=dict)  # versions that must be as planned
    # Partitions of topics: their transaction → the next offset as planned, and after this run.
    offsets: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    arrivals: int = 0  # the version of loads.ARRIVALS up to which it has looked for copies

    @functools.cached_property
    def load_ids(self) -> Mapping[str, str]:
        """The load of each dump, by its path."""
        return {dump["dump"]: loads.load_id(self.recipe, dump["fingerprint"]) for dump in self.dumps}

    def to_json(self) -> bytes:
        """The run as `from_json` reads it."""
        return json.dumps({**dataclasses.asdict(self), "started_at": self.started_at.isoformat()}).encode()


def from_json(content: bytes) -> Run:
    """The run that `to_json` wrote."""
    fields = json.loads(content)
    offsets = {key: (before, after) for key, (before, after) in fields.pop("offsets").items()}
    return Run(**{**fields, "started_at": dt.datetime.fromisoformat(fields["started_at"]), "offsets": offsets})
