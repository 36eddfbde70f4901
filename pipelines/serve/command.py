"""`warraq serve`: shows a dataset in a browser of this machine."""

import contextlib
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

import waitress

from warraq.pipelines.cli import (
    DONE,
    FAILED,
    WRONG_USAGE,
    Parser,
    add_dataset,
    configure_file_systems,
    parse_with_dataset,
    print_line,
)
from warraq.pipelines.serve.app import application
from warraq.pipelines.serve.asker import Lake
from warraq.transforms import storage
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError

if TYPE_CHECKING:
    from flask import Flask

PORT: Final = 8750
_THREADS: Final = 4  # each has a DuckDB, which uses all cores itself


def serve_parser() -> Parser:
    """The parser of `warraq serve`."""
    parser = Parser(
        prog="warraq serve",
        usage="warraq serve DIR [flags]",
        description="Shows a dataset in a browser of this machine: articles, names, trends, places, the ledger.\n"
        "Nothing is written, and nothing is loaded from elsewhere.",
        epilog="Example:\n  warraq serve dataset --port 9000",
    )
    add_dataset(parser)
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"0 takes a free one (default: {PORT})")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="a loopback address (default: 127.0.0.1)"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """`warraq serve`; returns the exit code."""
    parser = serve_parser()
    options = parse_with_dataset(parser, arguments)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port must be from 0 to 65535, not {options.port}")
    address = loopback(options.host)
    if address is None:
        parser.error(
            f"--host {options.host} is no loopback address: the pages have no password. From another machine, "
            f"use ssh -L {options.port}:127.0.0.1:{options.port}"
        )
    if storage.is_remote(options.dataset):
        configure_file_systems()
    try:
        lake = Lake(Dataset(options.dataset))
    except DamagedDatasetError as error:
        return print_line(str(error), FAILED)
    except (DatasetError, OSError) as error:
        return print_line(str(error), WRONG_USAGE)
    try:
        door = _listen(address, options.port)
    except OSError as error:
        reason = error.strerror or error
        return print_line(
            f"port {options.port} can't be opened ({reason}); name another: --port {_other(options.port)}", WRONG_USAGE
        )
    _serve(application(lake), door, options.dataset)
    return DONE


def loopback(host: str) -> str | None:
    """The loopback address that a name or an address stands for; None if it is none."""
    try:
        parsed = ipaddress.ip_address("127.0.0.1" if host.lower() == "localhost" else host.strip("[]"))
    except ValueError:
        return None
    return str(parsed) if parsed.is_loopback else None


def _other(port: int) -> int:
    return port + 1 if port < 65535 else PORT


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((address, port))
    except OSError:
        door.close()
        raise
    return door


def _serve(app: "Flask", door: socket.socket, dataset: str) -> None:
    """Answers requests until the process is interrupted."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    host, port, *_ = door.getsockname()
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    server = waitress.create_server(app, sockets=[door], threads=_THREADS, ident=None, max_request_body_size=1)
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError):  # not the main thread
            signal.signal(number, _end)
    print(f"{dataset} is shown at {url}  (Ctrl-C ends it)", flush=True)
    server.run()


def _end(*_: object) -> NoReturn:
    """Ends the process at once: nothing is written, so there is nothing to finish."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(DONE)
