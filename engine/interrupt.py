"""Ctrl-C and SIGTERM, handled where stopping loses nothing."""

import os
import signal
import sys
from contextlib import contextmanager, suppress

import ignite.distributed as idist

from utils.distributed import launched_by_torchrun

# On Windows, what would be SIGTERM ends a process at once.
SIGNALS = (signal.SIGINT,) if sys.platform == "win32" else (signal.SIGINT, signal.SIGTERM)

MESSAGE = "stopping once this step is saved; Ctrl-C (again) stops at once, without saving"


class StoppedError(BaseException):
    """A signal came where stopping at once loses nothing. Like KeyboardInterrupt, it is not an Exception."""


class Interrupt:
    """Takes SIGINT and SIGTERM (on Windows, only Ctrl-C) as a request to stop, while it is entered.

        with Interrupt() as interrupt:
            for step in steps:
                train()
                if interrupt.wished():
                    save()
                    break
            with interrupt.at_once():  # a signal here raises StoppedError
                evaluate()

    A second Ctrl-C is a KeyboardInterrupt; not under torchrun, which repeats each signal itself.

    Args:
        message: written to stderr when a signal has come.

    Attributes:
        heard: whether a signal has come.
    """

    def __init__(self, message: str = MESSAGE):
        self._message = f"{message}\n".encode()
        self.heard = False
        self._at_once = False
        self._owner = os.getpid()

    def __enter__(self) -> "Interrupt":
        self._before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wished(self) -> bool:
        """Whether any of the processes has received a signal; all of them must ask together."""
        agreed = idist.all_reduce(int(self.heard), "MAX") > 0
        if agreed:  # else it stays as it is: a signal that came meanwhile counts the next time
            self.heard = True
        return agreed

    @contextmanager
    def at_once(self):
        """While it is entered, a signal raises StoppedError; so does one that came before."""
        self._at_once = True
        try:
            if self.heard:
                raise StoppedError
            yield
        finally:
            self._at_once = False

    def _hear(self, number: int, _) -> None:
        if os.getpid() != self._owner:  # a process that reads images; its owner tells it to end
            return
        if self.heard and number == signal.SIGINT and not launched_by_torchrun():
            raise KeyboardInterrupt
        self.heard = True
        if self._at_once:
            raise StoppedError
        with suppress(OSError):  # nobody reads it: Ctrl-C ends the reader of a pipe first
            # Not through the log, in the middle of whose work a signal may come.
            os.write(2, self._message)
