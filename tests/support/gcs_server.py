"""A server with the interface of Google Cloud Storage: fake-gcs-server, behind a proxy that adds what it lacks."""

import contextlib
import http.client
import itertools
import json
import re
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.go_tools import go_tool
from tests.support.processes import wait_until
from tests.support.servers import Answer, Handler, http_server


@contextlib.contextmanager
def gcs_server(bucket: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which gs://`bucket` is on a server of ours. Stops with the block; needs Go, see `go_tool`."""
    proxy = type("Proxy", (_Proxy,), {})
    with http_server(proxy) as url, _storage(url) as port:
        proxy.port = port
        make = urllib.request.Request(f"{url}/storage/v1/b?project=p", json.dumps({"name": bucket}).encode())
        urllib.request.urlopen(make).close()
        yield {"STORAGE_EMULATOR_HOST": url, **_credentials(url, folder)}


@contextlib.contextmanager
def _storage(public: str) -> Iterator[int]:
    """The port of fake-gcs-server, which refers its clients to the address `public`.

    The server does not say which port it took, so a free one is chosen for it. Another program may take that port in
    between, on a machine with many connections; then the server ends at once, and gets another port.
    """
    program = go_tool("github.com/fsouza/fake-gcs-server", "v1.56.1")
    host = public.removeprefix("http://")
    command = [program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
    for _ in range(10):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [*command, "-port", str(port), "-public-host", host, "-external-url", public], stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: server.poll() is not None or _answers(port))  # noqa: B023  (called in this turn only)
            if server.poll() is None:
                yield port
                return
        finally:
            server.kill()
            server.wait()
    raise TimeoutError("fake-gcs-server does not start")


def _answers(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def _credentials(url: str, folder: Path) -> dict[str, str]:
    """The variables and the file of a service account that gets its tokens from `url`, for Google's client and delta-rs."""
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


class _Proxy(Handler):
    """Forwards each request to fake-gcs-server, changed where that server needs it.

    Parts of a batch get a Content-ID, which fake-gcs-server needs and Google's client leaves out. Uploads through the XML
    interface, which delta-rs uses, become uploads through the JSON interface. Listings begin after `start-after`, which
    fake-gcs-server ignores.
    """

    port: int

    def respond(self, content: bytes) -> Answer:
        if self.path == "/token":
            return Answer(200, [("Content-Type", "application/json")], b'{"access_token": "token", "expires_in": 3600}')
        method, path, extra = self.command, self.path, []
        if method == "PUT" and "uploadType=" not in path:
            bucket, _, name = path.partition("?")[0].lstrip("/").partition("/")
            method = "POST"
            path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(unquote(name), safe='')}"
            if generation := self.headers.get("x-goog-if-generation-match"):
                path += f"&ifGenerationMatch={generation}"
            extra = [("ETag", '"etag"')]
        if path.startswith("/batch/"):
            numbers = itertools.count()
            part = re.compile(rb"(?mi)^Content-Type: application/http\r?$")
            content = part.sub(lambda found: b"Content-ID: <%d>\r\n%b" % (next(numbers), found[0]), content)
        sent = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_CONNECTION}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as upstream:
            upstream.request(method, path, content, {**sent, "Content-Length": str(len(content))})
            answer = upstream.getresponse()
            headers = [pair for pair in answer.getheaders() if pair[0].lower() not in _OF_A_CONNECTION]
            body = answer.read()
            if "start-after=" in path:
                body = _listed_after(parse_qs(path.partition("?")[2])["start-after"][0], body)
            return Answer(answer.status, [*headers, *extra], body, answer.getheader("Content-Length"))


def _listed_after(last: str, listing: bytes) -> bytes:
    """The listing without its names up to `last`."""

    def kept(entry: re.Match[bytes]) -> bytes:
        return entry[0] if unescape(entry[1].decode()) > last else b""

    return re.sub(rb"<Contents><Key>([^<]*)</Key>.*?</Contents>", kept, listing)


_OF_A_CONNECTION = {"content-length", "transfer-encoding", "connection", "expect"}  # headers that are not forwarded
