"""How the program holds memory, and how much."""

import ctypes
import re
import sys
from pathlib import Path

import psutil
import torch

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


def peak_memory(device: torch.device) -> int:
    """The most that was held on the device so far; on the CPU, with the files that are mapped [bytes]."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    if sys.platform == "linux":
        # getrusage's peak would be, at least, that of the process which started this one.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS
