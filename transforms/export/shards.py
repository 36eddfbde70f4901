"""The data files of an export: Parquet or JSON lines, of a size that hubs like, the same for the same rows."""

import abc
import base64
import datetime as dt
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FOLDER: Final = "data"
_GROUP_ROWS: Final = 10_000  # of a row group
_GROUP_BYTES: Final = 64 << 20  # of text in a row group
LEAST: Final = 128 << 20  # bytes of a file, but for the only one
TARGET: Final = 256 << 20  # a file ends with the row group that reaches it
_BLOCK: Final = 1 << 20


class Shard(NamedTuple):
    """One data file."""

    path: str  # below the export's folder
    rows: int
    size: int  # bytes
    sha256: str


class RowGroups:
    """Cuts a stream of tables into row groups. The cuts depend on the rows only, not on how they arrive."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._rows = self._bytes = 0

    def add(self, rows: pa.Table) -> Iterator[pa.Table]:
        """Takes rows; gives the row groups that are full."""
        start = 0
        sizes = pc.binary_length(rows["text"].combine_chunks()) if "text" in rows.column_names else None
        lengths = sizes.to_pylist() if sizes else [0] * rows.num_rows
        for end, length in enumerate(lengths, 1):
            self._rows += 1
            self._bytes += length or 0
            if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
                self._waiting.append(rows.slice(start, end - start))
                start = end
                yield from self.rest()
        if start < rows.num_rows:
            self._waiting.append(rows.slice(start))

    def rest(self) -> Iterator[pa.Table]:
        """Gives the rows that wait, if there are any, as one row group."""
        if self._waiting:
            yield pa.concat_tables(self._waiting).cast(self._schema).combine_chunks()
        self._waiting, self._rows, self._bytes = [], 0, 0


class _File(abc.ABC):
    """A data file that is being written."""

    ending: str

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.rows, self.schema = path, 0, schema
        self.stream: IO[bytes] = path.open("wb")

    def size(self) -> int:
        """The bytes written so far."""
        return self.stream.tell()

    @abc.abstractmethod
    def write(self, group: pa.Table) -> None:
        """Writes a row group."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends the file."""

    @staticmethod
    @abc.abstractmethod
    def read(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
        """The row groups of a file that was closed."""


class ParquetFile(_File):
    """Parquet with zstd and a page index. Pages are cut by content, so a later export shares most bytes with it."""

    ending = "parquet"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._writer = pq.ParquetWriter(
            self.stream, schema, compression="zstd", use_content_defined_chunking=True, write_page_index=True
        )

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=max(1, group.num_rows))
        self.rows += group.num_rows

    def close(self) -> None:
        self._writer.close()
        self.stream.close()

    @staticmethod
    def read(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number).cast(schema)


class JsonFile(_File):
    """JSON lines in UTF-8, compressed with gzip. Times are ISO 8601, bytes are base64."""

    ending = "jsonl.gz"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._lines = gzip.GzipFile("", "wb", 6, self.stream, mtime=0)  # no name, no time: equal rows, equal bytes

    def write(self, group: pa.Table) -> None:
        for batch in group.to_batches(max_chunksize=1000):
            lines = (json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in batch.to_pylist())
            self._lines.write("".join(lines).encode())
        self.rows += group.num_rows

    def close(self) -> None:
        self._lines.close()
        self.stream.close()

    @staticmethod
    def read(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows: list[dict[str, Any]] = []
            for line in lines:
                rows.append({name: _typed(value, schema.field(name).type) for name, value in json.loads(line).items()})
                if len(rows) == _GROUP_ROWS:
                    yield pa.Table.from_pylist(rows, schema=schema)
                    rows = []
            if rows:
                yield pa.Table.from_pylist(rows, schema=schema)


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else base64.b64encode(value).decode()


def _typed(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    return base64.b64decode(value) if pa.types.is_binary(kind) else value


class Shards:
    """Writes the data files of an export below `root`. Their names are final after `close`."""

    def __init__(self, root: Path, schema: pa.Schema, kind: type[_File]) -> None:
        self._folder, self._schema, self._kind = root / FOLDER, schema, kind
        self._groups = RowGroups(schema)
        self._files: list[tuple[Path, int]] = []  # closed ones, with their rows
        self._file: _File | None = None
        self._folder.mkdir(parents=True)

    def write(self, rows: pa.Table) -> None:
        """Writes rows, in the order in which they come."""
        for group in self._groups.add(rows):
            self._write(group)

    def close(self) -> list[Shard]:
        """Ends the last file and names all of them. Without rows there is one empty file, which has the columns."""
        for group in self._groups.rest():
            self._write(group)
        if not self._files and not self._file:
            self._file = self._open()
        self._end_file()
        self._join_small_last()
        return list(self._name())

    def _write(self, group: pa.Table) -> None:
        self._file = self._file or self._open()
        self._file.write(group)
        if self._file.size() >= TARGET:
            self._end_file()

    def _open(self) -> _File:
        return self._kind(self._folder / f"part-{len(self._files):05}", self._schema)

    def _end_file(self) -> None:
        if self._file:
            self._file.close()
            self._files.append((self._file.path, self._file.rows))
            self._file = None

    def _join_small_last(self) -> None:
        """Makes one file of the last two if the last one is small: no hub likes small files."""
        if len(self._files) > 1 and self._files[-1][0].stat().st_size < LEAST:
            old = [self._files.pop()[0] for _ in range(2)][::-1]
            joined = self._kind(self._folder / "joined", self._schema)
            for path in old:
                for group in self._kind.read(path, self._schema):
                    joined.write(group)
            joined.close()
            for path in old:
                path.unlink()
            self._files.append((joined.path, joined.rows))

    def _name(self) -> Iterator[Shard]:
        count = len(self._files)
        for number, (path, rows) in enumerate(self._files):
            named = path.rename(self._folder / f"train-{number:05}-of-{count:05}.{self._kind.ending}")
            yield Shard(f"{FOLDER}/{named.name}", rows, named.stat().st_size, sha256_of(named))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def checksums(root: Path) -> str:
    """A line for each file below `root`, as `sha256sum --check` reads them."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = io.StringIO()
    for path in files:
        lines.write(f"{sha256_of(path)}  {path.relative_to(root).as_posix()}\n")
    return lines.getvalue()
