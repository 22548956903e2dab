"""Who may ask the page."""

import pytest

from tests.search.page.client import Client
from tests.search.page.conftest import served

PASSWORD = "öffne dich, Sesam"


@pytest.fixture(scope="module")
def locked(desk):
    """The address of a page with a password."""
    with served(desk, PASSWORD) as address:
        yield address


def cookie(answer) -> dict[str, str]:
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_without_the_password_nothing_is_given(locked):
    client = Client(locked)
    page = client.get("/")
    assert page.status == 401 and b"password" in page.content and b"/static/main.js" not in page.content
    for answer in (
        client.post("/api/videos", {}),
        client.get("/frame/x?time=1"),
        client.get("/static/main.js"),
        client.get("/static/../static/main.js"),
        client.request("PUT", "/upload/picture", b"x", {"Content-Type": "application/octet-stream"}),
        client.post("/api/videos", {}, Cookie="search=guess"),
    ):
        assert answer.status == 401 and answer.said["error"] == "log in first"
    assert client.get("/static/login.js").status == 200


def test_the_right_password_opens_the_page_and_a_wrong_one_does_not(locked):
    client = Client(locked)
    wrong = client.post("/login", {"password": "sesam"})
    assert wrong.status == 401 and wrong.said["error"] == "the password is wrong"
    assert "set-cookie" not in wrong.headers
    right = client.post("/login", {"password": PASSWORD})
    assert right.status == 200
    flags = right.headers["set-cookie"].lower()
    assert "httponly" in flags and "samesite=strict" in flags
    mine = Client(locked, cookie(right))
    assert mine.ask("about")["videos"] == 2 and b"/static/main.js" in mine.get("/").content
    assert mine.post("/logout", {}).status == 200
    assert mine.post("/api/about", {}).status == 401


def test_other_sites_cannot_ask_in_a_browser_of_this_machine(client, address):
    port = address.rstrip("/").rpartition(":")[2]
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": f"evil.example:{port}"},  # whose name was pointed to this machine
    ):
        answer = client.post("/api/people", {}, **headers)
        assert answer.status == 403 and "another site" in answer.said["error"]
    form = {"Content-Type": "text/plain"}
    assert client.request("POST", "/api/name", b'{"person": 1, "name": "x"}', form).status == 403
    assert client.post("/api/people", {}, Origin=address.rstrip("/")).status == 200
    assert client.post("/api/people", {}, Host=f"localhost:{port}").status == 200


def test_browsers_are_told_to_load_nothing_from_elsewhere(client):
    for path in ("/", "/static/main.js", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
