"""Errors that are the input's fault, and how a command ends on them."""

import sys
from collections.abc import Callable
from typing import NoReturn


class InputError(Exception):
    """Something outside the program is wrong; the message is one line that says what and how to mend it."""


def run_command(main: Callable[[], None], *expected: type[Exception]) -> NoReturn:
    """Run a command and end the process.

    InputError and the ``expected`` exceptions end it with one line on stderr and exit code 2; Ctrl-C with one
    line and exit code 130. Any other exception is a fault of the program and keeps its traceback.
    """
    try:
        main()
    except (InputError, *expected) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped by Ctrl-C; the weights saved so far are whole", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


def os_reason(error: OSError) -> str:
    """Why the system refused, in its own words: ``No space left on device``."""
    return error.strerror or str(error)
