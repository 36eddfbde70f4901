"""A worker process of the local engine: Beam's own worker, without its log. `supervisor.py` starts it."""

import logging
import signal
import sys


def main() -> None:
    """Works until the launcher closes the connection or ends. The launcher handles interrupts from the keyboard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger().addHandler(logging.NullHandler())
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415  (it logs while it is imported)

    sdk_worker_main.main(sys.argv)
