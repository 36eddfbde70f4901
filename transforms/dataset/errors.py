"""The errors of a dataset: it can't be used, or a part of it is damaged."""

from collections.abc import Sequence
from typing import Final

CURE: Final = "restore it from a copy, or ingest the dumps into a new --output folder"


class DatasetError(Exception):
    """The dataset can't be used. The message gives the reason and says what to do."""


class DamagedDatasetError(DatasetError):
    """A part of the dataset is missing or broken. The message names the part and says what to do."""


class OvertakenError(Exception):
    """Another process has changed the dataset so that a change can't be made as it was planned; it can be planned anew.

    Attributes:
      keys: the transactions (see loads.py) by which the other process is known.
    """

    def __init__(self, message: str, keys: Sequence[str]) -> None:
        super().__init__(message)
        self.keys = keys
