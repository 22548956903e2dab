"""What the figures were measured on."""

import sys

import numpy as np
import psutil
import torch

from utils.environment import processor_name

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> str:
    """Processor, threads and versions."""
    versions = f"torch {torch.__version__}, numpy {np.__version__}"
    if device.type == "cuda":
        return f"{processor_name(device)}, {versions}"
    return f"{processor_name(device)}, {torch.get_num_threads()} threads, {versions}"


def peak_memory(device: torch.device) -> int:
    """The most that was held on the device so far; on the CPU, with the files that are mapped [bytes]."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
