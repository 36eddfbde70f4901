"""A worker process of the local engine: Beam's own, without its chatter on stderr. What fails is told to the launcher.

python -m pipelines.worker        only the runner starts it
"""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final

ALIVE: Final = "WARRAQ_ALIVE"  # names the folder where a worker leaves its process id as long as it works


def main() -> None:
    """Works until the launcher closes the connection or kills it; what the keyboard interrupts is the launcher."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alive = Path(os.environ[ALIVE], str(os.getpid()))
    try:
        alive.touch()
    except FileNotFoundError:  # the run has been interrupted meanwhile
        return
    logging.getLogger().addHandler(logging.NullHandler())
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415  (it logs while it is imported)

    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (Beam prints each failure there, too)
    try:
        sdk_worker_main.main(sys.argv)
    finally:
        alive.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
