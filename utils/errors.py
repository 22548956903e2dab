"""Errors that are the input's or the machine's fault, and how a command ends on them."""

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

READER_DIED = (
    "a process that reads images died: {}; if memory ran short, lower DATALOADER.NUM_WORKERS; the weights "
    "saved so far are whole"
)
NO_SHARED_MEMORY = (
    "a process that reads images cannot hand a batch over through shared memory (/dev/shm): {}; give a "
    "container more of it with docker run --shm-size 2g, or lower DATALOADER.NUM_WORKERS (0 needs none); the "
    "weights saved so far are whole"
)
OUT_OF_MEMORY = r"out of memory|can't allocate memory|not enough memory|ALLOC_FAILED"
# Errors of torch for which the machine is at fault: a part of their text -> what to tell the user, with
# torch's own first sentence at {}. The first that fits counts.
FAILURES = {
    r"^DataLoader worker .*Bus error": NO_SHARED_MEMORY,
    r"^DataLoader worker \(pid": READER_DIED,
    r"^DataLoader timed out": "no batch has come from the processes that read images: {}; does the disk or "
    "network drive that holds the images still answer? The weights saved so far are whole",
    OUT_OF_MEMORY: "out of memory: {}; in training, lower SOLVER.IMS_PER_BATCH (--IMS_PER_BATCH; "
    "SOLVER.GRAD_ACCUM makes up for it) or INPUT.SIZE_TRAIN, in testing TEST.IMS_PER_BATCH "
    "(--TEST_IMS_PER_BATCH); DATALOADER.CACHE ram leaves a GPU more room than device; the weights saved "
    "so far are whole",
    r"C(\+\+)? compiler|working triton installation": "SOLVER.COMPILE needs a C++ compiler (g++ or clang), "
    "on a GPU also Triton, and does not find them; install them, or leave SOLVER.COMPILE off",
    r"[Cc]onnection (was )?(closed|reset)|NCCL|gloo": "lost the other processes of torchrun: {}; if one of "
    "them ended, its own line says why; the weights saved so far are whole",
}


class InputError(Exception):
    """Something outside the program is wrong; the message is one line that says what and how to mend it."""


def run_command(main: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with the exit code that it returns.

    InputError and the FAILURES end it with one line on stderr and exit code 2; Ctrl-C with one line and exit
    code 130. Any other exception is a fault of the program and keeps its
    traceback.
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
    except KeyboardInterrupt:
        _stop("stopped by Ctrl-C; the weights saved so far are whole", 130)
    except Exception:
        _keep_traceback()
    _end(code)


def failure(error: RuntimeError) -> str | None:
    """What to tell the user about an error of torch for which the machine is at fault; None for any other."""
    text = str(error)
    for pattern, message in FAILURES.items():
        if re.search(pattern, text):
            return message.format(re.split(r"\. |\n", text)[0].rstrip("."))
    return None


def _stop(message: str, code: int = 2) -> NoReturn:
    if sys.platform != "win32":
        # torch answers the end of a process that reads images with an exception, wherever the program is;
        # here it would break into the message.
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
        # A process of torchrun ends without cleaning up: one that failed could wait for ever for others that
        # wait for it, and one that is done be aborted by threads of torch that still want the interpreter.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def os_reason(error: OSError) -> str:
    """Why the system refused, in its own words: ``No space left on device``."""
    return error.strerror or str(error)
