"""The log of a Delta table: its entries, and its faults."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from warraq.schemas.arrow import PARTITIONS
from warraq.transforms import storage
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.loads import IN
from warraq.transforms.dataset.open_tables import STANDSTILL, KeptTable

FOLDER: Final = "_delta_log"
# Keys in the metadata of a commit: its run, and the number of files that it adds.
RUN_KEY: Final = "warraq.run_id"
FILES_KEY: Final = "warraq.files"
_FEW_KEYS: Final = 30
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


def data_files(name: str, table: DeltaTable | None) -> list[DataFile]:
    """The current files of the table `name`, by path, without the dumps of their rows."""
    return [
        DataFile(
            name,
            entry["path"],
            [str(entry["partition"][column]) for column in PARTITIONS[name]],
            entry["num_records"],
            entry["size_bytes"],
            [],
        )
        for entry in file_entries(table)
    ]


def has_run(table: DeltaTable | None, run_id: str) -> bool:
    """True once a run has been committed to the table, unless it has been taken out again."""
    return transactions(table, [run_id]).get(run_id) == IN


def knows_run(table: DeltaTable | None, run_id: str) -> bool:
    """True once a run has been committed to the table, even if it has been taken out again."""
    return run_id in transactions(table, [run_id])


def transactions(table: DeltaTable | None, keys: Sequence[str]) -> dict[str, int]:
    """The versions of those of these transactions that the table has.

    Each lookup by delta-rs reads the transactions of the whole log (5 ms at 20,000 of them). So for many keys the log
    is read once here (130 ms). A table that is kept open remembers that, and then only what is new is read.
    """
    if table is None:
        return {}
    lookups = len(keys)
    if isinstance(table, KeptTable):
        table.lookups = lookups = table.lookups + lookups
    if lookups <= _FEW_KEYS:
        found = {key: table.transaction_version(key) for key in keys}
    else:
        known = _transactions(table)
        found = {key: known[key] for key in keys if key in known}
        found |= {key: table.transaction_version(key) for key, version in found.items() if version is None}
    return {key: version for key, version in found.items() if version is not None}


def all_transactions(table: DeltaTable) -> dict[str, int]:
    """The transactions of a table at its version. Those that may have expired are left out."""
    return {key: version for key, version in _transactions(table).items() if version is not None}


def _transactions(table: DeltaTable) -> dict[str, int | None]:
    """The transactions of a table at its version; None for those that expire, of which delta-rs knows if they have."""
    if not isinstance(table, KeptTable):
        return _read_transactions(table, -1)
    with STANDSTILL:
        try:
            table.transactions |= _read_transactions(table, table.read_to)
        except FileNotFoundError:  # another process has cleaned the log meanwhile
            table.transactions = _read_transactions(table, -1)
        table.read_to = table.version()
        return table.transactions


def _read_transactions(table: DeltaTable, after: int) -> dict[str, int | None]:
    """As `_transactions`: those of the entries after a version, or of all if it is -1."""
    folder = unquote(table.table_uri.removeprefix("file://")).rstrip("/") + f"/{FOLDER}"
    found: dict[str, int | None] = {}
    if after < 0:
        versions = {name: _version_of(name) for name in storage.entries(folder)}
        whole = [(version, name) for name, version in versions.items() if name.endswith(".checkpoint.parquet")]
        after, checkpoint = max([each for each in whole if each[0] <= table.version()], default=(-1, ""))
        if checkpoint:
            with storage.open_ranges(storage.join(folder, checkpoint)) as file:
                entries = pq.read_table(file, columns=["txn"]).column("txn").to_pylist()
            found |= {entry["appId"]: _lasting(entry) for entry in entries if entry}
    for version in range(after + 1, table.version() + 1):
        for line in storage.read(storage.join(folder, f"{version:020}.json")).splitlines():
            if line.startswith(b'{"txn"'):
                entry = json.loads(line)["txn"]
                found[entry["appId"]] = _lasting(entry)
    return found


def _lasting(entry: Mapping[str, Any]) -> int | None:
    """The version of a transaction; None if it expires."""
    return entry["version"] if entry.get("lastUpdated") is None else None


def checkpoint_version(root: str, name: str) -> int | None:
    """The version of the newest checkpoint of the table `name`; None if it has none."""
    path = storage.join(root, name, FOLDER, "_last_checkpoint")
    try:
        return int(json.loads(storage.read(path))["version"]) if storage.exists(path) else None
    except (OSError, ValueError, KeyError, TypeError):  # it is a hint; readers do without it
        return None


def _version_of(name: str) -> int:
    return int(name[:20]) if name[:20].isdigit() else -1


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
