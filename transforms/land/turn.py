"""The right to land in a folder, which one process at a time has."""

import contextlib
from collections.abc import Callable

from warraq.transforms import storage


class Turn:
    """The right to land in a folder. It is kept until it is left, or the process ends."""

    def __init__(self, folder: str, lock: str) -> None:
        """`lock` is the path of the lock's file."""
        self.is_ours = False
        self._folder, self._path = folder, lock
        self._lock = contextlib.ExitStack()
        self._is_told = False

    def take(self, tell: Callable[[str], object]) -> bool:
        """True if this process has the right, or can have it now. If not, it is told once.

        Raises:
          OSError: the folder can't be written.
        """
        if not self.is_ours:
            with contextlib.ExitStack() as stack:
                self.is_ours = stack.enter_context(storage.lock(self._path))
                self._lock = stack.pop_all() if self.is_ours else self._lock
        if not self.is_ours and not self._is_told:
            self._is_told = True
            tell(f"{self._folder}: another stream reads this topic; waiting until it ends")
        return self.is_ours

    def leave(self) -> None:
        """Gives the right back."""
        self._lock.close()
        self.is_ours = False
