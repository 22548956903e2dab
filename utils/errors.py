"""Errors that are the input's or the machine's fault."""

import re

READER_DIED = (
    "a process that reads images died: {}; if memory ran short, lower DATALOADER.NUM_WORKERS; the weights "
    "saved so far are intact"
)
NO_SHARED_MEMORY = (
    "a process that reads images cannot pass a batch through shared memory (/dev/shm): {}; give a "
    "container more of it with docker run --shm-size 2g, or lower DATALOADER.NUM_WORKERS (0 needs none); the "
    "weights saved so far are intact"
)
# The last two are cuDNN's: no algorithm fits into what is free; status ALLOC_FAILED, HOST_ALLOCATION_FAILED.
OUT_OF_MEMORY = (
    r"out of memory|can't allocate memory|not enough memory|unable to find an engine to execute this "
    r"computation|ALLOC(ATION)?_FAILED"
)
# Errors of torch for which the machine is at fault: a part of their text -> what to tell the user, with
# torch's own first sentence at {}. The first match counts.
FAILURES = {
    r"^DataLoader worker .*Bus error": NO_SHARED_MEMORY,
    r"^DataLoader worker \(pid": READER_DIED,
    r"^DataLoader timed out": "no batch has come from the processes that read images: {}; does the disk or "
    "network drive that holds the images still respond? The weights saved so far are intact",
    OUT_OF_MEMORY: "out of memory: {}; in training, lower SOLVER.IMS_PER_BATCH (--IMS_PER_BATCH; "
    "SOLVER.GRAD_ACCUM makes up for it) or INPUT.SIZE_TRAIN, in testing TEST.IMS_PER_BATCH "
    "(--TEST_IMS_PER_BATCH); DATALOADER.CACHE ram leaves a GPU more room than device; the weights saved "
    "so far are intact",
    r"C(\+\+)? compiler|working triton installation": "SOLVER.COMPILE needs a C++ compiler (g++ or clang), "
    "on a GPU also Triton, but did not find them; install them, or turn SOLVER.COMPILE off",
    r"[Cc]onnection (was )?(closed|reset)|NCCL|gloo": "lost the other processes of torchrun: {}; if one of "
    "them ended, its own message says why; the weights saved so far are intact",
}


class InputError(Exception):
    """Something outside the program is wrong; the message is one line that says what and how to fix it."""


def failure(error: RuntimeError) -> str | None:
    """What to tell the user about an error of torch for which the machine is at fault; None for any other."""
    text = str(error)
    for pattern, message in FAILURES.items():
        if re.search(pattern, text):
            return message.format(re.split(r"\. |\n", text)[0].rstrip("."))
    return None


def os_reason(error: OSError) -> str:
    """Why the system refused, in its own words: ``No space left on device``."""
    return error.strerror or str(error)


def one_line(text: str) -> str:
    """A text such as a file's name in one line: what cannot be shown, such as a line break, as an escape."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
