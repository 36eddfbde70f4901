"""Files, on a local disk or in a bucket: the few operations that the dataset needs, each all-or-nothing.

Beam's `FileSystems` serves buckets. Local files are handled here, because its local form neither replaces files nor
makes folders when it renames (apache-beam 2.77).
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from apache_beam.io.filesystems import FileSystems


def is_remote(path: str) -> bool:
    """Whether `path` is an address such as s3://bucket/key rather than a local path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", path, re.IGNORECASE) is not None


def join(root: str, *parts: str) -> str:
    """`root` and `parts` as one path; a part may itself hold slashes."""
    return "/".join([root.rstrip("/") or "/", *parts])


@contextlib.contextmanager
def create(path: str) -> Iterator[IO[bytes]]:
    """A new file, which appears under its name when it is whole, in place of what stood there."""
    if is_remote(path):
        with FileSystems.create(path) as stream:
            yield stream
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=Path(path).parent, prefix=".unfinished-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        Path(unfinished).chmod(0o666 & ~_umask())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def exists(path: str) -> bool:
    """Whether a file or folder is there."""
    return FileSystems.exists(path) if is_remote(path) else Path(path).exists()


def read(path: str) -> bytes:
    """A whole small file."""
    if is_remote(path):
        with FileSystems.open(path) as stream:
            return bytes(stream.read())
    return Path(path).read_bytes()


def move(folder: str, paths: Sequence[str], target: str) -> None:
    """Moves files from `folder` to `target`, in place of what stood there. Those moved before are left alone.

    In a bucket it takes one call of Beam's for all: each call makes a client of its own, half a second for S3.
    """
    if is_remote(folder):
        found = {match.path for match in FileSystems.match([join(folder, "**")])[0].metadata_list}
        left = [path for path in paths if join(folder, path) in found]
        if left:
            FileSystems.rename([join(folder, path) for path in left], [join(target, path) for path in left])
        return
    for path in paths:
        if Path(folder, path).exists():
            Path(target, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).replace(Path(target, path))


def remove(folder: str) -> None:
    """Removes a folder and all in it, if it is there."""
    if is_remote(folder):
        files = [match.path for match in FileSystems.match([join(folder, "**")])[0].metadata_list]
        if files:
            FileSystems.delete(files)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def entries(folder: str) -> list[str]:
    """The names of what lies directly in a folder, sorted; none if there is no such folder."""
    if is_remote(folder):
        matches = FileSystems.match([join(folder, "**")])[0].metadata_list
        return sorted({match.path[len(folder) :].strip("/").split("/")[0] for match in matches})
    return sorted(path.name for path in Path(folder).iterdir()) if Path(folder).is_dir() else []


def check_writable(folder: str) -> None:
    """Returns if a file can be written in a folder, which is made if need be.

    Raises:
      OSError: it can't.
    """
    probe = join(folder, ".writable")
    try:
        with create(probe) as stream:
            stream.write(b"Warraq was here\n")  # S3 takes no empty file from Beam
        if is_remote(probe):
            FileSystems.delete([probe])
        else:
            Path(probe).unlink()
    except OSError:
        raise
    except Exception as error:  # each kind of bucket has exceptions of its own
        raise OSError(str(error)) from error


@contextlib.contextmanager
def lock(path: str) -> Iterator[bool]:
    """Holds the lock named `path` while the block runs; False if another living process holds it.

    Its folder is made for it, and removed after it if nothing else is there. Buckets know no locks: there it is always
    free, and callers must be safe to repeat.
    """
    if is_remote(path):
        yield True
        return
    with _open_lock(Path(path)) as file:
        held = _hold(file, path)
        try:
            yield held
        finally:
            if held:
                with contextlib.suppress(OSError):  # a broken disk, or others' files: the lock dies with its process
                    Path(path).unlink(missing_ok=True)
                    Path(path).parent.rmdir()


def _open_lock(path: Path) -> IO[str]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # the last holder of another lock has just removed the folder
            return path.open("w")


def _hold(file: IO[str], path: str) -> bool:
    """Locks an open file. One that its last holder has removed meanwhile locks nothing: another may stand there."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return Path(path).exists() and Path(path).stat().st_ino == os.fstat(file.fileno()).st_ino
