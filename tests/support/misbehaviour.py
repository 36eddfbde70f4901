"""Functions that do to their process what a page may do. The sandbox's tests run them in a process of their own.

That process imports this module each time it starts, so this module imports neither Beam nor the extraction.
"""

import os
import signal
import time
from pathlib import Path

from warraq.schemas.records import Document
from warraq.transforms.rejection import Rejection


def misbehave(how: str) -> str:
    """Does `how` to the process, or returns it in capital letters."""
    match how:
        case "hang":
            while True:
                pass
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "memory":
            return str(len([bytes(2**20) for _ in range(10**6)]))
        case "exit":
            os._exit(3)
        case "print":
            print("what a library prints must not run into the answers")
            os.write(1, b"nor what C code writes")
        case "refuse":
            raise Rejection("no_main_text", "a rule said no")
        case "raise":
            raise ValueError("a bug")
    return how.upper()


def befall(argument: tuple[Path, list[str]]) -> str:
    """Does to the process what the fates name for the first, second, … call; `folder` counts the calls."""
    folder, fates = argument
    calls = len(list(folder.iterdir()))
    (folder / str(calls)).touch()
    match fates[calls] if calls < len(fates) else fates[-1]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(600)
        case "doze":
            time.sleep(0.5)
        case "burn":
            while True:
                pass
        case "200 MiB":
            return str(len(bytes(200 * 2**20)))
        case "break":
            os.kill(os.getpid(), signal.SIGSEGV)
    return f"call {calls + 1}"


def befall_page(document: Document, folder: Path) -> str:
    return befall((folder, [document.markup]))
