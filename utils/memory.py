"""How the program holds memory."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # parameters of glibc's mallopt, see man mallopt


def keep_freed_memory() -> None:
    """Let the C library keep what is freed for the next allocation.

    A step on a CPU allocates and frees gigabytes of activations. By default glibc gives large blocks back to
    the system at once, which then hands them out again page by page, zeroed: a quarter of a step's time. Does
    nothing with other C libraries.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)  # no block of its own for a large allocation
        mallopt(M_TRIM_THRESHOLD, -1)  # never shrink
