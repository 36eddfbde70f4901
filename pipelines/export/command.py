"""`warraq export`: a dataset as plain files that others' tools load whole, with a card, metadata and digests.

An export is written beside its folder and renamed when it is whole. The same articles give the same bytes.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow.compute as pc

from warraq.pipelines.cli import (
    FAILED,
    WRONG_USAGE,
    Parser,
    add_dataset,
    configure_file_systems,
    counted,
    parse_with_dataset,
    print_line,
)
from warraq.pipelines.export.facts import FactsReader
from warraq.pipelines.export.rows import articles, make_families
from warraq.pipelines.export.selection import Selection, SelectionError, add_selection, selection_of
from warraq.pipelines.query import connect
from warraq.pipelines.views import reading
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.export.card import card
from warraq.transforms.export.columns import (
    ALL_COLUMNS,
    FINEWEB2_COLUMNS,
    TEXT_COLUMNS,
    URL_COLUMNS,
    Column,
    schema_of,
)
from warraq.transforms.export.croissant import croissant
from warraq.transforms.export.shards import JsonFile, ParquetFile, Shards, checksums
from warraq.transforms.file_names import is_utf8, shown_name

MANIFEST: Final = "export.json"  # what `--since` and `warraq rehydrate` read
TAKE_DOWNS: Final = "take_downs.txt"
_PARQUET: Final = "application/x-parquet"  # as Croissant names it
UNFINISHED: Final = ".unfinished-"
_ATTEMPTS: Final = 5
_EMAIL: Final = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]"


class Form(NamedTuple):
    """A form of an export."""

    help: str
    encoding: str  # media type
    file: Any  # the class that writes a data file
    columns: tuple[Column, ...]


FORMS: Final = {
    "hf": Form("Parquet with all columns", _PARQUET, ParquetFile, ALL_COLUMNS),
    "jsonl": Form("JSON lines with all columns", "application/jsonlines", JsonFile, ALL_COLUMNS),
    "fineweb2": Form("Parquet with FineWeb-2's columns", _PARQUET, ParquetFile, FINEWEB2_COLUMNS),
}


def export_parser() -> Parser:
    """The parser of `warraq export`."""
    forms = "\n".join(f"  {name:<10}{form.help}" for name, form in FORMS.items())
    parser = Parser(
        prog="warraq export",
        usage="warraq export DIR FOLDER [--to FORM] [flags]",
        description="Writes the articles of a dataset as plain files with a dataset card, Croissant metadata and\n"
        f"digests. FOLDER must not exist, or be empty.\n\nForms:\n{forms}",
        epilog='Example:\n  warraq export dataset corpus --unique --where "words >= 100"',
    )
    add_dataset(parser)
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the folder of the export")
    parser.add_argument(
        "--to", choices=tuple(FORMS), default="hf", metavar="FORM", help="hf (default), jsonl, fineweb2"
    )
    add_selection(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--text_only", action="store_true", help="only article_id and text")
    which.add_argument(
        "--urls_only", action="store_true", help="only addresses, places and digests; `warraq rehydrate` adds the texts"
    )
    parser.add_argument("--title", default="Arabic news articles", metavar="TEXT", help="title of the card")
    parser.add_argument("--license", default="", metavar="ID", help="licence in the card (default: the publishers')")
    parser.add_argument("--since", metavar="FOLDER", help="an earlier export: the card tells the take-downs since then")
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq export`; returns the exit code."""
    parser = export_parser()
    options = parse_with_dataset(parser, arguments, "folder")
    if options.folder is None:
        parser.error("required: FOLDER, where the export is written")
    if (options.text_only or options.urls_only) and options.to == "fineweb2":
        parser.error("--to fineweb2 has columns of its own; leave out --text_only and --urls_only")
    try:
        selection = selection_of(options)
        before = _earlier(options.since)
        if storage.is_remote(options.dataset):
            configure_file_systems()
        dataset = Dataset(options.dataset)
        dataset.check_name()
        target = _target(options.folder, dataset)
    except (SelectionError, DatasetError) as error:
        return print_line(str(error), WRONG_USAGE)
    try:
        count = _write_beside(target, dataset, options, selection, before)
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except (SelectionError, DatasetError) as error:
        return print_line(str(error), WRONG_USAGE)
    except OSError as error:
        return print_line(f"{shown_name(options.folder)}: can't be written ({error.strerror or error})", FAILED)
    return print_line(f"{shown_name(options.folder)}: {counted(count, 'article')}; see README.md there")


def _write_beside(
    target: Path, dataset: Dataset, options: argparse.Namespace, selection: Selection, before: dict[str, Any]
) -> int:
    """Writes the export beside its folder, then gives it that name; returns the number of articles.

    Raises:
      DatasetError: another process writes there.
    """
    unfinished = target.with_name(f"{UNFINISHED}{target.name}")
    with storage.lock(f"{unfinished}{storage.LOCK}") as is_mine:
        if not is_mine:
            raise DatasetError(f"{shown_name(options.folder)}: another export is being written there")
        try:
            count = _attempts(dataset, unfinished, options, selection, before)
            unfinished.replace(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return count


def _target(folder: str, dataset: Dataset) -> Path:
    """The absolute path of the export.

    Raises:
      DatasetError: no export can be written there.
    """
    if storage.is_remote(folder):
        raise DatasetError(f"{folder}: an export is written to a local folder; copy it from there")
    if not is_utf8(folder):
        raise DatasetError(f"{shown_name(folder)}: its path is not UTF-8; name another folder")
    target = Path(folder).resolve()
    root = None if storage.is_remote(dataset.root) else Path(dataset.root).resolve()
    if root and (target == root or root in target.parents):
        raise DatasetError(f"{folder}: lies in the dataset; name another folder")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DatasetError(f"{folder}: not empty; name another folder, or remove it first")
    return target


def _earlier(folder: str | None) -> dict[str, Any]:
    """The manifest of an earlier export; empty if none is named.

    Raises:
      DatasetError: the folder has none.
    """
    return read_manifest(folder) if folder else {}


def read_manifest(folder: str) -> dict[str, Any]:
    """The manifest of an export.

    Raises:
      DatasetError: the folder is no export.
    """
    try:
        found = json.loads(Path(folder, MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{shown_name(folder)}: no export of warraq there ({MANIFEST} can't be read)") from error
    return found if isinstance(found, dict) else {}


def _attempts(
    dataset: Dataset, folder: Path, options: argparse.Namespace, selection: Selection, before: dict[str, Any]
) -> int:
    """Writes the export, anew if files were moved away meanwhile because the dataset was rewritten."""
    for attempt in range(_ATTEMPTS):
        files = dataset.files("articles")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            with reading(dataset):
                return _write(connect(dataset), folder, options, selection, before)
        except DamagedDatasetError:
            if attempt + 1 == _ATTEMPTS or dataset.files("articles") == files:
                raise
    raise AssertionError("an attempt returns or raises")


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    options: argparse.Namespace,
    selection: Selection,
    before: dict[str, Any],
) -> int:
    """Writes the export to `folder`; returns the number of articles."""
    form = FORMS[options.to]
    columns = TEXT_COLUMNS if options.text_only else URL_COLUMNS if options.urls_only else form.columns
    scratch = folder / ".scratch"
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET temp_directory = $path", {"path": str(scratch)})
    selection.apply(connection)
    make_families(connection)
    shards = Shards(folder, schema_of(columns), form.file)
    with_email = 0
    for rows in articles(connection, columns):
        shards.write(rows)
        if "text" in rows.column_names:
            with_email += pc.sum(pc.match_substring_regex(rows["text"], _EMAIL)).as_py() or 0
    written = shards.close()
    reader = FactsReader(connection)
    has_text = any(column.name == "text" for column in columns)
    facts = reader.facts(
        title=" ".join(options.title.split()) or "Arabic news articles",
        form=options.to,
        encoding=form.encoding,
        columns=columns,
        shards=written,
        licence=" ".join(options.license.split()),
        selection=selection.flags,
        with_email=with_email if has_text else None,
        known_take_downs=before.get("take_downs", []),
        since=before.get("newest_run"),
    )
    shutil.rmtree(scratch, ignore_errors=True)
    manifest = {
        "form": options.to,
        "version": facts.version,
        "articles": facts.articles,
        "columns": [column.name for column in columns],
        "selection": selection.flags,
        "newest_run": facts.newest_run.isoformat() if facts.newest_run else None,
        "take_downs": reader.operations(),
        "options": reader.options(),
        "files": [shard._asdict() for shard in written],
    }
    _text(folder / "README.md", card(facts))
    _text(folder / "croissant.json", json.dumps(croissant(facts), ensure_ascii=False, indent=2) + "\n")
    _text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    _text(folder / TAKE_DOWNS, "".join(f"{each}\n" for each in facts.take_downs.article_ids))
    _text(folder / "SHA256SUMS", checksums(folder))
    return facts.articles


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
