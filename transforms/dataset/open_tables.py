"""Tables that a process keeps open: to open one anew costs its whole log, to bring one up to date what is new there."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from warraq.transforms import storage

# Held by who decides on a version of a table and commits to it: no other thread may bring the table up to date then.
STANDSTILL: Final = threading.RLock()


class KeptTable(DeltaTable):
    """A table that is kept, and what was looked up in its log so far."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.lookups = 0  # of transactions
        self.transactions: dict[str, int | None] = {}  # at version `read_to`; see delta_log.transactions
        self.read_to = -1


class _Entry(NamedTuple):
    """The entry of a log that a table was read to. A log that was made anew in the same place has another one."""

    path: Path
    inode: int
    size: int
    changed_at: int


class _Tables:
    """The tables of local datasets that are kept, by location, while any block of `tables_kept_open` runs."""

    def __init__(self) -> None:
        self._blocks = 0
        self._kept: dict[str, tuple[KeptTable, _Entry | None]] = {}

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keeps tables open while the block runs, for all threads. Blocks may be nested."""
        with STANDSTILL:
            self._blocks += 1
        try:
            yield
        finally:
            with STANDSTILL:
                self._blocks -= 1
                if not self._blocks:
                    self._kept.clear()

    def open(self, location: str) -> DeltaTable:
        """The newest version of the table. A table that is kept is the same object each time.

        Raises what DeltaTable raises.
        """
        if not self._blocks or storage.is_remote(location):
            return DeltaTable(location)
        with STANDSTILL:
            table, entry = self._kept.pop(location, (None, None))
            if table is None or entry is None or entry != _newest_entry(location, table):
                table = KeptTable(location)
            else:
                try:
                    table.update_incremental()
                except DeltaError:  # it is opened anew, and if the log is at fault, that fails, too
                    table = KeptTable(location)
            self._kept[location] = table, _newest_entry(location, table)
            return table


def _newest_entry(location: str, table: DeltaTable) -> _Entry | None:
    path = Path(location, "_delta_log", f"{table.version():020}.json")
    try:
        status = path.stat()
    except OSError:  # such as after it was cleaned up
        return None
    return _Entry(path, status.st_ino, status.st_size, status.st_mtime_ns)


_TABLES: Final = _Tables()
tables_kept_open: Final = _TABLES.kept_open
open_table: Final = _TABLES.open
