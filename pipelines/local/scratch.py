"""One temporary folder for all temporary files of a local run and its processes, removed with the run."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

_PREFIX: Final = "warraq-scratch-"
_LOCK: Final = "alive"  # locked while the run lives


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder for the temporary files of this process and its children while the block runs.

    It is removed at the end. The folders of runs that were killed are removed at the beginning.
    """
    _remove_dead(Path(tempfile.gettempdir()))
    given = os.environ.get("TMPDIR")
    folder, lock = _locked_folder()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = None  # the next call reads the environment again
        del os.environ["TMPDIR"]
        if given is not None:
            os.environ["TMPDIR"] = given
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def _locked_folder() -> tuple[Path, IO[str]]:
    """A new folder and its lock. Another run may remove the folder before it is locked; then the next one is tried."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with contextlib.suppress(FileNotFoundError):
            lock = (folder / _LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (folder / _LOCK).exists():
                return folder, lock
            lock.close()


def _remove_dead(parent: Path) -> None:
    """Removes the scratch folders of this user that no process holds. Others are skipped."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid() and not _is_empty(folder):
                with (folder / _LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)


def _is_empty(folder: Path) -> bool:
    """Removes a folder that is empty: its run was killed before it could lock it, or has not done so yet."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
