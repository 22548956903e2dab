"""Messages to another program's address, sent beside the rest."""

import base64
import http.client
import json
import queue
import threading
import urllib.request
from urllib.parse import unquote, urlsplit, urlunsplit

from loguru import logger

from utils.errors import InputError, one_line

TIMEOUT = 10.0  # seconds for an answer
PAUSES = (1.0, 5.0, 25.0)  # seconds before it is tried again
MOST = 100  # messages that wait; what comes then is lost
PARTING = 10.0  # seconds for the messages that wait at the end


class Webhook:
    """Sends messages as JSON by POST, one after another, in a thread of its own. A context manager.

    Each failure is a line in the log, and never more: whatever the other side does, the program goes on.

    Args:
        url: http or https, maybe with user and password.

    Raises:
        InputError: it is something else.
    """

    def __init__(self, url: str):
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise InputError(f"--notify {one_line(url)}: give an address such as http://host:8000/path")
        login, _, host = parts.netloc.rpartition("@")
        self._url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
        self._shown = one_line(urlunsplit((parts.scheme, host, parts.path, "", "")))  # a query may hold a key
        self._headers = {"Content-Type": "application/json"}
        if login:
            token = base64.b64encode(unquote(login).encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        self._waiting: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        # A daemon: an address that does not answer does not hold up the program's end.
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def __enter__(self) -> "Webhook":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ending.set()
        self._waiting.put(None)
        self._thread.join(PARTING)
        if self._thread.is_alive():
            logger.warning(f"{self._shown} does not answer; {self._waiting.qsize()} messages were not sent")

    def send(self, message: dict) -> None:
        """Have a message sent."""
        if self._waiting.qsize() >= MOST:
            logger.warning(f"{self._shown} is too slow; a message is lost")
            return
        self._waiting.put(message)

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            self._send(json.dumps(message).encode())

    def _send(self, body: bytes) -> None:
        for pause in (*PAUSES, None):
            try:
                request = urllib.request.Request(self._url, body, self._headers)
                with urllib.request.urlopen(request, timeout=TIMEOUT):
                    return
            except (OSError, http.client.HTTPException) as error:
                then = "the message is lost" if pause is None else f"trying again in {pause:g} s"
                logger.warning(f"{self._shown} was not told: {_reason(error)}; {then}")
            if pause is not None:
                self._ending.wait(pause)


def _reason(error: Exception) -> str:
    return one_line(str(getattr(error, "reason", None) or error or type(error).__name__))
