"""`warraq report`: writes the state of a dataset, a run or a period into one HTML file."""

import argparse
import datetime as dt
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from warraq.pipelines.cli import (
    DONE,
    FAILED,
    WRONG_USAGE,
    Parser,
    add_dataset,
    configure_file_systems,
    parse_with_dataset,
    print_line,
)
from warraq.pipelines.report.changes import Facts, facts_in
from warraq.pipelines.report.report import UnknownRunError, report
from warraq.pipelines.serve.asker import Lake
from warraq.pipelines.serve.questions import Filters
from warraq.pipelines.serve.texts import LANGUAGES
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError


def report_parser() -> Parser:
    """The parser of `warraq report`."""
    parser = Parser(
        prog="warraq report",
        usage="warraq report DIR --html FILE [flags]",
        description="Writes one HTML file about a dataset: pages read and refused, articles by day, topic and site,\n"
        "names that rise, copies, scores, charsets, and what has changed since the last report.",
        epilog="Example:\n  warraq report dataset --html report.html --since 2025-06-01",
    )
    add_dataset(parser)
    parser.add_argument("--html", metavar="FILE", required=True, help="the file; an earlier report is replaced")
    parser.add_argument("--run", default="", metavar="ID", help="only this run (column run_id)")
    parser.add_argument("--since", type=day, metavar="DAY", help="articles from this day on, YYYY-MM-DD")
    parser.add_argument("--until", type=day, metavar="DAY", help="articles until this day")
    parser.add_argument(
        "--since_report", metavar="FILE", help="compare with this report (default: the one that is replaced)"
    )
    parser.add_argument(
        "--language", choices=[*LANGUAGES], default="en", metavar="LANGUAGE", help="en or ar (default: en)"
    )
    return parser


def day(text: str) -> dt.date:
    """The day `YYYY-MM-DD`.

    Raises:
      argparse.ArgumentTypeError: the text is none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2025-06-21") from None


def main(arguments: Sequence[str]) -> int:
    """`warraq report`; returns the exit code."""
    parser = report_parser()
    options = parse_with_dataset(parser, arguments)
    parser.require(options)
    if options.since and options.until and options.since > options.until:
        parser.error(f"--since {options.since} is after --until {options.until}")
    target = Path(options.html)
    if not target.absolute().parent.is_dir():
        parser.error(f"--html {target}: there is no folder {target.parent}")
    if storage.is_remote(options.dataset):
        configure_file_systems()
    try:
        earlier = _earlier(target, options.since_report)
    except (OSError, ValueError) as error:
        return print_line(str(error), WRONG_USAGE)
    filters = Filters(options.since, options.until, run=options.run)
    try:
        html = report(Lake(Dataset(options.dataset)), filters, options.language, earlier)
    except UnknownRunError:
        return print_line(f'no run {options.run}; see them: warraq query {options.dataset} "FROM runs"', WRONG_USAGE)
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except (DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    try:
        _replace(target, html)
    except OSError as error:
        return print_line(f"{target}: can't be written ({error.strerror or error})", FAILED)
    return print_line(f"{target} written, {len(html.encode()) / 1e6:.1f} MB", DONE)


def _earlier(target: Path, named: str | None) -> Facts | None:
    """The facts of the report that is named, or of the one that is replaced.

    Raises:
      ValueError: the file is no report.
      OSError: the file can't be read.
    """
    replaced = facts_in(_read(target)) if target.exists() else None
    if target.exists() and replaced is None:
        raise ValueError(f"{target} exists and is no report of warraq; name another --html file")
    if named is None:
        return replaced
    facts = facts_in(_read(Path(named)))
    if facts is None:
        raise ValueError(f"--since_report {named} is no report of warraq")
    return facts


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise OSError(f"{path}: can't be read ({error.strerror or error})") from error


def _replace(target: Path, html: str) -> None:
    """Writes the file whole, or leaves it as it was."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.absolute().parent, delete=False) as file:
        try:
            file.write(html)
            file.close()
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
