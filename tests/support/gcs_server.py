"""A server that speaks as Google Cloud Storage does, for tests: fake-gcs-server, behind a proxy for what it lacks."""

import contextlib
import http.client
import itertools
import json
import re
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.go_tools import go_tool


@contextlib.contextmanager
def gcs_server(bucket: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which gs://`bucket` lies on a server of ours. Stops with the block; needs Go, see `go_tool`."""
    program = go_tool("github.com/fsouza/fake-gcs-server", "v1.56.1")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"port": port}))
    public = f"127.0.0.1:{proxy.server_port}"
    command = [program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    server = subprocess.Popen(
        [*command, "-public-host", public, "-external-url", f"http://{public}"], stderr=subprocess.DEVNULL
    )
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        _wait_for(port)
        make = urllib.request.Request(f"http://{public}/storage/v1/b?project=p", json.dumps({"name": bucket}).encode())
        urllib.request.urlopen(make).close()
        yield {"STORAGE_EMULATOR_HOST": f"http://{public}", **_credentials(f"http://{public}", folder)}
    finally:
        proxy.shutdown()
        proxy.server_close()
        server.kill()
        server.wait()


def _credentials(url: str, folder: Path) -> dict[str, str]:
    """A service account that gets its tokens from `url`, as Google's client and delta-rs want to be told of it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    account = {
        "type": "service_account",
        "client_email": "warraq@test.example",
        "private_key": key.private_bytes(*encoding).decode(),
        "private_key_id": "1",
        "token_uri": f"{url}/token",
        "gcs_base_url": url,
        "disable_oauth": True,
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(path), "GOOGLE_SERVICE_ACCOUNT": str(path)}


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError("fake-gcs-server does not answer")


class _Proxy(BaseHTTPRequestHandler):
    """Passes all on. Parts of a batch get the Content-ID that fake-gcs-server needs and Google's client leaves out;
    uploads through the XML interface, which delta-rs uses, become uploads through the JSON one."""

    protocol_version = "HTTP/1.1"
    port: int

    def _pass_on(self) -> None:
        if self.path == "/token":
            self._answer(200, [("Content-Type", "application/json")], b'{"access_token": "token", "expires_in": 3600}')
            return
        headers = []
        if self.command == "PUT" and "uploadType=" not in self.path:
            bucket, _, name = self.path.partition("?")[0].lstrip("/").partition("/")
            self.command = "POST"
            self.path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(unquote(name), safe='')}"
            if generation := self.headers.get("x-goog-if-generation-match"):
                self.path += f"&ifGenerationMatch={generation}"
            headers = [("ETag", '"etag"')]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/batch/"):
            numbers = itertools.count()
            part = re.compile(rb"(?mi)^Content-Type: application/http\r?$")
            body = part.sub(lambda found: b"Content-ID: <%d>\r\n%b" % (next(numbers), found[0]), body)
        asked = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
        upstream = http.client.HTTPConnection("127.0.0.1", self.port)
        upstream.request(self.command, self.path, body, {**asked, "Content-Length": str(len(body))})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self._answer(answer.status, [*answer.getheaders(), *headers], content, answer.getheader("Content-Length"))

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, length: str | None = None) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", length if length and self.command == "HEAD" else str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _pass_on  # noqa: N815  (names that http.server calls)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""
