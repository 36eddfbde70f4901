"""The commands of `warraq`, and what is common to them: help, exit codes, interrupts."""

import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Final

from warraq import __version__
from warraq.pipelines.terminal import guard_streams

# Command → module, whose `main` runs it, and its help. The module is imported only when its command is called.
COMMANDS: Final = {
    "ingest": ("warraq.pipelines.ingest", "add the Arabic news articles in crawl dumps to a dataset"),
    "stream": ("warraq.pipelines.stream", "add the articles in dumps as the dumps arrive"),
    "query": ("warraq.pipelines.query", "answer SQL over a dataset with DuckDB"),
    "search": ("warraq.pipelines.search", "find articles by their words"),
    "maintain": ("warraq.pipelines.maintain", "keep a dataset in order: compact, vacuum"),
    "serve": ("warraq.pipelines.serve.command", "show a dataset in a browser of this machine"),
    "report": ("warraq.pipelines.report.command", "write one HTML file about a dataset, a run or a period"),
    "export": ("warraq.pipelines.export.command", "write the articles as plain files, with a dataset card"),
    "rehydrate": ("warraq.pipelines.export.rehydrate", "make the texts of an export that has addresses only"),
    "explain": ("warraq.pipelines.explain", "show the result of every stage for one page"),
}

_HELP: Final = f"""Warraq {__version__}: crawled web pages in, a clean Arabic news dataset out.

usage: warraq COMMAND [arguments] [flags]

{chr(10).join(f"  {name:<11}{text}" for name, (_, text) in COMMANDS.items())}

Example:
  warraq ingest crawl.warc.gz --output dataset
  warraq query dataset "FROM articles LIMIT 5"

`warraq COMMAND --help` shows the flags of a command."""


def run(arguments: Sequence[str]) -> int:
    """Runs a command; returns its exit code: see `cli.py`.

    If the reader of the output stops, as `head` does, the code stays. If the output can't be written, it becomes 1.
    """
    output = guard_streams()
    try:
        code = _run(arguments or ["--help"])
    except SystemExit as end:  # argparse: help, or wrong usage
        code = int(end.code or 0)
    except KeyboardInterrupt:
        code = 1
        print("warraq: interrupted", file=sys.stderr)
    if output.failure and code == 0:
        print(f"warraq: standard output can't be written: {output.failure}", file=sys.stderr)
        return 1
    return code


def _run(arguments: Sequence[str]) -> int:
    command, *rest = arguments
    if command in ("--help", "-h"):
        print(_HELP)
        return 0
    if command == "--version":
        print(__version__)
        return 0
    if command not in COMMANDS:
        print(f"warraq: no command {command!r}; there are {', '.join(COMMANDS)} (see warraq --help)", file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)  # Beam's log is of no use to the user; a failure is raised
    return int(importlib.import_module(COMMANDS[command][0]).main(rest))
