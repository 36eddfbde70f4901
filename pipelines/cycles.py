"""The lines of a stream: one for each cycle, and messages."""

import json
import math
import sys
from typing import NamedTuple

from warraq.pipelines.cli import counted, print_line
from warraq.pipelines.terminal import one_line


class Cycle(NamedTuple):
    """The counts of one cycle. The fields have the names that `--log_format json` gives them."""

    cycle: int
    arrived: int  # dumps that were not in before
    waiting: int  # files that were seen and are still to be read
    pages: int
    kept: int
    refused: int
    set_aside: int  # files
    lag: float  # seconds from the first sight of the file that waited longest to the end of the cycle
    behind: int | None = None  # messages that brokers have and the dataset has not; None without a broker


class TextLog:
    """Lines for people."""

    tell = staticmethod(print_line)

    def report(self, cycle: Cycle) -> None:
        """Prints a line on a cycle."""
        print_line(as_text(cycle))


class JsonLog:
    """Lines for programs."""

    def tell(self, message: str) -> None:
        """Prints a message."""
        self._print({"message": one_line(message)})

    def report(self, cycle: Cycle) -> None:
        """Prints the counts of a cycle."""
        self._print(cycle._asdict())

    def _print(self, entry: dict[str, object]) -> None:
        print(json.dumps(entry, ensure_ascii=False), file=sys.stderr, flush=True)


def as_text(cycle: Cycle) -> str:
    """One line on a cycle."""
    aside = f", {counted(cycle.set_aside, 'file')} set aside" if cycle.set_aside else ""
    behind = "" if cycle.behind is None else f", {counted(cycle.behind, 'message')} behind"
    return (
        f"cycle {cycle.cycle:,}: {counted(cycle.arrived, 'file')} arrived, {cycle.waiting:,} waiting{aside}; "
        f"{counted(cycle.pages, 'page')}: {cycle.kept:,} kept, {cycle.refused:,} refused; "
        f"lag {math.ceil(cycle.lag)} s{behind}"
    )


def log_of(is_json: bool) -> TextLog | JsonLog:
    """The lines in the form of `--log_format`."""
    return JsonLog() if is_json else TextLog()
