# ruff: noqa: PTH110, PTH112, PTH116, PTH118, PTH207  (paths may be addresses, and keep the form that the user gave them)
"""Finds the dumps that the user named, and says in one line what is wrong with those that can't be read."""

import datetime as dt
import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, NamedTuple

from transforms.read.archive import ARCHIVE_KINDS, is_solid
from transforms.read.dump import Dump, open_dump
from transforms.read.packing import begin
from transforms.read.rules import YEARS
from transforms.read.sniff import SNIFFED_BYTES, recognise
from transforms.storage import is_remote

NEVER_PACKED: Final = frozenset({"zip", "parquet"})  # they pack their parts themselves
_WHOLE_BYTES: Final = 8 * 1024 * 1024
_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLES: Final = 16
_REMOTE_AT_ONCE: Final = 16  # Beam reads 16 MiB ahead of each
_LATEST: Final = dt.datetime(YEARS.stop, 1, 1, tzinfo=dt.timezone.utc).timestamp()
_KINDS: Final = "give WARC, WET, ARC, HTML, text, ZIP, tar, JSON lines or Parquet files"


class InputError(ValueError):
    """The input can't be read; the message says in one line what to do."""


class Skipped(NamedTuple):
    """A file in a folder or glob that is no dump."""

    path: str
    why: str


class Found(NamedTuple):
    """The dumps, sorted by path, and what was left out."""

    dumps: list[Dump]
    skipped: list[Skipped]


def find_dumps(inputs: Sequence[str]) -> Found:
    """The dumps behind files, folders (with all below them, hidden ones left out) and globs, each once.

    Reads the first bytes of each file to recognise it and, for its fingerprint, up to 8 MiB.

    Raises:
      InputError: a file named by the user is missing, unreadable, empty or no dump; a folder or glob holds no dump.
    """
    found: dict[str, Dump | Skipped] = {}
    for stated in inputs:
        expanded, is_named = _expand(stated)
        paths = list(expanded)
        found.update(_examine_all([path for path in paths if path not in found]))
        for path in paths:
            if is_named and isinstance(file := found[path], Skipped):
                raise InputError(f"{path}: {file.why}")
        if not any(isinstance(found[path], Dump) for path in paths):
            raise InputError(f"{stated}: no dump in it; {_KINDS}")
    files = [found[path] for path in sorted(found)]
    return Found(
        [file for file in files if isinstance(file, Dump)], [file for file in files if isinstance(file, Skipped)]
    )


def fingerprint(path: str) -> str:
    """A 128-bit digest (BLAKE2b, hex) of the file's size and content, whatever its name and times.

    Up to 8 MiB all of the content counts; of larger files sixteen stretches of 256 KiB: the first, the last and
    fourteen evenly between. Two larger files of equal size that differ only outside of them look the same.
    """
    with open_dump(path) as stream:
        size = stream.seek(0, os.SEEK_END)
        digest = hashlib.blake2b(size.to_bytes(8, "big"), digest_size=16)
        stream.seek(0)
        if size <= _WHOLE_BYTES:
            digest.update(stream.read(size))
        else:
            for sample in range(_SAMPLES):
                stream.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
                digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _expand(stated: str) -> tuple[Iterable[str], bool]:
    """The paths behind one input, and whether the user named one file rather than a folder or glob."""
    if is_remote(stated):
        return _expand_remote(stated)
    if os.path.isdir(stated):
        return _files_below(stated), False
    if os.path.exists(stated):
        return [os.path.normpath(stated)], True
    if not glob.has_magic(stated):
        raise InputError(f"{stated}: no such file or folder; check the path")
    matches = sorted(glob.glob(stated, recursive=True))
    if not matches:
        raise InputError(f"{stated}: nothing matches; check the pattern, and that your shell didn't change it")
    return (path for match in matches for path in _expand(match)[0]), False


def _files_below(folder: str) -> Iterator[str]:
    """The files in `folder` and below, in order, without hidden ones."""

    def fail(error: OSError) -> None:
        raise InputError(f"{error.filename}: {error.strerror}; check its permissions")

    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.normpath(os.path.join(parent, name)) for name in sorted(files) if name[0] != ".")


def _expand_remote(stated: str) -> tuple[list[str], bool]:
    """As `_expand`, for what Beam's file systems reach: a file, a glob, or a folder ending in "/"."""
    from apache_beam.io.filesystem import BeamIOError  # noqa: PLC0415  (heavy, and only for remote files)
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    pattern = stated + "**" if stated.endswith("/") else stated
    try:
        matches = FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise InputError(f"{stated}: {error}; check the address and install the extra for its storage") from error
    paths = sorted(match.path for match in matches if not match.path.rpartition("/")[2].startswith("."))
    if not paths:
        raise InputError(f"{stated}: nothing is stored there; check the address (a folder ends in /)")
    return paths, pattern == paths[0]


def _examine_all(paths: Sequence[str]) -> dict[str, Dump | Skipped]:
    """What each path is. Remote files are opened many at a time: each waits for the network."""
    if not any(map(is_remote, paths)):
        return {path: _examine(path) for path in paths}
    with ThreadPoolExecutor(_REMOTE_AT_ONCE) as pool:
        return dict(zip(paths, pool.map(_examine, paths), strict=True))


def _examine(path: str) -> Dump | Skipped:
    """The dump at `path`, or why it is none.

    Raises:
      InputError: the file can't be opened or read.
    """
    try:
        with open_dump(path) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            format_, why_not = _format_of(stream)
        if not format_:
            return Skipped(path, why_not if size else "the file is empty")
        return Dump(path, size, format_, fingerprint(path), _modified_at(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; check the path and its permissions") from error


def _format_of(stream: BinaryIO) -> tuple[str, str]:
    """One of read.FORMATS, or "" and why the file is no dump."""
    packing, head, damage = begin(stream, SNIFFED_BYTES)
    kind = recognise(head)
    if packing and damage and not head:
        return "", f"can't be unpacked: {damage}"
    if not kind or (packing and kind in NEVER_PACKED):
        return "", f"not a dump that can be read; {_KINDS}"
    if packing and kind in ARCHIVE_KINDS and is_solid(stream, kind, packing):
        return f"{kind}.{packing}.solid", ""
    return f"{kind}.{packing}" if packing else kind, ""


def _modified_at(path: str) -> dt.datetime:
    """When the file was last changed, to the second; the beginning of 1970 if that is outside of 1970 to 2099."""
    if is_remote(path):
        from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415  (heavy, and only for remote files)

        seconds = FileSystems.last_updated(path)
    else:
        seconds = os.stat(path).st_mtime
    return dt.datetime.fromtimestamp(int(seconds) if 0 <= seconds < _LATEST else 0, tz=dt.timezone.utc)
