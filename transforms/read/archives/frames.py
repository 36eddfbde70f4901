"""Walks through a web archive frame by frame, from any byte offset, and goes on after damage.

A frame is the unit into which an archive is cut: one record of an uncompressed file, or the gzip members or zstd frames
that hold one record. `walk` goes from frame to frame. Where the bytes are no valid frame, it yields one broken frame
and goes on at the next likely start. `first_frame` joins this walk in the middle of a file: different workers read
different ranges of bytes, and each frame is still read exactly once.

The danger is a frame inside a frame. A crawled archive is the body of a record, and a reader that starts inside it
would take its records for records of the file. Two facts distinguish them:

- In a gzip member, deflate keeps incompressible data in stored blocks of at most 65,535 bytes (RFC 1951, 3.2.4). In a
  zstd frame such blocks have at most 128 KiB (RFC 8878, 3.1.1.2.4). An inner chain of frames breaks off within that
  length, so a longer chain belongs to the file.
- In an uncompressed file, an inner chain may be as long as the record around it, which has any length. There the walk
  begins at the beginning of the file, or at a frame that an earlier walk has passed (`first_plain_frame`).
"""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, NamedTuple, Protocol

from warraq.transforms.read.archives.record_format import Extent
from warraq.transforms.read.compression.gzip import CHUNK

_STEP: Final = 1024 * 1024  # bytes between the frames that a walk remembers

TOO_LARGE: Final = "too large"
WRONG_LENGTH: Final = "the stated length does not fit"


class Frame(NamedTuple):
    """One unit of an archive. A broken one has a `problem`; its `end` is None if it is unknown."""

    offset: int
    end: int | None
    data: bytes  # decompressed, from the record's first byte on; of a broken frame, the readable part before the damage
    extent: Extent | None  # of the first record; None if `data` begins with no valid header
    problem: str = ""  # "", TOO_LARGE, or the damage in a few words


class Frames(Protocol):
    """An archive as frames."""

    def frame(self, offset: int) -> Frame | None:
        """The frame that starts at `offset`; None at the end of the file."""

    def next_start(self, offset: int) -> int | None:
        """The first offset, not less than `offset`, at which a frame seems to start; None if there is none."""


class CompressedFrames(Frames, Protocol):
    """An archive whose records are compressed one by one."""

    sure_run: int  # bytes; a longer chain of frames can't lie inside another frame
    look_back: int  # bytes; distance before a range at which the search for such a chain begins


def walk(frames: Frames, offset: int | None) -> Iterator[Frame]:
    """The frames from `offset` on, in order. A frame starts at `offset`, or it lies in a damaged stretch."""
    while offset is not None:
        frame = frames.frame(offset)
        if frame is None:
            return
        yield frame
        offset = frame.end if frame.end is not None else frames.next_start(frame.offset + 1)


def first_plain_frame(frames: Frames, start: int, passed: list[int]) -> int | None:
    """The first frame at or after `start` on the walk from the beginning of an uncompressed file; None without one.

    `passed` holds offsets of frames that earlier walks through the same file have passed. This walk begins at the last
    of them up to `start`, if there is one, and adds one for each MiB: walks to growing starts read each stretch once.
    """
    before = bisect.bisect_right(passed, start)
    begin = passed[before - 1] if before else 0
    mark = begin + _STEP
    for frame in walk(frames, begin):
        if frame.offset >= mark:
            bisect.insort(passed, frame.offset)
            mark = frame.offset + _STEP
        if frame.offset >= start:
            return frame.offset
    return None


def first_frame(frames: CompressedFrames, start: int) -> int | None:
    """The first frame at or after `start` on the walk from the beginning of a compressed file; None without one.

    Looks back, further and further, until a chain of frames is long enough to be the file's own.
    """
    look_back = frames.look_back
    while look_back < start:
        sure, found = _join(frames, start, frames.next_start(start - look_back))
        if sure:
            return found
        look_back *= 8
    return next((frame.offset for frame in walk(frames, 0) if frame.offset >= start), None)


def _join(frames: CompressedFrames, start: int, entry: int | None) -> tuple[bool, int | None]:
    """True if the walk from `entry` is surely the file's own, and its first frame at or after `start`."""
    if entry is None or entry >= start:
        return False, None
    sure = False
    run_start: int | None = entry
    for frame in walk(frames, entry):
        run_start = frame.offset if run_start is None else run_start
        sure = sure or frame.offset - run_start > frames.sure_run
        if frame.offset >= start:
            return sure, frame.offset
        if frame.end is None:
            run_start = None
    return sure or run_start is not None, None  # an inner chain can't reach the end of the file unbroken


def matches(pattern: re.Pattern[bytes], data: bytes) -> Iterator[int]:
    """The offsets of all matches of `pattern`."""
    return (match.start() for match in pattern.finditer(data))


def find_all(stream: BinaryIO, offset: int, starts: Callable[[bytes], Iterable[int]], longest: int) -> Iterator[int]:
    """The offsets that `starts` finds, from `offset` on. `longest`: bytes that it needs to see at once, at most."""
    held, at = b"", offset
    while True:
        stream.seek(at + len(held))  # other code may have moved the stream
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        held += chunk
        for start in starts(held):
            if at + start >= offset:
                yield at + start
                offset = at + start + 1
        at += max(0, len(held) - longest)
        held = held[-longest:]
