# ruff: noqa: PTH112, PTH114, PTH118, PTH207  (paths may be addresses, and keep the form that the user gave them)
"""Finds the dumps that the user names. A message of one line explains each file that is no dump."""

import contextlib
import datetime as dt
import errno
import glob
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, NamedTuple

from warraq.transforms.file_names import os_name, shown_name, stored_name
from warraq.transforms.read.archives.records import ARCHIVE_KINDS, is_solid
from warraq.transforms.read.compression.detect import Peek
from warraq.transforms.read.dump import Dump, InputError, NoInputError, NotAFileError, open_dump, state_of
from warraq.transforms.read.sniff import KNOWN_FORMATS, SNIFFED_BYTES, foreign_name, recognise
from warraq.transforms.read.times import YEARS
from warraq.transforms.storage import FileState, is_remote, last_modified, match

NEVER_COMPRESSED: Final = frozenset({"zip", "parquet"})  # they compress their parts themselves
_WHOLE_BYTES: Final = 8 * 1024 * 1024
_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLES: Final = 16
_BEGINNINGS: Final = tuple(8**power for power in range(1, 7))  # bytes: 8 to 262,144
_REMOTE_AT_ONCE: Final = 16  # Beam reads 16 MiB ahead of each
_LATEST: Final = dt.datetime(YEARS.stop, 1, 1, tzinfo=dt.timezone.utc).timestamp()
_LOST_LINK: Final = "a link that leads to no file"
_UNKNOWN: Final = "unknown format"
_READABLE: Final = f"Warraq reads {KNOWN_FORMATS}"


class Skipped(NamedTuple):
    """A file in a folder or glob that is not read."""

    path: str  # in the form of file_names.shown_name
    why: str
    is_denied: bool = False  # it may be, or hold, a dump: this user may not read it


class Discovery(NamedTuple):
    """The dumps and the skipped files, each sorted by path, and the inputs that hold no file yet."""

    dumps: list[Dump]
    skipped: list[Skipped]
    empty: Sequence[Skipped] = ()


class Listing(NamedTuple):
    """The content of folders, unopened."""

    files: dict[str, FileState]  # by path, in no order
    skipped: dict[str, str]  # why nothing is read there, by path: links, and folders that can't be read


class _Candidate(NamedTuple):
    """A path that may be a dump. With `why_not` it is skipped unopened. A listing of a bucket tells the state, too."""

    path: str
    why_not: str = ""
    state: FileState | None = None
    is_denied: bool = False


class _Output:
    """The folder of the dataset. No file in it is an input."""

    def __init__(self, path: str | None) -> None:
        """`path` is the folder as the user names it; None if nothing is written."""
        self._stated = path
        self._path = path if path is None or is_remote(path) else os.path.realpath(path)

    def holds(self, path: str) -> bool:
        """True for the folder and for all paths below it, also through links."""
        if self._path is None:
            return False
        real = path if is_remote(path) else os.path.realpath(path)
        return f"{real}/".startswith(f"{self._path.rstrip('/')}/")

    def candidate(self, path: str) -> _Candidate:
        """The candidate at `path`; for all paths inside the folder the folder, so that the user reads of it once."""
        if self._stated is not None and self.holds(path):
            return _Candidate(self._stated, "the --output folder, from which no input is read")
        return _Candidate(path)


def find_dumps(inputs: Sequence[str], output: str | None = None) -> Discovery:
    """The dumps in files, in folders (at any depth, without hidden files) and in globs, each dump once.

    `inputs` may be written as by `stored_name` or `shown_name`. These are skipped in folders and globs: files in the
    folder `output`, links to folders, pipes, sockets, devices, files that are no dump, files and folders that this user
    may not read, and files that vanish or change meanwhile. Each file is opened once and decompressed once: its first
    bytes decide on its format, and up to 8 MiB are read for its fingerprint. Beside other inputs a pattern may match
    nothing, and a folder be empty.

    Raises:
      NoInputError: no input holds a file; files may come.
      InputError: a file named by the user is missing, unreadable, empty or no dump; a folder or glob holds files, but
        no dump; a file in a folder can't be read for another reason than its permissions.
    """
    place = _Output(output)
    found: dict[str, Dump | Skipped] = {}
    empty: list[NoInputError] = []
    for stated in inputs:
        here = _found_in(stated, place, found)
        if isinstance(here, NoInputError):
            empty.append(here)
        else:
            found |= here
    if empty and not any(isinstance(file, Dump) for file in found.values()):
        raise empty[0]
    parts = [str(error).partition(": ") for error in empty]
    return _discovery(found)._replace(empty=[Skipped(name, why) for name, _, why in parts])


def _found_in(
    stated: str, place: _Output, known: Mapping[str, Dump | Skipped]
) -> dict[str, Dump | Skipped] | NoInputError:
    """The dumps and skipped files of one input that are not known yet; an error to be raised if it holds no file yet.

    Raises:
      InputError: see `find_dumps`.
    """
    try:
        expanded, is_named = _expand(stated, place)
    except NoInputError as error:
        return error
    candidates = list(expanded)
    new = [candidate for candidate in candidates if candidate.path not in known]
    found: dict[str, Dump | Skipped] = {
        each.path: Skipped(shown_name(each.path), each.why_not, each.is_denied) for each in new if each.why_not
    }
    paths = [each.path for each in new if not each.why_not]
    found |= _examine_all(paths, _examine if is_named else _examine_unless_denied)
    files = [known.get(each.path) or found[each.path] for each in candidates]
    if is_named and isinstance(files[0], Skipped):
        more = f"; {_READABLE}" if files[0].why.startswith(_UNKNOWN) else ""
        raise InputError(f"{files[0].path}: {files[0].why}{more}")
    if not any(isinstance(file, Dump) for file in files):
        skipped = next((f"{file.path}: {file.why}" for file in files if isinstance(file, Skipped)), "")
        if not skipped:
            return NoInputError(f"{shown_name(stated)}: no dump in it; {_READABLE}")
        raise InputError(f"{shown_name(stated)}: no dump in it; {skipped}; {_READABLE}")
    return found


def list_files(inputs: Sequence[str], output: str | None = None) -> Listing:
    """The files that `find_dumps` would open, none of which is opened here, and what is no file.

    A folder without a file and a pattern that nothing matches give none, for files may come. A folder in a folder that
    can't be read is skipped.

    Raises:
      InputError: a file or folder named by the user is missing, can't be read, or is a link that leads to none.
    """
    place = _Output(output)
    listing = Listing({}, {})
    for stated in inputs:
        with contextlib.suppress(NoInputError):
            candidates, is_one_file = _expand(stated, place)
            for each in candidates:
                state = None if each.why_not else each.state or _local_state(each.path)
                is_lost_link = not state and not each.why_not and os.path.islink(each.path)
                if is_lost_link and is_one_file:
                    raise InputError(f"{shown_name(stated)}: {_LOST_LINK}; check the path")
                if state:
                    listing.files[each.path] = state
                elif each.why_not or is_lost_link:
                    listing.skipped[each.path] = each.why_not or _LOST_LINK
    return listing


def examine(paths: Sequence[str]) -> Discovery:
    """The dumps among files that were listed. A file that this user may not read is skipped, as one that is no dump.

    Raises:
      InputError: a file can't be read for another reason.
    """
    return _discovery(_examine_all(paths, _examine_unless_denied))


def _local_state(path: str) -> FileState | None:
    """The state of a local file; None if it is none, or has vanished."""
    try:
        status = os.stat(path)  # noqa: PTH116  (`Path` would change the name)
    except OSError:
        return None
    return FileState(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _discovery(found: Mapping[str, Dump | Skipped]) -> Discovery:
    in_order = [found[path] for path in sorted(found)]
    return Discovery(
        [file for file in in_order if isinstance(file, Dump)], [file for file in in_order if isinstance(file, Skipped)]
    )


def fingerprint(path: str) -> str:
    """A 128-bit digest (BLAKE2b, hex) of the size and content of a file. Its name and times don't matter.

    A file of up to 8 MiB counts whole. Of a larger file sixteen stretches of 256 KiB count: the first, the last and
    fourteen evenly between. Two larger files of equal size that differ only elsewhere have the same digest.
    """
    with open_dump(path) as stream:
        return fingerprint_of(stream, stream.seek(0, os.SEEK_END))


def fingerprint_of(stream: BinaryIO, size: int) -> str:
    """The fingerprint of the first `size` bytes of an open file, as if the file ended there. Reads 8 MiB at most."""
    digest = hashlib.blake2b(size.to_bytes(8, "big"), digest_size=16)
    stream.seek(0)
    if size <= _WHOLE_BYTES:
        digest.update(stream.read(size))
    else:
        for sample in range(_SAMPLES):
            stream.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def beginning_of(stream: BinaryIO, size: int) -> str:
    """Short digests of the first 8, 64, 512 … 262,144 bytes of an open file, as many as it has, joined.

    If a file begins with another one, its beginning begins with that of the other. The opposite is likely, not sure.
    """
    stream.seek(0)
    head = stream.read(min(size, _BEGINNINGS[-1]))
    return "".join(hashlib.blake2b(head[:end], digest_size=4).hexdigest() for end in _BEGINNINGS if end <= size)


def _expand(stated: str, place: _Output) -> tuple[Iterable[_Candidate], bool]:
    """The candidates of one input, and True if the input names one file, not a folder or glob."""
    if is_remote(stated):
        return _expand_remote(stated, place)
    path = stated if os.path.lexists(stated) else os_name(stated)
    if os.path.lexists(path):
        return _expand_local(path, place, is_stated=True), not os.path.isdir(path)
    if not glob.has_magic(path):
        raise InputError(f"{shown_name(stated)}: no such file or folder; check the path")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        words = "nothing matches; check the pattern, and put it in quotes if your shell changes it"
        raise NoInputError(f"{shown_name(stated)}: {words}")
    return (candidate for match in matches for candidate in _expand_local(match, place, is_stated=False)), False


def _expand_local(path: str, place: _Output, *, is_stated: bool) -> Iterable[_Candidate]:
    """The file at `path`, or the files below the folder at `path`, which must be readable if the user names it."""
    normal = _normal(path)
    return (
        _files_below(normal, place, normal if is_stated else "") if os.path.isdir(normal) else [place.candidate(normal)]
    )


def _normal(path: str) -> str:
    """The path without superfluous parts; the real path if ".." follows a link, which must be resolved then."""
    normal = os.path.normpath(path)
    if ".." in path.split("/") and os.path.realpath(normal) != os.path.realpath(path):
        return os.path.realpath(path)
    return normal


def _files_below(top: str, place: _Output, stated: str) -> Iterator[_Candidate]:
    """The files in the folder `top` and below it, without hidden ones. A list of folders allows any depth.

    A folder that can't be read is a candidate that is skipped; the folder `stated` raises InputError.
    """
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        if place.holds(folder):
            yield place.candidate(folder)
            continue
        try:
            entries = _entries(folder)
        except OSError as error:
            words = f"{error.strerror}; check its permissions"
            if folder == stated:
                raise InputError(f"{shown_name(folder)}: {words}") from error
            yield _Candidate(folder, words, is_denied=isinstance(error, PermissionError))
            continue
        for entry in entries:
            path = os.path.normpath(os.path.join(folder, entry.name))
            if not entry.is_symlink():
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                else:
                    yield _Candidate(path)
            elif os.path.isdir(path):  # not followed: it may lead back to a folder above
                yield _Candidate(path, "a link to a folder; name the folder itself to read it")
            else:
                yield place.candidate(path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """The entries of a folder without hidden ones; none if the folder has vanished meanwhile."""
    try:
        with os.scandir(folder) as listing:
            return [entry for entry in listing if not entry.name.startswith(".")]
    except FileNotFoundError:
        return []


def _expand_remote(stated: str, place: _Output) -> tuple[list[_Candidate], bool]:
    """As `_expand`, for a remote file, a glob, or a folder whose address ends in "/"."""
    pattern = stated + "**" if stated.endswith("/") else stated
    try:
        found = match(pattern)
    except OSError as error:
        cure = "check the address, the credentials, and that warraq[aws] or warraq[gcp] is installed"
        raise InputError(f"{stated}: {error}; {cure}") from error
    paths = sorted(path for path in found if not path.rpartition("/")[2].startswith("."))
    if not paths:
        raise NoInputError(f"{stated}: nothing is stored there; check the address (a folder ends in /)")
    return [place.candidate(path)._replace(state=found[path]) for path in paths], pattern == paths[0]


def _examine_all(paths: Sequence[str], examine_one: Callable[[str], Dump | Skipped]) -> dict[str, Dump | Skipped]:
    """The dump or the reason for each path. Remote files are opened in parallel: each waits for the network."""
    if not any(map(is_remote, paths)):
        return {path: examine_one(path) for path in paths}
    with ThreadPoolExecutor(_REMOTE_AT_ONCE) as pool:
        return dict(zip(paths, pool.map(examine_one, paths), strict=True))


def _examine_unless_denied(path: str) -> Dump | Skipped:
    """As `_examine`, but a file that this user may not read is skipped."""
    try:
        return _examine(path)
    except InputError as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        name = shown_name(path)
        return Skipped(name, str(error).removeprefix(f"{name}: "), is_denied=True)


def _examine(path: str) -> Dump | Skipped:
    """The dump at `path`, or the reason why it is none.

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
            dump = Dump(
                path=stored_name(path),
                size=size,
                format=format_,
                fingerprint=fingerprint_of(stream, size),
                modified_at=_modified_at(path, stream),
                state=state,
                beginning=beginning_of(stream, size),
            )
            if state_of(stream) != state:
                return Skipped(shown_name(path), "another program is writing it; read it when it is complete")
            return dump
    except NotAFileError as error:
        return Skipped(shown_name(path), str(error))
    except FileNotFoundError:
        return Skipped(shown_name(path), "a broken link" if os.path.islink(path) else "the file no longer exists")
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Skipped(shown_name(path), "a link to itself")
        words = f"{error.strerror or error}; check the path and its permissions"
        raise InputError(f"{shown_name(path)}: {words}") from error


def _format_of(stream: BinaryIO) -> tuple[str, str]:
    """One of formats.FORMATS, or "" and the reason why the file is no dump."""
    peek = Peek(stream, SNIFFED_BYTES)
    kind, compression = recognise(peek.content), peek.compression
    if peek.damage and not peek.content:
        return "", f"can't be decompressed: {peek.damage}"
    if not kind or (compression and kind in NEVER_COMPRESSED):
        name = foreign_name(peek.content)
        return "", f"{_UNKNOWN} ({name})" if name else _UNKNOWN
    if compression and kind in ARCHIVE_KINDS and is_solid(peek, kind):
        return f"{kind}.{compression}.solid", ""
    return f"{kind}.{compression}" if compression else kind, ""


def _modified_at(path: str, stream: BinaryIO) -> dt.datetime:
    """The modification time of the file in whole seconds; the beginning of 1970 if it is outside of 1970 to 2099."""
    seconds = last_modified(path) if is_remote(path) else os.fstat(stream.fileno()).st_mtime
    return dt.datetime.fromtimestamp(int(seconds) if 0 <= seconds < _LATEST else 0, tz=dt.timezone.utc)
