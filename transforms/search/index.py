"""The index of a dataset: one shard for each year of `articles`, each an index of the library tantivy.

    DIR/_search/index.json      the version of the table that the shards hold, and the number of articles of each
    DIR/_search/2024-3f…/       a shard
    DIR/_search/2024-3f….rows   for each of its articles: the data file, and a digest of what the shard has of it

The index is a cache: all of it can be made again from the data files, and is, whenever there is doubt about it. It is
brought up to date by comparing the files that the log names with those that each shard was made of. New articles are
added to their shard. A shard that has an article which the dataset no longer has is made anew, so no shard ever holds
a deleted article, neither as bytes nor in the statistics by which articles are ranked. A compaction changes files but
no articles, and so no shard.
"""

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import tantivy
from deltalake import DeltaTable

from warraq.transforms import storage
from warraq.transforms.dataset import delta_log
from warraq.transforms.dataset.data_files import DataFile, read_rows
from warraq.transforms.dataset.dataset import SEARCH, Dataset
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.search.words import words

FORMAT: Final = 1  # of shards and of the words in them; shards of another number are made anew
_MANIFEST: Final = "index.json"
_COLUMNS: Final = ("article_id", "site", "title", "text", "entities")
_HEAP: Final = 128_000_000  # bytes that a shard's writer collects before it writes a segment
_PATIENCE: Final = 3600.0  # seconds, for another process that brings the index up to date
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
Tell = Callable[[str], object]


class Shard(NamedTuple):
    """A shard as the manifest names it."""

    year: str
    folder: str
    articles: int


class State(NamedTuple):
    """The content of the manifest."""

    table: str  # the id of the table `articles`
    version: int  # of that table
    shards: dict[str, Shard]  # by year


def schema() -> tantivy.Schema:
    """The fields of a shard. Of an article it keeps its id and topic, which lead to its row; its text is not kept."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("article_id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("date", indexed=True, fast=True)  # days since 1970
    for field in ("title", "text", "name"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("site", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("topic", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def day_number(day: dt.date) -> int:
    """A day as the field `date` has it."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> dt.date:
    """The day of a number in the field `date`."""
    return dt.date.fromordinal(number + _EPOCH)


class Index:
    """The index of a dataset, in its folder; of a dataset that can't be written, in the user's cache."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.folder = _folder(dataset)

    def is_made(self) -> bool:
        """True if there is an index, which may be out of date."""
        return Path(self.folder, _MANIFEST).exists()

    def state(self) -> State | None:
        """The state of the index; None if there is none of this format."""
        try:
            stated = json.loads(Path(self.folder, _MANIFEST).read_bytes())
            if stated["format"] == FORMAT:
                shards = {year: Shard(year, *shard) for year, shard in stated["shards"].items()}
                return State(stated["table"], stated["version"], shards)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def refresh(self, tell: Tell = lambda _: None) -> State:
        """Brings the index up to date with the table `articles`, and returns its state.

        Processes that do this at once wait for each other. A kill leaves the state before, or one that is made anew.

        Raises:
          DatasetError: the dataset can't be read, or another process has been at the index for an hour.
          DamagedDatasetError: a data file is missing or broken.
        """
        table = self._table()
        state = self.state()
        if state and (state.table, state.version) == _identity(table):
            return state
        with self._lock():
            table = self._table()
            return self._update(table, tell, makes=True)

    def drop_taken_out(self) -> int:
        """Removes each shard that has an article which the dataset no longer has. Returns their number.

        The next refresh makes them anew. Until then no byte of those articles is in the index.
        """
        if not Path(self.folder).exists():
            return 0
        with self._lock():
            before = self.state()
            after = self._update(self._table(), lambda _: None, makes=False)
            return len(before.shards) - len(after.shards) if before else 0

    def drop(self, year: str | None = None) -> None:
        """Removes a shard that can't be read, or the whole index."""
        with self._lock():
            state = self.state()
            if year is None or state is None:
                self._write(None)
            else:
                rest = {key: shard for key, shard in state.shards.items() if key != year}
                self._write(state._replace(shards=rest, version=-1))

    def open(self, shard: Shard) -> tantivy.Index:
        """A shard for reading.

        Raises:
          LostShardError: it is gone, or not as the manifest says.
        """
        path = Path(self.folder, shard.folder)
        try:
            index = tantivy.Index.open(str(path))
            count = index.searcher().num_docs
        except (ValueError, OSError) as error:
            raise LostShardError(shard.year) from error
        if count != shard.articles:
            raise LostShardError(shard.year)
        return index

    def _table(self) -> DeltaTable | None:
        self._dataset.check_name()
        table = self._dataset.open("articles")
        if table is None and self._dataset.open("runs") is None:
            root = self._dataset.root
            raise DatasetError(f"{root}: no dataset there; make one: warraq ingest INPUT… --output {root}")
        return table

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        with storage.lock(storage.join(self.folder, f"update{storage.LOCK}"), _PATIENCE) as ours:
            if not ours:
                raise DatasetError(f"{self.folder}: another process has been making the index for an hour; try later")
            yield

    def _update(self, table: DeltaTable | None, tell: Tell, *, makes: bool) -> State:
        """Brings each shard up to date, or (without `makes`) only removes those that have lost articles."""
        identity, version = _identity(table)
        before = self.state()
        if before is None or before.table != identity:
            before = State(identity, -1, {})
        if before.version == version and makes:
            return before
        files: dict[str, list[DataFile]] = {}
        for file in delta_log.data_files("articles", table):
            files.setdefault(file.partition[0][:4], []).append(file)
        waiting = sum(file.rows for year, found in files.items() if year not in before.shards for file in found)
        if waiting and makes:
            tell(f"making the index of {waiting:,} articles; later searches add what is new")
        shards: dict[str, Shard] = {}
        for year in sorted({*files, *before.shards}):
            update = _Update(self._dataset, self.folder, year, files.get(year, []), before.shards.get(year))
            if (shard := update.run() if makes else update.unless_lost()) is not None:
                shards[year] = shard
        after = State(identity, version if makes else -1, shards)
        self._write(after)
        return after

    def _write(self, state: State | None) -> None:
        """Writes the manifest, then removes what it does not name."""
        root = Path(self.folder)
        if state is None:
            root.joinpath(_MANIFEST).unlink(missing_ok=True)
        else:
            shards = {year: (shard.folder, shard.articles) for year, shard in sorted(state.shards.items())}
            stated = {"format": FORMAT, "table": state.table, "version": state.version, "shards": shards}
            with storage.create(str(root / _MANIFEST)) as file:
                file.write(json.dumps(stated).encode())
        kept = {shard.folder for shard in state.shards.values()} if state else set()
        for path in root.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == _ROWS and path.stem not in kept:
                path.unlink(missing_ok=True)


class LostShardError(Exception):
    """A shard is not as the manifest says; the message is its year."""


_ROWS: Final = ".rows"
_ROW_SCHEMA: Final = pa.schema([("file", pa.dictionary(pa.int32(), pa.string())), ("key", pa.binary(16))])


@dataclasses.dataclass
class _Update:
    """One shard and the files that it is to be made of."""

    dataset: Dataset
    folder: str
    year: str
    files: Sequence[DataFile]
    shard: Shard | None

    def unless_lost(self) -> Shard | None:
        """The shard as it is; None if it has articles that the files do not have."""
        if self.shard is None or self._known() is None:
            return None
        _, gone, new = self._difference()
        for file in new:
            gone -= Counter(key for key, _ in _articles(self.dataset, file))
        return None if gone else self.shard

    def run(self) -> Shard | None:
        """The shard with the articles of the files, none more; None if there are none."""
        if not self.files:
            return None
        if self.shard is not None and self._known() is not None:
            kept, gone, new = self._difference()
            if not gone and not new:
                return self.shard
            if shard := self._add(self.shard.folder, kept, gone, new):
                return shard
        folder = f"{self.year}-{uuid.uuid4().hex[:12]}"
        Path(self.folder, folder).mkdir()
        return self._add(folder, {}, Counter(), self.files)

    def _known(self) -> dict[str, list[bytes]] | None:
        """The digests of the shard's articles by file; None if the shard can't be trusted."""
        path = Path(self.folder, f"{self.shard.folder}{_ROWS}") if self.shard else None
        try:
            with pa.OSFile(str(path)) as source:
                rows = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowException):
            return None
        found: dict[str, list[bytes]] = {}
        for file, key in zip(rows["file"].to_pylist(), rows["key"].to_pylist(), strict=True):
            found.setdefault(file, []).append(key)
        return found

    def _difference(self) -> tuple[dict[str, list[bytes]], Counter[bytes], list[DataFile]]:
        """The digests by file that stay, those in files that are gone, and the files that are new."""
        known, paths = self._known() or {}, {file.path for file in self.files}
        kept = {path: keys for path, keys in known.items() if path in paths}
        gone = Counter(key for path, keys in known.items() if path not in paths for key in keys)
        return kept, gone, [file for file in self.files if file.path not in known]

    def _add(
        self, folder: str, kept: dict[str, list[bytes]], gone: Counter[bytes], new: Sequence[DataFile]
    ) -> Shard | None:
        """Adds the articles of files to a shard, but for those that it has; None if some that it has are in no file."""
        try:
            index = tantivy.Index(schema(), str(Path(self.folder, folder)))
            if index.searcher().num_docs != sum(map(len, kept.values())) + gone.total():
                return None
            writer = index.writer(_HEAP, 1)
        except (ValueError, OSError):
            return None
        left = Counter(gone)
        for file in new:
            keys = kept.setdefault(file.path, [])
            for key, article in _articles(self.dataset, file):
                keys.append(key)
                if left[key] > 0:
                    left[key] -= 1
                else:
                    writer.add_document(tantivy.Document(**article))
        if +left:
            writer.rollback()
            return None
        try:
            writer.commit()
        except ValueError as error:  # the disk is full, for example
            raise DatasetError(f"{self.folder}: the index can't be written ({error})") from error
        writer.wait_merging_threads()
        self._write_rows(folder, kept)
        return Shard(self.year, folder, sum(map(len, kept.values())))

    def _write_rows(self, folder: str, keys: dict[str, list[bytes]]) -> None:
        names = sorted(keys)
        places = [place for place, name in enumerate(names) for _ in keys[name]]
        files = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(names, pa.string()))
        rows = pa.table([files, pa.array([key for name in names for key in keys[name]], pa.binary(16))], _ROW_SCHEMA)
        packed = pa.ipc.IpcWriteOptions(compression="zstd")
        path = str(Path(self.folder, f"{folder}{_ROWS}"))
        with storage.create(path) as file, pa.ipc.new_file(file, _ROW_SCHEMA, options=packed) as writer:
            writer.write_table(rows)


def _articles(dataset: Dataset, file: DataFile) -> Iterator[tuple[bytes, dict[str, list[Any]]]]:
    """The articles of a data file as a shard has them, each with the digest of what it has."""
    date, topic = file.partition
    for group in read_rows("articles", dataset.path(file), {}, _COLUMNS):
        for row in group.to_pylist():
            article = {
                "article_id": [row["article_id"]],
                "date": [day_number(dt.date.fromisoformat(date))],
                "title": [" ".join(words(row["title"] or ""))],
                "text": [" ".join(words(row["text"]))],
                "name": [" ".join(words(entity["name"] or entity["text"])) for entity in row["entities"]],
                "site": [row["site"]],
                "topic": [topic],
            }
            written = [row["article_id"], date, topic, row["site"], row["title"], row["text"]]
            written.append([entity["name"] for entity in row["entities"]])
            yield (
                hashlib.blake2b(
                    json.dumps(written, ensure_ascii=False).encode(errors="surrogatepass"), digest_size=16
                ).digest(),
                article,
            )


def _identity(table: DeltaTable | None) -> tuple[str, int]:
    return (str(table.metadata().id), table.version()) if table else ("", 0)


def _folder(dataset: Dataset) -> str:
    """The folder of a dataset's index: in the dataset if it can be written, else in the user's cache."""
    inside = storage.join(dataset.root, SEARCH)
    if not storage.is_remote(dataset.root) and (
        os.access(inside, os.W_OK) if Path(inside).exists() else os.access(dataset.root, os.W_OK)
    ):
        return inside
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    root = dataset.root if storage.is_remote(dataset.root) else os.path.realpath(dataset.root)
    return str(Path(cache, "warraq", "search", hashlib.blake2b(root.encode(), digest_size=16).hexdigest()))
