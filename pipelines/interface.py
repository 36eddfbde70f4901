"""The Python interface: `warraq.ingest`, `warraq.connect` and `warraq.explain`, for notebooks and schedulers.

Functions print nothing and never exit. A mistake or a failure raises WarraqError with the line that the command prints.
"""

import contextlib
import dataclasses
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from warraq.pipelines.cli import WRONG_USAGE, Parser, configure_file_systems
from warraq.pipelines.config_file import arguments
from warraq.pipelines.errors import WarraqError
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError

if TYPE_CHECKING:
    import duckdb

    from warraq.transforms.write.set_aside import SetAside

Path: TypeAlias = str | os.PathLike[str]

# A run sets the folder of temporary files and the log level of the whole process.
_ONE_AT_A_TIME: Final = threading.Lock()
# Flags that say only how the command prints or stops.
_OF_THE_COMMAND: Final = frozenset(
    {"help", "help_all", "inputs", "output", "print_config", "quiet", "strict", "timings", "traceback"}
)


@dataclasses.dataclass(frozen=True)
class Run:
    """The result of `ingest`."""

    run_ids: Sequence[str]  # of the runs that were committed now, rows of the view `runs`; none if nothing was new
    is_new: bool  # False if the dataset had all dumps already; the counts are 0 then
    pages: int  # read
    articles: int
    articles_without_date: int  # their pages state none, so `date` is the day of fetching
    rejected: Mapping[tuple[str, str], int]  # pages by stage and reason
    set_aside: Sequence["SetAside"]  # dumps that are not committed, because too many of their pages broke the code
    messages: Sequence[str]  # the lines that the command prints on stderr


class _RaisingParser(Parser):
    """A parser that raises WarraqError instead of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        raise WarraqError(message, WRONG_USAGE)


def ingest(inputs: Path | Sequence[Path], output: Path, *, beam: Sequence[str] = (), **rules: Any) -> Run:
    """Adds the Arabic news articles in dumps to a dataset, as `warraq ingest` does.

    Outside the main thread a local run has one worker, because only the main thread gets the signals that end workers.
    One process ingests one input at a time; calls from other threads wait.

    Args:
      inputs: files, folders, globs or addresses in buckets.
      output: the dataset; created if there is none.
      beam: flags of Beam, such as `--runner=FlinkRunner`.
      **rules: any flag of `warraq ingest` without its dashes: `workers=2`, `quality="fineweb2"`, `clean_min_words=50`,
        `config="rules.toml"`; True for a flag without a value.

    Raises:
      WarraqError: a rule, an input or the dataset is wrong, or the run failed; nothing was committed.
      KeyboardInterrupt: the run was interrupted; nothing was committed.
    """
    with _without_warnings():
        from warraq.pipelines import ingest as command  # noqa: PLC0415  (imports Beam, two seconds)
    from warraq.pipelines.flags import ingest_parser  # noqa: PLC0415
    from warraq.pipelines.options import LOCAL, parse_ingest  # noqa: PLC0415
    from warraq.pipelines.summary import ledger_of, undated  # noqa: PLC0415
    from warraq.transforms import ledger  # noqa: PLC0415

    if isinstance(beam, str) or not all(re.match(r"--\w+(=|$)", flag) for flag in beam):
        raise WarraqError("beam must be a list of flags of Beam, such as ['--runner=FlinkRunner']", WRONG_USAGE)
    parser = ingest_parser(_RaisingParser)
    ours = {flag for action in parser._actions for flag in action.option_strings}  # noqa: SLF001
    for flag in beam:
        if flag.partition("=")[0] in ours:
            raise WarraqError(f"{flag} is no flag of Beam; give it as a rule, without its dashes", WRONG_USAGE)
    given = _arguments(parser, rules)
    stated = [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs
    paths = [os.fspath(path) for path in stated]
    words = ["--quiet", f"--output={os.fspath(output)}", *given, *beam, *(["--", *paths] if paths else [])]
    options = parse_ingest(words, _RaisingParser)
    if options.runner == LOCAL and threading.current_thread() is not threading.main_thread():
        if rules.get("workers", 1) != 1:
            raise WarraqError("workers must be 1 off the main thread; for more, run warraq ingest as a process")
        options = dataclasses.replace(options, workers=1)
    options = dataclasses.replace(options, is_command=False)
    messages: list[str] = []
    with _ONE_AT_A_TIME, _silent():
        try:
            outcome = command.ingest(options, messages.append)
        except WarraqError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt(str(error)) from error
            raise
        dataset = Dataset(options.output)
        with _as_ours():
            lines = ledger_of(dataset, outcome.run_ids) if outcome.run_ids else []
    return Run(
        run_ids=outcome.run_ids,
        is_new=bool(outcome.run_ids),
        pages=sum(line.pages for line in lines if line.door == ledger.READ),
        articles=sum(line.pages for line in lines if line.door == ledger.ARTICLE),
        articles_without_date=undated(lines),
        rejected={(line.stage, line.reason): line.pages for line in lines if line.door == ledger.REJECTED},
        set_aside=outcome.set_aside,
        messages=messages,
    )


def connect(dataset: Path) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection with the views of `warraq query`. It reads the dataset as of now and can't change it.

    Raises:
      WarraqError: there is no dataset, it is damaged, or it is newer than this version.
    """
    from warraq.pipelines import query  # noqa: PLC0415

    root = os.fspath(dataset)
    if storage.is_remote(root):
        configure_file_systems()
    with _as_ours():
        return query.connect(Dataset(root))


def explain(page: Path, url: str | None = None, **rules: Any) -> Any:
    """The verdict and evidence of every stage for one page, as `warraq explain` shows them; `str()` gives its text.

    Args:
      page: a file, or `DUMP@OFFSET` as in the columns dump and dump_offset.
      url: the address of the page in a dump, in place of an offset.
      **rules: as for `ingest`.

    Raises:
      WarraqError: a rule is wrong, or there is no such page.
    """
    from warraq.pipelines import explain as command  # noqa: PLC0415
    from warraq.pipelines.flags import add_rules  # noqa: PLC0415
    from warraq.pipelines.options import config_of  # noqa: PLC0415
    from warraq.transforms.read.dump import InputError  # noqa: PLC0415

    parser = _RaisingParser(prog="warraq explain", add_help=False)
    add_rules(parser)
    config = config_of(parser, parser.parse_args(_arguments(parser, rules)))
    try:
        path, offset = command.place_of(os.fspath(page))
        return command.explain_page(path, offset=offset, url=url, config=config)
    except InputError as error:
        raise WarraqError(str(error), WRONG_USAGE) from error


def _arguments(parser: Parser, rules: Mapping[str, Any]) -> list[str]:
    """The rules as arguments of the command line; a name that is no flag of `parser` raises WarraqError."""
    flags = {action.dest: action for action in parser._actions if action.dest not in _OF_THE_COMMAND}  # noqa: SLF001
    parser.refuse([f"--{name}" for name in rules if name not in flags])
    return [argument for name, value in rules.items() for argument in arguments(flags[name], value)]


@contextlib.contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except (DatasetError, OSError) as error:
        raise WarraqError(str(error)) from error


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Holds back what Beam logs while it is imported, such as that Google's clients are not there."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Silences the log of Beam: a failure is raised, and the rest is of no use to a caller."""
    beam = logging.getLogger("apache_beam")
    level = beam.level
    beam.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        beam.setLevel(level)
