"""Waiting for a Milvus server that is gone for a while."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

from loguru import logger

from search.clock import show_time
from utils.errors import InputError

PATIENCE = 180.0  # seconds; a server that was killed takes up to a minute to come back
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds; each pause is twice the one before

# Milvus's codes for what passes: not ready, unavailable, no memory until it has written to its disk, too many
# requests, late, not loaded yet, no replica, channel, segment or node yet. A full disk (7) does not.
PASSING = {1, 2, 3, 4, 8, 11, 12, 101, 103}
PASSING |= {*range(400, 404), *range(500, 504), *range(600, 604), *range(900, 906)}
QUOTA = 9  # any: of memory, which passes as above, or of the disk; the message says which
PASSING_QUOTAS = ("memory", "time tick")
GONE = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")  # gRPC's

T = TypeVar("T")


class ServerGoneError(InputError):
    """A Milvus server has not answered for as long as it was waited for."""


class ServerRefusesError(InputError):
    """A Milvus server has answered with an error that does not pass."""


class Patience:
    """Asks a server again and again while it does not answer. An outage is one line in the log, its end one.

    Args:
        server: its address, for messages.
        limit: how long [seconds].
        stopped: asked again and again: once it is true, the limit holds; None: it always does.
    """

    def __init__(self, server: str, limit: float = PATIENCE, stopped: Callable[[], bool] | None = None):
        self.server, self._limit, self._stopped = server, limit, stopped
        self._gone_since: float | None = None
        # A server that is just back may fail at what it has not loaded yet: that is still the same outage.
        self._quiet_until, self._said = -math.inf, False

    def call(self, action: Callable[[], T]) -> T:
        """Do something that can be done twice.

        Raises:
            ServerGoneError: the server has not answered for so long; from then on, each call is tried once.
            ServerRefusesError: it answers with an error that does not pass.
        """
        pause, odd_since = FIRST_PAUSE, None
        while True:
            try:
                result = action()
                self._is_back()
                return result
            except Exception as error:
                reason, passes = _reason(error)
                if reason is None:
                    raise
                # A server that is just starting answers with any kind of error.
                if not (passes or pause > FIRST_PAUSE):
                    raise ServerRefusesError(
                        f"the Milvus server at {self.server} refuses: {reason}; once that is put right, run "
                        f"the same command again: {self._then}"
                    ) from error
                now = time.monotonic()
                is_new = not passes and odd_since is None
                odd_since = None if passes else now if is_new else odd_since
                self._wait_longer(now, odd_since, reason, is_new)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _wait_longer(self, now: float, odd_since: float | None, reason: str, is_new: bool) -> None:
        """Say what is waited for, or give up.

        Args:
            now: [seconds].
            odd_since: since when the server has answered with errors that may never pass, for which nobody
                waits without end; None: it does not.
            reason: of the error.
            is_new: whether the first such error has just come.
        """
        if self._gone_since is None:
            self._gone_since = now
        endless = self._stopped is not None and not self._stopped()
        since = odd_since if endless else self._gone_since
        if since is not None and now > since + self._limit:
            waited = self._limit if self._stopped is None else now - self._gone_since
            raise ServerGoneError(
                f"{self.server} has not answered for {waited:.0f} s ({reason}); start it, then run the same "
                f"command again: {self._then}"
            ) from None
        if now > self._quiet_until or is_new:
            self._said = True
            until = "until it does" if endless and odd_since is None else f"for {self._limit:.0f} s"
            logger.warning(f"{self.server} does not answer ({reason}); trying {until}")
        self._quiet_until = now + PATIENCE

    @property
    def _then(self) -> str:
        return "it resumes" if self._stopped is None else "what was found and not written is lost"

    def _is_back(self) -> None:
        since, self._gone_since = self._gone_since, None
        if since is not None and self._said:
            self._said = False
            logger.info(f"{self.server} answers again, after {show_time(time.monotonic() - since)}")


def _reason(error: Exception) -> tuple[str | None, bool]:
    """What an error of a server says, None: it is another's; and whether it is one of those that pass."""
    from grpc import RpcError
    from pymilvus import MilvusException

    if isinstance(error, RpcError):
        name = error.code().name
        return (name, True) if name in GONE else (f"{name}: {' '.join(str(error.details()).split())}", False)
    # pymilvus gives its own faults as a MilvusException, too, and some of gRPC's with gRPC's code.
    if not isinstance(error, MilvusException) or error.message.startswith("Unexpected error"):
        return None, False
    passes = error.code in PASSING or getattr(error.code, "name", "") in GONE
    passes |= error.code == QUOTA and any(words in error.message for words in PASSING_QUOTAS)
    return " ".join(error.message.split()), passes
