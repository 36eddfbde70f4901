"""Fails or kills a change at each call that changes the dataset, and looks at what it leaves. Prints what was tried.

    python -m tests.attack.faults [--every N] [--only FAULT] [--operation NAME]

The calls are counted and made to fail by `faults.c`, preloaded: by those of Python and of delta-rs alike. After each
fault the dataset must be the old one, the new one, or one whose publication the same operation, repeated, finishes; and
that must then give what an undisturbed one gives, with nothing left over, every byte sound, and all counts equal.
"""

import argparse
import contextlib
import ctypes
import datetime as dt
import errno
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import unittest.mock
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

KILL: Final = -1
# name → (errno or KILL, whether the trouble stays)
FAULTS: Final = {
    "killed": (KILL, False),
    "disk full": (errno.ENOSPC, True),
    "quota full": (errno.EDQUOT, True),
    "input/output error": (errno.EIO, False),
    "too many files": (errno.EMFILE, False),
    "read-only": (errno.EROFS, True),
}
DONE, FAILED, WRONG = 0, 3, 4
MOST_CALLS: Final = 1000


def build(folder: Path) -> Path:
    """Compiles the library that is preloaded.

    Raises:
      CalledProcessError, FileNotFoundError: there is no compiler.
    """
    library = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    return library


def main(arguments: Sequence[str]) -> int:
    """Returns 0 if all held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="try each N-th call only")
    parser.add_argument("--only", choices=FAULTS, help="one kind of fault")
    parser.add_argument("--operation", choices=OPERATIONS, help="one operation")
    options = parser.parse_args(arguments)
    if "WARRAQ_FAULTS" not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            library = str(build(Path(folder)))
            environment = {**os.environ, "LD_PRELOAD": library, "WARRAQ_FAULTS": library}
            command = [sys.executable, "-m", "tests.attack.faults", *arguments]
            return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    os.environ.pop("LD_PRELOAD")
    with tempfile.TemporaryDirectory() as folder:
        broken = [
            line
            for operation in ([options.operation] if options.operation else OPERATIONS)
            for name in ([options.only] if options.only else FAULTS)
            for line in sweep(Path(folder), operation, name, options.every)
        ]
    print("\n".join(broken) or "all held")
    return 1 if broken else 0


def sweep(folder: Path, operation: str, name: str, every: int) -> list[str]:
    """Tries one kind of fault at each call of an operation; prints how often, and returns what did not hold."""
    library = ctypes.CDLL(os.environ["WARRAQ_FAULTS"])
    error, stays = FAULTS[name]
    old, new, work = folder / "old", folder / f"new-{operation}", folder / "work"
    if not old.exists():
        assert forked(lambda: prepare(old)) == DONE
    if not new.exists():
        shutil.copytree(old, new)
        assert forked(lambda: change(new, operation)) == DONE
    broken, outcomes, tried = [], Counter(), 0
    for call in range(1, MOST_CALLS, every):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(old, work)

        def disturbed(call: int = call) -> int:
            library.faults_arm(str(work).encode(), ctypes.c_long(call), error, int(stays))
            code = change(work, operation)
            return code if library.faults_calls() >= call else 10 + code

        code = forked(disturbed)
        if code == 10 + DONE:
            break
        tried += 1
        outcomes[{DONE: "done", FAILED: "failed", -9: "killed"}.get(code, str(code))] += 1
        place = f"{operation}, {name} at call {call}"
        if code not in (DONE, FAILED, -9):
            broken.append(f"{place}: ended with {code}")
        if forked(functools.partial(compare, work, old, new, place)) != DONE:
            broken.append(f"{place}: the dataset is neither the old nor the new one")
        elif forked(functools.partial(repeat, work, new, operation, place)) != DONE:
            broken.append(f"{place}: not made good by the same operation")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{operation}, {name}: {tried} calls tried ({counts}), {len(broken)} did not hold", flush=True)
    return broken


def forked(work: Callable[[], int]) -> int:
    """The exit code of `work` in a process of its own, or minus the signal that ended it.

    Forked, as the imports take longer than the work. This process itself never starts a thread of delta-rs or Arrow.
    """
    child = os.fork()
    if child == 0:
        code = WRONG
        try:
            code = work()
        except BaseException:  # noqa: BLE001  (whatever it is, it ends this process)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prepare(root: Path) -> int:
    """A dataset of ten runs, whose index has enough files to be merged."""
    return max(change(root, f"r{number}") for number in range(10))


def change(root: Path, operation: str) -> int:
    """An operation, or the run of that name, as the command makes it, without the pipeline."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415  (after the fork: see `forked`)

    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.dataset.errors import DatasetError  # noqa: PLC0415
    from warraq.transforms.dataset.publish import recover_dead_runs  # noqa: PLC0415

    dataset = Dataset(str(root))
    try:
        dataset.check()
        recover_dead_runs(dataset)
        OPERATIONS.get(operation, functools.partial(ingest, run_id=operation))(dataset)
    except (OSError, DeltaError, DatasetError) as error:
        if os.environ.get("WARRAQ_SHOW"):
            print(type(error).__name__, str(error)[:200].replace("\n", " | "))
        return FAILED
    return DONE


def ingest(dataset, run_id: str = "new") -> None:
    """A run of one dump, whose id and fingerprint are those of the run."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    from tests.support.datasets import publish_run  # noqa: PLC0415
    from warraq.transforms.dataset import loads  # noqa: PLC0415
    from warraq.transforms.dataset.errors import DatasetError  # noqa: PLC0415
    from warraq.transforms.dataset.publish import recover  # noqa: PLC0415

    brought = {loads.load_key(loads.load_id("recipe", run_id)): loads.IN, loads.dump_key(run_id): loads.IN}
    with dataset.lock(run_id) as free:
        assert free
        try:
            if not dataset.has_run(run_id):
                publish_run(dataset, run_id, stage(Path(dataset.root), run_id), transactions=brought)
        except (OSError, DeltaError, DatasetError):
            with contextlib.suppress(OSError, DeltaError, DatasetError):
                recover(dataset, run_id, run_id)
            raise


def compact(dataset) -> None:
    """All days, into one file a partition."""
    from warraq.transforms.maintain.compact import Settings, compact  # noqa: PLC0415

    assert [*compact(dataset, Settings(dt.date(2030, 1, 1)))]


def forget(dataset) -> None:
    """An article of the first run by its id, and an address for good."""
    from warraq.transforms.maintain.forget import Request, forget  # noqa: PLC0415

    request = Request(article_ids=frozenset({"r0 1"}), urls=frozenset({"https://s.example/r1/2"}))
    forget(dataset, request, dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc))


def undo(dataset) -> None:
    """The third run, unless it has gone."""
    from warraq.transforms.maintain.undo import undo  # noqa: PLC0415

    if dataset.has_run("r2"):
        undo(dataset, "r2")


def vacuum(dataset) -> None:
    """The logs get checkpoints; what a compaction before has replaced goes."""
    from warraq.transforms.maintain.vacuum import vacuum  # noqa: PLC0415

    compact(dataset)
    vacuum(dataset, keep=0, now=4e9)


def replace(dataset) -> None:
    """A run that reads the dump of the second run under other rules, and takes its rows out."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415

    from tests.support.loads import article, load, refusal  # noqa: PLC0415
    from warraq.transforms.dataset import loads  # noqa: PLC0415
    from warraq.transforms.dataset.errors import DatasetError  # noqa: PLC0415
    from warraq.transforms.dataset.publish import recover  # noqa: PLC0415

    pages = [article("r1", 0, "r1 0"), article("r1", 1, "better"), refusal("r1", 2), refusal("r1", 3)]
    try:
        load(dataset, "new", pages, recipe="better", replaced=[loads.load_id("recipe", "r1")])
    except (OSError, DeltaError, DatasetError):
        with contextlib.suppress(OSError, DeltaError, DatasetError), dataset.lock("new"):
            recover(dataset, "new", "new")
        raise


def repair(dataset) -> None:
    """`check --repair` of an index that lacks an article, and of a pointer that leads nowhere."""
    from tests.support.loads import edit  # noqa: PLC0415
    from warraq.transforms.maintain import check  # noqa: PLC0415

    edit(dataset, "damage to the index", "signatures", lambda rows: rows[1:])
    edit(dataset, "damage to a pointer", "articles", lambda rows: [{**row, "duplicate_of": "nowhere"} for row in rows])
    assert check.run(dataset, argparse.Namespace(repair=True), lambda _: None) == 0


def upgrade(dataset) -> None:
    """The tables are said to be of an older version; they are upgraded, then their files."""
    from warraq.schemas.arrow import SCHEMA_VERSION, TABLES  # noqa: PLC0415
    from warraq.transforms.dataset.upgrade import upgrade_tables  # noqa: PLC0415
    from warraq.transforms.maintain import upgrade  # noqa: PLC0415

    for table in filter(None, map(dataset.open, TABLES)):
        table.alter.set_table_properties({"warraq.schema_version": str(SCHEMA_VERSION - 1)}, raise_if_not_exists=False)
    assert upgrade_tables(dataset) == SCHEMA_VERSION - 1
    with unittest.mock.patch("warraq.transforms.maintain.compact.SCHEMA_VERSION", SCHEMA_VERSION + 1):
        assert upgrade.run(dataset, argparse.Namespace(), lambda _: None) == 0


OPERATIONS: Final = {
    "ingest": ingest,
    "replace": replace,
    "compact": compact,
    "forget": forget,
    "undo": undo,
    "vacuum": vacuum,
    "repair": repair,
    "upgrade": upgrade,
}


def stage(root: Path, run_id: str) -> list:
    """Stages the files of a run: two partitions, the index, and its row. The second of two runs has copies of the first."""
    from tests.support.datasets import stage_run  # noqa: PLC0415
    from warraq.schemas.records import Article, Source  # noqa: PLC0415
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.dataset.index import stage_arrivals  # noqa: PLC0415

    fetched = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)
    articles = [
        Article(
            source=Source(f"https://s.example/{run_id}/{n}", fetched, run_id, n, 1),
            canonical_url=f"https://s.example/{run_id}/{n}",
            site="s.example",
            site_name=None,
            title=f"{run_id} {n}",
            published_at=None,
            date=dt.date(2025, 5, 1 + n % 2),
            date_source="byline",
            text=f"{run_id} {n}",
            topic="sport",
            article_id=f"{run_id} {n}",
            text_digest=f"{n:02x}{run_id}".ljust(32, "0"),
            duplicate_of="r0 1" if run_id == "r3" and n == 3 else None,
            sketch=bytes([n, 0] * 128),
        )
        for n in range(4)
    ]
    ledger = [("read", 4), ("article", 4)]
    lines = [{"dump": run_id, "door": door, "stage": "", "reason": "", "pages": pages} for door, pages in ledger]
    dataset = Dataset(str(root))
    files = stage_run(dataset, run_id, articles, lines, [run_id])
    paths = [dataset.staged_path(run_id, file) for file in files if file.table == "articles"]
    return [*files, *stage_arrivals(dataset, run_id, paths, run_id)]


def names(root: Path) -> list[str]:
    """The files outside the logs. Those of `runs` hold the time of a commit, so their digests differ."""
    found = (str(path.relative_to(root)) for path in root.rglob("*") if "_delta_log" not in path.parts)
    return sorted(re.sub(r"(^|/)(runs/.*-)[0-9a-f]{40}", r"\1\2", name) for name in found)


def rows(root: Path) -> dict[str, list[str]]:
    """The texts, and the runs, that the logs name."""
    from warraq.transforms.dataset.data_files import read_table  # noqa: PLC0415
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415

    dataset = Dataset(str(root))
    return {
        name: sorted(
            text for path in dataset.files(name) for text in read_table(path, [column]).column(column).to_pylist()
        )
        for name, column in (("articles", "text"), ("runs", "run_id"))
    }


def compare(work: Path, old: Path, new: Path, place: str) -> int:
    """DONE if the dataset is the old one or the new one, or is on the way with a manifest that says so."""
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415

    found, before, after = rows(work), rows(old), rows(new)
    Dataset(str(work)).check_whole()
    if found in (before, after):
        return DONE
    on_the_way = Dataset(str(work)).publishing() and all(found[name] in (before[name], after[name]) for name in found)
    if not on_the_way:
        print(place, found)
    return DONE if on_the_way else WRONG


def repeat(work: Path, new: Path, operation: str, place: str) -> int:
    """DONE if the same operation, undisturbed, now gives what it gives in an old dataset."""
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.maintain.check import faults  # noqa: PLC0415

    if change(work, operation) != DONE:
        print(place, "the repeated operation failed")
        return WRONG
    left, expected = names(work), names(new)
    wrong = [str(fault) for fault in faults(Dataset(str(work)))]
    if rows(work) != rows(new) or left != expected or wrong:
        print(place, rows(work) == rows(new), sorted(set(left) ^ set(expected)), wrong)
        return WRONG
    return DONE


if __name__ == "__main__":
    if "WARRAQ_FAULTS" in os.environ:  # imports take longer than all else: done once, before the forks
        import warraq.transforms.maintain.check  # noqa: F401
        from tests.support import datasets  # noqa: F401
    sys.exit(main(sys.argv[1:]))
