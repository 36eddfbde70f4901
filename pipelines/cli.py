"""How every command speaks: one line on stderr, exit 0 for done, 1 for failed, 2 for wrong usage, 3 for in part."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from warraq.pipelines.terminal import one_line
from warraq.transforms.file_names import is_utf8, shown_name

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
SOME_SET_ASIDE: Final = 3  # of several dumps: the others are committed


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the flags in one line and exits with 2."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        print(one_line(f"{self.prog}: {message} (see {self.prog} --help)"), file=sys.stderr)
        raise SystemExit(WRONG_USAGE)


def reach_buckets(flags: Sequence[str] = ()) -> None:
    """Has Beam reach buckets as its own flags say, else by the environment (AWS_…, Google's default credentials).

    Imports Beam, which takes two seconds of the processor: a command without a bucket does without.
    """
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415

    FileSystems.set_options(PipelineOptions(list(flags)))


def dataset_folder(name: str) -> str:
    """The argument of --output. Delta tables can't lie in a folder whose path is not UTF-8."""
    if is_utf8(os.path.abspath(name)):  # noqa: PTH100  (may be an address)
        return name
    raise argparse.ArgumentTypeError(f"{shown_name(name)}: its path is not UTF-8; name another folder")


def counted(number: int, noun: str) -> str:
    """`1 dump`, `2 dumps`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def say(words: str, code: int = DONE) -> int:
    """Prints one line on stderr; returns `code`."""
    print(f"warraq: {one_line(words)}", file=sys.stderr)
    return code
