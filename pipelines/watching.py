"""The counts of a stream for programs that watch it, in the form of OpenMetrics, and whether it keeps up.

The counts are in a file (`--metrics FILE`, for the textfile collector of Prometheus' node exporter), or at a port of
this machine (`--metrics_port N`): `/metrics`, `/ready` (200 while the lag is below `--ready_lag`, else 503) and
`/live`.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from warraq.transforms import storage

_CONTENT: Final = "text/plain; charset=utf-8"
_COUNTS: Final = {
    "cycles": "Cycles that are done, also those in which nothing was there.",
    "failed_cycles": "Cycles that failed and are tried again.",
    "files": "Files that were read.",
    "set_aside": "Files that were set aside.",
    "pages": "Pages that were read.",
    "kept": "Pages that became articles.",
    "refused": "Pages that were refused.",
    "lost": "Messages that a broker had removed before they were landed.",
}
_STATES: Final = {
    "waiting": "Files that are seen and not read yet.",
    "behind": "Messages that are in topics and not committed yet.",
    "lag_seconds": "Seconds from the first sight of a file to the end of its cycle, at most, in the last cycle.",
    "last_cycle_timestamp_seconds": "When the last cycle ended.",
}


class MetricsError(Exception):
    """The counts can't be told; the message is one line."""


class Metrics:
    """The counts of a stream since it started."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells seconds since 1970.

        Raises:
          MetricsError: the library is not installed.
        """
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge  # noqa: PLC0415  (an extra)
        except ImportError as error:
            raise MetricsError('metrics need an extra: pip install "warraq[metrics]"') from error
        self._clock = clock
        self._registry = CollectorRegistry()
        self._counts = {
            name: Counter(f"warraq_stream_{name}", text, registry=self._registry) for name, text in _COUNTS.items()
        }
        self._states = {
            name: Gauge(f"warraq_stream_{name}", text, registry=self._registry) for name, text in _STATES.items()
        }
        self._waits_since: float | None = None  # the first sight of the oldest file that waits
        self._last: float | None = None  # the end of the last cycle that did not fail
        self._lost = 0

    def cycle(self, counts: dict[str, float], oldest: float | None, lost: int) -> None:
        """Adds a cycle.

        Args:
          counts: the fields of a `Cycle` by name.
          oldest: the age in seconds of the oldest file that still waits; None if there is none.
          lost: messages lost since the start.
        """
        now = self._clock()
        for name, field in (
            ("files", "arrived"),
            *((each, each) for each in ("set_aside", "pages", "kept", "refused")),
        ):
            self._counts[name].inc(counts[field])
        self._counts["cycles"].inc()
        self._counts["lost"].inc(lost - self._lost)
        self._lost = lost
        for name, field in (("waiting", "waiting"), ("behind", "behind"), ("lag_seconds", "lag")):
            self._states[name].set(counts.get(field) or 0)
        self._states["last_cycle_timestamp_seconds"].set(now)
        self._last, self._waits_since = now, None if oldest is None else now - oldest

    def failed(self) -> None:
        """Adds a cycle that failed."""
        self._counts["failed_cycles"].inc()

    def lag(self) -> float | None:
        """The seconds that the stream is behind now: since its last cycle ended, or its oldest file came.

        None before the first cycle.
        """
        if self._last is None:
            return None
        return self._clock() - min(self._last, self._waits_since or self._last)

    def as_text(self) -> bytes:
        """The counts in the form of OpenMetrics."""
        from prometheus_client.openmetrics.exposition import generate_latest  # noqa: PLC0415  (an extra)

        return generate_latest(self._registry)

    def write(self, path: str) -> None:
        """Writes the counts to a file, which is replaced.

        The textfile collector knows the older form only, in which all of this is the same but for the last line.
        """
        from prometheus_client import generate_latest  # noqa: PLC0415  (an extra)

        with storage.create(path) as stream:
            stream.write(generate_latest(self._registry))


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Prints nothing for a request."""


def server(metrics: Metrics, port: int, ready_lag: float) -> WSGIServer:
    """A server of `/metrics`, `/ready` and `/live`. It serves once its `serve_forever` runs.

    Raises:
      OSError: the port is taken.
    """

    def answer(environment: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path, lag = environment.get("PATH_INFO", ""), metrics.lag()
        status, body, kind = "404 Not Found", b"/metrics, /ready or /live\n", _CONTENT
        if path == "/metrics":
            from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST  # noqa: PLC0415  (an extra)

            status, body, kind = "200 OK", metrics.as_text(), CONTENT_TYPE_LATEST
        elif path == "/live":
            status, body = "200 OK", b"alive\n"
        elif path == "/ready":
            is_ready = lag is not None and lag <= ready_lag
            words = "no cycle yet" if lag is None else f"lag {lag:.0f} s, limit {ready_lag:.0f} s"
            status, body = "200 OK" if is_ready else "503 Service Unavailable", f"{words}\n".encode()
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return make_server("127.0.0.1", port, answer, handler_class=_Quiet)


def check_file(path: str) -> None:
    """Returns if a file can be written there.

    Raises:
      OSError: it can't.
    """
    if not Path(path).absolute().parent.is_dir():
        raise NotADirectoryError(f"{path}: its folder does not exist")
