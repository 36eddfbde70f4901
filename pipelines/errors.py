"""The exception that commands and the Python interface raise, and the message of a failure in a worker process."""

import re
from collections.abc import Collection
from typing import Final

from warraq.pipelines.cli import FAILED

INTERRUPTED: Final = "interrupted"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_EXCEPTION: Final = re.compile(r"^[A-Za-z_][\w.]*: ", re.MULTILINE)  # every other line of a traceback is indented
# What an engine hears that asks about a bundle which failed meanwhile. The failure stands before it, as its cause.
_AFTERWARDS: Final = re.compile(
    r"\n\s*The above exception was the direct cause (?:(?!\nRuntimeError: ).)*"
    r"\nRuntimeError: Bundle processing associated with .*",
    re.DOTALL,
)
_STEP: Final = re.compile(r"\s*\[while running '[^']*'\]")  # Beam's text behind a message
_CAUSE: Final = re.compile(r"\s*\n\s*↳\s*")  # begins each inner cause in a message of delta-rs
# Beam's text before a message, and the names of exceptions whose message is complete without them.
_WRAPPING: Final = re.compile(
    r"^(?:RuntimeError: |[\w.]*(?:InputError|LedgerError|SetAsideError|DatasetError|WorkerDiedError): )+"
)


class WarraqError(Exception):
    """A command can't be done. The message is one line; `code` is the exit code of the command."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


class AllSetAsideError(WarraqError):
    """Every new dump was set aside, and nothing was committed but the reasons.

    Attributes:
      dumps: their paths.
    """

    def __init__(self, dumps: Collection[str]) -> None:
        super().__init__("all dumps were set aside; nothing was committed")
        self.dumps = dumps


def message_of(error: BaseException) -> str:
    """The failure in one line. An error in a worker process arrives as the text of its traceback."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    text = _CAUSE.sub(": ", _COLOUR.sub("", _STEP.sub("", _AFTERWARDS.sub("", str(error))))).strip()
    starts = [match.start() for match in _EXCEPTION.finditer(text)]
    last = text[starts[-1] :] if starts else text.rpartition("\n")[2]
    return " ".join(_WRAPPING.sub("", last).split()) or type(error).__name__
