"""Files that arrive in folders and buckets: which of them are whole, and which are read next.

Nobody tells when a file is complete. It counts as whole when its name is final and two looks, some seconds apart, saw
the same size and time of change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from warraq.transforms.file_names import shown_name
from warraq.transforms.read.discover import list_files
from warraq.transforms.storage import FileState

# Endings of the names that crawlers, browsers and copying programs give to a file until it is whole. rsync and others
# begin such a name with a dot; hidden files are not listed anyway.
_UNFINISHED: Final = (
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".download",
    ".incomplete",
    ".inprogress",
    ".open",
    ".writing",
    ".aria2",
    ".swp",
    ".lock",
    "._copying_",
    "~",
)
_UNFINISHED_FOLDER: Final = "_temporary"  # of Hadoop and Spark


class Sight(NamedTuple):
    """A file as the last look saw it. Times are seconds of the caller's clock."""

    state: FileState
    since: float  # when a look first saw the file, or first saw it change after it was whole
    unchanged: float  # when a look first saw it in this state
    is_whole: bool


def has_final_name(path: str) -> bool:
    """True unless the name says that a program is still writing the file."""
    *folders, name = path.split("/")
    return not name.lower().endswith(_UNFINISHED) and _UNFINISHED_FOLDER not in folders


def look_again(
    before: Mapping[str, Sight], listed: Mapping[str, FileState], now: float, standstill: float
) -> dict[str, Sight]:
    """The sights of the files that are listed now, after those of the look before.

    A file is whole if it has not changed for `standstill` seconds.
    """
    found = {}
    for path, state in listed.items():
        last = before.get(path)
        is_same = last is not None and last.state == state
        since = last.since if last and (is_same or not last.is_whole) else now
        unchanged = last.unchanged if last and is_same else now
        found[path] = Sight(state, since, unchanged, is_same and now - unchanged >= standstill)
    return found


def first_of(sights: Mapping[str, Sight], most_files: int, most_bytes: int) -> list[str]:
    """The files that have waited longest, as many as the limits allow and at least one; of equals the oldest."""
    taken: list[str] = []
    size = 0
    for path, sight in sorted(sights.items(), key=lambda each: (each[1].since, each[1].state.changed, each[0])):
        size += sight.state.size
        if taken and (len(taken) == most_files or size > most_bytes):
            break
        taken.append(path)
    return taken


class Arrivals:
    """The files in some folders, globs and prefixes of buckets, from their first sight until they have been read.

    Keeps a line for each path that is listed, nothing for those that are gone.
    """

    def __init__(
        self, inputs: Sequence[str], output: str, standstill: float, is_hidden: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Takes what says which files there are.

        Args:
          inputs: as of `find_dumps`.
          output: the folder of the dataset.
          standstill: the seconds that make a file whole.
          is_hidden: True for the path of a file that is not to be seen now.
        """
        self._is_hidden = is_hidden
        self._inputs = inputs
        self._output = output
        self._standstill = standstill
        self._sights: dict[str, Sight] = {}
        self._done: dict[str, FileState] = {}
        self._skipped: dict[str, str] = {}
        self._untold: dict[str, str] = {}

    def look(self, now: float) -> None:
        """Lists the files. `now` is the caller's clock in seconds.

        Raises:
          InputError: see `list_files`.
        """
        listed, skipped = list_files(self._inputs, self._output)
        anew = {path: why for path, why in skipped.items() if self._skipped.get(path) != why}
        self._skipped, self._untold = skipped, {**self._untold, **anew}
        named = {path: state for path, state in listed.items() if has_final_name(path) and not self._is_hidden(path)}
        self._done = {path: state for path, state in self._done.items() if named.get(path) == state}
        self._sights = look_again(self._sights, named, now, self._standstill)

    def tell_skipped(self, tell: Callable[[str], object]) -> None:
        """Tells of each place that is skipped, once for as long as it is."""
        for path, why in sorted(self._untold.items()):
            tell(f"{shown_name(path)}: skipped, {why}")
        self._untold = {}

    def waiting(self) -> dict[str, Sight]:
        """The files that have not been read in the state in which they are now, whole or not."""
        return {path: sight for path, sight in self._sights.items() if path not in self._done}

    def whole(self) -> dict[str, Sight]:
        """Those of `waiting` that may be read."""
        return {path: sight for path, sight in self.waiting().items() if sight.is_whole}

    def read(self, paths: Iterable[str]) -> None:
        """Notes that these files have been read, or never will be, in the state of the last look."""
        self._done.update({path: self._sights[path].state for path in paths})
