"""stdout and stderr, whatever they are: a terminal, a notebook's, a pipe whose reader has gone, nothing."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from .errors import InputError, os_reason

# The reader has gone: a pipe is closed (on Windows EINVAL), a terminal has hung up.
READER_GONE = {errno.EPIPE, errno.EINVAL, errno.EIO, errno.EBADF, errno.ESHUTDOWN}


class Screen:
    """A text stream that can be written whatever happens to its reader; otherwise like the one it wraps.

    Once the reader has gone, what is written is lost without an error. Characters that the encoding lacks
    are written as escapes.

    Args:
        stream: to write to; None, as in a program without a console: nowhere.
    """

    def __init__(self, stream: TextIO | None):
        if stream is None or getattr(stream, "closed", False):
            stream = open(os.devnull, "w", encoding="utf-8")
        if hasattr(stream, "reconfigure"):  # a notebook's has no such thing
            # A file or pipe shows each line at once, as a terminal does.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
        self._stream = stream

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            InputError: it cannot be written though there may be a reader, as to a file on a full disk.
        """
        with self._bearing_loss():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what was written; raises as ``write`` does."""
        with self._bearing_loss():
            self._stream.flush()

    @contextmanager
    def _bearing_loss(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            lost, self._stream = self._stream, open(os.devnull, "w", encoding="utf-8")
            with suppress(OSError, AttributeError):  # another kind of stream, without a descriptor
                # What is left in its buffers would fail again, at the latest when the interpreter ends.
                os.dup2(self._stream.fileno(), lost.fileno())
            if error.errno not in READER_GONE:
                raise InputError(f"cannot write the program's output: {os_reason(error)}") from None


@contextmanager
def safe_streams() -> Iterator[None]:
    """While it is entered, stdout and stderr are ``Screen``s."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(Screen, before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def print_utf8() -> None:
    """Print in UTF-8 from now on, as programs expect it, whatever the encoding of this machine's consoles."""
    if hasattr(sys.stdout, "reconfigure"):  # a notebook's has no such thing, and is UTF-8
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
