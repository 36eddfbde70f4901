"""A worker process that dies when it reads a dump whose name begins with "poison"."""

import os
import signal
from pathlib import Path

from warraq.pipelines.local import worker
from warraq.transforms.read import stage


def poison() -> None:
    """This process dies of such dumps from now on."""
    real = stage.read_range

    def read_range(dump, *arguments):
        if Path(dump.path).name.startswith("poison"):
            os.kill(os.getpid(), signal.SIGSEGV)
        return real(dump, *arguments)

    stage.read_range = read_range


def main() -> None:
    poison()
    worker.main()
