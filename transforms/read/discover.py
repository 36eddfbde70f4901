# ruff: noqa: PTH112, PTH114, PTH118, PTH207  (paths may be addresses, and keep the form that the user gave them)
"""Finds the dumps that the user named, and says in one line what is wrong with those that can't be read."""

import datetime as dt
import errno
import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, NamedTuple

from warraq.transforms.file_names import os_name, shown_name, stored_name
from warraq.transforms.read.archives.records import ARCHIVE_KINDS, is_solid
from warraq.transforms.read.compression.packing import begin
from warraq.transforms.read.dump import Dump, InputError, NotAFileError, open_dump, state_of
from warraq.transforms.read.sniff import SNIFFED_BYTES, recognise
from warraq.transforms.read.times import YEARS
from warraq.transforms.storage import is_remote

NEVER_PACKED: Final = frozenset({"zip", "parquet"})  # they pack their parts themselves
_WHOLE_BYTES: Final = 8 * 1024 * 1024
_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLES: Final = 16
_REMOTE_AT_ONCE: Final = 16  # Beam reads 16 MiB ahead of each
_LATEST: Final = dt.datetime(YEARS.stop, 1, 1, tzinfo=dt.timezone.utc).timestamp()
_KINDS: Final = "give WARC, WET, ARC, HTML, text, ZIP, tar, JSON lines or Parquet files"


class Skipped(NamedTuple):
    """A file in a folder or glob that is no dump."""

    path: str  # as names.shown_name writes it
    why: str


class Found(NamedTuple):
    """The dumps, sorted by path, and what was left out."""

    dumps: list[Dump]
    skipped: list[Skipped]


class _Candidate(NamedTuple):
    """A path that may be a dump, or why it is not even opened."""

    path: str
    why_not: str = ""


class _Output:
    """The dataset's folder: nothing in it is an input."""

    def __init__(self, path: str | None) -> None:
        """Takes the folder as the user names it; None if nothing is written."""
        self._stated = path
        self._path = path if path is None or is_remote(path) else os.path.realpath(path)

    def holds(self, path: str) -> bool:
        """True for the folder itself and all below it, by whatever links `path` leads there."""
        if self._path is None:
            return False
        real = path if is_remote(path) else os.path.realpath(path)
        return f"{real}/".startswith(f"{self._path.rstrip('/')}/")

    def candidate(self, path: str) -> _Candidate:
        """The candidate at `path`; the folder itself, so that it is told once, for all that lies in it."""
        if self._stated is not None and self.holds(path):
            return _Candidate(self._stated, "the --output folder, from which no input is read")
        return _Candidate(path)


def find_dumps(inputs: Sequence[str], output: str | None = None) -> Found:
    """The dumps behind files, folders (with all below them, hidden ones left out) and globs, each once.

    A name may also be given as `stored_name` or `shown_name` writes it. In folders and globs are skipped: what lies in
    the folder `output`, links to folders, pipes, sockets, devices, and files that vanish or change meanwhile. Each file
    is opened once: its first bytes tell what it is, up to 8 MiB are read for its fingerprint.

    Raises:
      InputError: a file named by the user is missing, unreadable, empty or no dump; a folder or glob holds no dump;
        something in a folder can't be read.
    """
    place = _Output(output)
    found: dict[str, Dump | Skipped] = {}
    for stated in inputs:
        expanded, is_named = _expand(stated, place)
        candidates = list(expanded)
        new = [candidate for candidate in candidates if candidate.path not in found]
        found |= {path: Skipped(shown_name(path), why_not) for path, why_not in new if why_not}
        found |= _examine_all([path for path, why_not in new if not why_not])
        files = [found[path] for path, _ in candidates]
        if is_named and isinstance(files[0], Skipped):
            raise InputError(f"{files[0].path}: {files[0].why}")
        if not any(isinstance(file, Dump) for file in files):
            raise InputError(f"{shown_name(stated)}: no dump in it; {_KINDS}")
    in_order = [found[path] for path in sorted(found)]
    return Found(
        [file for file in in_order if isinstance(file, Dump)], [file for file in in_order if isinstance(file, Skipped)]
    )


def fingerprint(path: str) -> str:
    """A 128-bit digest (BLAKE2b, hex) of the file's size and content, whatever its name and times.

    Up to 8 MiB all of the content counts; of larger files sixteen stretches of 256 KiB: the first, the last and
    fourteen evenly between. Two larger files of equal size that differ only outside of them look the same.
    """
    with open_dump(path) as stream:
        return _fingerprint(stream, stream.seek(0, os.SEEK_END))


def _fingerprint(stream: BinaryIO, size: int) -> str:
    digest = hashlib.blake2b(size.to_bytes(8, "big"), digest_size=16)
    stream.seek(0)
    if size <= _WHOLE_BYTES:
        digest.update(stream.read(size))
    else:
        for sample in range(_SAMPLES):
            stream.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _expand(stated: str, place: _Output) -> tuple[Iterable[_Candidate], bool]:
    """What may lie behind one input, and True if the user named one file rather than a folder or glob."""
    if is_remote(stated):
        return _expand_remote(stated, place)
    path = stated if os.path.lexists(stated) else os_name(stated)
    if os.path.lexists(path):
        return _expand_local(path, place), not os.path.isdir(path)
    if not glob.has_magic(path):
        raise InputError(f"{shown_name(stated)}: no such file or folder; check the path")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        words = "nothing matches; check the pattern, and that your shell didn't change it"
        raise InputError(f"{shown_name(stated)}: {words}")
    return (candidate for match in matches for candidate in _expand_local(match, place)), False


def _expand_local(path: str, place: _Output) -> Iterable[_Candidate]:
    """The file at `path`, or those below the folder at `path`."""
    normal = _normal(path)
    return _files_below(normal, place) if os.path.isdir(normal) else [place.candidate(normal)]


def _normal(path: str) -> str:
    """The path without superfluous parts; the real path where ".." follows a link, which can't be left out then."""
    normal = os.path.normpath(path)
    if ".." in path.split("/") and os.path.realpath(normal) != os.path.realpath(path):
        return os.path.realpath(path)
    return normal


def _files_below(top: str, place: _Output) -> Iterator[_Candidate]:
    """The files in the folder `top` and below, without hidden ones. Any depth: folders are kept in a list."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        if place.holds(folder):
            yield place.candidate(folder)
            continue
        for entry in _entries(folder):
            path = os.path.normpath(os.path.join(folder, entry.name))
            if not entry.is_symlink():
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                else:
                    yield _Candidate(path)
            elif os.path.isdir(path):  # not followed: it may lead back
                yield _Candidate(path, "a link to a folder; name the folder itself")
            else:
                yield place.candidate(path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, without what is hidden; nothing if the folder has vanished meanwhile."""
    try:
        with os.scandir(folder) as listing:
            return [entry for entry in listing if not entry.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{shown_name(folder)}: {error.strerror}; check its permissions") from error


def _expand_remote(stated: str, place: _Output) -> tuple[list[_Candidate], bool]:
    """As `_expand`, for what Beam's file systems reach: a file, a glob, or a folder ending in "/"."""
    from apache_beam.io.filesystem import BeamIOError  # noqa: PLC0415  (heavy, and only for remote files)
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    pattern = stated + "**" if stated.endswith("/") else stated
    try:
        matches = FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        cause: Exception = error
        while isinstance(cause, BeamIOError) and cause.exception_details:  # one in another, each with all the addresses
            cause = next(iter(cause.exception_details.values()))
        why = "nothing installed reads such addresses" if isinstance(error, ValueError) else cause
        cure = "check the address, the credentials, and that warraq[aws] or warraq[gcp] is installed"
        raise InputError(f"{stated}: {why}; {cure}") from error
    paths = sorted(match.path for match in matches if not match.path.rpartition("/")[2].startswith("."))
    if not paths:
        raise InputError(f"{stated}: nothing is stored there; check the address (a folder ends in /)")
    return [place.candidate(path) for path in paths], pattern == paths[0]


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
            state = state_of(stream)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            format_, why_not = _format_of(stream)
            if not format_:
                return Skipped(shown_name(path), why_not if size else "the file is empty")
            dump = Dump(stored_name(path), size, format_, _fingerprint(stream, size), _modified_at(path, stream), state)
            if state_of(stream) != state:
                return Skipped(shown_name(path), "it is being written; read it when it is complete")
            return dump
    except NotAFileError as error:
        return Skipped(shown_name(path), str(error))
    except FileNotFoundError:
        return Skipped(shown_name(path), "a link that leads nowhere" if os.path.islink(path) else "it has vanished")
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Skipped(shown_name(path), "a link that leads back to itself")
        words = f"{error.strerror or error}; check the path and its permissions"
        raise InputError(f"{shown_name(path)}: {words}") from error


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


def _modified_at(path: str, stream: BinaryIO) -> dt.datetime:
    """When the file was last changed, to the second; the beginning of 1970 if that is outside of 1970 to 2099."""
    if is_remote(path):
        from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415  (heavy, and only for remote files)

        seconds = FileSystems.last_updated(path)
    else:
        seconds = os.fstat(stream.fileno()).st_mtime
    return dt.datetime.fromtimestamp(int(seconds) if 0 <= seconds < _LATEST else 0, tz=dt.timezone.utc)
