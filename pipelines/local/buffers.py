"""Buffers between two stages of a local run: in memory while they are small, else in a temporary file.

Beam's local runner keeps everything that crosses a shuffle in lists and dictionaries. These buffers replace them. Each
has a private SQLite database, which SQLite keeps in memory up to a size and then in a file without a name: no other
process sees the file, and it disappears with this one, however it ends.
"""

import contextlib
import itertools
import operator
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from apache_beam.coders.coder_impl import CoderImpl, create_InputStream, create_OutputStream
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.windowed_value import PaneInfo, PaneInfoTiming

MEMORY_KB: Final = 2 * 1024  # of each buffer; a run has several at a time

# The pane that Beam gives to the only result of a group in the global window.
_ONLY_PANE: Final = GlobalWindows.windowed_value(
    None,
    timestamp=GlobalWindow().max_timestamp(),
    pane_info=PaneInfo(is_first=True, is_last=True, timing=PaneInfoTiming.ON_TIME, index=0, nonspeculative_index=0),
)


class _Rows:
    """Pairs of key and value, read in order of arrival or sorted."""

    def __init__(self, memory_kb: int) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"PRAGMA cache_size = -{memory_kb}")
        self._database.execute("PRAGMA journal_mode = OFF")  # nothing is ever rolled back
        self._database.execute("CREATE TABLE pairs (key BLOB, value BLOB)")

    def add(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        with contextlib.closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany("INSERT INTO pairs VALUES (?, ?)", pairs)
            cursor.execute("COMMIT")

    def size(self) -> int:
        """Bytes of all values."""
        (size,) = self._database.execute("SELECT coalesce(sum(length(value)), 0) FROM pairs").fetchone()
        return int(size)

    def arrived(self) -> Iterator[tuple[bytes, bytes]]:
        return self._database.execute("SELECT key, value FROM pairs ORDER BY rowid")

    def sorted(self) -> Iterator[tuple[bytes, bytes]]:
        return self._database.execute("SELECT key, value FROM pairs ORDER BY key, value")


class SpillingList:
    """Elements for one consumer, in place of Beam's ListBuffer."""

    cleared = False

    def __init__(self, coder: CoderImpl, memory_kb: int = MEMORY_KB) -> None:
        self._coder = coder
        self._memory_kb = memory_kb
        self._rows = _Rows(memory_kb)

    def append(self, elements: bytes) -> None:
        """Adds any number of encoded elements."""
        self._rows.add([(b"", elements)])

    def extend(self, other: Iterable[bytes]) -> None:
        """Adds the elements of another buffer."""
        self._rows.add((b"", elements) for elements in other)

    def copy(self) -> "SpillingList":
        """A buffer with the same elements, for one more consumer."""
        copy = SpillingList(self._coder, self._memory_kb)
        copy.extend(self)
        return copy

    def size(self) -> int:
        """Bytes of all elements."""
        return self._rows.size()

    def __iter__(self) -> Iterator[bytes]:
        return (elements for _, elements in self._rows.arrived())

    def elements(self) -> Iterator[tuple[Any, bytes]]:
        """Each element: its value and its encoded bytes."""
        for elements in self:
            stream = create_InputStream(elements)
            while stream.size() > 0:
                element = self._coder.decode_from_stream(stream, True)
                yield element.value, _encoded(self._coder, element)


class SpillingGroups:
    """Elements of a GroupByKey in the global window, grouped when they are read, in place of Beam's GroupingBuffer.

    Groups are sorted by their encoded key and values by their encoding, so their order of arrival makes no difference.
    """

    cleared = False

    def __init__(self, ungrouped: Any, grouped: Any, memory_kb: int = MEMORY_KB) -> None:
        """Takes the coders of a key with one value, and of a key with all its values."""
        self._ungrouped, self._grouped = ungrouped.get_impl(), grouped.get_impl()
        self._key, self._value = ungrouped.key_coder().get_impl(), ungrouped.value_coder().get_impl()
        self._rows = _Rows(memory_kb)

    def append(self, elements: bytes) -> None:
        """Adds any number of encoded elements."""
        self._rows.add(self._pairs(elements))

    def extend(self, other: Iterable[bytes]) -> None:
        """Adds the elements of another buffer of the same GroupByKey. Other buffers are empty ones of the runner."""
        if isinstance(other, SpillingGroups):
            self._rows.add(other._rows.arrived())  # noqa: SLF001  (of its own class)

    def copy(self) -> "SpillingGroups":
        """This buffer itself: several consumers can read it."""
        return self

    def size(self) -> int:
        """Bytes of all values, without their keys."""
        return self._rows.size()

    def __iter__(self) -> Iterator[bytes]:
        return (encoded for _, encoded in self.elements())

    def elements(self) -> Iterator[tuple[Any, bytes]]:
        """Each group: key and values, and its encoded bytes."""
        for encoded_key, pairs in itertools.groupby(self._rows.sorted(), key=operator.itemgetter(0)):
            values = [self._value.decode(value) for _, value in pairs]
            group = _ONLY_PANE.with_value((self._key.decode(encoded_key), values))
            yield group.value, _encoded(self._grouped, group)

    def _pairs(self, elements: bytes) -> Iterator[tuple[bytes, bytes]]:
        stream = create_InputStream(elements)
        while stream.size() > 0:
            key, value = self._ungrouped.decode_from_stream(stream, True).value
            yield self._key.encode(key), self._value.encode(value)


def _encoded(coder: CoderImpl, element: Any) -> bytes:
    stream = create_OutputStream()
    coder.encode_to_stream(element, stream, True)
    encoded: bytes = stream.get()
    return encoded
