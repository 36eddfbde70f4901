"""Flags, messages and exit codes that all commands share. A message is one line on stderr."""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from warraq.pipelines.terminal import one_line
from warraq.transforms.file_names import is_utf8, shown_name

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
SOME_SET_ASIDE: Final = 3  # some of the dumps; the others are committed
NOTHING_NEW: Final = 4  # the dataset has all of the input
NO_INPUT: Final = 5  # no file matches yet
BUSY: Final = 6  # another job is ingesting the same dumps
# The exit codes in words, as `--summary json` gives them.
STATUS: Final = {
    DONE: "done",
    FAILED: "failed",
    WRONG_USAGE: "wrong_usage",
    SOME_SET_ASIDE: "some_set_aside",
    NOTHING_NEW: "nothing_new",
    NO_INPUT: "no_input",
    BUSY: "busy",
}

MEANING: Final = {
    DONE: "Done, and the ledger balances.",
    FAILED: "Failed or interrupted, and nothing was committed; or --strict, and a page broke the code.",
    WRONG_USAGE: "A flag, a statement or an input is wrong; nothing was done.",
    SOME_SET_ASIDE: "Dumps were set aside: too many of their pages broke the code (--max_error_share), or they can't "
    "be read. The others are committed. After three failures a dump is left out until --retry_failed.",
    NOTHING_NEW: "Nothing new: the dataset has all of the input.",
    NO_INPUT: "No file matches yet.",
    BUSY: "Another job is ingesting the same dumps (--wait).",
}

_FIRST_SCREEN: Final = 2  # groups: argparse's own two, for arguments and for flags


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line and exits with 2.

    `--help` shows the parser's own flags. Flags in groups that were added to it are left for `--help-all`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_HelpFormatter, **settings)
        self._positionals.title = "arguments"
        self.defaults: Callable[[Sequence[str]], list[str]] = lambda _: []  # arguments that those given win over

    def error(self, message: str) -> NoReturn:
        screen = "--help" if self._is_on_first_screen(message) else "--help-all"
        print(one_line(f"{self.prog}: {message} (see {self.prog} {screen})"), file=sys.stderr)
        raise SystemExit(WRONG_USAGE)

    def _is_on_first_screen(self, message: str) -> bool:
        """False if argparse's message is about a flag that only `--help-all` shows."""
        flag = message.partition(":")[0].removeprefix("argument ")
        others = (action for group in self._action_groups[_FIRST_SCREEN:] for action in group._group_actions)  # noqa: SLF001
        return all(flag not in action.option_strings for action in others)

    def format_help(self) -> str:
        groups, actions = self._action_groups, self._actions
        self._action_groups = groups[:_FIRST_SCREEN]
        self._actions = [action for group in self._action_groups for action in group._group_actions]  # noqa: SLF001
        try:
            return super().format_help()
        finally:
            self._action_groups, self._actions = groups, actions

    def format_help_all(self) -> str:
        """The help with every group of flags."""
        return super().format_help()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, others = self.parse_known_args(args, namespace)
        self.refuse(others)
        self.require(known)
        return known

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but without an error for a missing argument, which may be missing because of a typo.

        Call `refuse` for the arguments that no one knows, then `require`.
        """
        args = [*sys.argv[1:]] if args is None else args
        needed = [action for action in self._actions if action.required]
        for action in needed:
            action.required = False
        try:
            return super().parse_known_args([*self.defaults(args), *args], namespace)
        finally:
            for action in needed:
                action.required = True

    def refuse(self, arguments: Sequence[str]) -> None:
        """Exits with 2 if there are arguments left. An unknown flag is reported before its value."""
        for flag in (argument.partition("=")[0] for argument in arguments if argument.startswith("-")):
            close = difflib.get_close_matches(flag, self._option_string_actions, 1)
            self.error(f"unknown flag {flag}" + (f"; did you mean {close[0]}?" if close else ""))
        if arguments:
            self.error(f"{arguments[0]}: one argument too many; arguments go before flags")

    def require(self, known: argparse.Namespace) -> None:
        """Exits with 2 if a required argument is missing. `--print_config` needs none."""
        missing = [action for action in self._actions if action.required and not getattr(known, action.dest)]
        if missing and not getattr(known, "print_config", False):
            names = (" ".join([*action.option_strings, str(action.metavar)]) for action in missing)
            self.error(f"required: {', '.join(names)}")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Leaves 52 of 80 columns for the help of a flag, so that it mostly fits one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)


class ShowAllHelp(argparse.Action):
    """The action of `--help-all`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(nargs=0, default=argparse.SUPPRESS, **settings)

    def __call__(self, parser: Any, *_: Any) -> NoReturn:
        print(parser.format_help_all(), end="")
        raise SystemExit(DONE)


def configure_file_systems(flags: Sequence[str] = ()) -> None:
    """Gives Beam's file systems the flags for buckets. Without flags the environment decides (AWS_…, Google's own).

    Imports Beam, which takes two seconds of processor time, so commands call it only for a bucket.
    """
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415

    FileSystems.set_options(PipelineOptions(list(flags)))


def dataset_folder(name: str) -> str:
    """`name`, if a dataset can be there: Delta tables need a path in UTF-8.

    Raises:
      argparse.ArgumentTypeError: the path is not UTF-8.
    """
    if is_utf8(os.path.abspath(name)):  # noqa: PTH100  (may be an address)
        return name
    raise argparse.ArgumentTypeError(f"{shown_name(name)}: its path is not UTF-8; name another folder")


def add_dataset(parser: Parser) -> None:
    """Adds the first argument of every command that reads a dataset."""
    parser.add_argument("dataset", nargs="?", metavar="DIR", help="the dataset: the --output of warraq ingest")
    parser.add_argument("--output", metavar="DIR", help="another way to name the dataset")


def parse_with_dataset(parser: Parser, arguments: Sequence[str], *more: str) -> argparse.Namespace:
    """Parses the flags, the dataset (the first argument, or `--output`), and the arguments `more`, all optional.

    Exits with 2 and one line if a flag is wrong or no dataset is named.
    """
    known, others = parser.parse_known_args(arguments)
    stated = [known.output, *(getattr(known, name) for name in ("dataset", *more))]
    # argparse takes no argument after a flag if an optional one before it was left out.
    late = [argument for argument in others if not argument.startswith("-") or " " in argument]
    parser.refuse([argument for argument in others if argument not in late])
    words = [word for word in (*stated, *late) if word is not None]
    if not words:
        parser.error("required: DIR, the dataset")
    parser.refuse(words[1 + len(more) :])
    for name, word in zip(("dataset", *more), [*words, *[None] * len(more)], strict=False):
        setattr(known, name, word)
    try:
        dataset_folder(known.dataset)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    return known


def counted(number: int, noun: str) -> str:
    """`1 dump`, `2 dumps`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def print_line(message: str, code: int = DONE) -> int:
    """Prints one line on stderr; returns `code`."""
    print(f"warraq: {one_line(message)}", file=sys.stderr)
    return code
