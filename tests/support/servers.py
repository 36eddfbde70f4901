"""HTTP servers of the tests. A busy machine may slow them down; it does not make them reset a connection."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """An answer to a request. The server adds Content-Length; a HEAD request may state the length of what it leaves out."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes = b""
    length: str | None = None


class Handler(BaseHTTPRequestHandler):
    """Base of our handlers. A subclass implements `respond`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and content leave together: the client's delayed acknowledgement costs 40 ms otherwise

    def respond(self, content: bytes) -> Answer:
        """The answer to the request with this body."""
        raise NotImplementedError

    def _handle(self) -> None:
        """Reads the whole body, then answers, with 503 and the reason if `respond` fails.

        A connection that is closed with an unread body, or without an answer, is a reset for the client: it gives no
        reason, and many clients do not try again. All of them try again after a 503.
        """
        content = self._body()
        try:
            answer = self.respond(content)
        except Exception as error:  # noqa: BLE001  (the client reports it)
            answer = Answer(503, [("Content-Type", "text/plain")], f"{type(error).__name__}: {error}".encode())
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        is_head = self.command == "HEAD"
        self.send_header("Content-Length", (is_head and answer.length) or str(len(answer.content)))
        self.end_headers()
        if not is_head:
            self.wfile.write(answer.content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(chunks)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815  (names that http.server calls)

    def log_message(self, *_arguments: object) -> None:
        """Prints nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # connections that wait to be accepted; Python's default is 5


@contextlib.contextmanager
def http_server(handler: type[Handler]) -> Iterator[str]:
    """The address of a server on a free port of the loopback, such as http://127.0.0.1:1234. Stops with the block."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
