"""`maintain upgrade`: the files of a dataset of an older version get the columns of this one.

The tables themselves were upgraded before, by the first run or operation of this version.
"""

import argparse
import datetime as dt
from collections.abc import Callable

from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.maintain.compact import Settings, compact


def add_flags(_parser: argparse.ArgumentParser) -> None:
    """Adds no flag."""


def run(dataset: Dataset, _options: argparse.Namespace, tell: Callable[[str], object]) -> int:
    """Rewrites the partitions that have a file of an older schema, open days too; returns the exit code."""
    damaged = 0
    for done in compact(dataset, Settings(dt.date.max, is_whole=True, only_older=True)):
        if done.before:
            tell(f"upgrade: {done.words()}")
        for line in done.damaged:
            tell(f"{line}; its partition was not upgraded")
        damaged += len(done.damaged)
    return 1 if damaged else 0
