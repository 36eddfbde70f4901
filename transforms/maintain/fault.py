"""Faults of a dataset, and their remedies."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from warraq.transforms.dataset.errors import CURE

_UNDO: Final = "take the run out (warraq maintain DIR undo RUN), then ingest its dumps again"

# Kind of fault → what `--repair` does about it.
CURES: Final[Mapping[str, str]] = {
    "publication": "--repair finishes it, as the next run does",
    "staging": "--repair removes it, as the next run does",
    "table": "--repair upgrades the table",
    "moved": "--repair moves back the sound copy that lies in _replaced",
    "unlogged": "--repair moves it to _replaced",
    "id": "--repair keeps the earliest row",
    "pointer": "--repair elects a new original",
    "index": "--repair makes the index anew",
}
# Kind of fault → what the user can do about it.
REMEDIES: Final[Mapping[str, str]] = {
    "log": CURE,
    "file": CURE,
    "transaction": "restore the log from a copy, or ingest the dumps into a new --output folder",
    "count": _UNDO,
    "place": _UNDO,
}


LOGS: Final = ("log", "transaction")  # kinds of faults of a log


class Row(NamedTuple):
    """The place of a row in the dataset's files."""

    table: str
    path: str  # inside the table's folder
    number: int  # from 0, in the order of the file


class Fault(NamedTuple):
    """One fault of a dataset."""

    kind: str  # a key of CURES or REMEDIES
    text: str  # a sentence without its end
    table: str = ""
    path: str = ""  # of the file, inside the table's folder
    article_id: str = ""
    rows: Sequence[Row] = ()  # of the article, if it stands more than once
    original: str = ""  # the article to which a pointer leads that must lead elsewhere

    @property
    def is_curable(self) -> bool:
        """True if `--repair` has a cure."""
        return self.kind in CURES

    def __str__(self) -> str:
        return f"{' '.join(self.text.split())}; {CURES.get(self.kind) or REMEDIES[self.kind]}"
