"""How a command ends."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from .errors import InputError, failure
from .streams import safe_streams


@safe_streams()
def run_command(main: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with the exit code that it returns.

    InputError and the FAILURES end it with one line on stderr and exit code 2; Ctrl-C with one line, which a
    text in the KeyboardInterrupt ends, and exit code 130. Any other exception is a fault of the program and
    keeps its traceback. A command runs to its end even if nobody reads its output any more (``| head``,
    ``| tee`` and Ctrl-C).
    """
    try:
        code = main()
    except InputError as error:
        _stop(f"error: {error}")
    except RuntimeError as error:
        message = failure(error)
        if message is None:
            _keep_traceback()
        _stop(f"error: {message}")
    except KeyboardInterrupt as stop:
        _stop(f"stopped by Ctrl-C; {str(stop) or 'what was saved so far is intact'}", 130)
    except Exception:
        _keep_traceback()
    _end(code)


def _stop(message: str, code: int = 2) -> NoReturn:
    if sys.platform != "win32":
        # When a process that reads images ends, torch raises an exception wherever the program is; here it
        # would break into the message.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    print(" ".join(message.split()), file=sys.stderr)
    _end(code)


def _keep_traceback() -> NoReturn:
    if "LOCAL_RANK" not in os.environ:
        raise
    traceback.print_exc()
    _end(1)


def _end(code: int) -> NoReturn:
    if "LOCAL_RANK" in os.environ:
        # A process of torchrun ends without cleaning up: one that failed could wait forever for others that
        # wait for it, and one that is done could be aborted by torch's threads still using the interpreter.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
