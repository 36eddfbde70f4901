"""The servers that stand in for clouds in our tests hold on a busy machine, and say why when they fail."""

import http.client
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.support.servers import Answer, Handler, http_server

CLIENTS = 200


class Echo(Handler):
    def respond(self, content):
        if self.path == "/fail":
            raise ConnectionResetError("the server behind it is gone")
        return Answer(200, [], self.command.encode() + b" " + content)


@pytest.fixture(scope="module")
def url():
    with http_server(Echo) as url:
        yield url


def test_clients_that_come_at_once_are_all_answered(url):
    """With Python's queue of 5 connections, Linux resets most of these."""
    start = threading.Barrier(CLIENTS)

    def ask(number):
        start.wait()
        with urllib.request.urlopen(url, b"x" * number) as answer:
            return len(answer.read()) - len("POST ")

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert [*clients.map(ask, range(CLIENTS))] == [*range(CLIENTS)]


def test_a_failure_is_an_answer_that_clients_try_again(url):
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(f"{url}/fail", b"content that is read all the same")
    with failed.value as answer:
        assert (answer.code, answer.read()) == (503, b"ConnectionResetError: the server behind it is gone")


def test_a_connection_serves_requests_of_every_form_in_turn(url):
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    requests = [("POST", b"one"), ("POST", iter([b"in ", b"chunks"])), ("HEAD", b""), ("GET", b"")]
    answers = []
    for method, content in requests:
        connection.request(method, "/", content, encode_chunked=not isinstance(content, bytes))
        answers.append(connection.getresponse().read())
    connection.close()
    assert answers == [b"POST one", b"POST in chunks", b"", b"GET "]
