"""`warraq rehydrate`: makes the texts of an export that has addresses only, from the same dumps, and checks each text.

A dump is known by its content, so its name and place don't matter. A text is kept if its SHA-256 is that of the export.
"""

import contextlib
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from warraq.pipelines.cli import DONE, FAILED, WRONG_USAGE, Parser, configure_file_systems, counted, print_line
from warraq.pipelines.config import STAGES, FlowConfig, config_of_options
from warraq.pipelines.export.command import TAKE_DOWNS, UNFINISHED, read_manifest
from warraq.schemas.records import Article, Page, Rejected
from warraq.transforms import storage
from warraq.transforms.dataset.errors import DatasetError
from warraq.transforms.export.columns import TEXT_COLUMNS, URL_COLUMNS, schema_of
from warraq.transforms.export.shards import FOLDER, JsonFile, ParquetFile, Shards, checksums
from warraq.transforms.file_names import shown_name
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.formats import read_range
from warraq.transforms.rejection import attempt

MISSING: Final = "missing.txt"
_TEXT_STAGES: Final = ("decode", "extract", "clean")  # after them a text is final
_COLUMNS: Final = (*URL_COLUMNS, TEXT_COLUMNS[-1])
_AT_ONCE: Final = 64  # pages for each process
_NO_DUMP: Final = "no dump given has its page"
_NO_PAGE: Final = "its dump has no such page"
_NO_ARTICLE: Final = "the page gives no article"
_OTHER: Final = "the page gives another text"


class Load(NamedTuple):
    """Articles of an export that were read from one dump by one set of rules."""

    load_id: str
    dump: str  # its name then

    @property
    def recipe(self) -> str:
        """The digest of the rules."""
        return self.load_id.partition("-")[0]

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the dump."""
        return self.load_id.partition("-")[2]


def rehydrate_parser() -> Parser:
    """The parser of `warraq rehydrate`."""
    parser = Parser(
        prog="warraq rehydrate",
        usage="warraq rehydrate EXPORT FOLDER --from DUMP…",
        description="Makes the texts of an export with --urls_only from the dumps that it was made from, and keeps\n"
        f"those whose digest is that of the export. {MISSING} lists the others, with the reason.",
        epilog="Example:\n  warraq rehydrate addresses corpus --from crawl/",
    )
    parser.add_argument("export", metavar="EXPORT", help="the export with addresses")
    parser.add_argument("folder", metavar="FOLDER", help="a new folder for the texts")
    parser.add_argument(
        "--from", dest="dumps", nargs="+", required=True, metavar="DUMP", help="files, folders or globs"
    )
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument("--workers", type=int, default=workers, metavar="N", help="processes (default: all cores)")
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq rehydrate`; returns the exit code."""
    options = rehydrate_parser().parse_args(arguments)
    target = Path(options.folder).resolve()
    try:
        manifest = read_manifest(options.export)
        if "text_sha256" not in manifest.get("columns", ()):
            raise DatasetError(f"{shown_name(options.export)}: not an export with --urls_only")
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise DatasetError(f"{shown_name(options.folder)}: not empty; name another folder, or remove it first")
        if any(map(storage.is_remote, options.dumps)):
            configure_file_systems()
        dumps = find_dumps(options.dumps).dumps
    except (DatasetError, InputError, ValueError) as error:
        return print_line(str(error), WRONG_USAGE)
    unfinished = target.with_name(f"{UNFINISHED}{target.name}")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            made, lost = _write(unfinished, options.export, manifest, dumps, max(1, options.workers))
            unfinished.replace(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except ValueError as error:  # a dump, or the rules of the export
        return print_line(str(error), WRONG_USAGE)
    except (OSError, duckdb.Error) as error:
        return print_line(f"{shown_name(options.folder)}: {str(error).splitlines()[0]}", FAILED)
    told = f"; {lost:,} are not there, {MISSING} says why" if lost else ""
    return print_line(f"{shown_name(options.folder)}: {counted(made, 'text')} made again and checked{told}", DONE)


def _write(
    folder: Path,
    export: str,
    manifest: Mapping[str, Any],
    dumps: Sequence[Dump],
    workers: int,
) -> tuple[int, int]:
    """Writes the texts; returns the number of those made, and of those that are missing."""
    kind = JsonFile if manifest["form"] == "jsonl" else ParquetFile
    shards, made, lost = Shards(folder, schema_of(_COLUMNS), kind), 0, 0
    configs = {recipe: _config(each) for recipe, each in manifest["options"].items()}
    reader = _Export(Path(export, FOLDER), kind.ending)
    by_content = {dump.fingerprint: dump for dump in dumps}
    by_name = {dump.path.rpartition("/")[2]: dump for dump in dumps}
    with contextlib.ExitStack() as stack:
        missing = stack.enter_context((folder / MISSING).open("w", encoding="utf-8"))
        pool = None
        if workers > 1:
            context = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(workers, context))
        for load in reader.loads():
            rows = reader.rows(load)
            dump = by_content.get(load.fingerprint) or by_name.get(load.dump.rpartition("/")[2])
            config = configs.get(load.recipe, FlowConfig())
            texts = _texts(dump, rows, config, pool, _AT_ONCE * workers) if dump else iter(())
            for batch in texts:
                reasons = [_reason(rows[offset], text) for offset, text in batch]
                kept = [
                    {**rows[offset], "text": text}
                    for (offset, text), reason in zip(batch, reasons, strict=True)
                    if not reason
                ]
                if kept:
                    shards.write(pa.Table.from_pylist(kept, schema=schema_of(_COLUMNS)))
                made += len(kept)
                for (offset, _), reason in zip(batch, reasons, strict=True):
                    row = rows.pop(offset)
                    if reason:
                        lost += 1
                        missing.write(f"{row['article_id']}\t{reason}\n")
            for row in rows.values():
                lost += 1
                missing.write(f"{row['article_id']}\t{_NO_PAGE if dump else _NO_DUMP}\n")
    files = [shard._asdict() for shard in shards.close()]
    shutil.copyfile(Path(export, TAKE_DOWNS), folder / TAKE_DOWNS)
    told = {"form": manifest["form"], "articles": made, "columns": [each.name for each in _COLUMNS], "files": files}
    (folder / "export.json").write_text(json.dumps({**manifest, **told}, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (folder / "SHA256SUMS").write_text(checksums(folder), encoding="utf-8")
    return made, lost


def _config(options: Mapping[str, Any]) -> FlowConfig:
    """The rules of a run. Those of screening are left out: pages of the export have passed, and lists may be gone."""
    return config_of_options({stage: rules for stage, rules in options.items() if stage != "screen"})


class _Export:
    """The rows of an export with addresses."""

    def __init__(self, folder: Path, ending: str) -> None:
        self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._files = [str(path.resolve()) for path in sorted(folder.glob(f"*.{ending}"))]
        self._source = "read_parquet($files)"
        if ending == JsonFile.ending:
            types = {column.name: _SQL_TYPES.get(str(column.type), "VARCHAR") for column in URL_COLUMNS}
            self._source = f"read_json($files, format = 'newline_delimited', columns = {types})"

    def loads(self) -> list[Load]:
        """The loads that the articles came from, by the dump's name."""
        question = f"SELECT DISTINCT coalesce(load_id, ''), dump FROM {self._source} ORDER BY dump, 1"
        return [Load(*row) for row in self._connection.execute(question, {"files": self._files}).fetchall()]

    def rows(self, load: Load) -> dict[int, dict[str, Any]]:
        """The articles of a load by their place in the dump, in order."""
        question = f"FROM {self._source} WHERE coalesce(load_id, '') = $load AND dump = $dump ORDER BY dump_offset"
        given = {"files": self._files, "load": load.load_id, "dump": load.dump}
        found = self._connection.sql(question, params=given).to_arrow_table()
        return {row["dump_offset"]: row for row in found.cast(schema_of(URL_COLUMNS)).to_pylist()}


_SQL_TYPES: Final = {"int64": "BIGINT", "date32[day]": "DATE", "timestamp[us, tz=UTC]": "TIMESTAMPTZ"}


def _texts(
    dump: Dump, rows: Mapping[int, Any], config: FlowConfig, pool: ProcessPoolExecutor | None, window: int
) -> Iterator[list[tuple[int, str | None]]]:
    """The place and the text of each wanted page of the dump, some at once; None for a page that is no article now.

    Raises:
      InputError: the dump can't be read.
    """
    pages = (item for item in read_range(dump, 0, None, config.read) if item.source.dump_offset in rows)
    wanted = (item for item in pages if isinstance(item, Page))
    while batch := [*itertools.islice(wanted, window)]:
        texts: Iterable[str | None] = map(text_of, batch, itertools.repeat(config))
        if pool:
            texts = pool.map(text_of, batch, itertools.repeat(config), chunksize=8)
        yield [*zip((page.source.dump_offset for page in batch), texts, strict=True)]


def text_of(page: Page, config: FlowConfig) -> str | None:
    """The final text of a page; None if a stage rejects it."""
    record: Any = page
    for stage in STAGES:
        if stage.name in _TEXT_STAGES and stage.apply:
            apply, before = stage.apply, record
            record = attempt(before, stage.name, lambda: apply(before, config))  # noqa: B023  (called at once)
            if isinstance(record, Rejected):
                return None
    assert isinstance(record, Article)
    return record.text


def _reason(row: Mapping[str, Any], text: str | None) -> str:
    """The reason why the text of a row is not kept; "" if it is."""
    if text is None:
        return _NO_ARTICLE
    return "" if hashlib.sha256(text.encode()).hexdigest() == row["text_sha256"] else _OTHER
