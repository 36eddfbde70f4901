"""Progress of a local run: workers count in shared files, the launcher adds the counts up and shows a line.

Beam's local runner reports counters only at the end of a stage. These counts are for the eye; the ledger is exact.
"""

import mmap
import os
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import apache_beam as beam

from warraq.pipelines.terminal import Safe
from warraq.transforms.read.stage import PROGRESS
from warraq.transforms.step import KEPT, REJECTED, Outputs

_COUNT: Final = struct.Struct("<q")
NAMES: Final = ("bytes", "pages", "unread", "rejected", "tagged")
_BAR: Final = 20  # characters; half on a terminal that is not wide
_WIDE: Final = 100
_ASCII: Final = str.maketrans("█░", "#.")  # for a terminal whose encoding has no blocks
DONE, STOPPED = "done", "stopped"
PHASES: Final = ("starting", "reading", "comparing copies", "tagging", "writing", "committing")
# The phase by a part of a transform's label. The runner fuses transforms of several phases: the first match counts.
_SIGNS: Final = (
    ("ReadPages/ReadRanges/", "reading"),
    ("TagEntities/", "tagging"),
    ("Deduplicate/", "comparing copies"),
    ("CommitRun/", "committing"),
    ("WriteArticles/", "writing"),
    ("WriteRejected/", "writing"),
)


class Tally:
    """Counts the outputs of the flow: bytes and pages as they are read, rejected pages of every stage, tagged articles.

    Each output is counted by itself: after a Flatten the runner would count only at the end of the whole stage.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self, label: str, doors: Outputs) -> None:
        reading = label == "ReadPages"
        kept = {"ReadPages": "pages", "ClassifyTopics": "tagged"}.get(label)
        counted = {KEPT: kept, REJECTED: "unread" if reading else "rejected", PROGRESS: "bytes" if reading else None}
        for door, name in counted.items():
            if name:
                doors[door] | f"Count{door.capitalize()}{label}" >> beam.ParDo(_TallyFn(self._folder, name))


class _TallyFn(beam.DoFn):
    """Counts elements in a file of this process: a number by its value, a record as 1. Has no output."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder, self._name = folder, name

    def setup(self) -> None:
        path = Path(self._folder, f"{self._name}-{os.getpid()}-{id(self)}")
        path.write_bytes(bytes(_COUNT.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _COUNT.size)

    def process(self, counted: Any) -> None:
        amount = counted if isinstance(counted, int) else 1
        _COUNT.pack_into(self._memory, 0, _COUNT.unpack_from(self._memory)[0] + amount)

    def teardown(self) -> None:
        self._memory.close()


def tally(folder: str) -> dict[str, int]:
    """The counts of all processes so far."""
    counts = dict.fromkeys(NAMES, 0)
    for path in Path(folder).iterdir():
        counts[path.name.split("-")[0]] += _COUNT.unpack(path.read_bytes().ljust(_COUNT.size, b"\0"))[0]
    return counts


def line(counts: dict[str, int], size: int, seconds: float, state: str, columns: int = 0) -> str:
    """One line of progress through dumps of `size` bytes, shorter than `columns`; 0 is no limit.

    The last fields are left out where there is no room. The line has 100% only in the state DONE: when all is read, the
    articles are still to be compared, tagged, written and committed.
    """
    share = counts["bytes"] / max(1, size)
    percent = 100 if state == DONE else min(99, int(100 * share))
    pages = counts["pages"] + counts["unread"]
    rejected = counts["rejected"] + counts["unread"]
    fields = [
        f"{percent:>3}%  {state}",
        f"{int(seconds) // 60}:{int(seconds) % 60:02}",
        *([f"tagged {counts['tagged']:,}"] if counts["tagged"] else []),
        f"{pages:,} pages",
        f"{pages / seconds if seconds else 0:,.0f} pages/s",
        f"kept {pages - rejected:,}",
        f"rejected {rejected:,}",
    ]
    room = columns - 1 if columns else sys.maxsize  # a full last column would begin a new line on some terminals
    width = _BAR if room >= _WIDE else _BAR // 2
    while len(fields) > 1 and width + 1 + len("  ".join(fields)) > room:
        fields.pop()
    full = width * percent // 100
    return f"{'█' * full}{'░' * (width - full)} {'  '.join(fields)}"[:room]


class Progress:
    """Shows the counts in `folder` on stderr while the block runs: in place on a terminal, else a line every 10 s."""

    def __init__(self, folder: str, size: int, quiet: bool) -> None:
        self._folder = folder
        self._size = size
        self._phase = 0
        self._stream = sys.stderr  # kept here, because stderr is redirected while the runner works
        self._terminal = self._stream.isatty()
        self._has_blocks = _can_show(self._stream, "█░")
        self._every = 0.2 if self._terminal else 10.0
        self._is_over = threading.Event()
        self._thread = None if quiet else threading.Thread(target=self._watch, daemon=True)
        self._start = time.monotonic()

    def enter(self, labels: Sequence[str]) -> None:
        """Tells that the runner begins to execute transforms of these labels together. The phase never goes back."""
        phases = (PHASES.index(phase) for part, phase in _SIGNS if any(part in label for label in labels))
        self._phase = max(self._phase, next(phases, 0))

    def __enter__(self) -> None:
        if self._thread:
            self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._thread:
            self._thread.join()
            self._show(STOPPED if kind else DONE, "\n")

    def _watch(self) -> None:
        while not self._is_over.wait(self._every):
            self._show(PHASES[self._phase], "" if self._terminal else "\n")

    def _show(self, state: str, end: str) -> None:
        columns = _columns(self._stream) if self._terminal else 0
        text = line(tally(self._folder), self._size, time.monotonic() - self._start, state, columns)
        text = text if self._has_blocks else text.translate(_ASCII)
        self._stream.write(Safe(f"\r\x1b[K{text}{end}") if self._terminal else text + end)
        self._stream.flush()


def _columns(stream: Any) -> int:
    """The width of the terminal now; 80 if it does not tell."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _can_show(stream: Any, characters: str) -> bool:
    try:
        characters.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
