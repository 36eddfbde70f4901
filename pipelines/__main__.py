"""`warraq …`, the same as `python -m warraq …`."""

import sys

from warraq.transforms.import_path import import_path


def main() -> int:
    """Runs a command; returns its exit code."""
    sys.path[:] = import_path()  # before anything else is imported, of the standard library too
    from warraq.pipelines.commands import run  # noqa: PLC0415

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
