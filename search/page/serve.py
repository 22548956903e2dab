"""The page's server."""

import errno
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.interrupt import SIGNALS
from search.optional import need
from utils.errors import InputError, os_reason

from .desk import Desk

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
GRACE = 1  # seconds for answers that are being given when the server is to end


class Server:
    """A server of the page. Its port is taken from the start, so that nobody else gets it.

    Args:
        desk: what requests share.
        host: address of this machine to listen at.
        port: 0: any that is free.
        password: None: everybody may ask.

    Raises:
        InputError: the port is taken, or the address is not one of this machine; packages are missing.
    """

    def __init__(self, desk: Desk, host: str, port: int, password: str | None = None):
        uvicorn, _ = need("uvicorn"), need("starlette")
        from .app import make_app
        from .guard import Guard

        self._socket = _listen(host, port)
        self.port = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self.port}/"
        hosts = {*LOOPBACK, host} if host in LOOPBACK and password is None else None
        app = Guard(make_app(desk), password, hosts, f"search-{self.port}")
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = self._signals

    def run(self) -> None:
        """Answer until ``stop``, or, in the main thread, until Ctrl-C or SIGTERM."""
        self._server.run([self._socket])

    def stop(self) -> None:
        """End it."""
        self._server.should_exit = True

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop at the signals; uvicorn's own way raises them again after the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._server.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} is taken; choose another with --port") from None
        if error.errno == errno.EACCES:
            raise InputError(f"port {port} may not be used by this user; choose one above 1023") from None
        raise InputError(
            f"cannot listen at {host} ({os_reason(error)}); name an address of this machine with --host, or "
            "127.0.0.1"
        ) from None
