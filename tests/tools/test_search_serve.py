"""tools/search.py serve as a user runs it."""

import os
import re
import signal
import socket
import sys
import time
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.commands import Command
from tests.conftest import assert_refused
from tests.search.page.client import Client

NETWORK = ("--weights", "net.pth", "--device", "cpu", "--port", "0")


@pytest.fixture
def serve(start_in, place):
    """Start the page; gives the command and its address."""

    def begin(*words: object, **kwargs):
        command = start_in(place, "tools/search.py", "serve", *NETWORK, "--videos", ".", *words, **kwargs)
        command.wait_until(lambda: "The page is at" in command.out)
        return command, re.search(r"The page is at (\S+);", command.out)[1]

    return begin


def finished(command: Command, client: Client, number: int) -> dict:
    """A job after its end."""

    def job() -> dict:
        return next(one for one in client.ask("jobs")["jobs"] if one["number"] == number)

    command.wait_until(lambda: job()["state"] not in ("waiting", "running"))
    return job()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_adds_answers_and_ends_at_a_signal(serve, place, number):
    command, address = serve("--gallery", f"{number.name}.db", "--fps", "5")
    client = Client(address)
    assert client.get("/").status == 200 and client.ask("about")["threshold"] == pytest.approx(0.98)
    file = next(one for one in client.ask("files")["files"] if one["name"] == "yard.mp4")
    client.ask("add", file=file["file"], camera="yard")
    assert finished(command, client, 1)["state"] == "done"
    assert client.ask("videos")["videos"][0]["complete"]
    picture = client.send_picture(place / "red.png").said["picture"]
    assert client.ask("ask", samples=[{"picture": picture}])["answers"]
    began = time.monotonic()
    os.kill(command.process.pid, number)
    done = command.finish()
    assert done.returncode == 0 and done.stderr == "" and time.monotonic() - began < 30
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address.rstrip("/").rpartition(":")[2])))


def test_an_indexing_that_a_signal_ends_is_resumed(serve):
    command, address = serve("--gallery", "resumed.db")
    client = Client(address)
    file = next(one for one in client.ask("files")["files"] if one["name"] == "gate.mp4")
    client.ask("add", file=file["file"])
    os.kill(command.process.pid, signal.SIGTERM)
    assert command.finish().returncode == 0
    command, address = serve("--gallery", "resumed.db")
    client = Client(address)
    waiting = [one for one in client.ask("files")["files"] if one["name"] == "gate.mp4"]
    if waiting:  # else it was quicker than the signal
        job = client.ask("add", file=waiting[0]["file"])["job"]
        assert finished(command, client, job)["state"] == "done"
    assert client.ask("videos", anew=1)["videos"][0]["complete"]


def test_the_password_comes_from_a_file_or_the_environment(serve, place):
    (place / "password.txt").write_text("sesame!\n")
    for words, env in ((["password.txt"], {}), ([], {"SEARCH_PASSWORD": "sesame!"})):
        _, address = serve("--gallery", f"{len(env)}.db", "--password", *words, env=env)
        with pytest.raises(HTTPError, match="401"):
            urllib.request.urlopen(address)
        assert Client(address).post("/login", {"password": "sesame!"}).status == 200


def test_all_of_a_machine_without_a_password_is_warned_of(serve):
    command, _ = serve("--gallery", "open.db", "--host", "0.0.0.0")
    assert "everybody who reaches 0.0.0.0 sees the gallery: give a --password" in command.out


REFUSED = [
    (["--videos", "nowhere"], ["--videos nowhere", "no such folder"]),
    (["--password", "none.txt"], ["cannot read --password none.txt"]),
    (["--password", "empty.txt"], ["less than 4 characters"]),
    (["--password"], ["no terminal", "$SEARCH_PASSWORD"]),
    (["--host", "203.0.113.7"], ["cannot listen at 203.0.113.7", "--host"]),
    (["--port", "70000"], ["--port"]),
    (["--detector", "gate.txt"], ["boxes are those of one video"]),
    (["--detector", "none.onnx"], ["no detector none.onnx"]),
    (["--every", "2", "--fps", "5"], ["--every and --fps"]),
    (["--gallery", "gate.txt"], [".db"]),
    (["--gallery", "http://127.0.0.1:9"], ["127.0.0.1:9"]),
    (["--share"], ["unknown flag --share"]),
]


@pytest.mark.parametrize(("words", "line"), REFUSED, ids=lambda words: " ".join(words)[:30])
def test_what_is_wrong_is_one_line(start_in, place, words, line):
    (place / "empty.txt").write_text("")
    assert_refused(start_in(place, "tools/search.py", "serve", *NETWORK, *words).finish(), *line)


def test_a_port_that_is_taken(start_in, place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start_in(place, "tools/search.py", "serve", *NETWORK[:4], "--port", port).finish()
    assert_refused(done, f"port {port} is taken; choose another with --port")


def without_uvicorn() -> None:
    sys.modules["uvicorn"] = None


def test_without_the_servers_packages(start_in, place):
    done = start_in(place, "tools/search.py", "serve", *NETWORK, before=without_uvicorn).finish()
    assert_refused(done, "uvicorn is not installed", "requirements-search.txt")
