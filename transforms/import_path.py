"""The folders from which Python imports, without the current folder, where a dump may contain Python files.

This module imports only modules that Python itself has imported at its start.
"""

import os
import sys

import warraq

# The checkout, or the folder of an installation. (pathlib is not imported yet)
PROJECT = os.path.dirname(os.path.dirname(os.path.realpath(warraq.__file__)))  # noqa: PTH120


def import_path() -> list[str]:
    """`sys.path` without the entries for the current folder that Python adds.

    These are the first entry of `python -m` and `python -c`, and each empty or relative entry of PYTHONPATH that means
    the current folder. If the current folder is the checkout, they stay, because the code is imported from there.
    """
    here = _real(os.curdir)
    if here == PROJECT:
        return [entry or PROJECT for entry in sys.path]
    stated = os.environ.get("PYTHONPATH")
    is_stated = stated is not None and here in map(_real, stated.split(os.pathsep))
    return [
        entry
        for place, entry in enumerate(sys.path)
        if entry and not (_real(entry) == here and (place == 0 or is_stated))
    ]


def _real(path: str) -> str:
    return os.path.realpath(path or os.curdir)
