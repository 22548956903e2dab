"""Messages to an address that may fail."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import search.webhook
from search.webhook import Webhook
from utils.errors import InputError


class Receiver(ThreadingHTTPServer):
    """Receives messages, and answers with what comes next: a status; 0: it closes; -1: it is silent.

    Attributes:
        messages: path, login and content of each.
    """

    daemon_threads = True

    def __init__(self, *answers: int):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.messages = list(answers), []
        self.silent = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # noqa: N802  its name
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.messages.append((self.path, self.headers.get("Authorization"), content))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer < 0:
            self.server.silent.wait(60)
        if answer > 0:
            self.send_response(answer)
            self.end_headers()

    def log_message(self, *_) -> None:
        pass


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    with Receiver(*answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.silent.set()
        server.shutdown()


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(search.webhook, "PAUSES", (0.01, 0.02))


def test_messages_come_in_order_with_what_the_address_says():
    with receiving() as server, Webhook(f"http://me:pass%20word@127.0.0.1:{server.port}/a?key=1") as webhook:
        for number in range(3):
            webhook.send({"number": number})
    login = "Basic bWU6cGFzcyB3b3Jk"  # base64 of me:pass word
    assert server.messages == [("/a?key=1", login, {"number": number}) for number in range(3)]


def test_what_fails_is_tried_again_and_is_one_line_each_time(caplog_loguru):
    with receiving(500, 0) as server, Webhook(f"http://127.0.0.1:{server.port}/a?key=secret") as webhook:
        webhook.send({"number": 0})
        webhook.send({"number": 1})
    assert [content["number"] for *_, content in server.messages] == [0, 0, 0, 1]
    shown = f"http://127.0.0.1:{server.port}/a was not told: "
    first, second = (line.strip() for line in caplog_loguru)
    assert first == f"{shown}Internal Server Error; trying again in 0.01 s"
    assert second.startswith(shown) and second.endswith("; trying again in 0.02 s") and "secret" not in second


def test_a_message_is_lost_in_the_end_and_nothing_else(caplog_loguru):
    with receiving(404, 404, 404) as server, Webhook(f"http://127.0.0.1:{server.port}") as webhook:
        webhook.send({"number": 0})
        webhook.send({"number": 1})
    assert server.messages[-1][-1] == {"number": 1} and len(server.messages) == 4
    assert "Not Found; the message is lost" in caplog_loguru[-1]


def test_where_nobody_listens(caplog_loguru):
    with receiving() as server:
        port = server.port
    with Webhook(f"http://127.0.0.1:{port}/a") as webhook:
        webhook.send({})
    assert len(caplog_loguru) == 3 and all("refused" in line for line in caplog_loguru)


def test_who_does_not_answer_holds_up_nobody(monkeypatch, caplog_loguru):
    monkeypatch.setattr(search.webhook, "MOST", 2)
    monkeypatch.setattr(search.webhook, "PARTING", 0.1)
    with receiving(-1) as server:
        with Webhook(f"http://127.0.0.1:{server.port}/a") as webhook:
            webhook.send({"number": 0})
            while not server.messages:
                pass
            for number in range(1, 5):
                webhook.send({"number": number})
        assert len(server.messages) == 1
    lines = [line.strip() for line in caplog_loguru]
    assert lines[:2] == [f"http://127.0.0.1:{server.port}/a is too slow; a message is lost"] * 2
    assert "does not answer; 3 messages were not sent" in lines[2]


@pytest.mark.parametrize(
    "url", ["ftp://desk/x", "file:///etc/passwd", "http://", "desk:8000", "http://[::1", "http://d:x/"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError, match=r"--notify .*: give an address such as http://host:8000/path"):
        Webhook(url)
