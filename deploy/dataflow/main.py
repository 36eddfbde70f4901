"""The program that the flex template's launcher starts: `warraq ingest` with parameters, all of them `--name=value`.

`inputs` becomes the dumps, which the command takes without a flag; a switch, which it takes without a value, is given
or left out. All else is passed on.
"""

import sys
from collections.abc import Iterator, Sequence

from warraq.pipelines import ingest
from warraq.pipelines.flags import ingest_parser


def arguments(parameters: Sequence[str]) -> Iterator[str]:
    """The arguments of `warraq ingest` that say the same as the parameters."""
    actions = ingest_parser()._actions  # noqa: SLF001  (argparse has no other way to ask)
    switches = {flag for action in actions if action.nargs == 0 for flag in action.option_strings}
    for parameter in parameters:
        flag, _, value = parameter.partition("=")
        if flag == "--inputs":
            yield from value.split()
        elif flag in switches and value.lower() == "true":
            yield flag
        elif flag in switches and value.lower() == "false":
            yield from {flag.replace("--", "--no-", 1)} & switches
        else:
            yield parameter


if __name__ == "__main__":
    sys.exit(ingest.main([*arguments(sys.argv[1:])]))
