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

from transforms.step import KEPT, REJECTED, Doors

_COUNT: Final = struct.Struct("<q")
NAMES: Final = ("pages", "unread", "rejected", "written")


class Tally:
    """Watches the doors of the flow: pages as they are read, refusals of every stage, articles ready to be written.

    Each door is counted by itself: behind a Flatten the runner would count only when the whole stage is over.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self, label: str, doors: Doors) -> None:
        kept = {"ReadPages": "pages", "ClassifyTopics": "written"}.get(label)
        rejected = "unread" if label == "ReadPages" else "rejected"
        for door, name in ((KEPT, kept), (REJECTED, rejected)):
            if name:
                doors[door] | f"Count{door.capitalize()}{label}" >> beam.ParDo(_TallyFn(self._folder, name))


class _TallyFn(beam.DoFn):
    """Counts what passes in a file of this process, and passes nothing on."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder, self._name = folder, name

    def setup(self) -> None:
        path = Path(self._folder, f"{self._name}-{os.getpid()}-{id(self)}")
        path.write_bytes(bytes(_COUNT.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _COUNT.size)

    def process(self, _: Any) -> None:
        _COUNT.pack_into(self._memory, 0, _COUNT.unpack_from(self._memory)[0] + 1)

    def teardown(self) -> None:
        self._memory.close()


def tally(folder: str) -> dict[str, int]:
    """What all processes have counted so far."""
    counts = dict.fromkeys(NAMES, 0)
    for path in Path(folder).iterdir():
        counts[path.name.split("-")[0]] += _COUNT.unpack(path.read_bytes().ljust(_COUNT.size, b"\0"))[0]
    return counts


def line(counts: dict[str, int], seconds: float) -> str:
    """One line of progress."""
    pages = counts["pages"] + counts["unread"]
    rejected = counts["rejected"] + counts["unread"]
    rate = pages / seconds if seconds else 0.0
    doing = f"written {counts['written']:,}" if counts["written"] else "reading"
    return (
        f"{pages:,} pages  {rate:,.0f} pages/s  kept {pages - rejected:,}  rejected {rejected:,}  "
        f"{doing}  {int(seconds) // 60}:{int(seconds) % 60:02}"
    )


class Progress:
    """Shows the tally of `folder` on stderr while the block runs: in place on a terminal, else a line now and then."""

    def __init__(self, folder: str, quiet: bool) -> None:
        self._folder = folder
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
            text = line(tally(self._folder), time.monotonic() - start)
            print(
                f"\r\x1b[K{text}" if self._terminal else text,
                end="\n" if last or not self._terminal else "",
                file=self._stream,
                flush=True,
            )

    def _beats(self) -> Iterator[bool]:
        while not self._done.wait(self._every):
            yield False
        yield True
