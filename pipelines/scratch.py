"""One temporary folder for all that a local run and its processes put aside, gone with the run."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = "warraq-"
_LOCK: Final = "alive"  # locked as long as the run lives


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder, in which this process and those that it starts make their temporary files while the block runs.

    It is removed afterwards, and the folders of runs that were killed are removed before.
    """
    _remove_dead(Path(tempfile.gettempdir()))
    given = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, Path(name, "locking").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(Path(name, _LOCK))  # so that none is ever seen unlocked
        os.environ["TMPDIR"] = tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = None  # asks the environment anew
            del os.environ["TMPDIR"]
            if given is not None:
                os.environ["TMPDIR"] = given


def _remove_dead(folder: Path) -> None:
    """Removes the scratch folders that nobody holds any more. What isn't ours to remove is passed over."""
    for lock in folder.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)
