"""Loads: the units of commit. A load is one dump, read under one set of rules.

A load is in the dataset if and only if its transaction has version 1. The ids of these transactions, and of a few more,
stand here.
"""

import hashlib
from typing import Final

# Counts the publications that replace files. Two that were planned at once would replace the same files.
REWRITES: Final = "rewrites"
# Counts the publications that take rows out. A run that began before may hold copies of rows that have gone.
ROWS_OUT: Final = "rows_out"
# Counts the runs that bring articles. One that was at work meanwhile looks in the index again, for copies.
ARRIVALS: Final = "arrivals"

IN: Final = 1
OUT: Final = 0  # taken out again: it may be loaded anew


def load_id(recipe: str, fingerprint: str) -> str:
    """The id of a load. SQL makes it as `recipe || '-' || fingerprint` from the view `runs`.

    Args:
      recipe: the digest of the rules and the version.
      fingerprint: the digest of the dump's content.
    """
    return f"{recipe}-{fingerprint}"


def fingerprint_of(load: str) -> str:
    """The fingerprint of the dump of a load."""
    return load.partition("-")[2]


def load_key(load: str) -> str:
    """The transaction of a load: version IN or OUT."""
    return f"load:{load}"


def dump_key(fingerprint: str) -> str:
    """The transaction of a dump: version IN if any load of it is in, whatever its rules."""
    return f"dump:{fingerprint}"


def orphaned_key(load: str) -> str:
    """The transaction of a load with pages that stay rejected as copies of an article that is gone: version IN then."""
    return f"orphaned:{load}"


def failures_key(load: str) -> str:
    """The transaction of a load that failed. Its version is the number of failures."""
    return f"failed:{load}"


def path_key(path: str) -> str:
    """The transaction of a file that may grow. Its version is the number of loads that have read the file.

    Of two runs that read a file at once, perhaps in two states, the later one finds that it has moved on.

    Args:
      path: the name of the dump.
    """
    return f"path:{hashlib.blake2b(path.encode(), digest_size=16).hexdigest()}"


def continued_key(load: str) -> str:
    """The transaction of a load whose dump grew. Its version is the number of loads that continue it."""
    return f"continued:{load}"


def failed_dump_key(fingerprint: str) -> str:
    """The transaction of a dump that failed under any rules. Its version is 1."""
    return f"failed_dump:{fingerprint}"


def partition_key(topic: str, partition: int) -> str:
    """The transaction of a partition of a Kafka topic. Its version is the offset of the message that is read next."""
    return f"kafka:{topic}:{partition}"


def is_load_key(key: str) -> bool:
    """True for the transaction of a load."""
    return key.startswith("load:")


def is_bringing_key(key: str) -> bool:
    """True for a transaction that changes when another run brings a load, not when rows go."""
    return key.startswith(("load:", "dump:", "path:", "continued:", "kafka:"))
