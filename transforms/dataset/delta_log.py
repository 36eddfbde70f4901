"""The log of a Delta table: its entries, and its faults."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

FOLDER: Final = "_delta_log"
# Keys in the metadata of a commit: its run, and the number of files that it adds.
RUN_KEY: Final = "warraq.run_id"
FILES_KEY: Final = "warraq.files"
_COMMIT: Final = re.compile(r"(\d{20})\.json")
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint\..*parquet")


def files(table: DeltaTable | None) -> list[str]:
    """The paths of the table's current files, relative to its folder, sorted."""
    return sorted(pa.table(table.get_add_actions()).column("path").to_pylist()) if table else []


def file_entries(table: DeltaTable | None) -> list[dict[str, Any]]:
    """The `path`, `size_bytes`, `num_records` and, if partitioned, `partition` of each file of a table, by path."""
    if table is None:
        return []
    entries = pa.table(table.get_add_actions())
    wanted = [name for name in ("path", "size_bytes", "num_records", "partition") if name in entries.column_names]
    return sorted(entries.select(wanted).to_pylist(), key=lambda entry: str(entry["path"]))


def has_run(table: DeltaTable | None, run_id: str) -> bool:
    """True once a run has been committed to the table."""
    return table is not None and table.transaction_version(run_id) is not None


def newest_runs(table: DeltaTable | None, count: int) -> list[str]:
    """The runs among the last `count` commits. Commits of versions before 0.2 do not name their run."""
    history = table.history(count) if table else []
    return [entry[RUN_KEY] for entry in history if RUN_KEY in entry]


def faults(root: str, name: str) -> Iterator[str]:
    """A sentence for each fault in the log of the table `name` in a local folder.

    Entries before the last readable checkpoint are not needed and not checked.
    """
    folder = Path(root, name, FOLDER)
    commits, checkpoints = _versions(folder, _COMMIT), _versions(folder, _CHECKPOINT)
    whole = [version for version, path in checkpoints.items() if _is_parquet(path)]
    yield from (f"{name}/{FOLDER}/{path.name} is broken" for v, path in checkpoints.items() if v not in whole)
    first = max(whole, default=-1) + 1
    for version in range(first, max([*commits, first - 1]) + 1):
        if version not in commits:
            yield f"{name}/{FOLDER}/{version:020}.json is missing"
        elif fault := _entry_fault(commits[version]):
            yield f"{name}/{FOLDER}/{commits[version].name} {fault}"
    hint = folder / "_last_checkpoint"
    if hint.exists() and not checkpoints:
        yield f"{name}/{FOLDER} has lost the checkpoint that {hint.name} names"


def _versions(folder: Path, pattern: re.Pattern[str]) -> dict[int, Path]:
    found = {path: pattern.fullmatch(path.name) for path in (folder.iterdir() if folder.is_dir() else [])}
    return {int(match[1]): path for path, match in found.items() if match}


def _entry_fault(path: Path) -> str | None:
    """The fault of one commit; None if it has none."""
    try:
        actions = [json.loads(line) for line in path.read_bytes().splitlines()]
        information = next((action["commitInfo"] for action in actions if "commitInfo" in action), None)
    except (OSError, ValueError, TypeError) as error:
        return f"can't be read ({error.strerror if isinstance(error, OSError) else 'no JSON'})"
    if not actions:
        return "is empty"
    added = sum("add" in action for action in actions)
    stated = int((information or {}).get(FILES_KEY, added))
    return None if added == stated else f"names {added} files where {stated} were added"


def _is_parquet(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True
