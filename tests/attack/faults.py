"""Fails or kills a run at each call that changes the dataset, and looks at what it leaves. Prints what was tried.

    python -m tests.attack.faults [--every N] [--only NAME] [--seed N]

The calls are counted and made to fail by `faults.c`, preloaded: by those of Python and of delta-rs alike. After each
fault the dataset must be the old one, the new one, or one whose publication the same run, repeated, finishes; and that
run must then give what an undisturbed one gives, with nothing left over and every byte sound.
"""

import argparse
import contextlib
import ctypes
import datetime as dt
import errno
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
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
            for name in ([options.only] if options.only else FAULTS)
            for line in sweep(Path(folder), name, options.every)
        ]
    print("\n".join(broken) or "all held")
    return 1 if broken else 0


def sweep(folder: Path, name: str, every: int) -> list[str]:
    """Tries one kind of fault at each call; prints how often it was tried, and returns what did not hold."""
    library = ctypes.CDLL(os.environ["WARRAQ_FAULTS"])
    error, stays = FAULTS[name]
    old, new, work = folder / "old", folder / "new", folder / "work"
    if not old.exists():
        assert forked(lambda: ingest(old, "r0")) == DONE
        shutil.copytree(old, new)
        assert forked(lambda: ingest(new, "r1")) == DONE
    broken, outcomes, tried = [], Counter(), 0
    for call in range(1, MOST_CALLS, every):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(old, work)

        def disturbed(call: int = call) -> int:
            library.faults_arm(str(work).encode(), ctypes.c_long(call), error, int(stays))
            code = ingest(work, "r1")
            return code if library.faults_calls() >= call else 10 + code

        code = forked(disturbed)
        if code == 10 + DONE:
            break
        tried += 1
        outcomes[{DONE: "done", FAILED: "failed", -9: "killed"}.get(code, str(code))] += 1
        place = f"{name} at call {call}"
        if code not in (DONE, FAILED, -9):
            broken.append(f"{place}: ended with {code}")
        if forked(functools.partial(compare, work, old, new, place)) != DONE:
            broken.append(f"{place}: the dataset is neither the old nor the new one")
        elif forked(functools.partial(repeat, work, new, place)) != DONE:
            broken.append(f"{place}: not made good by the same run")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{name}: {tried} calls tried ({counts}), {len(broken)} did not hold", flush=True)
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


def ingest(root: Path, run_id: str) -> int:
    """One run as `warraq ingest` makes it, from its check to its end, without the pipeline."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415  (after the fork: see `forked`)

    from tests.support.datasets import publish_run  # noqa: PLC0415
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.dataset.errors import DatasetError  # noqa: PLC0415
    from warraq.transforms.dataset.publish import recover, recover_dead_runs  # noqa: PLC0415

    dataset = Dataset(str(root))
    try:
        dataset.check()
        recover_dead_runs(dataset)
        with dataset.lock(run_id) as free:
            assert free
            try:
                if not recover(dataset, run_id, run_id):
                    publish_run(dataset, run_id, stage(root, run_id))
            except (OSError, DeltaError, DatasetError):
                with contextlib.suppress(OSError, DeltaError, DatasetError):
                    recover(dataset, run_id, run_id)
                raise
    except (OSError, DeltaError, DatasetError) as error:
        if os.environ.get("WARRAQ_SHOW"):
            print(type(error).__name__, str(error)[:200].replace("\n", " | "))
        return FAILED
    return DONE


def stage(root: Path, run_id: str) -> list:
    """Stages the files of a run: two partitions, and its row."""
    from tests.support.datasets import stage_run  # noqa: PLC0415
    from warraq.schemas.records import Article, Source  # noqa: PLC0415
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415

    fetched = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)
    articles = [
        Article(
            Source(f"u{n}", fetched, "d", n, 1), "u", "s", None, f"{run_id} {n}", None, dt.date(2025, 5, 1 + n % 2), "x"
        )
        for n in range(4)
    ]
    return stage_run(Dataset(str(root)), run_id, [article._replace(topic="sport") for article in articles])


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
    on_the_way = Dataset(str(work)).publishing() == ["r1"] and found["articles"] == after["articles"]
    if not on_the_way:
        print(place, found)
    return DONE if on_the_way else WRONG


def repeat(work: Path, new: Path, place: str) -> int:
    """DONE if the same run, undisturbed, now gives what it gives in an old dataset."""
    from warraq.transforms.dataset.dataset import Dataset  # noqa: PLC0415
    from warraq.transforms.maintain.damage import byte_faults  # noqa: PLC0415

    if ingest(work, "r1") != DONE:
        print(place, "the repeated run failed")
        return WRONG
    left = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.suffix != ".json")
    expected = sorted(str(path.relative_to(new)) for path in new.rglob("*") if path.suffix != ".json")
    left = [path for path in left if ".json#" not in path]  # of delta-rs, which takes no notice of it
    wrong = list(byte_faults(Dataset(str(work))))
    if rows(work) != rows(new) or left != expected or wrong:
        print(place, rows(work), sorted(set(left) ^ set(expected)), wrong)
        return WRONG
    return DONE


if __name__ == "__main__":
    if "WARRAQ_FAULTS" in os.environ:  # imports take longer than all else: done once, before the forks
        import warraq.transforms.maintain.damage  # noqa: F401
        from tests.support import datasets  # noqa: F401
    sys.exit(main(sys.argv[1:]))
