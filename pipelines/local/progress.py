"""Progress of a local run: workers tally in shared files, the launcher adds up and shows a line.

Beam's local runner reports counters only when a stage is over. The tally is for watching; the truth is the ledger.
"""

import mmap
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import apache_beam as beam

from warraq.pipelines.terminal import Safe
from warraq.transforms.read.stage import PROGRESS
from warraq.transforms.step import KEPT, REJECTED, Outputs

_COUNT: Final = struct.Struct("<q")
NAMES: Final = ("bytes", "pages", "unread", "rejected", "written")
_BAR: Final = 20  # characters


class Tally:
    """Watches the doors of the flow: bytes and pages as they are read, refusals of every stage, articles to write.

    Each door is counted by itself: behind a Flatten the runner would count only when the whole stage is over.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self, label: str, doors: Outputs) -> None:
        reading = label == "ReadPages"
        kept = {"ReadPages": "pages", "ClassifyTopics": "written"}.get(label)
        counted = {KEPT: kept, REJECTED: "unread" if reading else "rejected", PROGRESS: "bytes" if reading else None}
        for door, name in counted.items():
            if name:
                doors[door] | f"Count{door.capitalize()}{label}" >> beam.ParDo(_TallyFn(self._folder, name))


class _TallyFn(beam.DoFn):
    """Counts what passes in a file of this process: numbers by their sum, records one each. Passes nothing on."""

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
    """What all processes have counted so far."""
    counts = dict.fromkeys(NAMES, 0)
    for path in Path(folder).iterdir():
        counts[path.name.split("-")[0]] += _COUNT.unpack(path.read_bytes().ljust(_COUNT.size, b"\0"))[0]
    return counts


def line(counts: dict[str, int], size: int, seconds: float) -> str:
    """One line of progress through dumps of `size` bytes."""
    share = min(1.0, counts["bytes"] / max(1, size))
    bar = "█" * int(_BAR * share) + "░" * (_BAR - int(_BAR * share))
    pages = counts["pages"] + counts["unread"]
    rejected = counts["rejected"] + counts["unread"]
    rate = pages / seconds if seconds else 0.0
    doing = f"written {counts['written']:,}" if counts["written"] else "reading"
    return (
        f"{bar} {share:4.0%}  {pages:,} pages  {rate:,.0f} pages/s  kept {pages - rejected:,}  rejected {rejected:,}  "
        f"{doing}  {int(seconds) // 60}:{int(seconds) % 60:02}"
    )


class Progress:
    """Shows the tally of `folder` on stderr while the block runs: in place on a terminal, else a line now and then."""

    def __init__(self, folder: str, size: int, quiet: bool) -> None:
        self._folder = folder
        self._size = size
        self._stream = sys.stderr  # kept: the runner's own is muffled while it works
        self._terminal = self._stream.isatty()
        self._every = 0.2 if self._terminal else 10.0
        self._done = threading.Event()
        self._thread = None if quiet else threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        if self._thread:
            self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        start = time.monotonic()
        for last in self._beats():
            text = line(tally(self._folder), self._size, time.monotonic() - start)
            if self._terminal:
                self._stream.write(Safe(f"\r\x1b[K{text}" + ("\n" if last else "")))
                self._stream.flush()
            else:
                print(text, file=self._stream, flush=True)

    def _beats(self) -> Iterator[bool]:
        while not self._done.wait(self._every):
            yield False
        yield True
