"""A worker process of the local engine: Beam's own, without its chatter on stderr. What fails is told to the launcher.

python -m pipelines.worker        only the runner starts it
"""

import logging
import os
import sys
from pathlib import Path
from typing import Final

ALIVE: Final = "WARRAQ_ALIVE"  # names the folder where a worker leaves its process id as long as it works


def main() -> None:
    """Works until the launcher closes the connection."""
    logging.getLogger().addHandler(logging.NullHandler())
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415  (it logs while it is imported)

    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (Beam prints each failure there, too)
    alive = Path(os.environ[ALIVE], str(os.getpid()))
    alive.touch()
    try:
        sdk_worker_main.main(sys.argv)
    finally:
        alive.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
