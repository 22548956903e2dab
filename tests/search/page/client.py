"""Asks the page as a browser does, without one."""

import http.client
import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

JSON = {"Content-Type": "application/json"}
FILE = {"Content-Type": "application/octet-stream"}


class Answer(NamedTuple):
    """What the page answers."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def said(self) -> dict:
        """It as JSON."""
        return json.loads(self.content)


class Client:
    """Asks the page.

    Args:
        address: of the page.
        headers: that are sent with each request.
    """

    def __init__(self, address: str, headers: dict[str, str] | None = None):
        self._host, self._headers = urlsplit(address).netloc, headers or {}

    def request(self, method: str, path: str, body: bytes = b"", headers: dict | None = None) -> Answer:
        """Send a request, whose path is sent as it is."""
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            connection.request(method, path, body, self._headers | (headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path."""
        return self.request("GET", path, headers=headers)

    def post(self, path: str, values: object, **headers: str) -> Answer:
        """POST values as JSON."""
        return self.request("POST", path, json.dumps(values).encode(), JSON | headers)

    def ask(self, name: str, /, **values: object) -> dict:
        """What the page answers to POST /api/<name>."""
        answer = self.post(f"/api/{name}", values)
        assert answer.status == 200, answer.content
        return answer.said

    def refused(self, name: str, /, **values: object) -> tuple[int, str]:
        """Status and line of a request that the page refuses."""
        answer = self.post(f"/api/{name}", values)
        assert answer.status != 200, answer.content
        assert "\n" not in answer.said["error"]
        return answer.status, answer.said["error"]

    def send_picture(self, file: Path | bytes) -> Answer:
        """Send a picture."""
        content = file if isinstance(file, bytes) else file.read_bytes()
        return self.request("PUT", "/upload/picture", content, FILE)

    def send_video(self, name: str, content: bytes) -> Answer:
        """Send a video under a name."""
        return self.request("PUT", f"/upload/video?name={quote(name)}", content, FILE)
