"""Files on a local disk or in a bucket: the few operations that the dataset needs, each all-or-nothing.

Buckets are served by Beam's `FileSystems`. Local files are handled here, because Beam's local file system neither
replaces files nor makes folders when it renames (apache-beam 2.77).
"""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, NamedTuple, cast

import pyarrow as pa
from pyarrow.fs import PyFileSystem

UNFINISHED: Final = ".unfinished-"  # the beginning of the name of a file that is not whole yet
LOCK: Final = ".lock"  # the ending of a lock's name
_POLL_SECONDS: Final = 0.05
_ATTEMPTS: Final = 100  # to open a file in a folder that others remove
_PROBE: Final = b"Warraq was here\n"  # S3 takes no empty file from Beam


class LostFileError(Exception):
    """A file to be moved is missing in both places; the message is its path."""


class FileState(NamedTuple):
    """The facts that show that a file has changed."""

    size: int  # bytes
    changed: int  # the time of its last change, in nanoseconds since 1970


def is_remote(path: str) -> bool:
    """True for an address such as s3://bucket/key, False for a local path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", path, re.IGNORECASE) is not None


def _buckets() -> Any:
    """Beam's file systems, imported at the first use of a bucket: the import takes two seconds of processor time."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    return FileSystems


def is_reached(address: str) -> bool:
    """True if Beam has a file system for the address installed."""
    try:
        _buckets().get_filesystem(address)
    except ValueError:
        return False
    return True


def match(pattern: str) -> dict[str, FileState]:
    """The addresses in a bucket that match a pattern, in no order, with their states.

    Raises:
      OSError: they can't be listed; the message is the innermost cause.
    """
    from apache_beam.io.filesystem import BeamIOError  # noqa: PLC0415  (heavy, and only for remote files)

    try:
        found = _buckets().match([pattern])[0].metadata_list
        return {each.path: FileState(each.size_in_bytes, int(each.last_updated_in_seconds * 1e9)) for each in found}
    except ValueError as error:
        raise OSError("no installed package reads such addresses") from error
    except BeamIOError as error:
        cause: Exception = error
        while isinstance(cause, BeamIOError) and cause.exception_details:  # nested, each with all the addresses
            cause = next(iter(cause.exception_details.values()))
        raise OSError(str(cause)) from error


def open_remote(address: str) -> BinaryIO:
    """The bytes of a file in a bucket, seekable, not decompressed."""
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415  (heavy, and only for remote files)

    return cast("BinaryIO", _buckets().open(address, compression_type=CompressionTypes.UNCOMPRESSED))


def last_modified(address: str) -> float:
    """The time of the last change of a file in a bucket, in seconds since 1970."""
    return float(_buckets().last_updated(address))


def join(root: str, *parts: str) -> str:
    """`root` and `parts` as one path; a part may itself hold slashes."""
    return "/".join([root.rstrip("/") or "/", *parts])


@contextlib.contextmanager
def create(path: str) -> Iterator[IO[bytes]]:
    """A new file. It appears under its name when it is whole, and replaces an older file of that name."""
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
    """True if the file or folder exists."""
    return _buckets().exists(path) if is_remote(path) else Path(path).exists()


def read(path: str) -> bytes:
    """The content of a small file."""
    if is_remote(path):
        with _buckets().open(path) as stream:
            return bytes(stream.read())
    return Path(path).read_bytes()


def open_ranges(path: str) -> pa.NativeFile:
    """A file open for random access. Of a file in a bucket, only the ranges that are read are fetched.

    Beam's own streams fetch 16 MiB at least, so delta-rs reads here; it finds its credentials as for the log.

    Raises:
      FileNotFoundError: there is no such file.
      OSError: it can't be read.
    """
    if not is_remote(path):
        return pa.OSFile(path)
    from deltalake.fs import DeltaStorageHandler  # noqa: PLC0415  (only for buckets)

    bucket, _, key = path.partition("://")[2].partition("/")
    handler = DeltaStorageHandler(f"{path.partition('://')[0]}://{bucket}")
    return PyFileSystem(handler).open_input_file(key)


def size(path: str) -> int | None:
    """The size of a file in bytes; None if there is no such file."""
    if is_remote(path):
        matches = _buckets().match([path])[0].metadata_list
        return matches[0].size_in_bytes if matches else None
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return None


def move(folder: str, sizes: Mapping[str, int], target: str, *, lost_ok: bool = False) -> None:
    """Moves files of known sizes from `folder` to `target`. Files that were moved before are left alone.

    Nothing is moved before all files have been found. In a bucket, one call of Beam moves all files, because each call
    makes its own client, which takes half a second for S3. Another process may be moving the same files there.

    Args:
      folder: the files' folder.
      sizes: path below the folder → bytes.
      target: the new folder.
      lost_ok: files that are in neither place are passed over.

    Raises:
      LostFileError: a file is missing in both places, or has another size.
    """
    left = _left(folder, sizes, target, lost_ok)
    if not is_remote(folder):
        for path in left:
            Path(target, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).replace(Path(target, path))
    elif left:
        try:
            _buckets().rename([join(folder, path) for path in left], [join(target, path) for path in left])
        except Exception:  # of which kind depends on the bucket
            if _left(folder, sizes, target, lost_ok):
                raise


def _left(folder: str, sizes: Mapping[str, int], target: str, lost_ok: bool) -> list[str]:
    """The files that are still to be moved. Raises LostFileError as `move`."""
    waiting = _sizes(folder, sizes)
    left = [path for path, expected in sizes.items() if waiting.get(path) == expected]
    for path in [] if lost_ok else sizes.keys() - set(left):
        if size(join(target, path)) != sizes[path]:
            raise LostFileError(join(target, path))
    return left


def _sizes(folder: str, paths: Iterable[str]) -> dict[str, int | None]:
    """The size of each file in `folder`. In a bucket one request gives the sizes of all files there."""
    if not is_remote(folder):
        return {path: size(join(folder, path)) for path in paths}
    matches = _buckets().match([join(folder, "**")])[0].metadata_list
    return {match.path[len(folder) :].strip("/"): match.size_in_bytes for match in matches}


def delete(path: str) -> None:
    """Removes a file, if it exists."""
    if not is_remote(path):
        Path(path).unlink(missing_ok=True)
    elif size(path) is not None:
        _buckets().delete([path])


def remove(folder: str) -> None:
    """Removes a folder and its content, if it exists."""
    if is_remote(folder):
        files = [match.path for match in _buckets().match([join(folder, "**")])[0].metadata_list]
        if files:
            _buckets().delete(files)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def entries(folder: str) -> list[str]:
    """The names of the files and folders directly in a folder, sorted; none if there is no such folder."""
    if is_remote(folder):
        matches = _buckets().match([join(folder, "**")])[0].metadata_list
        return sorted({match.path[len(folder) :].strip("/").split("/")[0] for match in matches})
    try:
        return sorted(path.name for path in Path(folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):  # another process may have just removed it
        return []


def files(folder: str, ending: str) -> list[str]:
    """The paths of all files with that ending in a folder and its subfolders, relative to the folder, sorted."""
    if is_remote(folder):
        matches = _buckets().match([join(folder, "**")])[0].metadata_list
        paths = [match.path[len(folder) :].strip("/") for match in matches]
    else:
        paths = [str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(path for path in paths if path.endswith(ending))


def change_times(folder: str) -> dict[str, float]:
    """Path → time of the last change, in seconds since 1970, of each file in a folder and its subfolders.

    A file that was moved to the folder has changed then: on a disk its inode has, in a bucket it was written anew.
    """
    if is_remote(folder):
        matches = _buckets().match([join(folder, "**")])[0].metadata_list
        return {match.path[len(folder) :].strip("/"): match.last_updated_in_seconds for match in matches}
    found: dict[str, float] = {}
    for path in Path(folder).rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process has just removed it
            stated = path.stat()
            if not stat.S_ISDIR(stated.st_mode):
                found[str(path.relative_to(folder))] = max(stated.st_mtime, stated.st_ctime)
    return found


def delete_all(folder: str, paths: Iterable[str]) -> None:
    """Removes files in a folder, if they exist."""
    full = [join(folder, path) for path in paths]
    if is_remote(folder):
        if full:
            _buckets().delete(full)
    else:
        for path in full:
            Path(path).unlink(missing_ok=True)


def remove_empty_folders(folder: str) -> None:
    """Removes the subfolders in which no file is. A bucket has no folders."""
    if not is_remote(folder):
        for path, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):  # not empty
                Path(path).rmdir()


def check_writable(folder: str) -> None:
    """Returns if files can be written, locked and linked in a folder. Makes the folder if it does not exist.

    Each probe has its own name, so that many processes can ask at once. If the process is killed, its probe looks like
    the remains of a dead run, a lock NAME.lock and a folder NAME, and is removed with those.

    Raises:
      OSError: a file can't be written, locked or linked.
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
        except Exception as error:  # each kind of bucket has its own exceptions
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
    """Holds the lock of a file while the block runs; False if another living process holds it.

    The lock ends with its process, however that ends. Its folder is made for it, and removed afterwards if it is empty.
    Buckets have no locks: there the lock is always free, and callers must be safe to repeat.

    Args:
      path: the lock's file.
      patience: seconds to wait for another holder.
    """
    if is_remote(path):
        yield True
        return
    file = _acquire(Path(path), patience)
    if file is None:
        yield False
        return
    with file:
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):  # a broken disk, or files of others: the lock ends with its process
                Path(path).unlink(missing_ok=True)
                Path(path).parent.rmdir()


def _acquire(path: Path, patience: float) -> IO[str] | None:
    """The lock's file, locked; None if another process still holds it after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        file = _open_lock(path)
        if _try_lock(file, path):
            return file
        file.close()
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)


def _open_lock(path: Path) -> IO[str]:
    """Opens a lock's file. The holder of another lock in its folder may be removing the folder meanwhile."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w")
    path.parent.mkdir(parents=True, exist_ok=True)  # raises the lasting error
    return path.open("w")


def _try_lock(file: IO[str], path: Path) -> bool:
    """Locks an open file; False if another process holds it, or the last holder has removed the file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False
