"""`warraq maintain`: the upkeep of a dataset, by operations that can be killed at any moment and run again."""

import argparse
import importlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from deltalake.exceptions import DeltaError

from warraq.pipelines.cli import (
    DONE,
    FAILED,
    WRONG_USAGE,
    Parser,
    configure_file_systems,
    dataset_folder,
    print_line,
)
from warraq.pipelines.errors import message_of
from warraq.schemas.arrow import SCHEMA_VERSION, TABLES
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError
from warraq.transforms.dataset.publish import recover_dead_runs
from warraq.transforms.dataset.upgrade import upgrade_tables
from warraq.transforms.search.index import Index


class Operation(NamedTuple):
    """An operation. Its module has `add_flags(parser)` and `run(dataset, options, tell)`, which gives the exit code."""

    module: str
    help: str
    writes: bool = True  # before it, dead runs are cleared up and old tables are upgraded


OPERATIONS: Final = {
    "compact": Operation("warraq.transforms.maintain.compact", "merge the small files of closed days"),
    "vacuum": Operation("warraq.transforms.maintain.vacuum", "remove replaced files and old entries of the logs"),
    "check": Operation("warraq.transforms.maintain.check", "compare files, logs, rows and counts", writes=False),
    "forget": Operation("warraq.pipelines.forget", "take articles down, and keep them out"),
    "undo": Operation("warraq.transforms.maintain.undo", "take a run out"),
    "index": Operation("warraq.transforms.maintain.index", "bring the index of searches up to date"),
    "upgrade": Operation("warraq.transforms.maintain.upgrade", "rewrite the files of an older version"),
}
NIGHTLY: Final = ("compact", "vacuum")  # done when no operation is named, and `index` if there is an index


def maintain_parser(name: str | None = None) -> Parser:
    """The parser of the flags of an operation; without its name, of those that are done each night."""
    if name:
        parser = Parser(
            prog=f"warraq maintain DIR {name}",
            usage=f"warraq maintain DIR {name} [flags]",
            description=f"{OPERATIONS[name].help.capitalize()}.",
        )
    else:
        listed = "\n".join(f"  {name:<9}{operation.help}" for name, operation in OPERATIONS.items())
        parser = Parser(
            prog="warraq maintain",
            usage="warraq maintain DIR [OPERATION] [flags]",
            description="Keeps a dataset in order. Each operation may be killed at any moment and run again,\n"
            f"beside running ingests, too. Without an operation: {', then '.join(NIGHTLY)}.\n\nOperations:\n{listed}",
            epilog="Examples:\n  warraq maintain dataset\n  warraq maintain dataset compact --help\n"
            "  warraq maintain dataset forget --url https://akhbar.example/a/1",
        )
    parser.add_argument("--quiet", action="store_true", help="say nothing if nothing is wrong")
    for each in [name] if name else NIGHTLY:
        _module(each).add_flags(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq maintain`; returns the exit code. Each thing that was done is one line on stderr."""
    folder, name, flags = _split(arguments)
    parser = maintain_parser(name if name in OPERATIONS else None)
    if folder in OPERATIONS and not name and not Path(folder).exists():
        parser = maintain_parser(folder)
        if {"-h", "--help"}.isdisjoint(flags):
            parser.error(f"the dataset comes first: warraq maintain DIR {folder}")
    if name and name not in OPERATIONS:
        parser.error(f"no operation {name!r}; there are {', '.join(OPERATIONS)}")
    options = parser.parse_args(flags)
    if folder is None:
        parser.error("required: DIR, the dataset")
    try:
        dataset = Dataset(dataset_folder(folder))
        if storage.is_remote(folder):
            configure_file_systems()
        names = [name] if name else _nightly(dataset)
        _insist(dataset, writes=any(OPERATIONS[each].writes for each in names))
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except (argparse.ArgumentTypeError, DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    try:
        return _run(dataset, names, options, quiet=options.quiet)
    except DatasetError as error:
        return print_line(str(error), FAILED)
    except (DeltaError, OSError) as error:
        return print_line(f"{message_of(error)}; mend that, and the same command does the rest", FAILED)


def keep_up(dataset: Dataset, tell: Callable[[str], object]) -> None:
    """Does what `warraq maintain DIR` does, for a program that runs on. A failure is told, too: it changes no row."""
    options = maintain_parser().parse_args([])
    try:
        for name in _nightly(dataset):
            _module(name).run(dataset, options, tell)
    except (DeltaError, DatasetError, OSError) as error:
        tell(f"{message_of(error)}; upkeep is tried again later")


def _nightly(dataset: Dataset) -> Sequence[str]:
    """The operations that are done when none is named."""
    return (*NIGHTLY, "index") if Index(dataset).is_made() else NIGHTLY


def _split(arguments: Sequence[str]) -> tuple[str | None, str | None, Sequence[str]]:
    """The dataset, the operation, and the arguments after them."""
    words = [*itertools.takewhile(lambda argument: not argument.startswith("-"), arguments[:2])]
    folder, name = [*words, None, None][:2]
    return folder, name, arguments[len(words) :]


def _insist(dataset: Dataset, *, writes: bool) -> None:
    """Returns if there is a dataset, and it can be written if that is needed.

    Raises:
      DatasetError: it is not so.
    """
    dataset.check_name()
    if not any(storage.entries(storage.join(dataset.root, name)) for name in TABLES):
        raise DatasetError(f"{dataset.root}: no dataset there; make one: warraq ingest INPUT… --output {dataset.root}")
    if writes:
        dataset.check()


def _run(dataset: Dataset, names: Sequence[str], options: argparse.Namespace, *, quiet: bool) -> int:
    """Does the operations; returns the exit code. If all is well, `quiet` leaves out what they say."""
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if not quiet:
            print_line(line)

    if any(OPERATIONS[name].writes for name in names):
        for cleared in recover_dead_runs(dataset):
            tell(cleared.words)
        if before := upgrade_tables(dataset):
            tell(f"{dataset.root}: upgraded from schema {before} to {SCHEMA_VERSION}")
    code = max(int(_module(name).run(dataset, options, tell)) for name in names)
    for line in told if quiet and code != DONE else []:
        print_line(line)
    if not told and code == DONE and not quiet:
        print_line("nothing to do")
    return code


def _module(name: str) -> Any:
    return importlib.import_module(OPERATIONS[name].module)
