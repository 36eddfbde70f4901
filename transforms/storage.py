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
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

UNFINISHED: Final = ".unfinished-"  # how the name of a file begins that is not whole yet
LOCK: Final = ".lock"  # the ending of a lock's name
_POLL_SECONDS: Final = 0.05
_ATTEMPTS: Final = 100  # to open a file in a folder that others remove
_PROBE: Final = b"Warraq was here\n"  # S3 takes no empty file from Beam


class LostFileError(Exception):
    """A file that should be moved is neither where it was nor where it goes; the message is its path."""


def is_remote(path: str) -> bool:
    """Whether `path` is an address such as s3://bucket/key rather than a local path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", path, re.IGNORECASE) is not None


def _buckets() -> Any:
    """Beam's file systems, imported when a bucket is first touched: that takes two seconds of the processor."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    return FileSystems


def is_reached(address: str) -> bool:
    """True if a file system of Beam's for the address is installed."""
    try:
        _buckets().get_filesystem(address)
    except ValueError:
        return False
    return True


def join(root: str, *parts: str) -> str:
    """`root` and `parts` as one path; a part may itself hold slashes."""
    return "/".join([root.rstrip("/") or "/", *parts])


@contextlib.contextmanager
def create(path: str) -> Iterator[IO[bytes]]:
    """A new file, which appears under its name when it is whole, in place of what stood there."""
    if is_remote(path):
        with _buckets().create(path) as stream:
            yield stream
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=Path(path).parent, prefix=UNFINISHED)
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
    return _buckets().exists(path) if is_remote(path) else Path(path).exists()


def read(path: str) -> bytes:
    """A whole small file."""
    if is_remote(path):
        with _buckets().open(path) as stream:
            return bytes(stream.read())
    return Path(path).read_bytes()


def size(path: str) -> int | None:
    """The bytes of a file; None if there is none."""
    if is_remote(path):
        matches = _buckets().match([path])[0].metadata_list
        return matches[0].size_in_bytes if matches else None
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return None


def move(folder: str, sizes: Mapping[str, int], target: str) -> None:
    """Moves files of known sizes from `folder` to `target`. Those moved before are left alone.

    Nothing is moved before all have been found. In a bucket it takes one call of Beam's for all: each call makes a
    client of its own, half a second for S3.

    Raises:
      LostFileError: a file is missing in both places, or has another size there.
    """
    waiting = _sizes(folder, sizes)
    left = [path for path, expected in sizes.items() if waiting.get(path) == expected]
    for path in sizes.keys() - set(left):
        if size(join(target, path)) != sizes[path]:
            raise LostFileError(join(target, path))
    if is_remote(folder):
        if left:
            _buckets().rename([join(folder, path) for path in left], [join(target, path) for path in left])
        return
    for path in left:
        Path(target, path).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, path).replace(Path(target, path))


def _sizes(folder: str, paths: Iterable[str]) -> dict[str, int | None]:
    """The size of each file in `folder`; in a bucket that of all that lies there, for one request."""
    if not is_remote(folder):
        return {path: size(join(folder, path)) for path in paths}
    matches = _buckets().match([join(folder, "**")])[0].metadata_list
    return {match.path[len(folder) :].strip("/"): match.size_in_bytes for match in matches}


def delete(path: str) -> None:
    """Removes a file, if it is there."""
    if not is_remote(path):
        Path(path).unlink(missing_ok=True)
    elif size(path) is not None:
        _buckets().delete([path])


def remove(folder: str) -> None:
    """Removes a folder and all in it, if it is there."""
    if is_remote(folder):
        files = [match.path for match in _buckets().match([join(folder, "**")])[0].metadata_list]
        if files:
            _buckets().delete(files)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def entries(folder: str) -> list[str]:
    """The names of what lies directly in a folder, sorted; none if there is no such folder."""
    if is_remote(folder):
        matches = _buckets().match([join(folder, "**")])[0].metadata_list
        return sorted({match.path[len(folder) :].strip("/").split("/")[0] for match in matches})
    try:
        return sorted(path.name for path in Path(folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):  # or it has just been removed
        return []


def files(folder: str, ending: str) -> list[str]:
    """The paths, inside a folder, of all files in it and below with that ending, sorted."""
    if is_remote(folder):
        matches = _buckets().match([join(folder, "**")])[0].metadata_list
        paths = [match.path[len(folder) :].strip("/") for match in matches]
    else:
        paths = [str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(path for path in paths if path.endswith(ending))


def check_writable(folder: str) -> None:
    """Returns if files can be written, locked and linked in a folder, which is made if need be.

    The probe has a name of its own, so that any number of processes can ask at once. If its process is killed, it looks
    as what a dead run leaves: the lock NAME.lock, and a folder NAME.

    Raises:
      OSError: it can't.
    """
    probe = join(folder, f"probe-{uuid.uuid4().hex}")
    first, second = join(probe, "file"), join(probe, "link")
    if is_remote(probe):
        try:
            with create(first) as stream:
                stream.write(_PROBE)
            _buckets().delete([first])
        except OSError:
            raise
        except Exception as error:  # each kind of bucket has exceptions of its own
            raise OSError(str(error)) from error
        return
    with lock(probe + LOCK):
        try:
            with create(first) as stream:
                stream.write(_PROBE)
            Path(second).hardlink_to(first)  # as Delta commits
        finally:
            remove(probe)


@contextlib.contextmanager
def lock(path: str, patience: float = 0.0) -> Iterator[bool]:
    """Holds the lock named `path` while the block runs; False if another living process holds it.

    Its folder is made for it, and removed after it if nothing else is there. Buckets know no locks: there it is always
    free, and callers must be safe to repeat.

    Args:
      path: of the lock's file.
      patience: seconds to wait for another holder.
    """
    if is_remote(path):
        yield True
        return
    file = _take(Path(path), patience)
    if file is None:
        yield False
        return
    with file:
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):  # a broken disk, or others' files: the lock dies with its process
                Path(path).unlink(missing_ok=True)
                Path(path).parent.rmdir()


def _take(path: Path, patience: float) -> IO[str] | None:
    """The lock's file, held; None if another holds it until patience is over."""
    deadline = time.monotonic() + patience
    while True:
        file = _open_lock(path)
        if _hold(file, path):
            return file
        file.close()
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)


def _open_lock(path: Path) -> IO[str]:
    """Opens a lock's file in a folder that the last holder of another lock may be removing."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w")
    path.parent.mkdir(parents=True, exist_ok=True)  # says what is wrong
    return path.open("w")


def _hold(file: IO[str], path: Path) -> bool:
    """Locks an open file. One that its last holder has removed meanwhile locks nothing: another may stand there."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False
